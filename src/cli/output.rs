//! Stdout and stdin of the clients.  Law: whatever is printed is out before the next thing is waited for.

use super::ending::Ending;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io::{self, IsTerminal, Read, StdoutLock, Write};

/// Stdout, a line at a time.
pub struct Output {
    stdout: StdoutLock<'static>,
    line: Vec<u8>,
}

impl Output {
    /// Stdout is ours from here on.
    pub fn new() -> Self {
        Output { stdout: io::stdout().lock(), line: Vec::new() }
    }

    /// Prints this and a newline, in one piece.
    pub fn line(&mut self, text: &[u8]) -> Result<(), Ending> {
        self.line.clear();
        self.line.extend_from_slice(text);
        self.line.push(b'\n');
        self.stdout.write_all(&self.line)?;
        Ok(self.stdout.flush()?)
    }

    /// Prints this as it is. On a terminal a newline follows where it has none, so that the prompt stands by itself.
    pub fn whole(&mut self, bytes: &[u8]) -> Result<(), Ending> {
        self.stdout.write_all(bytes)?;
        if self.stdout.is_terminal() && bytes.last().is_some_and(|last| *last != b'\n') {
            self.stdout.write_all(b"\n")?;
        }
        Ok(self.stdout.flush()?)
    }
}

/// Ends the program, quietly, as soon as nobody reads its stdout: `sub … | head -1` is not to wait for a message that it
/// could not print.
pub fn end_when_unread() {
    std::thread::spawn(|| {
        let stdout = io::stdout();
        // No event is asked for: the poll returns when the other end of the pipe is gone, and for no file or terminal.
        let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
        loop {
            match poll(&mut polled, None) {
                Ok(_) => std::process::exit(0),
                Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    });
}

/// DATA of the command line: itself, or all of stdin.
pub fn data(given: &str) -> Result<Vec<u8>, Ending> {
    if given != "-" {
        return Ok(given.as_bytes().to_vec());
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Stdin failed.
pub fn unreadable(error: io::Error) -> Ending {
    Ending::Local(format!("stdin cannot be read: {error}"))
}
