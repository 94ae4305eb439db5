//! The command line as clap is told of it, with the help that a newcomer reads.

use super::table::{ROWS, Row};
use super::{origins, units::Unit};
use crate::limits::Settings;
use clap::builder::{PathBufValueParser, ValueParser};
use clap::{Arg, ArgAction, Command};

const SERVING: &str = "Serving";
const BROWSERS: &str = "Browsers";

const ABOUT: &str = "One small server that holds a line open to every browser.

Publish to a channel with one HTTP request; whoever listens gets it at once, by WebSocket, EventSource, fetch \
streaming, long polling, polling, JSONP or hidden iframe.";

const EXAMPLES: &str = "\
Sizes are bytes, or take K, M, G (64K); times take ms, s, m, h (15s).

Examples:
  holdline
      Serve http://127.0.0.1:8080, for programs and pages of this machine. Open it in a browser, then:
  holdline sub demo
      Listen to the channel demo.
  holdline pub demo hello
      Publish to it; so does curl -d hello http://127.0.0.1:8080/channels/demo
  holdline --public ./site
      Serve the files in ./site beside the channels.
  holdline --listen 0.0.0.0:8080 --open --allow-origin https://app.example.org
      Serve everyone, and let the pages of one other site in.
  holdline --listen unix:/run/holdline.sock --open
      Serve a reverse proxy on the same machine.

SIGTERM or SIGINT end it in order, a second one at once. It exits with 0 after that, with 1 if it could not start, \
with 2 if the command line is wrong.";

/// All flags.
pub fn command() -> Command {
    let mut defaults = Settings::default();
    Command::new("holdline")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .override_usage("holdline [serve] [FLAGS]\n       holdline pub|sub|ask …  (clients; holdline pub --help tells more)")
        .after_help(EXAMPLES)
        .max_term_width(100)
        .args(serving())
        .args(browsers())
        .args(ROWS.iter().map(|row| number(row, row.get(&mut defaults))))
}

fn serving() -> [Arg; 8] {
    [
        Arg::new("listen")
            .long("listen")
            .value_name("ADDRESS:PORT or unix:PATH")
            .action(ArgAction::Append)
            .value_parser(origins::parse_listen)
            .help("Where to listen; may be given several times; port 0 is one that is free [default: 127.0.0.1:8080]"),
        Arg::new("open")
            .long("open")
            .action(ArgAction::SetTrue)
            .help("Serve addresses that others can reach: everyone may then read and publish"),
        Arg::new("public")
            .long("public")
            .value_name("DIR")
            .value_parser(ValueParser::from(PathBufValueParser::new()))
            .help("Serve the files of this directory too"),
        Arg::new("socketio-path")
            .long("socketio-path")
            .value_name("PATH")
            .value_parser(origins::parse_path)
            .help("Where Socket.IO clients connect [default: /socket.io/]"),
        Arg::new("echo")
            .long("echo")
            .action(ArgAction::SetTrue)
            .help("Serve a WebSocket at /echo that sends back what it gets"),
        Arg::new("demo")
            .long("demo")
            .action(ArgAction::SetTrue)
            .help("Tell the time each second in the channel demo/clock, for the page at / to show"),
        Arg::new("no-compression")
            .long("no-compression")
            .action(ArgAction::SetTrue)
            .help("Let no WebSocket have its messages compressed, though it asks for that"),
        Arg::new("log")
            .long("log")
            .value_name("LEVEL")
            .value_parser(parse_level)
            .help("What to log: off, error, warn, info, debug or trace [default: RUST_LOG, or info]"),
    ]
    .map(|arg| arg.help_heading(SERVING))
}

fn browsers() -> [Arg; 2] {
    [
        Arg::new("allow-origin")
            .long("allow-origin")
            .value_name("ORIGIN")
            .action(ArgAction::Append)
            .value_parser(origins::parse_origin)
            .help(
                "Let the pages of another site in: https://app.example.org, *.example.org, https://*.example.org, \
                 null, or * for all; may be given several times [default: only pages from here]",
            ),
        Arg::new("host")
            .long("host")
            .value_name("NAME")
            .action(ArgAction::Append)
            .value_parser(origins::parse_host)
            .help(
                "A name by which this server may be called, besides localhost; may be given several times. With it \
                 every listener checks the name",
            ),
    ]
    .map(|arg| arg.help_heading(BROWSERS))
}

fn number(row: &'static Row, default: u64) -> Arg {
    let shown = match row.zero {
        Some(meaning) if default == 0 => meaning.to_owned(),
        Some(_) | None => row.unit.show(default),
    };
    let unit: Unit = row.unit;
    Arg::new(row.flag)
        .long(row.flag)
        .value_name(unit.value_name())
        // -1 is a wrong value of this flag, not a flag that is not there.
        .allow_negative_numbers(true)
        .value_parser(|text: &str| row.parse(text))
        .help_heading(row.group)
        .help(format!("{} [default: {shown}]", row.help))
}

fn parse_level(text: &str) -> Result<log::LevelFilter, &'static str> {
    text.parse().map_err(|_| "write off, error, warn, info, debug or trace")
}
