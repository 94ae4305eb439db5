//! Nobody holds the loop: what one connection may have inflated or compressed for it in a turn is bounded, though little
//! goes over its wire, and nothing of it is lost.

use holdline::limits::{SHARE_BYTES, Settings};
use holdline::testing::decode::deflate::{Windows, deflated};
use holdline::testing::decode::handshake::Handshake;
use holdline::testing::decode::websocket::{FIN, Frame, RSV1, SocketReader, TEXT, client_frame};
use holdline::testing::driver::{Line, World};

/// A WebSocket on which compression was agreed, and what its client reads.
struct Socket {
    line: Line,
    /// The server's head, until it is whole.
    head: Vec<u8>,
    reader: SocketReader,
    texts: Vec<String>,
}

impl Socket {
    /// Asks for it; nothing is answered yet.
    fn ask(world: &mut World, target: &str, protocols: Option<&str>) -> Socket {
        let extensions = Some("permessage-deflate");
        let handshake = Handshake { target, protocols, extensions, fields: &[] };
        let line = world.connect();
        world.send(line, handshake.request().as_bytes());
        let reader = SocketReader::new(Some(Windows { server_bits: 15, client_bits: 15 }));
        Socket { line, head: Vec::new(), reader, texts: Vec::new() }
    }

    /// All texts so far, and how many of them came compressed.
    fn read(&mut self, world: &mut World) -> (&[String], u64) {
        let written = world.take_written(self.line);
        if self.head.ends_with(b"\r\n\r\n") {
            self.reader.push(&written);
        } else {
            self.head.extend(written);
            let end = memchr::memmem::find(&self.head, b"\r\n\r\n").map_or(self.head.len(), |at| at + 4);
            self.reader.push(&self.head.split_off(end));
        }
        for frame in self.reader.all().expect("proper frames") {
            let Frame::Text(text) = frame else { panic!("{frame:?}") };
            self.texts.push(text);
        }
        (&self.texts, self.reader.compressed())
    }
}

/// A compressed text message in one frame.
fn frame(text: &str) -> Vec<u8> {
    client_frame(FIN | RSV1 | TEXT, [1, 2, 3, 4], &deflated(text.as_bytes(), 15))
}

/// Long, and soon compressed; each another.
fn text(n: usize, len: usize) -> String {
    let mut text = format!("{n} ");
    text.extend(std::iter::repeat_n("lorem ipsum ", len / 12));
    text
}

const RAW: Option<&str> = Some("holdline.raw");

/// Sends 40 messages of 100,000 bytes each in one read of few bytes.
fn flood(world: &mut World) -> Socket {
    let socket = Socket::ask(world, "/channels/a", RAW);
    world.settle();
    let messages: Vec<u8> = (0..40).flat_map(|n| frame(&text(n, 100_000))).collect();
    assert!(messages.len() < SHARE_BYTES / 8, "{} bytes", messages.len());
    world.send(socket.line, &messages);
    socket
}

#[test]
fn a_connection_whose_messages_are_long_when_inflated_takes_turns() {
    let mut world = World::new(Settings::default());
    let other = world.connect();
    let mut socket = flood(&mut world);
    let (mut turns, mut published) = (0, 0);
    while published < 40 {
        world.send(other, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answered = world.written(other).len();
        assert!(world.turn(), "{published} messages, and nothing moves");
        assert!(world.written(other).len() > answered, "the others are served in between");
        let now = world.stats().published;
        assert!(now - published <= 1 + SHARE_BYTES as u64 / 100_000, "{published}, then {now} in one turn");
        (turns, published) = (turns + 1, now);
        assert!(turns < 100, "{published} messages in {turns} turns");
    }
    assert!(turns >= 10);
    world.settle();
    let expected: Vec<String> = (0..40).map(|n| text(n, 100_000)).collect();
    assert!(socket.read(&mut world) == (&expected[..], 40), "each comes once and in order");
    assert_eq!(world.stats().incoming_bytes, 0);
}

#[test]
fn no_more_is_read_of_a_connection_that_waits_for_its_turn() {
    let mut world = World::new(Settings::default());
    world.pieces_per_turn = 8;
    let mut socket = flood(&mut world);
    let again: Vec<u8> = (40..80).flat_map(|n| frame(&text(n, 100_000))).collect();
    for piece in again.chunks(1000) {
        world.send(socket.line, piece);
    }
    let first = world.stats().published;
    while world.stats().published < 39 {
        let held = world.stats().incoming_bytes;
        assert!(held < SHARE_BYTES / 8, "{held} bytes are held");
        assert!(world.turn());
    }
    assert_eq!(first, 0);
    world.settle();
    let expected: Vec<String> = (0..80).map(|n| text(n, 100_000)).collect();
    assert!(socket.read(&mut world) == (&expected[..], 80));
}

#[test]
fn what_was_sent_before_the_end_is_done_though_it_takes_turns() {
    let mut world = World::new(Settings::default());
    let line = flood(&mut world).line;
    world.send(line, &frame(&text(40, 100_000)));
    world.send(line, &[0x88, 0x80, 0, 0, 0, 0]);
    world.end(line);
    world.settle();
    assert_eq!(world.stats().published, 41);
    assert!(world.is_closed(line));
}

#[test]
fn one_that_is_cut_off_or_breaks_the_protocol_while_it_waits_is_let_go() {
    for ends in [&[][..], &[0xc9, 0x80, 0, 0, 0, 0]] {
        let mut world = World::new(Settings::default());
        let line = flood(&mut world).line;
        world.send(line, ends);
        world.turn();
        world.turn();
        assert!(world.stats().published < 40);
        if ends.is_empty() {
            world.reset(line);
        }
        world.settle();
        world.end(line);
        world.settle();
        let stats = world.stats();
        assert_eq!((stats.connections, stats.readers, stats.incoming_bytes), (0, 0, 0), "{stats:?}");
    }
}

#[test]
fn a_client_that_does_not_read_its_answers_is_read_no_more() {
    const QUEUE_MAX: usize = 4096;
    let mut world = World::new(Settings { echo: true, max_queue: QUEUE_MAX, ..Settings::default() });
    let mut socket = Socket::ask(&mut world, "/echo", None);
    let line = socket.line;
    world.settle();
    world.narrow(line, Some(0));
    let message = [&[0x81, 0x80 | 100][..], &[0; 4], &[b'x'; 100]].concat();
    for _ in 0..500 {
        world.send(line, &message);
    }
    world.settle();
    assert!(!world.has_taken(line, 500 * message.len()), "the rest stays with the peer");
    let held = world.stats().pinned_bytes;
    assert!(held <= QUEUE_MAX + message.len(), "{held} bytes are held for it");
    world.narrow(line, None);
    world.settle();
    assert_eq!(socket.read(&mut world), (&vec!["x".repeat(100); 500][..], 0), "nothing is lost");
}

#[test]
fn a_reader_of_a_long_past_has_it_compressed_turn_by_turn() {
    let settings = Settings { retain_bytes: 16 << 20, ..Settings::default() };
    let mut world = World::new(settings);
    let publisher = world.connect();
    const LEN: usize = 12_000;
    for n in 0..300 {
        let body = text(n, LEN);
        let head = format!("POST /channels/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}", body.len());
        world.send(publisher, format!("{head}\r\n\r\n{body}").as_bytes());
    }
    world.pieces_per_turn = 300;
    world.settle();
    assert_eq!(world.stats().published, 300);
    let mut socket = Socket::ask(&mut world, "/channels/a?since=start", RAW);
    let (mut turns, mut read) = (0, 0);
    while world.turn() {
        let now = socket.read(&mut world).0.len();
        assert!(now - read <= (SHARE_BYTES + (64 << 10)) / LEN + 1, "{read}, then {now} in one turn");
        (turns, read) = (turns + 1, now);
    }
    assert_eq!(read, 300);
    assert!(turns >= 10, "{turns} turns");
    let expected: Vec<String> = (0..300).map(|n| text(n, LEN)).collect();
    assert!(socket.read(&mut world) == (&expected[..], 300));
}
