//! The payload of compressed messages (RFC 7692 section 7.2), by zlib's own streams.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// As a client compresses a message by itself.
pub fn deflate(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + payload.len() / 8 + 1000);
    let mut machine = Compress::new(Compression::default(), false);
    machine.compress_vec(payload, &mut out, FlushCompress::Sync).expect("any bytes can be compressed");
    assert_eq!(machine.total_in(), payload.len() as u64, "it is flushed at once");
    out.strip_suffix(&TAIL).expect("a flush ends with an empty block").to_vec()
}

/// As a client reads a message that was compressed by itself.
pub fn inflate(compressed: &[u8]) -> Vec<u8> {
    let (input, mut out) = ([compressed, &TAIL].concat(), Vec::with_capacity(1 << 20));
    let mut machine = Decompress::new(false);
    machine.decompress_vec(&input, &mut out, FlushDecompress::None).expect("it is DEFLATE");
    assert_eq!(machine.total_in(), input.len() as u64, "all of it");
    assert!(out.len() < out.capacity(), "test messages are small");
    out
}
