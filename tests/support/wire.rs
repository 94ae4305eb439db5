//! WebSocket on the raw wire: frames as bytes, for what no well-behaved client would send.

use super::client::Client;
use super::process::Server;
use std::io;

pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;
/// The bit of a final frame.
pub const FIN: u8 = 0x80;
/// The bit of the first frame of a compressed message.
pub const RSV1: u8 = 0x40;

/// The key of RFC 6455 section 1.3, whose answer is known.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// Its answer.
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

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
    /// What the server answered to the extensions that were offered.
    pub extension: Option<String>,
}

/// A masked frame with the first byte `first`.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut out = header(first, 0x80, payload.len());
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

/// A frame header with the shortest length, without a mask's key.
pub fn header(first: u8, mask_bit: u8, len: usize) -> Vec<u8> {
    let mut out = vec![first];
    match len {
        0..=125 => out.push(mask_bit | len as u8),
        126..=0xffff => {
            out.push(mask_bit | 126);
            out.extend((len as u16).to_be_bytes());
        }
        _ => {
            out.push(mask_bit | 127);
            out.extend((len as u64).to_be_bytes());
        }
    }
    out
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
        Wire { client, extension }
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
            if let Some((used, frame)) = parse(&self.client.buffer, self.extension.is_some()) {
                self.client.buffer.drain(..used);
                return Some(frame);
            }
            if !self.client.fill() {
                assert!(self.client.buffer.is_empty(), "the connection ended within a frame");
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
