//! A message that is not whole yet.  Law: it holds at most twice what has arrived, whatever was announced, and
//! each byte is looked at once, however many fragments there are. Of a compressed message it holds the compressed
//! bytes, to be inflated when it is whole: so no connection keeps a window.  Knows nothing of frames.

use super::received::Kind;
use super::utf8::{Utf8Error, Utf8Stream};

/// The parts of a message so far.
#[derive(Debug)]
pub struct Assembly {
    kind: Kind,
    is_compressed: bool,
    data: Vec<u8>,
    text: Utf8Stream,
}

impl Assembly {
    /// Nothing of a message.
    #[must_use]
    pub const fn new(kind: Kind, is_compressed: bool) -> Self {
        Assembly { kind, is_compressed, data: Vec::new(), text: Utf8Stream::new() }
    }

    /// Appends `part`. `left`: how much is announced to follow, if that is known; it may only lessen what is
    /// reserved, never add to it.
    ///
    /// # Errors
    /// The text so far is the beginning of no UTF-8 text. Of a compressed one nothing can be said yet.
    pub fn push(&mut self, part: &[u8], left: Option<usize>) -> Result<(), Utf8Error> {
        if self.kind == Kind::Text && !self.is_compressed {
            self.text.feed(part)?;
        }
        self.make_room(part.len(), left);
        self.data.extend_from_slice(part);
        Ok(())
    }

    /// The message is whole: what it is and its bytes, compressed if they were.
    ///
    /// # Errors
    /// It is a text that ends within a character.
    pub fn finish(self) -> Result<(Kind, Vec<u8>), Utf8Error> {
        self.text.finish()?;
        Ok((self.kind, self.data))
    }

    /// Its bytes are to be inflated.
    #[must_use]
    pub const fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// Bytes that have arrived.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Nothing but empty fragments has arrived.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Bytes that are reserved.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.data.capacity()
    }

    /// Doubles, so that many parts cost no more than few, but not past the end where that is known.
    fn make_room(&mut self, more: usize, left: Option<usize>) {
        let needed = self.data.len() + more;
        if needed <= self.data.capacity() {
            return;
        }
        let whole = left.map_or(usize::MAX, |left| needed.saturating_add(left));
        let target = needed.max(self.data.capacity().saturating_mul(2)).min(whole);
        self.data.reserve_exact(target - self.data.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_reserves_nothing() {
        let mut message = Assembly::new(Kind::Binary, false);
        message.push(b"abc", Some(usize::MAX)).expect("binary is not checked");
        assert_eq!((message.len(), message.held_bytes()), (3, 3));
    }

    #[test]
    fn it_never_holds_more_than_twice_what_arrived_and_the_known_end_exactly() {
        let mut message = Assembly::new(Kind::Binary, false);
        for i in 0..1000 {
            message.push(&[i as u8; 3], None).expect("binary is not checked");
            assert!(message.held_bytes() <= 2 * message.len());
        }
        message.push(&[0; 2000], Some(1500)).expect("binary is not checked");
        message.push(&[0; 1500], Some(0)).expect("binary is not checked");
        assert_eq!((message.len(), message.held_bytes()), (6500, 6500));
    }

    #[test]
    fn many_parts_move_the_bytes_a_few_times() {
        let mut message = Assembly::new(Kind::Binary, false);
        let mut moves = 0;
        for _ in 0..65_536 {
            let before = message.held_bytes();
            message.push(&[0; 4], None).expect("binary is not checked");
            moves += usize::from(message.held_bytes() != before);
        }
        assert!(moves <= 17, "{moves} moves");
    }

    #[test]
    fn text_is_checked_across_parts_but_binary_and_compressed_bytes_are_not() {
        let mut text = Assembly::new(Kind::Text, false);
        assert_eq!(text.push(b"\xe2\x82", None), Ok(()));
        assert_eq!(text.push(b"\xac", None), Ok(()));
        assert_eq!(text.push(b"\xf4\x90", None), Err(Utf8Error));
        let mut text = Assembly::new(Kind::Text, false);
        assert_eq!(text.push(b"\xe2\x82", None), Ok(()));
        assert_eq!(text.finish(), Err(Utf8Error));
        let mut binary = Assembly::new(Kind::Binary, false);
        assert_eq!(binary.push(b"\xf4\x90", None), Ok(()));
        assert_eq!(binary.finish(), Ok((Kind::Binary, b"\xf4\x90".to_vec())));
        let mut compressed = Assembly::new(Kind::Text, true);
        assert_eq!(compressed.push(b"\xf4\x90", None), Ok(()));
        assert_eq!(compressed.finish(), Ok((Kind::Text, b"\xf4\x90".to_vec())));
    }
}
