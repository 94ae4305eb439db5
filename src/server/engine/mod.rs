//! Engine.IO sessions as the server keeps them (Engine.IO protocol, revision 4): a table of what outlives the
//! connections.  Law: a session is found by its sid until it is over; when it is over its connections are let go, its
//! namespaces have left, and nothing of it remains.

mod beat;
mod polling;
mod request;
mod saying;
mod socket;

pub(super) use saying::SHARED_MIN;

use super::connection::{ConnId, Pending, Proto};
use super::handlers::Joined;
use super::publish::Wanted;
use super::rider::Whom;
use super::{Server, socketio};
use crate::base::arena::Arena;
use crate::base::fading::Fading;
use crate::base::id::Id;
use crate::base::time::{Millis, Now};
use crate::base::wheel::Wheel;
use crate::engineio::Packet;
use crate::handler::{HandlerId, TableId};
use crate::limits::JOIN_MS;
use crate::session::{Carrier, Heartbeat, Stamps};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::net::IpAddr;
use std::collections::HashMap;

/// Names a [`Session`].
pub type SessionId = Id<Session>;

/// Who answers the sessions of a path.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Site {
    /// The hub: namespaces are channels.
    Hub,
    /// A handler of an application.
    Messages(HandlerId),
    /// Handlers of namespaces.
    Namespaces(TableId),
}

/// One session.
pub struct Session {
    /// By which its requests name it: a secret, for whoever knows it may speak for the client.
    pub sid: Box<str>,
    /// Which connections carry it.
    pub carrier: Carrier<ConnId>,
    /// The last GET and the last POST, which a browser may repeat.
    pub gets: Stamps,
    /// See `gets`.
    pub posts: Stamps,
    /// Whether its client is alive.
    pub heartbeat: Heartbeat,
    /// Packets that wait for the next GET, each with a record separator in front.
    pub words: Vec<u8>,
    /// Who answers it.
    pub site: Site,
    /// The namespaces of handlers that it has joined.
    pub joined: Joined,
    /// It ends when what waits is fetched.
    pub is_ending: bool,
    /// What is said on it.
    pub talk: socketio::Talk,
    /// Until then it must have joined a namespace.
    pub join_by: Option<Millis>,
    /// When it began.
    pub opened_at: Millis,
    /// From where; `None` on a unix socket.
    pub address: Option<IpAddr>,
}

/// All sessions.
#[derive(Default)]
pub(super) struct Sessions {
    all: Arena<Session>,
    by_sid: HashMap<Box<str>, SessionId>,
    wheel: Wheel,
    fired: Vec<u32>,
    /// Bytes of [`Session::words`] of all.
    words_bytes: usize,
    /// Those that their client has just closed while no GET was held, and where they were.
    parted: Fading<Box<str>, Site>,
    /// How many began from each address.
    per_address: HashMap<IpAddr, usize>,
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

    /// How many began from this address.
    fn count_from(&self, address: IpAddr) -> usize {
        self.per_address.get(&address).copied().unwrap_or(0)
    }

    fn insert(&mut self, session: Session) -> SessionId {
        let sid = session.sid.clone();
        if let Some(address) = session.address {
            *self.per_address.entry(address).or_default() += 1;
        }
        let id = self.all.insert(session);
        self.by_sid.insert(sid, id);
        id
    }

    fn remove(&mut self, id: SessionId) -> Option<Session> {
        let session = self.all.remove(id)?;
        self.by_sid.remove(&session.sid);
        self.wheel.cancel(id.index());
        if let Some(address) = session.address
            && let Some(count) = self.per_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&address);
            }
        }
        Some(session)
    }

    /// When the next of them has something to do.
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.wheel.next()
    }
}

impl Server {
    /// Begins a session that came on this connection, and that `carrier` carries.
    fn begin_session(&mut self, now: Now, conn: ConnId, carrier: Carrier<ConnId>, site: Site) -> SessionId {
        let sid: Box<str> = URL_SAFE_NO_PAD.encode(self.rng.bytes()).into();
        let settings = &self.settings;
        let id = self.sessions.insert(Session {
            sid,
            carrier,
            gets: Stamps::default(),
            posts: Stamps::default(),
            heartbeat: Heartbeat::new(settings.ping_interval_ms, settings.ping_timeout_ms, now.at),
            words: Vec::new(),
            site,
            joined: Joined::default(),
            is_ending: false,
            talk: socketio::Talk::default(),
            // There is nothing to join where a handler takes messages as they are.
            join_by: (!matches!(site, Site::Messages(_))).then(|| now.at + JOIN_MS),
            opened_at: now.at,
            address: self.conns.get(conn).and_then(|conn| conn.address),
        });
        self.arm_session(id);
        id
    }

    /// The session of this sid at this site. One whose client is dead is over, also if nobody has noticed it before.
    fn session_of(&mut self, now: Now, site: Site, sid: &str) -> Option<SessionId> {
        let id = *self.sessions.by_sid.get(sid)?;
        self.bury(now, id);
        self.sessions.get(id).filter(|session| session.site == site).map(|_| id)
    }

    /// Ends the session, whose last words are a packet to the GET that is held, behind what was to be said, or the end
    /// of the WebSocket.
    pub(super) fn end_session(&mut self, now: Now, id: SessionId, last: &Packet<'_>) {
        let words = self.take_words(id);
        let Some(session) = self.sessions.get_mut(id) else { return };
        // Whatever carries it ends first, while it is still known whose it was, and is missed by nobody.
        let carrier = core::mem::replace(&mut session.carrier, Carrier::polling());
        if let Some(get) = carrier.held() {
            self.answer_get(now, get, words, last);
        }
        let probe = carrier.probe().map(|probe| probe.conn);
        let own = match carrier {
            Carrier::WebSocket(conn) => Some(conn),
            Carrier::Polling { .. } => None,
        };
        for socket in own.into_iter().chain(probe) {
            self.close_carrier(now, socket);
        }
        let Some(session) = self.sessions.remove(id) else { return };
        let is_counted = self.sessions.len() > 0 || self.sessions.words_bytes == 0;
        debug_assert!(is_counted, "no session waits for a GET any more");
        self.note_session_gone(id, &session);
        self.leave_all(now, session.talk);
    }

    /// The server ends: every session is told, and ends.
    pub(super) fn drain_sessions(&mut self, now: Now) {
        let all: Vec<SessionId> = self.sessions.all.iter().map(|(id, _)| id).collect();
        for id in all {
            self.say_shutdown(id);
            let Some(session) = self.sessions.get(id) else { continue };
            if let Some(get) = session.carrier.held() {
                self.say_packet(id, &Packet::Close);
                self.try_get(now, get);
            }
            self.end_session(now, id, &Packet::Close);
        }
    }

    /// A connection that is about this is gone: whatever session it carried is over with it.
    pub(super) fn carrier_lost(&mut self, now: Now, conn: ConnId, proto: &Proto) {
        let Some(id) = session_in(proto) else { return };
        self.is_without(now, id, conn);
    }

    /// The body of a POST will not come.
    pub(super) fn post_lost(&mut self, now: Now, conn: ConnId, wanted: &Wanted) {
        if let Wanted::Packets(id) = wanted {
            self.is_without(now, *id, conn);
        }
    }

    /// The path of whoever answers the session. One that is gone was the hub's, if it is asked for at all.
    pub(super) fn path_of_session(&self, id: SessionId) -> &str {
        match self.sessions.get(id).map(|session| session.site) {
            Some(Site::Messages(handler)) => self.handlers.path_of(handler),
            Some(Site::Namespaces(table)) => self.handlers.path_of_table(table),
            Some(Site::Hub) | None => &self.settings.socketio_path,
        }
    }

    fn is_without(&mut self, now: Now, id: SessionId, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.carrier.is_over_without(conn) {
            self.end_session(now, id, &Packet::Noop);
        } else {
            self.arm_session(id);
        }
    }
}

impl Session {
    /// Do its messages go out on this WebSocket? One that only wants to take over gets none.
    pub(super) fn is_carried_by(&self, conn: ConnId) -> bool {
        self.carrier == Carrier::WebSocket(conn)
    }
}

/// The session that a connection which is about this carries, or wants to carry.
fn session_in(proto: &Proto) -> Option<SessionId> {
    match proto {
        Proto::WebSocket(_, rider) => match rider.whom() {
            Whom::Session(id) => Some(id),
            Whom::Handler(_) | Whom::Reader(_) => None,
        },
        Proto::Waiting(waiting) => match waiting.on {
            Pending::Packets(id) => Some(id),
            Pending::Journal | Pending::Question { .. } | Pending::File(_) => None,
        },
        Proto::Http(_) | Proto::Parked(_) | Proto::Stream(_) | Proto::Closing(_) => None,
    }
}
