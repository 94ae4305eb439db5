//! Questions: open until the first answer, a withdrawal or their time; remembered for a while after.  Law: a question
//! ends once, and everybody is told the same end.  Knows nothing of who waits for it.

use crate::limits::{ANSWER_BYTES_MAX, ASK_MEMORY_MS};
use crate::message::{Answer, AskId, AskerId, ClientId, MessageId};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

/// A question and what became of it.
pub struct Ask {
    /// By which it is answered.
    pub ask: AskId,
    /// Where it was asked.
    pub channel: Rc<str>,
    /// What became of it.
    pub state: AskState,
    pub(super) asker: AskerId,
    pub(super) message: MessageId,
    pub(super) except: Option<ClientId>,
    /// When it expires (Unix ms).
    pub(super) expires_ms: u64,
    /// When it expires, or is forgotten once it has ended (Unix ms).
    pub(super) due_ms: u64,
    /// Which place it has among those that ended; 0 while it is open.
    pub(super) ended: u64,
}

/// What became of a question.
pub enum AskState {
    /// Nobody has answered yet.
    Open,
    /// The first answer.
    Answered(Answer),
    /// Whoever asked took it back, or its channel was deleted.
    Withdrawn,
    /// Its time passed.
    Expired,
}

/// Why a question cannot be answered or withdrawn any more.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum AskError {
    /// Another answer was first.
    Answered,
    /// It was taken back.
    Withdrawn,
    /// Its time passed.
    Expired,
    /// It was never there, or was forgotten.
    Unknown,
}

impl AskError {
    /// The answer to whoever comes too late.
    pub fn status(self) -> u16 {
        match self {
            Self::Answered => 409,
            Self::Withdrawn | Self::Expired => 410,
            Self::Unknown => 404,
        }
    }

    /// What was wrong.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Answered => "the question was answered before",
            Self::Withdrawn => "the question was withdrawn",
            Self::Expired => "the time of the question has passed",
            Self::Unknown => "there is no such question, or it is long over",
        }
    }
}

impl AskState {
    fn as_error(&self) -> Option<AskError> {
        match self {
            AskState::Open => None,
            AskState::Answered(_) => Some(AskError::Answered),
            AskState::Withdrawn => Some(AskError::Withdrawn),
            AskState::Expired => Some(AskError::Expired),
        }
    }

    /// Bytes of an answer that is remembered.
    fn bytes(&self) -> usize {
        match self {
            AskState::Answered(answer) => answer.data.len(),
            AskState::Open | AskState::Withdrawn | AskState::Expired => 0,
        }
    }
}

/// All questions of a node.
#[derive(Default)]
pub(super) struct Asks {
    /// In the order of their ids, so that those with one number stand together.
    records: BTreeMap<AskId, Ask>,
    by_asker: HashMap<AskerId, AskId>,
    /// All by [`Ask::due_ms`].
    due: BTreeSet<(u64, AskId)>,
    /// The open questions by channel, in the order in which they were asked; no set is empty.
    open_in: HashMap<Rc<str>, BTreeSet<(MessageId, AskId)>>,
    /// The latest time that was heard of (Unix ms).
    clock_ms: u64,
    /// Those that ended, by a number that counts them: what ended first is forgotten first.
    ended: BTreeMap<u64, AskId>,
    ended_total: u64,
    answer_bytes: usize,
    /// Ends that nobody was told yet.
    news: VecDeque<AskerId>,
}

impl Asks {
    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.records.len() - self.ended.len()
    }

    /// Notes a new question.
    pub(super) fn insert(&mut self, ask: Ask) {
        self.by_asker.insert(ask.asker, ask.ask);
        self.due.insert((ask.due_ms, ask.ask));
        self.open_in.entry(ask.channel.clone()).or_default().insert((ask.message, ask.ask));
        self.records.insert(ask.ask, ask);
    }

    /// The question that `asker` asked.
    pub(super) fn of(&self, asker: AskerId) -> Option<&Ask> {
        self.records.get(self.by_asker.get(&asker)?)
    }

    /// The open questions with that number, by which whoever listens with Socket.IO answers: one, unless two were asked
    /// at once.
    pub(super) fn numbered(&self, number: u32) -> impl Iterator<Item = &Ask> {
        let all = AskId::with_ack_number(number).map(|ids| self.records.range(ids));
        all.into_iter().flatten().map(|(_, ask)| ask).filter(|ask| matches!(ask.state, AskState::Open))
    }

    /// The open questions of a channel, in the order in which they were asked.
    pub(super) fn open_in(&self, channel: &str) -> Vec<AskId> {
        let open = self.open_in.get(channel).into_iter().flatten();
        open.map(|(_, ask)| *ask).collect()
    }

    /// Ends an open question, of which at most `max` are remembered.
    pub(super) fn end(&mut self, id: AskId, state: AskState, max: usize) -> Result<&Ask, AskError> {
        let ask = self.records.get_mut(&id).ok_or(AskError::Unknown)?;
        if let Some(error) = ask.state.as_error() {
            return Err(error);
        }
        self.answer_bytes += state.bytes();
        self.ended_total += 1;
        (ask.state, ask.ended) = (state, self.ended_total);
        self.news.push_back(ask.asker);
        self.due.remove(&(ask.due_ms, id));
        // The clock may have leapt far past its time: nobody has heard of its end yet.
        ask.due_ms = ask.expires_ms.max(self.clock_ms).saturating_add(ASK_MEMORY_MS);
        self.due.insert((ask.due_ms, id));
        let (channel, message) = (ask.channel.clone(), ask.message);
        self.close_in(&channel, (message, id));
        self.ended.insert(self.ended_total, id);
        // The one that has just ended stays: its asker was not told yet.
        while self.ended.len() > 1 && (self.ended.len() > max || self.answer_bytes > ANSWER_BYTES_MAX) {
            let Some((_, oldest)) = self.ended.first_key_value() else { break };
            self.forget(*oldest);
        }
        self.records.get(&id).ok_or(AskError::Unknown)
    }

    /// Ends what is past its time at `clock_ms`, and forgets what ended long ago.
    pub(super) fn expire(&mut self, clock_ms: u64, max: usize) {
        self.clock_ms = self.clock_ms.max(clock_ms);
        while let Some(&(due_ms, id)) = self.due.first()
            && due_ms <= clock_ms
        {
            if self.end(id, AskState::Expired, max).is_err() {
                self.forget(id);
            }
        }
    }

    /// When [`Asks::expire`] has something to do (Unix ms).
    pub(super) fn next_due(&self) -> Option<u64> {
        self.due.first().map(|(due_ms, _)| *due_ms)
    }

    /// The next end that nobody was told yet.
    pub(super) fn poll_end(&mut self) -> Option<AskerId> {
        self.news.pop_front()
    }

    fn close_in(&mut self, channel: &Rc<str>, question: (MessageId, AskId)) {
        let Some(open) = self.open_in.get_mut(channel) else { return };
        open.remove(&question);
        if open.is_empty() {
            self.open_in.remove(channel);
        }
    }

    fn forget(&mut self, id: AskId) {
        let Some(ask) = self.records.remove(&id) else { return };
        self.by_asker.remove(&ask.asker);
        self.due.remove(&(ask.due_ms, id));
        self.answer_bytes -= ask.state.bytes();
        self.ended.remove(&ask.ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Format;

    const MAX: usize = 3;

    fn ids(n: u8) -> (AskId, AskerId) {
        (AskId([n; 16]), AskerId([n; 16]))
    }

    fn asked(asks: &mut Asks, n: u8, channel: &str, expires_ms: u64) {
        let (ask, asker) = ids(n);
        let message = MessageId::new(1, u64::from(n));
        let state = AskState::Open;
        let (channel, due_ms) = (channel.into(), expires_ms);
        asks.insert(Ask { ask, asker, channel, state, message, except: None, expires_ms, due_ms, ended: 0 });
    }

    fn answer(bytes: usize) -> AskState {
        let data = vec![b'x'; bytes].into();
        AskState::Answered(Answer { status: 200, data, format: Format::Text, content_type: None, by: None })
    }

    fn state(asks: &Asks, n: u8) -> Option<AskError> {
        asks.of(ids(n).1).map_or(Some(AskError::Unknown), |ask| ask.state.as_error())
    }

    #[test]
    fn a_question_ends_once() {
        type End = fn() -> AskState;
        let ends: [(End, AskError); 2] =
            [(|| answer(1), AskError::Answered), (|| AskState::Withdrawn, AskError::Withdrawn)];
        for (end, error) in ends {
            let mut asks = Asks::default();
            asked(&mut asks, 1, "a", 100);
            assert_eq!((state(&asks, 1), asks.open()), (None, 1));
            assert!(asks.end(ids(1).0, end(), MAX).is_ok());
            assert_eq!((asks.poll_end(), asks.poll_end(), asks.open()), (Some(ids(1).1), None, 0));
            for (late, _) in ends {
                assert_eq!(asks.end(ids(1).0, late(), MAX).err(), Some(error));
            }
            asks.expire(100 + ASK_MEMORY_MS - 1, MAX);
            assert_eq!((state(&asks, 1), asks.poll_end()), (Some(error), None));
            asks.expire(100 + ASK_MEMORY_MS, MAX);
            assert_eq!(state(&asks, 1), Some(AskError::Unknown));
            assert_eq!(asks.end(ids(1).0, end(), MAX).err(), Some(AskError::Unknown));
            assert_eq!((asks.next_due(), asks.answer_bytes, asks.ended.len()), (None, 0, 0));
        }
    }

    #[test]
    fn a_question_expires_at_its_time_and_is_remembered_for_a_while() {
        let mut asks = Asks::default();
        asked(&mut asks, 1, "a", 100);
        asks.expire(99, MAX);
        assert_eq!((state(&asks, 1), asks.next_due()), (None, Some(100)));
        asks.expire(100, MAX);
        assert_eq!((state(&asks, 1), asks.poll_end()), (Some(AskError::Expired), Some(ids(1).1)));
        assert_eq!(asks.end(ids(1).0, answer(1), MAX).err(), Some(AskError::Expired));
        asks.expire(100 + ASK_MEMORY_MS, MAX);
        assert_eq!((state(&asks, 1), asks.poll_end()), (Some(AskError::Unknown), None));
    }

    #[test]
    fn a_question_is_remembered_also_if_the_clock_leapt_past_all_of_its_time() {
        let mut asks = Asks::default();
        asked(&mut asks, 1, "a", 100);
        let late = 100 + 2 * ASK_MEMORY_MS;
        asks.expire(late, MAX);
        assert_eq!((state(&asks, 1), asks.poll_end()), (Some(AskError::Expired), Some(ids(1).1)));
        asks.expire(late + ASK_MEMORY_MS, MAX);
        assert_eq!((state(&asks, 1), asks.next_due()), (Some(AskError::Unknown), None));
    }

    #[test]
    fn what_ended_first_is_forgotten_first_over_the_bounds() {
        let mut asks = Asks::default();
        for n in 1..=5 {
            asked(&mut asks, n, "a", 1000 - u64::from(n));
        }
        for n in [4, 2, 5, 1] {
            assert!(asks.end(ids(n).0, answer(10), MAX).is_ok());
        }
        let known: Vec<u8> = (1..=5).filter(|n| state(&asks, *n) != Some(AskError::Unknown)).collect();
        assert_eq!((known, asks.answer_bytes, asks.open()), (vec![1, 2, 3, 5], 30, 1));
        assert!(asks.end(ids(3).0, answer(ANSWER_BYTES_MAX + 1), MAX).is_ok());
        assert_eq!((state(&asks, 3), asks.records.len()), (Some(AskError::Answered), 1));
    }

    #[test]
    fn an_open_question_is_found_by_its_number() {
        let mut asks = Asks::default();
        for n in [2, 3, 9] {
            asked(&mut asks, n, "a", 100);
        }
        let numbered = |asks: &Asks, n: u8| -> Vec<AskId> {
            asks.numbered(ids(n).0.ack_number()).map(|ask| ask.ask).collect()
        };
        for n in [2, 3, 9] {
            assert_eq!(numbered(&asks, n), [ids(n).0]);
        }
        assert!(numbered(&asks, 1).is_empty() && asks.numbered(u32::MAX).next().is_none());
        // Their first 31 bits are alike.
        let twin = AskId(core::array::from_fn(|n| if n < 4 { 3 } else { 200 }));
        let (state, message) = (AskState::Open, MessageId::new(1, 1));
        let channel = "a".into();
        let (asker, except, expires_ms, due_ms, ended) = (ids(200).1, None, 100, 100, 0);
        asks.insert(Ask { ask: twin, asker, channel, state, message, except, expires_ms, due_ms, ended });
        assert_eq!(numbered(&asks, 3), [ids(3).0, twin]);
        assert!(asks.end(ids(3).0, answer(1), MAX).is_ok());
        assert_eq!(numbered(&asks, 3), [twin]);
    }

    #[test]
    fn the_open_questions_of_a_channel_come_in_order() {
        let mut asks = Asks::default();
        for (n, channel) in [(3, "a"), (1, "a"), (2, "b"), (4, "a")] {
            asked(&mut asks, n, channel, 100);
        }
        assert!(asks.end(ids(3).0, AskState::Withdrawn, MAX).is_ok());
        assert_eq!(asks.open_in("a"), [ids(1).0, ids(4).0]);
        for n in [1, 2, 4] {
            assert!(asks.end(ids(n).0, answer(1), MAX).is_ok());
        }
        assert!(asks.open_in("a").is_empty() && asks.open_in.is_empty());
    }
}
