//! One encoding, many readers: the cache of encoded messages.  Law: a piece is, byte for byte, what encoding each of
//! its messages alone would give; chunks of one channel and form never overlap.
//! Knows nothing of who reads; channels are opaque numbers.

use super::encoder::Encoder;
use super::{Encoding, Place};
use crate::limits::CHUNK_BYTES_MAX;
use crate::message::{Message, MessageId};
use core::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

mod piece;
#[cfg(test)]
mod tests;

pub use piece::{Chunk, Piece};
use piece::{Mark, length_if_whole};

/// What is read: a channel, and as part of what.
#[derive(Copy, Clone, Debug)]
pub struct Source<'a> {
    /// An opaque number of the channel.
    pub channel: u64,
    /// Its name.
    pub name: &'a str,
    /// Number and name of the own channel of the namespace that has it as an extra one (see [`Place`]).
    pub within: Option<(u64, &'a str)>,
}

impl<'a> Source<'a> {
    /// A channel that is nobody's extra.
    pub fn of(channel: u64, name: &'a str) -> Self {
        Source { channel, name, within: None }
    }

    fn place(self) -> Place<'a> {
        Place { channel: self.name, namespace: self.within.map(|(_, name)| name) }
    }

    fn form(self, encoding: Encoding) -> Form {
        (encoding, self.within.map(|(channel, _)| channel))
    }
}

/// How a channel's messages are written: the encoding, and within which namespace.
type Form = (Encoding, Option<u64>);

/// What is cached of one channel in one form: sorted by id, without overlap, `a.last() < b.first()` for neighbours.
/// Never empty.
type List = VecDeque<Entry>;

struct Entry {
    chunk: Rc<Chunk>,
    /// Its place in `made`.
    serial: u64,
}

/// The chunks that were made last, found by channel, form and message.
pub struct EncodedCache {
    /// By channel: its lists, of which there are few, one for each form in use. No channel has none.
    lists: HashMap<u64, Vec<(Form, List)>>,
    /// In the order in which they were made: where to find them.
    made: BTreeMap<u64, (u64, Form, MessageId)>,
    next_serial: u64,
    bytes: usize,
    bytes_max: usize,
    /// Bytes of all chunks that live, here or held by a piece.
    living: Rc<Cell<usize>>,
    encoded: u64,
    encoder: Encoder,
    scratch: Vec<u8>,
}

impl EncodedCache {
    /// An empty cache. Beyond `bytes_max` what was made first goes, but never the newest chunk: readers in turn
    /// would each encode it.
    pub fn new(bytes_max: usize, encoder: Encoder) -> Self {
        EncodedCache {
            lists: HashMap::new(),
            made: BTreeMap::new(),
            next_serial: 0,
            bytes: 0,
            bytes_max,
            living: Rc::default(),
            encoded: 0,
            encoder,
            scratch: Vec::new(),
        }
    }

    /// The bytes of `run` from `source` in `encoding`, or of as much of its front as stands in one chunk; `None` if it is empty.
    ///
    /// `run`: messages of the channel, ids ascending, the same at each clone. If it knows its exact size it must be
    /// whole: it holds every message between its first and its last that anybody may see at this time, so that first, last and number
    /// tell it apart. One that is filtered for its reader does not know its size, and is compared message by message.
    pub fn get<'m, R>(&mut self, source: Source<'_>, encoding: Encoding, run: R) -> Option<Piece>
    where
        R: DoubleEndedIterator<Item = &'m Message> + Clone,
    {
        let first = run.clone().next()?.id;
        let (channel, form) = (source.channel, source.form(encoding));
        let list = list_of(&mut self.lists, channel, form);
        let mut place = list.partition_point(|entry| entry.chunk.first() <= first);
        if let Some(Entry { chunk, serial }) = place.checked_sub(1).and_then(|before| list.get(before))
            && first <= chunk.last()
        {
            if let Some(index) = chunk.index_of(first) {
                return Some(chunk.piece(index, chunk.common(index, run)));
            }
            // A message among those of the chunk that was not there when it was made: the clock stepped back and it
            // is not yet expired again.
            place -= 1;
            self.made.remove(serial);
            self.bytes -= chunk.weight();
            list.remove(place);
        }
        let until = list.get(place).map_or(MessageId::MAX, |next| next.chunk.first());
        let EncodedCache { scratch, living, encoder, .. } = self;
        let chunk = encode_run(scratch, living, encoding, source.place(), encoder, run, until);
        let count = chunk.count();
        self.encoded += count as u64;
        self.bytes += chunk.weight();
        let serial = self.next_serial;
        self.next_serial += 1;
        self.made.insert(serial, (channel, form, first));
        list.insert(place, Entry { chunk: Rc::clone(&chunk), serial });
        self.evict();
        Some(chunk.piece(0, count))
    }

    /// Drops what is cached of a channel.
    pub fn forget_channel(&mut self, channel: u64) {
        let lists = self.lists.remove(&channel).unwrap_or_default();
        for entry in lists.into_iter().flat_map(|(_, list)| list) {
            self.made.remove(&entry.serial);
            self.bytes -= entry.chunk.weight();
        }
    }

    /// Bytes that several connections say and that are in no log. They count as pinned while a piece of them is held.
    pub fn lone(&self, bytes: Vec<u8>) -> Piece {
        let marks = vec![Mark { id: MessageId::ZERO, end: bytes.len() }];
        Chunk::new(&self.living, bytes.into(), marks, false).piece(0, 1)
    }

    /// What messages are encoded with; for those that are said to one connection alone.
    pub fn encoder(&mut self) -> &mut Encoder {
        &mut self.encoder
    }

    /// Bytes of payload that were compressed so far.
    pub fn compressed_bytes(&self) -> u64 {
        self.encoder.work_bytes()
    }

    /// How many messages were encoded so far: grows by one for each message and encoding, however many read it.
    pub fn encoded_count(&self) -> u64 {
        self.encoded
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes of chunks that live on outside, because somebody has not yet sent his piece of them.
    pub fn pinned_bytes(&self) -> usize {
        self.living.get() - self.bytes
    }

    fn evict(&mut self) {
        while self.bytes > self.bytes_max && self.made.len() > 1 {
            let Some((_, (channel, form, first))) = self.made.pop_first() else { return };
            let Some(lists) = self.lists.get_mut(&channel) else { continue };
            let Some(at) = lists.iter().position(|(of, _)| *of == form) else { continue };
            let (_, list) = &mut lists[at];
            if let Ok(index) = list.binary_search_by_key(&first, |entry| entry.chunk.first())
                && let Some(entry) = list.remove(index)
            {
                self.bytes -= entry.chunk.weight();
            }
            if list.is_empty() {
                lists.swap_remove(at);
            }
            if lists.is_empty() {
                self.lists.remove(&channel);
            }
        }
    }
}

/// The list of a channel and form; a new one must get an entry.
fn list_of(lists: &mut HashMap<u64, Vec<(Form, List)>>, channel: u64, form: Form) -> &mut List {
    let lists = lists.entry(channel).or_default();
    let at = lists.iter().position(|(of, _)| *of == form).unwrap_or_else(|| {
        lists.push((form, List::new()));
        lists.len() - 1
    });
    &mut lists[at].1
}

/// Encodes `run` up to the bound, its end, or the message `until`. At least one message: the caller has seen it. The
/// bound is for payloads, too: compressing takes its time by them, however little comes of it.
fn encode_run<'m>(
    out: &mut Vec<u8>,
    living: &Rc<Cell<usize>>,
    encoding: Encoding,
    place: Place<'_>,
    encoder: &mut Encoder,
    run: impl Iterator<Item = &'m Message>,
    until: MessageId,
) -> Rc<Chunk> {
    out.clear();
    let whole = length_if_whole(&run).is_some();
    let (mut marks, mut payloads) = (Vec::new(), 0);
    for message in run {
        payloads += message.data.len();
        let too_much =
            (out.len() + message.data.len()).max(payloads) > CHUNK_BYTES_MAX || message.id >= until;
        if too_much && !marks.is_empty() {
            break;
        }
        encoding.encode(place, message, encoder, out);
        marks.push(Mark { id: message.id, end: out.len() });
    }
    let chunk = Chunk::new(living, out.as_slice().into(), marks, whole);
    out.shrink_to(2 * CHUNK_BYTES_MAX);
    chunk
}
