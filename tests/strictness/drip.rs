//! Peers that send a byte a second: the time is for a whole head and a whole body, not between two bytes
//! (RFC 9112 section 9.5). Time is moved by hand.

use crate::response::{Response, responses};
use crate::row::{chunked, get, has_ended, line, log, post, publish, world};
use holdline::testing::driver::{Line, World};

const HEAD_MS: u64 = 10_000;
const BODY_MS: u64 = 30_000;
const IDLE_MS: u64 = 75_000;

/// What comes at once, and what comes a byte a second behind it.
struct Drip {
    at_once: Vec<u8>,
    slowly: Vec<u8>,
}

impl Drip {
    fn new(at_once: impl Into<Vec<u8>>, slowly: impl Into<Vec<u8>>) -> Drip {
        Drip { at_once: at_once.into(), slowly: slowly.into() }
    }

    /// The last `slow` bytes come slowly.
    fn end_of(whole: Vec<u8>, slow: usize) -> Drip {
        let (at_once, slowly) = whole.split_at(whole.len() - slow);
        Drip::new(at_once, slowly)
    }
}

/// Feeds the drip for `ms` milliseconds from its first slow byte on.
fn feed(drip: &Drip, ms: u64) -> (World, Line) {
    let mut world = world();
    let line = world.connect();
    world.send(line, &drip.at_once);
    world.settle();
    let mut bytes = drip.slowly.chunks(1);
    for second in 0..ms.div_ceil(1000) {
        world.send(line, bytes.next().expect("there are more bytes than seconds"));
        world.settle();
        world.pass((ms - second * 1000).min(1000));
    }
    world.settle();
    (world, line)
}

fn answers(world: &World, line: Line) -> Vec<Response> {
    responses(world.written(line), |_| false).0
}

/// Until shortly before `due_ms` nothing is said to what drips; shortly after it is refused, and nothing is done.
fn refused_at(name: &str, drip: &Drip, due_ms: u64, status: u16) {
    let (world, line) = feed(drip, due_ms - 100);
    let before = answers(&world, line).len();
    assert!(!has_ended(&world, line), "{name}: it has all its time");
    let (mut world, line) = feed(drip, due_ms + 100);
    let answers = answers(&world, line);
    assert_eq!(answers.len(), before + 1, "{name}: {:?}", answers.last());
    assert_eq!(answers[before].head.status, status, "{name}");
    assert!(answers[before].closes() && has_ended(&world, line), "{name}");
    assert!(!log(&mut world).iter().any(|entry| entry.starts_with("smuggled")), "{name}");
    world.pass(2_100);
    assert!(world.is_closed(line), "{name}: it is not waited for any longer");
}

fn handshake() -> Vec<u8> {
    let fields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    format!("GET /echo HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").into_bytes()
}

#[test]
fn a_head_has_ten_seconds() {
    let hidden = publish("smuggled", "x");
    let cases = [
        ("a head", Drip::new("", get(""))),
        ("a publish", Drip::new("", hidden.clone())),
        ("a handshake", Drip::new("", handshake())),
        ("an empty line and a head", Drip::new("", [b"\r\n".to_vec(), get("")].concat())),
        ("a head behind an empty line", Drip::new("\r\n", get(""))),
        ("the end of a head", Drip::end_of(get("X: yyyyyyyyyyyyyyyyyyyy\r\n"), 15)),
        ("the second head", Drip::new(get(""), hidden.clone())),
        (
            "the second head, of which a part came with the first",
            Drip::new([get(""), b"POST /ch".to_vec()].concat(), &hidden[8..]),
        ),
        ("the head behind a publish", Drip::new(publish("a", "1"), hidden.clone())),
        ("the head behind chunks", Drip::new(chunked("1\r\nx\r\n0\r\n\r\n"), hidden.clone())),
        ("the head behind a file", Drip::new(line("GET /a.txt HTTP/1.1"), hidden.clone())),
        ("the head behind a refusal", Drip::new(line("GET /nothing HTTP/1.1"), hidden)),
    ];
    for (name, drip) in cases {
        refused_at(name, &drip, HEAD_MS, 408);
    }
}

#[test]
fn a_body_has_thirty_seconds() {
    let long = "x".repeat(40);
    let whole = |fields: &str| post(&format!("{fields}Content-Length: 40\r\n"), "");
    let foreign = post("Origin: http://evil.example\r\nContent-Length: 40\r\n", "");
    let cases = [
        ("a body", Drip::new(whole(""), long.clone()), 408),
        ("a body that was asked for", Drip::new(whole("Expect: 100-continue\r\n"), long.clone()), 408),
        ("a body behind another", Drip::new([publish("a", "1"), whole("")].concat(), long.clone()), 408),
        ("chunks", Drip::new(chunked(""), "1\r\nx\r\n".repeat(10)), 408),
        ("a chunk", Drip::new(chunked("28\r\n"), long.clone()), 408),
        ("zeros before a chunk", Drip::new(chunked("1\r\nx\r\n"), ["0000000001\r\nx\r\n"; 4].concat()), 408),
        ("a chunk extension", Drip::new(chunked("1;"), long.clone()), 408),
        ("a trailer", Drip::new(chunked("1\r\nx\r\n0\r\n"), format!("X: {long}")), 408),
        ("a body that is refused", Drip::new(foreign, long), 403),
    ];
    for (name, drip, status) in cases {
        refused_at(name, &drip, BODY_MS, status);
    }
}

#[test]
fn a_body_has_its_own_time_behind_a_slow_head() {
    let request = post("Content-Length: 40\r\n", &"x".repeat(40));
    let drip = Drip::end_of(request, 49);
    // The last nine bytes of the head take eight seconds; the body has its thirty from then on.
    refused_at("a slow head and a slow body", &drip, 8_000 + BODY_MS, 408);
}

#[test]
fn each_head_has_its_own_time() {
    let mut world = world();
    let line = world.connect();
    for n in 1..=5 {
        for piece in get("").chunks(5) {
            world.send(line, piece);
            world.settle();
            world.pass(1_000);
        }
        assert_eq!(answers(&world, line).len(), n, "eight seconds are enough");
        world.pass(60_000);
    }
    assert!(answers(&world, line).iter().all(|answer| answer.head.status == 200));
}

#[test]
fn who_says_nothing_is_closed_without_a_word() {
    for (requests, said) in [(0, ""), (1, "HTTP/1.1 200 ")] {
        let mut world = world();
        let line = world.connect();
        world.send(line, &get("").repeat(requests));
        world.settle();
        let before = world.written(line).len();
        world.pass(IDLE_MS - 100);
        assert!(!world.is_closed(line));
        world.pass(200);
        assert!(world.is_closed(line));
        assert_eq!(world.written(line).len(), before, "not a word");
        assert!(world.written(line).starts_with(said.as_bytes()));
    }
}
