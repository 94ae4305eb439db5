//! What the parts of the folder do, held against the examples of the RFC, zlib's own
//! streams, and a reader of DEFLATE that is not zlib's.

mod compressing;
mod inflating;
mod offers;

use super::*;
use crate::testing::decode::inflate::blocks;
use crate::testing::dice::Dice;
use flate2::{Compress, Compression, FlushCompress};

/// What stands in a message's data (RFC 7692 section 7.2.2), and the longest distance in it, read by no code of zlib's:
/// zlib-rs keeps the largest window, whatever it was asked for. The last block must be the empty one whose lengths the
/// sender left out.
fn read_plainly(compressed: &[u8]) -> Option<(Vec<u8>, usize)> {
    let said = blocks(&[compressed, &TAIL].concat()).ok()?;
    (said.lengths_at == Some(compressed.len())).then_some((said.data, said.reach))
}

/// A message as zlib makes it with one flush: the bytes without their tail.
fn deflated(payload: &[u8]) -> Vec<u8> {
    let mut out = zlib(payload, FlushCompress::Sync);
    assert!(out.ends_with(&TAIL));
    out.truncate(out.len() - TAIL.len());
    out
}

/// A whole stream of zlib's, its last block flushed or final.
fn zlib(payload: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + payload.len() / 8 + 1000);
    let mut machine = Compress::new(Compression::new(6), false);
    let status = machine.compress_vec(payload, &mut out, flush).expect("any bytes can be compressed");
    assert_eq!(machine.total_in(), payload.len() as u64, "{status:?}");
    out
}

/// Bytes that look drawn, which no compressor makes shorter.
fn noise(len: usize) -> Vec<u8> {
    let mut dice = Dice::new(7692);
    (0..len).map(|_| dice.below(256) as u8).collect()
}

#[test]
fn windows_are_those_that_zlib_can_make() {
    let bits: Vec<u8> = WindowBits::all().map(WindowBits::get).collect();
    assert_eq!(bits, [9, 10, 11, 12, 13, 14, 15]);
    for none in [0, 1, 8, 16, 255] {
        assert_eq!(WindowBits::new(none), None);
    }
}
