//! The journal: what is proposed comes back as entries in one total order, each with its ids.  Law: entries and
//! the ids in them only ascend, and a proposal comes back whole or not at all.  Knows nothing of channels.

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

/// One total order of entries.
pub trait Journal {
    /// Asks for `proposal` to be appended; `unix_ms` is the wall clock, which may step back.
    fn propose(&mut self, unix_ms: u64, proposal: Proposal) -> Result<(), JournalDown>;

    /// The next entry that is as durable as configured, in order, each once.
    fn committed(&mut self) -> Option<Entry>;

    /// The newest id that was given out.
    fn newest(&self) -> MessageId;

    /// Where this journal begins: whatever came before is lost, in every channel (the common floor).
    fn start(&self) -> MessageId;
}
