//! What one reader must still be told, held against the truth.  Law: it hears every message after its cursor once and
//! in order, or why not: a gap notice covers what was lost, and everything else that it misses was not for it.

use super::presence::Watch;
use super::truth::Truth;
use crate::message::{ClientId, Format, MessageId};
use crate::testing::decode::Heard;
use crate::testing::naive_log::{Fate, Record, Role};
use std::collections::BTreeMap;

/// Where a reader asks to begin.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// With what comes next; the newest id when it was asked for.
    Now(MessageId),
    /// After a cursor.
    After(MessageId),
    /// After something that is no cursor.
    Lost,
    /// With the oldest that is retained; the newest id when it was asked for.
    Start(MessageId),
    /// With so many of the newest; the newest id when it was asked for.
    Last(usize, MessageId),
    /// With everything at this time (Unix ms) or after.
    Time(u64),
}

/// One reader over one connection, or over one poll.
#[derive(Debug)]
pub struct Account {
    who: Who,
    begin: Begin,
    /// The newest id when the server had the whole request: it begins no later.
    newest: MessageId,
    /// What is heard was shown at this time or later (Unix ms); 0 if nobody can tell.
    shown_ms: u64,
    channels: BTreeMap<String, Position>,
    /// Up to where it has heard what is for it alone.
    own_at: MessageId,
    /// Who came and left.
    pub watch: Watch,
}

/// Who a reader is, as far as that decides what it is told.
#[derive(Copy, Clone, Debug)]
struct Who {
    client: Option<ClientId>,
    /// It hears notices, and with them the ends of questions.
    hears_ends: bool,
}

/// What is known of one of its channels.
#[derive(Debug)]
struct Position {
    /// Everything up to here is accounted for.
    at: MessageId,
    /// Losses up to here were told.
    gap_to: MessageId,
    /// Up to here losses need no notice, and what is not retained is not shown.
    quiet_to: MessageId,
    /// Up to here only what is retained may be shown.
    retained_to: MessageId,
    /// A gap is to be told before anything else.
    owes_gap: bool,
    /// Its backlog may come, marked as replay.
    may_replay: bool,
    /// The newest id when it was subscribed: a later deletion ends it.
    opened_at: MessageId,
    /// It begins somewhere between `at` and here.
    begins_by: MessageId,
}

type Checked = Result<(), String>;

impl Account {
    /// A reader of `channels` whose request the server had whole when `newest` was the newest id.
    pub fn open<'c>(
        truth: &Truth,
        channels: impl IntoIterator<Item = &'c str>,
        begin: Begin,
        newest: MessageId,
    ) -> Self {
        let position = |name: &str| (name.to_owned(), Position::begin(truth, begin, newest));
        let channels = channels.into_iter().map(position).collect();
        Account {
            who: Who { client: None, hears_ends: true },
            begin,
            newest,
            shown_ms: 0,
            channels,
            own_at: MessageId::ZERO,
            watch: Watch::default(),
        }
    }

    /// The server says who the reader is.
    pub fn is_client(&mut self, client: ClientId) {
        self.who.client = Some(client);
    }

    /// The transport has no notices.
    pub fn hears_no_notices(&mut self) {
        self.who.hears_ends = false;
    }

    /// What is heard from now on was shown at `unix_ms` or later.
    pub fn has_heard_until(&mut self, unix_ms: u64) {
        self.shown_ms = self.shown_ms.max(unix_ms);
    }

    /// Its channels.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        self.channels.keys().map(|name| &**name)
    }

    /// The server says where this reader begins.
    pub fn begins_at(&mut self, truth: &Truth, cursor: MessageId) -> Checked {
        let is_right = match self.begin {
            Begin::Now(newest) => newest <= cursor && cursor <= self.newest,
            Begin::After(after) => cursor == after,
            Begin::Time(ms) => {
                cursor == MessageId::new(ms, 0).predecessor().min(cursor) && cursor <= self.newest
            }
            Begin::Last(count, newest) => {
                cursor <= self.newest && (newest < truth.newest() || self.are_last(truth, count, cursor))
            }
            Begin::Lost | Begin::Start(_) => cursor <= self.newest,
        };
        if !is_right {
            return Err(format!("{:?} does not begin at {cursor}", self.begin));
        }
        if matches!(self.begin, Begin::Now(_) | Begin::Last(..)) {
            for position in self.channels.values_mut() {
                (position.at, position.begins_by) = (cursor, cursor);
            }
        }
        Ok(())
    }

    /// Do `count` of the newest messages stand behind `cursor`, if there are so many? Nothing was published meanwhile.
    fn are_last(&self, truth: &Truth, count: usize, cursor: MessageId) -> bool {
        let count_of = |names: &[String], from, is_counted: fn(Fate) -> bool| -> usize {
            let of_channel = |name: &String| {
                let shown = truth.after(name, from).iter().filter(|record| {
                    let is_for_me = record.except.is_none() || record.except != self.who.client;
                    record.retained && is_for_me && is_counted(record.fate)
                });
                shown.count()
            };
            names.iter().map(of_channel).sum()
        };
        let is_alive = |fate| fate == Fate::Alive;
        // It may have died since the server looked.
        let may_be_alive = |fate| matches!(fate, Fate::Alive | Fate::Expired | Fate::Lost | Fate::Over);
        let mut names: Vec<String> = self.channels.keys().cloned().collect();
        let surely = count_of(&names, cursor, is_alive);
        let of_all = count_of(&names, MessageId::ZERO, is_alive);
        // What was sent to this client alone is gone when the server has forgotten the client.
        names.extend(self.who.client.map(own_log));
        truth.is_loose() || surely <= count && count_of(&names, cursor, may_be_alive) >= count.min(of_all)
    }

    /// The server says that `channels` are read as well, from `since` on.
    pub fn adds(&mut self, channels: &[String], since: MessageId, begin: Begin, truth: &Truth) {
        for name in channels {
            if !self.channels.contains_key(name) {
                let mut position = Position::begin(truth, begin, truth.newest());
                if begin != Begin::Lost {
                    position.at = since;
                    position.owes_gap = since < truth.start();
                }
                position.begins_by = position.at;
                position.may_replay = true;
                self.channels.insert(name.clone(), position);
            }
        }
    }

    /// The server says that a channel is no longer read.
    pub fn removes(&mut self, channel: &str) {
        self.watch.forget(channel);
        self.channels.remove(channel);
    }

    /// Those of its channels whose backlog cannot be on its way.
    pub fn settled_channels(&self) -> impl Iterator<Item = &str> {
        self.channels.iter().filter(|(_, position)| !position.may_replay).map(|(name, _)| &**name)
    }

    /// May the backlog of a channel that was added be on its way?
    pub fn may_replay(&self) -> bool {
        self.channels.values().any(|position| position.may_replay)
    }

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

    /// Nothing more is to come at present.
    pub fn is_idle(&self, truth: &Truth) -> Checked {
        for (name, position) in &self.channels {
            if let Some(deletion) = truth.deletion_after(name, position.opened_at) {
                return Err(format!("{name} was deleted at {deletion} and is not said to be closed"));
            }
            position.accounts_for(truth, self.who, name, MessageId::MAX)?;
        }
        Ok(())
    }

    /// Where it stands in a channel; and up to where it was told that it has lost something, if that is further.
    pub fn position_in(&self, channel: &str) -> Option<(MessageId, MessageId)> {
        self.channels.get(channel).map(|position| (position.at, position.at.max(position.gap_to)))
    }

    /// Of one channel it goes on from `at`, whatever the others do; it may begin anywhere up to `by`.
    pub fn goes_on_from(&mut self, channel: &str, at: MessageId, by: MessageId) {
        if let Some(position) = self.channels.get_mut(channel) {
            (position.at, position.begins_by) = (at, by);
        }
    }

    /// Everything up to `to` was told.
    pub fn has_all_up_to(&self, truth: &Truth, to: MessageId) -> Checked {
        self.channels.iter().try_for_each(|(name, position)| position.accounts_for(truth, self.who, name, to))
    }

    /// Can it be that it has lost something? A raw socket is not told who it is, so any own log may be its own.
    pub fn may_have_gap(&self, truth: &Truth) -> bool {
        let may_have_lost = |(name, position): (&String, &Position)| {
            position.owes_gap || truth.may_have_lost(name, position.at)
        };
        let begin = self.channels.values().map(|position| position.at).min();
        self.channels.iter().any(may_have_lost)
            || begin.is_some_and(|at| truth.may_have_lost_for_one(at.max(self.own_at)))
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

    /// What is missing of what was sent to this client alone while it listened.
    pub fn misses_its_own(&self, truth: &Truth) -> Option<MessageId> {
        let client = self.who.client.filter(|_| !truth.is_loose())?;
        let sent = truth.after(&own_log(client), self.own_at.max(self.newest));
        sent.iter().find(|record| record.fate == Fate::Alive && record.retained).map(|record| record.id)
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

impl Position {
    fn begin(truth: &Truth, begin: Begin, newest: MessageId) -> Self {
        let at = match begin {
            Begin::Now(asked) => asked,
            Begin::After(cursor) => cursor,
            Begin::Time(ms) => MessageId::new(ms, 0).predecessor().min(newest),
            Begin::Lost | Begin::Start(_) | Begin::Last(..) => MessageId::ZERO,
        };
        let is_history = matches!(begin, Begin::Lost | Begin::Start(_) | Begin::Last(..));
        Position {
            at,
            gap_to: MessageId::ZERO,
            quiet_to: if is_history { newest } else { MessageId::ZERO },
            retained_to: match begin {
                Begin::Start(asked) | Begin::Last(_, asked) => asked,
                Begin::Now(_) | Begin::After(_) | Begin::Lost | Begin::Time(_) => MessageId::ZERO,
            },
            owes_gap: begin == Begin::Lost || !is_history && at < truth.start(),
            may_replay: false,
            opened_at: newest,
            begins_by: if matches!(begin, Begin::Now(_) | Begin::Last(..)) { newest } else { at },
        }
    }

    /// Nothing up to `to` was passed over that this reader should have heard.
    fn accounts_for(&self, truth: &Truth, who: Who, channel: &str, to: MessageId) -> Checked {
        if self.owes_gap {
            return Err(format!("{channel}: no gap was told after {}", self.at));
        }
        let end = truth.deletion_after(channel, self.opened_at).unwrap_or(MessageId::MAX);
        let passed =
            truth.after(channel, self.at).iter().take_while(|record| record.id <= to && record.id < end);
        match passed.into_iter().find(|record| !self.may_miss(truth, who, record)) {
            None => Ok(()),
            Some(record) => Err(format!(
                "{channel}: passed over after {}, with gaps told up to {}: {record:?}",
                self.at, self.gap_to
            )),
        }
    }

    fn may_miss(&self, truth: &Truth, who: Who, record: &Record) -> bool {
        let is_excepted = record.except.is_some() && (who.client.is_none() || record.except == who.client);
        let is_told = record.id <= self.gap_to || record.id <= self.quiet_to;
        // In a loose world the hub may have had it for longer, until it was replaced.
        let may_be_replaced = truth.is_loose() && record.key.is_some();
        is_excepted
            || record.is_end() && (!who.hears_ends || truth.troubles.is_crowded)
            || may_be_replaced
            || record.id <= self.begins_by
            || !record.retained && record.id <= self.quiet_to
            || match record.fate {
                Fate::Alive => truth.is_loose() && (is_told || !record.retained),
                Fate::Lost => is_told,
                Fate::Replaced | Fate::Expired | Fate::Passed | Fate::Deleted | Fate::Over => true,
            }
    }
}

/// Where what is sent to one client alone stands.
fn own_log(client: ClientId) -> String {
    format!("@client/{client}")
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
