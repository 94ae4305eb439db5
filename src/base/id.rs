//! Ids with generations.  Law: an id whose thing was removed finds nothing, even when its place is used again.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::num::NonZeroU32;

/// Names a `T` in an [`Arena`](super::arena::Arena): the index of its place and the generation of that place.
pub struct Id<T> {
    pub(super) index: u32,
    /// One more than the generation, so that an `Option` of an id is as small as the id.
    generation: NonZeroU32,
    kind: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// The id of the thing at `index` in its `generation`, which is below `u32::MAX`.
    pub const fn new(index: u32, generation: u32) -> Self {
        Id { index, generation: NonZeroU32::MIN.saturating_add(generation), kind: PhantomData }
    }

    /// The place, for tables that run beside the arena.
    pub fn index(self) -> usize {
        self.index as usize
    }

    /// How often the place had been used before.
    pub fn generation(self) -> u32 {
        self.generation.get() - 1
    }
}

const _: () = assert!(size_of::<Option<Id<()>>>() == 8, "it stands in every connection");

// Written out, because derives would ask the same of `T`.
impl<T> Copy for Id<T> {}
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.index, self.generation) == (other.index, other.generation)
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.index, self.generation).cmp(&(other.index, other.generation))
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.index, self.generation).hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}.{}", self.index, self.generation())
    }
}
