//! What outlives a channel: its floor, and that it was closed.  Law: at most [`DROPPED_FLOORS_MAX`] are known one
//! by one; those dropped longest ago become one common floor, which errs only by telling a gap too many.

use crate::limits::DROPPED_FLOORS_MAX;
use crate::message::MessageId;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// What is known of a channel that does not exist.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) floor: MessageId,
    /// Closed until this time (Unix ms); 0: not closed.
    pub(super) closed_until_ms: u64,
}

pub(super) struct Floors {
    common: MessageId,
    known: HashMap<Rc<str>, (u64, Dropped)>,
    /// By the order of dropping.
    order: BTreeMap<u64, Rc<str>>,
    dropped: u64,
}

impl Floors {
    pub(super) fn new(common: MessageId) -> Self {
        Floors { common, known: HashMap::new(), order: BTreeMap::new(), dropped: 0 }
    }

    /// What a channel of this name would begin with.
    pub(super) fn get(&self, name: &str) -> Dropped {
        let unknown = Dropped { floor: self.common, closed_until_ms: 0 };
        self.known.get(name).map_or(unknown, |(_, dropped)| *dropped)
    }

    /// The channel comes to be, with this.
    pub(super) fn take(&mut self, name: &str) -> Dropped {
        let dropped = self.get(name);
        if let Some((serial, _)) = self.known.remove(name) {
            self.order.remove(&serial);
        }
        dropped
    }

    /// The channel is gone. One that knows no more than the common floor is not kept, so that whoever looks at
    /// many empty channels does not push out the others' floors.
    pub(super) fn put(&mut self, name: Rc<str>, dropped: Dropped) {
        self.take(&name);
        if dropped.floor == self.common && dropped.closed_until_ms == 0 {
            return;
        }
        self.dropped += 1;
        self.order.insert(self.dropped, name.clone());
        self.known.insert(name, (self.dropped, dropped));
        self.fold();
    }

    fn fold(&mut self) {
        while self.known.len() > DROPPED_FLOORS_MAX
            && let Some((_, name)) = self.order.pop_first()
            && let Some((_, dropped)) = self.known.remove(&name)
        {
            self.common = self.common.max(dropped.floor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dropped(floor: u64, closed_until_ms: u64) -> Dropped {
        Dropped { floor: MessageId::new(floor, 0), closed_until_ms }
    }

    #[test]
    fn a_floor_is_exact_for_the_last_dropped_and_common_for_older_ones() {
        let mut floors = Floors::new(MessageId::new(1, 0));
        assert_eq!(floors.get("never"), dropped(1, 0));
        floors.put("low".into(), dropped(5, 0));
        for n in 0..DROPPED_FLOORS_MAX as u64 - 1 {
            floors.put(format!("c{n}").into(), dropped(1000 + n, 0));
        }
        assert_eq!((floors.get("low"), floors.get("never")), (dropped(5, 0), dropped(1, 0)));
        floors.put("one more".into(), dropped(9, 0));
        assert_eq!((floors.get("low"), floors.get("never")), (dropped(5, 0), dropped(5, 0)));
        floors.put("and one".into(), dropped(3, 0));
        assert_eq!((floors.get("c0"), floors.get("c1")), (dropped(1000, 0), dropped(1001, 0)));
        assert_eq!(floors.get("and one"), dropped(3, 0), "exact although below the common floor");
    }

    #[test]
    fn a_channel_that_comes_and_goes_takes_one_place() {
        let mut floors = Floors::new(MessageId::ZERO);
        for n in 1..1000 {
            floors.put("a".into(), dropped(n, 0));
            assert_eq!(floors.take("a"), dropped(n, 0));
            floors.put("a".into(), dropped(n, 7));
        }
        assert_eq!((floors.known.len(), floors.order.len()), (1, 1));
        floors.put("empty".into(), dropped(0, 0));
        assert_eq!(floors.known.len(), 1);
    }
}
