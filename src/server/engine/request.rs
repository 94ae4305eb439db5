//! A request below the path of Socket.IO: a handshake, a GET, a POST, an upgrade, or none of them (Engine.IO protocol:
//! HTTP long-polling, WebSocket).  Law: a request that is refused changes no session but one that it names, and that
//! only where two requests of a kind overlap.

use super::{Server, SessionId, Site};
use crate::base::time::Now;
use crate::engineio::{Asked, Open, Packet, RequestError, TransportName};
use crate::handler::Place;
use crate::http::{Head, Method, Query};
use crate::server::access;
use crate::server::connection::ConnId;
use crate::server::problem::Problem;
use crate::server::publish::{Wanted, Writing};
use crate::server::reply::Reply;
use crate::server::route::{Judged, not_found};
use crate::session::Carrier;
use crate::transport::Transport;

impl Server {
    /// Who answers the sessions at `path`, and what follows their path in it; `None`: it is another path. The slash at
    /// its end may be missing.
    pub(in crate::server) fn session_site<'p>(&self, path: &'p str) -> Option<(Site, &'p str)> {
        match self.handlers.at(path) {
            Some((Place::Engine(handler), below)) => return Some((Site::Messages(handler), below)),
            Some((Place::Namespaces(table), below)) => return Some((Site::Namespaces(table), below)),
            Some((Place::WebSocket(_), _)) => return None,
            None => {}
        }
        let own = &*self.settings.socketio_path;
        let below = path.strip_prefix(own).or_else(|| (path == own.strip_suffix('/')?).then_some(""));
        Some((Site::Hub, below?))
    }

    /// Answers a request whose path is that of a site and something below it.
    pub(in crate::server) fn engine_request(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        (site, below): (Site, &str),
        is_upgrade: bool,
    ) -> Result<Judged, Problem> {
        if access::whose(&self.settings, head) == access::Whose::Foreign {
            return Err(RequestError::Forbidden.into());
        }
        if head.method == Method::Options {
            self.preflight(now, id, reply);
            return Ok(Judged::Done);
        }
        if !below.is_empty() {
            return Err(match site {
                Site::Messages(_) => not_found(),
                Site::Hub | Site::Namespaces(_) => Problem::new(404, NO_SCRIPT),
            });
        }
        reply.transport = Some(Transport::SocketIo);
        let asked = Asked::parse(head.target.query)?;
        let is_websocket = asked.transport == TransportName::WebSocket;
        match (&asked.sid, is_websocket) {
            (Some(sid), _) => {
                let Some(session) = self.session_of(now, site, sid) else {
                    let is_get = head.method == Method::Get && !is_websocket && !is_upgrade;
                    return match is_get && self.release_late(now, id, reply, site, sid) {
                        true => Ok(Judged::Done),
                        false => Err(RequestError::SidUnknown.into()),
                    };
                };
                match is_upgrade == is_websocket {
                    true => self.session_request(now, id, head, reply, session, is_upgrade),
                    false => Err(RequestError::BadRequest.into()),
                }
            }
            (None, _) if head.method != Method::Get => Err(RequestError::BadHandshakeMethod.into()),
            (None, _) if is_upgrade != is_websocket => Err(RequestError::BadRequest.into()),
            (None, _) if !asked.is_v4 => Err(RequestError::UnsupportedVersion.into()),
            (None, true) => self.open_by_socket(now, id, head, reply, site).map(|()| Judged::Done),
            (None, false) => self.open_by_polling(now, id, reply, site).map(|()| Judged::Done),
        }
    }

    /// Answers a request that names a session.
    fn session_request(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        session: SessionId,
        is_probe: bool,
    ) -> Result<Judged, Problem> {
        let is_polling = self.sessions.get(session).is_some_and(|session| session.carrier.is_polling());
        match head.method {
            Method::Get if is_probe => self.open_probe(now, id, head, reply, session)?,
            _ if !is_polling => return Err(RequestError::BadRequest.into()),
            _ if self.is_repeated(session, head) => {
                // Its client comes back and takes up what the lost answer held.
                log::debug!("a browser has repeated a request whose answer was lost: its session ends");
                self.end_session(now, session, &Packet::Close);
                return Err(RequestError::BadRequest.into());
            }
            Method::Get => self.take_get(now, id, reply, session)?,
            Method::Post => return self.begin_packets(now, id, reply, session).map(Judged::Body),
            _ => return Err(RequestError::BadRequest.into()),
        }
        Ok(Judged::Done)
    }

    /// Does a browser send by itself once more what it has sent?
    fn is_repeated(&mut self, session: SessionId, head: &Head<'_, '_>) -> bool {
        let Some(session) = self.sessions.get_mut(session) else { return false };
        let stamp =
            Query::pairs(head.target.query.unwrap_or_default()).flatten().find(|(name, _)| name == "t");
        let stamp = stamp.as_ref().map(|(_, value)| &**value);
        match head.method {
            Method::Get => session.gets.is_repeated(stamp),
            Method::Post => session.posts.is_repeated(stamp),
            _ => false,
        }
    }

    /// May one session more begin on this connection?
    pub(super) fn check_sessions(&self, id: ConnId) -> Result<(), Problem> {
        if self.is_draining {
            return Err(Problem::new(503, "the server is ending; come back to the next one"));
        }
        if self.sessions.len() >= self.settings.max_sessions {
            return Err(Problem::new(503, "the server holds as many sessions as it may (--max-sessions)"));
        }
        // By polling one connection begins any number of them.
        let most = self.settings.max_connections_per_address;
        let address = self.conns.get(id).and_then(|conn| conn.address);
        match address.is_some_and(|address| most > 0 && self.sessions.count_from(address) >= most) {
            true => Err(Problem::new(
                429,
                "this address has as many sessions as one may have connections (--max-connections-per-address)",
            )),
            false => Ok(()),
        }
    }

    /// A handshake by a GET: the session begins, and is told who it is.
    fn open_by_polling(&mut self, now: Now, id: ConnId, reply: &Reply, site: Site) -> Result<(), Problem> {
        self.check_sessions(id)?;
        let session = self.begin_session(now, id, Carrier::polling(), site);
        self.say_open(session);
        self.answer_words(now, id, reply, session);
        self.open_session_handled(now, session);
        Ok(())
    }

    /// The first packet of a session.
    pub(super) fn say_open(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        let open = Open {
            sid: &session.sid.clone(),
            upgrades: session.carrier.is_polling(),
            ping_interval_ms: self.settings.ping_interval_ms,
            ping_timeout_ms: self.settings.ping_timeout_ms,
            max_payload: self.settings.max_message,
        };
        let mut text = Vec::new();
        open.encode(&mut text);
        self.say_text_packet(id, text);
    }

    /// Judges the head of a POST.
    fn begin_packets(
        &mut self,
        now: Now,
        id: ConnId,
        reply: &mut Reply,
        session: SessionId,
    ) -> Result<Writing, Problem> {
        let begun = self.sessions.get_mut(session).map(|session| session.carrier.begin_post(id));
        if !matches!(begun, Some(Ok(()))) {
            self.end_session(now, session, &Packet::Close);
            return Err(RequestError::BadRequest.into());
        }
        Ok(Writing::plain(reply.take(now), Wanted::Packets(session)))
    }
}

const NO_SCRIPT: &str = "there is no client script here: take socket.io-client from npm, or its file \
    socket.io.min.js from https://cdn.socket.io, and let it connect to this server";
