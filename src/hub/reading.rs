//! Reading: what comes next for a reader at a position.  Law: over all its channels a reader gets every message
//! that it may see once and in the order of ids, and is told of a gap exactly where a floor lies above its position.

use super::channel::Channel;
use super::log::{Log, Slot};
use super::reader::{Mark, Reader, ReaderId, Subscription, SubscriptionId};
use super::{ChannelId, Hub};
use crate::channel_name::ChannelName;
use crate::limits::CHUNK_BYTES_MAX;
use crate::message::{AskEnd, AskId, AskRole, ClientId, Cursor, Message, MessageId};
use std::collections::vec_deque;

/// Messages in one run: a reader that is far behind leaves its turn to others before long.
const RUN_MESSAGES_MAX: usize = 1024;
/// Payload bytes in one run, from which on no further message is added.
const RUN_BYTES_MAX: usize = 4 * CHUNK_BYTES_MAX;

/// What comes next for a reader.
#[derive(Debug)]
pub enum Next<'a> {
    /// Messages of `channel` after `after` are lost; what is retained begins after `resumes`. `after` is 0-0 if
    /// what the reader had is unknown. It comes again until it is acknowledged.
    Gap {
        /// To acknowledge it by.
        subscription: SubscriptionId,
        /// The channel that lost messages.
        channel: &'a str,
        /// What the reader has of the channel.
        after: Cursor,
        /// The channel's floor.
        resumes: MessageId,
    },
    /// The channel was deleted. It comes again until it is acknowledged, which ends the subscription.
    Closed {
        /// To acknowledge it by.
        subscription: SubscriptionId,
        /// The channel that was deleted.
        channel: &'a str,
    },
    /// Messages; read on from the last one's id.
    Run(Run<'a>),
    /// A question ended. Nothing of it need be told again once this is acknowledged.
    Withdrawn {
        /// To acknowledge it by: the entry that ended it.
        id: MessageId,
        /// The question.
        ask: AskId,
        /// How it ended.
        end: AskEnd,
    },
    /// The replay of added channels is over. Commit up to here, acknowledge it, and read on from `cursor`.
    ReplayEnd {
        /// Where the reader stands in all its channels.
        cursor: Cursor,
    },
    /// Everything was read: the position is [`Hub::newest`].
    Idle,
}

/// What [`Next`] showed besides messages, to be handed to [`Hub::acknowledge`].
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A gap up to `resumes`.
    Gap {
        /// In which channel of which reader.
        subscription: SubscriptionId,
        /// The floor that was told.
        resumes: MessageId,
    },
    /// A channel was closed.
    Closed(SubscriptionId),
    /// A question ended, by this entry.
    Withdrawn(MessageId),
    /// A replay ended.
    ReplayEnd,
}

impl Next<'_> {
    /// What to acknowledge once it was told; `None` for messages and for nothing.
    pub fn told(&self) -> Option<Told> {
        match self {
            Next::Gap { subscription, resumes, .. } => {
                Some(Told::Gap { subscription: *subscription, resumes: *resumes })
            }
            Next::Closed { subscription, .. } => Some(Told::Closed(*subscription)),
            Next::Withdrawn { id, .. } => Some(Told::Withdrawn(*id)),
            Next::ReplayEnd { .. } => Some(Told::ReplayEnd),
            Next::Run(_) | Next::Idle => None,
        }
    }
}

/// A piece of one channel's log without anything in between that this reader may not see.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// The channel, for tables that are kept beside the hub.
    pub channel: ChannelId,
    /// Its name.
    pub name: &'a str,
    /// What it holds, ascending.
    pub messages: Messages<'a>,
    /// Part of the backlog of a channel that was added.
    pub replay: bool,
}

/// The messages of a [`Run`]: at least one.
#[derive(Clone, Debug)]
pub struct Messages<'a>(Iter<'a>);

impl<'a> Messages<'a> {
    /// The oldest.
    pub fn first(&self) -> Option<&'a Message> {
        self.iter().next()
    }

    /// The newest.
    pub fn last(&self) -> Option<&'a Message> {
        self.iter().next_back()
    }

    /// How many there are, at least one.
    #[expect(clippy::len_without_is_empty, reason = "a run is never empty")]
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// All of them, ascending.
    pub fn iter(&self) -> Iter<'a> {
        self.0.clone()
    }
}

impl<'a> IntoIterator for Messages<'a> {
    type Item = &'a Message;
    type IntoIter = Iter<'a>;
    fn into_iter(self) -> Iter<'a> {
        self.0
    }
}

/// The messages of a run, from both ends.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    /// May hold the dead in between, but begins and ends with the living.
    slots: vec_deque::Iter<'a, Slot>,
    len: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Message;
    fn next(&mut self) -> Option<&'a Message> {
        let message = self.slots.find_map(Slot::live)?;
        self.len -= 1;
        Some(message)
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let message = self.slots.by_ref().rev().find_map(Slot::live)?;
        self.len -= 1;
        Some(message)
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// What a reader may see at a time.
#[derive(Copy, Clone)]
pub(super) struct View {
    unix_ms: u64,
    client: Option<ClientId>,
    retained_only_until: MessageId,
    until: MessageId,
}

impl View {
    pub(super) fn of(reader: &Reader, unix_ms: u64, until: MessageId) -> Self {
        // A replay begins at a cursor, whatever the reader began with.
        let history = reader.rare.as_ref().filter(|rare| rare.replay.is_none());
        let until_of_history = history.map(|rare| rare.retained_only_until);
        let retained_only_until = until_of_history.filter(|id| *id > reader.cursor).unwrap_or_default();
        View { unix_ms, client: reader.client, retained_only_until, until }
    }

    fn shows(self, message: &Message) -> bool {
        message.expires_unix_ms > self.unix_ms
            && message.id <= self.until
            && (message.retained || message.id > self.retained_only_until)
            && (message.except.is_none() || message.except != self.client)
    }
}

impl Log {
    /// Everything in `view`, in order.
    pub(super) fn visible(&self, view: View) -> impl DoubleEndedIterator<Item = MessageId> {
        self.slots()
            .iter()
            .filter_map(Slot::live)
            .filter(move |message| view.shows(message))
            .map(|message| message.id)
    }

    /// The first message after `position` in `view`: its index and id.
    fn first_visible(&self, position: Cursor, view: View) -> Option<(usize, MessageId)> {
        let from = self.index_after(position);
        let mut slots = self.slots().range(from..).enumerate();
        slots.find_map(|(ahead, slot)| {
            let message = slot.live().filter(|message| view.shows(message))?;
            Some((from + ahead, message.id))
        })
    }

    /// The end of a question that stands at `index`.
    fn end_at(&self, index: usize) -> Option<(AskId, AskEnd)> {
        self.slots().get(index)?.live().and_then(end_of_question)
    }

    /// The messages from index `from` on that lie before `before` with nothing in between that `view` hides.
    fn run(&self, from: usize, before: MessageId, view: View) -> Messages<'_> {
        let (mut end, mut len, mut bytes) = (from, 0, 0);
        for (index, slot) in self.slots().range(from..).enumerate() {
            let Slot::Live(message) = slot else { continue };
            let is_full = len == RUN_MESSAGES_MAX || bytes >= RUN_BYTES_MAX;
            if message.id >= before || is_full || !view.shows(message) || end_of_question(message).is_some() {
                break;
            }
            end = from + index + 1;
            len += 1;
            bytes += message.data.len();
        }
        Messages(Iter { slots: self.slots().range(from..end), len })
    }
}

fn end_of_question(message: &Message) -> Option<(AskId, AskEnd)> {
    match message.ask {
        Some(AskRole::End(ask, end)) => Some((ask, end)),
        Some(AskRole::Question(_)) | None => None,
    }
}

/// The next message of one of a reader's channels.
pub(super) struct Candidate<'a> {
    pub(super) id: MessageId,
    index: usize,
    channel: (ChannelId, &'a Channel),
}

impl Hub {
    /// What comes next for `reader` at the position `from`: [`Hub::cursor`] at first, then the last id of each run
    /// that was taken. Nothing changes until [`Hub::advance`] and [`Hub::acknowledge`] say so.
    pub fn next(&self, reader: ReaderId, from: Cursor, unix_ms: u64) -> Next<'_> {
        let Some(state) = self.readers.get(reader) else { return Next::Idle };
        if let Some(notice) = self.notice(state, from) {
            return notice;
        }
        let replay = state.replay();
        let view = View::of(state, unix_ms, replay.map_or(MessageId::MAX, |_| state.cursor));
        let (mut best, mut before) = (None::<Candidate>, MessageId::MAX);
        for candidate in self.candidates(state, from, view) {
            match &best {
                Some(first) if first.id < candidate.id => before = before.min(candidate.id),
                Some(_) | None => before = best.replace(candidate).map_or(before, |second| second.id),
            }
        }
        match (best, replay) {
            (Some(Candidate { id, index, channel: (channel_id, channel) }), _) => {
                if let Some((ask, end)) = channel.log.end_at(index) {
                    return Next::Withdrawn { id, ask, end };
                }
                Next::Run(Run {
                    channel: channel_id,
                    name: ChannelName::shown(&channel.name),
                    messages: channel.log.run(index, before, view),
                    replay: replay.is_some(),
                })
            }
            (None, Some(_)) => Next::ReplayEnd { cursor: state.cursor },
            (None, None) => Next::Idle,
        }
    }

    /// The next message of each channel that is being read.
    pub(super) fn candidates<'a>(
        &'a self,
        state: &'a Reader,
        from: Cursor,
        view: View,
    ) -> impl Iterator<Item = Candidate<'a>> {
        self.being_read(state).filter(|(_, subscription)| !subscription.is(Mark::Closed)).filter_map(
            move |(id, subscription)| {
                let channel = subscription.channel(&self.channels)?;
                let position = state.position(id, subscription, from);
                let (index, id) = channel.1.log.first_visible(position, view)?;
                Some(Candidate { id, index, channel })
            },
        )
    }

    /// All channels, or those of the replay while there is one.
    fn being_read<'a>(
        &'a self,
        state: &'a Reader,
    ) -> impl Iterator<Item = (SubscriptionId, &'a Subscription)> {
        let is_replay = state.replay().is_some();
        let all = state.subscriptions.iter(&self.subscriptions);
        all.filter(move |(_, subscription)| subscription.is(Mark::Replayed) || !is_replay)
    }

    /// The first gap or closing that is still to be told; of one channel the gap comes first.
    fn notice(&self, state: &Reader, from: Cursor) -> Option<Next<'_>> {
        for (id, subscription) in state.subscriptions.iter(&self.subscriptions) {
            if state.replay().is_some() && !subscription.is(Mark::Replayed) {
                continue;
            }
            let (_, channel) = subscription.channel(&self.channels)?;
            if let Some(after) = gap_after(subscription, channel, state.position(id, subscription, from)) {
                let resumes = channel.log.floor();
                return Some(Next::Gap {
                    subscription: id,
                    channel: ChannelName::shown(&channel.name),
                    after,
                    resumes,
                });
            }
            if subscription.is(Mark::Closed) {
                return Some(Next::Closed { subscription: id, channel: ChannelName::shown(&channel.name) });
            }
        }
        None
    }

    pub(super) fn has_gap(&self, state: &Reader) -> bool {
        let mut subscriptions = self.being_read(state);
        subscriptions.any(|(id, subscription)| {
            let channel = subscription.channel(&self.channels);
            let position = state.position(id, subscription, state.cursor);
            channel.is_some_and(|(_, channel)| gap_after(subscription, channel, position).is_some())
        })
    }

    /// Commits: the reader has everything up to `to`, which [`Hub::next`] showed or which is [`Hub::newest`] after
    /// [`Next::Idle`]. Never goes back.
    pub fn advance(&mut self, reader: ReaderId, to: Cursor) {
        let Some(state) = self.readers.get_mut(reader) else { return };
        if let Some(position) = state.rare.as_mut().and_then(|rare| rare.replay.as_mut()) {
            *position = to.max(*position);
            return;
        }
        state.cursor = to.max(state.cursor);
        state.settle();
    }

    /// Commits a notice: it was told and does not come again. A closing ends its subscription.
    pub fn acknowledge(&mut self, reader: ReaderId, told: Told) {
        match told {
            Told::Gap { subscription, resumes } => {
                let Some(subscription) = self.subscriptions.get_mut(subscription) else { return };
                subscription.told = subscription.told.max(resumes);
                subscription.set(Mark::Lost, false);
            }
            Told::Closed(subscription) => self.unlink(subscription),
            Told::Withdrawn(id) => self.advance(reader, id),
            Told::ReplayEnd => self.end_replay(reader),
        }
    }

    fn end_replay(&mut self, reader: ReaderId) {
        let Some(state) = self.readers.get_mut(reader) else { return };
        let Some(rare) = &mut state.rare else { return };
        rare.replay = None;
        state.settle();
        let replayed: Vec<_> = state.subscriptions.iter(&self.subscriptions).map(|(id, _)| id).collect();
        for id in replayed {
            if let Some(subscription) = self.subscriptions.get_mut(id) {
                subscription.set(Mark::Replayed, false);
            }
        }
    }
}

/// What the reader at `position` has or knows to be lost, if the channel lost messages after that.
fn gap_after(subscription: &Subscription, channel: &Channel, position: Cursor) -> Option<Cursor> {
    if subscription.is(Mark::Lost) {
        return Some(MessageId::ZERO);
    }
    let after = position.max(subscription.told);
    (after < channel.log.floor()).then_some(after)
}
