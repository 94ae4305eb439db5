//! A channel's log as a list that keeps every message ever, and what became of it, worked out anew each time.
//! Law: retention as the contract says it: by count, bytes and age, by `key`, `ttl`, `retain=0` and deletion; what a
//! limit cut off is the floor. Written from the contract, not from the hub; the hub's tests and the simulator hold it
//! against the hub. Knows no readers, no other channels and no bound over all of them.

use crate::limits::{RECORD_BYTES, UNRETAINED_MS};
use crate::message::{AskId, ClientId, Draft, Format, MessageId, Question};
use core::fmt;

/// Milliseconds by which a message may outlive its age: the server sweeps so often.
pub const SWEEP_MS: u64 = 250;

/// The limits of one channel.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Messages retained.
    pub messages: usize,
    /// Bytes retained.
    pub bytes: usize,
    /// Milliseconds a message is retained.
    pub age_ms: u64,
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
    /// It is a question that has ended.
    Over,
}

/// What a message has to do with a question.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing.
    Plain,
    /// It asks it.
    Question(AskId),
    /// It stands where it ended, and is told as a notice.
    End {
        /// The question.
        ask: AskId,
        /// Somebody answered.
        is_answered: bool,
    },
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
    /// Its payload is a list of several arguments.
    pub spread: bool,
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
    /// What it has to do with a question.
    pub role: Role,
    /// What it counts against the bounds.
    pub cost: usize,
}

impl Record {
    fn new(id: MessageId, draft: &Draft, role: Role) -> Self {
        let length = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        let names = length(&draft.event) + length(&draft.media_type) + length(&draft.key);
        Record {
            id,
            data: draft.data.to_vec(),
            format: draft.format,
            event: draft.event.as_deref().map(str::to_owned),
            spread: draft.spread,
            except: draft.except,
            expires_ms: draft.ttl_s.map_or(u64::MAX, |ttl_s| id.ms + 1000 * ttl_s),
            retained: draft.retain,
            fate: Fate::Alive,
            hidden_ms: u64::MAX,
            key: draft.key.as_deref().filter(|_| draft.retain).map(str::to_owned),
            role,
            cost: RECORD_BYTES + draft.data.len() + names,
        }
    }

    /// Where a question ended, for those who listen, but not to whom it was not shown.
    fn end(id: MessageId, role: Role, except: Option<ClientId>) -> Self {
        Record {
            id,
            data: Vec::new(),
            format: Format::Text,
            event: None,
            spread: false,
            except,
            expires_ms: u64::MAX,
            retained: false,
            fate: Fate::Alive,
            hidden_ms: u64::MAX,
            key: None,
            role,
            cost: RECORD_BYTES,
        }
    }

    /// Is it told as a notice?
    pub fn is_end(&self) -> bool {
        matches!(self.role, Role::End { .. })
    }

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

/// One channel, from its first message on.
#[derive(Default)]
pub struct Log {
    /// Every message there ever was, oldest first.
    pub records: Vec<Record>,
    /// Every floor that it had, the present one last.
    pub floors: Vec<MessageId>,
    /// The ids at which it was deleted.
    pub deletions: Vec<MessageId>,
    /// Before these nothing is alive.
    living_from: usize,
}

impl Log {
    /// Every message that can be read, oldest first.
    pub fn alive(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records[self.living_from..].iter().filter(|record| record.fate == Fate::Alive)
    }

    fn alive_mut(&mut self) -> impl Iterator<Item = &mut Record> {
        self.records[self.living_from..].iter_mut().filter(|record| record.fate == Fate::Alive)
    }

    /// How many messages of a kind can be read, and their bytes.
    pub fn sum(&self, retained: bool) -> (usize, usize) {
        let of_kind = self.alive().filter(|record| record.retained == retained);
        of_kind.fold((0, 0), |(count, bytes), record| (count + 1, bytes + record.cost))
    }

    /// A message comes at `clock_ms` (Unix). The newest of either kind stays, however large it is.
    pub fn publish(&mut self, id: MessageId, draft: &Draft, bounds: &Bounds, clock_ms: u64) {
        self.append(Record::new(id, draft, Role::Plain), bounds, clock_ms);
    }

    /// A question comes.
    pub fn ask(&mut self, id: MessageId, question: &Question, bounds: &Bounds, clock_ms: u64) {
        self.append(Record::new(id, &question.draft, Role::Question(question.ask)), bounds, clock_ms);
    }

    /// The question `ask` has ended by the entry `id`.
    pub fn end_question(
        &mut self,
        id: MessageId,
        (ask, is_answered): (AskId, bool),
        except: Option<ClientId>,
        bounds: &Bounds,
        clock_ms: u64,
    ) {
        let is_asking = |record: &&mut Record| record.role == Role::Question(ask);
        self.alive_mut().filter(is_asking).for_each(|record| record.dies(Fate::Over, clock_ms));
        self.append(Record::end(id, Role::End { ask, is_answered }, except), bounds, clock_ms);
    }

    fn append(&mut self, record: Record, bounds: &Bounds, clock_ms: u64) {
        let is_replaced =
            |old: &&mut Record| old.key.is_some() && old.key == record.key && old.except == record.except;
        self.alive_mut().filter(is_replaced).for_each(|old| old.dies(Fate::Replaced, clock_ms));
        self.records.push(record);
        for (retained, messages) in [(true, bounds.messages), (false, usize::MAX)] {
            while let (count, bytes) = self.sum(retained)
                && count > 1
                && (count > messages || bytes > bounds.bytes)
            {
                self.lose(clock_ms, |record| record.retained == retained);
            }
        }
    }

    /// The channel is deleted.
    pub fn delete(&mut self, id: MessageId, clock_ms: u64) {
        self.deletions.push(id);
        let floor = self.alive().rfind(|record| record.retained).map(|record| record.id);
        self.alive_mut().for_each(|record| record.dies(Fate::Deleted, clock_ms));
        self.floors.extend(floor);
        self.living_from = self.records.len();
    }

    /// Everything is lost, and no floor says so.
    pub fn forget(&mut self) {
        self.records.iter_mut().for_each(|record| record.fate = Fate::Lost);
        self.living_from = self.records.len();
    }

    /// The oldest that can be read, among those `which` takes, gives way to a limit.
    pub fn lose(&mut self, clock_ms: u64, which: impl Fn(&Record) -> bool) {
        let Some(oldest) = self.alive_mut().find(|record| which(record)) else { return };
        let floor = oldest.retained.then_some(oldest.id);
        oldest.dies(if oldest.retained { Fate::Lost } else { Fate::Passed }, clock_ms);
        self.floors.extend(floor);
    }

    /// It is `clock_ms` (Unix).
    pub fn expire(&mut self, clock_ms: u64, bounds: &Bounds) {
        let mut floors = Vec::new();
        for record in self.alive_mut() {
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
        let living = &self.records[self.living_from..];
        self.living_from += living.iter().take_while(|record| record.fate != Fate::Alive).count();
    }
}
