//! HTTP chunks (RFC 9112 section 7.1), written around what somebody else writes.  Law: one call is one chunk, and
//! nothing written is no chunk at all, for an empty one would end the body. Knows nothing of what is inside.

/// The chunk that ends a body, without trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Four digits hold the size of nearly every chunk. A size may begin with zeros.
const SIZE_LINE: &[u8] = b"0000\r\n";
const SIZE_DIGITS: usize = 4;

/// Makes one chunk of what `write` appends. The size is put in front afterwards, in the place kept for it.
pub fn chunk(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let begin = out.len();
    out.extend_from_slice(SIZE_LINE);
    let body = out.len();
    write(out);
    let size = out.len() - body;
    if size == 0 {
        out.truncate(begin);
        return;
    }
    patch_size(out, begin, size);
    out.extend_from_slice(b"\r\n");
}

fn patch_size(out: &mut Vec<u8>, begin: usize, size: usize) {
    let digits = digits(size);
    // More than 65,535 bytes in one chunk are rare enough to be moved by the missing digits.
    let missing = digits.len().saturating_sub(SIZE_DIGITS);
    out.splice(begin..begin, core::iter::repeat_n(b'0', missing));
    let end = begin + SIZE_DIGITS + missing;
    out[end - digits.len()..end].copy_from_slice(digits.as_bytes());
}

fn digits(size: usize) -> String {
    format!("{size:x}")
}

#[cfg(test)]
mod tests {
    use super::super::check::{chunks, written_bytes};
    use super::*;

    #[test]
    fn a_chunk_is_its_size_and_what_was_written() {
        let cases: [(&[u8], &[u8]); 3] = [
            (b"a", b"0001\r\na\r\n"),
            (b"hello, chunk\r\n0\r\n\r\n", b"0013\r\nhello, chunk\r\n0\r\n\r\n\r\n"),
            (b"\0\xff", b"0002\r\n\0\xff\r\n"),
        ];
        for (data, expected) in cases {
            assert_eq!(written_bytes(|out| chunk(out, |out| out.extend_from_slice(data))), expected);
        }
    }

    #[test]
    fn nothing_is_no_chunk() {
        assert_eq!(written_bytes(|out| chunk(out, |_| {})), b"");
    }

    #[test]
    fn sizes_of_any_number_of_digits_read_back() {
        for size in [1, 9, 10, 15, 16, 255, 256, 4095, 4096, 65_535, 65_536, 1 << 20, (1 << 20) - 1] {
            let data: Vec<u8> = (0..size).map(|i: usize| i as u8).collect();
            let out = written_bytes(|out| {
                chunk(out, |out| out.extend_from_slice(&data));
                chunk(out, |out| out.extend_from_slice(b"next"));
                out.extend_from_slice(LAST_CHUNK);
            });
            assert_eq!(chunks(&out), [&*data, b"next", b""], "{size}");
        }
        let large = written_bytes(|out| chunk(out, |out| out.resize(out.len() + 0x10000, b'x')));
        assert!(large.starts_with(b"10000\r\nx"));
    }
}
