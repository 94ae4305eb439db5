//! The journal that forgets with the process: it commits at once.  Law: ids ascend also when the clock steps back.

use super::{Journal, JournalDown, Outcome};
use crate::message::{Entry, MessageId, Proposal};
use std::collections::VecDeque;

/// Entries on their way from `propose` to `poll`; the log itself is what the hub retains.
pub struct MemoryJournal {
    start: MessageId,
    newest: MessageId,
    committed: VecDeque<Entry>,
}

impl MemoryJournal {
    /// A journal that begins at `unix_ms`, with the id `UNIX_MS-0`, which no message gets.
    pub fn new(unix_ms: u64) -> Self {
        let start = MessageId::new(unix_ms, 0);
        MemoryJournal { start, newest: start, committed: VecDeque::new() }
    }

    /// `max(now, last)` and a counter: greater than every id before.
    fn next_id(&mut self, unix_ms: u64) -> MessageId {
        self.newest = self.newest.successor().max(MessageId::new(unix_ms, 0));
        self.newest
    }
}

impl Journal for MemoryJournal {
    fn propose(&mut self, unix_ms: u64, proposal: Proposal) -> Result<(), JournalDown> {
        let Proposal { ticket, commands, repeat } = proposal;
        let commands = commands.into_iter().map(|command| (self.next_id(unix_ms), command)).collect();
        self.committed.push_back(Entry { ticket: Some(ticket), commands, repeat });
        Ok(())
    }

    fn poll(&mut self) -> Option<Outcome> {
        self.committed.pop_front().map(Outcome::Committed)
    }

    fn is_up(&self) -> bool {
        true
    }

    fn newest(&self) -> MessageId {
        self.newest
    }

    fn start(&self) -> MessageId {
        self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel_name::ChannelName;
    use crate::message::Command;

    fn proposal(ticket: u64, commands: usize) -> Proposal {
        let name = ChannelName::parse("a").expect("a name");
        Proposal { ticket, commands: vec![Command::Delete(name); commands], repeat: None }
    }

    fn committed(journal: &mut MemoryJournal) -> Option<Entry> {
        match journal.poll()? {
            Outcome::Committed(entry) => Some(entry),
            Outcome::Failed(ticket) => panic!("memory does not fail {ticket}"),
        }
    }

    fn ids(entry: &Entry) -> Vec<String> {
        entry.commands.iter().map(|(id, _)| id.to_string()).collect()
    }

    #[test]
    fn ids_ascend_also_when_the_clock_steps_back() {
        let mut journal = MemoryJournal::new(100);
        assert_eq!((journal.start(), journal.newest()), (MessageId::new(100, 0), MessageId::new(100, 0)));
        let steps: [(u64, usize, &[&str]); 6] = [
            (100, 1, &["100-1"]),
            (100, 2, &["100-2", "100-3"]),
            (105, 2, &["105-0", "105-1"]),
            (50, 1, &["105-2"]),
            (104, 1, &["105-3"]),
            (106, 0, &[]),
        ];
        for (now, commands, expected) in steps {
            assert_eq!(journal.propose(now, proposal(7, commands)), Ok(()));
            let entry = committed(&mut journal).expect("it commits at once");
            assert_eq!(
                (ids(&entry), entry.ticket),
                (expected.iter().map(|s| s.to_string()).collect(), Some(7))
            );
            assert_eq!(journal.poll(), None);
        }
        assert_eq!(journal.newest(), MessageId::new(105, 3));
    }

    #[test]
    fn entries_come_back_in_the_order_of_proposals() {
        let mut journal = MemoryJournal::new(0);
        (1..=3).for_each(|ticket| journal.propose(9, proposal(ticket, 1)).expect("memory is never down"));
        let tickets: Vec<_> =
            core::iter::from_fn(|| committed(&mut journal)).map(|entry| entry.ticket).collect();
        assert_eq!(tickets, [Some(1), Some(2), Some(3)]);
    }
}
