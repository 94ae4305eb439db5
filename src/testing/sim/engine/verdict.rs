//! What may and what must have become of a session.  Law: it ends on time where no pong is sent, for its client's
//! misdeeds and with the server, which says so, and otherwise not at all.

use super::wire::Wire;
use super::{Engine, JOIN_MS, UPGRADE_MS};
use crate::base::time::Millis;
use crate::base::wheel::TICK_MS;
use crate::testing::driver::World;
use crate::testing::sim::exchange::{Asked, Exchange};
use crate::testing::sim::truth::Truth;

/// Milliseconds between two GETs that are let go while a WebSocket probes.
const RELEASE_MS: u64 = 100;

impl Engine {
    /// May the server end it?
    pub(super) fn may_end(&self, truth: &Truth) -> bool {
        let now = truth.now.at;
        self.misdeed.is_some()
            || self.was_slow
            || truth.troubles.may_refuse()
            || !self.life.is_alive(self.open.as_ref(), now)
            || self.is_upgraded && self.has_probed && now >= self.probed_at + UPGRADE_MS
            || !self.has_joined && now >= self.began_at + JOIN_MS
    }

    /// It is over: why?
    pub(super) fn count_end(&self, truth: &Truth) -> Result<(), String> {
        match self.misdeed {
            _ if !self.may_end(truth) => {
                Err(format!("the session {:?} is over without a cause: {:?}", self.sid(), self.over))
            }
            Some(_) => {
                truth.tally.count("a rude session ended");
                Ok(())
            }
            None if self.life.is_silent && self.life.is_pinged => {
                truth.tally.count("a silent session ended");
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// May its GET be held though it has probed? They are let go one at a time.
    fn may_be_held(&self, now: Millis) -> bool {
        let is_young = |asked: &Asked<_>| {
            now < asked.held_at.unwrap_or(asked.at).max(asked.at) + RELEASE_MS + 2 * TICK_MS
        };
        self.has_probed
            && self.get.as_ref().and_then(Exchange::front).is_some_and(|get| self.was_slow || is_young(get))
    }

    /// Nothing moves any more: is all as it should be?
    pub fn is_done(&self, now: Millis) -> Result<(), String> {
        if self.is_over() {
            return Ok(());
        }
        let Some(open) = &self.open else { return Err("the handshake has no answer".to_owned()) };
        if self.post.as_ref().is_some_and(|post| post.waiting() > 0) {
            return Err("a POST has no answer".to_owned());
        }
        if let Some((what, number)) = self.misdeed
            && number <= self.arrived
        {
            return Err(format!("it has done this, and is not over: {what}"));
        }
        let is_probing = !self.is_upgraded && self.socket.as_ref().is_some_and(Wire::is_ready);
        if is_probing && !self.may_be_held(now) {
            return Err(format!("a probe is neither answered nor over, probed {}", self.has_probed));
        }
        if self.was_slow {
            return Ok(());
        }
        let Some(since) = self.life.since_max else { return Ok(()) };
        if now >= since + open.ping_interval_ms + 2 * TICK_MS && !self.life.is_pinged {
            return Err(format!("no ping since {since:?}"));
        }
        if now >= since + open.ping_interval_ms + open.ping_timeout_ms + 2 * TICK_MS {
            return Err(format!("no pong since {since:?}, and the session is not over"));
        }
        Ok(())
    }

    /// The server was told to end.
    pub fn is_drained(&mut self, world: &World) {
        self.is_drained = true;
        // What says that the WebSocket takes over may still be on its way.
        let has_taken_over = |wire: &Wire| wire.is_ready() && wire.out.has_arrived(world);
        let is_socket = self.is_upgraded && self.socket.as_ref().is_some_and(has_taken_over);
        self.must_be_told = self.is_open() && self.misdeed.is_none() && (self.is_asking() || is_socket);
    }

    /// It has ended for no other reason than that the server does.
    pub fn was_drained(&self, now: Millis) -> bool {
        let is_told = matches!(self.over, Some("closed" | "close frame"));
        self.must_be_told && is_told && self.misdeed.is_none() && !self.was_slow && self.is_alive(now)
    }

    /// The server says that it is over.
    pub fn was_told(&self) -> Result<(), String> {
        match self.must_be_told && self.misdeed.is_none() && !self.was_slow && !self.is_over() {
            true => Err(format!("the server is over and has not told the session {:?}", self.sid())),
            false => Ok(()),
        }
    }
}
