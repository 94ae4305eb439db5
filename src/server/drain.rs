//! The clean end (DESIGN: Draining).  Law: everybody is told before the connection ends, and the server ends within
//! its time.

use super::connection::{ConnId, Pending, Proto};
use super::{Action, OutPiece, Server};
use crate::base::time::{Millis, Now};
use crate::conn::Protocol;
use crate::message::Notice;
use crate::transport::Encoding;
use crate::ws::CloseCode;

/// How far the end has come.
#[derive(Copy, Clone, Debug)]
pub(super) struct Drain {
    /// Until then everything is served as before.
    close_at: Millis,
    /// Then whoever is left is cut off.
    end_at: Millis,
    /// [`Action::Stop`] was asked for.
    has_stopped: bool,
}

/// Reconnects are spread over so many milliseconds, so that not all come at once.
const SPREAD_MS: u64 = 5_000;
/// The soonest reconnect: the next server may need a moment to be there.
const RECONNECT_MS: u64 = 500;

impl Server {
    /// Begins the end; a second call changes nothing.
    pub fn drain(&mut self, now: Now) {
        self.clock = now;
        let close_at = now.at + self.settings.drain_delay_ms;
        let end_at = close_at + self.settings.drain_timeout_ms;
        self.drain.get_or_insert(Drain { close_at, end_at, has_stopped: false });
        self.continue_drain(now);
    }

    pub(super) fn drain_deadline(&self) -> Option<Millis> {
        let drain = self.drain.filter(|drain| !drain.has_stopped)?;
        Some(if self.is_draining { drain.end_at } else { drain.close_at })
    }

    pub(super) fn continue_drain(&mut self, now: Now) {
        let Some(drain) = self.drain else { return };
        if !self.is_draining && now.at >= drain.close_at {
            self.is_draining = true;
            self.actions.push_back(Action::StopAccepting);
            self.drain_sessions(now);
            let all: Vec<ConnId> = self.conns.iter().map(|(id, _)| id).collect();
            for id in all {
                self.end_politely(now, id);
            }
        }
        if self.is_draining && (self.conns.is_empty() || now.at >= drain.end_at) {
            self.stop();
        }
    }

    /// Everything is over.
    pub(super) fn stop(&mut self) {
        if let Some(drain) = self.drain.as_mut().filter(|drain| !drain.has_stopped) {
            drain.has_stopped = true;
            self.actions.push_back(Action::Stop);
        }
    }

    /// What tells of the end, and spreads the reconnects.
    pub(super) fn shutdown_notice(&mut self) -> Notice<'static> {
        Notice::Shutdown { reconnect_ms: RECONNECT_MS + self.rng.below(SPREAD_MS) }
    }

    fn end_politely(&mut self, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get(id) else { return };
        match &conn.proto {
            Proto::Http(http) if conn.input.is_empty() && !http.is_in_body() => self.finish_idle(now, id),
            Proto::Waiting(waiting) if matches!(waiting.on, Pending::Question { .. }) => {
                self.end_asking(now, id);
            }
            // A request on its way is answered, with `Connection: close`.
            Proto::Http(_) | Proto::Waiting(_) | Proto::Closing(_) => {}
            Proto::Parked(_) => {
                self.end_parked(now, id);
                self.mark_dirty(id);
            }
            Proto::Stream(_) => {
                let notice = self.shutdown_notice();
                self.end_stream(now, id, &[notice]);
            }
            Proto::WebSocket(socket, _) => {
                if socket.protocol == Protocol::V1 {
                    let (notice, mut words) = (self.shutdown_notice(), Vec::new());
                    Encoding::WebSocket(None).notice("", &notice, &self.nonce, &mut words);
                    self.say(id, OutPiece::Own(words));
                }
                self.close_socket(now, id, CloseCode::GOING_AWAY, "the server is ending");
            }
        }
    }

    fn finish_idle(&mut self, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get(id) else { return };
        if conn.queue.is_empty() {
            self.close(id);
        } else {
            self.finish(now, id);
        }
    }
}
