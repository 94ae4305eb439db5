//! Compressed messages, made of arbitrary bytes.

use super::wire;
use crate::testing::decode::inflate::inflate as naive;
use crate::testing::laws;
use crate::ws::deflate::{InflateError, Inflater};
use crate::ws::{Kind, ReceiveError, Received, Receiver};

/// Bytes of a message: more than are inflated at a time, so that the room of one grows.
const MESSAGE_MAX: usize = 48 << 10;
/// Bytes that the slow reader gets: it makes up to a thousand times as many.
const INPUT_MAX: usize = 512;
/// What the sender leaves out (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Law: arbitrary bytes inflate to what a reader finds that goes bit by bit and knows no bound, or are refused as it
/// refuses them; what would be over the bound is too big, and is never held. A message in fragments, cut anywhere, with
/// pings in between, is the same message, and leaves nothing behind for the next.
///
/// Final blocks, which the slow reader does not know, are only bounded.
pub fn inflate(data: &[u8]) {
    let Some((&seed, compressed)) = data.split_first() else { return };
    let compressed = compressed.get(..INPUT_MAX).unwrap_or(compressed);
    let mut inflater = Inflater::new();
    let inflated = inflater.inflate(compressed, MESSAGE_MAX);
    match slow(compressed) {
        Slow::Whole(payload) if payload.len() <= MESSAGE_MAX => {
            assert!(inflated.as_ref() == Ok(&payload), "{}", payload.escape_ascii())
        }
        Slow::Whole(_) => assert!(inflated == Err(InflateError::TooBig)),
        Slow::Malformed(why) => assert!(inflated.is_err(), "{why}"),
        Slow::HasFinalBlock => {}
    }
    if let Ok(payload) = &inflated {
        assert!(payload.len() <= MESSAGE_MAX && payload.capacity() <= MESSAGE_MAX);
        let len = payload.len();
        assert_eq!(inflater.inflate(compressed, len).as_ref(), Ok(payload), "it just fits");
        if let Some(less) = len.checked_sub(1) {
            assert_eq!(inflater.inflate(compressed, less), Err(InflateError::TooBig));
        }
    }
    check_received(compressed, seed.into(), inflated, &mut inflater);
}

/// The message in frames: text if the seed is odd.
fn check_received(
    compressed: &[u8],
    seed: u64,
    inflated: Result<Vec<u8>, InflateError>,
    inflater: &mut Inflater,
) {
    let kind = if seed % 2 == 1 { Kind::Text } else { Kind::Binary };
    let wanted = match inflated {
        Ok(payload) if kind == Kind::Text && core::str::from_utf8(&payload).is_err() => {
            Err(ReceiveError::InvalidUtf8)
        }
        Ok(payload) => Ok((kind, payload)),
        Err(error) => Err(error.into()),
    };
    let mut bytes = Vec::new();
    let parts = laws::pieces(compressed, seed);
    wire::compressed(kind == Kind::Text, &parts, &mut bytes);
    laws::few_splits(&bytes, seed + 1, |pieces| {
        let (mut receiver, mut came) = (Receiver::new(), Vec::new());
        for piece in pieces {
            let mut piece = piece.to_vec();
            let mut input = &mut piece[..];
            loop {
                match receiver.next(&mut input, MESSAGE_MAX, Some(inflater)) {
                    Ok(None) => break,
                    Ok(Some(Received::Ping(_))) => {}
                    Ok(Some(Received::Message { kind, data })) => came.push(Ok((kind, data.into_owned()))),
                    Ok(Some(other)) => panic!("{other:?}"),
                    Err(error) => came.push(Err(error)),
                }
            }
        }
        let after = Ok((Kind::Binary, b"not compressed".to_vec()));
        match &wanted {
            Ok(message) => assert_eq!(came, [Ok(message.clone()), after], "in {} pieces", pieces.len()),
            Err(error) => assert_eq!(came, [Err(*error)], "in {} pieces", pieces.len()),
        }
        assert_eq!(receiver.held_bytes(), 0);
    });
}

/// What the slow reader finds.
enum Slow {
    Whole(Vec<u8>),
    Malformed(&'static str),
    HasFinalBlock,
}

fn slow(compressed: &[u8]) -> Slow {
    const WINDOW: usize = 1 << 15;
    if compressed.is_empty() {
        return Slow::Whole(Vec::new());
    }
    let payload = match naive(&[compressed, &TAIL].concat(), WINDOW) {
        Ok(payload) => payload,
        Err("a final block") => return Slow::HasFinalBlock,
        Err(why) => return Slow::Malformed(why),
    };
    // The tail was read as lengths if other lengths there are read as lengths too.
    let other = naive(&[compressed, &[1, 0, 0xfe, 0xff, b'!']].concat(), WINDOW);
    match other.as_ref().ok().and_then(|other| other.strip_suffix(b"!")) {
        Some(same) if same == payload => Slow::Whole(payload),
        _ => Slow::Malformed("the tail is something else"),
    }
}
