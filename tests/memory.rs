//! What an idle connection owns: its places in the server's tables, and no heap block; what a message costs that
//! becomes a thousand times as long when it is inflated; and what an answer costs for which many wait. Counted with an allocator that counts, driving the server in
//! process.

use flate2::{Compress, Compression, FlushCompress};
use holdline::base::time::{Millis, Now};
use holdline::limits::Settings;
use holdline::server::{ConnId, ListenerInfo, Peer, Server, Slices};
use holdline::testing::decode::handshake::Handshake;
use holdline::testing::decode::websocket::{FIN, TEXT, client_frame};
use holdline::testing::driver;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::sync::{Mutex, PoisonError};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The counters see the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// With [`CONNECTIONS`] and the publisher a power of two: tables double, and are full when they are looked at.
const WARM_UP: usize = 23;
const CONNECTIONS: usize = 1000;
/// What may be allocated besides: each table once, and whatever the test harness does meanwhile.
const BLOCKS_MAX: usize = 16;
/// Bytes of a connection with one channel, and of each channel more. The socket's record comes to this, in io.
const BYTES_EACH_MAX: usize = 290;
const BYTES_A_CHANNEL_MAX: usize = 64;

/// Blocks on the heap, and their bytes.
#[derive(Copy, Clone, Debug)]
struct Live {
    blocks: usize,
    bytes: usize,
}

impl Live {
    fn now() -> Live {
        let stats = HEAP.stats();
        Live {
            blocks: stats.allocations - stats.deallocations,
            // What grew or shrank in place is in these as well.
            bytes: stats.bytes_allocated - stats.bytes_deallocated,
        }
    }
}

/// A server whose peers take everything at once.
struct World {
    server: Server,
    now: Now,
    /// Bytes written to anybody.
    written: usize,
    /// The last of them.
    last: [u8; 64],
}

impl World {
    fn new() -> World {
        let now = Now { at: Millis(1_000), unix_ms: 1_763_687_000_000 };
        let listener = ListenerInfo { loopback: true, description: "http://127.0.0.1:8080".to_owned() };
        // So that the message that all get is compressed.
        let settings = Settings { echo: true, compress_above: 0, ..Settings::default() };
        World { server: Server::new(settings, vec![listener], now, [7; 32]), now, written: 0, last: [0; 64] }
    }

    fn connect(&mut self) -> ConnId {
        let address = core::net::Ipv4Addr::LOCALHOST.into();
        let peer = Peer { address: Some(address), listener: 0 };
        self.server.handle_accept(self.now, peer).expect("there is room")
    }

    fn send(&mut self, id: ConnId, bytes: &str) {
        self.server.handle_bytes(self.now, id, &mut bytes.as_bytes().to_vec());
        self.flush();
    }

    /// Writes what there is to write, and says how much that was.
    fn flush(&mut self) -> usize {
        let before = self.written;
        while let Some(id) = self.server.poll_dirty() {
            loop {
                let mut slices = Slices::new();
                self.server.slices(self.now, id, &mut slices);
                let mut count = 0;
                for slice in slices.as_slice() {
                    count += slice.len();
                    let kept = slice.len().min(self.last.len());
                    self.last.rotate_left(kept);
                    let end = self.last.len();
                    self.last[end - kept..].copy_from_slice(&slice[slice.len() - kept..]);
                }
                self.written += count;
                if count == 0 || !self.server.handle_sent(self.now, id, count) {
                    break;
                }
            }
        }
        while self.server.poll_action().is_some() {}
        self.written - before
    }

    fn publish(&mut self) {
        let publisher = self.connect();
        let body = "hello ".repeat(50);
        let head = "POST /channels/news HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300";
        self.send(publisher, &format!("{head}\r\n\r\n{body}"));
        self.server.handle_end(self.now, publisher);
        self.flush();
    }

    /// Lets time pass, turn by turn.
    fn pass(&mut self, ms: u64) {
        let end = self.now.at + ms;
        while self.now.at < end {
            self.now.at = self.now.at + 1_000;
            self.now.unix_ms += 1_000;
            self.server.handle_timeout(self.now);
            self.flush();
        }
    }
}

const STREAM: &str = "HTTP/1.1\r\nHost: localhost\r\n\r\n";
const UPGRADE: &str = "HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Connections that say `request`, and what they cost once everything they asked for was said.
fn cost_of(request: &str, meanwhile: impl Fn(&mut World)) -> (isize, usize) {
    let mut world = World::new();
    let join = |world: &mut World, count: usize| {
        for _ in 0..count {
            let id = world.connect();
            world.send(id, request);
        }
    };
    join(&mut world, WARM_UP);
    world.publish();
    meanwhile(&mut world);
    let before = Live::now();
    join(&mut world, CONNECTIONS);
    meanwhile(&mut world);
    let after = Live::now();
    let stats = world.server.stats();
    assert_eq!(stats.connections, WARM_UP + CONNECTIONS, "{request}: somebody was sent away");
    let bytes = after.bytes.saturating_sub(before.bytes) / CONNECTIONS;
    (after.blocks as isize - before.blocks as isize, bytes)
}

/// The handshake of who wants compressed messages too, as browsers do.
fn deflated(target: &str) -> String {
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
    format!("GET {target} {}\r\n{offer}\r\n\r\n", UPGRADE.trim_end())
}

fn streams() -> [(&'static str, String); 10] {
    [
        ("waiting for a request", String::new()),
        ("WebSocket", format!("GET /channels/news {UPGRADE}")),
        ("WebSocket, compressed", deflated("/channels/news")),
        ("WebSocket, echo, compressed", deflated("/echo")),
        ("WebSocket, raw", {
            let protocol = "\r\nSec-WebSocket-Protocol: holdline.raw\r\n\r\n";
            format!("GET /channels/news {}{protocol}", UPGRADE.trim_end())
        }),
        ("WebSocket, echo", format!("GET /echo {UPGRADE}")),
        ("SSE", format!("GET /channels/news?transport=sse {STREAM}")),
        ("SSE of two channels", format!("GET /channels?channel=news&channel=more&transport=sse {STREAM}")),
        ("ndjson", format!("GET /channels/news?transport=ndjson {STREAM}")),
        ("iframe", format!("GET /channels/news?transport=iframe&origin=http://localhost {STREAM}")),
    ]
}

fn assert_owns_nothing(meanwhile: impl Fn(&mut World)) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (name, request) in streams() {
        let (blocks, bytes) = cost_of(&request, &meanwhile);
        println!("{name}: {bytes} bytes each, {blocks} blocks for {CONNECTIONS}");
        assert!(blocks <= BLOCKS_MAX as isize, "{name}: {blocks} heap blocks for {CONNECTIONS} connections");
        let bytes_max = BYTES_EACH_MAX + if name.contains("two") { BYTES_A_CHANNEL_MAX } else { 0 };
        assert!(bytes <= bytes_max, "{name}: {bytes} bytes for each");
    }
}

#[test]
fn an_idle_connection_owns_no_heap_block() {
    assert_owns_nothing(|_| {});
}

#[test]
fn a_connection_that_was_written_to_owns_no_heap_block() {
    assert_owns_nothing(|world| {
        world.publish();
        world.publish();
    });
}

#[test]
fn a_stream_owns_no_heap_block_after_its_heartbeat() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (name, request) in streams().into_iter().filter(|(name, _)| !name.starts_with("waiting")) {
        // WebSockets are pinged after 15 s, and dropped after 45.
        let (blocks, _) = cost_of(&request, |world| world.pass(20_000));
        assert!(blocks <= BLOCKS_MAX as isize, "{name}: {blocks} heap blocks for {CONNECTIONS} connections");
    }
}

/// Zeros, compressed: as many mebibytes.
fn zeros(mebibytes: usize) -> Vec<u8> {
    let mut machine = Compress::new(Compression::best(), false);
    let mut mebibyte = || {
        let mut out = Vec::with_capacity(1 << 20);
        machine.compress_vec(&[0; 1 << 20], &mut out, FlushCompress::Sync).expect("zeros can be compressed");
        out
    };
    // From the second on they are all alike.
    let (first, second) = (mebibyte(), mebibyte());
    let mut data = [first, second.repeat(mebibytes - 1)].concat();
    data.truncate(data.len() - 4);
    data
}

/// A compressed message in frames of that many bytes.
fn frames(data: &[u8], each: usize) -> Vec<u8> {
    let (count, mut frames) = (data.len().div_ceil(each), Vec::new());
    for (index, part) in data.chunks(each).enumerate() {
        let opcode = if index == 0 { 0x42 } else { 0 };
        let last = if index + 1 == count { 0x80 } else { 0 };
        frames.push(opcode | last);
        match u16::try_from(part.len()) {
            Ok(len) => frames.extend([&[0x80 | 126][..], &len.to_be_bytes()].concat()),
            Err(_) => frames.extend([&[0x80 | 127][..], &part.len().to_be_bytes()].concat()),
        }
        // A mask of zeros leaves the bytes as they are.
        frames.extend([0; 4]);
        frames.extend(part);
    }
    frames
}

#[test]
fn a_bomb_costs_no_more_than_a_message_may() {
    const WHOLE: usize = 1 << 30;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (mebibytes, max_message) = (100, Settings::default().max_message);
    let data = zeros(mebibytes);
    assert!((mebibytes << 20) / data.len() > 1000, "{} bytes are not short", data.len());
    for (each, read) in [(WHOLE, WHOLE), (WHOLE, 64 << 10), (70_000, 64 << 10)] {
        let mut world = World::new();
        let id = world.connect();
        world.send(id, &deflated("/echo"));
        let mut bytes = frames(&data, each);
        let before = HEAP.stats();
        for part in bytes.chunks_mut(read) {
            world.server.handle_bytes(world.now, id, part);
        }
        world.flush();
        // All that was ever reserved, whether it was freed meanwhile or not.
        let cost = HEAP.stats().bytes_allocated - before.bytes_allocated;
        println!("{} bytes in reads of {read}: {cost} bytes of the heap", bytes.len());
        // The compressed bytes are held until the last of them has come, in room that doubles.
        let held = if read == WHOLE { 0 } else { 2 * data.len() };
        assert!(cost <= max_message + held + 1024, "{cost} bytes for a message of at most {max_message}");
        let close = |four: &[u8]| four[0] == 0x88 && four[2..] == 1009_u16.to_be_bytes();
        assert!(world.last.windows(4).any(close), "{:x?}", world.last);
    }
}

/// What stands in `text` between `before` and the next quotation mark or line end.
fn behind<'t>(text: &'t str, before: &str) -> &'t str {
    let (_, rest) = text.split_once(before).expect("it is there");
    rest.split(['"', '\r']).next().expect("a first part")
}

#[test]
fn an_answer_is_held_once_for_all_who_wait_for_it() {
    const WAITING: usize = 200;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut world = driver::World::new(Settings::default());
    let say = |world: &mut driver::World, method_and_target: &str, body: &str| {
        let (line, len) = (world.connect(), body.len());
        let head =
            format!("{method_and_target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len}\r\n\r\n");
        world.send(line, head.as_bytes());
        body.as_bytes().chunks(32 << 10).for_each(|piece| world.send(line, piece));
        world.settle();
        String::from_utf8_lossy(&world.take_written(line)).into_owned()
    };
    let asked = say(&mut world, "POST /ask/a?wait=0", "who?");
    let asker = behind(&asked, "Location: /asks/");
    let heard = world.open("GET /channels/a?since=start HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let heard = String::from_utf8_lossy(&world.take_written(heard)).into_owned();
    // None of them reads.
    for _ in 0..WAITING {
        let line = world.connect();
        world.narrow(line, Some(0));
        let request = format!("GET /asks/{asker}?wait=50 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        world.send(line, request.as_bytes());
    }
    let socket = world.open(&Handshake { target: "/channels/b", ..Handshake::default() }.request());
    world.narrow(socket, Some(0));
    for n in 0..WAITING {
        let command = format!(r#"{{"type":"ask","ask":"{asker}","wait":50,"ref":{n}}}"#);
        world.send(socket, &client_frame(FIN | TEXT, [1, 2, 3, 4], command.as_bytes()));
    }
    world.settle();
    assert_eq!(world.stats().held_asks, 2 * WAITING);
    let (answer, before) = ("x".repeat(1_000_000), HEAP.stats());
    let answered = say(&mut world, &format!("POST /asks/{}", behind(&heard, "\"ask\":\"")), &answer);
    assert!(answered.starts_with("HTTP/1.1 200 "), "{answered}");
    let cost = HEAP.stats().bytes_allocated - before.bytes_allocated;
    println!("{cost} bytes for an answer of {} for which {} wait", answer.len(), 2 * WAITING);
    assert_eq!(world.stats().held_asks, 0);
    assert!(cost < 12 * answer.len(), "{cost} bytes");
}
