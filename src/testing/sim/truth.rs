//! What there is to read, kept in the plainest way: every message ever, and what became of it.  Law: it says of each
//! message whether somebody may have missed it, and why.  Written from the contract, not from the hub.
//!
//! Retention by count, bytes and age is exact, because the hub applies it by the ids of entries. The bound over all
//! channels depends on who listens at the time, and a clock that steps back on when it was last looked at; in such a
//! world the truth is loose: any message may be lost, but a retained one never without a gap notice.

use super::tally::Tally;
use crate::base::wheel::TICK_MS;
use crate::limits::REPEAT_KEY_MS;
use crate::message::{Command, Draft, Entry, MessageId, RepeatKey};
use crate::testing::naive_log::{self, Log, Record, SWEEP_MS};
use std::collections::{BTreeMap, HashMap};

/// The limits that the truth is held against.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Those of each channel.
    pub log: naive_log::Bounds,
    /// Milliseconds between two signs of life.
    pub heartbeat_ms: u64,
    /// The bound over all channels bites, or the clock steps back.
    pub is_loose: bool,
}

/// What goes wrong without anybody's fault: then the server may refuse, and cut off.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    /// Limits on connections, polls and channels are very low.
    pub is_crowded: bool,
    /// The server was told to end.
    pub is_draining: bool,
    /// How often the journal refused or failed.
    pub journal_failures: u64,
}

impl Troubles {
    /// The server may refuse whatever it likes.
    pub fn may_refuse(&self) -> bool {
        self.is_crowded || self.is_draining
    }
}

/// Everything that was ever committed.
pub struct Truth {
    bounds: Bounds,
    /// What goes wrong at present.
    pub troubles: Troubles,
    /// Whatever came before is lost in every channel.
    start: MessageId,
    newest: MessageId,
    /// The latest time that was heard of (Unix ms).
    clock_ms: u64,
    channels: BTreeMap<String, Log>,
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
            troubles: Troubles::default(),
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

    /// May something that was retained after `id` be lost?
    pub fn may_have_lost(&self, channel: &str, id: MessageId) -> bool {
        id < self.start
            || self.channels.get(channel).is_some_and(|known| {
                known.floors.iter().any(|floor| *floor > id)
                    || self.bounds.is_loose && known.records.iter().any(|r| r.id > id && r.retained)
            })
    }

    /// 503 was told to whoever asked when the journal had failed `failures` times.
    pub fn journal_failed_since(&self, failures: u64) -> Result<(), String> {
        match failures < self.troubles.journal_failures {
            true => self.tally.count("a journal failure told"),
            false if self.troubles.may_refuse() => self.tally.count("over a limit"),
            false => {
                return Err(
                    "503, and the journal has not failed, nor is the server full or ending".to_owned()
                );
            }
        }
        Ok(())
    }

    /// Milliseconds in which everybody must have heard a sign of life.
    pub fn silence_max_ms(&self) -> u64 {
        2 * self.bounds.heartbeat_ms + 2 * TICK_MS
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
            channel.expire(self.clock_ms, &self.bounds.log);
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
        self.channels.values_mut().for_each(Log::forget);
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
        *self.payloads.entry(draft.data.to_vec()).or_default() += 1;
        let log = self.channels.entry(draft.channel.to_string()).or_default();
        log.publish(id, draft, &self.bounds.log, self.clock_ms);
    }

    fn delete(&mut self, id: MessageId, name: &str) {
        self.channels.entry(name.to_owned()).or_default().delete(id, self.clock_ms);
    }
}
