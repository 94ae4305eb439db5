//! The hub: channels as logs, readers as cursors. Committed entries go in by [`Hub::apply`] in journal order;
//! whoever became dirty comes out by [`Hub::poll_dirty`] and reads with [`Hub::next`].
//! Law: a reader gets every message that it may see once and in order, or a gap notice exactly where retention
//! cut.  Knows nothing of bytes on a wire, connections or clocks: time is an argument.

mod asking;
mod asks;
mod channel;
mod clients;
mod comings;
mod dedup;
mod floors;
mod listing;
mod log;
mod own_log;
mod presence;
mod reader;
mod reading;
mod retention;
mod start;
#[cfg(test)]
mod tests;
mod watching;

pub use asks::{Ask, AskError, AskState};
pub use channel::Channel;
pub use clients::{ClientReaderLimit, Guest, Known};
pub use comings::Coming;
pub use listing::{Listed, Listing, Wanted};
pub use presence::Present;
pub use reader::{Reader, ReaderId, SubscribeError, Subscription, SubscriptionId};
pub use reading::{Iter, Messages, Next, Run, Told};
pub use watching::News;

use crate::base::arena::Arena;
use crate::base::id::Id;
use crate::limits::Settings;
use crate::message::{AskerId, Command, Cursor, Draft, Entry, Message, MessageId, Question, RepeatKey};
use asks::Asks;
use clients::Clients;
use dedup::{Repeats, Seen};
use floors::{Dropped, Floors};
use presence::Presence;
use reader::Mark;
use retention::Totals;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use watching::Watching;

/// Names a [`Channel`].
pub type ChannelId = Id<Channel>;

/// What the hub keeps within.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Messages retained in a channel, at least one.
    pub retain_messages: usize,
    /// Payload and record bytes retained in a channel; one message is kept also if it is larger.
    pub retain_bytes: usize,
    /// Milliseconds a message is retained.
    pub retain_age_ms: u64,
    /// Bytes of all channels together, retained or not.
    pub retain_total: usize,
    /// Channels that subscriptions may bring about.
    pub max_channels: usize,
    /// Channels of one reader.
    pub max_subscriptions: usize,
    /// Milliseconds for which a client that was lost has not left.
    pub presence_grace_ms: u64,
    /// Milliseconds for which a client without readers is remembered.
    pub session_grace_ms: u64,
    /// Clients that are remembered, and in how many channels they are all together.
    pub max_remembered: usize,
    /// Open questions, and as many that ended and are remembered.
    pub max_asks: usize,
}

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        Limits {
            retain_messages: settings.retain_messages,
            retain_bytes: settings.retain_bytes,
            retain_age_ms: settings.retain_age_ms,
            retain_total: settings.retain_total,
            max_channels: settings.max_channels,
            max_subscriptions: settings.max_subscriptions,
            presence_grace_ms: settings.presence_grace_ms,
            session_grace_ms: settings.session_grace_ms,
            max_remembered: settings.max_remembered,
            max_asks: settings.max_asks,
        }
    }
}

/// Where a reader begins.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what comes next.
    Now,
    /// With the oldest retained message.
    Beginning,
    /// After this cursor; one beyond the newest id counts as lost.
    After(Cursor),
    /// The cursor cannot be read: a gap in every channel, then all that is retained.
    Lost,
    /// With so many of the newest retained messages, counted over all channels.
    Last(usize),
    /// With everything at this time (Unix milliseconds) or after.
    Time(u64),
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was done.
    Done(Receipt),
    /// It was done before and was not done again; this is the first answer.
    Repeated(Receipt),
    /// Another request had the same idempotency key; this one was not done (422).
    Mismatch,
    /// The question that it was about can be neither answered nor withdrawn.
    Late(AskError),
}

/// What an entry brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The id of each command, in order.
    pub ids: Box<[MessageId]>,
    /// Who listened to the channel of the first command.
    pub subscribers: u32,
    /// The question that the first command asked.
    pub asker: Option<AskerId>,
}

/// All channels and all readers of a node.
pub struct Hub {
    limits: Limits,
    newest: MessageId,
    /// The latest time that was heard of: in the ids of entries, or by [`Hub::tick`].
    clock_ms: u64,
    names: HashMap<Rc<str>, ChannelId>,
    channels: Arena<Channel>,
    /// How many of the channels are own logs of clients: there are no more of them than clients.
    own_logs: usize,
    readers: Arena<Reader>,
    subscriptions: Arena<Subscription>,
    clients: Clients,
    presence: Presence,
    watching: Watching,
    floors: Floors,
    totals: Totals,
    repeats: Repeats,
    asks: Asks,
    /// Channels whose readers are to be marked dirty.
    touched: VecDeque<ChannelId>,
    dirty: VecDeque<ReaderId>,
}

impl Hub {
    /// A hub without channels, whose channels lost everything up to `common_floor`.
    pub fn new(limits: Limits, common_floor: MessageId) -> Hub {
        Hub {
            limits,
            newest: common_floor,
            clock_ms: 0,
            names: HashMap::new(),
            channels: Arena::default(),
            own_logs: 0,
            readers: Arena::default(),
            subscriptions: Arena::default(),
            clients: Clients::default(),
            presence: Presence::default(),
            watching: Watching::default(),
            floors: Floors::new(common_floor),
            totals: Totals::default(),
            repeats: Repeats::default(),
            asks: Asks::default(),
            touched: VecDeque::new(),
            dirty: VecDeque::new(),
        }
    }

    /// The newest id applied: the position of whoever has read everything.
    pub fn newest(&self) -> MessageId {
        self.newest
    }

    /// Carries out an entry; entries come in the order of their ids. Whoever reads a channel that changed comes
    /// out of [`Hub::poll_dirty`], once, however many entries are applied before that.
    pub fn apply(&mut self, entry: Entry) -> Applied {
        let ids: Box<[MessageId]> = entry.commands.iter().map(|(id, _)| *id).collect();
        self.newest = ids.last().map_or(self.newest, |last| self.newest.max(*last));
        let now_ms = ids.first().map_or(self.newest.ms, |first| first.ms);
        self.tick(now_ms);
        match entry.repeat.as_ref().map_or(Seen::Never, |key| self.repeats.look_up(key, now_ms)) {
            Seen::Never => {}
            Seen::Different => return Applied::Mismatch,
            Seen::Done(receipt) => return Applied::Repeated(receipt),
        }
        let first = entry.commands.first().map(|(_, command)| command);
        let subscribers = first.map_or(0, |command| self.subscribers_of(command));
        let asker = first.and_then(|command| match command {
            Command::Ask(question) => Some(question.asker),
            Command::Publish(_) | Command::Delete(_) | Command::Answer(..) | Command::Withdraw(_) => None,
        });
        for (id, command) in entry.commands {
            if let Err(late) = self.carry_out(id, command) {
                return Applied::Late(late);
            }
        }
        let receipt = Receipt { ids, subscribers, asker };
        if let Some(key) = &entry.repeat {
            self.repeats.remember(key, now_ms, receipt.clone());
        }
        Applied::Done(receipt)
    }

    fn carry_out(&mut self, id: MessageId, command: Command) -> Result<(), AskError> {
        match command {
            Command::Publish(draft) => {
                let channel = draft.channel.clone();
                match Hub::own_log_of(&channel) {
                    Some(client) => self.send(id, client, draft),
                    None => self.append(&channel, message(id, draft)),
                }
            }
            Command::Delete(channel) => self.delete(id, &channel),
            Command::Ask(question) => self.ask(id, question),
            Command::Answer(ask, answer) => self.end_ask(id, ask, AskState::Answered(answer))?,
            Command::Withdraw(asker) => {
                let ask = self.asks.of(asker).ok_or(AskError::Unknown)?.ask;
                self.end_ask(id, ask, AskState::Withdrawn)?;
            }
        }
        Ok(())
    }

    fn subscribers_of(&self, command: &Command) -> u32 {
        match command {
            Command::Publish(draft) | Command::Ask(Question { draft, .. }) => {
                match Hub::own_log_of(&draft.channel) {
                    Some(client) => self.owners(client).count() as u32,
                    None => self.subscribers(&draft.channel),
                }
            }
            Command::Delete(channel) => self.subscribers(channel),
            Command::Answer(..) | Command::Withdraw(_) => 0,
        }
    }

    /// Appends a message to the channel `name`, which is open from then on.
    fn append(&mut self, name: &str, message: Message) {
        let id = message.id;
        let channel_id = self.open(name);
        let Some(channel) = self.channels.get_mut(channel_id) else { return };
        channel.closed_until_ms = 0;
        channel.log.append(message, &self.limits);
        self.settle(channel_id);
        self.keep_within_total(id);
        self.touch(channel_id);
    }

    fn delete(&mut self, id: MessageId, name: &str) {
        self.withdraw_all(name);
        self.let_channel_go(name);
        let closed_until_ms = id.ms.saturating_add(self.limits.retain_age_ms);
        let Some(channel_id) = self.names.get(name).copied() else {
            let floor = self.floors.get(name).floor;
            return self.floors.put(name.into(), Dropped { floor, closed_until_ms });
        };
        let Some(channel) = self.channels.get_mut(channel_id) else { return };
        channel.log.clear();
        channel.closed_until_ms = closed_until_ms;
        let readers: Vec<_> = channel.subscribers.iter(&self.subscriptions).map(|(id, _)| id).collect();
        for subscription in readers {
            if let Some(subscription) = self.subscriptions.get_mut(subscription) {
                subscription.set(Mark::Closed, true);
            }
        }
        self.touch(channel_id);
        self.settle(channel_id);
    }

    /// Notes that a channel's readers are to be marked dirty: once for all that happens before they are asked for.
    fn touch(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(id) else { return };
        if !channel.is_touched && !channel.subscribers.is_empty() {
            channel.is_touched = true;
            self.touched.push_back(id);
        }
    }

    /// The next reader that has something new to look at; each once until something new happens.
    pub fn poll_dirty(&mut self) -> Option<ReaderId> {
        self.stir();
        // All of them first: who reads two of the channels comes out once.
        while let Some(channel) = self.touched.pop_front() {
            self.mark_readers(channel);
        }
        while let Some(id) = self.dirty.pop_front() {
            if let Some(reader) = self.readers.get_mut(id) {
                reader.is_dirty = false;
                return Some(id);
            }
        }
        None
    }

    fn mark_readers(&mut self, channel: ChannelId) {
        let Some(channel) = self.channels.get_mut(channel) else { return };
        channel.is_touched = false;
        for (_, subscription) in channel.subscribers.iter(&self.subscriptions) {
            let Some(id) = subscription.reader(&self.readers) else { continue };
            let Some(reader) = self.readers.get_mut(id) else { continue };
            if !core::mem::replace(&mut reader.is_dirty, true) {
                self.dirty.push_back(id);
            }
        }
    }

    /// May someone publish to all `channels` without making more of them than there may be? To be asked before the
    /// journal is: what it has committed is applied in any case.
    pub fn has_room_for<'a>(&self, channels: impl Iterator<Item = &'a str>) -> bool {
        let counts =
            |channel: &&str| Hub::own_log_of(channel).is_none() && !self.names.contains_key(*channel);
        let new: HashSet<&str> = channels.filter(counts).collect();
        new.is_empty() || self.has_room_for_new(new.len())
    }

    /// May there be `count` channels more? The own logs of clients do not count.
    fn has_room_for_new(&self, count: usize) -> bool {
        self.channels.len() - self.own_logs + count <= self.limits.max_channels
    }

    /// Is this a request that was done before? Then it brings about nothing more, and needs no room.
    pub fn is_repeat(&self, key: &RepeatKey) -> bool {
        self.repeats.knows(key)
    }

    /// How many readers the channel has.
    pub fn subscribers(&self, channel: &str) -> u32 {
        let channel = self.names.get(channel).and_then(|id| self.channels.get(*id));
        channel.map_or(0, |channel| channel.subscribers.len())
    }

    /// How many channels there are.
    pub fn channel_total(&self) -> usize {
        self.channels.len()
    }

    /// How many of them are own logs of clients.
    pub fn own_log_total(&self) -> usize {
        self.own_logs
    }

    /// How many readers there are.
    pub fn reader_total(&self) -> usize {
        self.readers.len()
    }

    /// How many channels all readers have together.
    pub fn subscription_total(&self) -> usize {
        self.subscriptions.len()
    }

    /// Bytes of all channels: payload, names and records, and what an empty channel counts.
    pub fn retained_bytes(&self) -> usize {
        self.totals.bytes
    }
}

/// What a draft becomes with its id.
fn message(id: MessageId, draft: Draft) -> Message {
    let expires = |ttl_s: u64| id.ms.saturating_add(ttl_s.saturating_mul(1000));
    Message {
        id,
        event: draft.event.map(Rc::from),
        data: Rc::from(draft.data),
        format: draft.format,
        spread: draft.spread,
        media_type: draft.media_type.map(Rc::from),
        except: draft.except,
        retained: draft.retain,
        key: draft.key.map(Rc::from),
        expires_unix_ms: draft.ttl_s.map_or(u64::MAX, expires),
        ask: None,
    }
}
