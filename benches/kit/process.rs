//! Processes that are measured: holdline itself, or whatever a benchmark compares it with.

use super::HANG;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A server in a process of its own; it ends with this value.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it says after its first line.
    pub says: BufReader<ChildStdout>,
}

/// Bytes of memory, as the kernel counts them.
#[derive(Copy, Clone, Debug)]
pub struct Memory {
    /// `VmRSS`: with the pages of the program file that happened to be touched.
    pub resident: u64,
    /// `Anonymous`: heap and stacks alone.
    pub anonymous: u64,
    /// `Private_Clean` and `Private_Dirty`.
    pub private: u64,
}

/// Processor time, in milliseconds.
#[derive(Copy, Clone, Debug)]
pub struct Cpu {
    /// In the program.
    pub user: f64,
    /// In the kernel, on its behalf.
    pub system: f64,
}

impl Cpu {
    /// Both.
    pub fn total(self) -> f64 {
        self.user + self.system
    }

    /// What was used since `earlier`.
    pub fn since(self, earlier: Cpu) -> Cpu {
        Cpu { user: self.user - earlier.user, system: self.system - earlier.system }
    }
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
        Process { address: address.parse().expect("an address"), child, says }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its memory at present.
    pub fn memory(&self) -> Memory {
        let status = self.proc_file("status");
        let rollup = self.proc_file("smaps_rollup");
        Memory {
            resident: kilobytes(&status, "VmRSS:"),
            anonymous: kilobytes(&rollup, "Anonymous:"),
            private: kilobytes(&rollup, "Private_Clean:") + kilobytes(&rollup, "Private_Dirty:"),
        }
    }

    /// Its processor time so far, of all threads.
    pub fn cpu(&self) -> Cpu {
        let stat = self.proc_file("stat");
        let after_name = stat.rsplit(')').next().expect("a name in brackets");
        let mut ticks = after_name.split_whitespace().skip(11).map(|ticks| ticks.parse::<f64>());
        let mut next = || ticks.next().and_then(Result::ok).expect("stat has utime and stime") * MS_PER_TICK;
        Cpu { user: next(), system: next() }
    }

    fn proc_file(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.id())).expect("it lives, on Linux")
    }

    /// A connection for requests.
    pub fn connect(&self) -> Requests {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(HANG)).expect("a timeout above 0");
        stream.set_nodelay(true).expect("a socket");
        Requests { stream, unread: Vec::new() }
    }
}

/// Milliseconds of a tick of `/proc/PID/stat` (`USER_HZ` is 100 on every Linux that Rust runs on).
const MS_PER_TICK: f64 = 10.0;

fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel tells it");
    let number = line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
    number.expect("a number of kB") * 1024
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

    /// Waits for so many answers, all of which must be 200.
    pub fn answers(&mut self, count: usize) {
        for _ in 0..count {
            while !self.take_answer() {
                let mut buffer = [0; 16 << 10];
                let n = self.stream.read(&mut buffer).expect("it answers");
                assert!(n > 0, "the server closed the connection");
                self.unread.extend_from_slice(&buffer[..n]);
            }
        }
    }

    fn take_answer(&mut self) -> bool {
        let Some(head) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
        let text = String::from_utf8_lossy(&self.unread[..head]).to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200 "), "{text}");
        let length = text.split_once("content-length: ").map(|(_, rest)| rest.split('\r').next());
        let length = length.flatten().and_then(|number| number.parse::<usize>().ok()).expect("a length");
        if self.unread.len() < head + 4 + length {
            return false;
        }
        self.unread.drain(..head + 4 + length);
        true
    }
}

/// A request that publishes.
pub fn post(path: &str, body: &str) -> String {
    let kind = if path == "/publish" { "application/x-ndjson" } else { "text/plain" };
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}
