//! Encoded messages one behind the other, and parts of them that are sent.  Law: a piece ends where a message ends, and
//! its chunk lives as long as a piece of it is held.

use crate::message::{Message, MessageId};
use core::cell::Cell;
use std::rc::Rc;

/// Messages of one channel in one form, one behind the other.
pub struct Chunk {
    /// Bytes of all chunks that live, cached or held by a piece.
    living: Rc<Cell<usize>>,
    pub(super) bytes: Box<[u8]>,
    /// Each message and where its bytes end: ids and ends ascend, the last end is the length of `bytes`. Never empty.
    pub(super) marks: Box<[Mark]>,
    /// It holds every message between its first and its last that anybody could see when it was made.
    whole: bool,
}

/// A message of a chunk.
#[derive(Copy, Clone)]
pub(super) struct Mark {
    pub(super) id: MessageId,
    /// Where its bytes end.
    pub(super) end: usize,
}

/// A part of a chunk: whole messages, or the rest of one.
#[derive(Clone)]
pub struct Piece {
    /// The bytes it is a part of.
    pub chunk: Rc<Chunk>,
    /// Where it begins in the chunk.
    pub start: usize,
    /// Where it ends in the chunk: always the end of a message.
    pub end: usize,
    /// Its last message.
    pub last: MessageId,
}

impl Piece {
    /// What is to be sent.
    pub fn bytes(&self) -> &[u8] {
        &self.chunk.bytes[self.start..self.end]
    }

    /// Bytes.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Is nothing left of it?
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How many messages it holds, one that is cut in front included.
    pub fn messages(&self) -> usize {
        self.marks().len()
    }

    /// After `taken` bytes of this piece were sent: how many of its messages were begun.
    pub fn messages_begun(&self, taken: usize) -> usize {
        let at = self.start + taken;
        let whole = self.marks().partition_point(|mark| mark.end <= at);
        whole + usize::from(self.chunk.mark_cut_at(at).is_some())
    }

    /// Its first `count` messages, or all; `None` if that is nothing.
    pub fn first_messages(&self, count: usize) -> Option<Piece> {
        let marks = self.marks();
        self.up_to(marks[..count.min(marks.len())].last()?)
    }

    /// As many of its messages, from the first on, as have at most `bytes_max` bytes together; `None` if none has.
    pub fn within_bytes(&self, bytes_max: usize) -> Option<Piece> {
        let marks = self.marks();
        let count = marks.partition_point(|mark| mark.end - self.start <= bytes_max);
        self.up_to(marks[..count].last()?)
    }

    /// After `taken` bytes of this piece were sent: the last message that went whole.
    pub fn last_whole(&self, taken: usize) -> Option<MessageId> {
        let at = self.start + taken;
        let marks = self.marks();
        Some(marks[..marks.partition_point(|mark| mark.end <= at)].last()?.id)
    }

    /// After `taken` bytes of this piece were sent: the message that they end within, and how many bytes of this
    /// piece reach to its end; `None` if they end between messages.
    pub fn message_end_after(&self, taken: usize) -> Option<(MessageId, usize)> {
        let mark = self.chunk.mark_cut_at(self.start + taken)?;
        Some((mark.id, mark.end - self.start))
    }

    /// After `taken` bytes of this piece were sent: the rest of the message that they end within, which must be sent
    /// before anything else; `None` if they end between messages.
    pub fn rest_of_message(&self, taken: usize) -> Option<Piece> {
        let (last, end) = self.message_end_after(taken)?;
        let chunk = Rc::clone(&self.chunk);
        Some(Piece { chunk, start: self.start + taken, end: self.start + end, last })
    }

    fn up_to(&self, mark: &Mark) -> Option<Piece> {
        Some(Piece { end: mark.end, last: mark.id, ..self.clone() })
    }

    fn marks(&self) -> &[Mark] {
        let marks = &self.chunk.marks;
        let from = marks.partition_point(|mark| mark.end <= self.start);
        let to = marks.partition_point(|mark| mark.end <= self.end);
        marks.get(from..to).unwrap_or_default()
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.living.set(self.living.get() - self.weight());
    }
}

impl Chunk {
    /// One that counts among the `living` from now on. `marks`: at least one; `whole`: as above.
    pub(super) fn new(living: &Rc<Cell<usize>>, bytes: Box<[u8]>, marks: Vec<Mark>, whole: bool) -> Rc<Self> {
        let (living, marks) = (Rc::clone(living), marks.into_boxed_slice());
        let chunk = Chunk { living, bytes, marks, whole };
        chunk.living.set(chunk.living.get() + chunk.weight());
        Rc::new(chunk)
    }

    /// The id of its first message.
    pub(super) fn first(&self) -> MessageId {
        self.marks[0].id
    }

    /// The id of its last message.
    pub(super) fn last(&self) -> MessageId {
        self.marks[self.marks.len() - 1].id
    }

    /// How many messages it has.
    pub(super) fn count(&self) -> usize {
        self.marks.len()
    }

    /// Which of them has this id.
    pub(super) fn index_of(&self, id: MessageId) -> Option<usize> {
        self.marks.binary_search_by_key(&id, |mark| mark.id).ok()
    }

    /// Bytes that it holds as long as a piece of it is held, payload and record.
    pub fn weight(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.marks) + CHUNK_RECORD_BYTES
    }

    fn start_of(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.marks[before].end)
    }

    /// The message that `at` stands within, neither before its first byte nor after its last.
    fn mark_cut_at(&self, at: usize) -> Option<&Mark> {
        let index = self.marks.partition_point(|mark| mark.end <= at);
        (self.start_of(index) < at).then(|| self.marks.get(index)).flatten()
    }

    /// How many messages, from `index` on, are also the next of `run`. At least one: the first was looked up.
    ///
    /// Messages die and none is born between two others, so a whole run within a whole chunk is a part of what the
    /// chunk holds there: if their numbers are equal, so are they, and nothing need be compared one by one.
    pub(super) fn common<'m>(
        &self,
        index: usize,
        run: impl DoubleEndedIterator<Item = &'m Message> + Clone,
    ) -> usize {
        let marks = &self.marks[index..];
        let walk =
            || marks.iter().zip(run.clone()).take_while(|(mark, message)| mark.id == message.id).count();
        if self.whole
            && let Some(length) = length_if_whole(&run)
        {
            let count = length.min(marks.len());
            let last = if count == length { run.clone().next_back() } else { run.clone().nth(count - 1) };
            if last.map(|message| message.id) == marks[..count].last().map(|mark| mark.id) {
                debug_assert_eq!(walk(), count, "a run that knows its size is whole");
                return count;
            }
        }
        walk()
    }

    /// The piece of `count` messages from `index` on.
    pub(super) fn piece(self: &Rc<Self>, index: usize, count: usize) -> Piece {
        let Mark { id, end } = self.marks[index + count - 1];
        Piece { chunk: Rc::clone(self), start: self.start_of(index), end, last: id }
    }
}

/// What a chunk costs besides its bytes and marks: three allocations and its entries in two tables.
const CHUNK_RECORD_BYTES: usize = 256;

/// A run that was filtered for its reader does not know its size.
pub(super) fn length_if_whole<'m>(run: &impl Iterator<Item = &'m Message>) -> Option<usize> {
    let (least, most) = run.size_hint();
    most.filter(|most| *most == least)
}
