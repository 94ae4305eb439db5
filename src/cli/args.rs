//! The command lines of the clients as clap reads them, with the help that it prints.

use super::ending::CODES;
use crate::config::units::Unit;
use clap::{Args, Parser, Subcommand};
use std::time::Duration;

/// The whole command line.
#[derive(Parser)]
#[command(name = "holdline", version, disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Publish a message to a channel
    #[command(after_help = format!("{PUB_EXAMPLES}\n\n{CODES}"))]
    Pub(PubArgs),
    /// Follow channels: a line for each message, over restarts and lost connections
    #[command(after_help = format!("{SUB_EXAMPLES}\n\n{CODES}"))]
    Sub(SubArgs),
    /// Ask whoever listens to a channel, and wait for the answer
    #[command(after_help = format!("{ASK_EXAMPLES}\n\n{CODES}"))]
    Ask(AskArgs),
}

const PUB_EXAMPLES: &str = "\
Examples:
  holdline pub news 'Doors open'
  jq -c . order.json | holdline pub orders - --json --event created
  tail -f app.log | holdline pub --lines logs/app";

const SUB_EXAMPLES: &str = "\
Examples:
  holdline sub news
  holdline sub --data --last 10 logs/app | grep ERROR
  holdline sub --count 1 --timeout 30s jobs/17/done";

const ASK_EXAMPLES: &str = "\
Examples:
  holdline ask door/front 'Let the postman in?' --timeout 1m && ./open-door
  holdline ask login/42 '{\"from\":\"Paris\"}' --json";

/// Where the server is, and who we are.
#[derive(Args)]
pub struct Common {
    /// The server, also behind a path: https://push.example.org/live
    #[arg(long, value_name = "URL", env = "HOLDLINE_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// Sent as Authorization: Bearer; @FILE reads it from a file
    #[arg(long, value_name = "TOKEN or @FILE", env = "HOLDLINE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// What kind of data is sent.
#[derive(Args)]
pub struct Kind {
    /// The event name of the message
    #[arg(long, value_name = "NAME")]
    pub event: Option<String>,
    /// DATA is JSON: the same as --content-type application/json
    #[arg(long, conflicts_with = "content_type")]
    pub json: bool,
    /// The media type of DATA [default: text/plain, or application/octet-stream if it is not UTF-8]
    #[arg(long, value_name = "TYPE")]
    pub content_type: Option<String>,
    /// The same key within 5 minutes does it once only [default: one for this run, so that trying again is safe]
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
}

/// `holdline pub`.
#[derive(Args)]
pub struct PubArgs {
    /// The channel
    pub channel: String,
    /// The payload; - reads stdin to its end
    #[arg(allow_negative_numbers = true, required_unless_present = "lines")]
    pub data: Option<String>,
    /// Publish each line of stdin as a message, as it comes
    #[arg(long, conflicts_with = "idempotency_key")]
    pub lines: bool,
    #[command(flatten)]
    pub kind: Kind,
    /// Past this nobody gets it; whole seconds
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub ttl: Option<u64>,
    /// Of the messages with one key only the newest is retained
    #[arg(long, value_name = "TEXT", conflicts_with = "no_retain")]
    pub key: Option<String>,
    /// Only for those who listen
    #[arg(long)]
    pub no_retain: bool,
    /// All but this client get it
    #[arg(long, value_name = "CLIENT-ID")]
    pub except: Option<String>,
    /// Print no id
    #[arg(long, short)]
    pub quiet: bool,
    /// How long to try; with --lines, each batch
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "10s")]
    pub timeout: Duration,
    #[command(flatten)]
    pub common: Common,
}

/// `holdline sub`.
#[derive(Args)]
pub struct SubArgs {
    /// The channels, up to 64
    #[arg(required = true, value_name = "CHANNEL")]
    pub channels: Vec<String>,
    /// Begin after this id, at a time (RFC 3339, or ms since 1970), at start, or now [default: now]
    #[arg(long, value_name = "POSITION", conflicts_with = "last")]
    pub since: Option<String>,
    /// Begin with the newest N messages
    #[arg(long, value_name = "N", value_parser = count)]
    pub last: Option<u64>,
    /// Print the bare data of each message and a newline, not its envelope
    #[arg(long, short)]
    pub data: bool,
    /// Only messages with one of these event names
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
    pub events: Vec<String>,
    /// End after N messages
    #[arg(long, value_name = "N", value_parser = count)]
    pub count: Option<u64>,
    /// End when the channels are closed (deleted); without it, wait until they are used again
    #[arg(long)]
    pub until_closed: bool,
    /// End after this time [default: never]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub timeout: Option<Duration>,
    /// Take the line for dead after so long without a byte: 2 or 3 times the server's --heartbeat
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "40s")]
    pub silence: Duration,
    #[command(flatten)]
    pub common: Common,
}

/// `holdline ask`.
#[derive(Args)]
pub struct AskArgs {
    /// The channel
    pub channel: String,
    /// The question; - reads stdin to its end
    #[arg(allow_negative_numbers = true)]
    pub data: String,
    #[command(flatten)]
    pub kind: Kind,
    /// How long to wait for the answer; after it the question is withdrawn
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "2m")]
    pub timeout: Duration,
    /// How long the question lives; whole seconds [default: as --timeout]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub ttl: Option<u64>,
    /// How long one request is held: less than the proxies on the way allow; whole seconds
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "30s")]
    pub wait: u64,
    #[command(flatten)]
    pub common: Common,
}

fn time(text: &str) -> Result<Duration, &'static str> {
    match Unit::Time.parse(text)? {
        0 => Err("that is no time at all, write a whole number with ms, s, m or h, such as 15s"),
        ms => Ok(Duration::from_millis(ms)),
    }
}

fn seconds(text: &str) -> Result<u64, &'static str> {
    match Unit::Time.parse(text)? {
        ms if ms > 0 && ms.is_multiple_of(1000) => Ok(ms / 1000),
        _ => Err("write whole seconds, with s, m or h, such as 30s"),
    }
}

fn count(text: &str) -> Result<u64, &'static str> {
    match Unit::Count.parse(text)? {
        0 => Err("that is none at all, write a whole number, such as 10"),
        count => Ok(count),
    }
}
