//! Deadlines that a timer may miss: each case is a connection whose deadline moved closer after its timer was set.

use holdline::limits::Settings;
use holdline::testing::driver::{Line, World};

fn world() -> World {
    World::new(Settings { heartbeat_ms: 1_000, write_timeout_ms: 600_000, ..Settings::default() })
}

#[test]
fn a_stream_that_was_blocked_beats_on_time_again() {
    let mut world = world();
    let line = world.open("GET /channels/a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
    world.narrow(line, Some(3));
    world.pass(1_100);
    let before = world.written(line).len();
    world.pass(10_000);
    let comment = b"0003\r\n:\n\n\r\n";
    let beats = world.written(line)[before..].chunks(comment.len()).filter(|chunk| chunk == comment).count();
    assert!((9..=10).contains(&beats), "{beats} signs of life in ten seconds");
}

#[test]
fn a_connection_that_said_its_last_word_is_waited_for_two_seconds_more() {
    let mut world = world();
    let line = world.open("GET / HTTP/1.1\r\n\r\n");
    assert!(world.written(line).starts_with(b"HTTP/1.1 400 "));
    world.pass(1_900);
    assert!(!world.is_closed(line), "so that the peer reads our last words");
    world.pass(200);
    assert!(world.is_closed(line));
}

#[test]
fn a_last_word_that_leaves_slowly_is_waited_for_from_its_end_on() {
    let mut world = world();
    let line = world.connect();
    world.narrow(line, Some(0));
    world.send(line, b"GET / HTTP/1.1\r\n\r\n");
    world.settle();
    world.pass(60_000);
    world.narrow(line, None);
    world.settle();
    world.pass(1_900);
    assert!(!world.is_closed(line));
    world.pass(200);
    assert!(world.is_closed(line));
}

#[test]
fn the_time_for_a_head_behind_an_answer_is_that_for_a_head() {
    let mut world = world();
    let line = world.open("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT");
    let answered = world.written(line).len();
    world.pass(9_900);
    assert_eq!(world.written(line).len(), answered);
    world.pass(200);
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
    let line = world.open(ECHO);
    let opened = world.written(line).len();
    world.pass(10_100);
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
        world.pass(20_000);
        assert!(!world.is_closed(line), "it takes its time, and something in it");
        take(&mut world, line, 50);
    }
    world.narrow(line, None);
    world.settle();
    assert_eq!(&world.written(line)[opened + 2..], echo.repeat(30), "nothing is lost");
    // It is asked again in its time, and dropped if it says nothing.
    world.pass(10_100);
    assert!(world.written(line).ends_with(b"\x89\0"), "a ping");
    world.pass(19_800);
    assert!(!world.is_closed(line));
    world.pass(300);
    assert!(world.is_closed(line));
}

#[test]
fn a_websocket_that_takes_nothing_is_dropped_in_its_time() {
    let settings = Settings { echo: true, heartbeat_ms: 1_000, ..Settings::default() };
    let mut world = World::new(settings);
    let line = world.open(ECHO);
    world.narrow(line, Some(0));
    world.send(line, b"\x81\x82\0\0\0\0hi");
    world.settle();
    world.pass(29_900);
    assert!(!world.is_closed(line));
    world.pass(200);
    assert!(world.is_closed(line), "--write-timeout is 30 s");
}

/// What `GET target` is answered with on a line of its own.
fn get(world: &mut World, target: &str) -> String {
    let line = world.open(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    let answer = String::from_utf8(world.take_written(line)).expect("JSON");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    body.to_owned()
}

const SESSION: &str = "session=0123456789012345678901";

fn stream(world: &mut World, target: &str) -> Line {
    world.open(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n"))
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
        world.pass(9_999);
        assert_eq!(count(&mut world), Some('2'), "reconnect {reconnect}");
    }
    let told = |world: &World| {
        let text = String::from_utf8_lossy(world.written(watcher)).into_owned();
        ["join", "leave"].map(|notice| text.matches(&format!("\"notice\":\"{notice}\"")).count())
    };
    assert_eq!(told(&world), [1, 0]);
    world.pass(1);
    assert_eq!((count(&mut world), told(&world)), (Some('1'), [1, 1]), "ten seconds are over");
}

#[test]
fn a_poller_is_there_from_poll_to_poll_and_ten_seconds_more() {
    let mut world = world();
    let target = format!("/channels/a?{SESSION}");
    for _ in 0..4 {
        get(&mut world, &target);
        world.pass(9_000);
        assert_eq!(count(&mut world), Some('1'));
    }
    let held = world.open(&format!("GET {target}&wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    world.pass(29_000);
    assert_eq!(count(&mut world), Some('1'), "it is held");
    world.pass(2_000);
    assert!(!world.written(held).is_empty());
    world.pass(8_000);
    assert_eq!(count(&mut world), Some('1'));
    world.pass(1_100);
    assert_eq!(count(&mut world), Some('0'));
}

#[test]
fn a_poller_is_told_what_happened_since_its_last_poll_within_the_grace_of_its_session() {
    let mut world = world();
    let target = format!("/channels/a?{SESSION}&presence=1");
    get(&mut world, &target);
    stream(&mut world, "/channels/a?name=Bob");
    world.pass(50_000);
    assert!(get(&mut world, &target).contains(r#""notices":[{"notice":"join","channel":"a","#));
    stream(&mut world, "/channels/a?name=Cid");
    world.pass(61_000);
    assert!(get(&mut world, &target).contains(r#""notices":[]"#), "it is a new client");
}

const ASK: &str = "POST /ask/a?wait=5&ttl=12 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nq";

/// Where the answer that begins at `from` says to go on.
fn location(world: &World, line: Line, from: usize) -> String {
    let text = String::from_utf8_lossy(&world.written(line)[from..]).into_owned();
    let (_, rest) = text.split_once("Location: ").unwrap_or_else(|| panic!("no Location in {text}"));
    rest.split("\r\n").next().unwrap_or_default().to_owned()
}

#[test]
fn an_asker_is_held_for_its_wait_and_a_question_lives_for_its_ttl() {
    let mut world = world();
    let line = world.open(ASK);
    world.pass(4_900);
    assert_eq!(world.written(line), b"", "held");
    world.pass(200);
    assert!(world.written(line).starts_with(b"HTTP/1.1 202 "));
    let request = format!("GET {}?wait=40 HTTP/1.1\r\nHost: localhost\r\n\r\n", location(&world, line, 0));
    let pending = world.written(line).len();
    world.send(line, request.as_bytes());
    world.settle();
    world.pass(6_700);
    assert_eq!(world.written(line).len(), pending, "the question lives, and the request is held again");
    world.pass(500);
    let over = String::from_utf8_lossy(&world.written(line)[pending..]).into_owned();
    assert!(over.starts_with("HTTP/1.1 504 ") && over.contains("Holdline-Ask: expired\r\n"), "{over}");
    world.pass(299_000);
    let told = world.written(line).len();
    let again = world.open(&request);
    assert!(world.written(again).starts_with(b"HTTP/1.1 504 "), "it is remembered");
    world.pass(2_000);
    let forgotten = world.open(&request);
    assert!(world.written(forgotten).starts_with(b"HTTP/1.1 404 "), "for five minutes");
    assert!(world.written(line).len() >= told);
}

#[test]
fn a_question_over_a_websocket_is_pending_after_its_wait() {
    let mut world = world();
    let handshake = ECHO.replace("/echo", "/channels/a");
    let line = world.open(&handshake);
    let opened = world.written(line).len();
    let command = br#"{"type":"ask","channel":"b","data":1,"wait":5,"ttl":7,"ref":1}"#;
    let frame = [&[0x81, 0x80 | command.len() as u8, 0, 0, 0, 0][..], command].concat();
    world.send(line, &frame);
    world.settle();
    let said = |world: &World| String::from_utf8_lossy(&world.written(line)[opened..]).into_owned();
    assert!(said(&world).contains(r#""type":"asked""#));
    world.pass(900);
    assert!(!said(&world).contains(r#""type":"reply""#));
    for _ in 0..5 {
        world.send(line, b"\x8a\x80\0\0\0\0");
        world.pass(900);
    }
    assert!(said(&world).contains(r#""state":"pending","status":202"#), "{}", said(&world));
}

/// `POST target`, on a line of its own; its status.
fn post(world: &mut World, target: &str) -> String {
    let head = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n");
    let line = world.open(&format!("{head}Connection: close\r\n\r\nx"));
    String::from_utf8(world.take_written(line)).expect("JSON")[9..12].to_owned()
}

#[test]
fn a_message_to_a_client_waits_for_it_until_the_grace_of_its_session_is_over() {
    let mut world = world();
    let target = format!("/channels/a?{SESSION}&since=start");
    let batch = get(&mut world, &target);
    let (_, id) = batch.split_once("\"client\":\"").expect("an id");
    let client = format!("/clients/{}", &id[..16]);
    assert_eq!(post(&mut world, &client), "200");
    world.pass(59_900);
    assert!(get(&mut world, &target).contains(r#""channel":"@client""#));
    world.pass(59_900);
    assert_eq!(post(&mut world, &client), "200");
    world.pass(200);
    assert_eq!(post(&mut world, &client), "404", "it is forgotten");
    assert!(!get(&mut world, &target).contains("@client"));
    assert_eq!(post(&mut world, &client), "200", "it has come again");
}
