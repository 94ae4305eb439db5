//! Time: pings and their answers, namespaces that are never joined, upgrades that are never done.  Law: one timer for
//! each session, never later than its deadline.

use super::{Server, SessionId};
use crate::base::time::Now;
use crate::engineio::Packet;
use crate::session::Carrier;

impl Server {
    /// Sets the timer of a session.
    pub(in crate::server) fn arm_session(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        let upgrade_by = session.carrier.probe().map(|probe| probe.until);
        let release_at = session.carrier.release_at();
        let deadlines = [Some(session.heartbeat.deadline()), session.join_by, upgrade_by, release_at];
        if let Some(at) = deadlines.into_iter().flatten().min() {
            self.sessions.wheel.arm(id.index(), at);
        }
    }

    /// Does what is due for sessions.
    pub(in crate::server) fn beat_sessions(&mut self, now: Now) {
        let mut fired = core::mem::take(&mut self.sessions.fired);
        self.sessions.wheel.expire(now.at, &mut fired);
        for index in fired.drain(..) {
            let Some(id) = self.sessions.all.id_at(index as usize) else { continue };
            self.bury(now, id);
            self.beat_session(now, id);
            self.arm_session(id);
        }
        self.sessions.fired = fired;
    }

    /// Ends a session whose client is dead.
    pub(super) fn bury(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if !session.heartbeat.is_dead(now.at) {
            return;
        }
        // Whoever takes nothing cannot answer: how long it may do that is bounded by `--write-timeout`.
        if let Carrier::WebSocket(conn) = session.carrier
            && self.conns.get(conn).is_some_and(|conn| conn.is_blocked)
        {
            session.heartbeat.excuse(now.at);
            return;
        }
        log::debug!("a Socket.IO client answers no ping: its session ends");
        self.end_session(now, id, &Packet::Close);
    }

    fn beat_session(&mut self, now: Now, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.join_by.is_some_and(|at| at <= now.at) {
            log::debug!("a Socket.IO client joins no namespace: its session ends");
            return self.end_session(now, id, &Packet::Close);
        }
        if self.is_overfull(id, 0) || self.is_above_share(id) {
            log::debug!("a Socket.IO client fetches nothing: its session ends");
            return self.end_session(now, id, &Packet::Close);
        }
        let Some(session) = self.sessions.get_mut(id) else { return };
        let late = session.carrier.probe().filter(|probe| probe.until <= now.at);
        let is_due = session.heartbeat.take_ping(now.at);
        if let Some(get) = session.carrier.release_at().filter(|at| *at <= now.at).and(session.carrier.held())
        {
            self.mark_dirty(get);
        }
        if let Some(probe) = late {
            self.close_carrier(now, probe.conn);
        }
        if is_due {
            self.say_packet(id, &Packet::Ping(""));
        }
    }
}
