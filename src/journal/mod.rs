//! The journal: what is proposed comes back as entries in one total order, each with its ids.  Law: entries and
//! the ids in them only ascend; a proposal that was taken comes to one end, whole in an entry or as failed.
//! Knows nothing of channels.

mod memory;

pub use memory::MemoryJournal;

use crate::message::{Entry, MessageId, Proposal};

/// The journal takes nothing at present; a publisher is told 503.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct JournalDown;

impl JournalDown {
    /// The answer to whoever wanted to write.
    pub fn status(self) -> u16 {
        503
    }

    /// What was wrong and what would be right.
    pub fn detail(self) -> &'static str {
        "the journal takes no messages at present; try again later"
    }
}

/// What the journal has to say, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An entry is as durable as configured.
    Committed(Entry),
    /// The journal cannot tell what became of the proposal with this ticket: a publisher is told 503, and the entry may
    /// still come, as nobody's.
    Failed(u64),
}

/// One total order of entries.
pub trait Journal {
    /// Asks for `proposal` to be appended; `unix_ms` is the wall clock, which may step back.
    ///
    /// # Errors
    /// The journal is down; nothing of the proposal will come back.
    fn propose(&mut self, unix_ms: u64, proposal: Proposal) -> Result<(), JournalDown>;

    /// The next thing it has to say, each once.
    fn poll(&mut self) -> Option<Outcome>;

    /// Does it take proposals at present?
    fn is_up(&self) -> bool;

    /// The newest id that was given out.
    fn newest(&self) -> MessageId;

    /// Where this journal begins: whatever came before is lost, in every channel (the common floor).
    fn start(&self) -> MessageId;
}
