//! Messages under permessage-deflate (RFC 7692) without context takeover, both ways.  Law: what reaches further back
//! than the agreed window, has a final block or is cut short is an error. What comes is read without the server's engine
//! ([`inflate`](super::inflate)); what goes is written with it.

use super::inflate::inflate;
use flate2::{Compress, Compression, FlushCompress};

/// What each message ends with and leaves out (RFC 7692 section 7.2.1): the length of an empty block.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The windows that were agreed on, in bits: 9 to 15.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// The server's compressor reaches so far back.
    pub server_bits: u8,
    /// The client's may reach so far back.
    pub client_bits: u8,
}

/// The message in `payload`, made by a compressor with that window.
pub fn inflated(payload: &[u8], window_bits: u8) -> Result<Vec<u8>, String> {
    let wrong = |what| format!("compressed message: {what}");
    inflate(&[payload, &TAIL].concat(), 1 << window_bits).map_err(wrong)
}

/// The payload for `message` from a compressor with that window.
pub fn deflated(message: &[u8], window_bits: u8) -> Vec<u8> {
    let mut deflate = Compress::new_with_window_bits(Compression::default(), false, window_bits);
    let mut out = Vec::with_capacity(message.len() / 2 + 64);
    loop {
        let taken = usize::try_from(deflate.total_in()).unwrap_or(usize::MAX);
        let rest = message.get(taken..).unwrap_or_default();
        let done = deflate.compress_vec(rest, &mut out, FlushCompress::Sync);
        assert!(done.is_ok(), "a compressor takes every byte");
        if out.len() < out.capacity() {
            break;
        }
        out.reserve(out.len());
    }
    assert!(out.ends_with(&TAIL), "a flushed compressor stands behind an empty block");
    out.truncate(out.len() - TAIL.len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixteen letters in no order: a long repeat is found only by reaching back to it, and no block is stored as it is.
    fn noise(len: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'a' + (state >> 28) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn every_message_comes_back() {
        let messages =
            [Vec::new(), b"a".to_vec(), b"hello hello hello".to_vec(), noise(5000), vec![b'x'; 200_000]];
        for message in messages {
            for bits in 9..=15 {
                let payload = deflated(&message, bits);
                assert!(inflated(&payload, bits) == Ok(message.clone()), "{bits} {}", message.len());
            }
        }
        assert_eq!(
            inflated(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 15),
            Ok(b"Hello".to_vec()),
            "RFC 7692 7.2.3.1"
        );
    }

    #[test]
    fn a_repeat_is_reached_within_the_window_only() {
        for bits in 9..15_u8 {
            let window = 1_usize << bits;
            for (distance, is_fine) in [(window, true), (window + 1, false)] {
                let front = noise(distance);
                let message = [&front[..], &front[..40]].concat();
                let payload = deflated(&message, 15);
                assert_eq!(inflated(&payload, bits).is_ok(), is_fine, "{bits} bits, {distance} back");
                assert!(inflated(&payload, 15).is_ok());
            }
        }
    }

    #[test]
    fn what_is_cut_short_or_final_is_an_error() {
        let payload = deflated(b"hello hello hello, and more of it", 15);
        for end in 0..payload.len() {
            assert!(inflated(&payload[..end], 15).is_err(), "{end} bytes");
        }
        assert!(inflated(&[&payload[..], b"\0"].concat(), 15).is_err(), "a byte more");
        assert!(inflated(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], 15).is_err(), "RFC 7692 7.2.3.4");
        assert!(inflated(&[0x07], 15).is_err(), "a block of no kind");
    }
}
