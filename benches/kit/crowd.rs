//! A crowd of readers on one channel, all by the same transport, in this process.

use super::{HANG, MARK};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How the crowd reads.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    WebSocket,
    /// The same, with messages of 1 KiB or more compressed, as browsers ask for.
    Deflate,
    Sse,
    Ndjson,
    Iframe,
    /// From the bare loop, which asks for nothing and greets with a dot.
    Bare,
}

impl Wire {
    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Wire::WebSocket => "WebSocket",
            Wire::Deflate => "WebSocket, permessage-deflate",
            Wire::Sse => "SSE",
            Wire::Ndjson => "ndjson",
            Wire::Iframe => "iframe",
            Wire::Bare => "bare loop",
        }
    }

    /// What a reader of the channel says first.
    pub fn request(self, address: SocketAddr) -> String {
        let get = |query: &str, fields: &str| {
            format!("GET /channels/{}{query} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n", super::CHANNEL)
        };
        match self {
            Wire::WebSocket => get("", UPGRADE),
            Wire::Deflate => {
                let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
                get("", &[UPGRADE, offer].concat())
            }
            Wire::Sse => get("", "Accept: text/event-stream\r\n"),
            Wire::Ndjson => get("", "Accept: application/x-ndjson\r\n"),
            Wire::Iframe => get(&format!("?transport=iframe&origin=http://{address}"), ""),
            Wire::Bare => String::new(),
        }
    }

    /// Stands in the first thing that is said to a reader who is in.
    pub fn greeting(self) -> &'static [u8] {
        match self {
            Wire::WebSocket | Wire::Deflate => b"\"type\":\"welcome\"",
            Wire::Sse => b"holdline:position",
            Wire::Ndjson | Wire::Iframe => b"\"notice\":\"position\"",
            Wire::Bare => b".",
        }
    }
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Waits for events, at most so long; a signal only ends the wait.
pub fn await_events(poll: &mut Poll, events: &mut Events, timeout: Duration) {
    match poll.poll(events, Some(timeout)) {
        Err(error) if error.kind() != ErrorKind::Interrupted => panic!("{error}"),
        Ok(()) | Err(_) => {}
    }
}

/// Connections that read.
pub struct Crowd {
    poll: Poll,
    events: Events,
    streams: Vec<TcpStream>,
    /// Messages that each has read since the last [`Crowd::read_each`].
    counts: Vec<usize>,
    buffer: Vec<u8>,
    /// What the first reader read, where that is wanted.
    pub sample: Option<Vec<u8>>,
}

impl Crowd {
    /// Nobody yet.
    pub fn new() -> Crowd {
        Crowd {
            poll: Poll::new().expect("the kernel has epoll"),
            events: Events::with_capacity(1024),
            streams: Vec::new(),
            counts: Vec::new(),
            buffer: vec![0; 256 << 10],
            sample: None,
        }
    }

    /// `count` more readers, each of which has been greeted when this returns.
    pub fn join(&mut self, address: SocketAddr, wire: Wire, count: usize) {
        let request = wire.request(address);
        for _ in 0..count {
            let mut stream = std::net::TcpStream::connect(address).expect("it listens");
            stream.set_read_timeout(Some(HANG)).expect("a timeout above 0");
            stream.write_all(request.as_bytes()).expect("it reads");
            let mut seen = Vec::new();
            while memchr::memmem::find(&seen, wire.greeting()).is_none() {
                let n = stream.read(&mut self.buffer).expect("a greeting");
                assert!(n > 0, "closed: {}", String::from_utf8_lossy(&seen));
                seen.extend_from_slice(&self.buffer[..n]);
            }
            stream.set_nonblocking(true).expect("a socket");
            let mut stream = TcpStream::from_std(stream);
            let token = Token(self.streams.len());
            self.poll.registry().register(&mut stream, token, Interest::READABLE).expect("epoll has room");
            self.streams.push(stream);
            self.counts.push(0);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// Reads until everybody has `count` messages more.
    pub fn read_each(&mut self, count: usize) {
        self.counts.fill(0);
        let (mut left, deadline) = (count * self.len(), Instant::now() + HANG);
        while left > 0 {
            assert!(Instant::now() < deadline, "{left} messages did not come");
            left -= self.read_some(Duration::from_secs(1));
        }
        assert!(self.counts.iter().all(|have| *have == count), "somebody got more, somebody less");
    }

    /// Reads whatever comes for so long.
    pub fn read_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.read_some(left.min(Duration::from_millis(100)));
        }
    }

    /// One look at who has something; how many messages that were.
    fn read_some(&mut self, timeout: Duration) -> usize {
        let mut found = 0;
        await_events(&mut self.poll, &mut self.events, timeout);
        for event in &self.events {
            let at = event.token().0;
            loop {
                let n = match self.streams[at].read(&mut self.buffer) {
                    Ok(n) => n,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{error}"),
                };
                assert!(n > 0, "the server closed a reader's connection");
                let bytes = &self.buffer[..n];
                let marks = memchr::memchr_iter(MARK, bytes).count();
                self.counts[at] += marks;
                found += marks;
                if let (0, Some(sample)) = (at, &mut self.sample) {
                    sample.extend_from_slice(bytes);
                }
                if n < self.buffer.len() {
                    break;
                }
            }
        }
        found
    }
}
