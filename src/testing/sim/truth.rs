//! What there is to read, kept in the plainest way: every message ever, and what became of it.  Law: it says of each
//! message whether somebody may have missed it, and why.  Written from the contract, not from the hub.
//!
//! Retention by count, bytes and age is exact, because the hub applies it by the ids of entries. The bound over all
//! channels depends on who listens at the time, and a clock that steps back on when it was last looked at; in such a
//! world the truth is loose: any message may be lost, but a retained one never without a gap notice.

use super::presence::Presence;
use super::questions::{Question, Questions};
use super::tally::Tally;
use crate::base::time::{Millis, Now};
use crate::base::wheel::TICK_MS;
use crate::limits::REPEAT_KEY_MS;
use crate::message::{Command, Draft, Entry, MessageId, Question as Asked, RepeatKey};
use crate::testing::naive_log::{self, Log, Record, Role, SWEEP_MS};
use std::collections::{BTreeMap, HashMap};

/// The limits that the truth is held against.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Those of each channel.
    pub log: naive_log::Bounds,
    /// Milliseconds between two signs of life.
    pub heartbeat_ms: u64,
    /// Milliseconds after which whoever is away has left.
    pub presence_grace_ms: u64,
    /// Seconds that a request is held at most.
    pub max_wait_s: u64,
    /// Milliseconds for which whoever was cut off is remembered.
    pub session_grace_ms: u64,
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

/// Polls that may have come and gone since it was last counted who listens.
const PASSING: usize = 2;

/// How many listen, as far as can be told from outside.
#[derive(Default)]
pub struct Audience {
    /// By channel: those that certainly do.
    pub least: BTreeMap<String, usize>,
    /// Everybody who listens anywhere.
    pub most: usize,
}

impl Audience {
    /// May it be that `count` listen to a channel? `was_slow`: it may have been said long ago.
    pub fn admits(&self, channel: &str, count: usize, was_slow: bool) -> Result<(), String> {
        let least = self.least.get(channel).copied().unwrap_or(0);
        match was_slow || (least..=self.most + PASSING).contains(&count) {
            true => Ok(()),
            false => Err(format!("{count} are said to listen, and it is {least} to {}", self.most)),
        }
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
    /// The time.
    pub now: Now,
    /// Who is present.
    pub presence: Presence,
    /// Who may listen at present.
    pub audience: Audience,
    /// What became of the questions.
    pub questions: Questions,
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
            troubles: Troubles::default(),
            presence: Presence::new(bounds.presence_grace_ms),
            bounds,
            start,
            newest: start,
            clock_ms: start.ms,
            channels: BTreeMap::new(),
            now: Now { at: Millis(0), unix_ms: start.ms },
            audience: Audience::default(),
            questions: Questions::default(),
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

    /// Was this sent to one client alone?
    pub fn was_for_one(&self, data: &[u8]) -> bool {
        self.own_logs().any(|(_, log)| log.records.iter().any(|record| record.data == data))
    }

    /// May something that was sent to one client alone after `id` be lost?
    pub fn may_have_lost_for_one(&self, id: MessageId) -> bool {
        self.own_logs().any(|(name, _)| self.may_have_lost(name, id))
    }

    fn own_logs(&self) -> impl Iterator<Item = (&String, &Log)> {
        self.channels.range("@client/".to_owned().."@client0".to_owned())
    }

    /// Where the question `ask` ended, if that is after `from`.
    pub fn end_of(&self, channel: &str, from: MessageId, ask: &str) -> Option<&Record> {
        let ask = ask.parse().ok()?;
        let is_end = |record: &&Record| matches!(record.role, Role::End { ask: of, .. } if of == ask);
        self.after(channel, from).iter().find(is_end)
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

    /// May the server know nothing of a question that was asked?
    pub fn may_have_forgotten(&self, question: &Question) -> bool {
        self.troubles.is_crowded || question.may_be_forgotten(self.clock_ms)
    }

    /// How long a request is held that asks for so many seconds.
    pub fn wait_max_s(&self, wait_s: u64) -> u64 {
        wait_s.min(self.bounds.max_wait_s)
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

    /// Milliseconds for which whoever was cut off is remembered.
    pub fn session_grace_ms(&self) -> u64 {
        self.bounds.session_grace_ms
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
        self.questions.tick(self.clock_ms);
    }

    /// Another server has read the journal: what is past its age is there again until it first sweeps.
    pub fn restart(&mut self, unix_ms: u64) {
        self.presence.forget();
        for record in self.channels.values_mut().flat_map(|channel| &mut channel.records) {
            record.hidden_ms = record.hidden_ms.max(unix_ms + SWEEP_MS);
        }
    }

    /// The journal was lost: another begins at `start`.
    pub fn forget(&mut self, start: MessageId) {
        (self.start, self.newest) = (start, start);
        self.repeats.clear();
        self.channels.values_mut().for_each(Log::forget);
        self.questions.forget();
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
                Command::Ask(question) => self.ask(*id, question),
                Command::Answer(ask, answer) => {
                    let ended = self.questions.answered(*id, *ask, answer);
                    self.end_question(*id, ended, true);
                }
                Command::Withdraw(asker) => {
                    let ended = self.questions.withdrawn(*id, *asker);
                    self.end_question(*id, ended, false);
                }
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

    fn ask(&mut self, id: MessageId, question: &Asked) {
        let draft = &question.draft;
        *self.payloads.entry(draft.data.to_vec()).or_default() += 1;
        self.questions.asked(id, question);
        let log = self.channels.entry(draft.channel.to_string()).or_default();
        log.ask(id, question, &self.bounds.log, self.clock_ms);
    }

    fn end_question(&mut self, id: MessageId, ended: Option<Question>, is_answered: bool) {
        let Some(Question { ask, channel, except, .. }) = ended else { return };
        let log = self.channels.entry(channel).or_default();
        log.end_question(id, (ask, is_answered), except, &self.bounds.log, self.clock_ms);
    }

    fn delete(&mut self, id: MessageId, name: &str) {
        self.questions.deleted(id, name);
        self.presence.deleted(name);
        self.channels.entry(name.to_owned()).or_default().delete(id, self.clock_ms);
    }
}
