//! Who owns a reader of the hub: a connection, or a session that several connections carry.  Law: what was packed is
//! unpacked the same.

use super::connection::ConnId;
use super::engine::SessionId;

/// An owner, which the hub knows as a number.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A stream, a WebSocket or a held poll.
    Conn(ConnId),
    /// A session, for one of its namespaces.
    Session(SessionId),
}

/// Set in the index of a session: tables do not grow so long.
const SESSION: u32 = 1 << 31;

impl Owner {
    /// As a number.
    pub fn pack(self) -> u64 {
        let (generation, index) = match self {
            Owner::Conn(id) => (id.generation(), id.index() as u32),
            Owner::Session(id) => (id.generation(), id.index() as u32 | SESSION),
        };
        (u64::from(generation) << 32) | u64::from(index)
    }

    /// From the number.
    pub fn unpack(packed: u64) -> Self {
        let (generation, index) = ((packed >> 32) as u32, packed as u32);
        match index & SESSION {
            0 => Owner::Conn(ConnId::new(index, generation)),
            _ => Owner::Session(SessionId::new(index & !SESSION, generation)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_survive_being_packed() {
        for (index, generation) in [(0, 0), (7, u32::MAX), (SESSION - 1, 1)] {
            for owner in [
                Owner::Conn(ConnId::new(index, generation)),
                Owner::Session(SessionId::new(index, generation)),
            ] {
                assert_eq!(Owner::unpack(owner.pack()), owner);
            }
        }
    }
}
