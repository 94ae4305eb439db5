//! What a connection still has to say, as linked pieces in one pool for the whole loop.
//! Law: bytes leave in the order in which pieces came; a queue that is empty owns nothing.

use slab::Slab;

const NIL: u32 = u32::MAX;

/// The pieces of all queues.
pub struct Pool<P> {
    nodes: Slab<Node<P>>,
}

struct Node<P> {
    piece: P,
    next: u32,
}

/// One connection's pieces: 16 bytes, and nothing else while empty.
#[derive(Debug)]
pub struct Queue {
    head: u32,
    tail: u32,
    /// How much of the first piece has left. `sent` is below the first piece's length.
    sent: u32,
    /// Bytes that wait.
    bytes: u32,
}

impl Default for Queue {
    fn default() -> Self {
        Queue { head: NIL, tail: NIL, sent: 0, bytes: 0 }
    }
}

impl Queue {
    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.bytes as usize
    }

    /// Does nothing wait?
    pub fn is_empty(&self) -> bool {
        self.head == NIL
    }
}

impl<P> Default for Pool<P> {
    fn default() -> Self {
        Pool { nodes: Slab::new() }
    }
}

impl<P: AsRef<[u8]>> Pool<P> {
    /// Appends `piece`; an empty one is dropped.
    pub fn push(&mut self, queue: &mut Queue, piece: P) {
        let len = piece.as_ref().len() as u32;
        if len == 0 {
            return;
        }
        let at = self.nodes.insert(Node { piece, next: NIL }) as u32;
        match queue.tail {
            NIL => queue.head = at,
            tail => self.nodes[tail as usize].next = at,
        }
        queue.tail = at;
        queue.bytes += len;
    }

    /// Appends `bytes` to the last piece if `extend` takes them: many small words leave as one slice.
    pub fn extend(
        &mut self,
        queue: &mut Queue,
        bytes: &[u8],
        extend: impl FnOnce(&mut P, &[u8]) -> bool,
    ) -> bool {
        let Some(node) = self.nodes.get_mut(queue.tail as usize) else { return false };
        let is_taken = extend(&mut node.piece, bytes);
        if is_taken {
            queue.bytes += bytes.len() as u32;
        }
        is_taken
    }

    /// What waits, as slices in order.
    pub fn slices<'a>(&'a self, queue: &Queue) -> impl Iterator<Item = &'a [u8]> {
        let (mut at, mut skip) = (queue.head, queue.sent as usize);
        core::iter::from_fn(move || {
            let node = self.nodes.get(at as usize)?;
            let slice = &node.piece.as_ref()[skip..];
            (at, skip) = (node.next, 0);
            Some(slice)
        })
    }

    /// Takes off up to `count` bytes that were sent; returns how many of them were this queue's. `freed` is told each
    /// piece that has left whole.
    pub fn advance(&mut self, queue: &mut Queue, count: usize, mut freed: impl FnMut(&P)) -> usize {
        let mut left = count;
        while let Some(node) = self.nodes.get(queue.head as usize) {
            let rest = node.piece.as_ref().len() - queue.sent as usize;
            if rest > left {
                queue.sent += left as u32;
                queue.bytes -= left as u32;
                return count;
            }
            left -= rest;
            queue.bytes -= rest as u32;
            freed(&self.pop(queue));
        }
        count - left
    }

    /// Drops what waits, and tells `freed` each piece.
    pub fn clear(&mut self, queue: &mut Queue, mut freed: impl FnMut(&P)) {
        while !queue.is_empty() {
            freed(&self.pop(queue));
        }
        queue.bytes = 0;
    }

    /// Pieces in all queues.
    pub fn pieces(&self) -> usize {
        self.nodes.len()
    }

    fn pop(&mut self, queue: &mut Queue) -> P {
        let node = self.nodes.remove(queue.head as usize);
        queue.head = node.next;
        queue.sent = 0;
        if queue.head == NIL {
            queue.tail = NIL;
        }
        node.piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(pool: &Pool<Vec<u8>>, queue: &Queue) -> Vec<u8> {
        pool.slices(queue).flatten().copied().collect()
    }

    #[test]
    fn bytes_leave_in_order_however_they_are_cut() {
        for step in 1..=9 {
            let (mut pool, mut queue, mut other) = (Pool::default(), Queue::default(), Queue::default());
            for piece in ["abc", "", "d", "efgh"] {
                pool.push(&mut queue, piece.as_bytes().to_vec());
                pool.push(&mut other, b"x".to_vec());
            }
            let mut out = Vec::new();
            while !queue.is_empty() {
                let all = waiting(&pool, &queue);
                assert_eq!(queue.len(), all.len());
                let n = step.min(all.len());
                out.extend_from_slice(&all[..n]);
                assert_eq!(pool.advance(&mut queue, n, |_| {}), n);
            }
            assert_eq!(out, b"abcdefgh");
            assert_eq!((queue.len(), pool.pieces()), (0, 4));
            assert_eq!(waiting(&pool, &other), b"xxxx");
        }
    }

    #[test]
    fn a_queue_tells_what_was_not_its_own_and_can_be_dropped() {
        let (mut pool, mut queue) = (Pool::default(), Queue::default());
        pool.push(&mut queue, b"abc".to_vec());
        assert_eq!(pool.advance(&mut queue, 10, |_| {}), 3);
        pool.push(&mut queue, b"abc".to_vec());
        let is_taken = pool.extend(&mut queue, b"d", |piece, more| {
            piece.extend_from_slice(more);
            true
        });
        assert!(is_taken && !pool.extend(&mut Queue::default(), b"d", |_, _| true), "nothing to extend");
        assert_eq!((waiting(&pool, &queue), queue.len()), (b"abcd".to_vec(), 4));
        let mut freed = 0;
        pool.clear(&mut queue, |piece| freed += piece.len());
        assert_eq!(freed, 4);
        assert_eq!((queue.len(), pool.pieces()), (0, 0));
    }
}
