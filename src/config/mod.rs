//! The command line, read into [`Settings`].  Law: what comes out is within its bounds; what is wrong is told in one
//! sentence that says which flag and what would be right.  Only `main` and `cli` ask here.

pub mod origins;
pub mod sentence;
pub mod table;
pub mod units;

mod command;

use self::table::ROWS;
use crate::limits::{Listen, OriginRule, Settings};
use clap::ArgMatches;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::path::PathBuf;

/// What the operator asked for.
#[derive(Debug)]
pub struct Config {
    /// For the server.
    pub settings: Settings,
    /// The directory of `--public`, which was there a moment ago.
    pub public_dir: Option<PathBuf>,
    /// The level of `--log`, if it was given.
    pub log: Option<log::LevelFilter>,
}

/// Why there is nothing to serve.
#[derive(Debug)]
pub enum Stop {
    /// Help or version was asked for.
    Asked(clap::Error),
    /// A sentence for the operator.
    Wrong(String),
}

impl Stop {
    /// Tells it, on the right stream; what the program ends with.
    pub fn tell(self) -> u8 {
        match self {
            Stop::Asked(text) => {
                // Into a pipe that was closed: nobody wants to read it.
                let _ = text.print();
                0
            }
            Stop::Wrong(sentence) => {
                eprintln!("holdline: {sentence}");
                2
            }
        }
    }
}

/// Reads the command line, program name first.
pub fn from_args(args: impl IntoIterator<Item = OsString>) -> Result<Config, Stop> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    // Serving is what holdline does; the word may be there for those who like to say it.
    if args.get(1).is_some_and(|word| word == "serve") {
        args.remove(1);
    }
    let mut matches = command::command().try_get_matches_from(args).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Stop::Asked(error),
        _ => Stop::Wrong(sentence::of(&error, "holdline --help")),
    })?;
    let config = collect(&mut matches);
    check(&config).map_err(Stop::Wrong)?;
    Ok(config)
}

fn collect(matches: &mut ArgMatches) -> Config {
    let mut settings = Settings::default();
    if let Some(listen) = matches.remove_many::<Listen>("listen") {
        settings.listen = listen.collect();
    }
    settings.hosts = matches.remove_many::<String>("host").into_iter().flatten().collect();
    settings.allow_origins =
        matches.remove_many::<OriginRule>("allow-origin").into_iter().flatten().collect();
    settings.open = matches.get_flag("open");
    if let Some(path) = matches.remove_one::<Box<str>>("socketio-path") {
        settings.socketio_path = path;
    }
    settings.echo = matches.get_flag("echo");
    settings.demo = matches.get_flag("demo");
    settings.compression = !matches.get_flag("no-compression");
    for row in ROWS {
        if let Some(value) = matches.remove_one::<u64>(row.flag) {
            row.set(&mut settings, value);
        }
    }
    let public_dir = matches.remove_one::<PathBuf>("public");
    settings.public = public_dir.is_some();
    Config { settings, public_dir, log: matches.remove_one("log") }
}

/// What concerns more than one flag, or the world.
fn check(config: &Config) -> Result<(), String> {
    let settings = &config.settings;
    if let Some(listen) =
        settings.listen.iter().find(|listen| !settings.open && !origins::is_loopback(listen))
    {
        return Err(refuse(listen));
    }
    if settings.max_target > settings.max_head {
        return Err(
            "--max-target is more than --max-head, of which it is a part; raise --max-head too".to_owned()
        );
    }
    match &config.public_dir {
        Some(dir) if !dir.is_dir() => {
            Err(format!("--public {}: there is no such directory; name one that exists", dir.display()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Why an address that others may reach needs a word more.
fn refuse(listen: &Listen) -> String {
    match listen {
        Listen::Tcp(address) => format!(
            "--listen {address}: others can reach this address, and everyone could read and publish; add --open if \
             that is meant, or listen on 127.0.0.1:{}",
            address.port()
        ),
        Listen::Unix(path) => format!(
            "--listen unix:{}: whoever reaches this socket, also through a proxy, could read and publish; add --open \
             if that is meant, or listen on 127.0.0.1:8080",
            path.display()
        ),
    }
}

#[cfg(test)]
mod tests;
