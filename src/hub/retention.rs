//! What the hub keeps over all channels: bytes in all, who holds most, what is due when, who comes and goes.
//! Law: after [`Hub::settle`] the tables agree with the channel, and a channel that nobody needs is gone.

use super::channel::Channel;
use super::floors::Dropped;
use super::{ChannelId, Hub};
use crate::channel_name::ChannelName;
use crate::message::MessageId;
use core::cmp::Reverse;
use std::collections::BTreeSet;

/// The tables over all channels.
#[derive(Default)]
pub(super) struct Totals {
    /// Bytes of all channels: records, and what an empty channel counts.
    pub(super) bytes: usize,
    /// Channels that hold messages: the one that holds most last, of equals the one with the oldest message.
    by_size: BTreeSet<(usize, Reverse<MessageId>, ChannelId)>,
    /// When a channel needs to be looked after (Unix ms): never later than needed.
    due: BTreeSet<(u64, ChannelId)>,
}

impl Totals {
    fn count(&mut self, id: ChannelId, channel: &mut Channel) {
        let bytes = channel.bytes();
        self.bytes = self.bytes - channel.counted + bytes;
        channel.counted = bytes;
        let rank = channel.log.oldest().map(|oldest| (bytes, oldest));
        if rank != channel.rank {
            self.unrank(id, channel);
            channel.rank = rank;
            self.by_size.extend(rank.map(|(bytes, oldest)| (bytes, Reverse(oldest), id)));
        }
    }

    fn unrank(&mut self, id: ChannelId, channel: &mut Channel) {
        if let Some((bytes, oldest)) = channel.rank.take() {
            self.by_size.remove(&(bytes, Reverse(oldest), id));
        }
    }

    fn arm(&mut self, id: ChannelId, channel: &mut Channel, due_ms: u64) {
        self.disarm(id, channel);
        channel.due_ms = due_ms;
        self.due.insert((due_ms, id));
    }

    fn disarm(&mut self, id: ChannelId, channel: &mut Channel) {
        self.due.remove(&(channel.due_ms, id));
        channel.due_ms = u64::MAX;
    }

    fn forget(&mut self, id: ChannelId, channel: &mut Channel) {
        self.unrank(id, channel);
        self.disarm(id, channel);
        self.bytes -= channel.counted;
    }

    /// Who holds most, except a channel that holds nothing but the message `spared`.
    fn largest(&self, spared: MessageId) -> Option<ChannelId> {
        self.by_size.iter().rev().find(|(_, Reverse(oldest), _)| *oldest != spared).map(|(_, _, id)| *id)
    }
}

impl Hub {
    /// Lets go what is past its time at `unix_ms`. Cheap when nothing is due.
    pub fn tick(&mut self, unix_ms: u64) {
        // A clock that stepped back does not bring back what was let go.
        self.clock_ms = self.clock_ms.max(unix_ms);
        while let Some(&(due_ms, id)) = self.totals.due.first()
            && due_ms <= self.clock_ms
        {
            if let Some(channel) = self.channels.get_mut(id) {
                self.totals.disarm(id, channel);
                channel.log.expire(self.clock_ms, &self.limits);
            }
            self.settle(id);
        }
        self.asks.expire(self.clock_ms, self.limits.max_asks);
    }

    /// When [`Hub::tick`] may have something to do, in Unix milliseconds.
    pub fn next_expiry(&self) -> Option<u64> {
        let channels = self.totals.due.first().map(|(due_ms, _)| *due_ms);
        [channels, self.asks.next_due()].into_iter().flatten().min()
    }

    /// The oldest message of the channel that holds most goes, until all keep within the limit. The message just
    /// published is spared until the next one comes, or those who listen would never see it.
    pub(super) fn keep_within_total(&mut self, spared: MessageId) {
        while self.totals.bytes > self.limits.retain_total
            && let Some(id) = self.totals.largest(spared)
            && let Some(channel) = self.channels.get_mut(id)
        {
            channel.log.lose_first();
            self.settle(id);
        }
    }

    /// The channel of this name, which comes to be if it was not there.
    pub(super) fn open(&mut self, name: &str) -> ChannelId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        self.own_logs += usize::from(ChannelName::own_suffix(name).is_some());
        let name: std::rc::Rc<str> = name.into();
        let Dropped { floor, closed_until_ms } = self.floors.take(&name);
        let id = self.channels.insert(Channel::new(name.clone(), floor, closed_until_ms));
        self.names.insert(name, id);
        self.settle_kept(id);
        id
    }

    /// Brings the tables up to date with a channel that changed, and drops it if nobody needs it.
    pub(super) fn settle(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get(id) else { return };
        match channel.is_unused() {
            true => self.drop_channel(id),
            false => self.settle_kept(id),
        }
    }

    fn settle_kept(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(id) else { return };
        self.totals.count(id, channel);
        if let Some(due_ms) = channel.earlier_due(&self.limits) {
            self.totals.arm(id, channel, due_ms);
        }
    }

    fn drop_channel(&mut self, id: ChannelId) {
        let Some(mut channel) = self.channels.remove(id) else { return };
        self.totals.forget(id, &mut channel);
        self.names.remove(&*channel.name);
        self.own_logs -= usize::from(ChannelName::own_suffix(&channel.name).is_some());
        let closed_until_ms =
            if channel.closed_until_ms > self.clock_ms { channel.closed_until_ms } else { 0 };
        self.floors.put(channel.name, Dropped { floor: channel.log.floor(), closed_until_ms });
    }
}
