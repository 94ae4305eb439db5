//! What encoding needs besides the message, the same for everybody.  Knows nothing of who reads.

use crate::ws::{Compressors, WindowBits};

/// The nonce of the server's scripts, and how payloads are compressed.
#[derive(Debug)]
pub struct Encoder {
    /// Of the scripts in pages that the server writes (iframe).
    pub nonce: Box<str>,
    compress_above: usize,
    compressors: Compressors,
}

impl Encoder {
    /// Payloads of fewer than `compress_above` bytes are not compressed: it does not pay.
    #[must_use]
    pub fn new(nonce: &str, compress_above: usize) -> Encoder {
        Encoder { nonce: nonce.into(), compress_above, compressors: Compressors::new() }
    }

    /// `payload` compressed for readers with that window; `None`: it goes as it is, for the reader has no window, or
    /// it is small, or would not become smaller.
    pub fn compress(&mut self, payload: &[u8], window: Option<WindowBits>) -> Option<&[u8]> {
        let window = window.filter(|_| payload.len() >= self.compress_above)?;
        let compressed = self.compressors.compress(payload, window);
        (compressed.len() < payload.len()).then_some(compressed)
    }

    /// Bytes of payload that were compressed so far, to their advantage or not.
    #[must_use]
    pub fn work_bytes(&self) -> u64 {
        self.compressors.work_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_payloads_and_such_as_would_not_become_smaller_go_as_they_are() {
        let mut encoder = Encoder::new("", 10);
        let window = Some(WindowBits::MAX);
        for (payload, pays) in
            [(&[b'x'; 9][..], false), (&[b'x'; 10], true), (b"abcdefghijklmnopqrstuvwxyz", false)]
        {
            assert_eq!(encoder.compress(payload, window).is_some(), pays, "{payload:?}");
            assert_eq!(encoder.compress(payload, None), None);
        }
        assert_eq!(encoder.work_bytes(), 36);
        let mut all = Encoder::new("", 0);
        assert_eq!(all.compress(b"", window), None, "nothing is shorter than a byte");
        assert!(all.compress(b"aaaaaaaa", window).is_some());
    }
}
