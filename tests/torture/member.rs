//! One reader of a crowd: from its connection to the numbers of the messages that it was told.
//! Law: each message once and in order, or a gap notice that says exactly which are missing.

use crate::kit::{CHANNEL, crowd::Wire, process::take_answer};
use crate::told::{Scanner, Told};
use mio::net::TcpStream;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

/// How a member reads.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Via {
    Stream(Wire),
    /// Asks again, from where it is, as soon as it is answered.
    LongPoll,
}

/// The wires of endless streams, and long polling.
pub const MIX: [Via; 4] =
    [Via::Stream(Wire::WebSocket), Via::Stream(Wire::Sse), Via::Stream(Wire::Ndjson), Via::LongPoll];

/// Numbers of messages by their ids.
pub type Numbers = HashMap<String, u64>;

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum State {
    /// It has not asked yet.
    Arriving,
    /// It has asked, and not heard that it is in.
    Asking,
    In,
}

/// A connection that reads.
pub struct Member {
    pub stream: TcpStream,
    via: Via,
    address: SocketAddr,
    state: State,
    scanner: Scanner,
    /// What came before it was in, or the part that came of a poll's answer.
    text: Vec<u8>,
    /// The number that must come next.
    pub next: u64,
    /// Gaps that it was told of.
    pub gaps: usize,
}

impl Member {
    /// Over a connection that is under way; the first message it may be told has the number `next`.
    pub fn new(stream: TcpStream, via: Via, address: SocketAddr, next: u64) -> Member {
        let (state, scanner, text) = (State::Arriving, Scanner::default(), Vec::new());
        Member { stream, via, address, state, scanner, text, next, gaps: 0 }
    }

    /// Whether it is known to be in.
    pub fn is_in(&self) -> bool {
        self.state == State::In
    }

    /// The connection can be written to.
    pub fn handle_writable(&mut self) {
        if self.state != State::Arriving {
            return;
        }
        if let Some(error) = self.stream.take_error().expect("a socket tells its error") {
            panic!("a connection was refused: {error}");
        }
        match self.via {
            Via::Stream(wire) => {
                self.ask(&wire.request(self.address));
                self.state = State::Asking;
            }
            Via::LongPoll => {
                self.poll("now");
                self.state = State::In;
            }
        }
    }

    fn poll(&mut self, since: &str) {
        let target = format!("/channels/{CHANNEL}?wait=600&since={since}");
        self.ask(&format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address));
    }

    fn ask(&mut self, request: &str) {
        self.stream.write_all(request.as_bytes()).expect("an empty socket takes a request whole");
    }

    /// Reads all there is, and judges it.
    pub fn handle_readable(&mut self, buffer: &mut [u8], numbers: &Numbers) {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => {
                    panic!("the server closed on a reader by {:?} that waits for {}", self.via, self.next)
                }
                Ok(n) => self.take(&buffer[..n], numbers),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("a reader by {:?} was cut off: {error}", self.via),
            }
        }
    }

    fn take(&mut self, bytes: &[u8], numbers: &Numbers) {
        match (self.state, self.via) {
            (State::In, Via::Stream(_)) => self.take_stream(bytes, numbers),
            (State::Asking, Via::Stream(wire)) => {
                self.text.extend_from_slice(bytes);
                if memchr::memmem::find(&self.text, wire.greeting()).is_some() {
                    self.state = State::In;
                    // What follows the greeting may be a message already.
                    let text = std::mem::take(&mut self.text);
                    self.take_stream(&text, numbers);
                }
            }
            (_, Via::LongPoll) => {
                self.text.extend_from_slice(bytes);
                if let Some(batch) = take_answer(&mut self.text) {
                    self.take_batch(&serde_json::from_slice(&batch).expect("a batch is JSON"));
                }
            }
            (State::Arriving, Via::Stream(_)) => panic!("an answer without a request"),
        }
    }

    fn take_stream(&mut self, bytes: &[u8], numbers: &Numbers) {
        let Member { scanner, next, gaps, via, .. } = self;
        scanner.take(bytes, |told| match told {
            Told::Message(number) => {
                assert_eq!(number, *next, "by {via:?}, after {gaps} gaps");
                *next += 1;
            }
            Told::Gap { resumes } => {
                let floor = numbers.get(&resumes).unwrap_or_else(|| panic!("{resumes} is the id of none"));
                assert!(*floor >= *next, "a gap by {via:?} up to {floor}, while {next} is due");
                *next = floor + 1;
                *gaps += 1;
            }
        });
    }

    fn take_batch(&mut self, batch: &Value) {
        assert_eq!(batch["gap"], false, "{batch}");
        for message in batch["messages"].as_array().expect("a batch has messages") {
            let mut numbers = Vec::new();
            let data = message["data"].as_str().expect("a message has text");
            Scanner::default().take(data.as_bytes(), |told| numbers.push(told));
            assert_eq!(numbers, [Told::Message(self.next)], "by long poll");
            self.next += 1;
        }
        self.poll(batch["next"].as_str().expect("a batch has a cursor"));
    }
}
