//! How a connection ends: by its peer, by us, at once or when all is said.  Law: what waits to be said is said first,
//! unless the peer takes nothing; its reader leaves at once; and nothing of it is left when it is freed.

use super::connection::{Closing, ConnId, Connection, Proto};
use super::rider::Whom;
use super::{Action, Server};
use crate::base::time::Now;
use crate::message::Notice;

impl Server {
    /// The peer has announced its end, and what it sent before may not be read yet. Whoever waits has gone away, for
    /// HTTP clients do not close half of a connection while they wait; with it go the requests behind.
    pub fn handle_hang_up(&mut self, now: Now, id: ConnId) {
        self.clock = now;
        if self.conns.get(id).is_some_and(|conn| conn.is_held()) {
            self.let_go(now, id);
        }
    }

    /// The peer sends no more, and all that it sent was handed over. What it has asked for is still answered.
    pub fn handle_end(&mut self, now: Now, id: ConnId) {
        self.clock = now;
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.has_peer_ended = true;
        match conn.proto {
            Proto::Closing(closing) if closing.is_write_closed => self.close(id),
            _ => self.end_after_peer(now, id),
        }
    }

    /// Ends the connection of a peer that has sent its end, unless an answer is under way or requests are left.
    pub(super) fn end_after_peer(&mut self, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get(id).filter(|conn| conn.has_peer_ended) else { return };
        match &conn.proto {
            // What is left of its input when it takes no more of it is not whole.
            Proto::Http(_) | Proto::WebSocket(..) if conn.takes_input(self.settings.max_queue) => {
                self.let_go(now, id);
            }
            _ if conn.is_held() => self.let_go(now, id),
            Proto::Http(_)
            | Proto::WebSocket(..)
            | Proto::Waiting(_)
            | Proto::Closing(_)
            | Proto::Parked(_)
            | Proto::Stream(_) => {}
        }
    }

    /// Says what was to be said before, and ends the connection.
    fn let_go(&mut self, now: Now, id: ConnId) {
        self.drop_input(id);
        match self.conns.get(id) {
            Some(Connection { proto: Proto::Stream(_), is_blocked: true, .. }) => {
                self.drop_connection(now, id)
            }
            Some(Connection { proto: Proto::Stream(_), .. }) => self.end_stream(now, id, &[]),
            _ => self.finish(now, id),
        }
        self.end_if_said(now, id);
    }

    /// The connection broke; it is gone.
    pub fn handle_lost(&mut self, now: Now, id: ConnId) {
        self.clock = now;
        self.log_end(now, id);
        self.free(id);
    }

    /// Says the last words of a stream, and ends it.
    pub(super) fn end_stream(&mut self, now: Now, id: ConnId, notices: &[Notice<'_>]) {
        let Some(Connection { proto: Proto::Stream(stream), .. }) = self.conns.get(id) else { return };
        let encoding = stream.encoding;
        let mut words = Vec::new();
        for notice in notices {
            encoding.notice("", notice, &self.nonce, &mut words);
        }
        encoding.ending(&mut words);
        self.say_in_flush(id, words);
        self.finish(now, id);
    }

    /// What waits is still said, then the connection ends. Its reader leaves at once.
    pub(super) fn finish(&mut self, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let reader = conn.reader();
        self.askers.let_go(id);
        self.log_end(now, id);
        if let Some(conn) = self.conns.get_mut(id) {
            self.tally.note_slow(conn, false);
            let before = conn.turn_to(Proto::Closing(Closing { is_write_closed: false }), now.at);
            self.parked -= usize::from(matches!(before, Proto::Parked(_)));
            self.count_ended(&before);
            self.note_gone(id, &before);
            self.carrier_lost(now, id, &before);
        }
        if let Some(reader) = reader {
            self.hub.lose(reader, now.at);
        }
        self.recount(id);
        self.mark_dirty(id);
        self.arm(id);
    }

    /// Closes our side of a connection that has said its last words.
    pub(super) fn end_if_said(&mut self, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let Proto::Closing(Closing { is_write_closed: false }) = conn.proto else { return };
        if !conn.queue.is_empty() {
            return;
        }
        conn.turn_to(Proto::Closing(Closing { is_write_closed: true }), now.at);
        let has_peer_ended = conn.has_peer_ended;
        self.arm(id);
        if has_peer_ended {
            self.close(id);
        } else {
            self.actions.push_back(Action::CloseWrite(id));
        }
    }

    /// Ends a connection without another word.
    pub(super) fn drop_connection(&mut self, now: Now, id: ConnId) {
        self.log_end(now, id);
        self.close(id);
    }

    pub(super) fn close(&mut self, id: ConnId) {
        if self.conns.get(id).is_some() {
            self.actions.push_back(Action::Close(id));
            self.free(id);
        }
    }

    /// Lets go of everything that a connection has.
    pub(super) fn free(&mut self, id: ConnId) {
        let Some(mut conn) = self.conns.remove(id) else { return };
        self.tally.note_slow(&mut conn, false);
        self.count_ended(&conn.proto);
        self.note_gone(id, &conn.proto);
        let mut freed = 0;
        self.pool.clear(&mut conn.queue, |piece| freed += piece.own_len());
        self.own_bytes -= freed;
        self.incoming_bytes -= conn.counted_bytes as usize;
        self.wheel.cancel(id.index());
        self.forget_writing(id);
        self.carrier_lost(self.clock, id, &conn.proto);
        self.askers.let_go(id);
        if let Some(reader) = conn.reader() {
            self.hub.lose(reader, self.clock.at);
        }
        if matches!(conn.proto, Proto::Parked(_)) {
            self.parked -= 1;
        }
        if let Some(address) = conn.address
            && let Some(count) = self.per_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&address);
            }
        }
        if self.is_draining && self.conns.is_empty() {
            self.stop();
        }
    }

    /// One line in the access log at the end of a stream or WebSocket: only then bytes and time are known.
    fn log_end(&self, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get(id) else { return };
        let (status, transport) = match &conn.proto {
            Proto::Stream(stream) => (200, stream.encoding.transport().name()),
            Proto::WebSocket(..) => (101, "websocket"),
            Proto::Http(_) | Proto::Waiting(_) | Proto::Parked(_) | Proto::Closing(_) => return,
        };
        if !log::log_enabled!(log::Level::Info) {
            return;
        }
        log::info!(
            target: "access",
            "{} GET {} {status} {}B {}ms {transport} ended",
            self.peer_name(id),
            self.path_of(conn),
            conn.sent_bytes,
            now.at.since(conn.opened_at),
        );
    }

    /// Under which path a connection reads what it reads at present.
    fn path_of(&self, conn: &Connection) -> String {
        if let Proto::WebSocket(_, rider) = &conn.proto {
            match rider.whom() {
                Whom::Handler(handler) => return self.handlers.path_of(handler).to_owned(),
                Whom::Session(session) => return self.path_of_session(session).to_owned(),
                Whom::Reader(_) => {}
            }
        }
        let Some(reader) = conn.reader() else { return String::new() };
        let channels: Vec<&str> = self.hub.channels(reader).collect();
        match channels[..] {
            [] => "/channels".to_owned(),
            [channel] => format!("/channels/{channel}"),
            // In a query a plus sign would be a space.
            _ => format!("/channels?channel={}", channels.join("&channel=")).replace('+', "%2B"),
        }
    }
}
