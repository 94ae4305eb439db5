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

/// Messages of one channel in one form, one behind the other.
pub struct Chunk {
    /// Bytes of all chunks that live, cached or held by a piece.
    living: Rc<Cell<usize>>,
    bytes: Box<[u8]>,
    /// Each message and where its bytes end: ids and ends ascend, the last end is the length of `bytes`. Never empty.
    marks: Box<[Mark]>,
    /// It holds every message between its first and its last that anybody could see when it was made.
    whole: bool,
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
    fn first(&self) -> MessageId {
        self.marks[0].id
    }

    fn last(&self) -> MessageId {
        self.marks[self.marks.len() - 1].id
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
    fn common<'m>(&self, index: usize, run: impl DoubleEndedIterator<Item = &'m Message> + Clone) -> usize {
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
    fn piece(self: &Rc<Self>, index: usize, count: usize) -> Piece {
        let Mark { id, end } = self.marks[index + count - 1];
        Piece { chunk: Rc::clone(self), start: self.start_of(index), end, last: id }
    }
}

/// What a chunk costs besides its bytes and marks: three allocations and its entries in two tables.
const CHUNK_RECORD_BYTES: usize = 256;

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
            if let Ok(index) = chunk.marks.binary_search_by_key(&first, |mark| mark.id) {
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
        let chunk = Rc::new(encode_run(scratch, living, encoding, source.place(), encoder, run, until));
        let count = chunk.marks.len();
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
        let (last, end) = (MessageId::ZERO, bytes.len());
        let marks = [Mark { id: last, end }].into();
        let chunk = Chunk { living: Rc::clone(&self.living), bytes: bytes.into(), marks, whole: false };
        self.living.set(self.living.get() + chunk.weight());
        Piece { chunk: Rc::new(chunk), start: 0, end, last }
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

/// A run that was filtered for its reader does not know its size.
fn length_if_whole<'m>(run: &impl Iterator<Item = &'m Message>) -> Option<usize> {
    let (least, most) = run.size_hint();
    most.filter(|most| *most == least)
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
) -> Chunk {
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
    let chunk = Chunk {
        living: Rc::clone(living),
        bytes: out.as_slice().into(),
        marks: marks.into_boxed_slice(),
        whole,
    };
    living.set(living.get() + chunk.weight());
    out.shrink_to(2 * CHUNK_BYTES_MAX);
    chunk
}

#[cfg(test)]
mod tests {
    use super::super::check::{encoder, every_encoding, text, written_bytes};
    use super::*;
    use crate::testing::dice::Dice;
    use crate::ws::WindowBits;

    const NEWS: Source<'static> = Source { channel: 1, name: "news", within: None };
    const WEBSOCKET: Encoding = Encoding::WebSocket(Some(WindowBits::MAX));

    fn messages(count: u64) -> Vec<Message> {
        (0..count).map(|seq| text(seq, &format!("message {seq}"))).collect()
    }

    /// Each message encoded alone.
    fn alone<'m>(encoding: Encoding, run: impl IntoIterator<Item = &'m Message>) -> Vec<u8> {
        let mut encoder = encoder();
        written_bytes(|out| run.into_iter().for_each(|m| encoding.encode(NEWS.place(), m, &mut encoder, out)))
    }

    /// Reads all of `run` as a reader does: piece by piece.
    fn read(cache: &mut EncodedCache, encoding: Encoding, run: &[&Message]) -> (Vec<u8>, usize) {
        let (mut bytes, mut pieces, mut rest) = (Vec::new(), 0, run);
        while let Some(piece) = cache.get(NEWS, encoding, rest.iter().copied()) {
            assert_eq!(rest[piece.messages() - 1].id, piece.last);
            bytes.extend_from_slice(piece.bytes());
            rest = &rest[piece.messages()..];
            pieces += 1;
        }
        (bytes, pieces)
    }

    /// What the fields promise of one another.
    fn check(cache: &EncodedCache) {
        let mut bytes = 0;
        let mut chunks = 0;
        assert!(cache.lists.values().all(|lists| !lists.is_empty()));
        let lists =
            cache.lists.iter().flat_map(|(channel, lists)| lists.iter().map(move |list| (channel, list)));
        for (channel, (form, list)) in lists {
            assert!(!list.is_empty());
            for (before, after) in list.iter().zip(list.iter().skip(1)) {
                assert!(before.chunk.last() < after.chunk.first(), "chunks overlap");
            }
            for Entry { chunk, serial } in list {
                assert_eq!(cache.made.get(serial), Some(&(*channel, *form, chunk.first())));
                assert!(chunk.marks.is_sorted_by(|a, b| a.id < b.id && a.end < b.end));
                assert_eq!(chunk.marks[chunk.marks.len() - 1].end, chunk.bytes.len());
                bytes += chunk.weight();
                chunks += 1;
            }
        }
        assert_eq!((bytes, chunks), (cache.bytes, cache.made.len()));
        assert!(bytes <= cache.bytes_max || chunks == 1);
    }

    #[test]
    fn fifty_readers_share_one_encoding_of_each_message() {
        let log = messages(20);
        let mut cache = EncodedCache::new(1 << 20, encoder());
        for (turn, encoding) in every_encoding().into_iter().enumerate() {
            for burst in log.chunks(5) {
                let pieces: Vec<_> =
                    (0..50).map(|_| cache.get(NEWS, encoding, burst.iter()).expect("not empty")).collect();
                assert!(pieces.iter().all(|piece| Rc::ptr_eq(&piece.chunk, &pieces[0].chunk)));
                assert_eq!(pieces[49].bytes(), alone(encoding, burst));
            }
            assert_eq!(cache.encoded_count(), 20 * (turn as u64 + 1));
        }
        check(&cache);
    }

    #[test]
    fn a_reader_that_begins_in_the_middle_or_ends_early_gets_a_part() {
        let log = messages(10);
        let mut cache = EncodedCache::new(1 << 20, encoder());
        let whole = cache.get(NEWS, Encoding::SseBareChunked, log.iter()).expect("not empty");
        for from in 0..10 {
            for to in from + 1..=10 {
                let run = &log[from..to];
                let piece = cache.get(NEWS, Encoding::SseBareChunked, run.iter()).expect("not empty");
                assert!(Rc::ptr_eq(&piece.chunk, &whole.chunk));
                assert_eq!(piece.bytes(), alone(Encoding::SseBareChunked, run));
                assert_eq!((piece.messages(), piece.last), (to - from, log[to - 1].id));
            }
        }
        assert_eq!(cache.encoded_count(), 10);
    }

    #[test]
    fn a_run_that_goes_on_past_a_chunk_gets_the_rest_from_the_next() {
        let log = messages(10);
        let all: Vec<_> = log.iter().collect();
        let mut cache = EncodedCache::new(1 << 20, encoder());
        read(&mut cache, Encoding::Ndjson, &all[4..6]);
        assert_eq!(read(&mut cache, Encoding::Ndjson, &all), (alone(Encoding::Ndjson, &log), 3));
        assert_eq!(read(&mut cache, Encoding::Ndjson, &all[5..7]).1, 2);
        assert_eq!(cache.encoded_count(), 10);
        check(&cache);
    }

    #[test]
    fn a_message_that_died_is_left_out() {
        let log = messages(6);
        let without = |dead: &[usize]| -> Vec<&Message> {
            (0..6).filter(|index| !dead.contains(index)).map(|index| &log[index]).collect()
        };
        for dead in [&[0][..], &[2], &[5], &[1, 2], &[1, 4], &[0, 1, 2, 3, 4]] {
            let mut cache = EncodedCache::new(1 << 20, encoder());
            read(&mut cache, WEBSOCKET, &without(&[]));
            let run = without(dead);
            assert_eq!(read(&mut cache, WEBSOCKET, &run).0, alone(WEBSOCKET, run));
            assert_eq!(cache.encoded_count(), 6, "nothing was encoded again");
        }
    }

    #[test]
    fn a_run_does_not_leap_over_a_chunk_of_messages_it_lacks() {
        let log = messages(6);
        let mut cache = EncodedCache::new(1 << 20, encoder());
        read(&mut cache, Encoding::Poll, &[&log[2], &log[3]]);
        let run = [&log[0], &log[1], &log[4], &log[5]];
        assert_eq!(read(&mut cache, Encoding::Poll, &run), (alone(Encoding::Poll, run), 2));
        check(&cache);
        read(&mut cache, Encoding::Poll, &log.iter().collect::<Vec<_>>());
        assert_eq!(cache.encoded_count(), 6);
    }

    #[test]
    fn a_run_that_is_filtered_for_its_reader_is_compared_message_by_message() {
        let log = messages(4);
        let mut cache = EncodedCache::new(1 << 20, encoder());
        let not = |hidden: usize| {
            let hidden = log[hidden].id;
            log.iter().filter(move |m| m.id != hidden)
        };
        // Both runs have three messages with the same first and last.
        let one = cache.get(NEWS, Encoding::Poll, not(1)).expect("not empty");
        assert_eq!(one.bytes(), alone(Encoding::Poll, not(1)));
        let two = cache.get(NEWS, Encoding::Poll, not(2)).expect("not empty");
        assert_eq!(two.bytes(), alone(Encoding::Poll, &log[..1]));
        // A message within the range of a chunk that lacks it takes the chunk's place.
        let rest = || log[1..].iter().filter(|m| m.id != log[2].id);
        let three = cache.get(NEWS, Encoding::Poll, rest()).expect("not empty");
        assert_eq!(three.bytes(), alone(Encoding::Poll, rest()));
        // A filtered run may look like a whole one by its ends and number: its chunk is compared all the same.
        let mut cache = EncodedCache::new(1 << 20, encoder());
        cache.get(NEWS, Encoding::Poll, not(1));
        let whole = [&log[0], &log[1], &log[3]];
        let piece = cache.get(NEWS, Encoding::Poll, whole.into_iter()).expect("not empty");
        assert_eq!(piece.bytes(), alone(Encoding::Poll, [&log[0]]));
        check(&cache);
    }

    #[test]
    fn a_chunk_ends_at_its_bound_and_a_large_message_stands_alone() {
        let large = "x".repeat(CHUNK_BYTES_MAX);
        let log = [text(0, "a"), text(1, &large), text(2, "b"), text(3, "c")];
        let all: Vec<_> = log.iter().collect();
        let mut cache = EncodedCache::new(1 << 20, encoder());
        assert_eq!(read(&mut cache, Encoding::Poll, &all), (alone(Encoding::Poll, &log), 3));

        let log: Vec<_> = (0..2000).map(|seq| text(seq, &"y".repeat(100))).collect();
        let mut cache = EncodedCache::new(1 << 20, encoder());
        let piece = cache.get(NEWS, Encoding::SseBare, log.iter()).expect("not empty");
        assert!(piece.len() > CHUNK_BYTES_MAX - 300 && piece.len() < CHUNK_BYTES_MAX + 300);
        let log: Vec<_> = (0..100).map(|seq| text(seq, &"y".repeat(10_000))).collect();
        let piece = cache.get(Source::of(2, "news"), WEBSOCKET, log.iter()).expect("not empty");
        assert_eq!(piece.messages(), 6, "as many payloads as fit, however small they become");
        assert!(piece.len() < 1000);
        assert!(cache.get(NEWS, Encoding::SseBare, [].iter()).is_none());
        check(&cache);
    }

    #[test]
    fn what_was_made_first_goes_first_and_the_newest_stays() {
        let log = messages(100);
        let mut cache = EncodedCache::new(3000, encoder());
        for (index, m) in log.iter().enumerate() {
            cache.get(Source::of(index as u64 % 3, "news"), Encoding::Poll, [m].into_iter());
            check(&cache);
        }
        assert!(cache.made.len() > 3);
        let kept = cache.made.len() as u64;
        for (index, m) in log.iter().enumerate().skip(100 - kept as usize) {
            cache.get(Source::of(index as u64 % 3, "news"), Encoding::Poll, [m].into_iter());
        }
        assert_eq!(cache.encoded_count(), 100);
        cache.get(Source::of(0, "news"), Encoding::Poll, [&log[0]].into_iter());
        assert_eq!(cache.encoded_count(), 101);

        let mut cache = EncodedCache::new(0, encoder());
        for _ in 0..50 {
            cache.get(NEWS, Encoding::Poll, log.iter());
        }
        assert_eq!(cache.encoded_count(), 100);
        check(&cache);
    }

    #[test]
    fn a_forgotten_channel_leaves_nothing() {
        let log = messages(3);
        let mut cache = EncodedCache::new(1 << 20, encoder());
        for encoding in every_encoding() {
            read(&mut cache, encoding, &[&log[0], &log[2]]);
            read(&mut cache, encoding, &[&log[1]]);
        }
        cache.get(Source::of(2, "other"), Encoding::Poll, log.iter());
        cache.forget_channel(1);
        check(&cache);
        assert_eq!((cache.lists.len(), cache.made.len()), (1, 1));
        cache.forget_channel(2);
        assert_eq!((cache.lists.len(), cache.made.len(), cache.bytes()), (0, 0, 0));
    }

    #[test]
    fn a_channel_within_a_namespace_is_shared_by_its_readers_and_with_nobody_else() {
        let log = messages(3);
        let mut cache = EncodedCache::new(1 << 20, encoder());
        let within = |other, name| Source { within: Some((other, name)), ..NEWS };
        let sources = [NEWS, within(2, "a"), within(3, "a/b")];
        for encoding in [Encoding::SocketIo(None), Encoding::SocketIoPolling] {
            let pieces = sources.map(|source| {
                let [one, two] =
                    [(); 2].map(|()| cache.get(source, encoding, log.iter()).expect("not empty"));
                assert!(Rc::ptr_eq(&one.chunk, &two.chunk));
                one
            });
            for (piece, lead) in pieces.iter().zip(["42/news,[", "42/a,[", "42/a/b,["]) {
                assert!(memchr::memmem::find(piece.bytes(), lead.as_bytes()).is_some(), "{lead}");
            }
            check(&cache);
        }
        assert_eq!(cache.encoded_count(), 2 * 3 * 3);
        cache.forget_channel(1);
        check(&cache);
        assert_eq!((cache.lists.len(), cache.made.len(), cache.bytes()), (0, 0, 0));
    }

    #[test]
    fn a_short_write_tells_the_message_it_stands_in() {
        let log = messages(5);
        let mut cache = EncodedCache::new(1 << 20, encoder());
        cache.get(NEWS, Encoding::SseBare, log.iter());
        let piece = cache.get(NEWS, Encoding::SseBare, log[1..4].iter()).expect("not empty");
        let ends: Vec<usize> = (1..=3).map(|n| alone(Encoding::SseBare, &log[1..1 + n]).len()).collect();
        assert_eq!(piece.len(), ends[2]);
        for taken in 0..=piece.len() {
            let whole = ends.iter().take_while(|end| **end <= taken).count();
            assert_eq!(piece.last_whole(taken), whole.checked_sub(1).map(|n| log[1 + n].id), "{taken}");
            let between = taken == 0 || ends.contains(&taken);
            let expected = (!between).then(|| (log[1 + whole].id, ends[whole.min(2)]));
            assert_eq!(piece.message_end_after(taken), expected, "{taken}");
            let rest = piece.rest_of_message(taken);
            assert_eq!(rest.as_ref().map(|rest| rest.last), expected.map(|(id, _)| id));
            if let (Some(rest), Some((_, end))) = (rest, expected) {
                assert_eq!(rest.bytes(), &piece.bytes()[taken..end]);
                // And the rest itself may be cut again.
                for more in 1..rest.len() {
                    let again = rest.rest_of_message(more).expect("within the message");
                    assert_eq!(again.bytes(), &rest.bytes()[more..]);
                    assert_eq!(rest.last_whole(more), None);
                }
                assert_eq!(rest.last_whole(rest.len()), Some(rest.last));
            }
        }
    }

    #[test]
    fn parts_of_a_piece_are_whole_messages() {
        let log = messages(5);
        let mut cache = EncodedCache::new(1 << 20, encoder());
        let piece = cache.get(NEWS, Encoding::Poll, log.iter()).expect("not empty");
        assert!(piece.first_messages(0).is_none());
        for count in 1..8 {
            let part = piece.first_messages(count).expect("at least one");
            assert_eq!(part.bytes(), alone(Encoding::Poll, &log[..count.min(5)]));
        }
        let ends: Vec<usize> = (1..=5).map(|n| alone(Encoding::Poll, &log[..n]).len()).collect();
        for room in 0..=piece.len() + 1 {
            let part = piece.within_bytes(room);
            let expected = ends.iter().rev().find(|end| **end <= room).copied();
            assert_eq!(part.map(|part| part.len()), expected);
        }
    }

    #[test]
    fn whatever_is_read_is_what_each_message_alone_would_give() {
        for seed in 0..20 {
            let mut random = Dice::new(seed);
            let bytes_max = [0, 2_000, 10_000, 1 << 24][random.below(4)];
            let mut cache = EncodedCache::new(bytes_max, encoder());
            let mut log: Vec<Message> = Vec::new();
            let mut born = 0;
            for _ in 0..300 {
                for _ in 0..random.below(4) {
                    let length = if random.below(50) == 0 { 40_000 } else { random.below(300) };
                    log.push(text(born, &"z".repeat(length)));
                    born += 1;
                }
                if log.len() > 40 || random.below(5) == 0 && !log.is_empty() {
                    log.remove(random.below(log.len()));
                }
                if log.is_empty() {
                    continue;
                }
                let from = random.below(log.len());
                let to = from + 1 + random.below(log.len() - from);
                let encoding = [Encoding::Poll, Encoding::SseBareChunked, WEBSOCKET][random.below(3)];
                let all: Vec<&Message> = log[from..to].iter().collect();
                if random.below(3) == 0 {
                    let hidden = random.below(3) as u64;
                    let own = all.iter().copied().filter(|m| m.id.seq % 3 != hidden);
                    let piece = cache.get(NEWS, encoding, own.clone());
                    let bytes = piece.as_ref().map_or(&[][..], Piece::bytes);
                    let count = piece.as_ref().map_or(0, Piece::messages);
                    assert_eq!(count == 0, own.clone().next().is_none());
                    assert_eq!(bytes, alone(encoding, own.take(count)), "seed {seed}");
                } else {
                    assert_eq!(read(&mut cache, encoding, &all).0, alone(encoding, all), "seed {seed}");
                }
                check(&cache);
            }
        }
    }
}
