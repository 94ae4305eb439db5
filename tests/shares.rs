//! Nobody holds the loop: what one connection may have inflated or compressed for it in a turn is bounded, though little
//! goes over its wire, and nothing of it is lost.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use holdline::limits::{SHARE_BYTES, Settings};
use holdline::testing::driver::{Line, World};

const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

fn handshake(target: &str, more: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: permessage-deflate\r\n{more}\r\n"
    )
}

fn open(world: &mut World, request: &str) -> Line {
    let line = world.connect();
    world.send(line, request.as_bytes());
    world.settle();
    line
}

/// A compressed text message in one frame; the mask is zeros.
fn frame(text: &str) -> Vec<u8> {
    let mut data = Vec::with_capacity(text.len() + 100);
    let mut machine = Compress::new(Compression::best(), false);
    machine.compress_vec(text.as_bytes(), &mut data, FlushCompress::Sync).expect("text can be compressed");
    data.truncate(data.len() - TAIL.len());
    let len = u16::try_from(data.len()).expect("a text that compresses well").to_be_bytes();
    assert!(data.len() > 125);
    [&[0xc1, 0x80 | 126][..], &len, &[0; 4], &data].concat()
}

/// All frames that the server wrote behind its handshake: first byte and payload.
fn frames(world: &World, line: Line) -> Vec<(u8, &[u8])> {
    let written = world.written(line);
    let Some(head) = written.windows(4).position(|four| four == b"\r\n\r\n") else { return Vec::new() };
    let (mut rest, mut frames) = (&written[head + 4..], Vec::new());
    while let [first, short, after @ ..] = rest {
        let (len, after) = match short {
            126 => (usize::from(u16::from_be_bytes([after[0], after[1]])), &after[2..]),
            short => (usize::from(*short), after),
        };
        let (payload, after) = after.split_at(len);
        frames.push((*first, payload));
        rest = after;
    }
    frames
}

/// Their texts, all of which are compressed.
fn texts(world: &World, line: Line) -> Vec<String> {
    let mut machine = Decompress::new(false);
    let inflate = |(first, payload): (u8, &[u8])| {
        assert_eq!(first, 0xc1);
        machine.reset(false);
        let mut out = Vec::with_capacity(110_000);
        let input = [payload, &TAIL].concat();
        machine.decompress_vec(&input, &mut out, FlushDecompress::None).expect("it is DEFLATE");
        String::from_utf8(out).expect("text")
    };
    frames(world, line).into_iter().map(inflate).collect()
}

/// Long, and soon compressed; each another.
fn text(n: usize, len: usize) -> String {
    let mut text = format!("{n} ");
    text.extend(std::iter::repeat_n("lorem ipsum ", len / 12));
    text
}

const RAW: &str = "Sec-WebSocket-Protocol: holdline.raw\r\n";

/// Sends 40 messages of 100,000 bytes each in one read of few bytes.
fn flood(world: &mut World) -> Line {
    let line = open(world, &handshake("/channels/a", RAW));
    let messages: Vec<u8> = (0..40).flat_map(|n| frame(&text(n, 100_000))).collect();
    assert!(messages.len() < SHARE_BYTES / 8, "{} bytes", messages.len());
    world.send(line, &messages);
    line
}

#[test]
fn a_connection_whose_messages_are_long_when_inflated_takes_turns() {
    let mut world = World::new(Settings::default());
    let other = world.connect();
    let line = flood(&mut world);
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
    assert!(texts(&world, line) == expected, "each comes once and in order");
    assert_eq!(world.stats().incoming_bytes, 0);
}

#[test]
fn no_more_is_read_of_a_connection_that_waits_for_its_turn() {
    let mut world = World::new(Settings::default());
    world.pieces_per_turn = 8;
    let line = flood(&mut world);
    let again: Vec<u8> = (40..80).flat_map(|n| frame(&text(n, 100_000))).collect();
    for piece in again.chunks(1000) {
        world.send(line, piece);
    }
    let first = world.stats().published;
    while world.stats().published < 39 {
        let held = world.stats().incoming_bytes;
        assert!(held < SHARE_BYTES / 8, "{held} bytes are held");
        assert!(world.turn());
    }
    assert_eq!(first, 0);
    world.settle();
    assert!(texts(&world, line) == (0..80).map(|n| text(n, 100_000)).collect::<Vec<_>>());
}

#[test]
fn what_was_sent_before_the_end_is_done_though_it_takes_turns() {
    let mut world = World::new(Settings::default());
    let line = flood(&mut world);
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
        let line = flood(&mut world);
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
    let line = open(&mut world, &handshake("/echo", ""));
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
    assert_eq!(frames(&world, line), vec![(0x81, &[b'x'; 100][..]); 500], "nothing is lost");
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
    let line = world.connect();
    world.send(line, handshake("/channels/a?since=start", RAW).as_bytes());
    let (mut turns, mut read) = (0, 0);
    while world.turn() {
        let now = frames(&world, line).len();
        assert!(now - read <= (SHARE_BYTES + (64 << 10)) / LEN + 1, "{read}, then {now} in one turn");
        (turns, read) = (turns + 1, now);
    }
    assert_eq!(read, 300);
    assert!(turns >= 10, "{turns} turns");
    assert!(texts(&world, line) == (0..300).map(|n| text(n, LEN)).collect::<Vec<_>>());
}
