//! The log of one channel: messages in the order of their ids, and the floor below which some were lost.
//! Law: every retained message was kept, replaced, past its ttl, or lost with the floor raised to its id.
//! Knows neither readers nor other channels.

use super::Limits;
use crate::limits::{RECORD_BYTES, UNRETAINED_MS};
use crate::message::{ClientId, Message, MessageId};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

/// A place in the log. The dead keep theirs until they outnumber the living, so that no death moves a message.
#[derive(Debug)]
pub(super) enum Slot {
    Live(Message),
    Dead(MessageId),
}

impl Slot {
    pub(super) fn id(&self) -> MessageId {
        match self {
            Slot::Live(message) => message.id,
            Slot::Dead(id) => *id,
        }
    }

    pub(super) fn live(&self) -> Option<&Message> {
        match self {
            Slot::Live(message) => Some(message),
            Slot::Dead(_) => None,
        }
    }
}

/// The living messages of one kind, retained or not.
#[derive(Default)]
struct Tally {
    count: usize,
    bytes: usize,
    /// No living message of this kind stands before this place, counted like [`Log::first_place`].
    search_from: u64,
}

/// What few channels need.
#[derive(Default)]
struct Rare {
    /// Expiry (Unix ms) and id of each living message with a ttl.
    expiring: BTreeSet<(u64, MessageId)>,
    /// Key and audience of each living message with a key.
    keys: HashMap<(Rc<str>, Option<ClientId>), MessageId>,
}

/// One channel's messages.
pub(super) struct Log {
    /// Ascending by id; the first is live.
    slots: VecDeque<Slot>,
    /// How many slots ever left at the front: the place of `slots[0]`.
    first_place: u64,
    dead: usize,
    floor: MessageId,
    retained: Tally,
    unretained: Tally,
    rare: Option<Box<Rare>>,
}

/// Bytes that `message` counts against the limits: payload, names and record.
pub(super) fn cost(message: &Message) -> usize {
    let text = |text: &Option<Rc<str>>| text.as_ref().map_or(0, |text| text.len());
    RECORD_BYTES + message.data.len() + text(&message.event) + text(&message.media_type) + text(&message.key)
}

impl Log {
    pub(super) fn new(floor: MessageId) -> Self {
        Log {
            slots: VecDeque::new(),
            first_place: 0,
            dead: 0,
            floor,
            retained: Tally::default(),
            unretained: Tally::default(),
            rare: None,
        }
    }

    /// The id of the newest message lost to a limit or a deletion.
    pub(super) fn floor(&self) -> MessageId {
        self.floor
    }

    /// Bytes of all living messages.
    pub(super) fn bytes(&self) -> usize {
        self.retained.bytes + self.unretained.bytes
    }

    /// How many messages live.
    pub(super) fn len(&self) -> usize {
        self.retained.count + self.unretained.count
    }

    /// The newest living message.
    pub(super) fn newest(&self) -> Option<MessageId> {
        self.slots.iter().rev().filter_map(Slot::live).map(|message| message.id).next()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The oldest living message.
    pub(super) fn oldest(&self) -> Option<MessageId> {
        self.slots.front().map(Slot::id)
    }

    pub(super) fn slots(&self) -> &VecDeque<Slot> {
        &self.slots
    }

    /// The index of the first slot after `position`; the length if there is none.
    pub(super) fn index_after(&self, position: MessageId) -> usize {
        // Most readers are up to date, or one message behind.
        let len = self.slots.len();
        match self.slots.back() {
            None => 0,
            Some(last) if last.id() <= position => len,
            Some(_) if len == 1 || self.slots[len - 2].id() <= position => len - 1,
            Some(_) => self.slots.partition_point(|slot| slot.id() <= position),
        }
    }

    /// Appends `message`, whose id is greater than all before it, and lets go what the channel's limits ask for.
    pub(super) fn append(&mut self, message: Message, limits: &Limits) {
        debug_assert!(self.slots.back().is_none_or(|last| last.id() < message.id), "ids ascend");
        self.index(&message);
        let tally = if message.retained { &mut self.retained } else { &mut self.unretained };
        tally.count += 1;
        tally.bytes += cost(&message);
        self.slots.push_back(Slot::Live(message));
        self.trim(limits);
        self.tidy();
    }

    /// Replaces the message with the same key, and notes key and ttl.
    fn index(&mut self, message: &Message) {
        if message.retained
            && let Some(key) = &message.key
        {
            let keys = &mut self.rare.get_or_insert_default().keys;
            if let Some(replaced) = keys.insert((key.clone(), message.except), message.id) {
                self.kill_id(replaced);
            }
        }
        if message.expires_unix_ms != u64::MAX {
            let expiring = &mut self.rare.get_or_insert_default().expiring;
            expiring.insert((message.expires_unix_ms, message.id));
        }
    }

    /// Count and bytes; the newest of either kind stays, or those who listen would never see it.
    fn trim(&mut self, limits: &Limits) {
        while self.retained.count > 1
            && (self.retained.count > limits.retain_messages || self.retained.bytes > limits.retain_bytes)
        {
            self.lose_oldest(true);
        }
        while self.unretained.count > 1 && self.unretained.bytes > limits.retain_bytes {
            self.lose_oldest(false);
        }
    }

    /// Lets go what is past its time at `clock_ms`: ttl first, for what is past its ttl is not lost.
    pub(super) fn expire(&mut self, clock_ms: u64, limits: &Limits) {
        while let Some((due_ms, id)) = self.next_ttl()
            && due_ms <= clock_ms
        {
            self.kill_id(id);
        }
        while self.oldest_due(false, UNRETAINED_MS).is_some_and(|due_ms| due_ms <= clock_ms) {
            self.lose_oldest(false);
        }
        while self.oldest_due(true, limits.retain_age_ms).is_some_and(|due_ms| due_ms <= clock_ms) {
            self.lose_oldest(true);
        }
        self.tidy();
    }

    /// When [`Log::expire`] has something to do, in Unix milliseconds.
    pub(super) fn next_due(&mut self, limits: &Limits) -> Option<u64> {
        let ttl = self.next_ttl().map(|(due_ms, _)| due_ms);
        let unretained = self.oldest_due(false, UNRETAINED_MS);
        let retained = self.oldest_due(true, limits.retain_age_ms);
        [ttl, unretained, retained].into_iter().flatten().min()
    }

    fn next_ttl(&self) -> Option<(u64, MessageId)> {
        self.rare.as_ref()?.expiring.first().copied()
    }

    fn oldest_due(&mut self, retained: bool, age_ms: u64) -> Option<u64> {
        let index = self.oldest_index(retained)?;
        Some(self.slots[index].id().ms.saturating_add(age_ms))
    }

    /// Where the oldest living message of a kind stands. Each search goes on where the last one stopped.
    fn oldest_index(&mut self, retained: bool) -> Option<usize> {
        let tally = if retained { &mut self.retained } else { &mut self.unretained };
        if tally.count == 0 {
            return None;
        }
        let from = tally.search_from.saturating_sub(self.first_place) as usize;
        let is_it = |slot: &Slot| slot.live().is_some_and(|message| message.retained == retained);
        let index = from + self.slots.range(from..).position(is_it)?;
        tally.search_from = self.first_place + index as u64;
        Some(index)
    }

    /// Lets go the oldest message of a kind; a retained one raises the floor.
    fn lose_oldest(&mut self, retained: bool) {
        if let Some(index) = self.oldest_index(retained) {
            self.lose(index);
        }
    }

    /// Lets go the oldest message of all, for the sake of other channels.
    pub(super) fn lose_first(&mut self) {
        if !self.slots.is_empty() {
            self.lose(0);
            self.tidy();
        }
    }

    fn lose(&mut self, index: usize) {
        let id = self.slots[index].id();
        if self.slots[index].live().is_some_and(|message| message.retained) {
            self.floor = self.floor.max(id);
        }
        self.kill(index);
    }

    /// Drops everything, as a deletion does.
    pub(super) fn clear(&mut self) {
        let newest = self.slots.iter().rev().filter_map(Slot::live).find(|message| message.retained);
        let lost = newest.map_or(self.floor, |message| message.id);
        *self = Log::new(self.floor.max(lost));
    }

    /// Takes a message away that nobody is to be shown any more; it is not lost.
    pub(super) fn remove(&mut self, id: MessageId) {
        self.kill_id(id);
        self.tidy();
    }

    fn kill_id(&mut self, id: MessageId) {
        if let Ok(index) = self.slots.binary_search_by_key(&id, Slot::id) {
            self.kill(index);
        }
    }

    /// Frees a living message, leaving its place.
    fn kill(&mut self, index: usize) {
        let id = self.slots[index].id();
        let Slot::Live(message) = core::mem::replace(&mut self.slots[index], Slot::Dead(id)) else { return };
        let tally = if message.retained { &mut self.retained } else { &mut self.unretained };
        tally.count -= 1;
        tally.bytes -= cost(&message);
        self.dead += 1;
        let Some(rare) = &mut self.rare else { return };
        rare.expiring.remove(&(message.expires_unix_ms, id));
        if let Some(key) = message.key {
            let name = (key, message.except);
            if rare.keys.get(&name) == Some(&id) {
                rare.keys.remove(&name);
            }
        }
    }

    /// Takes the dead away at the front, and everywhere once they outnumber the living; gives memory back.
    fn tidy(&mut self) {
        while let Some(Slot::Dead(_)) = self.slots.front() {
            self.slots.pop_front();
            self.first_place += 1;
            self.dead -= 1;
        }
        if self.dead > self.len() + 16 {
            self.slots.retain(|slot| slot.live().is_some());
            self.dead = 0;
            self.retained.search_from = self.first_place;
            self.unretained.search_from = self.first_place;
        }
        if self.slots.len() < self.slots.capacity() / 4 {
            self.slots.shrink_to(self.slots.len() * 2);
        }
        if self.rare.as_ref().is_some_and(|rare| rare.expiring.is_empty() && rare.keys.is_empty()) {
            self.rare = None;
        }
    }
}
