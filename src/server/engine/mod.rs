//! Engine.IO sessions as the server keeps them (Engine.IO protocol, revision 4): a table of what outlives the
//! connections.  Law: a session is found by its sid until it is over; when it is over its connections are let go, its
//! namespaces have left, and nothing of it remains.

use super::connection::{ConnId, Proto};
use super::{Server, socketio};
use crate::base::arena::Arena;
use crate::base::id::Id;
use crate::base::time::{Millis, Now};
use crate::base::wheel::Wheel;
use crate::limits::JOIN_MS;
use crate::session::{Carrier, Heartbeat};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::HashMap;

/// Names a [`Session`].
pub type SessionId = Id<Session>;

/// One session.
pub struct Session {
    /// By which its requests name it: a secret, for whoever knows it may speak for the client.
    pub sid: Box<str>,
    /// Which connections carry it.
    pub carrier: Carrier<ConnId>,
    /// Whether its client is alive.
    pub heartbeat: Heartbeat,
    /// Packets that wait for the next GET, each with a record separator in front.
    pub words: Vec<u8>,
    /// What is said on it.
    pub talk: socketio::Talk,
    /// Until then it must have joined a namespace.
    pub join_by: Option<Millis>,
    /// When it began.
    pub opened_at: Millis,
}

/// All sessions.
#[derive(Default)]
pub(super) struct Sessions {
    all: Arena<Session>,
    by_sid: HashMap<Box<str>, SessionId>,
    wheel: Wheel,
    fired: Vec<u32>,
}

impl Sessions {
    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        self.all.get(id)
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.all.get_mut(id)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn ids(&self) -> Vec<SessionId> {
        self.all.iter().map(|(id, _)| id).collect()
    }
}

impl Server {
    /// There is something to read for a namespace of the session.
    pub(super) fn mark_unread(&mut self, id: SessionId, _reader: crate::hub::ReaderId) {
        let Some(session) = self.sessions.get(id) else { return };
        for conn in session.carrier.connections().collect::<Vec<_>>() {
            self.mark_dirty(conn);
        }
    }

    /// Ends a namespace of the session from outside.
    pub(super) fn expel(&mut self, _now: Now, _id: SessionId, _reader: crate::hub::ReaderId) {}
}
