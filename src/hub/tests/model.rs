//! The hub as a model over naive logs, which works everything out anew each time.

use super::*;
use crate::testing::naive_log::{Bounds, Fate, Log, Record};
use std::collections::BTreeSet;

#[derive(Clone, Default)]
pub(super) struct Link {
    pub(super) channel: usize,
    /// Losses up to here were told.
    pub(super) told: MessageId,
    /// The reader has the channel up to here.
    pub(super) has: MessageId,
    pub(super) lost: bool,
    pub(super) closed: bool,
    pub(super) replayed: bool,
}

pub(super) struct ModelReader {
    pub(super) id: ReaderId,
    pub(super) client: Option<ClientId>,
    pub(super) cursor: MessageId,
    pub(super) replay: Option<MessageId>,
    pub(super) retained_only_until: MessageId,
    pub(super) links: Vec<Link>,
    /// What it got, and the last of it.
    pub(super) got: BTreeSet<MessageId>,
    pub(super) latest: MessageId,
    pub(super) is_idle: bool,
}

impl ModelReader {
    pub(super) fn is_past_history(&self) -> bool {
        self.replay.is_some() || self.retained_only_until <= self.cursor
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Expected {
    Gap(usize, MessageId, MessageId),
    Closed(usize),
    /// What is to be read, in order, with its channel.
    Messages(Vec<(MessageId, usize)>),
    ReplayEnd,
    Idle,
}

pub(super) struct Model {
    pub(super) limits: Limits,
    pub(super) logs: [Log; 4],
    /// The first id: whatever came before is lost in every channel.
    pub(super) start: MessageId,
    pub(super) closed_until: [u64; 4],
    pub(super) newest: MessageId,
    pub(super) clock: u64,
    pub(super) readers: Vec<ModelReader>,
}

impl Model {
    fn bounds(&self) -> Bounds {
        let Limits { retain_messages: messages, retain_bytes: bytes, retain_age_ms: age_ms, .. } =
            self.limits;
        Bounds { messages, bytes, age_ms }
    }

    /// Everything that can be read, with its channel, oldest first.
    pub(super) fn alive(&self) -> Vec<(usize, &Record)> {
        let all = self.logs.iter().enumerate();
        let mut all: Vec<_> = all.flat_map(|(channel, log)| log.alive().map(move |r| (channel, r))).collect();
        all.sort_by_key(|(_, record)| record.id);
        all
    }

    pub(super) fn floor(&self, channel: usize) -> MessageId {
        self.logs[channel].floors.last().copied().unwrap_or(self.start)
    }

    pub(super) fn expire(&mut self, clock: u64) {
        self.clock = self.clock.max(clock);
        let bounds = self.bounds();
        self.logs.iter_mut().for_each(|log| log.expire(self.clock, &bounds));
    }

    pub(super) fn publish(&mut self, id: MessageId, channel: usize, draft: &Draft) {
        self.closed_until[channel] = 0;
        let bounds = self.bounds();
        self.logs[channel].publish(id, draft, &bounds, self.clock);
        while self.total() > self.limits.retain_total
            && let Some(largest) = self.largest(id)
        {
            self.logs[largest].lose(self.clock, |_| true);
        }
    }

    pub(super) fn bytes(&self, channel: usize) -> usize {
        let listened = self.readers.iter().any(|r| r.links.iter().any(|link| link.channel == channel));
        let (kept, live) = (self.logs[channel].sum(true), self.logs[channel].sum(false));
        match kept.0 + live.0 > 0 || listened {
            true => EMPTY_CHANNEL_BYTES + 1 + kept.1 + live.1,
            false => 0,
        }
    }

    pub(super) fn total(&self) -> usize {
        (0..4).map(|channel| self.bytes(channel)).sum()
    }

    fn largest(&self, spared: MessageId) -> Option<usize> {
        let oldest = |channel: usize| self.logs[channel].alive().next().map(|record| record.id);
        let full = (0..4).filter(|c| oldest(*c).is_some_and(|id| id != spared));
        full.max_by_key(|c| (self.bytes(*c), core::cmp::Reverse(oldest(*c))))
    }

    pub(super) fn delete(&mut self, id: MessageId, channel: usize) {
        self.logs[channel].delete(id, self.clock);
        self.closed_until[channel] = id.ms + self.limits.retain_age_ms;
        let links = self.readers.iter_mut().flat_map(|r| &mut r.links);
        links.filter(|link| link.channel == channel).for_each(|link| link.closed = true);
    }

    pub(super) fn shows(&self, reader: &ModelReader, r: &Record, now: u64) -> bool {
        r.fate == Fate::Alive
            && r.expires_ms > now
            && (r.retained || r.id > reader.retained_only_until || reader.is_past_history())
            && (r.except.is_none() || r.except != reader.client)
    }

    pub(super) fn unread(&self, reader: &ModelReader, from: MessageId, now: u64) -> Vec<(MessageId, usize)> {
        let until = reader.replay.map_or(MessageId::MAX, |_| reader.cursor);
        let wanted = |(channel, r): &(usize, &Record)| {
            let link = reader.links.iter().find(|link| link.channel == *channel && !link.closed);
            link.is_some_and(|link| {
                (reader.replay.is_none() || link.replayed) && r.id > from.max(link.has) && r.id <= until
            }) && self.shows(reader, r, now)
        };
        self.alive().into_iter().filter(wanted).map(|(channel, r)| (r.id, channel)).collect()
    }

    pub(super) fn next(&self, reader: &ModelReader, from: MessageId, now: u64) -> Expected {
        for link in reader.links.iter().filter(|link| reader.replay.is_none() || link.replayed) {
            let floor = self.floor(link.channel);
            let after = from.max(link.told).max(link.has);
            if link.lost || after < floor {
                return Expected::Gap(link.channel, if link.lost { MessageId::ZERO } else { after }, floor);
            }
            if link.closed {
                return Expected::Closed(link.channel);
            }
        }
        let unread = self.unread(reader, from, now);
        match (unread.is_empty(), reader.replay) {
            (false, _) => Expected::Messages(unread),
            (true, Some(_)) => Expected::ReplayEnd,
            (true, None) => Expected::Idle,
        }
    }
}
