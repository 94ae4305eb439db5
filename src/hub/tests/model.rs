//! The hub as a model that keeps every message in one `Vec` and works everything out anew each time.

use super::*;
use std::collections::BTreeSet;

pub(super) struct Record {
    pub(super) id: MessageId,
    pub(super) channel: usize,
    pub(super) cost: usize,
    pub(super) retained: bool,
    pub(super) key: Option<Box<str>>,
    pub(super) except: Option<ClientId>,
    pub(super) expires: u64,
    pub(super) alive: bool,
}

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
    pub(super) records: Vec<Record>,
    pub(super) floors: [MessageId; 4],
    pub(super) closed_until: [u64; 4],
    pub(super) newest: MessageId,
    pub(super) clock: u64,
    pub(super) readers: Vec<ModelReader>,
}

impl Model {
    fn sum(&self, channel: usize, retained: bool) -> (usize, usize) {
        let of_kind = |r: &&Record| r.alive && r.channel == channel && r.retained == retained;
        let all = self.records.iter().filter(of_kind);
        all.fold((0, 0), |(count, bytes), r| (count + 1, bytes + r.cost))
    }

    fn lose(&mut self, which: impl Fn(&Record) -> bool) {
        if let Some(record) = self.records.iter_mut().find(|r| r.alive && which(r)) {
            record.alive = false;
            if record.retained {
                self.floors[record.channel] = record.id;
            }
        }
    }

    pub(super) fn expire(&mut self, clock: u64) {
        self.clock = self.clock.max(clock);
        for r in self.records.iter_mut().filter(|r| r.alive) {
            let age = if r.retained { self.limits.retain_age_ms } else { UNRETAINED_MS };
            if r.expires <= self.clock {
                r.alive = false;
            } else if r.id.ms + age <= self.clock {
                r.alive = false;
                if r.retained {
                    self.floors[r.channel] = r.id;
                }
            }
        }
    }

    pub(super) fn publish(&mut self, id: MessageId, channel: usize, draft: &Draft) {
        self.closed_until[channel] = 0;
        let key = draft.key.clone().filter(|_| draft.retain);
        for r in self.records.iter_mut().filter(|r| r.channel == channel && r.key.is_some()) {
            r.alive &= r.key != key || r.except != draft.except;
        }
        let names = draft.key.as_ref().map_or(0, |key| key.len());
        self.records.push(Record {
            id,
            channel,
            cost: RECORD_BYTES + draft.data.len() + names,
            retained: draft.retain,
            key,
            except: draft.except,
            expires: draft.ttl_s.map_or(u64::MAX, |ttl| id.ms + ttl * 1000),
            alive: true,
        });
        for retained in [true, false] {
            while let (count, bytes) = self.sum(channel, retained)
                && count > 1
                && ((retained && count > self.limits.retain_messages) || bytes > self.limits.retain_bytes)
            {
                self.lose(|r| r.channel == channel && r.retained == retained);
            }
        }
        while self.total() > self.limits.retain_total
            && let Some(largest) = self.largest(id)
        {
            self.lose(|r| r.channel == largest);
        }
    }

    pub(super) fn bytes(&self, channel: usize) -> usize {
        let listened = self.readers.iter().any(|r| r.links.iter().any(|link| link.channel == channel));
        let (kept, live) = (self.sum(channel, true), self.sum(channel, false));
        match kept.0 + live.0 > 0 || listened {
            true => EMPTY_CHANNEL_BYTES + 1 + kept.1 + live.1,
            false => 0,
        }
    }

    pub(super) fn total(&self) -> usize {
        (0..4).map(|channel| self.bytes(channel)).sum()
    }

    fn largest(&self, spared: MessageId) -> Option<usize> {
        let oldest = |channel| self.records.iter().find(|r| r.alive && r.channel == channel).map(|r| r.id);
        let full = (0..4).filter(|c| oldest(*c).is_some_and(|id| id != spared));
        full.max_by_key(|c| (self.bytes(*c), core::cmp::Reverse(oldest(*c))))
    }

    pub(super) fn delete(&mut self, id: MessageId, channel: usize) {
        for r in self.records.iter_mut().filter(|r| r.alive && r.channel == channel) {
            r.alive = false;
            if r.retained {
                self.floors[channel] = r.id;
            }
        }
        self.closed_until[channel] = id.ms + self.limits.retain_age_ms;
        let links = self.readers.iter_mut().flat_map(|r| &mut r.links);
        links.filter(|link| link.channel == channel).for_each(|link| link.closed = true);
    }

    pub(super) fn shows(&self, reader: &ModelReader, r: &Record, now: u64) -> bool {
        r.alive
            && r.expires > now
            && (r.retained || r.id > reader.retained_only_until || reader.is_past_history())
            && (r.except.is_none() || r.except != reader.client)
    }

    pub(super) fn unread(&self, reader: &ModelReader, from: MessageId, now: u64) -> Vec<(MessageId, usize)> {
        let until = reader.replay.map_or(MessageId::MAX, |_| reader.cursor);
        let wanted = |r: &&Record| {
            let link = reader.links.iter().find(|link| link.channel == r.channel && !link.closed);
            link.is_some_and(|link| {
                (reader.replay.is_none() || link.replayed) && r.id > from.max(link.has) && r.id <= until
            }) && self.shows(reader, r, now)
        };
        self.records.iter().filter(wanted).map(|r| (r.id, r.channel)).collect()
    }

    pub(super) fn next(&self, reader: &ModelReader, from: MessageId, now: u64) -> Expected {
        for link in reader.links.iter().filter(|link| reader.replay.is_none() || link.replayed) {
            let floor = self.floors[link.channel];
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
