//! A journal that delays, fails and restarts as the scheduler says.  Law: what it committed stays, in its order, over
//! every restart that is not told to forget; what it failed may still come, as nobody's.

use crate::journal::{Journal, JournalDown, Outcome};
use crate::message::{Entry, MessageId, Proposal};
use crate::testing::dice::Dice;
use core::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// One journal, held by the server that writes to it and by the scheduler that moves it.
#[derive(Clone)]
pub struct SimJournal(Rc<RefCell<State>>);

struct State {
    start: MessageId,
    newest: MessageId,
    is_up: bool,
    /// Proposals are committed when they are taken.
    is_prompt: bool,
    /// Taken and not committed.
    pending: VecDeque<Proposal>,
    /// Everything that was committed.
    entries: Vec<Entry>,
    /// What the server has not yet been told.
    said: VecDeque<Outcome>,
    /// Entries that the server was told and the scheduler was not.
    applied: VecDeque<Entry>,
    /// So many entries to come are read once more, by a server that started anew.
    known: usize,
    /// How often it refused or failed.
    failures: u64,
}

impl SimJournal {
    /// An empty journal that begins at `unix_ms`, and commits at once.
    pub fn new(unix_ms: u64) -> Self {
        let start = MessageId::new(unix_ms, 0);
        SimJournal(Rc::new(RefCell::new(State {
            start,
            newest: start,
            is_up: true,
            is_prompt: true,
            pending: VecDeque::new(),
            entries: Vec::new(),
            said: VecDeque::new(),
            applied: VecDeque::new(),
            known: 0,
            failures: 0,
        })))
    }

    /// Commits at once from now on, or only when told.
    pub fn set_prompt(&self, is_prompt: bool) {
        self.0.borrow_mut().is_prompt = is_prompt;
    }

    /// Takes proposals from now on, or refuses them.
    pub fn set_up(&self, is_up: bool) {
        self.0.borrow_mut().is_up = is_up;
    }

    /// How often it refused or failed.
    pub fn failures(&self) -> u64 {
        self.0.borrow().failures
    }

    /// Commits the `count` oldest of what it took.
    pub fn commit(&self, unix_ms: u64, count: usize) {
        let mut state = self.0.borrow_mut();
        for _ in 0..count {
            let Some(proposal) = state.pending.pop_front() else { return };
            state.commit(unix_ms, proposal, true);
        }
    }

    /// Everything it took and did not commit fails; some of it comes all the same, as nobody's.
    pub fn fail(&self, unix_ms: u64, dice: &mut Dice) {
        let mut state = self.0.borrow_mut();
        let pending = core::mem::take(&mut state.pending);
        for proposal in &pending {
            state.said.push_back(Outcome::Failed(proposal.ticket));
            state.failures += 1;
        }
        for proposal in pending {
            if dice.one_in(2) {
                state.commit(unix_ms, proposal, false);
            }
        }
    }

    /// The server is gone and another starts, which reads everything from the beginning. What was on its way is
    /// committed or not, as it happens.
    pub fn reopen(&self, unix_ms: u64, dice: &mut Dice) {
        let mut state = self.0.borrow_mut();
        for proposal in core::mem::take(&mut state.pending) {
            if dice.one_in(2) {
                state.commit(unix_ms, proposal, false);
            }
        }
        // The scheduler learns what the last server did not live to hear.
        let unheard = core::mem::take(&mut state.said);
        let unheard = unheard.iter().filter(|outcome| matches!(outcome, Outcome::Committed(_))).count();
        state.known = state.entries.len() - unheard;
        let all: Vec<Entry> =
            state.entries.iter().map(|entry| Entry { ticket: None, ..entry.clone() }).collect();
        state.said = all.into_iter().map(Outcome::Committed).collect();
    }

    /// The next entry that the server was told of, each once, also over restarts.
    pub fn applied(&self) -> Option<Entry> {
        self.0.borrow_mut().applied.pop_front()
    }

    /// Where it begins.
    pub fn start(&self) -> MessageId {
        self.0.borrow().start
    }
}

impl State {
    fn commit(&mut self, unix_ms: u64, proposal: Proposal, is_known: bool) {
        let Proposal { ticket, commands, repeat } = proposal;
        let commands = commands
            .into_iter()
            .map(|command| {
                self.newest = self.newest.successor().max(MessageId::new(unix_ms, 0));
                (self.newest, command)
            })
            .collect();
        let entry = Entry { ticket: is_known.then_some(ticket), commands, repeat };
        self.entries.push(entry.clone());
        self.said.push_back(Outcome::Committed(entry));
    }
}

impl Journal for SimJournal {
    fn propose(&mut self, unix_ms: u64, proposal: Proposal) -> Result<(), JournalDown> {
        let mut state = self.0.borrow_mut();
        if !state.is_up {
            state.failures += 1;
            return Err(JournalDown);
        }
        match state.is_prompt && state.pending.is_empty() {
            true => state.commit(unix_ms, proposal, true),
            false => state.pending.push_back(proposal),
        }
        Ok(())
    }

    fn poll(&mut self) -> Option<Outcome> {
        let mut state = self.0.borrow_mut();
        let outcome = state.said.pop_front()?;
        if let Outcome::Committed(entry) = &outcome {
            match state.known.checked_sub(1) {
                Some(known) => state.known = known,
                None => state.applied.push_back(entry.clone()),
            }
        }
        Some(outcome)
    }

    fn is_up(&self) -> bool {
        self.0.borrow().is_up
    }

    fn newest(&self) -> MessageId {
        self.0.borrow().newest
    }

    fn start(&self) -> MessageId {
        self.0.borrow().start
    }
}
