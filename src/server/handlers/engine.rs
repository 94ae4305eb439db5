//! Engine.IO sessions that a handler answers: a session is a peer, whichever connections carry it.

use super::super::Server;
use super::super::connection::ConnId;
use super::super::engine::{Session, SessionId, Site};
use super::{Gone, line_id};
use crate::base::time::Now;
use crate::engineio::{Data, Packet};
use crate::handler::{HandlerId, Line, Message, Outgoing, PeerId};
use crate::session::Carrier;
use crate::transport::encoded::Piece;
use crate::transport::encoder::Encoder;
use crate::transport::socketio::{self as wire, Wire};
use std::borrow::Cow;

/// What was said to several, for each place and wire once.
pub(super) type Encoded<P> = Vec<(P, Wire, Piece)>;

impl Server {
    /// A session has begun.
    pub(in crate::server) fn open_session_handled(&mut self, now: Now, id: SessionId) {
        if let Some(handler) = self.handler_of(id) {
            self.call(now, handler, peer_id(id), |handler, peer| handler.open(peer));
        }
    }

    /// Hands a message that came in a session to its handler.
    pub(in crate::server) fn hand_over_packet(
        &mut self,
        now: Now,
        id: SessionId,
        handler: HandlerId,
        data: &Data<'_>,
    ) {
        let message = match data {
            Data::Text(text) => Message::Text(text),
            Data::Binary(bytes) => Message::Binary(bytes),
        };
        if self.handler_of(id).is_some() {
            self.call(now, handler, peer_id(id), |handler, peer| handler.message(peer, message));
        }
    }

    /// Sends a message in a session. `encoded` is what others were sent of it.
    pub(super) fn send_packet(
        &mut self,
        now: Now,
        id: SessionId,
        message: &Outgoing,
        encoded: &mut Encoded<()>,
    ) {
        if self.handler_of(id).is_none() || !self.takes_words(now, id) {
            return;
        }
        let data = match message.message() {
            Message::Text(text) => Data::Text(text),
            Message::Binary(bytes) => Data::Binary(Cow::Borrowed(bytes)),
        };
        let packet = Packet::Message(data);
        self.say_once_encoded(id, (), encoded, |wire, encoder, out| {
            wire::engine_packet(out, wire, &packet, encoder);
        });
    }

    /// Says in a session what `write` appends, unless it did so before for another of the same wire and `place`.
    pub(super) fn say_once_encoded<P: PartialEq>(
        &mut self,
        id: SessionId,
        place: P,
        encoded: &mut Encoded<P>,
        write: impl FnOnce(Wire, &mut Encoder, &mut Vec<u8>),
    ) {
        let Some(wire) = self.wire_of_session(id) else { return };
        let known = encoded.iter().find(|(known, on, _)| *on == wire && *known == place);
        let piece = match known {
            Some((.., piece)) => piece.clone(),
            None => {
                let mut out = Vec::new();
                write(wire, self.cache.encoder(), &mut out);
                let piece = self.cache.lone(out);
                encoded.push((place, wire, piece.clone()));
                piece
            }
        };
        self.say_shared(id, &piece);
    }

    pub(super) fn close_session(&mut self, now: Now, id: SessionId) {
        if self.handler_of(id).is_none() {
            return;
        }
        let Some(session) = self.sessions.get_mut(id) else { return };
        if matches!(session.carrier, Carrier::Polling { get: None, .. }) && !session.words.is_empty() {
            session.is_ending = true;
            return self.say_packet(id, &Packet::Close);
        }
        self.end_session(now, id, &Packet::Close);
    }

    /// A session of a handler is over: its handler will hear of it.
    pub(in crate::server) fn note_session_gone(&mut self, id: SessionId, session: &Session) {
        match session.site {
            Site::Hub => {}
            Site::Messages(handler) => self.gone.push_back(Gone::Peer(handler, peer_id(id))),
            Site::Namespaces(_) => self.gone.extend(session.joined.gone(id)),
        }
    }

    /// May more be said to a session? One that does not take what waits for it is ended.
    pub(super) fn takes_words(&mut self, now: Now, id: SessionId) -> bool {
        let Some(session) = self.sessions.get(id) else { return false };
        match session.carrier {
            Carrier::WebSocket(conn) => self.takes_frames(now, conn),
            Carrier::Polling { .. } => {
                let takes = session.words.len() <= self.settings.max_queue && !self.is_above_share(id);
                if !takes {
                    log::debug!("an Engine.IO client fetches nothing: its session ends");
                    self.end_session(now, id, &Packet::Close);
                }
                takes
            }
        }
    }

    /// Likewise of a WebSocket.
    pub(super) fn takes_frames(&mut self, now: Now, id: ConnId) -> bool {
        let Some(conn) = self.conns.get(id) else { return false };
        let takes = !conn.is_blocked || conn.queue.len() <= self.settings.max_queue;
        if !takes {
            log::debug!("#{} does not take what it is sent: dropped", id.index());
            self.drop_connection(now, id);
        }
        takes
    }

    /// The handler of a session, if anything may still be said.
    fn handler_of(&self, id: SessionId) -> Option<HandlerId> {
        match self.sessions.get(id).filter(|session| !session.is_ending)?.site {
            Site::Messages(handler) => Some(handler),
            Site::Hub | Site::Namespaces(_) => None,
        }
    }
}

fn peer_id(id: SessionId) -> PeerId {
    PeerId(Line::Session(line_id(id)))
}
