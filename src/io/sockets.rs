//! The sockets of all connections, beside the server's own table of them.
//! Law: an id of a connection that is gone finds nothing.

use super::link::Socket;
use super::pump::Wire;
use crate::server::ConnId;

/// One connection's socket.
pub struct Entry {
    /// Whose it is.
    pub id: ConnId,
    /// The socket itself.
    pub socket: Socket,
    /// What is known of it.
    pub wire: Wire,
    /// It is on the ready list.
    pub queued: bool,
    /// The server goes on with what it held back before more is read.
    pub resumed: bool,
}

// In debug builds mio keeps more in a socket.
#[cfg(not(debug_assertions))]
const _: () = assert!(size_of::<Option<Entry>>() <= 24, "an idle connection got heavier");

/// Sockets by the index of their connection.
#[derive(Default)]
pub struct Sockets {
    entries: Vec<Option<Entry>>,
}

impl Sockets {
    /// Puts the socket of a new connection in its place.
    pub fn insert(&mut self, id: ConnId, socket: Socket) {
        if self.entries.len() <= id.index() {
            self.entries.resize_with(id.index() + 1, || None);
        }
        let entry = Entry { id, socket, wire: Wire::default(), queued: false, resumed: false };
        self.entries[id.index()] = Some(entry);
    }

    /// The socket of this connection, if it is still there.
    pub fn get_mut(&mut self, id: ConnId) -> Option<&mut Entry> {
        self.at_mut(id.index()).filter(|entry| entry.id == id)
    }

    /// The socket at `index`, whosever it is.
    pub fn at_mut(&mut self, index: usize) -> Option<&mut Entry> {
        self.entries.get_mut(index)?.as_mut()
    }

    /// Closes the socket of this connection; whether there was one.
    pub fn remove(&mut self, id: ConnId) -> bool {
        self.get_mut(id).is_some() && self.entries[id.index()].take().is_some()
    }
}
