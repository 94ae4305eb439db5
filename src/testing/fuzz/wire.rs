//! What a client puts on the wire and finds there, as far as the bodies need it.

use crate::ws::{Opcode, decode_header};
use memchr::memmem;
use std::borrow::Cow;

/// A proper handshake.
pub fn handshake(target: &str, protocol: Option<&str>) -> String {
    let protocol = protocol.map_or_else(String::new, |name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
    format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{protocol}\r\n"
    )
}

/// A text frame of a client. The mask is zero, so that the payload can be read.
pub fn text_frame(payload: &[u8], out: &mut Vec<u8>) {
    frame(0x81, payload, out);
}

/// A frame of a client with that first byte, of as much of the payload as a frame of 64 KiB has.
fn frame(first: u8, payload: &[u8], out: &mut Vec<u8>) {
    let payload = &payload[..payload.len().min(u16::MAX.into())];
    out.push(first);
    match payload.len() {
        len @ 0..126 => out.push(0x80 | len as u8),
        len => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// A compressed message of a client in as many fragments as there are `parts`, each behind a ping, and a message that is
/// not compressed. Masks are zero.
pub fn compressed(is_text: bool, parts: &[&[u8]], out: &mut Vec<u8>) {
    let parts = if parts.is_empty() { &[&b""[..]][..] } else { parts };
    for (index, part) in parts.iter().enumerate() {
        out.extend_from_slice(b"\x89\x80\0\0\0\0");
        let first = match index {
            0 if is_text => 0x41,
            0 => 0x42,
            _ => 0x00,
        };
        let last = if index + 1 == parts.len() { 0x80 } else { 0 };
        frame(first | last, part, out);
    }
    frame(0x82, b"not compressed", out);
}

/// Behind the answer to the handshake stand whole frames as a server sends them, and nothing behind a close. `may_be_cut`:
/// the connection broke, so the last one may not have left.
pub fn check_frames(said: &[u8], may_be_cut: bool) {
    let Some(end) = memmem::find(said, b"\r\n\r\n") else {
        assert!(said.is_empty(), "a whole head");
        return;
    };
    assert!(said.starts_with(b"HTTP/1.1 101 "), "the handshake is proper");
    let mut rest = &said[end + 4..];
    while !rest.is_empty() {
        let Some((header, len)) = decode_header(rest, false).expect("a proper header") else {
            assert!(may_be_cut, "a whole header");
            return;
        };
        assert!(header.is_final && header.mask.is_none());
        let Some((payload, behind)) = rest[len..].split_at_checked(header.len as usize) else {
            assert!(may_be_cut, "a whole frame");
            return;
        };
        if header.opcode == Opcode::Text {
            assert!(core::str::from_utf8(payload).is_ok(), "text is UTF-8");
        }
        assert!(header.opcode != Opcode::Close || behind.is_empty(), "a close is the last frame");
        rest = behind;
    }
}

/// The frames of a server, read without the codec: first byte and payload. All are whole and none has a mask.
pub fn frames(mut rest: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while let [first, short, after @ ..] = rest {
        let (len, begin) = match (*short, after) {
            (0..126, _) => (u64::from(*short), 0),
            (126, [a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 2),
            (127, [a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 8),
            _ => panic!("a whole header without a mask"),
        };
        let len = usize::try_from(len).expect("a length that was written");
        let (payload, behind) = after[begin..].split_at_checked(len).expect("a whole frame");
        frames.push((*first, payload));
        rest = behind;
    }
    assert!(rest.is_empty(), "a whole header");
    frames
}

/// What must not depend on how the bytes were cut. `GET /stats` tells of pieces that wait at the moment, which does:
/// where it was asked for, numbers are left out.
pub fn comparable(said: &[u8]) -> Cow<'_, [u8]> {
    if memmem::find(said, STATS).is_none() {
        return said.into();
    }
    said.iter().copied().filter(|b| !b.is_ascii_digit()).collect::<Vec<_>>().into()
}

const STATS: &[u8] = b"\"incoming_bytes\":";
