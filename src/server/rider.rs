//! Whom the messages of a WebSocket are for.  Law: what was packed is unpacked the same; it takes no more than the id of
//! a reader alone, for it stands in every connection.

use super::engine::SessionId;
use crate::base::id::Id;
use crate::handler::HandlerId;
use crate::hub::ReaderId;

/// Whom the messages of a WebSocket are for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// A cursor of this connection's own.
    Reader(ReaderId),
    /// An Engine.IO session, which the connection carries or wants to carry.
    Session(SessionId),
    /// A handler of an application.
    Handler(HandlerId),
}

/// A [`Whom`], packed: the kind stands in the first bits of the index.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Rider(Id<Whom>);

const KIND_SHIFT: u32 = 30;
const INDEX: u32 = (1 << KIND_SHIFT) - 1;

const _: () = assert!(size_of::<Option<Rider>>() == 8, "an idle connection got heavier");

impl From<Whom> for Rider {
    fn from(whom: Whom) -> Self {
        let (kind, index, generation) = match whom {
            Whom::Handler(id) => (0, id.index(), 0),
            Whom::Reader(id) => (1, id.index(), id.generation()),
            Whom::Session(id) => (2, id.index(), id.generation()),
        };
        debug_assert!(index <= INDEX as usize, "tables do not grow so long");
        Rider(Id::new((kind << KIND_SHIFT) | index as u32, generation))
    }
}

impl Rider {
    /// Whom they are for.
    pub fn whom(self) -> Whom {
        let (packed, generation) = (self.0.index() as u32, self.0.generation());
        match packed >> KIND_SHIFT {
            1 => Whom::Reader(ReaderId::new(packed & INDEX, generation)),
            2 => Whom::Session(SessionId::new(packed & INDEX, generation)),
            _ => Whom::Handler(HandlerId::new(packed as u16)),
        }
    }

    /// The reader, if they are for one.
    pub fn reader(self) -> Option<ReaderId> {
        match self.whom() {
            Whom::Reader(reader) => Some(reader),
            Whom::Handler(_) | Whom::Session(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn riders_survive_being_packed() {
        for (index, generation) in [(0, 0), (INDEX, u32::MAX - 2), (7, 9)] {
            for whom in [
                Whom::Handler(HandlerId::new(index as u16)),
                Whom::Reader(ReaderId::new(index, generation)),
                Whom::Session(SessionId::new(index, generation)),
            ] {
                assert_eq!(Rider::from(whom).whom(), whom);
            }
        }
    }
}
