//! WebSocket on the raw wire: frames as bytes, for what no well-behaved client would send.

use super::client::Client;
use super::process::Server;
use holdline::testing::decode::http::HttpPart;
use holdline::testing::decode::websocket::client_frame;
use std::io;
use std::mem::take;

pub use holdline::testing::decode::handshake::{ACCEPT, KEY};
pub use holdline::testing::decode::websocket::{BINARY, CLOSE, FIN, PING, PONG, RSV1, TEXT, header};

/// The fields of a proper handshake.
pub const HANDSHAKE: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", KEY),
];

/// A WebSocket whose client side is ours byte by byte.
pub struct Wire {
    pub client: Client,
    /// Came and was not read yet.
    buffer: Vec<u8>,
    /// What the server answered to the extensions that were offered.
    pub extension: Option<String>,
}

/// A masked frame with the first byte `first`.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    client_frame(first, [0x37, 0xfa, 0x21, 0x3d], payload)
}

impl Wire {
    /// Opens `target` with a proper handshake.
    #[track_caller]
    pub fn open(server: &Server, target: &str) -> Wire {
        Wire::open_with(server, target, &[])
    }

    /// Opens `target` with a proper handshake and these fields besides.
    #[track_caller]
    pub fn open_with(server: &Server, target: &str, fields: &[(&str, &str)]) -> Wire {
        let mut client = server.connect();
        client.begin("GET", target, &[&HANDSHAKE, fields].concat(), b"");
        let head = client.head();
        assert_eq!(head.status, 101, "{head:?}");
        assert_eq!(head.field("Sec-WebSocket-Accept"), Some(ACCEPT));
        let extension = head.field("Sec-WebSocket-Extensions").map(str::to_owned);
        Wire { extension, ..Wire::over(client) }
    }

    /// Goes on behind the head of a 101.
    pub fn over(mut client: Client) -> Wire {
        assert_eq!(client.part(), Some(HttpPart::Switched));
        let buffer = take(&mut client.reader).into_rest();
        Wire { client, buffer, extension: None }
    }

    fn fill(&mut self) -> bool {
        let is_open = self.client.fill();
        self.buffer.extend(take(&mut self.client.reader).into_rest());
        is_open
    }

    /// Sends a masked frame.
    pub fn send(&mut self, first: u8, payload: &[u8]) {
        self.client.send(frame(first, payload));
    }

    /// Sends bytes that may find the connection closed.
    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.client.try_send(bytes)
    }

    /// The next frame: first byte and payload. `None` when the connection has ended.
    pub fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((used, frame)) = parse(&self.buffer, self.extension.is_some()) {
                self.buffer.drain(..used);
                return Some(frame);
            }
            if !self.fill() {
                assert!(self.buffer.is_empty(), "the connection ended within a frame");
                return None;
            }
        }
    }

    /// Reads on to the close frame; its code, and that nothing but the end follows.
    #[track_caller]
    pub fn close_code(&mut self) -> Option<u16> {
        loop {
            let (first, payload) = self.frame().expect("a close frame comes before the end");
            if first & 0x0f == CLOSE {
                assert_eq!(self.frame(), None, "nothing follows a close frame");
                let code = payload.get(..2)?;
                assert!(std::str::from_utf8(&payload[2..]).is_ok(), "a reason is UTF-8");
                return Some(u16::from_be_bytes([code[0], code[1]]));
            }
        }
    }
}

fn parse(bytes: &[u8], may_be_compressed: bool) -> Option<(usize, (u8, Vec<u8>))> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let is_message = matches!(first & 0x0f, TEXT | BINARY);
    let allowed = if may_be_compressed && is_message { RSV1 } else { 0 };
    assert_eq!(first & 0x70 & !allowed, 0, "reserved bits without an extension");
    assert_eq!(second & 0x80, 0, "a server does not mask");
    let (len, head) = match second {
        126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
        short => (u64::from(short), 2),
    };
    let len = usize::try_from(len).expect("it fits into memory");
    assert_eq!(header(first, 0, len), bytes[..head], "the shortest length is the only one");
    assert!(first & 0x08 == 0 || (first & FIN != 0 && len <= 125), "a control frame is whole and short");
    let payload = bytes.get(head..head + len)?.to_vec();
    Some((head + len, (first, payload)))
}
