//! One encoding, many readers: the cache of encoded messages.  Law: a piece is, byte for byte, what encoding each of
//! its messages alone would give; chunks of one channel and encoding never overlap.
//! Knows nothing of who reads; channels are opaque numbers.

use super::Encoding;
use crate::limits::CHUNK_BYTES_MAX;
use crate::message::{Message, MessageId};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

/// Messages of one channel in one encoding, one behind the other.
pub struct Chunk {
    bytes: Box<[u8]>,
    /// Each message and where its bytes end: ids and ends ascend, the last end is the length of `bytes`. Never empty.
    marks: Box<[Mark]>,
}

#[derive(Copy, Clone)]
struct Mark {
    id: MessageId,
    end: usize,
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

impl Chunk {
    fn first(&self) -> MessageId {
        self.marks[0].id
    }

    fn last(&self) -> MessageId {
        self.marks[self.marks.len() - 1].id
    }

    /// Bytes held, payload and record.
    fn weight(&self) -> usize {
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

    /// The piece of `count` messages from `index` on.
    fn piece(self: &Rc<Self>, index: usize, count: usize) -> Piece {
        let Mark { id, end } = self.marks[index + count - 1];
        Piece { chunk: Rc::clone(self), start: self.start_of(index), end, last: id }
    }
}

/// What a chunk costs besides its bytes and marks: three allocations and its entries in two tables.
const CHUNK_RECORD_BYTES: usize = 256;

type Key = (u64, Encoding);

struct Entry {
    chunk: Rc<Chunk>,
    /// Its place in `made`.
    serial: u64,
}

/// The chunks that were made last, found by channel, encoding and message.
pub struct EncodedCache {
    /// Sorted by id, without overlap: `a.last() < b.first()` for neighbours. No list is empty.
    lists: HashMap<Key, VecDeque<Entry>>,
    /// In the order in which they were made: where to find them.
    made: BTreeMap<u64, (Key, MessageId)>,
    next_serial: u64,
    bytes: usize,
    bytes_max: usize,
    encoded: u64,
    nonce: Box<str>,
    scratch: Vec<u8>,
}

impl EncodedCache {
    /// An empty cache. Beyond `bytes_max` what was made first goes, but never the newest chunk: readers in turn
    /// would each encode it. `nonce` is that of the server's scripts (iframe).
    pub fn new(bytes_max: usize, nonce: &str) -> Self {
        EncodedCache {
            lists: HashMap::new(),
            made: BTreeMap::new(),
            next_serial: 0,
            bytes: 0,
            bytes_max,
            encoded: 0,
            nonce: nonce.into(),
            scratch: Vec::new(),
        }
    }

    /// The bytes of `run` in `encoding`, or of as much of its front as stands in one chunk; `None` if it is empty.
    ///
    /// `run`: messages of the channel `name`, ids ascending. If it knows its exact size it must be whole: it holds
    /// every message between its first and its last that anybody may see at this time, so that first, last and number
    /// tell it apart. One that is filtered for its reader does not know its size, and is compared message by message.
    pub fn get<'m, R>(&mut self, channel: u64, name: &str, encoding: Encoding, run: R) -> Option<Piece>
    where
        R: Iterator<Item = &'m Message> + Clone,
    {
        let key = (channel, encoding);
        let first = run.clone().next()?.id;
        let list = self.lists.entry(key).or_default();
        let mut place = list.partition_point(|entry| entry.chunk.first() <= first);
        if let Some(Entry { chunk, serial }) = place.checked_sub(1).and_then(|before| list.get(before))
            && first <= chunk.last()
        {
            if let Ok(index) = chunk.marks.binary_search_by_key(&first, |mark| mark.id) {
                return Some(chunk.piece(index, common(&chunk.marks[index..], run)));
            }
            // A message among those of the chunk that was not there when it was made: the clock stepped back and it
            // is not yet expired again.
            place -= 1;
            self.made.remove(serial);
            self.bytes -= chunk.weight();
            list.remove(place);
        }
        let until = list.get(place).map_or(MessageId::MAX, |next| next.chunk.first());
        let chunk = Rc::new(encode_run(&mut self.scratch, encoding, name, &self.nonce, run, until));
        let count = chunk.marks.len();
        self.encoded += count as u64;
        self.bytes += chunk.weight();
        let serial = self.next_serial;
        self.next_serial += 1;
        self.made.insert(serial, (key, first));
        list.insert(place, Entry { chunk: Rc::clone(&chunk), serial });
        self.evict();
        Some(chunk.piece(0, count))
    }

    /// Drops what is cached of a channel.
    pub fn forget_channel(&mut self, channel: u64) {
        for encoding in Encoding::ALL {
            for entry in self.lists.remove(&(channel, encoding)).unwrap_or_default() {
                self.made.remove(&entry.serial);
                self.bytes -= entry.chunk.weight();
            }
        }
    }

    /// How many messages were encoded so far: grows by one for each message and encoding, however many read it.
    pub fn encoded_count(&self) -> u64 {
        self.encoded
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn evict(&mut self) {
        while self.bytes > self.bytes_max && self.made.len() > 1 {
            let Some((_, (key, first))) = self.made.pop_first() else { return };
            let Some(list) = self.lists.get_mut(&key) else { continue };
            if let Ok(index) = list.binary_search_by_key(&first, |entry| entry.chunk.first())
                && let Some(entry) = list.remove(index)
            {
                self.bytes -= entry.chunk.weight();
            }
            if list.is_empty() {
                self.lists.remove(&key);
            }
        }
    }
}

/// How many of `marks`, from the first on, are also the next of `run`. At least one: the first was looked up.
fn common<'m>(marks: &[Mark], run: impl Iterator<Item = &'m Message> + Clone) -> usize {
    let walk = || marks.iter().zip(run.clone()).take_while(|(mark, message)| mark.id == message.id).count();
    let (least, most) = run.size_hint();
    let count = least.min(marks.len());
    if most == Some(least)
        && let Some(last) = count.checked_sub(1).and_then(|index| run.clone().nth(index))
        && last.id == marks[count - 1].id
    {
        debug_assert_eq!(walk(), count, "a run that knows its size is whole");
        return count;
    }
    walk()
}

/// Encodes `run` up to the bound, its end, or the message `until`. At least one message: the caller has seen it.
fn encode_run<'m>(
    out: &mut Vec<u8>,
    encoding: Encoding,
    name: &str,
    nonce: &str,
    run: impl Iterator<Item = &'m Message>,
    until: MessageId,
) -> Chunk {
    out.clear();
    let mut marks = Vec::new();
    for message in run {
        let too_much = out.len() + message.data.len() > CHUNK_BYTES_MAX || message.id >= until;
        if too_much && !marks.is_empty() {
            break;
        }
        encoding.encode(name, message, nonce, out);
        marks.push(Mark { id: message.id, end: out.len() });
    }
    let chunk = Chunk { bytes: out.as_slice().into(), marks: marks.into_boxed_slice() };
    out.shrink_to(2 * CHUNK_BYTES_MAX);
    chunk
}
