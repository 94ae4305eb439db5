//! The WebSocket receiver, fed arbitrary bytes.

use crate::limits::compressed_max;
use crate::testing::laws;
use crate::ws::deflate::Inflater;
use crate::ws::{
    CloseCode, Header, Kind, Received, Receiver, decode_header, encode_header, parse_close_payload,
};

/// Bytes of a message: small, so that the bound is met.
const MESSAGE_MAX: usize = 256;
/// What a receiver may hold: the room of a message, which may be compressed, may double as it grows, and there is a
/// record around it.
const HELD_MAX: usize = 2 * compressed_max(MESSAGE_MAX) + 512;

/// Law: however the bytes are cut, the same messages, control frames and error come out; text is UTF-8, a message
/// keeps to its bound, a control frame to 125 bytes, an error can be answered, and what is held is bounded by what may
/// come, not by what was announced; whether compression was agreed on or not. A header that can be decoded encodes to the bytes it came from.
pub fn frames(data: &[u8]) {
    let Some((&seed, input)) = data.split_first() else { return };
    header(input);
    let mut inflater = Inflater::new();
    for is_agreed in [false, true] {
        let mut expected = None;
        laws::few_splits(input, seed.into(), |pieces| {
            let events = receive(pieces, Some(&mut inflater).filter(|_| is_agreed));
            let expected = expected.get_or_insert_with(|| events.clone());
            assert_eq!(&events, expected, "cut in {} pieces", pieces.len());
        });
    }
}

fn header(input: &[u8]) {
    for rsv1_allowed in [false, true] {
        if let Ok(Some((header, len))) = decode_header(input, rsv1_allowed) {
            let mut again = Vec::new();
            encode_header(header, &mut again);
            assert_eq!(again, input[..len]);
            let Header { is_final, rsv1, opcode, len, .. } = header;
            assert!(!rsv1 || rsv1_allowed);
            assert!(!opcode.is_control() || (is_final && len <= 125));
        }
    }
}

/// Everything that comes out, as text.
fn receive(pieces: &[&[u8]], mut inflater: Option<&mut Inflater>) -> Vec<String> {
    let mut receiver = Receiver::new();
    let mut events = Vec::new();
    for piece in pieces {
        let mut bytes = piece.to_vec();
        let mut input = &mut bytes[..];
        loop {
            match receiver.next(&mut input, MESSAGE_MAX, inflater.as_deref_mut()) {
                Ok(None) => break,
                Ok(Some(received)) => {
                    check(&received);
                    events.push(format!("{received:?}").replace("Owned", "Borrowed"));
                }
                Err(error) => {
                    assert!(error.detail().len() <= 123, "it fits a close frame");
                    assert!(is_sendable(error.close_code()), "{error:?}");
                    events.push(format!("{error:?}"));
                }
            }
        }
        assert!(input.is_empty(), "all of the input is taken");
        assert!(receiver.held_bytes() <= HELD_MAX, "{} bytes held", receiver.held_bytes());
    }
    events
}

fn check(received: &Received<'_>) {
    match received {
        Received::Message { kind, data } => {
            assert!(data.len() <= MESSAGE_MAX);
            assert!(*kind == Kind::Binary || core::str::from_utf8(data).is_ok());
        }
        Received::Ping(payload) | Received::Pong(payload) => assert!(payload.len() <= 125),
        Received::Close(Some((code, reason))) => {
            assert!(is_sendable(*code) && reason.len() <= 123);
        }
        Received::Close(None) => {}
    }
}

/// May it stand in a close frame? Read back by the parser of the other side.
fn is_sendable(code: CloseCode) -> bool {
    let mut frame = Vec::new();
    crate::ws::encode_close(code, "", &mut frame);
    matches!(parse_close_payload(&frame[2..]), Ok(Some((again, ""))) if again == code)
}
