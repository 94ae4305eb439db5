//! Out of file descriptors: who is in is served, who comes is closed at once, and the loop does not spin.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Long enough that only a hang takes longer.
const HANG: Duration = Duration::from_secs(20);

struct Starved {
    child: Child,
    address: String,
}

impl Starved {
    fn start(descriptors: u32, flags: &[&str]) -> Self {
        let line = format!(
            "ulimit -n {descriptors} && exec \"$0\" --listen 127.0.0.1:0 --max-connections 1000 \"$@\""
        );
        let mut child = Command::new("sh")
            .args(["-c", &line, env!("CARGO_BIN_EXE_holdline")])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a start line");
        let address = line.trim_end().rsplit('/').next().expect("an address").to_owned();
        Starved { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("the kernel takes connections");
        stream.set_read_timeout(Some(HANG)).expect("a timeout is above 0");
        stream
    }

    /// Time the process has used, in the kernel's ticks.
    fn cpu_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it lives");
        let after_name = stat.rsplit(')').next().expect("a name in brackets");
        after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("ticks")).sum()
    }
}

impl Drop for Starved {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a request on this connection is answered; if not, the connection must be closed.
fn is_served(stream: &TcpStream) -> bool {
    match ask(stream, "/livez") {
        Ok(head) => head.starts_with("HTTP/1.1 200 "),
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("left waiting"),
        Err(_) => false,
    }
}

/// The head of what a request for this path is answered with.
fn ask(mut stream: &TcpStream, path: &str) -> std::io::Result<String> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())?;
    read_answer(stream)
}

/// Reads one whole answer and gives its head.
fn read_answer(mut stream: &TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase().replace("http/", "HTTP/");
    let (_, after) = head.split_once("content-length: ").expect("it tells its length");
    let length = after.split_whitespace().next().and_then(|text| text.parse().ok()).expect("a number");
    stream.read_exact(&mut vec![0; length])?;
    Ok(head)
}

#[test]
#[cfg(target_os = "linux")]
fn accepting_pauses_and_resumes_and_nothing_spins() {
    let server = Starved::start(40, &[]);
    let streams: Vec<_> = (0..60).map(|_| server.connect()).collect();
    let served: Vec<_> = streams.iter().filter(|stream| is_served(stream)).collect();
    assert!((20..40).contains(&served.len()), "{} of 60 were served with 40 descriptors", served.len());

    let before = server.cpu_ticks();
    std::thread::sleep(Duration::from_millis(1500));
    let used = server.cpu_ticks() - before;
    assert!(used < 50, "{used} ticks while there was nothing to do");

    for stream in &served {
        assert!(is_served(stream), "who is in stays in");
    }
    drop(streams);
    // The server sees the ends in its own time; until then a new connection may be closed, but never left waiting.
    assert!((0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        is_served(&server.connect())
    }));
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_for_which_no_descriptor_is_left_is_for_later() {
    let public = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
    let server = Starved::start(40, &["--public", public]);
    let streams: Vec<_> = (0..60).map(|_| server.connect()).collect();
    let mut served: Vec<_> = streams.into_iter().filter(is_served).collect();
    for path in ["/testing.md", "/", "/nothing"] {
        let head = ask(&served[0], path).expect("who is in is answered");
        assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: "), "{path}: {head}");
    }
    served.truncate(1);
    // The server sees the ends in its own time.
    assert!((0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        ask(&served[0], "/testing.md").expect("who is in is answered").starts_with("HTTP/1.1 200 ")
    }));
}
