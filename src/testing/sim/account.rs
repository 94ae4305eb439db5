//! What one reader must still be told, held against the truth.  Law: it hears every message after its cursor once and
//! in order, or why not: a gap notice covers what was lost, and everything else that it misses was not for it.

use super::presence::Watch;
use super::truth::Truth;
use crate::message::{ClientId, MessageId};
use crate::testing::naive_log::Fate;
use position::{Position, Who};
use std::collections::BTreeMap;

mod hearing;
mod position;

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

    /// What is missing of what was sent to this client alone while it listened.
    pub fn misses_its_own(&self, truth: &Truth) -> Option<MessageId> {
        let client = self.who.client.filter(|_| !truth.is_loose())?;
        let sent = truth.after(&own_log(client), self.own_at.max(self.newest));
        sent.iter().find(|record| record.fate == Fate::Alive && record.retained).map(|record| record.id)
    }
}

/// Where what is sent to one client alone stands.
fn own_log(client: ClientId) -> String {
    format!("@client/{client}")
}
