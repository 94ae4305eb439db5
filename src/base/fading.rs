//! Things that are remembered for a while.  Law: what was put is found until its time has come, it is taken back, or
//! there is no room for it: then those whose time comes first go early.

use super::time::Millis;
use std::collections::BTreeMap;

/// Things by key, each with the time at which it goes.
pub struct Fading<K, V> {
    found: BTreeMap<K, (Place, V)>,
    order: BTreeMap<Place, K>,
    serial: u64,
}

/// When a thing goes, and which of several at one time it is.
type Place = (Millis, u64);

impl<K, V> Default for Fading<K, V> {
    fn default() -> Self {
        Fading { found: BTreeMap::new(), order: BTreeMap::new(), serial: 0 }
    }
}

impl<K: Ord + Clone, V> Fading<K, V> {
    /// Remembers `value` until `due`, in place of what stood under `key`.
    pub fn put(&mut self, key: K, value: V, due: Millis) {
        self.serial += 1;
        let place = (due, self.serial);
        self.order.insert(place, key.clone());
        if let Some((before, _)) = self.found.insert(key, (place, value)) {
            self.order.remove(&before);
        }
    }

    /// What stands under `key`.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.found.get(key).map(|(_, value)| value)
    }

    /// Takes what stands under `key`.
    pub fn take(&mut self, key: &K) -> Option<V> {
        let (place, value) = self.found.remove(key)?;
        self.order.remove(&place);
        Some(value)
    }

    /// Takes one thing whose time has come at `now`, or for which there is no room among `most`; the first first.
    pub fn pop(&mut self, now: Millis, most: usize) -> Option<(K, V)> {
        let (&(due, _), _) = self.order.first_key_value()?;
        if due > now && self.found.len() <= most {
            return None;
        }
        let (_, key) = self.order.pop_first()?;
        let (_, value) = self.found.remove(&key)?;
        Some((key, value))
    }

    /// When the first of them goes.
    pub fn next(&self) -> Option<Millis> {
        self.order.first_key_value().map(|((due, _), _)| *due)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Is there nothing?
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Everything from `key` on, in the order of keys.
    pub fn starting_at(&self, key: &K) -> impl Iterator<Item = (&K, &V)> {
        self.found.range(key..).map(|(key, (_, value))| (key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pop(fading: &mut Fading<u8, &'static str>, now: u64, most: usize) -> Vec<(u8, &'static str)> {
        core::iter::from_fn(|| fading.pop(Millis(now), most)).collect()
    }

    #[test]
    fn each_goes_at_its_time_unless_it_is_taken_back() {
        let mut fading = Fading::default();
        for (key, value, due) in [(1, "a", 30), (2, "b", 10), (3, "c", 20), (4, "d", 10)] {
            fading.put(key, value, Millis(due));
        }
        assert_eq!((fading.next(), fading.len()), (Some(Millis(10)), 4));
        assert_eq!(pop(&mut fading, 9, 9), []);
        assert_eq!((fading.take(&4), fading.take(&4)), (Some("d"), None));
        assert_eq!(pop(&mut fading, 20, 9), [(2, "b"), (3, "c")]);
        assert_eq!((fading.get(&1), fading.get(&2)), (Some(&"a"), None));
    }

    #[test]
    fn what_is_put_again_has_a_new_time() {
        let mut fading = Fading::default();
        fading.put(1, "a", Millis(10));
        fading.put(2, "b", Millis(20));
        fading.put(1, "c", Millis(30));
        assert_eq!(fading.starting_at(&2).collect::<Vec<_>>(), [(&2, &"b")]);
        assert_eq!(pop(&mut fading, 25, 9), [(2, "b")]);
        assert_eq!(pop(&mut fading, 30, 9), [(1, "c")]);
        assert!(fading.is_empty() && fading.order.is_empty());
    }

    #[test]
    fn those_due_first_make_room() {
        let mut fading = Fading::default();
        for (key, due) in [(1, 30), (2, 10), (3, 20)] {
            fading.put(key, "", Millis(due));
        }
        assert_eq!(pop(&mut fading, 0, 1), [(2, ""), (3, "")]);
    }
}
