//! The command-line clients: `holdline pub`, `sub` and `ask`, for terminals and scripts (docs/command-line.md).  Law:
//! what was asked for is on stdout, everything else is a sentence on stderr, and how it ended is the exit code.  Beside
//! `io`: it shares no protocol code with the server, and speaks HTTP through a client of its own.

mod answer;
mod args;
mod ask;
mod ending;
mod lines;
mod output;
mod patience;
mod publish;
mod remote;
mod streamed;
mod subscribe;

use self::args::{Cli, Command};
use self::ending::Ending;
use crate::config::sentence;
use clap::Parser;
use clap::error::ErrorKind;
use std::ffi::OsString;

/// The words that name a client; anything else on the command line is the server's.
const COMMANDS: [&str; 3] = ["pub", "sub", "ask"];

/// Is this command line, program name first, a client's?
pub fn is_client(args: &[OsString]) -> bool {
    args.get(1).is_some_and(|word| COMMANDS.iter().any(|command| word == command))
}

/// Does what the command line says; what the program ends with.
pub fn run(args: &[OsString]) -> u8 {
    let ended = match Cli::try_parse_from(args) {
        Ok(Cli { command }) => match command {
            Command::Pub(args) => publish::run(args),
            Command::Sub(args) => subscribe::run(args),
            Command::Ask(args) => ask::run(args),
        },
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // Into a pipe that was closed: nobody wants to read it.
            let _ = error.print();
            Ok(())
        }
        Err(error) => {
            let command = args.get(1).map(|word| word.to_string_lossy()).unwrap_or_default();
            Err(Ending::Usage(sentence::of(&error, &format!("holdline {command} --help"))))
        }
    };
    match ended {
        Ok(()) => 0,
        Err(ending) => ending.tell(),
    }
}
