//! The hub against the model, by chance.  Law: at every position, committed or not, both say the same; no reader gets a
//! message twice or out of order; nobody who has something to read is left asleep; and when all have left nothing is
//! left.

use super::model::{Expected, Link, Model, ModelReader};
use super::*;
use crate::testing::dice::Dice;
use crate::testing::naive_log::{Log, Record};
use std::collections::{BTreeMap, BTreeSet};

const CHANNELS: [&str; 4] = ["a", "b", "c", "d"];

struct Game {
    dice: Dice,
    hub: Hub,
    model: Model,
    now: u64,
    /// One in so many retained messages has a key.
    unkeyed: u64,
}

impl Game {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        // Every third game has logs long enough to be tidied up in the middle.
        let scale = if seed.is_multiple_of(3) { 20 } else { 1 };
        let limits = Limits {
            retain_messages: 2 + dice.number(12 * scale) as usize,
            retain_bytes: 400 + dice.number(4000 * scale) as usize,
            retain_age_ms: 1000 + 100 * dice.number(200 * scale),
            retain_total: 2500 + dice.number(6000 * scale) as usize,
            ..ROOMY
        };
        let start = MessageId::new(1000, 0);
        let model = Model {
            limits: limits.clone(),
            logs: core::array::from_fn(|_| Log::default()),
            start,
            closed_until: [0; 4],
            newest: start,
            clock: 0,
            readers: Vec::new(),
        };
        Game { dice, hub: Hub::new(limits, start), model, now: 1000, unkeyed: 1 + seed % 4 }
    }

    fn client(&mut self) -> Option<ClientId> {
        let byte = self.dice.number(4) as u8;
        (byte > 0).then_some(ClientId([byte; 12]))
    }

    fn draft(&mut self, channel: usize) -> Draft {
        let dice = &mut self.dice;
        let retain = dice.number(5) > 0;
        let mut draft = Draft {
            data: vec![0; dice.number(300) as usize].into(),
            ttl_s: (dice.number(6) == 0).then(|| 1 + dice.number(4)),
            key: (retain && dice.number(self.unkeyed) == 0).then(|| dice.number(3).to_string().into()),
            retain,
            ..draft(CHANNELS[channel])
        };
        draft.except = if self.dice.number(4) == 0 { self.client() } else { None };
        draft
    }

    fn apply(&mut self) {
        let mut commands = Vec::new();
        let mut done = Vec::new();
        for _ in 0..1 + self.dice.number(3) {
            self.model.newest = self.model.newest.successor().max(MessageId::new(self.now, 0));
            let (id, channel) = (self.model.newest, self.dice.number(4) as usize);
            if self.dice.number(30) == 0 {
                commands.push((id, Command::Delete(name(CHANNELS[channel]))));
                done.push((id, channel, None));
            } else {
                let draft = self.draft(channel);
                done.push((id, channel, Some(draft.clone())));
                commands.push((id, Command::Publish(draft)));
            }
        }
        self.model.expire(done[0].0.ms);
        for (id, channel, draft) in &done {
            match draft {
                Some(draft) => self.model.publish(*id, *channel, draft),
                None => self.model.delete(*id, *channel),
            }
        }
        assert!(matches!(self.hub.apply(entry(commands)), Applied::Done { .. }));
    }

    fn some_channels(&mut self) -> Vec<usize> {
        let from = self.dice.number(4) as usize;
        (0..1 + self.dice.number(3) as usize).map(|n| (from + n) % 4).collect()
    }

    /// A cursor that may be old, new or from another life.
    fn some_cursor(&mut self) -> MessageId {
        match self.dice.number(12) {
            0 => self.model.newest.successor(),
            1 => MessageId::ZERO,
            2 => self.model.newest,
            _ => MessageId::new(self.now.saturating_sub(self.dice.number(4000)), self.dice.number(3)),
        }
    }

    fn is_closed(&self, channel: usize) -> bool {
        self.model.closed_until[channel] > self.now.max(self.model.clock)
    }

    fn links(&self, channels: &[usize], told_floors: bool, lost: bool) -> Vec<Link> {
        let link = |channel: &usize| Link {
            channel: *channel,
            told: if told_floors { self.model.floor(*channel) } else { MessageId::ZERO },
            lost,
            closed: self.is_closed(*channel),
            ..Link::default()
        };
        channels.iter().map(link).collect()
    }

    fn subscribe(&mut self) {
        let (channels, client, cursor) = (self.some_channels(), self.client(), self.some_cursor());
        let start = match self.dice.number(8) {
            0 => Start::Now,
            1 => Start::Beginning,
            2 => Start::Last(1 + self.dice.number(6) as usize),
            3 => Start::Time(cursor.ms),
            4 => Start::Lost,
            _ => Start::After(cursor),
        };
        let newest = self.model.newest;
        let lost = start == Start::Lost || matches!(start, Start::After(cursor) if cursor > newest);
        let history = lost || matches!(start, Start::Beginning | Start::Last(_));
        let names: Vec<_> = channels.iter().map(|c| name(CHANNELS[*c])).collect();
        let result = self.hub.subscribe(0, client, &names, start, self.now);
        if channels.iter().all(|channel| self.is_closed(*channel)) {
            return assert_eq!(result, Err(SubscribeError::AllClosed));
        }
        let id = result.expect("within the limits");
        let mut reader = ModelReader {
            id,
            client,
            cursor: MessageId::ZERO,
            replay: None,
            retained_only_until: if history { newest } else { MessageId::ZERO },
            links: self.links(&channels, history, lost),
            got: BTreeSet::new(),
            latest: MessageId::ZERO,
            is_idle: false,
        };
        let shows =
            |(c, r): &(usize, &Record)| channels.contains(c) && self.model.shows(&reader, r, self.now);
        let shown: Vec<_> = self.model.alive().into_iter().filter(shows).map(|(_, r)| r.id).collect();
        reader.cursor = match start {
            Start::Now => newest,
            Start::Time(ms) => MessageId::new(ms, 0).predecessor().min(newest),
            Start::After(cursor) if !lost => cursor,
            Start::Last(n) => shown.iter().rev().take(n).min().map_or(newest, |id| id.predecessor()),
            _ => shown.first().map_or(newest, |id| id.predecessor()),
        };
        self.model.readers.push(reader);
    }

    fn add(&mut self, index: usize) {
        let wanted = self.some_channels();
        let since = (self.dice.number(4) > 0).then(|| self.some_cursor());
        let names: Vec<_> = wanted.iter().map(|c| name(CHANNELS[*c])).collect();
        let (now, newest) = (self.now, self.model.newest);
        let result = self.hub.add(self.model.readers[index].id, &names, since, now);
        let reader = &self.model.readers[index];
        let new = |c: &usize| reader.links.iter().all(|link| link.channel != *c);
        let fresh: Vec<_> = wanted.iter().copied().filter(new).collect();
        if fresh.len() == wanted.len() && fresh.iter().all(|c| self.is_closed(*c)) {
            return assert_eq!(result, Err(SubscribeError::AllClosed));
        }
        let mut links = self.links(&fresh, false, since > Some(newest));
        let cursor = match self.model.next(reader, reader.cursor, now) {
            Expected::Gap(..) => reader.cursor,
            _ if reader.replay.is_some() => reader.cursor,
            _ if self.has_gap(reader) => reader.cursor,
            _ => self.model.unread(reader, reader.cursor, now).first().map_or(newest, |m| m.0.predecessor()),
        };
        self.model.readers[index].cursor = cursor;
        let reader = &self.model.readers[index];
        let shown = |(c, r): &(usize, &Record)| fresh.contains(c) && self.model.shows(reader, r, now);
        let oldest = self.model.alive().into_iter().find(shown).map_or(newest, |(_, r)| r.id.predecessor());
        let (replay, has) = match since {
            None => (None, MessageId::ZERO),
            Some(since) if since > newest => (Some(oldest.min(cursor)), oldest.min(cursor)),
            Some(since) if since < cursor => (Some(since), since),
            Some(since) => (None, since),
        };
        let begins = if since.is_some() && !fresh.is_empty() { has } else { cursor };
        assert_eq!(result, Ok(begins));
        links.iter_mut().for_each(|link| (link.has, link.replayed) = (has, replay.is_some()));
        let reader = &mut self.model.readers[index];
        reader.is_idle = false;
        if let Some(begin) = replay.filter(|_| !links.is_empty()) {
            if let Some(position) = reader.replay {
                let replayed = reader.links.iter_mut().filter(|link| link.replayed);
                replayed.for_each(|link| link.has = link.has.max(position));
            }
            reader.replay = Some(reader.replay.map_or(begin, |position| position.min(begin)));
            reader.latest = MessageId::ZERO;
        }
        // A channel that comes back begins anew, also with messages the reader had before.
        let again =
            |id: &MessageId| fresh.iter().any(|c| self.model.logs[*c].records.iter().any(|r| r.id == *id));
        reader.got.retain(|id| !again(id));
        reader.links.extend(links);
    }

    fn has_gap(&self, reader: &ModelReader) -> bool {
        reader.links.iter().any(|link| {
            link.lost || reader.cursor.max(link.told).max(link.has) < self.model.floor(link.channel)
        })
    }

    fn commit(&mut self, index: usize, to: MessageId, got: &mut Vec<MessageId>) {
        let reader = &mut self.model.readers[index];
        self.hub.advance(reader.id, to);
        match &mut reader.replay {
            Some(position) => *position = to.max(*position),
            None => reader.cursor = to.max(reader.cursor),
        }
        for id in got.drain(..) {
            assert!(reader.got.insert(id), "{id} came twice");
            assert!(id > reader.latest, "{id} came after {}", reader.latest);
            reader.latest = id;
        }
    }

    fn check_next(&self, index: usize, from: MessageId) -> (Option<Told>, Vec<MessageId>) {
        let reader = &self.model.readers[index];
        let expected = self.model.next(reader, from, self.now);
        let next = self.hub.next(reader.id, from, self.now);
        let told = next.told();
        let found = match next {
            Next::Gap { channel, after, resumes, .. } => Expected::Gap(place(channel), after, resumes),
            Next::Closed { channel, .. } => Expected::Closed(place(channel)),
            Next::ReplayEnd { cursor } => {
                assert_eq!(cursor, reader.cursor);
                Expected::ReplayEnd
            }
            Next::Withdrawn { ask, .. } => panic!("{ask} was never asked"),
            Next::Idle => Expected::Idle,
            Next::Run(run) => {
                assert_eq!(run.replay, reader.replay.is_some());
                let Expected::Messages(all) = &expected else { panic!("{expected:?}, not {run:?}") };
                let ids: Vec<_> = run.messages.iter().map(|m| m.id).collect();
                let channel = place(run.name);
                let same: Vec<_> = all.iter().take_while(|m| m.1 == channel).map(|m| m.0).collect();
                assert!(!ids.is_empty() && same.starts_with(&ids), "{ids:?} of {all:?}");
                assert_eq!(run.messages.len(), ids.len());
                return (None, ids);
            }
        };
        assert_eq!(found, expected, "reader {index} at {from}");
        (told, Vec::new())
    }

    fn acknowledge(&mut self, index: usize, told: Told) {
        let id = self.model.readers[index].id;
        let from = self.hub.cursor(id);
        let expected = self.model.next(&self.model.readers[index], from, self.now);
        self.hub.acknowledge(id, told);
        let reader = &mut self.model.readers[index];
        match expected {
            Expected::Gap(channel, _, floor) => {
                let link =
                    reader.links.iter_mut().find(|l| l.channel == channel).expect("it has the channel");
                link.told = link.told.max(floor);
                link.lost = false;
            }
            Expected::Closed(channel) => reader.links.retain(|link| link.channel != channel),
            Expected::ReplayEnd => {
                reader.replay = None;
                reader.latest = reader.cursor;
                reader.links.iter_mut().for_each(|link| link.replayed = false);
            }
            Expected::Messages(_) | Expected::Idle => panic!("nothing to acknowledge"),
        }
    }

    /// Reads some way, sometimes commits less than it saw.
    fn read(&mut self, index: usize, steps: u64) {
        let id = self.model.readers[index].id;
        let mut from = self.hub.cursor(id);
        let mut got = Vec::new();
        for _ in 0..steps {
            let (told, ids) = self.check_next(index, from);
            if let Some(told) = told {
                self.commit(index, from, &mut got);
                self.acknowledge(index, told);
                from = self.hub.cursor(id);
            } else if ids.is_empty() {
                self.commit(index, self.hub.newest(), &mut got);
                self.model.readers[index].is_idle = true;
                return;
            } else {
                let take = 1 + self.dice.number(ids.len() as u64) as usize;
                got.extend(&ids[..take]);
                from = ids[take - 1];
            }
        }
        if self.dice.number(4) > 0 {
            self.commit(index, from, &mut got);
        }
    }

    /// Who had read everything and was not woken has nothing to read.
    fn check_sleepers(&mut self) {
        let woken: Vec<_> = core::iter::from_fn(|| self.hub.poll_dirty()).collect();
        assert_eq!(woken.len(), woken.iter().collect::<BTreeSet<_>>().len(), "each once");
        for reader in &mut self.model.readers {
            reader.is_idle &= !woken.contains(&reader.id);
        }
        for reader in self.model.readers.iter().filter(|reader| reader.is_idle) {
            assert_eq!(self.model.next(reader, reader.cursor, self.now), Expected::Idle);
        }
    }

    fn check_counts(&self) {
        assert_eq!(self.hub.newest(), self.model.newest);
        assert_eq!(self.hub.retained_bytes(), self.model.total());
        let existing = (0..4).filter(|channel| self.model.bytes(*channel) > 0).count();
        assert_eq!(self.hub.channel_total(), existing);
        assert_eq!(self.hub.reader_total(), self.model.readers.len());
        let links: BTreeMap<_, _> = self.model.readers.iter().map(|r| (r.id, r.links.len())).collect();
        assert_eq!(self.hub.subscription_total(), links.values().sum::<usize>());
        links.iter().for_each(|(id, count)| assert_eq!(self.hub.channel_count(*id), *count));
    }

    fn turn(&mut self) {
        let someone = match self.model.readers.len() as u64 {
            0 => None,
            count => Some(self.dice.number(count) as usize),
        };
        match (self.dice.number(20), someone) {
            (0..=7, _) => self.apply(),
            (8, _) => self.now += 100 * self.dice.number(30),
            (9, _) => {
                self.now += 100 * self.dice.number(4);
                self.model.expire(self.now);
                self.hub.tick(self.now);
            }
            (10, _) | (_, None) => self.subscribe(),
            (11, Some(index)) => self.add(index),
            (12, Some(index)) if self.dice.number(2) == 0 => {
                let channel = self.dice.number(4) as usize;
                let reader = &mut self.model.readers[index];
                let before = reader.links.len();
                reader.links.retain(|link| link.channel != channel);
                assert_eq!(self.hub.remove(reader.id, CHANNELS[channel]), before > reader.links.len());
            }
            (13, Some(index)) if self.model.readers.len() > 4 => {
                self.hub.leave(self.model.readers.swap_remove(index).id);
            }
            (_, Some(index)) => {
                let steps = 1 + self.dice.number(12);
                self.read(index, steps);
            }
        }
        self.check_sleepers();
        self.check_counts();
    }
}

fn place(channel: &str) -> usize {
    CHANNELS.iter().position(|name| *name == channel).expect("one of ours")
}

#[test]
fn the_hub_says_what_a_vec_of_everything_says() {
    for seed in 1..=30 {
        let mut game = Game::new(seed);
        for _ in 0..600 {
            game.turn();
        }
        for index in 0..game.model.readers.len() {
            game.read(index, u64::MAX);
        }
        while let Some(reader) = game.model.readers.pop() {
            game.hub.leave(reader.id);
        }
        game.model.expire(u64::MAX / 2);
        game.hub.tick(u64::MAX / 2);
        assert_eq!((game.hub.channel_total(), game.hub.retained_bytes()), (0, 0), "seed {seed}");
        assert_eq!(game.hub.next_expiry(), None);
    }
}
