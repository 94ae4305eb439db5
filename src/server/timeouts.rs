//! Deadlines.  Law: one timer for each connection, never later than its deadline; one that fires early is set anew.

use super::Server;
use super::connection::{ConnId, Connection, LINGER_MS, Proto};
use super::problem::Problem;
use crate::base::time::{Millis, Now};
use crate::conn::Protocol;
use crate::limits::Settings;
use crate::ws::Opcode;

/// Milliseconds between two sweeps for messages past their time: readers are not shown them in any case.
const SWEEP_MS: u64 = 250;

impl Server {
    /// When to call [`Server::handle_timeout`] next.
    pub fn poll_timeout(&self) -> Option<Millis> {
        let sweep = self.hub.next_expiry().map(|unix_ms| {
            let at = self.clock.at + unix_ms.saturating_sub(self.clock.unix_ms);
            at.max(self.swept_at + SWEEP_MS)
        });
        let machines = [
            self.hub.next_departure(),
            self.askers.deadline(),
            self.sessions.deadline(),
            self.recoveries.deadline(),
            self.demo_deadline(),
            self.drain_deadline(),
        ];
        machines.into_iter().chain([self.wheel.next(), sweep]).flatten().min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.clock = now;
        if now.at.since(self.swept_at) >= SWEEP_MS {
            self.swept_at = now.at;
            self.hub.tick(now.unix_ms);
            self.tell_ended(now);
        }
        self.hub.let_go(now.at);
        self.recoveries.let_go(now.at, self.settings.max_remembered);
        self.beat_sessions(now);
        self.tell_due(now);
        self.tick_demo(now);
        let mut fired = core::mem::take(&mut self.fired);
        self.wheel.expire(now.at, &mut fired);
        for index in fired.drain(..) {
            let Some(id) = self.conns.id_at(index as usize) else { continue };
            let deadline = self.conns.get(id).and_then(|conn| deadline(conn, &self.settings));
            if deadline.is_some_and(|deadline| deadline <= now.at) {
                self.expire(now, id);
            }
            self.arm(id);
        }
        self.fired = fired;
        self.continue_drain(now);
    }

    /// Sets the timer of a connection by its deadline.
    pub(super) fn arm(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get(id) else { return };
        match deadline(conn, &self.settings) {
            Some(at) => self.wheel.arm(id.index(), at),
            None => self.wheel.cancel(id.index()),
        }
    }

    fn expire(&mut self, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get(id) else { return };
        if blocked_deadline(conn, &self.settings).is_some_and(|deadline| deadline <= now.at) {
            log::debug!("#{} takes nothing: dropped", id.index());
            return self.drop_connection(now, id);
        }
        match &conn.proto {
            Proto::Http(http) if http.is_in_body() => {
                self.refuse_unread(now, id, &Problem::new(408, "the body took too long"));
            }
            Proto::Http(_) if !conn.input.is_empty() => {
                self.refuse_unread(now, id, &Problem::new(408, "the request head took too long"));
            }
            Proto::Http(_) | Proto::Closing(_) => self.drop_connection(now, id),
            Proto::Parked(_) => {
                self.end_parked(now, id);
                self.mark_dirty(id);
            }
            Proto::Stream(_) => self.beat_stream(now, id),
            Proto::WebSocket(..) => self.beat_socket(now, id),
            Proto::Waiting(_) => {}
        }
    }

    /// The sign of life is made when it is written, for all streams may be due at once.
    fn beat_stream(&mut self, now: Now, id: ConnId) {
        let Some(Connection { proto: Proto::Stream(stream), at, .. }) = self.conns.get_mut(id) else {
            return;
        };
        stream.is_due = true;
        *at = now.at;
        self.mark_dirty(id);
    }

    fn beat_socket(&mut self, now: Now, id: ConnId) {
        let Some(Connection { proto: Proto::WebSocket(socket, _), .. }) = self.conns.get_mut(id) else {
            return;
        };
        if socket.is_pinged {
            log::debug!("#{} answers no ping: dropped", id.index());
            return self.drop_connection(now, id);
        }
        socket.is_pinged = true;
        self.say_frame(id, Opcode::Ping, b"");
    }
}

/// When something must happen to the connection, if nothing else does.
fn deadline(conn: &Connection, settings: &Settings) -> Option<Millis> {
    let heartbeat_ms = settings.heartbeat_ms;
    let own = match &conn.proto {
        // A peer that does not take its answers is waited for no longer than they are. Those that are still to be
        // offered hold up nothing: no timer is set when they have left.
        Proto::Http(_) if conn.is_blocked => Some(conn.at.max(conn.blocked_at) + settings.write_timeout_ms),
        Proto::Http(http) if http.is_in_body() => Some(conn.at + settings.body_timeout_ms),
        Proto::Http(_) if !conn.input.is_empty() => Some(conn.at + settings.header_timeout_ms),
        Proto::Http(_) => Some(conn.at + settings.idle_timeout_ms),
        Proto::Parked(parked) => Some(parked.deadline),
        // Whoever takes nothing gets no sign of life.
        Proto::Stream(_) if conn.is_blocked => None,
        Proto::Stream(_) => Some(conn.at + heartbeat_ms),
        // Nor is it asked for one: the ping may still wait behind other words, and the pong unread while the input
        // is paused. How long it may take nothing is bounded all the same.
        Proto::WebSocket(..) if conn.is_blocked => None,
        // A session has a heartbeat of its own.
        Proto::WebSocket(socket, _) if socket.protocol == Protocol::Engine => None,
        Proto::WebSocket(socket, _) if socket.is_pinged => Some(conn.at + 3 * heartbeat_ms),
        Proto::WebSocket(..) => Some(conn.at + heartbeat_ms),
        Proto::Closing(closing) if closing.is_write_closed => Some(conn.at + LINGER_MS),
        Proto::Closing(_) => Some(conn.at.max(conn.blocked_at) + settings.write_timeout_ms),
        Proto::Waiting(_) => None,
    };
    [own, blocked_deadline(conn, settings)].into_iter().flatten().min()
}

fn blocked_deadline(conn: &Connection, settings: &Settings) -> Option<Millis> {
    conn.is_blocked.then(|| conn.blocked_at + settings.write_timeout_ms)
}
