//! How a client ends when it did not simply do what it was asked.  Law: one sentence on stderr, or none, and one of few
//! exit codes, the same for all commands.

use std::io::{self, Write};

/// The exit codes as `--help` tells them.
pub const CODES: &str = "\
Exit codes:
  0    done; for ask, answered with a status from 200 to 299
  1    refused by the server, or reading stdin or writing stdout failed
  2    the command line is wrong
  3    the server could not be reached, or was not ready, for as long as this was tried
  4    ask: answered with another status
  5    ask: nobody answered in time, or the question was withdrawn; sub: --count was not reached in time
  130  interrupted (128 and the number of the signal)";

/// Why it ended, other than by having done everything.
#[derive(Debug)]
pub enum Ending {
    /// The server said no, and would say it again.
    Refused(String),
    /// The command line cannot be meant so.
    Usage(String),
    /// Nobody there, or not ready; trying again later may do.
    Unreachable(String),
    /// A question was answered, but not with success; the status was told.
    Declined(u16),
    /// What was waited for did not come.
    Missed(String),
    /// Our own stdin or stdout failed.
    Local(String),
    /// Nobody reads our stdout any more.
    Unread,
}

impl Ending {
    /// Tells it on stderr; what the program ends with.
    pub fn tell(self) -> u8 {
        let (sentence, code) = match self {
            Ending::Refused(sentence) | Ending::Local(sentence) => (sentence, 1),
            Ending::Usage(sentence) => (sentence, 2),
            Ending::Unreachable(sentence) => (sentence, 3),
            Ending::Declined(status) => (format!("the answer has the status {status}"), 4),
            Ending::Missed(sentence) => (sentence, 5),
            Ending::Unread => return 0,
        };
        tell(&sentence);
        code
    }
}

/// Writing to stdout failed.
impl From<io::Error> for Ending {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Ending::Unread,
            _ => Ending::Local(format!("stdout cannot be written to: {error}")),
        }
    }
}

/// A sentence for whoever sits at the terminal. What came over the wire must not steer it.
pub fn tell(sentence: &str) {
    let mut line = String::from("holdline: ");
    line.extend(sentence.chars().map(|c| if c.is_control() { ' ' } else { c }));
    line.push('\n');
    // Where stderr is closed nobody wants to be told.
    let _ = io::stderr().write_all(line.as_bytes());
}
