//! Readers: who reads which channels from where.  Law: a reader has one cursor for all its channels and no queue;
//! an idle one owns nothing but its record and one record for each channel.

use super::presence::Parting;
use super::watching::Watch;
use super::{Channel, ChannelId, Hub};
use crate::base::arena::Arena;
use crate::base::id::Id;
use crate::base::list::{Linked, Links, List};
use crate::channel_name::ChannelName;
use crate::message::{ClientId, Cursor, MessageId};
use core::num::NonZeroU8;
use std::collections::{BTreeMap, HashSet};

/// Names a [`Reader`].
pub type ReaderId = Id<Reader>;
/// Names a [`Subscription`].
pub type SubscriptionId = Id<Subscription>;

/// The list of a channel's subscriptions.
pub enum ByChannel {}
/// The list of a reader's subscriptions.
pub enum ByReader {}

/// Whoever reads: a cursor over channels.
pub struct Reader {
    pub(super) owner: u64,
    pub(super) cursor: Cursor,
    pub(super) rare: Option<Box<Rare>>,
    pub(super) subscriptions: List<Subscription, ByReader>,
    pub(super) client: Option<ClientId>,
    /// The next reader of the same chain among the hub's clients.
    pub(super) next: u32,
    /// What its owner says of it: see [`Guest::tag`](super::Guest::tag).
    pub(super) tag: u8,
    /// Counts among the hub's clients: see [`Hub::introduce`].
    pub(super) is_introduced: bool,
    /// Waits in the hub's list of dirty readers.
    pub(super) is_dirty: bool,
}

/// What few readers need, and those for a short time.
#[derive(Default)]
pub(super) struct Rare {
    /// The position in a replay of channels that came later; meanwhile `cursor` stays where the replay ends.
    pub(super) replay: Option<Cursor>,
    /// Up to where this reader has those of its channels that say [`Mark::Ahead`].
    pub(super) ahead: BTreeMap<SubscriptionId, Cursor>,
    /// Up to here only retained messages are shown: who asks for history gets what is retained.
    pub(super) retained_only_until: MessageId,
    /// It is told who comes and goes.
    pub(super) watch: Option<Watch>,
}

/// One channel of one reader.
pub struct Subscription {
    /// Losses up to here are told, or none of this reader's concern.
    pub(super) told: MessageId,
    channel: u32,
    reader: u32,
    by_channel: Links,
    by_reader: Links,
    /// Unix milliseconds since when its client is present in the channel, in 48 bits.
    since_high: u16,
    since_low: u32,
    /// A bit for each [`Mark`], and one that is always set: a table tells by it which of its places are free, and
    /// needs no more for that.
    marks: NonZeroU8,
}

/// The bit of [`Subscription::marks`] that stands for nothing.
const UNMARKED: NonZeroU8 = NonZeroU8::new(128).expect("it is not 0");

/// What can be said of a subscription.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The reader may have more of this channel than its position says: see [`Rare::ahead`].
    Ahead = 1,
    /// What this reader had is unknown: a gap, whatever the floor.
    Lost = 2,
    /// The channel was closed; this is the only thing left to tell.
    Closed = 4,
    /// Takes part in the replay.
    Replayed = 8,
    /// Its client is present in the channel by it.
    Present = 16,
}

const _: () = assert!(size_of::<Reader>() + size_of::<Subscription>() <= 112, "an idle reader got heavier");

impl Subscription {
    pub(super) fn is(&self, mark: Mark) -> bool {
        self.marks.get() & mark as u8 != 0
    }

    pub(super) fn set(&mut self, mark: Mark, is_so: bool) {
        let others = self.marks.get() & !(mark as u8);
        self.marks = UNMARKED | others | if is_so { mark as u8 } else { 0 };
    }

    /// Since when its client is present in the channel, in Unix milliseconds.
    pub(super) fn since_ms(&self) -> u64 {
        (u64::from(self.since_high) << 32) | u64::from(self.since_low)
    }

    /// Its client is present, since then.
    pub(super) fn set_present(&mut self, since_ms: u64) {
        self.set(Mark::Present, true);
        (self.since_high, self.since_low) = ((since_ms >> 32) as u16, since_ms as u32);
    }

    pub(super) fn is_of(&self, channel: ChannelId) -> bool {
        self.channel as usize == channel.index()
    }

    pub(super) fn channel<'a>(&self, channels: &'a Arena<Channel>) -> Option<(ChannelId, &'a Channel)> {
        let index = self.channel as usize;
        Some((channels.id_at(index)?, channels.at(index)?))
    }

    /// Its reader's id.
    pub(super) fn reader(&self, readers: &Arena<Reader>) -> Option<ReaderId> {
        readers.id_at(self.reader as usize)
    }
}

impl Linked<ByChannel> for Subscription {
    fn links(&self) -> &Links {
        &self.by_channel
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.by_channel
    }
}

impl Linked<ByReader> for Subscription {
    fn links(&self) -> &Links {
        &self.by_reader
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.by_reader
    }
}

/// Why a subscription was refused. Nothing was changed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SubscribeError {
    /// Every channel asked for is closed.
    AllClosed,
    /// The server holds as many channels as it may.
    ChannelLimit,
    /// The reader has as many channels as it may.
    SubscriptionLimit,
}

impl SubscribeError {
    /// The answer, except that streams tell `AllClosed` by 204.
    pub fn status(self) -> u16 {
        match self {
            Self::AllClosed => 410,
            Self::ChannelLimit => 503,
            Self::SubscriptionLimit => 429,
        }
    }

    /// What was wrong and what would be right.
    pub fn detail(self) -> &'static str {
        match self {
            Self::AllClosed => "the channel was deleted; it opens again when someone publishes",
            Self::ChannelLimit => "the server holds as many channels as it may; try again later",
            Self::SubscriptionLimit => {
                "one connection may not have that many channels; use several connections"
            }
        }
    }
}

impl Hub {
    /// Refuses, or says which of `names`, each once, `reader` does not have yet. It will have `gone` channels less than
    /// it has.
    pub(super) fn admit<'n>(
        &self,
        reader: Option<ReaderId>,
        gone: usize,
        names: &'n [ChannelName],
        unix_ms: u64,
    ) -> Result<Vec<&'n str>, SubscribeError> {
        let has = reader.map_or(0, |id| self.channel_count(id) - gone);
        let mut fresh: Vec<&str> = Vec::new();
        // One command may have a hundred thousand names: each is looked at once, and no more of them than count.
        let mut seen = HashSet::new();
        let mut has_old = false;
        for name in names.iter().map(|name| &**name).filter(|name| seen.insert(*name)) {
            if reader.is_some_and(|id| self.find(id, name).is_some()) {
                has_old = true;
                continue;
            }
            fresh.push(name);
            if has + fresh.len() > self.limits.max_subscriptions {
                return Err(SubscribeError::SubscriptionLimit);
            }
        }
        if !fresh.is_empty() && !has_old && fresh.iter().all(|name| self.is_closed(name, unix_ms)) {
            return Err(SubscribeError::AllClosed);
        }
        let new = fresh.iter().filter(|name| !self.names.contains_key(**name)).count();
        match new > 0 && !self.has_room_for_new(new) {
            true => Err(SubscribeError::ChannelLimit),
            false => Ok(fresh),
        }
    }

    /// Subscribes `reader` to `name`, with nothing seen.
    pub(super) fn link(&mut self, reader: ReaderId, name: &str, unix_ms: u64) -> SubscriptionId {
        let is_closed = self.is_closed(name, unix_ms);
        let channel = self.open(name);
        let mut subscription = Subscription {
            told: MessageId::ZERO,
            channel: channel.index() as u32,
            reader: reader.index() as u32,
            by_channel: Links::default(),
            by_reader: Links::default(),
            since_high: 0,
            since_low: 0,
            marks: UNMARKED,
        };
        subscription.set(Mark::Closed, is_closed);
        let id = self.subscriptions.insert(subscription);
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.subscribers.push_back(&mut self.subscriptions, id);
        }
        if let Some(reader) = self.readers.get_mut(reader) {
            reader.subscriptions.push_back(&mut self.subscriptions, id);
        }
        id
    }

    /// Ends a subscription, and its channel if nobody needs it any more.
    pub(super) fn unlink(&mut self, id: SubscriptionId) {
        self.depart(id, Parting::AtOnce);
        let Some(subscription) = self.subscriptions.get(id) else { return };
        let (channel, reader) = (subscription.channel as usize, subscription.reader as usize);
        if let Some(reader) = self.readers.id_at(reader) {
            self.unwatch_at(reader, id);
        }
        if let Some(channel) = self.channels.at_mut(channel) {
            channel.subscribers.remove(&mut self.subscriptions, id);
        }
        if let Some(reader) = self.readers.at_mut(reader) {
            reader.subscriptions.remove(&mut self.subscriptions, id);
            if let Some(rare) = &mut reader.rare {
                rare.ahead.remove(&id);
            }
        }
        self.subscriptions.remove(id);
        if let Some(channel) = self.channels.id_at(channel) {
            self.settle(channel);
        }
    }

    /// The subscription of `reader` to the channel `name`.
    pub(super) fn find(&self, reader: ReaderId, name: &str) -> Option<SubscriptionId> {
        let channel = self.channels.get(*self.names.get(name)?)?;
        let (id, reader) = (reader, self.readers.get(reader)?);
        // Most readers have few channels, and most channels more readers than that; but nobody may count on it.
        if channel.subscribers.len() < reader.subscriptions.len() {
            let mut all = channel.subscribers.iter(&self.subscriptions);
            return all.find(|(_, one)| one.reader(&self.readers) == Some(id)).map(|(id, _)| id);
        }
        let mut mine = reader.subscriptions.iter(&self.subscriptions);
        mine.find(|(_, subscription)| {
            subscription.channel(&self.channels).is_some_and(|(_, other)| core::ptr::eq(other, channel))
        })
        .map(|(id, _)| id)
    }

    /// Was the channel deleted, and nothing published since?
    pub(super) fn is_closed(&self, name: &str, unix_ms: u64) -> bool {
        let channel = self.names.get(name).and_then(|id| self.channels.get(*id));
        let until_ms = channel.map_or_else(|| self.floors.get(name).closed_until_ms, |c| c.closed_until_ms);
        until_ms > unix_ms.max(self.clock_ms)
    }

    /// Frees the reader, its subscriptions, and the channels that nobody needs any more. Its client has left them, and
    /// if it has no other reader, nothing is remembered of it.
    pub fn leave(&mut self, reader: ReaderId) {
        while let Some(state) = self.readers.get(reader)
            && let Some(first) = state.subscriptions.first(&self.subscriptions)
        {
            self.unlink(first);
        }
        if let Some(client) = self.unlist(reader) {
            self.forget(client);
        }
        self.readers.remove(reader);
    }

    /// Takes one channel from the reader; `false` if it did not have it.
    pub fn remove(&mut self, reader: ReaderId, channel: &str) -> bool {
        let found = self.find(reader, channel);
        found.inspect(|id| self.unlink(*id)).is_some()
    }

    /// What the reader's owner said it was when it subscribed; `None` once it left.
    pub fn owner(&self, reader: ReaderId) -> Option<u64> {
        self.readers.get(reader).map(|state| state.owner)
    }

    /// Who reads.
    pub fn client(&self, reader: ReaderId) -> Option<ClientId> {
        self.readers.get(reader)?.client
    }

    /// From where to read on: the committed position, which is that of the replay while there is one.
    pub fn cursor(&self, reader: ReaderId) -> Cursor {
        let Some(state) = self.readers.get(reader) else { return self.newest };
        state.replay().unwrap_or(state.cursor)
    }

    /// Where the reader stands in channels that are read as they come; a replay goes on behind it.
    pub fn settled_cursor(&self, reader: ReaderId) -> Cursor {
        self.readers.get(reader).map_or(self.newest, |state| state.cursor)
    }

    /// Is there a gap to be told?
    pub fn has_lost(&self, reader: ReaderId) -> bool {
        self.readers.get(reader).is_some_and(|state| self.has_gap(state))
    }

    /// Has the reader this channel?
    pub fn has_channel(&self, reader: ReaderId, channel: &str) -> bool {
        self.find(reader, channel).is_some()
    }

    /// The names of the reader's channels, in the order in which it subscribed.
    pub fn channels(&self, reader: ReaderId) -> impl Iterator<Item = &str> {
        let subscriptions =
            self.readers.get(reader).map(|state| state.subscriptions.iter(&self.subscriptions));
        let channels = subscriptions.into_iter().flatten();
        let names =
            channels.filter_map(|(_, subscription)| Some(&*subscription.channel(&self.channels)?.1.name));
        names.filter(|name| ChannelName::own_suffix(name).is_none())
    }

    /// How many channels the reader has.
    pub fn channel_count(&self, reader: ReaderId) -> usize {
        let all = self.readers.get(reader).map_or(0, |state| state.subscriptions.len() as usize);
        all - usize::from(self.own_subscription(reader).is_some())
    }
}

impl Reader {
    /// What the reader has of one of its channels when it is at `from`.
    pub(super) fn position(&self, id: SubscriptionId, subscription: &Subscription, from: Cursor) -> Cursor {
        let rare = self.rare.as_ref().filter(|_| subscription.is(Mark::Ahead));
        rare.and_then(|rare| rare.ahead.get(&id)).map_or(from, |ahead| from.max(*ahead))
    }

    /// Frees what is rarely needed, once nothing in it says more than the cursor.
    pub(super) fn settle(&mut self) {
        let cursor = self.cursor;
        let is_needed = |rare: &Rare| {
            let is_ahead = || rare.ahead.values().any(|ahead| *ahead > cursor);
            rare.replay.is_some() || rare.watch.is_some() || rare.retained_only_until > cursor || is_ahead()
        };
        self.rare.take_if(|rare| !is_needed(rare));
    }

    pub(super) fn replay(&self) -> Option<Cursor> {
        self.rare.as_ref()?.replay
    }
}
