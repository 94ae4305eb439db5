//! Long-polling: GETs that are held until there is something to say, POSTs with packets (Engine.IO protocol: HTTP
//! long-polling).  Law: a GET is answered once, with everything that was said until then; a POST is answered when all
//! of its packets were taken.

use super::{Server, SessionId, Site};
use crate::base::time::Now;
use crate::engineio::{Packet, RequestError, payload};
use crate::limits::{PARTED_MAX, PARTED_MS};
use crate::server::OutPiece;
use crate::server::connection::{ConnId, Pending, Proto, Waiting};
use crate::server::problem::Problem;
use crate::server::reply::Reply;

const PAYLOAD_FIELDS: [(&str, &str); 2] =
    [("Content-Type", "text/plain; charset=UTF-8"), ("Cache-Control", "no-store")];
/// Not `text/plain`, which some browsers would offer to save.
const OK_FIELDS: [(&str, &str); 2] = [("Content-Type", "text/html"), ("Cache-Control", "no-store")];

impl Server {
    /// A GET: it is answered with what was said, or held.
    pub(super) fn take_get(
        &mut self,
        now: Now,
        id: ConnId,
        reply: &mut Reply,
        session: SessionId,
    ) -> Result<(), Problem> {
        let begun = self.sessions.get_mut(session).map(|session| session.carrier.begin_get(id));
        if !matches!(begun, Some(Ok(()))) {
            self.end_session(now, session, &Packet::Close);
            return Err(RequestError::BadRequest.into());
        }
        if let Some(conn) = self.conns.get_mut(id) {
            let waiting = Waiting { reply: reply.take(now), on: Pending::Packets(session) };
            conn.turn_to(Proto::Waiting(Box::new(waiting)), now.at);
        }
        self.arm(id);
        self.try_get(now, id);
        // The peer may have hung up before it was read.
        self.end_after_peer(now, id);
        Ok(())
    }

    /// Answers the GET that a connection holds, if there is something to say.
    pub(in crate::server) fn try_get(&mut self, now: Now, id: ConnId) {
        let Some(Proto::Waiting(waiting)) = self.conns.get(id).map(|conn| &conn.proto) else { return };
        let Pending::Packets(session) = waiting.on else { return };
        self.gather_talk(now, session);
        let Some(known) = self.sessions.get_mut(session) else { return };
        if known.words.is_empty() && known.talk.is_told() {
            if !known.carrier.take_release(now.at) {
                return self.arm_session(session);
            }
            // Let go, so that the WebSocket may take over.
            self.say_packet(session, &Packet::Noop);
        }
        if let Some(known) = self.sessions.get_mut(session) {
            known.carrier.end_get();
        }
        if let Some(reply) = self.take_waiting(now, id) {
            self.answer_words(now, id, &reply, session);
        }
    }

    /// Answers with what the session has to say.
    pub(super) fn answer_words(&mut self, now: Now, id: ConnId, reply: &Reply, session: SessionId) {
        let mut words = self.take_words(session);
        let Some(known) = self.sessions.get_mut(session) else { return };
        let pieces = known.talk.take_gathered();
        let mut body = Vec::with_capacity(pieces.len() + 1);
        let mut pieces = pieces.into_iter();
        if words.is_empty() {
            // The first separator separates from nothing.
            if let Some(mut first) = pieces.next() {
                first.start += 1;
                body.push(OutPiece::Shared(first));
            }
        } else {
            words.remove(0);
            body.push(OutPiece::Own(words));
        }
        body.extend(pieces.map(OutPiece::Shared));
        self.respond(now, id, reply, 200, &PAYLOAD_FIELDS, body);
        self.end_if_ending(now, session);
    }

    /// Answers a held GET with what was to be said and one packet more, the last that it gets.
    pub(super) fn answer_get(&mut self, now: Now, id: ConnId, words: Vec<u8>, last: &Packet<'_>) {
        let Some(reply) = self.take_waiting(now, id) else { return };
        let mut body = words;
        payload::push(&mut body, last);
        // The first separator separates from nothing.
        body.remove(0);
        self.respond(now, id, &reply, 200, &PAYLOAD_FIELDS, vec![OutPiece::Own(body)]);
    }

    /// The client ends its session. Its GET is released; one that is still on its way is released when it is here.
    fn part(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        if session.carrier.is_polling() && session.carrier.held().is_none() {
            let (sid, site) = (session.sid.clone(), session.site);
            let parted = &mut self.sessions.parted;
            parted.put(sid, site, now.at + PARTED_MS);
            while parted.pop(now.at, PARTED_MAX).is_some() {}
        }
        self.end_session(now, id, &Packet::Noop);
    }

    /// Releases a GET that was on its way when its client ended the session. `false`: there was none such.
    pub(super) fn release_late(
        &mut self,
        now: Now,
        id: ConnId,
        reply: &Reply,
        site: Site,
        sid: &str,
    ) -> bool {
        let is_late = self.sessions.parted.take(&sid.into()) == Some(site);
        if is_late {
            let mut body = Vec::new();
            Packet::Noop.encode(&mut body);
            self.respond(now, id, reply, 200, &PAYLOAD_FIELDS, vec![OutPiece::Own(body)]);
        }
        is_late
    }

    /// The body of a POST is there.
    pub(in crate::server) fn finish_packets(
        &mut self,
        now: Now,
        id: ConnId,
        reply: &Reply,
        session: SessionId,
        body: &[u8],
    ) {
        let Some(known) = self.sessions.get_mut(session).filter(|known| known.carrier.is_polling()) else {
            return self.refuse(now, id, reply, &RequestError::SidUnknown.into());
        };
        known.carrier.end_post();
        let taken = core::str::from_utf8(body).map_err(|_| ()).and_then(|text| {
            payload::packets(text).try_for_each(|packet| {
                let packet = packet.map_err(|_| ())?;
                self.take_packet(now, session, packet)?;
                // The ack of an event is a few times as long as the event, the answer to a command much more.
                let is_overfull = self.is_overfull(session, 8 * body.len()) || self.is_above_share(session);
                if is_overfull { Err(()) } else { Ok(()) }
            })
        });
        if taken.is_err() {
            self.end_session(now, session, &Packet::Close);
            return self.refuse(now, id, reply, &RequestError::BadRequest.into());
        }
        self.respond(now, id, reply, 200, &OK_FIELDS, vec![OutPiece::Own(b"ok".to_vec())]);
    }

    /// One packet of a client. After the end of its session there are none.
    pub(super) fn take_packet(&mut self, now: Now, id: SessionId, packet: Packet<'_>) -> Result<(), ()> {
        let Some(session) = self.sessions.get_mut(id) else { return Ok(()) };
        match packet {
            Packet::Pong(_) => {
                if session.heartbeat.take_pong(now.at) {
                    session.talk.begin_interval();
                }
                self.arm_session(id);
                Ok(())
            }
            Packet::Close => {
                self.part(now, id);
                Ok(())
            }
            Packet::Message(data) => self.hear(now, id, data),
            Packet::Noop | Packet::Upgrade => Ok(()),
            // These only a server says.
            Packet::Open(_) | Packet::Ping(_) => Err(()),
        }
    }
}
