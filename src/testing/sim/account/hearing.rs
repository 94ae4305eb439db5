//! What a reader hears, held against the truth.  Law: each message once, in order and as it was published; each notice
//! only where it is true.

use super::position::Position;
use super::{Account, Checked, own_log};
use crate::message::{Format, MessageId};
use crate::testing::decode::Heard;
use crate::testing::naive_log::{Record, Role};
use crate::testing::sim::truth::Truth;

impl Account {
    /// The reader hears something.
    pub fn hears(&mut self, truth: &Truth, heard: &Heard) -> Checked {
        truth.tally.count_heard(heard);
        match heard {
            Heard::Message { id, channel: Some(channel), data, .. } if channel == "@client" => {
                self.for_me_alone(truth, *id, data)
            }
            Heard::Gap { channel, .. } if channel == "@client" => Ok(()),
            Heard::Message { id, channel, event, ask, data, is_json, replay } => {
                let is_named = channel.is_some();
                let channel = self.channel(channel.as_deref())?;
                let record =
                    truth.record(&channel, *id).ok_or_else(|| format!("{channel}: nobody published {id}"))?;
                same(record, event.as_deref(), ask.as_deref(), data, is_named.then_some(*is_json))?;
                self.message(truth, &channel, record, *replay)
            }
            Heard::Gap { channel, after, resumes } => self.gap(truth, channel, *after, *resumes),
            Heard::Withdrawn { ask, is_answered } => self.withdrawn(truth, ask, *is_answered),
            Heard::Coming { channel, client, is_join, .. } => {
                self.watch.hears(truth, channel, client, *is_join)
            }
            Heard::PresenceChanged { channel } => {
                self.watch.forget(channel);
                Ok(())
            }
            Heard::Closed { channel } => {
                if !truth.was_deleted(channel) {
                    return Err(format!("{channel} is said to be closed and was never deleted"));
                }
                self.watch.forget(channel);
                self.channels.remove(channel).map(|_| ()).ok_or_else(|| format!("{channel}: closed twice"))
            }
            Heard::Position { cursor } | Heard::Reload { since: cursor } => self.position(truth, *cursor),
            Heard::Shutdown { .. } | Heard::Heartbeat | Heard::Retry { .. } => Ok(()),
            Heard::Refused { status } => Err(format!("{status} in the middle of a stream")),
        }
    }

    /// A payload came without an id: whose is it?
    pub fn hears_payload(&mut self, truth: &Truth, data: &[u8], is_text: bool) -> Checked {
        truth.tally.count("a payload heard");
        let channel = self.channel(None)?;
        if truth.was_for_one(data) {
            return Ok(());
        }
        let at = self.channels[&channel].at;
        let record = truth.with_data(&channel, at, data);
        let record = record.ok_or_else(|| format!("{channel}: nobody published {data:?} after {at}"))?;
        if is_text != (record.format != Format::Binary) {
            return Err(format!("{}: text is text and binary is binary", record.id));
        }
        self.message(truth, &channel, record, false)
    }

    /// Something was sent to this client and to nobody else.
    fn for_me_alone(&mut self, truth: &Truth, id: MessageId, data: &[u8]) -> Checked {
        truth.tally.count("a message for one heard");
        let record = self.who.client.and_then(|client| truth.record(&own_log(client), id));
        let record = record.ok_or_else(|| format!("{id} was not sent to {:?}", self.who.client))?;
        if record.data != data || id <= self.own_at {
            return Err(format!("{id} is another message, or comes again after {}: {record:?}", self.own_at));
        }
        self.own_at = id;
        Ok(())
    }

    fn channel(&self, said: Option<&str>) -> Result<String, String> {
        match (said, self.channels.len()) {
            (Some(name), _) if self.channels.contains_key(name) => Ok(name.to_owned()),
            (Some(name), _) => Err(format!("{name} is not read here")),
            (None, 1) => Ok(self.channels.keys().next().expect("there is one").clone()),
            (None, count) => Err(format!("a message without a channel, and there are {count}")),
        }
    }

    fn message(&mut self, truth: &Truth, channel: &str, record: &Record, replay: bool) -> Checked {
        let id = record.id;
        if record.except.is_some() && record.except == self.who.client {
            return Err(format!("{channel}: {id} is for all but this client"));
        }
        if id <= self.channels[channel].at {
            return Err(format!("{channel}: {id} again, or out of order"));
        }
        if !record.retained && id <= self.channels[channel].retained_to {
            return Err(format!("{channel}: {id} was not retained, and the reader asked for what is"));
        }
        if record.hidden_ms < self.shown_ms && !truth.is_loose() {
            return Err(format!("{channel}: shown after {}, when it was gone: {record:?}", self.shown_ms));
        }
        if replay && !self.channels[channel].may_replay {
            return Err(format!("{channel}: {id} is marked as replay"));
        }
        let who = self.who;
        for (name, position) in self.channels.iter_mut().filter(|(_, p)| !replay || p.may_replay) {
            position.accounts_for(truth, who, name, id.predecessor())?;
            position.at = position.at.max(id);
            position.may_replay &= replay;
        }
        Ok(())
    }

    /// Where a question ended among what is heard, if it ends where this reader has not been.
    pub fn end_of(&self, truth: &Truth, ask: &str) -> Option<(String, MessageId)> {
        let end = |(name, position): (&String, &Position)| {
            truth.end_of(name, position.at, ask).map(|record| (name.clone(), record.id))
        };
        self.channels.iter().find_map(end)
    }

    fn withdrawn(&mut self, truth: &Truth, ask: &str, is_answered: bool) -> Checked {
        let (channel, id) = self
            .end_of(truth, ask)
            .ok_or_else(|| format!("{ask} is said to have ended, and has not after what was heard"))?;
        let record = truth.record(&channel, id).ok_or("the end was found")?;
        if !matches!(record.role, Role::End { is_answered: truly, .. } if truly == is_answered) {
            return Err(format!("{ask} has ended in another way: {record:?}"));
        }
        let is_replay = self.channels[&channel].may_replay;
        self.message(truth, &channel, record, is_replay)
    }

    fn gap(&mut self, truth: &Truth, channel: &str, after: MessageId, resumes: MessageId) -> Checked {
        let position =
            self.channels.get_mut(channel).ok_or_else(|| format!("a gap in {channel}, which is not read"))?;
        if !truth.was_floor(channel, resumes) {
            return Err(format!("{channel}: a gap up to {resumes}, which was not lost"));
        }
        if resumes <= position.gap_to {
            return Err(format!("{channel}: the gap up to {resumes} was told before"));
        }
        let is_unknown = position.owes_gap && after == MessageId::ZERO;
        if !is_unknown && (resumes <= position.at || after < position.at || resumes <= after) {
            return Err(format!("{channel}: a gap from {after} to {resumes}, but it has {}", position.at));
        }
        position.gap_to = resumes;
        position.owes_gap = false;
        Ok(())
    }

    fn position(&mut self, truth: &Truth, cursor: MessageId) -> Checked {
        if cursor > truth.newest() {
            return Err(format!("the position {cursor} is beyond the newest id"));
        }
        for (name, position) in &mut self.channels {
            position.accounts_for(truth, self.who, name, cursor)?;
            // A channel may have been added from beyond where the others are.
            if cursor < position.at && !position.may_replay {
                return Err(format!("{name}: the position goes back from {} to {cursor}", position.at));
            }
            (position.at, position.may_replay) = (position.at.max(cursor), false);
        }
        Ok(())
    }
}

/// `is_json`: what the wire says of the payload, if it says anything.
fn same(
    record: &Record,
    event: Option<&str>,
    ask: Option<&str>,
    data: &[u8],
    is_json: Option<bool>,
) -> Checked {
    let question = match record.role {
        Role::Question(id) => Some(id.to_string()),
        Role::Plain => None,
        Role::End { .. } => return Err(format!("{} is the end of a question, not a message", record.id)),
    };
    if question.as_deref() != ask {
        return Err(format!("{}: it is the question {question:?} and came as {ask:?}", record.id));
    }
    if record.data != data {
        return Err(format!("{}: {data:?} was heard, {:?} was published", record.id, record.data));
    }
    if event != record.event.as_deref() {
        return Err(format!("{}: it came as {event:?} and is {:?}", record.id, record.event));
    }
    if is_json.is_some_and(|is_json| is_json != (record.format == Format::Json)) {
        return Err(format!("{}: JSON is JSON and text is text", record.id));
    }
    Ok(())
}
