//! Reading for the namespaces of a session, into the frames of its WebSocket or the answer to its GET.  Law: the
//! namespaces take turns; what a socket missed comes before it is told that it has joined; a cursor moves with what was
//! taken.

use super::super::flush::{Reading, Wire};
use crate::base::time::Now;
use crate::hub::{ReaderId, Told};
use crate::server::Server;
use crate::server::connection::{ConnId, Connection, Proto};
use crate::server::engine::SessionId;
use crate::server::rider::Whom;
use crate::session::Carrier;
use crate::socketio::{Kind, Packet};
use crate::transport::Encoding;
use crate::transport::socketio as wire;
use crate::ws::WindowBits;
use std::rc::Rc;

/// Where the namespace stands that a wire is for.
#[derive(Clone)]
pub(in crate::server) struct Within {
    pub(in crate::server) session: SessionId,
    /// Its own channel, and the same as a number.
    pub(in crate::server) channel: Rc<str>,
    pub(in crate::server) key: u64,
}

impl Server {
    /// There is something to read for a namespace of the session.
    pub(in crate::server) fn mark_unread(&mut self, id: SessionId, reader: ReaderId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if let Some(socket) = session.talk.socket_mut(reader) {
            socket.is_unread = true;
        }
        let carrier = match session.carrier {
            Carrier::WebSocket(conn) => Some(conn),
            Carrier::Polling { get, .. } => get,
        };
        if let Some(conn) = carrier {
            self.mark_dirty(conn);
        }
    }

    /// Reads on for the namespaces of a session into the list of staged pieces, for its WebSocket.
    pub(in crate::server) fn stage_talk(
        &mut self,
        now: Now,
        conn: ConnId,
        id: SessionId,
        window: Option<WindowBits>,
    ) {
        while let Some(reader) = self.next_unread(id) {
            let Some(wire) = self.wire_within(id, reader, Encoding::SocketIo(window)) else { return };
            self.say_joined_in_flush(now, conn, &wire);
            self.stage_wire(now, conn, &wire);
            if !self.staged.has_nothing() {
                return;
            }
            // What it missed may have been notices alone.
            self.say_joined_in_flush(now, conn, &wire);
            self.mark_read(id, reader);
        }
    }

    /// Reads on for the namespaces of a session until a bound of the batch is met, for the GET that it holds.
    pub(in crate::server) fn gather_talk(&mut self, now: Now, id: SessionId) {
        let mut bytes = 0;
        while let Some(reader) = self.next_unread(id) {
            let Some(wire) = self.wire_within(id, reader, Encoding::SocketIoPolling) else { return };
            if !self.gather_wire(now, &wire, &mut bytes) {
                return;
            }
            self.mark_read(id, reader);
        }
    }

    /// Reads on for one namespace; `false`: there may be more.
    fn gather_wire(&mut self, now: Now, wire: &Wire, bytes: &mut usize) -> bool {
        let mut words = Vec::new();
        self.write_news(wire, &mut words);
        loop {
            self.write_joined(now, wire, &mut words);
            self.gather_words(wire, &mut words, bytes);
            if *bytes >= self.settings.max_batch {
                return false;
            }
            match self.read_on(now, wire, self.hub.cursor(wire.reader)) {
                Reading::Piece(piece) => {
                    *bytes += piece.len();
                    self.tally.messages_out += piece.messages() as u64;
                    self.hub.advance(wire.reader, piece.last);
                    self.gather_piece(wire, piece);
                }
                Reading::Idle(position) => {
                    self.hub.advance(wire.reader, position);
                    return true;
                }
                Reading::Told(told, more) => {
                    let waiting = self.waiting_words(wire);
                    if self.tell_within(now, wire, told, &more, &mut words) {
                        self.gather_said(wire, waiting);
                        return true;
                    }
                }
                Reading::Close(..) => return true,
            }
        }
    }

    /// How much waits for the GET besides what is gathered, which comes behind it.
    fn waiting_words(&self, wire: &Wire) -> usize {
        let session = wire.within.as_ref().and_then(|within| self.sessions.get(within.session));
        session.map_or(0, |session| session.words.len())
    }

    /// Gathers what was said since that much waited: it comes behind what was gathered before.
    fn gather_said(&mut self, wire: &Wire, waiting: usize) {
        let Some(within) = &wire.within else { return };
        let said = self.take_words_behind(within.session, waiting);
        if !said.is_empty() {
            let piece = self.cache.lone(said);
            self.gather_piece(wire, piece);
        }
    }

    fn gather_words(&mut self, wire: &Wire, words: &mut Vec<u8>, bytes: &mut usize) {
        if !words.is_empty() {
            *bytes += words.len();
            let piece = self.cache.lone(core::mem::take(words));
            self.gather_piece(wire, piece);
        }
    }

    fn gather_piece(&mut self, wire: &Wire, piece: crate::transport::encoded::Piece) {
        let Some(within) = &wire.within else { return };
        if let Some(session) = self.sessions.get_mut(within.session) {
            session.talk.gathered.push(piece);
        }
    }

    /// Adds what is told besides messages to `words` and acknowledges it. Whoever has lost something is not recovered,
    /// and hears that first; whoever has lost its last channel is told so and leaves: then this is `true`, and `words`
    /// has nothing.
    pub(in crate::server) fn tell_within(
        &mut self,
        now: Now,
        wire: &Wire,
        told: Told,
        notice: &[u8],
        words: &mut Vec<u8>,
    ) -> bool {
        let Some(Within { session, .. }) = wire.within else { return false };
        self.tally.gaps += u64::from(matches!(told, Told::Gap { .. }));
        if matches!(told, Told::Gap { .. } | Told::Closed(_)) && self.is_joining(wire) {
            self.redraw_pid(session, wire.reader);
            self.write_join(wire, words);
        }
        words.extend_from_slice(notice);
        if matches!(told, Told::Closed(_)) && self.hub.channel_count(wire.reader) == 1 {
            self.say_encoded(session, &core::mem::take(words));
            self.expel(now, session, wire.reader);
            return true;
        }
        if matches!(told, Told::Closed(_)) {
            self.note_unproven(session, wire.reader);
        }
        self.hub.acknowledge(wire.reader, told);
        false
    }

    fn is_joining(&self, wire: &Wire) -> bool {
        self.joins_at(wire).is_some()
    }

    fn joins_at(&self, wire: &Wire) -> Option<crate::message::Cursor> {
        let within = wire.within.as_ref()?;
        self.sessions.get(within.session)?.talk.socket(wire.reader)?.joins_at
    }

    /// Tells a socket that it has joined, once it has read what it missed.
    fn write_joined(&mut self, now: Now, wire: &Wire, words: &mut Vec<u8>) {
        let Some(until) = self.joins_at(wire) else { return };
        let from = self.hub.cursor(wire.reader);
        let is_over = || matches!(self.hub.next(wire.reader, from, now.unix_ms), crate::hub::Next::Idle);
        if from >= until || is_over() {
            self.write_join(wire, words);
        }
    }

    fn write_join(&mut self, on: &Wire, words: &mut Vec<u8>) {
        let Some(within) = &on.within else { return };
        let Some((namespace, data)) = self.joined(within.session, on.reader) else { return };
        let kind = Kind::Connect;
        let packet = Packet { kind, attachments: 0, namespace: &namespace, id: None, data: Some(&data) };
        let none: &[&[u8]] = &[];
        let framing = match on.encoding {
            Encoding::SocketIo(window) => wire::Wire::Frames(window),
            _ => wire::Wire::Polling,
        };
        wire::packet(words, framing, &packet, none, self.cache.encoder());
        if let Some(session) = self.sessions.get_mut(within.session)
            && let Some(socket) = session.talk.socket_mut(on.reader)
        {
            socket.joins_at = None;
        }
    }

    pub(in crate::server) fn say_joined_in_flush(&mut self, now: Now, conn: ConnId, wire: &Wire) {
        let mut words = Vec::new();
        self.write_joined(now, wire, &mut words);
        self.say_in_flush(conn, words);
    }

    /// The namespace whose turn it is among those with something to read.
    fn next_unread(&mut self, id: SessionId) -> Option<ReaderId> {
        let talk = &mut self.sessions.get_mut(id)?.talk;
        let count = talk.sockets.len();
        let at =
            (0..count).map(|ahead| (talk.turn + ahead) % count).find(|at| talk.sockets[*at].is_unread)?;
        talk.turn = at + 1;
        Some(talk.sockets[at].reader)
    }

    fn mark_read(&mut self, id: SessionId, reader: ReaderId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if let Some(socket) = session.talk.socket_mut(reader) {
            socket.is_unread = false;
        }
    }

    /// Is there perhaps something to read for the session that a WebSocket carries?
    pub(in crate::server) fn is_talk_unread(&self, id: ConnId, conn: &Connection) -> bool {
        let Proto::WebSocket(_, rider) = &conn.proto else { return false };
        let Whom::Session(session) = rider.whom() else { return false };
        self.sessions.get(session).is_some_and(|known| known.is_carried_by(id) && known.talk.is_unread())
    }

    fn wire_within(&self, id: SessionId, reader: ReaderId, encoding: Encoding) -> Option<Wire> {
        let socket = self.sessions.get(id)?.talk.socket(reader)?;
        let within = Within { session: id, channel: socket.channel.clone(), key: socket.key };
        Some(Wire { reader, encoding, within: Some(within) })
    }
}
