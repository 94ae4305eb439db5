//! What is said to a session, on whatever carries it at present.  Law: packets leave in the order in which they were
//! said, also when a WebSocket takes over in between.

use super::{Server, SessionId, Site};
use crate::base::time::Now;
use crate::engineio::{Packet, payload};
use crate::server::OutPiece;
use crate::server::connection::{ConnId, Proto};
use crate::session::Carrier;
use crate::socketio;
use crate::transport::encoded::Piece;
use crate::transport::encoder::Encoder;
use crate::transport::socketio::{self as wire, Wire};
use crate::ws::WindowBits;

/// Bytes from which on what is said to many is shared by them: copying fewer costs less.
pub(in crate::server) const SHARED_MIN: usize = 4 << 10;

impl Server {
    /// Says one packet of Engine.IO.
    pub(in crate::server) fn say_packet(&mut self, id: SessionId, packet: &Packet<'_>) {
        let mut text = Vec::new();
        packet.encode(&mut text);
        self.say_text_packet(id, text);
    }

    /// Says one packet of Engine.IO that is encoded already.
    pub(super) fn say_text_packet(&mut self, id: SessionId, text: Vec<u8>) {
        let text = String::from_utf8(text).unwrap_or_default();
        self.say_on(id, |wire, _, out| wire::text(out, wire, &text));
    }

    /// Says one packet of Socket.IO with its attachments.
    pub(in crate::server) fn say_event(
        &mut self,
        id: SessionId,
        packet: &socketio::Packet<'_>,
        attachments: &[impl AsRef<[u8]>],
    ) {
        self.say_on(id, |wire, encoder, out| wire::packet(out, wire, packet, attachments, encoder));
    }

    /// Says packets that are encoded for the session's carrier already.
    pub(in crate::server) fn say_encoded(&mut self, id: SessionId, packets: &[u8]) {
        self.say_on(id, |_, _, out| out.extend_from_slice(packets));
    }

    /// Says what is said to others too, and is encoded for the session's carrier already.
    pub(in crate::server) fn say_shared(&mut self, id: SessionId, packets: &Piece) {
        match self.sessions.get(id).map(|session| &session.carrier) {
            Some(Carrier::WebSocket(conn)) if packets.len() >= SHARED_MIN => {
                let conn = *conn;
                self.say(conn, OutPiece::Shared(packets.clone()));
            }
            Some(_) => self.say_encoded(id, packets.bytes()),
            None => {}
        }
    }

    /// What carries the session at present.
    pub(in crate::server) fn wire_of_session(&self, id: SessionId) -> Option<Wire> {
        Some(match self.sessions.get(id)?.carrier {
            Carrier::WebSocket(conn) => Wire::Frames(self.window_of(conn)),
            Carrier::Polling { .. } => Wire::Polling,
        })
    }

    /// Tells each namespace of the session that the server ends.
    pub(super) fn say_shutdown(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        let channels: Vec<_> = session.talk.channels().cloned().collect();
        for channel in channels {
            let notice = self.shutdown_notice();
            self.say_on(id, |wire, _, out| wire::notice(out, wire, &channel, &notice));
        }
    }

    /// Says what `write` appends in the wire of the session's carrier.
    fn say_on(&mut self, id: SessionId, write: impl FnOnce(Wire, &mut Encoder, &mut Vec<u8>)) {
        let Some(wire) = self.wire_of_session(id) else { return };
        let Some(session) = self.sessions.get_mut(id) else { return };
        match session.carrier {
            Carrier::WebSocket(conn) => {
                let mut out = Vec::new();
                write(wire, self.cache.encoder(), &mut out);
                self.say(conn, OutPiece::Own(out));
            }
            Carrier::Polling { get, .. } => {
                let before = session.words.len();
                write(wire, self.cache.encoder(), &mut session.words);
                let more = session.words.len() - before;
                self.sessions.words_bytes += more;
                if let Some(get) = get {
                    self.mark_dirty(get);
                }
            }
        }
    }

    /// The window to compress with on a WebSocket.
    fn window_of(&self, id: ConnId) -> Option<WindowBits> {
        match &self.conns.get(id)?.proto {
            Proto::WebSocket(socket, _) => socket.window,
            _ => None,
        }
    }

    /// Takes what waits for a GET.
    pub(super) fn take_words(&mut self, id: SessionId) -> Vec<u8> {
        let words = self.sessions.get_mut(id).map(|session| core::mem::take(&mut session.words));
        let words = words.unwrap_or_default();
        self.sessions.words_bytes -= words.len();
        words
    }

    /// Takes what waits for a GET behind the first `first` bytes.
    pub(in crate::server) fn take_words_behind(&mut self, id: SessionId, first: usize) -> Vec<u8> {
        let Some(session) = self.sessions.get_mut(id) else { return Vec::new() };
        let words = session.words.split_off(first.min(session.words.len()));
        self.sessions.words_bytes -= words.len();
        words
    }

    /// Does more wait for the session's GET than may, `allowed` bytes besides what is usual?
    pub(super) fn is_overfull(&self, id: SessionId, allowed: usize) -> bool {
        let Some(session) = self.sessions.get(id) else { return false };
        let answer = match session.site {
            Site::Hub => 0,
            // One answer may be as long as a message.
            Site::Messages(_) | Site::Namespaces(_) => self.settings.max_message,
        };
        let most = self.settings.max_queue.saturating_add(allowed).saturating_add(answer);
        session.words.len() > most
    }

    /// Does more wait for the GETs of all sessions than may, and more for that of this one than for one on average?
    /// Whoever fetches what it is told is not ended for those who do not.
    pub(in crate::server) fn is_above_share(&self, id: SessionId) -> bool {
        let Some(session) = self.sessions.get(id) else { return false };
        let (all, most) = (self.sessions.words_bytes, self.settings.max_pinned);
        all > most && session.words.len().saturating_mul(self.sessions.len()) > most
    }

    /// Ends a session that was to end when what waited was fetched.
    pub(super) fn end_if_ending(&mut self, now: Now, id: SessionId) {
        if self.sessions.get(id).is_some_and(|session| session.is_ending) {
            self.end_session(now, id, &Packet::Close);
        }
    }

    /// What waited for a GET is said on the WebSocket that has taken over.
    pub(super) fn move_words(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Carrier::WebSocket(conn) = session.carrier else { return };
        let words = self.take_words(id);
        let mut out = Vec::new();
        let text = core::str::from_utf8(words.get(1..).unwrap_or_default()).unwrap_or_default();
        if words.is_empty() {
            return;
        }
        let window = self.window_of(conn);
        for packet in payload::packets(text).flatten() {
            wire::engine_packet(&mut out, Wire::Frames(window), &packet, self.cache.encoder());
        }
        self.say(conn, OutPiece::Own(out));
    }
}
