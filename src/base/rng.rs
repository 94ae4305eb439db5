//! Seeded randomness.  Law: the same seed gives the same numbers.  The seed comes from the operating system's
//! entropy in the binary and from the test's seed in a test; nothing below `io` asks for entropy itself.

use sha1::{Digest, Sha1};

/// SHA-1 over a secret seed and a counter: good enough for secrets as long as the seed is, and no state to leak.
pub struct Rng {
    seed: [u8; 32],
    counter: u64,
}

impl Rng {
    /// A stream of numbers that only the holder of `seed` can foretell.
    pub fn new(seed: [u8; 32]) -> Self {
        Rng { seed, counter: 0 }
    }

    /// The next 128 bits.
    pub fn bytes(&mut self) -> [u8; 16] {
        self.counter += 1;
        self.digest(b"stream", &self.counter.to_le_bytes())
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let number = u64::from_le_bytes(*self.bytes().first_chunk().expect("16 bytes begin with 8"));
        // The bias is bound / 2^64: nothing, for jitter and for tests.
        number.checked_rem(bound).unwrap_or(0)
    }

    /// A keyed digest of `text`: the same for the same seed and purpose, and telling nothing of `text`.
    pub fn digest(&self, purpose: &[u8], text: &[u8]) -> [u8; 16] {
        let mut sha = Sha1::new();
        sha.update(self.seed);
        sha.update([purpose.len() as u8]);
        sha.update(purpose);
        sha.update(text);
        let whole: [u8; 20] = sha.finalize().into();
        *whole.first_chunk().expect("20 bytes begin with 16")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (mut a, mut b, mut c) = (Rng::new([1; 32]), Rng::new([1; 32]), Rng::new([2; 32]));
        assert_eq!((a.bytes(), a.below(10)), (b.bytes(), b.below(10)));
        assert_ne!(a.bytes(), c.bytes());
        assert_eq!(a.below(0), 0);
        assert_eq!(a.digest(b"p", b"x"), b.digest(b"p", b"x"));
        assert_ne!(a.digest(b"p", b"x"), a.digest(b"q", b"x"));
    }
}
