//! Idempotency: the same request sent again gets its first answer.  Law: decided by journal entries and their ids
//! alone, never by a clock, so that all nodes decide alike.

use super::Receipt;
use crate::limits::{REPEAT_KEY_MS, REPEAT_KEYS_MAX};
use crate::message::RepeatKey;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

/// Ids remembered in all answers together (16 MiB): a bulk publish has tens of thousands.
const REPEAT_IDS_MAX: usize = 1 << 20;

/// What is known of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Never,
    Done(Receipt),
    /// The same name with another body or other parameters.
    Different,
}

struct Record {
    fingerprint: [u8; 20],
    receipt: Receipt,
}

#[derive(Default)]
pub(super) struct Repeats {
    records: HashMap<Rc<str>, Record>,
    /// When each was done (ms of its id), oldest first: the same names as in `records`.
    order: VecDeque<(u64, Rc<str>)>,
    ids: usize,
}

impl Repeats {
    /// What is known of `key` for an entry at `id_ms`.
    pub(super) fn look_up(&mut self, key: &RepeatKey, id_ms: u64) -> Seen {
        while self.order.front().is_some_and(|(done_ms, _)| id_ms.saturating_sub(*done_ms) >= REPEAT_KEY_MS) {
            self.forget_oldest();
        }
        match self.records.get(&*key.name) {
            None => Seen::Never,
            Some(record) if record.fingerprint != key.fingerprint => Seen::Different,
            Some(record) => Seen::Done(record.receipt.clone()),
        }
    }

    /// Was a request of this name done, as far as is known?
    pub(super) fn knows(&self, key: &RepeatKey) -> bool {
        self.records.contains_key(&*key.name)
    }

    /// Notes the answer to a request that [`Repeats::look_up`] had never seen.
    pub(super) fn remember(&mut self, key: &RepeatKey, id_ms: u64, receipt: Receipt) {
        let name: Rc<str> = (&*key.name).into();
        self.ids += receipt.ids.len();
        self.order.push_back((id_ms, name.clone()));
        self.records.insert(name, Record { fingerprint: key.fingerprint, receipt });
        while self.order.len() > REPEAT_KEYS_MAX || self.ids > REPEAT_IDS_MAX {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((_, name)) = self.order.pop_front() else { return };
        let Some(record) = self.records.remove(&name) else { return };
        self.ids -= record.receipt.ids.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageId;

    fn key(name: &str, fingerprint: u8) -> RepeatKey {
        RepeatKey { name: name.into(), fingerprint: [fingerprint; 20] }
    }

    fn receipt(ids: usize) -> Receipt {
        Receipt { ids: vec![MessageId::new(1, 1); ids].into(), subscribers: 3, asker: None }
    }

    #[test]
    fn a_repeat_is_known_for_five_minutes_of_entry_time() {
        let mut repeats = Repeats::default();
        assert_eq!(repeats.look_up(&key("k", 1), 1000), Seen::Never);
        repeats.remember(&key("k", 1), 1000, receipt(2));
        let end = 1000 + REPEAT_KEY_MS;
        assert_eq!(repeats.look_up(&key("k", 1), end - 1), Seen::Done(receipt(2)));
        assert_eq!(repeats.look_up(&key("k", 2), end - 1), Seen::Different);
        assert_eq!(repeats.look_up(&key("l", 1), end - 1), Seen::Never);
        assert_eq!(repeats.look_up(&key("k", 1), end), Seen::Never);
        assert_eq!((repeats.records.len(), repeats.ids), (0, 0));
    }

    #[test]
    fn the_oldest_are_forgotten_over_the_bounds() {
        let mut repeats = Repeats::default();
        for n in 0..=REPEAT_KEYS_MAX {
            repeats.remember(&key(&n.to_string(), 1), 1, receipt(1));
        }
        assert_eq!(repeats.look_up(&key("0", 1), 1), Seen::Never);
        assert_eq!(repeats.look_up(&key("1", 1), 1), Seen::Done(receipt(1)));
        assert_eq!(repeats.records.len(), REPEAT_KEYS_MAX);
        repeats.remember(&key("bulk", 1), 1, receipt(REPEAT_IDS_MAX));
        assert_eq!(repeats.look_up(&key("2", 1), 1), Seen::Never);
        assert_eq!((repeats.records.len(), repeats.ids), (1, REPEAT_IDS_MAX));
    }
}
