//! A page that speaks Engine.IO to a world whose time is moved by hand, and what it is answered.

use holdline::limits::Settings;
use holdline::testing::driver::{Line, World};

/// A client of one session.
pub struct Page {
    pub sid: String,
}

impl Page {
    pub fn open(world: &mut World) -> Self {
        let body = get(world, "");
        let open: serde_json::Value = serde_json::from_str(&body[1..]).expect("an open packet");
        Page { sid: open["sid"].as_str().expect("a sid").to_owned() }
    }

    /// Sends packets, and says how that was answered.
    pub fn post(&self, world: &mut World, packets: &str) -> String {
        let line = world.open(&format!(
            "POST /socket.io/?EIO=4&transport=polling&sid={} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{packets}",
            self.sid,
            packets.len(),
        ));
        body_of(world, line)
    }

    pub fn hold(&self, world: &mut World) -> Line {
        world.open(&request(&format!("&sid={}", self.sid)))
    }

    pub fn get(&self, world: &mut World) -> String {
        get(world, &format!("&sid={}", self.sid))
    }

    /// A WebSocket that has asked whether it gets through.
    pub fn probe(&self, world: &mut World) -> Line {
        let line = world.open(&socket_request(&format!("&sid={}", self.sid)));
        world.take_written(line);
        say(world, line, "2probe");
        assert_eq!(heard(world, line), ["3probe"]);
        line
    }
}

pub fn request(query: &str) -> String {
    format!("GET /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

pub fn socket_request(query: &str) -> String {
    format!(
        "GET /socket.io/?EIO=4&transport=websocket{query} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

pub fn get(world: &mut World, query: &str) -> String {
    let line = world.open(&request(query));
    body_of(world, line)
}

/// The body of the answer that came, or nothing if none came yet.
pub fn body_of(world: &mut World, line: Line) -> String {
    let answer = String::from_utf8(world.take_written(line)).expect("UTF-8");
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}

/// Sends one masked text frame; the mask is zero, so that the text stands as it is.
pub fn say(world: &mut World, line: Line, text: &str) {
    let long = 0x80 | 126;
    let mut frame = match text.len() {
        len @ ..126 => vec![0x81, 0x80 | len as u8],
        len => vec![0x81, long, (len >> 8) as u8, len as u8],
    };
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    world.send(line, &frame);
    world.settle();
}

/// The text frames that came, none longer than 64 KiB; `!` and the code for a close frame.
pub fn heard(world: &mut World, line: Line) -> Vec<String> {
    let bytes = world.take_written(line);
    let (mut rest, mut texts) = (&bytes[..], Vec::new());
    while let [first, len, more @ ..] = rest {
        let (len, more) = match (*len, more) {
            (126, [high, low, more @ ..]) => (u16::from_be_bytes([*high, *low]), more),
            (len, more) => (u16::from(len), more),
        };
        let (payload, behind) = more.split_at(usize::from(len));
        texts.push(match first {
            0x88 => format!("!{}", u16::from_be_bytes([payload[0], payload[1]])),
            _ => String::from_utf8(payload.to_vec()).expect("UTF-8"),
        });
        rest = behind;
    }
    texts
}

pub fn world() -> World {
    World::new(Settings { ping_interval_ms: 3_000, ping_timeout_ms: 2_000, ..Settings::default() })
}

pub const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;
pub const BAD: &str = r#"{"code":3,"message":"Bad request"}"#;

/// Nothing is left of any session.
pub fn is_empty(world: &mut World) {
    let stats = world.stats();
    assert_eq!((stats.readers, stats.by_transport.socket_io, stats.waiting), (0, 0, 0));
}
