//! Sessions over a WebSocket: opened by one, or taken over by one that has probed (Engine.IO protocol: Upgrade).
//! Law: until it has taken over, a WebSocket that does anything unexpected ends alone and its session goes on.

use super::{Server, SessionId, Site};
use crate::base::time::Now;
use crate::conn::{Protocol, WebSocket};
use crate::engineio::{Data, Packet};
use crate::http::Head;
use crate::limits::UPGRADE_MS;
use crate::server::OutPiece;
use crate::server::connection::{ConnId, Proto};
use crate::server::problem::Problem;
use crate::server::reply::Reply;
use crate::server::rider::Whom;
use crate::server::socket::handshake;
use crate::session::Carrier;
use crate::transport::socketio::{self as wire, Wire};
use crate::ws::{Agreement, CloseCode, Kind};

impl Server {
    /// A handshake by a WebSocket.
    pub(super) fn open_by_socket(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &Reply,
        site: Site,
    ) -> Result<(), Problem> {
        self.check_sessions(id)?;
        let handshake = handshake(head)?;
        let agreed = self.agree(head);
        self.switch_protocols(now, id, reply, &handshake, None, agreed);
        let session = self.begin_session(now, id, Carrier::WebSocket(id), site);
        let socket = WebSocket::new(Protocol::Engine, agreed.map(Agreement::window));
        self.turn_to_socket(now, id, socket, Whom::Session(session));
        self.say_open(session);
        self.open_session_handled(now, session);
        Ok(())
    }

    /// A WebSocket wants to take a session over. One that comes too late is closed when it is open, for clients take a
    /// refusal for the end of the session.
    pub(super) fn open_probe(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &Reply,
        session: SessionId,
    ) -> Result<(), Problem> {
        let handshake = handshake(head)?;
        let until = now.at + UPGRADE_MS;
        let begun = self.sessions.get_mut(session).map(|session| session.carrier.begin_probe(id, until));
        let agreed = self.agree(head);
        self.switch_protocols(now, id, reply, &handshake, None, agreed);
        let socket = WebSocket::new(Protocol::Engine, agreed.map(Agreement::window));
        self.turn_to_socket(now, id, socket, Whom::Session(session));
        match begun {
            Some(Ok(())) => self.arm_session(session),
            Some(Err(_)) | None => self.close_carrier(now, id),
        }
        Ok(())
    }

    /// A message came on a WebSocket that carries a session, or wants to.
    pub(in crate::server) fn engine_message(
        &mut self,
        now: Now,
        id: ConnId,
        session: SessionId,
        kind: Kind,
        data: &[u8],
    ) {
        let Some(known) = self.sessions.get(session) else { return };
        let is_carrier = known.carrier == Carrier::WebSocket(id);
        let packet = match kind {
            Kind::Binary => Ok(Packet::Message(Data::Binary(data.into()))),
            Kind::Text => core::str::from_utf8(data)
                .map_err(|_| ())
                .and_then(|text| Packet::decode(text).map_err(|_| ())),
        };
        match packet {
            Ok(packet) if is_carrier => {
                if self.take_packet(now, session, packet).is_err() {
                    self.end_session(now, session, &Packet::Close);
                }
            }
            Ok(Packet::Ping("probe")) => self.answer_probe(now, id, session),
            Ok(Packet::Upgrade) => self.upgrade(now, session),
            Ok(_) | Err(()) if is_carrier => self.end_session(now, session, &Packet::Close),
            Ok(_) | Err(()) => self.close_carrier(now, id),
        }
    }

    /// The WebSocket gets through: the GET is let go, so that it may take over.
    fn answer_probe(&mut self, now: Now, id: ConnId, session: SessionId) {
        let mut out = Vec::new();
        wire::text(&mut out, Wire::Frames(None), "3probe");
        self.say(id, OutPiece::Own(out));
        let Some(known) = self.sessions.get_mut(session) else { return };
        known.carrier.has_probed(now.at);
        if let Some(get) = known.carrier.held() {
            self.mark_dirty(get);
        }
    }

    fn upgrade(&mut self, now: Now, session: SessionId) {
        let Some(known) = self.sessions.get_mut(session) else { return };
        let get = known.carrier.upgrade();
        let Carrier::WebSocket(conn) = known.carrier else { return };
        if let Some(get) = get {
            self.answer_get(now, get, Vec::new(), &Packet::Noop);
        }
        self.move_words(session);
        self.end_if_ending(now, session);
        self.arm_session(session);
        self.mark_dirty(conn);
    }

    /// Closes a WebSocket without saying more of the session.
    pub(super) fn close_carrier(&mut self, now: Now, id: ConnId) {
        // One that has closed may have brought this about: it has said its last words.
        let is_open = self.conns.get(id).is_some_and(|conn| matches!(conn.proto, Proto::WebSocket(..)));
        if !is_open {
            return;
        }
        let code = if self.is_draining { CloseCode::GOING_AWAY } else { CloseCode::NORMAL };
        self.close_socket(now, id, code, "");
    }
}
