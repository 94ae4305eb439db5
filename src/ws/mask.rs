//! The client's mask (RFC 6455 section 5.3).  Law: applied twice it is gone, and how the data was cut does not
//! matter.  Knows nothing of frames.

/// Puts `mask` on `data`, or takes it off. Returns the mask for the bytes that follow in the same frame.
#[must_use]
pub fn apply(mask: [u8; 4], data: &mut [u8]) -> [u8; 4] {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    // Eight bytes at a time; the compiler makes vectors of it.
    let (words, rest) = data.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    let mut next = mask;
    for byte in rest {
        *byte ^= next[0];
        next.rotate_left(1);
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn slow(data: &mut [u8]) {
        for (i, byte) in data.iter_mut().enumerate() {
            *byte ^= MASK[i % 4];
        }
    }

    #[test]
    fn the_example_of_the_rfc_is_unmasked() {
        let mut data = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(apply(MASK, &mut data), [0xfa, 0x21, 0x3d, 0x37]);
        assert_eq!(&data, b"Hello");
    }

    #[test]
    fn it_does_what_the_definition_does_however_the_data_is_cut() {
        for len in 0..40 {
            let data: Vec<u8> = (0..len).map(|i: u8| i.wrapping_mul(7)).collect();
            let mut expected = data.clone();
            slow(&mut expected);
            for first in 0..=data.len() {
                for second in first..=data.len() {
                    let mut cut = data.clone();
                    let mask = apply(MASK, &mut cut[..first]);
                    let mask = apply(mask, &mut cut[first..second]);
                    let _ = apply(mask, &mut cut[second..]);
                    assert_eq!(cut, expected, "{len} bytes cut at {first} and {second}");
                }
            }
        }
    }
}
