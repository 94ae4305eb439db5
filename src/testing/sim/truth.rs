//! What there is to read, kept in the plainest way: every message ever, and what became of it.  Law: it says of each
//! message whether somebody may have missed it, and why.  Written from the contract, not from the hub.
//!
//! Retention by count, bytes and age is exact, because the hub applies it by the ids of entries. The bound over all
//! channels depends on who listens at the time, and a clock that steps back on when it was last looked at; in such a
//! world the truth is loose: any message may be lost, but a retained one never without a gap notice.

use super::tally::Tally;
use crate::limits::{RECORD_BYTES, REPEAT_KEY_MS, UNRETAINED_MS};
use crate::message::{ClientId, Command, Draft, Entry, Format, MessageId, RepeatKey};
use core::fmt;
use std::collections::{BTreeMap, HashMap};

/// Milliseconds by which a message may outlive its age: the server sweeps so often.
const SWEEP_MS: u64 = 250;

/// The limits that the truth is held against.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Messages retained in a channel.
    pub messages: usize,
    /// Bytes retained in a channel.
    pub bytes: usize,
    /// Milliseconds a message is retained.
    pub age_ms: u64,
    /// The bound over all channels bites, or the clock steps back.
    pub is_loose: bool,
}

/// What became of a message.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It can be read.
    Alive,
    /// A newer one has its key.
    Replaced,
    /// It is past its ttl.
    Expired,
    /// A limit cut it off, or a restart: there is a gap.
    Lost,
    /// It was for those who listened, and its time is over.
    Passed,
    /// Its channel was deleted.
    Deleted,
}

/// A message that was published.
#[derive(Clone)]
pub struct Record {
    /// Its id.
    pub id: MessageId,
    /// Its payload.
    pub data: Vec<u8>,
    /// How the payload may be shown inside JSON.
    pub format: Format,
    /// Its name.
    pub event: Option<String>,
    /// Who does not get it.
    pub except: Option<ClientId>,
    /// When it is past its ttl (Unix ms).
    pub expires_ms: u64,
    /// It is kept for those who come later.
    pub retained: bool,
    /// What became of it.
    pub fate: Fate,
    /// When it is no longer shown to anybody (Unix ms).
    pub hidden_ms: u64,
    /// A newer one with its key takes its place.
    pub key: Option<String>,
    cost: usize,
}

impl Record {
    fn dies(&mut self, fate: Fate, hidden_ms: u64) {
        (self.fate, self.hidden_ms) = (fate, hidden_ms);
    }
}

/// Without the payload, which may be long.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record { id, fate, retained, expires_ms, except, key, cost, .. } = self;
        write!(
            f,
            "{id} {fate:?} retained {retained} expires {expires_ms} except {except:?} key {key:?} cost {cost}"
        )
    }
}

#[derive(Default)]
struct Channel {
    records: Vec<Record>,
    /// Before these nothing is alive.
    living_from: usize,
    /// Every floor that it had.
    floors: Vec<MessageId>,
    /// The ids at which it was deleted.
    deletions: Vec<MessageId>,
}

/// Everything that was ever committed.
pub struct Truth {
    bounds: Bounds,
    /// Whatever came before is lost in every channel.
    start: MessageId,
    newest: MessageId,
    /// The latest time that was heard of (Unix ms).
    clock_ms: u64,
    channels: BTreeMap<String, Channel>,
    /// When a request with this idempotency key was done (Unix ms).
    repeats: HashMap<String, u64>,
    /// How often what was held against it.
    pub tally: Tally,
    /// Payloads that were committed, and how often.
    payloads: HashMap<Vec<u8>, usize>,
}

impl Truth {
    /// Nothing yet, in a journal that begins at `start`.
    pub fn new(bounds: Bounds, start: MessageId) -> Self {
        Truth {
            bounds,
            start,
            newest: start,
            clock_ms: start.ms,
            channels: BTreeMap::new(),
            repeats: HashMap::new(),
            tally: Tally::default(),
            payloads: HashMap::new(),
        }
    }

    /// The newest id that was applied.
    pub fn newest(&self) -> MessageId {
        self.newest
    }

    /// Where the journal begins: a cursor before it has a gap in every channel.
    pub fn start(&self) -> MessageId {
        self.start
    }

    /// How many messages were ever committed with this payload.
    pub fn count_of(&self, data: &[u8]) -> usize {
        self.payloads.get(data).copied().unwrap_or(0)
    }

    /// The message with this id.
    pub fn record(&self, channel: &str, id: MessageId) -> Option<&Record> {
        let records = &self.channels.get(channel)?.records;
        records.binary_search_by_key(&id, |record| record.id).ok().map(|index| &records[index])
    }

    /// The channel of the message with this id.
    pub fn channel_of(&self, id: MessageId) -> Option<&str> {
        self.channels.keys().find(|channel| self.record(channel, id).is_some()).map(|channel| &**channel)
    }

    /// The first message after `from` with this payload.
    pub fn with_data(&self, channel: &str, from: MessageId, data: &[u8]) -> Option<&Record> {
        self.after(channel, from).iter().find(|record| record.data == data)
    }

    /// Everything published in a channel after `from`.
    pub fn after(&self, channel: &str, from: MessageId) -> &[Record] {
        let records = self.channels.get(channel).map_or(&[][..], |channel| &channel.records);
        &records[records.partition_point(|record| record.id <= from)..]
    }

    /// May a gap notice have named this floor?
    pub fn was_floor(&self, channel: &str, id: MessageId) -> bool {
        let known = self.channels.get(channel).is_some_and(|known| {
            known.floors.contains(&id)
                || self.bounds.is_loose
                    && known.records.iter().any(|record| record.id == id && record.retained)
        });
        id == self.start || known
    }

    /// May any retained message be lost?
    pub fn is_loose(&self) -> bool {
        self.bounds.is_loose
    }

    /// Was the channel ever deleted?
    pub fn was_deleted(&self, channel: &str) -> bool {
        self.deletion_after(channel, MessageId::ZERO).is_some()
    }

    /// The first deletion of the channel after `id`.
    pub fn deletion_after(&self, channel: &str, id: MessageId) -> Option<MessageId> {
        self.channels.get(channel)?.deletions.iter().copied().find(|deletion| *deletion > id)
    }

    /// Time passes (Unix ms; it may step back): what is past its time may be gone at any moment.
    pub fn tick(&mut self, unix_ms: u64) {
        self.clock_ms = self.clock_ms.max(unix_ms);
        for channel in self.channels.values_mut() {
            channel.expire(self.clock_ms, &self.bounds);
        }
    }

    /// Another server has read the journal: what is past its age is there again until it first sweeps.
    pub fn restart(&mut self, unix_ms: u64) {
        for record in self.channels.values_mut().flat_map(|channel| &mut channel.records) {
            record.hidden_ms = record.hidden_ms.max(unix_ms + SWEEP_MS);
        }
    }

    /// The journal was lost: another begins at `start`.
    pub fn forget(&mut self, start: MessageId) {
        (self.start, self.newest) = (start, start);
        self.repeats.clear();
        for channel in self.channels.values_mut() {
            channel.records.iter_mut().for_each(|record| record.fate = Fate::Lost);
            channel.living_from = channel.records.len();
        }
    }

    /// The server applied an entry.
    pub fn apply(&mut self, entry: &Entry) {
        let Some((first, _)) = entry.commands.first() else { return };
        self.newest = entry.commands.last().map_or(self.newest, |(last, _)| *last);
        self.tick(first.ms);
        if entry.repeat.as_ref().is_some_and(|key| self.is_repeated(key, first.ms)) {
            return;
        }
        for (id, command) in &entry.commands {
            match command {
                Command::Publish(draft) => self.publish(*id, draft),
                Command::Delete(name) => self.delete(*id, name),
                Command::Ask(_) | Command::Answer(..) | Command::Withdraw(_) => {}
            }
        }
    }

    /// Was a request with this key done before? If not, this one is done.
    fn is_repeated(&mut self, key: &RepeatKey, at_ms: u64) -> bool {
        self.repeats.retain(|_, done_ms| at_ms.saturating_sub(*done_ms) < REPEAT_KEY_MS);
        match self.repeats.contains_key(&*key.name) {
            true => true,
            false => self.repeats.insert(key.name.to_string(), at_ms).is_some(),
        }
    }

    fn publish(&mut self, id: MessageId, draft: &Draft) {
        let length = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        let cost = RECORD_BYTES
            + draft.data.len()
            + length(&draft.event)
            + length(&draft.media_type)
            + length(&draft.key);
        *self.payloads.entry(draft.data.to_vec()).or_default() += 1;
        let channel = self.channels.entry(draft.channel.to_string()).or_default();
        let record = Record {
            id,
            data: draft.data.to_vec(),
            format: draft.format,
            event: draft.event.as_deref().map(str::to_owned),
            except: draft.except,
            expires_ms: draft.ttl_s.map_or(u64::MAX, |ttl_s| id.ms + 1000 * ttl_s),
            retained: draft.retain,
            fate: Fate::Alive,
            hidden_ms: u64::MAX,
            key: draft.key.as_deref().filter(|_| draft.retain).map(str::to_owned),
            cost,
        };
        channel.append(record, self.clock_ms);
        channel.trim(&self.bounds, self.clock_ms);
    }

    fn delete(&mut self, id: MessageId, name: &str) {
        let channel = self.channels.entry(name.to_owned()).or_default();
        channel.deletions.push(id);
        let mut floor = None;
        for record in channel.living().filter(|record| record.fate == Fate::Alive) {
            record.dies(Fate::Deleted, self.clock_ms);
            floor = if record.retained { Some(record.id) } else { floor };
        }
        channel.floors.extend(floor);
        channel.living_from = channel.records.len();
    }
}

impl Channel {
    fn living(&mut self) -> impl Iterator<Item = &mut Record> {
        self.records[self.living_from..].iter_mut()
    }

    fn append(&mut self, record: Record, clock_ms: u64) {
        let is_replaced = |old: &&mut Record| {
            old.fate == Fate::Alive
                && old.key.is_some()
                && old.key == record.key
                && old.except == record.except
        };
        self.living().filter(is_replaced).for_each(|old| old.dies(Fate::Replaced, clock_ms));
        self.records.push(record);
    }

    /// How many living messages of a kind, and their bytes.
    fn sum(&mut self, retained: bool) -> (usize, usize) {
        let of_kind = self.living().filter(|r| r.fate == Fate::Alive && r.retained == retained);
        of_kind.fold((0, 0), |(count, bytes), record| (count + 1, bytes + record.cost))
    }

    /// The newest of either kind stays, however large it is.
    fn trim(&mut self, bounds: &Bounds, clock_ms: u64) {
        let over = |(count, bytes): (usize, usize), count_max| {
            count > 1 && (count > count_max || bytes > bounds.bytes)
        };
        while over(self.sum(true), bounds.messages) {
            self.lose(true, clock_ms);
        }
        while over(self.sum(false), usize::MAX) {
            self.lose(false, clock_ms);
        }
    }

    fn lose(&mut self, retained: bool, clock_ms: u64) {
        let oldest = self.living().find(|r| r.fate == Fate::Alive && r.retained == retained);
        let Some(oldest) = oldest else { return };
        oldest.dies(if retained { Fate::Lost } else { Fate::Passed }, clock_ms);
        let id = oldest.id;
        self.floors.extend(retained.then_some(id));
    }

    fn expire(&mut self, clock_ms: u64, bounds: &Bounds) {
        let mut floors = Vec::new();
        for record in self.living().filter(|record| record.fate == Fate::Alive) {
            if record.expires_ms <= clock_ms {
                record.dies(Fate::Expired, record.expires_ms);
            } else if !record.retained && record.id.ms + UNRETAINED_MS <= clock_ms {
                record.dies(Fate::Passed, record.id.ms + UNRETAINED_MS + SWEEP_MS);
            } else if record.retained && record.id.ms + bounds.age_ms <= clock_ms {
                record.dies(Fate::Lost, record.id.ms + bounds.age_ms + SWEEP_MS);
                floors.push(record.id);
            }
        }
        self.floors.append(&mut floors);
        let dead = self.living().take_while(|record| record.fate != Fate::Alive).count();
        self.living_from += dead;
    }
}
