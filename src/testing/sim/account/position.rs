//! Where a reader stands in one of its channels.  Law: nothing is passed over but what was told to be lost, what died, and
//! what is not for this reader.

use super::{Begin, Checked};
use crate::message::{ClientId, MessageId};
use crate::testing::naive_log::{Fate, Record};
use crate::testing::sim::truth::Truth;

/// Who a reader is, as far as that decides what it is told.
#[derive(Copy, Clone, Debug)]
pub(super) struct Who {
    pub(super) client: Option<ClientId>,
    /// It hears notices, and with them the ends of questions.
    pub(super) hears_ends: bool,
}

/// What is known of one of its channels.
#[derive(Debug)]
pub(super) struct Position {
    /// Everything up to here is accounted for.
    pub(super) at: MessageId,
    /// Losses up to here were told.
    pub(super) gap_to: MessageId,
    /// Up to here losses need no notice, and what is not retained is not shown.
    pub(super) quiet_to: MessageId,
    /// Up to here only what is retained may be shown.
    pub(super) retained_to: MessageId,
    /// A gap is to be told before anything else.
    pub(super) owes_gap: bool,
    /// Its backlog may come, marked as replay.
    pub(super) may_replay: bool,
    /// The newest id when it was subscribed: a later deletion ends it.
    pub(super) opened_at: MessageId,
    /// It begins somewhere between `at` and here.
    pub(super) begins_by: MessageId,
}

impl Position {
    pub(super) fn begin(truth: &Truth, begin: Begin, newest: MessageId) -> Self {
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
    pub(super) fn accounts_for(&self, truth: &Truth, who: Who, channel: &str, to: MessageId) -> Checked {
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
