//! The leftover of an incomplete item.  Law: nothing is owned while nothing is left over.

/// Input that could not be taken yet. Eight bytes while empty.
#[derive(Debug, Default)]
#[expect(clippy::box_collection, reason = "16 bytes saved in every idle connection")]
pub struct InBuf(Option<Box<Vec<u8>>>);

impl InBuf {
    /// Bytes left over.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |left| left.len())
    }

    /// Is nothing left over?
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Takes everything out.
    pub fn take(&mut self) -> Vec<u8> {
        self.0.take().map_or_else(Vec::new, |left| *left)
    }

    /// Keeps `bytes` for later, behind what is there.
    pub fn keep(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.0.get_or_insert_default().extend_from_slice(bytes);
        }
    }

    /// Puts back what [`InBuf::take`] gave, less its first `taken` bytes.
    pub fn put_back(&mut self, mut bytes: Vec<u8>, taken: usize) {
        debug_assert!(self.0.is_none(), "put back only what was taken");
        bytes.drain(..taken);
        if !bytes.is_empty() {
            self.0 = Some(Box::new(bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_is_kept_in_order_and_an_empty_rest_owns_nothing() {
        let mut left = InBuf::default();
        left.keep(b"");
        assert!(left.is_empty());
        left.keep(b"ab");
        left.keep(b"cd");
        let bytes = left.take();
        assert_eq!((bytes.as_slice(), left.len()), (&b"abcd"[..], 0));
        left.put_back(bytes, 3);
        assert_eq!(left.take(), b"d");
        left.put_back(b"xy".to_vec(), 2);
        assert!(left.is_empty());
    }
}
