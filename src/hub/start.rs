//! Where a reader begins.  Law: only a cursor can have a gap; `start` and `last` begin with what is retained.

use super::reader::{Mark, Rare, Reader, ReaderId, SubscribeError, SubscriptionId};
use super::reading::View;
use super::{Hub, Start};
use crate::base::list::List;
use crate::channel_name::ChannelName;
use crate::message::{ClientId, Cursor, MessageId};
use std::collections::HashSet;

impl Hub {
    /// A new reader of `channels`, which may be none; a name given twice counts once. It is not marked dirty: the
    /// caller looks for itself what there is to read. `owner` is the caller's and means nothing here.
    pub fn subscribe(
        &mut self,
        owner: u64,
        client: Option<ClientId>,
        channels: &[ChannelName],
        start: Start,
        unix_ms: u64,
    ) -> Result<ReaderId, SubscribeError> {
        let names = self.admit(None, 0, channels, unix_ms)?;
        let reader = self.readers.insert(Reader {
            owner,
            cursor: MessageId::ZERO,
            rare: None,
            subscriptions: List::default(),
            client,
            next: u32::MAX,
            tag: 0,
            is_introduced: false,
            is_dirty: false,
        });
        let mut links: Vec<_> = names.into_iter().map(|name| self.link(reader, name, unix_ms)).collect();
        links.extend(self.link_own(reader, unix_ms));
        self.place(reader, &links, start, unix_ms);
        Ok(reader)
    }

    /// Gives `reader` more channels; those it has stay as they are, and on an error all does. Says where the new
    /// ones begin: without `since` where the reader is. With an older `since` their backlog comes first, as runs
    /// marked `replay` that end with [`Next::ReplayEnd`](super::Next::ReplayEnd), and everything else waits.
    ///
    /// The committed position counts, so call it when nothing that [`Hub::next`] showed is still undecided.
    pub fn add(
        &mut self,
        reader: ReaderId,
        channels: &[ChannelName],
        since: Option<Cursor>,
        unix_ms: u64,
    ) -> Result<Cursor, SubscribeError> {
        let names = self.admit(Some(reader), 0, channels, unix_ms)?;
        self.catch_up(reader, unix_ms);
        let links: Vec<_> = names.into_iter().map(|name| self.link(reader, name, unix_ms)).collect();
        self.join_all(reader, &links, unix_ms);
        let position = self.readers.get(reader).map_or(self.newest, |state| state.cursor);
        match since {
            _ if links.is_empty() => Ok(position),
            Some(since) if since > self.newest => Ok(self.replay_all(reader, &links, unix_ms)),
            Some(since) if since < position => Ok(self.replay(reader, &links, since)),
            Some(since) => {
                self.skip_to(reader, &links, since);
                Ok(since)
            }
            None => Ok(position),
        }
    }

    /// The reader has what `channel` held up to `to`, if that lies ahead of where it stands.
    pub fn skip(&mut self, reader: ReaderId, channel: &str, to: Cursor) {
        let Some(subscription) = self.find(reader, channel) else { return };
        if to > self.cursor(reader) {
            self.skip_to(reader, &[subscription], to);
        }
    }

    /// Takes channels from `reader` and gives it others, all or nothing; no channel is in both lists. Says where the
    /// new ones begin, as [`Hub::add`] does.
    pub fn change(
        &mut self,
        reader: ReaderId,
        add: &[ChannelName],
        remove: &[ChannelName],
        unix_ms: u64,
    ) -> Result<Cursor, SubscribeError> {
        self.check_change(reader, add, remove, unix_ms)?;
        for name in remove {
            self.remove(reader, name);
        }
        self.add(reader, add, None, unix_ms)
    }

    /// Would [`Hub::change`] do it?
    pub fn check_change(
        &self,
        reader: ReaderId,
        add: &[ChannelName],
        remove: &[ChannelName],
        unix_ms: u64,
    ) -> Result<(), SubscribeError> {
        let gone: HashSet<_> = remove.iter().filter_map(|name| self.find(reader, name)).collect();
        self.admit(Some(reader), gone.len(), add, unix_ms).map(|_| ())
    }

    /// A reader stands just before what it has yet to read, though nobody wrote that down.
    fn catch_up(&mut self, reader: ReaderId, unix_ms: u64) {
        let Some(state) = self.readers.get(reader) else { return };
        if state.replay().is_some() || self.has_gap(state) {
            return;
        }
        let view = View::of(state, unix_ms, MessageId::MAX);
        let next =
            self.candidates(state, state.cursor, view).map(|candidate| candidate.id.predecessor()).min();
        self.advance(reader, next.unwrap_or(self.newest));
    }

    fn place(&mut self, reader: ReaderId, links: &[SubscriptionId], start: Start, unix_ms: u64) {
        let newest = self.newest;
        let cursor = match start {
            Start::Now => newest,
            Start::After(cursor) if cursor <= newest => cursor,
            Start::Time(ms) => MessageId::new(ms, 0).predecessor().min(newest),
            Start::After(_) | Start::Lost => {
                self.mark_lost(links);
                self.history(reader, links, usize::MAX, unix_ms)
            }
            Start::Beginning => self.history(reader, links, usize::MAX, unix_ms),
            Start::Last(count) => self.history(reader, links, count, unix_ms),
        };
        if let Some(state) = self.readers.get_mut(reader) {
            state.cursor = cursor;
        }
    }

    /// Begins at the `count` newest retained messages of all `links` together; no earlier loss is of concern.
    fn history(&mut self, reader: ReaderId, links: &[SubscriptionId], count: usize, unix_ms: u64) -> Cursor {
        let newest = self.newest;
        if let Some(state) = self.readers.get_mut(reader) {
            state.rare = Some(Box::new(Rare { retained_only_until: newest, ..Rare::default() }));
        }
        for id in links {
            let floor = self.floor_of(*id);
            if let Some(subscription) = self.subscriptions.get_mut(*id) {
                subscription.told = floor;
            }
        }
        self.begin_of(reader, links, count, unix_ms)
    }

    /// Just before the oldest of the `count` newest messages that `reader` may see in `links`.
    fn begin_of(&self, reader: ReaderId, links: &[SubscriptionId], count: usize, unix_ms: u64) -> Cursor {
        let Some(state) = self.readers.get(reader) else { return self.newest };
        let view = View::of(state, unix_ms, MessageId::MAX);
        let mut ids: Vec<MessageId> = Vec::new();
        for (_, channel) in links.iter().filter_map(|id| self.subscriptions.get(*id)?.channel(&self.channels))
        {
            let visible = channel.log.visible(view);
            match count {
                usize::MAX => ids.extend(visible.take(1)),
                _ => ids.extend(visible.rev().take(count)),
            }
        }
        if count == 0 || ids.is_empty() {
            return self.newest;
        }
        let oldest = ids.len().saturating_sub(count);
        ids.select_nth_unstable(oldest).1.predecessor()
    }

    fn floor_of(&self, id: SubscriptionId) -> MessageId {
        let channel =
            self.subscriptions.get(id).and_then(|subscription| subscription.channel(&self.channels));
        channel.map_or(MessageId::ZERO, |(_, channel)| channel.log.floor())
    }

    fn mark_lost(&mut self, links: &[SubscriptionId]) {
        for id in links {
            if let Some(subscription) = self.subscriptions.get_mut(*id) {
                subscription.set(Mark::Lost, true);
            }
        }
    }

    /// The reader has `links` up to `since`, wherever its position is.
    fn skip_to(&mut self, reader: ReaderId, links: &[SubscriptionId], since: Cursor) {
        let Some(state) = self.readers.get_mut(reader) else { return };
        let ahead = &mut state.rare.get_or_insert_default().ahead;
        for id in links {
            let Some(subscription) = self.subscriptions.get_mut(*id) else { continue };
            subscription.set(Mark::Ahead, true);
            let known = ahead.entry(*id).or_insert(since);
            *known = since.max(*known);
        }
        state.settle();
    }

    /// Replays `links` from `since` up to the reader's cursor, together with what is still to be replayed.
    fn replay(&mut self, reader: ReaderId, links: &[SubscriptionId], since: Cursor) -> Cursor {
        self.hold_replay_back(reader);
        for id in links {
            if let Some(subscription) = self.subscriptions.get_mut(*id) {
                subscription.set(Mark::Replayed, true);
            }
        }
        if let Some(state) = self.readers.get_mut(reader) {
            let rare = state.rare.get_or_insert_default();
            rare.replay = Some(rare.replay.map_or(since, |position| position.min(since)));
        }
        self.skip_to(reader, links, since);
        since
    }

    /// A cursor from another life: a gap in each of the new channels, then all that is retained.
    fn replay_all(&mut self, reader: ReaderId, links: &[SubscriptionId], unix_ms: u64) -> Cursor {
        let position = self.readers.get(reader).map_or(self.newest, |state| state.cursor);
        let begin = self.begin_of(reader, links, usize::MAX, unix_ms).min(position);
        self.mark_lost(links);
        self.replay(reader, links, begin)
    }

    /// The channels of a replay under way do not go back when an older one joins them.
    fn hold_replay_back(&mut self, reader: ReaderId) {
        let Some(state) = self.readers.get(reader) else { return };
        let Some(position) = state.replay() else { return };
        let all = state.subscriptions.iter(&self.subscriptions);
        let replayed: Vec<_> = all.filter(|(_, s)| s.is(Mark::Replayed)).map(|(id, _)| id).collect();
        self.skip_to(reader, &replayed, position);
    }
}
