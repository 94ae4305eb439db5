//! Processes that are measured: holdline itself, or whatever a benchmark compares it with.

use super::HANG;
use super::usage::{self, Cpu, Memory};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The type of what `POST /publish` takes.
pub const LINES: &str = "application/x-ndjson";

/// A server in a process of its own; it ends with this value.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its first line: what it is and where it listens.
    pub line: String,
    /// What it says after its first line.
    pub says: BufReader<ChildStdout>,
}

impl Process {
    /// Starts holdline on a free port.
    pub fn holdline(arguments: &[&str]) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdline"));
        command.args(["--listen", "127.0.0.1:0", "--log", "warn"]).args(arguments);
        Process::start(command.env_remove("RUST_LOG"))
    }

    /// Starts a program whose first line ends with `http://ADDRESS`.
    pub fn start(command: &mut Command) -> Process {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut says = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        says.read_line(&mut line).expect("a start line");
        let address = line.trim_end().rsplit('/').next().expect("an address");
        Process { address: address.parse().expect("an address"), child, line, says }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its memory at present.
    pub fn memory(&self) -> Memory {
        usage::memory(self.id())
    }

    /// Its processor time so far, of all threads.
    pub fn cpu(&self) -> Cpu {
        usage::cpu(self.id())
    }

    /// A connection for requests.
    pub fn connect(&self) -> Requests {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(HANG)).expect("a timeout above 0");
        stream.set_nodelay(true).expect("a socket");
        Requests { stream, unread: Vec::new() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection on which requests are made.
pub struct Requests {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Requests {
    /// Sends `requests` in one write.
    pub fn send(&mut self, requests: &[u8]) {
        self.stream.write_all(requests).expect("it reads");
    }

    /// Publishes, and waits for the answer.
    pub fn publish(&mut self, path: &str, body: &str) {
        self.send(post(path, body).as_bytes());
        self.answers(1);
    }

    /// Publishes a body of that type, and waits for the answer.
    pub fn publish_as(&mut self, path: &str, kind: &str, body: &str) {
        self.send(post_as(path, kind, body).as_bytes());
        self.answers(1);
    }

    /// Waits for so many answers, all of which must be 200.
    pub fn answers(&mut self, count: usize) {
        for _ in 0..count {
            while take_answer(&mut self.unread).is_none() {
                let mut buffer = [0; 16 << 10];
                let n = self.stream.read(&mut buffer).expect("it answers");
                assert!(n > 0, "the server closed the connection");
                self.unread.extend_from_slice(&buffer[..n]);
            }
        }
    }
}

/// Takes a whole answer off `unread`, if it is there; it must be 200. Its body.
pub fn take_answer(unread: &mut Vec<u8>) -> Option<Vec<u8>> {
    let begin = memchr::memmem::find(unread, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&unread[..begin]).to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    let (_, length) = head.split_once("content-length: ").expect("an answer has a length");
    let length: usize = length.split('\r').next().and_then(|n| n.parse().ok()).expect("a decimal length");
    let body = unread.get(begin..begin + length)?.to_vec();
    unread.drain(..begin + length);
    Some(body)
}

/// A request that publishes.
pub fn post(path: &str, body: &str) -> String {
    post_as(path, if path == "/publish" { LINES } else { "text/plain" }, body)
}

/// A request that publishes a body of that type.
pub fn post_as(path: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}
