//! A peer that sends its requests and then its end (RFC 9112 section 9.6), as `nc` does: whatever is whole is answered,
//! in order, then the connection ends. Whoever waits for something when its end comes has gone away.

use crate::response::{Response, responses};
use crate::row::{get, line, log, post, publish, world};
use holdline::limits::Settings;
use holdline::testing::driver::{Line, World};
use holdline::testing::laws;

/// Feeds `pieces` and the end; `room`: bytes that the peer takes a turn.
fn feed(mut world: World, pieces: &[&[u8]], room: Option<usize>) -> (World, Line) {
    let line = world.connect();
    world.narrow(line, room);
    for piece in pieces {
        world.send(line, piece);
    }
    world.end(line);
    world.settle();
    assert!(world.is_closed(line), "who has ended is let go");
    (world, line)
}

fn answers(world: &World, line: Line) -> Vec<Response> {
    let (answers, rest) = responses(world.written(line), |_| false);
    assert_eq!(rest, b"");
    answers
}

fn statuses(world: &World, line: Line) -> Vec<u16> {
    answers(world, line).iter().map(|answer| answer.head.status).collect()
}

/// Tries every split, each with a peer that takes all and one that takes little.
fn every_way(bytes: &[u8], check: impl Fn(World, Line)) {
    laws::every_split(bytes, |pieces| {
        for room in [None, Some(7)] {
            let (world, line) = feed(world(), pieces, room);
            check(world, line);
        }
    });
}

#[test]
fn all_pipelined_requests_are_answered() {
    let requests = [
        get(""),
        publish("a", "1"),
        line("GET /a.txt HTTP/1.1"),
        line("GET /nothing HTTP/1.1"),
        publish("a", "2"),
    ];
    every_way(&requests.concat(), |mut world, line| {
        assert_eq!(statuses(&world, line), [200, 200, 200, 404, 200]);
        assert_eq!(log(&mut world), ["a=1", "a=2"]);
    });
}

#[test]
fn a_request_that_is_not_whole_is_not_answered() {
    for half in [b"GET /livez HTTP/1.1\r\nHost: loc".to_vec(), post("Content-Length: 9\r\n", "half")] {
        every_way(&[&publish("a", "1")[..], &half].concat(), |mut world, line| {
            assert_eq!(statuses(&world, line), [200]);
            assert_eq!(log(&mut world), ["a=1"]);
        });
    }
}

#[test]
fn a_refusal_is_said_whole() {
    every_way(&[get(""), b"GARBAGE\r\n".to_vec()].concat(), |world, line| {
        assert_eq!(statuses(&world, line), [200, 400]);
    });
}

#[test]
fn a_held_poll_goes_with_its_peer_and_so_do_the_requests_behind_it() {
    let requests = [get(""), line("GET /channels/a?wait=9 HTTP/1.1"), publish("a", "x")];
    every_way(&requests.concat(), |mut world, line| {
        assert_eq!(statuses(&world, line), [200]);
        assert!(log(&mut world).is_empty());
        assert_eq!((world.stats().parked, world.stats().readers), (0, 0));
    });
}

#[test]
fn a_poll_that_need_not_be_held_is_answered() {
    let requests = [publish("a", "x"), line("GET /channels/a?wait=9&since=start HTTP/1.1"), get("")];
    every_way(&requests.concat(), |world, line| assert_eq!(statuses(&world, line), [200, 200, 200]));
}

#[test]
fn a_stream_says_what_it_has_begun_to_say() {
    let requests = [get(""), line("GET /channels/a?transport=ndjson HTTP/1.1"), publish("a", "x")];
    every_way(&requests.concat(), |mut world, line| {
        assert!(world.written(line).ends_with(b"\r\n0\r\n\r\n"), "the last chunk");
        let answers = answers(&world, line);
        assert_eq!(answers.len(), 2);
        assert!(answers[1].body.starts_with(b"{\"notice\":\"position\""));
        assert!(log(&mut world).is_empty());
        assert_eq!(world.stats().readers, 0);
    });
}

#[test]
fn frames_before_the_end_are_echoed() {
    let handshake = "GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let frames = b"\x81\x82\0\0\0\0hi\x89\x80\0\0\0\0\x81\x85\0\0\0\0half";
    every_way(&[handshake.as_bytes(), frames].concat(), |world, line| {
        let (_, frames) = responses(world.written(line), |_| false);
        assert_eq!(frames, b"\x81\x02hi\x8a\0");
    });
}

/// More answers than may wait for one connection: what is held back is gone on with when there is room.
#[test]
fn answers_beyond_the_queue_come_too() {
    let requests = [get(""), publish("a", "x")].concat().repeat(50);
    for room in [None, Some(100), Some(1)] {
        let world = World::new(Settings { max_queue: 1024, ..Settings::default() });
        let (mut world, line) = feed(world, &laws::pieces(&requests, 1), room);
        assert_eq!(statuses(&world, line), [200; 100]);
        assert_eq!(log(&mut world).len(), 50);
    }
}

#[test]
fn the_end_may_come_later() {
    let mut world = world();
    let line = world.connect();
    world.send(line, &get(""));
    world.settle();
    assert!(!world.is_closed(line));
    world.end(line);
    world.settle();
    assert!(world.is_closed(line));
    assert_eq!(statuses(&world, line), [200]);
}
