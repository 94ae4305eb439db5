//! A slab whose ids carry generations.  Law: `get(id)` finds what `insert` gave that id to, or nothing.

use super::id::Id;
use slab::Slab;

/// Things of one kind, each found by its [`Id`].
pub struct Arena<T> {
    slots: Slab<Slot<T>>,
    /// Grows with each removal, so that the next use of a place differs from the last.
    generation: u32,
}

struct Slot<T> {
    generation: u32,
    value: T,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { slots: Slab::new(), generation: 0 }
    }
}

impl<T> Arena<T> {
    /// Puts `value` in a free place.
    pub fn insert(&mut self, value: T) -> Id<T> {
        let generation = self.generation;
        let index = self.slots.insert(Slot { generation, value });
        Id::new(u32::try_from(index).expect("more than 2^32 things do not fit in memory"), generation)
    }

    /// The thing, unless it was removed.
    pub fn get(&self, id: Id<T>) -> Option<&T> {
        let slot = self.slots.get(id.index())?;
        (slot.generation == id.generation()).then_some(&slot.value)
    }

    /// The thing, unless it was removed.
    pub fn get_mut(&mut self, id: Id<T>) -> Option<&mut T> {
        let slot = self.slots.get_mut(id.index())?;
        (slot.generation == id.generation()).then_some(&mut slot.value)
    }

    /// Takes the thing out.
    pub fn remove(&mut self, id: Id<T>) -> Option<T> {
        self.get(id)?;
        self.generation = (self.generation + 1) % u32::MAX;
        Some(self.slots.remove(id.index()).value)
    }

    /// The id of whatever stands at `index` at present.
    pub fn id_at(&self, index: usize) -> Option<Id<T>> {
        let slot = self.slots.get(index)?;
        Some(Id::new(u32::try_from(index).ok()?, slot.generation))
    }

    /// Whatever stands at `index` at present.
    pub fn at(&self, index: usize) -> Option<&T> {
        self.slots.get(index).map(|slot| &slot.value)
    }

    /// Whatever stands at `index` at present.
    pub fn at_mut(&mut self, index: usize) -> Option<&mut T> {
        self.slots.get_mut(index).map(|slot| &mut slot.value)
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Is there nothing?
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Everything, in the order of places.
    pub fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        self.slots.iter().map(|(index, slot)| (Id::new(index as u32, slot.generation), &slot.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_id_finds_nothing() {
        let mut arena = Arena::default();
        let first = arena.insert("first");
        assert_eq!(arena.remove(first), Some("first"));
        let second = arena.insert("second");
        assert_eq!(first.index(), second.index());
        assert_eq!((arena.get(first), arena.get(second)), (None, Some(&"second")));
        assert_eq!(arena.remove(first), None);
        assert_eq!(arena.id_at(second.index()), Some(second));
        assert_eq!(arena.len(), 1);
    }
}
