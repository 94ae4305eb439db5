//! A crowd of Socket.IO clients, each a session on a WebSocket of its own: Engine.IO 4 and Socket.IO 5 as far as a
//! listener needs them, written by hand so that it costs the machine little.
//! Law: every session hears every event once and in order, or this panics; pings are answered.

use super::HANG;
use super::crowd::await_events;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The event that is published.
pub const EVENT: &str = "tick";
/// Stands before the number of an event, and nowhere else in it.
const NUMBER: &[u8] = b"\"n\":\"";
const DIGITS: usize = 12;

/// JSON of 64 bytes that holds the number of an event.
pub fn payload(number: u64) -> String {
    format!("{{\"n\":\"{number:0DIGITS$}\",\"text\":\"{:x>34}\"}}", "")
}

/// Socket.IO clients of the namespace `/`.
pub struct Sessions {
    poll: Poll,
    events: Events,
    sessions: Vec<Session>,
    buffer: Vec<u8>,
    /// Events that were published so far.
    pub published: u64,
}

struct Session {
    stream: TcpStream,
    /// The beginning of a frame whose end has not come.
    unread: Vec<u8>,
    /// Events heard; the number of the next one.
    heard: u64,
}

impl Sessions {
    /// Nobody yet.
    pub fn new() -> Sessions {
        Sessions {
            poll: Poll::new().expect("the kernel has epoll"),
            events: Events::with_capacity(1024),
            sessions: Vec::new(),
            buffer: vec![0; 256 << 10],
            published: 0,
        }
    }

    /// `count` more, each of which is in the namespace when this returns.
    pub fn join(&mut self, address: SocketAddr, count: usize) {
        for _ in 0..count {
            let mut stream = connect(address);
            let token = Token(self.sessions.len());
            self.poll.registry().register(&mut stream, token, Interest::READABLE).expect("epoll has room");
            self.sessions.push(Session { stream, unread: Vec::new(), heard: self.published });
            if self.sessions.len().is_multiple_of(100) {
                self.read_for(Duration::ZERO);
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Reads until everybody has heard all that was published; how long `meanwhile` is called again and again.
    pub fn hear_all(&mut self, mut meanwhile: impl FnMut()) {
        let (wanted, deadline) = (self.published, Instant::now() + HANG);
        while self.sessions.iter().any(|session| session.heard < wanted) {
            assert!(Instant::now() < deadline, "not everybody has heard {wanted} events");
            self.read_some(Duration::from_millis(100));
            meanwhile();
        }
        assert!(self.sessions.iter().all(|session| session.heard == wanted), "somebody has heard more");
    }

    /// Reads whatever comes for so long, and at least once.
    pub fn read_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            self.read_some(left.min(Duration::from_millis(100)));
            if left.is_zero() {
                return;
            }
        }
    }

    fn read_some(&mut self, timeout: Duration) {
        await_events(&mut self.poll, &mut self.events, timeout);
        for event in &self.events {
            self.sessions[event.token().0].read(&mut self.buffer);
        }
    }
}

impl Session {
    fn read(&mut self, buffer: &mut [u8]) {
        loop {
            let n = match self.stream.read(buffer) {
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("{error}"),
            };
            assert!(n > 0, "the server closed a session's connection");
            self.take(&buffer[..n]);
            if n < buffer.len() {
                return;
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        if self.unread.is_empty() {
            let used = self.take_frames(bytes);
            self.unread.extend_from_slice(&bytes[used..]);
        } else {
            let mut whole = std::mem::take(&mut self.unread);
            whole.extend_from_slice(bytes);
            let used = self.take_frames(&whole);
            whole.drain(..used);
            self.unread = whole;
        }
    }

    /// Takes the whole frames; how many bytes they were.
    fn take_frames(&mut self, bytes: &[u8]) -> usize {
        let mut used = 0;
        while let Some((text, length)) = text_frame(&bytes[used..]) {
            self.take_packet(text);
            used += length;
        }
        used
    }

    fn take_packet(&mut self, text: &[u8]) {
        match text {
            b"2" => send(&mut self.stream, "3"),
            [b'4', b'2', ..] => {
                assert_eq!(number(text), Some(self.heard), "{}", String::from_utf8_lossy(text));
                self.heard += 1;
            }
            _ => panic!("nobody expects {}", String::from_utf8_lossy(text)),
        }
    }
}

/// Opens a session and joins the namespace `/`.
fn connect(address: SocketAddr) -> TcpStream {
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(HANG)).expect("a timeout above 0");
    stream.set_nodelay(true).expect("a socket");
    stream.write_all(handshake(address).as_bytes()).expect("it reads");
    let mut seen = Vec::new();
    read_until(&mut stream, &mut seen, b"\"pingInterval\":");
    assert!(seen.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&seen));
    send(&mut stream, "40");
    read_until(&mut stream, &mut seen, b"40{\"sid\":");
    stream.set_nonblocking(true).expect("a socket");
    TcpStream::from_std(stream)
}

/// Reads until the frame that holds `mark` is whole: none follows it before something is published.
fn read_until(stream: &mut std::net::TcpStream, seen: &mut Vec<u8>, mark: &[u8]) {
    let mut buffer = [0; 4096];
    while memchr::memmem::find(seen, mark).is_none() || !seen.ends_with(b"}") {
        let n = stream.read(&mut buffer).expect("an answer");
        assert!(n > 0, "closed: {}", String::from_utf8_lossy(seen));
        seen.extend_from_slice(&buffer[..n]);
    }
}

fn handshake(address: SocketAddr) -> String {
    format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// Sends a short text as one frame. Its mask is zero, which leaves it as it is.
fn send(stream: &mut impl Write, text: &str) {
    let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    stream.write_all(&frame).expect("it reads");
}

/// The text of the frame at the front, if all of it is there, and the frame's length.
fn text_frame(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let (head, length) = match *bytes {
        [_, length @ ..=125, ..] => (2, usize::from(length)),
        [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
        [_, 127..=255, ..] => panic!("a frame of 64 KiB or more, or a masked one"),
        _ => return None,
    };
    assert_eq!(bytes[0], 0x81, "a whole text frame");
    Some((bytes.get(head..head + length)?, head + length))
}

/// The number that a payload holds.
fn number(text: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find(text, NUMBER)? + NUMBER.len();
    std::str::from_utf8(text.get(at..at + DIGITS)?).ok()?.parse().ok()
}
