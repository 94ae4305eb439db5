//! Slowloris: heads and bodies that never end, a byte at a time, while good clients are served. The time is for the
//! whole head or body, so all are ended by it.

use crate::HANG;
use crate::kit::{CHANNEL, crowd::await_events};
use crate::report::{Report, mebibytes, percentile};
use crate::support::websocket::Ws;
use crate::told::payload;
use crate::trial::Trial;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 5_000;
/// Between two bytes of one connection.
const DRIP: Duration = Duration::from_millis(250);
const ALLOWED: Duration = Duration::from_secs(2);
const MEMORY_MAX: u64 = 64 << 20;

pub fn check(report: &mut Report) {
    report.tried(format_args!(
        "{CONNECTIONS} connections that send a head, a body or a chunk, a byte each {DRIP:?}; {ALLOWED:?} are allowed"
    ));
    let mut trial = Trial::start(&["--header-timeout", "2s", "--body-timeout", "2s"]);
    let address = trial.server.address();
    let is_over = AtomicBool::new(false);
    let (times, (served, incoming_max)) = std::thread::scope(|scope| {
        let good = scope.spawn(|| serve(&mut trial, &is_over));
        let times = catch_unwind(|| Drips::start(address).run());
        is_over.store(true, Ordering::Relaxed);
        let served = good.join().expect("the good clients are served");
        (times.expect("the slow ones are ended"), served)
    });
    report.held(format_args!(
        "all {CONNECTIONS} got 408 and the end, after {:.2} s to {:.2} s",
        percentile(&times, 0.0),
        percentile(&times, 1.0)
    ));
    report.held(format_args!(
        "meanwhile {} messages were published and read, each once: median {:.1} ms, p99 {:.1} ms; input held at \
         most {}",
        served.len(),
        percentile(&served, 0.5),
        percentile(&served, 0.99),
        mebibytes(incoming_max)
    ));
    trial.end(report, MEMORY_MAX);
}

/// Publishes and reads until the slow ones are gone: how long each message took, in milliseconds, and the most bytes
/// of incomplete input that the server held.
fn serve(trial: &mut Trial, is_over: &AtomicBool) -> (Vec<f64>, u64) {
    let (mut reader, _) = Ws::open(&trial.server, &format!("/channels/{CHANNEL}"));
    let (mut times, mut incoming_max) = (Vec::new(), 0);
    while !is_over.load(Ordering::Relaxed) {
        let text = payload(times.len() as u64, 64);
        let began = Instant::now();
        trial.publish(&text);
        assert_eq!(reader.envelope()["data"], text);
        times.push(began.elapsed().as_secs_f64() * 1e3);
        incoming_max = incoming_max.max(trial.figure("incoming_bytes"));
        std::thread::sleep(Duration::from_millis(5));
    }
    (times, incoming_max)
}

/// What is sent at once, what is dripped behind it, and with which byte that goes on for ever.
struct Words {
    at_once: String,
    dripped: &'static [u8],
    filler: u8,
}

/// A head from its first byte on, a head and a body of which 4 KiB come at once, and a chunk.
fn words(index: usize) -> Words {
    let post = "POST /channels/bench HTTP/1.1\r\nHost: localhost\r\n";
    let much = "x".repeat(4096);
    let (at_once, dripped, filler): (String, &[u8], u8) = match index % 4 {
        0 => (String::new(), b"GET /channels/bench HTTP/1.1\r\nHost: a\r\nX: ", b'a'),
        1 => (format!("{post}X: {much}"), b"", b'b'),
        2 => (format!("{post}Content-Length: 8192\r\n\r\n{much}"), b"", b'c'),
        _ => (format!("{post}Transfer-Encoding: chunked\r\n\r\n"), b"00000fff\r\n", b'd'),
    };
    Words { at_once, dripped, filler }
}

/// One connection that drips.
struct Drip {
    /// Until the server has ended it.
    stream: Option<TcpStream>,
    words: Words,
    began: Option<Instant>,
    dripped: usize,
    answer: Vec<u8>,
    /// Seconds from the first byte to the answer.
    took: Option<f64>,
}

/// All of them.
struct Drips {
    poll: Poll,
    list: Vec<Drip>,
}

impl Drips {
    fn start(address: SocketAddr) -> Drips {
        let poll = Poll::new().expect("the kernel has epoll");
        let open = |index: usize| {
            let mut stream = TcpStream::connect(address).expect("a descriptor is free");
            poll.registry().register(&mut stream, Token(index), Interest::READABLE).expect("epoll has room");
            let (words, answer) = (words(index), Vec::new());
            Drip { stream: Some(stream), words, began: None, dripped: 0, answer, took: None }
        };
        let list = (0..CONNECTIONS).map(open).collect();
        Drips { poll, list }
    }

    /// Drips until the server has ended all; how long each lasted, in seconds.
    fn run(mut self) -> Vec<f64> {
        let deadline = Instant::now() + HANG;
        let mut events = Events::with_capacity(1024);
        let mut next_drip = Instant::now();
        loop {
            let left = self.list.iter().filter(|drip| drip.stream.is_some()).count();
            if left == 0 {
                return self.list.iter().map(|drip| drip.took.expect("it was answered")).collect();
            }
            assert!(Instant::now() < deadline, "{left} are not ended");
            if Instant::now() >= next_drip {
                self.list.iter_mut().for_each(Drip::say);
                next_drip = Instant::now() + DRIP;
            }
            let pause = next_drip.saturating_duration_since(Instant::now());
            await_events(&mut self.poll, &mut events, pause);
            events.iter().for_each(|event| self.list[event.token().0].hear());
        }
    }
}

impl Drip {
    fn say(&mut self) {
        let Some(stream) = self.stream.as_mut().filter(|_| self.took.is_none()) else { return };
        let byte = self.words.dripped.get(self.dripped).copied().unwrap_or(self.words.filler);
        let mut bytes = match self.began {
            None => self.words.at_once.as_bytes().to_vec(),
            Some(_) => Vec::new(),
        };
        bytes.push(byte);
        match stream.write(&bytes) {
            Ok(n) => assert_eq!(n, bytes.len(), "so little fits into any socket"),
            // It is still on its way in; or its end waits to be read.
            Err(_) => return,
        }
        self.began.get_or_insert_with(Instant::now);
        self.dripped += 1;
    }

    fn hear(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        let mut buffer = [0; 4096];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => self.answer.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return self.judge(),
                Err(error) => panic!("cut off after {:?}: {error}", String::from_utf8_lossy(&self.answer)),
            }
        }
        self.judge();
        assert!(self.took.is_some(), "ended without an answer");
        self.stream = None;
    }

    /// What came must be 408, and not before its time.
    fn judge(&mut self) {
        let (Some(began), false) = (self.began, self.answer.is_empty()) else { return };
        let text = String::from_utf8_lossy(&self.answer);
        assert!("HTTP/1.1 408 ".starts_with(&text[..text.len().min(13)]), "{text}");
        let took = *self.took.get_or_insert_with(|| began.elapsed().as_secs_f64());
        // Both clocks are cut to milliseconds.
        assert!(took >= ALLOWED.as_secs_f64() - 0.01, "ended after {took} s");
    }
}
