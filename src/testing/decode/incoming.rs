//! Bytes that came and were not taken yet.  Law: whatever the pieces, what is taken is the same.

use core::fmt::Display;
use memchr::memmem;

/// What came of one stream of bytes; errors name the place in it.
#[derive(Debug, Default)]
pub struct Incoming {
    bytes: Vec<u8>,
    /// Bytes at the front of `bytes` that were taken: `taken <= bytes.len()`.
    taken: usize,
    /// Bytes taken that are no longer there.
    gone: u64,
}

impl Incoming {
    /// More came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.gone += self.taken as u64;
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// What was not taken yet.
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    /// Was everything taken?
    pub fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// Takes `len` bytes, or as many as there are.
    pub fn take(&mut self, len: usize) -> &[u8] {
        let begin = self.taken;
        self.taken = self.bytes.len().min(begin.saturating_add(len));
        &self.bytes[begin..self.taken]
    }

    /// Takes everything up to and with `mark` and returns what stands before it; `None` if it has not come yet.
    pub fn take_before(&mut self, mark: &[u8]) -> Option<&[u8]> {
        let at = memmem::find(self.rest(), mark)?;
        let taken = self.take(at + mark.len());
        Some(&taken[..at])
    }

    /// What was not taken yet, for whoever reads on.
    pub fn into_rest(mut self) -> Vec<u8> {
        self.bytes.split_off(self.taken)
    }

    /// Says that `what` is wrong, and where: up to this byte everything was fine.
    pub fn error(&self, what: impl Display) -> String {
        format!("at byte {}: {what}", self.gone + self.taken as u64)
    }
}

/// Bytes as they can be shown in a sentence: the first hundred, escaped.
pub fn shown(bytes: &[u8]) -> String {
    let front = &bytes[..bytes.len().min(100)];
    let dots = if front.len() < bytes.len() { "…" } else { "" };
    format!("\"{}\"{dots}", front.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_gone_and_counted() {
        let mut incoming = Incoming::default();
        incoming.push(b"one, two");
        assert_eq!(incoming.take_before(b", "), Some(&b"one"[..]));
        assert_eq!(incoming.take_before(b", "), None);
        incoming.push(b", three");
        assert_eq!(incoming.take_before(b", "), Some(&b"two"[..]));
        assert_eq!(incoming.error("no"), "at byte 10: no");
        assert_eq!(incoming.take(2), b"th");
        assert_eq!((incoming.rest(), incoming.is_empty()), (&b"ree"[..], false));
        assert_eq!(incoming.into_rest(), b"ree");
    }

    #[test]
    fn long_bytes_are_shown_in_part() {
        assert_eq!(shown(b"a\r\n\xff"), r#""a\r\n\xff""#);
        assert_eq!(shown(&[b'x'; 101]), format!("\"{}\"…", "x".repeat(100)));
    }
}
