//! What a client puts on the wire and finds there, as far as the bodies need it.

use crate::testing::decode::handshake::Handshake;
use crate::testing::decode::http::{HttpPart, ResponseReader};
use crate::testing::decode::websocket::{FIN, SocketReader, TEXT, client_frame};
use memchr::memmem;
use std::borrow::Cow;

/// A proper handshake.
pub fn handshake(target: &str, protocol: Option<&str>) -> String {
    Handshake { target, protocols: protocol, ..Handshake::default() }.request()
}

/// A text frame of a client. The mask is zero, so that the payload can be read.
pub fn text_frame(payload: &[u8], out: &mut Vec<u8>) {
    out.extend(client_frame(FIN | TEXT, [0; 4], payload));
}

/// Behind the answer to the handshake stand whole frames as a server sends them, and nothing behind a close. `may_be_cut`:
/// the connection broke, so the last one may not have left.
pub fn check_frames(said: &[u8], may_be_cut: bool) {
    let mut reader = ResponseReader::default();
    reader.expect(false);
    reader.push(said);
    let parts = reader.all().unwrap_or_else(|error| panic!("{error}"));
    let head = match &parts[..] {
        [] => return assert!(said.is_empty(), "a whole head"),
        [HttpPart::Head(head), HttpPart::Switched] => head,
        other => panic!("the handshake is proper: {other:?}"),
    };
    assert_eq!(head.field("Sec-WebSocket-Extensions"), None, "none was offered");
    let mut socket = SocketReader::new(None);
    socket.push(&reader.into_rest());
    let read = socket.all().and_then(|_| if may_be_cut { Ok(()) } else { socket.finish() });
    if let Err(error) = read {
        panic!("{error}");
    }
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
