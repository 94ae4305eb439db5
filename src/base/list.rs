//! A linked list threaded through the slots of an arena: no heap block per member, removal without a search.
//! Law: a member is in at most one list of each kind `L`, and leaves it before it leaves the arena.

use super::arena::Arena;
use super::id::Id;
use core::marker::PhantomData;

/// No neighbour. An arena never holds that many things, for their ids must fit beside it.
const NONE: u32 = u32::MAX;

/// The neighbours of a member, kept in the member itself.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Links {
    previous: u32,
    next: u32,
}

impl Default for Links {
    fn default() -> Self {
        Links { previous: NONE, next: NONE }
    }
}

/// A thing that can be in a list of kind `L`; the kind tells apart the lists that one thing is in at once.
pub trait Linked<L> {
    /// Its neighbours in the list of this kind.
    fn links(&self) -> &Links;
    /// Its neighbours in the list of this kind.
    fn links_mut(&mut self) -> &mut Links;
}

/// The ends of a list of `T` of kind `L`: 12 bytes.
pub struct List<T, L> {
    first: u32,
    last: u32,
    len: u32,
    kind: PhantomData<fn() -> (T, L)>,
}

impl<T, L> Default for List<T, L> {
    fn default() -> Self {
        List { first: NONE, last: NONE, len: 0, kind: PhantomData }
    }
}

impl<T: Linked<L>, L> List<T, L> {
    /// How many members there are.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Is there no member?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The oldest member.
    pub fn first(&self, arena: &Arena<T>) -> Option<Id<T>> {
        arena.id_at(self.first as usize)
    }

    /// Appends `id`, which must be in `arena` and in no list of this kind.
    pub fn push_back(&mut self, arena: &mut Arena<T>, id: Id<T>) {
        let index = id.index() as u32;
        let Some(member) = arena.get_mut(id) else { return };
        *member.links_mut() = Links { previous: self.last, next: NONE };
        self.set_next(arena, self.last, index);
        self.last = index;
        self.len += 1;
    }

    /// Takes `id` out; it must be in this list.
    pub fn remove(&mut self, arena: &mut Arena<T>, id: Id<T>) {
        let Some(member) = arena.get_mut(id) else { return };
        let Links { previous, next } = core::mem::take(member.links_mut());
        self.set_next(arena, previous, next);
        self.set_previous(arena, next, previous);
        self.len -= 1;
    }

    /// The members in the order in which they came.
    pub fn iter<'a>(&self, arena: &'a Arena<T>) -> Iter<'a, T, L> {
        Iter { arena, next: self.first, kind: PhantomData }
    }

    fn set_next(&mut self, arena: &mut Arena<T>, at: u32, next: u32) {
        match arena.at_mut(at as usize) {
            Some(member) if at != NONE => member.links_mut().next = next,
            _ => self.first = next,
        }
    }

    fn set_previous(&mut self, arena: &mut Arena<T>, at: u32, previous: u32) {
        match arena.at_mut(at as usize) {
            Some(member) if at != NONE => member.links_mut().previous = previous,
            _ => self.last = previous,
        }
    }
}

/// The members of a list.
pub struct Iter<'a, T, L> {
    arena: &'a Arena<T>,
    next: u32,
    kind: PhantomData<fn() -> L>,
}

impl<'a, T: Linked<L>, L> Iterator for Iter<'a, T, L> {
    type Item = (Id<T>, &'a T);
    fn next(&mut self) -> Option<Self::Item> {
        let id = self.arena.id_at(self.next as usize)?;
        let member = self.arena.get(id)?;
        self.next = member.links().next;
        Some((id, member))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Member(char, Links);
    struct Kind;
    impl Linked<Kind> for Member {
        fn links(&self) -> &Links {
            &self.1
        }
        fn links_mut(&mut self) -> &mut Links {
            &mut self.1
        }
    }

    fn text(list: &List<Member, Kind>, arena: &Arena<Member>) -> String {
        let text: String = list.iter(arena).map(|(_, member)| member.0).collect();
        assert_eq!(text.len(), list.len() as usize);
        text
    }

    #[test]
    fn members_come_in_order_and_leave_from_anywhere() {
        for gone in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let (mut arena, mut list, mut left) = (Arena::default(), List::default(), vec!['a', 'b', 'c']);
            let ids = ['a', 'b', 'c'].map(|c| arena.insert(Member(c, Links::default())));
            ids.iter().for_each(|id| list.push_back(&mut arena, *id));
            assert_eq!(text(&list, &arena), "abc");
            for index in gone {
                list.remove(&mut arena, ids[index]);
                let member = arena.remove(ids[index]).expect("it was there");
                left.retain(|c| *c != member.0);
                assert_eq!(text(&list, &arena), left.iter().collect::<String>());
            }
            assert!(list.is_empty() && list.first(&arena).is_none());
            let again = arena.insert(Member('d', Links::default()));
            list.push_back(&mut arena, again);
            assert_eq!(text(&list, &arena), "d");
        }
    }
}
