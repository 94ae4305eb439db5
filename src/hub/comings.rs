//! The log of who came to a channel or left it, one for all channels.  Law: it holds the last
//! [`COMINGS_MAX`] of them in order; whoever asks for those after a place gets all of a channel, or is told that they
//! are too many.

use crate::limits::COMINGS_MAX;
use crate::message::ClientId;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

/// Somebody came or left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coming {
    /// To or from where.
    pub channel: Rc<str>,
    /// Who it is.
    pub client: ClientId,
    /// What it calls itself.
    pub name: Option<Rc<str>>,
    /// It came, or else it left.
    pub is_join: bool,
}

/// The log. The first of all has the number 1.
#[derive(Default)]
pub(super) struct Comings {
    /// Each with the number of the one before it in its channel, as far as that is in the log.
    log: VecDeque<(Coming, u64)>,
    /// How many ever left the log.
    dropped: u64,
    /// The number of the last of each channel that is in the log.
    last: HashMap<Rc<str>, u64>,
}

impl Comings {
    /// The number of the newest.
    pub(super) fn newest(&self) -> u64 {
        self.dropped + self.log.len() as u64
    }

    pub(super) fn push(&mut self, coming: Coming) {
        let number = self.newest() + 1;
        let before = self.last.insert(coming.channel.clone(), number).unwrap_or(0);
        self.log.push_back((coming, before));
        if self.log.len() > COMINGS_MAX
            && let Some((first, _)) = self.log.pop_front()
        {
            self.dropped += 1;
            if self.last.get(&first.channel) == Some(&self.dropped) {
                self.last.remove(&first.channel);
            }
        }
    }

    /// Those of `channel` after the place `after`, with their numbers, the newest first; `None` if there are more
    /// than `most`, or were and are not held any more.
    pub(super) fn after(&self, channel: &str, after: u64, most: usize) -> Option<Vec<(u64, &Coming)>> {
        if after < self.dropped {
            return None;
        }
        let mut found = Vec::new();
        let mut at = self.last.get(channel).copied().unwrap_or(0);
        while at > after {
            if found.len() == most {
                return None;
            }
            let (coming, before) = self.log.get((at - self.dropped - 1) as usize)?;
            found.push((at, coming));
            at = *before;
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coming(channel: &str, client: u8) -> Coming {
        Coming { channel: channel.into(), client: ClientId([client; 12]), name: None, is_join: true }
    }

    fn after(comings: &Comings, channel: &str, after: u64, most: usize) -> Option<Vec<u64>> {
        let found = comings.after(channel, after, most)?;
        assert!(found.iter().all(|(_, coming)| &*coming.channel == channel));
        Some(found.iter().map(|(number, _)| *number).collect())
    }

    #[test]
    fn each_channel_has_its_own_in_order() {
        let mut comings = Comings::default();
        assert_eq!(after(&comings, "a", 0, 9), Some(vec![]));
        for channel in ["a", "b", "a", "a"] {
            comings.push(coming(channel, 1));
        }
        assert_eq!(after(&comings, "a", 0, 9), Some(vec![4, 3, 1]));
        assert_eq!(after(&comings, "a", 1, 2), Some(vec![4, 3]));
        assert_eq!(after(&comings, "a", 0, 2), None, "too many");
        assert_eq!(after(&comings, "b", 2, 9), Some(vec![]));
        assert_eq!(after(&comings, "c", 0, 9), Some(vec![]));
    }

    #[test]
    fn the_log_is_bounded_and_says_what_it_does_not_know() {
        let mut comings = Comings::default();
        comings.push(coming("a", 1));
        comings.push(coming("b", 1));
        for _ in 1..COMINGS_MAX {
            comings.push(coming("busy", 2));
        }
        assert_eq!((comings.log.len(), comings.last.len()), (COMINGS_MAX, 2));
        assert_eq!(after(&comings, "b", 0, 9), None, "somebody may have come to it before");
        assert_eq!(after(&comings, "b", 1, 9), Some(vec![2]));
        assert_eq!(after(&comings, "a", 1, 9), Some(vec![]));
        comings.push(coming("b", 3));
        assert_eq!(after(&comings, "b", 2, 9), Some(vec![COMINGS_MAX as u64 + 2]));
    }
}
