//! Deadlines that a timer may miss: each case is a connection whose deadline moved closer after its timer was set.

use holdline::limits::Settings;
use holdline::testing::driver::{Line, World};

fn world() -> World {
    World::new(Settings { heartbeat_ms: 1_000, write_timeout_ms: 600_000, ..Settings::default() })
}

fn open(world: &mut World, request: &str) -> Line {
    let line = world.connect();
    world.send(line, request.as_bytes());
    world.settle();
    line
}

/// `ms` milliseconds pass, with everything that is due meanwhile.
fn pass(world: &mut World, ms: u64) {
    let end = world.now().at + ms;
    while world.next_deadline().is_some_and(|due| due <= end) {
        world.advance_to_deadline();
        world.settle();
    }
    world.advance(end.since(world.now().at));
}

#[test]
fn a_stream_that_was_blocked_beats_on_time_again() {
    let mut world = world();
    let line =
        open(&mut world, "GET /channels/a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
    world.narrow(line, Some(3));
    pass(&mut world, 1_100);
    let before = world.written(line).len();
    pass(&mut world, 10_000);
    let comment = b"0003\r\n:\n\n\r\n";
    let beats = world.written(line)[before..].chunks(comment.len()).filter(|chunk| chunk == comment).count();
    assert!((9..=10).contains(&beats), "{beats} signs of life in ten seconds");
}

#[test]
fn a_connection_that_said_its_last_word_is_waited_for_two_seconds_more() {
    let mut world = world();
    let line = open(&mut world, "GET / HTTP/1.1\r\n\r\n");
    assert!(world.written(line).starts_with(b"HTTP/1.1 400 "));
    pass(&mut world, 1_900);
    assert!(!world.is_closed(line), "so that the peer reads our last words");
    pass(&mut world, 200);
    assert!(world.is_closed(line));
}

#[test]
fn a_last_word_that_leaves_slowly_is_waited_for_from_its_end_on() {
    let mut world = world();
    let line = world.connect();
    world.narrow(line, Some(0));
    world.send(line, b"GET / HTTP/1.1\r\n\r\n");
    world.settle();
    pass(&mut world, 60_000);
    world.narrow(line, None);
    world.settle();
    pass(&mut world, 1_900);
    assert!(!world.is_closed(line));
    pass(&mut world, 200);
    assert!(world.is_closed(line));
}

#[test]
fn the_time_for_a_head_behind_an_answer_is_that_for_a_head() {
    let mut world = world();
    let line = open(&mut world, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT");
    let answered = world.written(line).len();
    pass(&mut world, 9_900);
    assert_eq!(world.written(line).len(), answered);
    pass(&mut world, 200);
    assert!(world.written(line)[answered..].starts_with(b"HTTP/1.1 408 "));
}

const ECHO: &str = "GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// One turn in which the peer takes so many bytes.
fn take(world: &mut World, line: Line, bytes: usize) {
    world.narrow(line, Some(bytes));
    world.turn();
    world.narrow(line, Some(0));
    world.settle();
}

#[test]
fn a_pong_that_waits_behind_paused_input_is_not_missed() {
    let settings = Settings { echo: true, max_queue: 1024, heartbeat_ms: 10_000, ..Settings::default() };
    let mut world = World::new(settings);
    let line = open(&mut world, ECHO);
    let opened = world.written(line).len();
    pass(&mut world, 10_100);
    assert_eq!(&world.written(line)[opened..], b"\x89\0", "a ping");
    // The peer talks much before it gets to its pong, and reads slowly what comes back.
    world.narrow(line, Some(0));
    let (frame, echo) =
        ([&b"\x81\xe4\0\0\0\0"[..], &[b'x'; 100]].concat(), [&b"\x81\x64"[..], &[b'x'; 100]].concat());
    for _ in 0..30 {
        world.send(line, &frame);
    }
    world.send(line, b"\x8a\x80\0\0\0\0");
    world.settle();
    for _ in 0..30 {
        pass(&mut world, 20_000);
        assert!(!world.is_closed(line), "it takes its time, and something in it");
        take(&mut world, line, 50);
    }
    world.narrow(line, None);
    world.settle();
    assert_eq!(&world.written(line)[opened + 2..], echo.repeat(30), "nothing is lost");
    // It is asked again in its time, and dropped if it says nothing.
    pass(&mut world, 10_100);
    assert!(world.written(line).ends_with(b"\x89\0"), "a ping");
    pass(&mut world, 19_800);
    assert!(!world.is_closed(line));
    pass(&mut world, 300);
    assert!(world.is_closed(line));
}

#[test]
fn a_websocket_that_takes_nothing_is_dropped_in_its_time() {
    let settings = Settings { echo: true, heartbeat_ms: 1_000, ..Settings::default() };
    let mut world = World::new(settings);
    let line = open(&mut world, ECHO);
    world.narrow(line, Some(0));
    world.send(line, b"\x81\x82\0\0\0\0hi");
    world.settle();
    pass(&mut world, 29_900);
    assert!(!world.is_closed(line));
    pass(&mut world, 200);
    assert!(world.is_closed(line), "--write-timeout is 30 s");
}

/// What `GET target` is answered with on a line of its own.
fn get(world: &mut World, target: &str) -> String {
    let line = open(world, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    let answer = String::from_utf8(world.take_written(line)).expect("JSON");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    body.to_owned()
}

const SESSION: &str = "session=0123456789012345678901";

fn stream(world: &mut World, target: &str) -> Line {
    open(world, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n"))
}

fn count(world: &mut World) -> Option<char> {
    get(world, "/presence/a").chars().rev().find(char::is_ascii_digit)
}

#[test]
fn who_comes_back_within_the_grace_has_not_left() {
    let mut world = World::new(Settings { heartbeat_ms: 3_600_000, ..Settings::default() });
    let watcher = stream(&mut world, "/channels/a?presence=1");
    let target = format!("/channels/a?{SESSION}&name=Ann");
    for reconnect in 1..=3 {
        let line = stream(&mut world, &target);
        assert_eq!(count(&mut world), Some('2'));
        world.reset(line);
        pass(&mut world, 9_999);
        assert_eq!(count(&mut world), Some('2'), "reconnect {reconnect}");
    }
    let told = |world: &World| {
        let text = String::from_utf8_lossy(world.written(watcher)).into_owned();
        ["join", "leave"].map(|notice| text.matches(&format!("\"notice\":\"{notice}\"")).count())
    };
    assert_eq!(told(&world), [1, 0]);
    pass(&mut world, 1);
    assert_eq!((count(&mut world), told(&world)), (Some('1'), [1, 1]), "ten seconds are over");
}

#[test]
fn a_poller_is_there_from_poll_to_poll_and_ten_seconds_more() {
    let mut world = world();
    let target = format!("/channels/a?{SESSION}");
    for _ in 0..4 {
        get(&mut world, &target);
        pass(&mut world, 9_000);
        assert_eq!(count(&mut world), Some('1'));
    }
    let held = open(&mut world, &format!("GET {target}&wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    pass(&mut world, 29_000);
    assert_eq!(count(&mut world), Some('1'), "it is held");
    pass(&mut world, 2_000);
    assert!(!world.written(held).is_empty());
    pass(&mut world, 8_000);
    assert_eq!(count(&mut world), Some('1'));
    pass(&mut world, 1_100);
    assert_eq!(count(&mut world), Some('0'));
}

#[test]
fn a_poller_is_told_what_happened_since_its_last_poll_within_the_grace_of_its_session() {
    let mut world = world();
    let target = format!("/channels/a?{SESSION}&presence=1");
    get(&mut world, &target);
    stream(&mut world, "/channels/a?name=Bob");
    pass(&mut world, 50_000);
    assert!(get(&mut world, &target).contains(r#""notices":[{"notice":"join","channel":"a","#));
    stream(&mut world, "/channels/a?name=Cid");
    pass(&mut world, 61_000);
    assert!(get(&mut world, &target).contains(r#""notices":[]"#), "it is a new client");
}
