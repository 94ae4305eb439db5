//! What became of every question, by the order of the journal.  Law: a question ends once: by its first answer, by its
//! asker, with its channel, or by its time. Written from the contract, not from the hub.

use super::truth::Truth;
use crate::limits::ASK_MEMORY_MS;
use crate::message::{Answer, AskId, AskerId, ClientId, MessageId, Question as Asked};
use core::fmt;
use std::collections::HashMap;

/// Milliseconds in which the server notices that a question's time is over.
pub const NOTICED_MS: u64 = 350;

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Somebody answered.
    Answered(Answer),
    /// It was taken back, or its channel deleted.
    Withdrawn,
    /// Its time was over.
    Expired,
}

/// One question.
#[derive(Clone)]
pub struct Question {
    /// By which it is answered.
    pub ask: AskId,
    /// By which it is taken up again and withdrawn.
    pub asker: AskerId,
    /// Where it was asked.
    pub channel: String,
    /// What was asked.
    pub data: Vec<u8>,
    /// The message that asks it.
    pub id: MessageId,
    /// Who is not asked.
    pub except: Option<ClientId>,
    /// When its time is over (Unix ms).
    pub expires_ms: u64,
    /// What became of it, and the turn in which that was learned.
    pub end: Option<(End, u64)>,
    /// The clock stepped back over its time: it may have ended in another way.
    pub is_vague: bool,
    /// The journal was lost.
    pub is_lost: bool,
}

/// Without what was said, which may be long.
impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Question { ask, channel, id, expires_ms, is_vague, is_lost, .. } = self;
        let end = match &self.end {
            None => "open".to_owned(),
            Some((End::Answered(answer), turn)) => format!("answered {} at turn {turn}", answer.status),
            Some((end, turn)) => format!("{end:?} at turn {turn}"),
        };
        write!(f, "{ask} in {channel} as {id} expires {expires_ms} {end} vague {is_vague} lost {is_lost}")
    }
}

impl Question {
    /// How it ended.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref().map(|(end, _)| end)
    }

    /// May it be open, as far as the server knows?
    pub fn may_be_open(&self, truth: &Truth) -> bool {
        match self.end() {
            None => true,
            // A clock that was set is looked at when something happens.
            Some(End::Expired) => truth.is_loose() || truth.now.unix_ms < self.expires_ms + NOTICED_MS,
            Some(End::Answered(_) | End::Withdrawn) => self.is_vague,
        }
    }

    /// May the server have forgotten it at `clock_ms` (Unix)?
    pub fn may_be_forgotten(&self, clock_ms: u64) -> bool {
        self.is_lost || clock_ms >= self.expires_ms + ASK_MEMORY_MS
    }
}

/// What the server says of a question.
#[derive(Debug)]
pub struct Told<'a> {
    /// `pending`, `answered`, `withdrawn` or `expired`.
    pub state: &'a str,
    /// The status.
    pub status: u16,
    /// The body.
    pub data: &'a [u8],
    /// Who answered.
    pub by: Option<&'a str>,
}

impl Told<'_> {
    /// Was it so at some time after the turn `since`?
    pub fn is_true_of(&self, question: &Question, truth: &Truth, since: u64) -> Result<(), String> {
        let Told { state, status, data, by } = *self;
        let is_true = match (state, status, question.end()) {
            _ if question.is_vague => true,
            ("pending", 202, _) => {
                let ended_since = question.end.as_ref().is_some_and(|(_, turn)| *turn > since);
                ended_since || question.may_be_open(truth)
            }
            ("answered", status, Some(End::Answered(answer))) => {
                answer.status == status
                    && *answer.data == *data
                    && answer.by.map(|by| by.to_string()).as_deref() == by
            }
            ("withdrawn", 410, Some(End::Withdrawn)) | ("expired", 504, Some(End::Expired)) => true,
            _ => false,
        };
        if is_true {
            Ok(())
        } else {
            Err(format!("this is not what became of the question, at turn {}", truth.questions.turn))
        }
    }
}

/// All of them, in the order in which they were asked.
#[derive(Default)]
pub struct Questions {
    all: Vec<Question>,
    by_ask: HashMap<AskId, usize>,
    by_asker: HashMap<AskerId, usize>,
    by_data: HashMap<Vec<u8>, usize>,
    /// Before these nothing is open.
    open_from: usize,
    /// Counts the turns of the world.
    pub turn: u64,
}

impl Questions {
    /// Every one, oldest first.
    pub fn all(&self) -> &[Question] {
        &self.all
    }

    /// The one that is answered by `ask`.
    pub fn of_ask(&self, ask: AskId) -> Option<&Question> {
        self.by_ask.get(&ask).map(|index| &self.all[*index])
    }

    /// The one that is taken up again by `asker`.
    pub fn of_asker(&self, asker: AskerId) -> Option<&Question> {
        self.by_asker.get(&asker).map(|index| &self.all[*index])
    }

    /// The one that asks `data`.
    pub fn of_data(&self, data: &[u8]) -> Option<&Question> {
        self.by_data.get(data).map(|index| &self.all[*index])
    }

    /// A question was asked.
    pub fn asked(&mut self, id: MessageId, asked: &Asked) {
        let Asked { draft, ask, asker } = asked;
        let index = self.all.len();
        self.by_ask.insert(*ask, index);
        self.by_asker.insert(*asker, index);
        self.by_data.insert(draft.data.to_vec(), index);
        self.all.push(Question {
            ask: *ask,
            asker: *asker,
            channel: draft.channel.to_string(),
            data: draft.data.to_vec(),
            id,
            except: draft.except,
            expires_ms: draft.ttl_s.map_or(u64::MAX, |ttl_s| id.ms + 1000 * ttl_s),
            end: None,
            is_vague: false,
            is_lost: false,
        });
    }

    /// Somebody answered; the question if that was its end.
    pub fn answered(&mut self, id: MessageId, ask: AskId, answer: &Answer) -> Option<Question> {
        let index = *self.by_ask.get(&ask)?;
        self.end(id, index, End::Answered(answer.clone()))
    }

    /// It was taken back; the question if that was its end.
    pub fn withdrawn(&mut self, id: MessageId, asker: AskerId) -> Option<Question> {
        let index = *self.by_asker.get(&asker)?;
        self.end(id, index, End::Withdrawn)
    }

    fn end(&mut self, id: MessageId, index: usize, end: End) -> Option<Question> {
        let question = &mut self.all[index];
        let may_have_been_open = question.end() == Some(&End::Expired) && id.ms < question.expires_ms;
        question.is_vague |= may_have_been_open;
        if question.end.is_some() && !may_have_been_open || question.is_lost {
            return None;
        }
        question.end = Some((end, self.turn));
        Some(question.clone())
    }

    /// A channel was deleted, and its questions with it.
    pub fn deleted(&mut self, id: MessageId, channel: &str) {
        let turn = self.turn;
        for question in self.all.iter_mut().filter(|question| question.channel == channel) {
            question.is_vague |= question.end() == Some(&End::Expired) && id.ms < question.expires_ms;
            question.end.get_or_insert((End::Withdrawn, turn));
        }
    }

    /// It is `clock_ms` (Unix).
    pub fn tick(&mut self, clock_ms: u64) {
        let turn = self.turn;
        for question in &mut self.all[self.open_from..] {
            if question.expires_ms <= clock_ms && question.end.is_none() {
                question.end = Some((End::Expired, turn));
            }
        }
        let ended = self.all[self.open_from..].iter().take_while(|question| question.end.is_some()).count();
        self.open_from += ended;
    }

    /// The journal was lost.
    pub fn forget(&mut self) {
        self.all.iter_mut().for_each(|question| question.is_lost = true);
        self.open_from = self.all.len();
    }
}
