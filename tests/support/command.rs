//! The command-line clients as child processes, with their pipes in the test's hands.

use super::{HANG, until};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A client that runs. It is killed when dropped.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Lines with their ends, then nothing more.
    stdout: Receiver<Vec<u8>>,
    stderr: Arc<Mutex<String>>,
    listener: Option<JoinHandle<()>>,
}

/// What a client that ended left behind.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    /// What of stdout was not read before.
    pub stdout: Vec<u8>,
    pub stderr: String,
}

/// Runs a client to its end, with nothing on stdin.
pub fn client(url: &str, arguments: &[&str]) -> Ended {
    client_fed(url, arguments, b"")
}

/// Runs a client to its end, with this on stdin.
pub fn client_fed(url: &str, arguments: &[&str], stdin: &[u8]) -> Ended {
    let mut running = Running::start(url, arguments);
    running.feed(stdin);
    running.end()
}

impl Running {
    /// Starts `holdline ARGUMENTS` towards the server at `url`.
    pub fn start(url: &str, arguments: &[&str]) -> Running {
        Running::started(
            Command::new(env!("CARGO_BIN_EXE_holdline")).args(arguments).env("HOLDLINE_URL", url),
        )
    }

    /// Starts what is given, which is to be a client in the end.
    pub fn started(command: &mut Command) -> Running {
        let mut child = command
            .env_remove("HOLDLINE_TOKEN")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("cargo built the binary");
        let (tell, stdout) = channel();
        let mut pipe = BufReader::new(child.stdout.take().expect("piped"));
        thread::spawn(move || {
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                if tell.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
        let stderr = Arc::new(Mutex::new(String::new()));
        let mut pipe = child.stderr.take().expect("piped");
        let said = stderr.clone();
        let listener = thread::spawn(move || {
            let mut room = [0; 4096];
            while let Ok(n @ 1..) = pipe.read(&mut room) {
                said.lock().expect("nobody panics with it").push_str(&String::from_utf8_lossy(&room[..n]));
            }
        });
        Running { stdin: child.stdin.take(), child, stdout, stderr, listener: Some(listener) }
    }

    /// Writes to its stdin; a client that reads none may have ended.
    pub fn feed(&mut self, bytes: &[u8]) {
        let _ = self.stdin.as_mut().expect("it is open").write_all(bytes);
    }

    /// The next line of stdout, without its end.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let line = self.stdout.recv_timeout(HANG);
        let line = line.unwrap_or_else(|_| panic!("no line came; stderr: {}", self.said()));
        let line = String::from_utf8(line).expect("text");
        line.strip_suffix('\n').expect("a whole line").to_owned()
    }

    /// What it has written to stderr so far.
    pub fn said(&self) -> String {
        self.stderr.lock().expect("nobody panics with it").clone()
    }

    /// Waits until stderr has this.
    #[track_caller]
    pub fn await_said(&self, words: &str) {
        until(&format!("stderr says {words:?}"), || self.said().contains(words));
    }

    /// Sends a signal (`TERM`, `INT`) to just this process.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &command]).status().expect("there is a shell").success());
    }

    /// Closes its stdin and waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        drop(self.stdin.take());
        let mut code = None;
        until("the client ends", || {
            let status = self.child.try_wait().expect("our own child");
            code = status.and_then(|status| status.code());
            status.is_some()
        });
        // The pipes end with the process, and the threads that read them with the pipes.
        let stdout = self.stdout.iter().flatten().collect();
        self.listener.take().map(JoinHandle::join).transpose().expect("it does not panic");
        Ended { code, stdout, stderr: self.said() }
    }
}

impl Ended {
    /// Stdout as text.
    #[track_caller]
    pub fn text(&self) -> &str {
        core::str::from_utf8(&self.stdout).expect("text")
    }

    /// Fails the test unless it ended so.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
