//! What the hub promises, a sentence each, and the hub against a naive model. Ids are `MS-0` here and written as `MS`.

mod asking;
mod audience;
mod beginning;
mod company;
mod game;
mod listing;
mod model;
mod own_log;
mod presence;
mod reading;
mod retention;
mod subscribing;

use super::*;
use crate::channel_name::ChannelName;
use crate::limits::{EMPTY_CHANNEL_BYTES, RECORD_BYTES, UNRETAINED_MS};
use crate::message::{ClientId, RepeatKey};

const ROOMY: Limits = Limits {
    retain_messages: 1000,
    retain_bytes: 1 << 20,
    retain_age_ms: 3_600_000,
    retain_total: 1 << 30,
    max_channels: 1000,
    max_subscriptions: 100,
    presence_grace_ms: 10_000,
    session_grace_ms: 60_000,
    max_remembered: 1000,
    max_asks: 100,
};

fn name(text: &str) -> ChannelName {
    ChannelName::parse(text).expect("a test's channel name")
}

fn names(text: &str) -> Vec<ChannelName> {
    text.split_whitespace().map(name).collect()
}

fn draft(channel: &str) -> Draft {
    Draft::new(name(channel))
}

fn at(ms: u64) -> MessageId {
    MessageId::new(ms, 0)
}

fn entry(commands: Vec<(MessageId, Command)>) -> Entry {
    Entry { ticket: None, commands, repeat: None }
}

/// A hub whose clock is the newest id, unless a test says otherwise.
struct Bench(Hub);

impl Bench {
    fn new(limits: Limits) -> Self {
        Bench(Hub::new(limits, MessageId::ZERO))
    }

    fn publish(&mut self, ms: u64, draft: Draft) -> Applied {
        self.0.apply(entry(vec![(at(ms), Command::Publish(draft))]))
    }

    /// `"1a 2b"`: message 1 in `a`, message 2 in `b`.
    fn publish_all(&mut self, text: &str) {
        for word in text.split_whitespace() {
            let split = word.find(|c: char| !c.is_ascii_digit()).expect("an id and a channel");
            self.publish(word[..split].parse().expect("an id"), draft(&word[split..]));
        }
    }

    fn delete(&mut self, ms: u64, channel: &str) {
        self.0.apply(entry(vec![(at(ms), Command::Delete(name(channel)))]));
    }

    fn try_subscribe(&mut self, channels: &str, start: Start) -> Result<ReaderId, SubscribeError> {
        let now = self.0.newest().ms;
        self.0.subscribe(7, Some(ClientId([1; 12])), &names(channels), start, now)
    }

    fn subscribe(&mut self, channels: &str, start: Start) -> ReaderId {
        self.try_subscribe(channels, start).expect("within the limits")
    }

    fn add(&mut self, reader: ReaderId, channels: &str, since: Option<u64>) -> Result<u64, SubscribeError> {
        let now = self.0.newest().ms;
        self.0.add(reader, &names(channels), since.map(at), now).map(|cursor| cursor.ms)
    }

    /// One step, committed: `1a`, `gap a 0-3`, `closed a`, `end 9`; `+1a` in a replay; `None` when idle.
    fn step(&mut self, reader: ReaderId, now: u64) -> Option<String> {
        let cursor = self.0.cursor(reader);
        let next = self.0.next(reader, cursor, now);
        let told = next.told();
        let (text, to) = match next {
            Next::Gap { channel, after, resumes, .. } => {
                (format!("gap {channel} {}-{}", after.ms, resumes.ms), cursor)
            }
            Next::Closed { channel, .. } => (format!("closed {channel}"), cursor),
            Next::Withdrawn { id, end, .. } => (format!("{end:?} {}", id.ms).to_lowercase(), cursor),
            Next::ReplayEnd { cursor: end } => (format!("end {}", end.ms), cursor),
            Next::Idle => {
                self.0.advance(reader, self.0.newest());
                return None;
            }
            Next::Run(run) => {
                let plus = if run.replay { "+" } else { "" };
                let words: Vec<_> =
                    run.messages.iter().map(|m| format!("{plus}{}{}", m.id.ms, run.name)).collect();
                assert_eq!(words.len(), run.messages.len());
                (words.join(" "), run.messages.last().expect("a run is not empty").id)
            }
        };
        self.0.advance(reader, to);
        told.into_iter().for_each(|told| self.0.acknowledge(reader, told));
        Some(text)
    }

    fn read_at(&mut self, reader: ReaderId, now: u64) -> String {
        let steps: Vec<_> = core::iter::from_fn(|| self.step(reader, now)).collect();
        steps.join(", ")
    }

    fn read(&mut self, reader: ReaderId) -> String {
        self.read_at(reader, self.0.newest().ms)
    }

    /// What a new reader gets.
    fn look(&mut self, channels: &str, start: Start) -> String {
        let reader = self.subscribe(channels, start);
        let text = self.read(reader);
        self.0.leave(reader);
        text
    }
}
