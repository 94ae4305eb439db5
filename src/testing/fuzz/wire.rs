//! What a client puts on the wire and finds there, as far as the bodies need it.

use crate::testing::decode::handshake::Handshake;
use crate::testing::decode::http::{HttpPart, ResponseReader};
use crate::testing::decode::websocket::{
    BINARY, CONTINUATION, FIN, PING, RSV1, SocketReader, TEXT, client_frame,
};
use memchr::memmem;
use std::borrow::Cow;

/// A text frame of a client. The mask is zero, so that the payload can be read.
pub fn text_frame(payload: &[u8], out: &mut Vec<u8>) {
    out.extend(client_frame(FIN | TEXT, [0; 4], payload));
}

/// A compressed message of a client in as many fragments as there are `parts`, each behind a ping, and a message that is
/// not compressed. Masks are zero.
pub fn compressed(is_text: bool, parts: &[&[u8]], out: &mut Vec<u8>) {
    let parts = if parts.is_empty() { &[&b""[..]][..] } else { parts };
    let mut opcode = RSV1 | if is_text { TEXT } else { BINARY };
    for (index, part) in parts.iter().enumerate() {
        out.extend(client_frame(FIN | PING, [0; 4], b""));
        let last = if index + 1 == parts.len() { FIN } else { 0 };
        out.extend(client_frame(last | opcode, [0; 4], part));
        opcode = CONTINUATION;
    }
    out.extend(client_frame(FIN | BINARY, [0; 4], b"not compressed"));
}

/// Behind the answer to the handshake stand whole frames as a server sends them, compressed as was agreed on, and nothing
/// behind a close. `may_be_cut`: the connection broke, so the last one may not have left.
pub fn check_frames(said: &[u8], asked: &Handshake<'_>, may_be_cut: bool) {
    let mut reader = ResponseReader::default();
    reader.expect(false);
    reader.push(said);
    let parts = reader.all().unwrap_or_else(|error| panic!("{error}"));
    let head = match &parts[..] {
        [] => return assert!(said.is_empty(), "a whole head"),
        [HttpPart::Head(head), HttpPart::Switched] => head,
        other => panic!("the handshake is proper: {other:?}"),
    };
    let agreed = asked.agreed(head).unwrap_or_else(|error| panic!("{error}"));
    let mut socket = SocketReader::new(agreed.deflate);
    socket.push(&reader.into_rest());
    let read = socket.all().and_then(|_| if may_be_cut { Ok(()) } else { socket.finish() });
    if let Err(error) = read {
        panic!("{error}");
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
