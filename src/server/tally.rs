//! What is counted while the server works.  Law: a count costs an addition, and what is open is counted when it opens
//! and when it ends, never by looking through the connections.

use super::Server;
use super::connection::{ConnId, Connection, Proto};
use crate::base::histogram::Histogram;
use crate::base::time::Millis;
use crate::conn::Protocol;
use crate::transport::Transport;
use serde::Serialize;

/// Open readers by what they read with; of polls, those that are held.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of the transports")]
pub struct ByTransport {
    pub websocket: usize,
    pub sse: usize,
    pub ndjson: usize,
    pub iframe: usize,
    pub long_poll: usize,
    pub poll: usize,
    pub jsonp: usize,
    pub raw: usize,
    #[serde(rename = "socket.io")]
    pub socket_io: usize,
}

impl ByTransport {
    /// All of them.
    pub fn total(&self) -> usize {
        let ByTransport { websocket, sse, ndjson, iframe, long_poll, poll, jsonp, raw, socket_io } = *self;
        websocket + sse + ndjson + iframe + long_poll + poll + jsonp + raw + socket_io
    }

    /// Where a connection that is about this is counted; `None`: it reads nothing.
    fn place(&mut self, proto: &Proto) -> Option<&mut usize> {
        let transport = match proto {
            Proto::Stream(stream) => stream.encoding.transport(),
            Proto::Parked(parked) => parked.transport(),
            Proto::WebSocket(_, rider) if rider.reader().is_none() => return None,
            Proto::WebSocket(socket, _) if socket.protocol == Protocol::Raw => {
                return Some(&mut self.raw);
            }
            Proto::WebSocket(..) => Transport::WebSocket,
            Proto::Http(_) | Proto::Waiting(_) | Proto::Closing(_) => return None,
        };
        Some(match transport {
            Transport::WebSocket => &mut self.websocket,
            Transport::Sse => &mut self.sse,
            Transport::Ndjson => &mut self.ndjson,
            Transport::Iframe => &mut self.iframe,
            Transport::LongPoll => &mut self.long_poll,
            Transport::Poll => &mut self.poll,
            Transport::Jsonp => &mut self.jsonp,
            Transport::SocketIo => &mut self.socket_io,
        })
    }
}

/// The counts of one server.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) open: ByTransport,
    /// Readers whose peer takes nothing at present.
    pub(super) slow_readers: usize,
    pub(super) messages_in: u64,
    pub(super) messages_out: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) gaps: u64,
    pub(super) turns: Turns,
}

/// How long the loop was busy in each of its last turns, in microseconds.
#[derive(Default)]
pub(super) struct Turns {
    second: u64,
    present: Histogram,
    before: Histogram,
}

/// Busy times of the loop's turns in this second and the one before, in microseconds.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LoopTimes {
    /// Half of the turns took at most this.
    pub p50: u64,
    /// Of a hundred turns, one took longer.
    pub p99: u64,
    /// The longest turn.
    pub max: u64,
}

impl Turns {
    fn add(&mut self, at: Millis, busy_us: u64) {
        self.move_to(at);
        self.present.add(busy_us);
    }

    fn move_to(&mut self, at: Millis) {
        let second = at.0 / 1000;
        if second != self.second {
            let present = core::mem::take(&mut self.present);
            self.before = if second == self.second + 1 { present } else { Histogram::default() };
            self.second = second;
        }
    }

    /// The times as of `at`.
    pub(super) fn times(&self, at: Millis) -> LoopTimes {
        let mut both = Histogram::default();
        let second = at.0 / 1000;
        if second <= self.second + 1 {
            both.merge(&self.present);
        }
        if second <= self.second {
            both.merge(&self.before);
        }
        LoopTimes { p50: both.percentile(50), p99: both.percentile(99), max: both.max() }
    }
}

impl Server {
    /// The world tells how long it was busy with a turn, in microseconds.
    pub fn handle_turn(&mut self, at: Millis, busy_us: u64) {
        self.tally.turns.add(at, busy_us);
    }

    /// The connection has begun to read.
    pub(super) fn count_opened(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get(id) else { return };
        if let Some(count) = self.tally.open.place(&conn.proto) {
            *count += 1;
        }
    }

    /// A connection was about this, and is not any more.
    pub(super) fn count_ended(&mut self, proto: &Proto) {
        if let Some(count) = self.tally.open.place(proto) {
            *count -= 1;
        }
    }
}

impl Tally {
    /// Notes whether a connection is a reader that takes nothing.
    pub(super) fn note_slow(&mut self, conn: &mut Connection, is_slow: bool) {
        let is_slow = is_slow && conn.is_reader();
        match (core::mem::replace(&mut conn.is_slow, is_slow), is_slow) {
            (false, true) => self.slow_readers += 1,
            (true, false) => self.slow_readers -= 1,
            (true, true) | (false, false) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_told_for_two_seconds() {
        let mut turns = Turns::default();
        turns.add(Millis(1_100), 40);
        turns.add(Millis(1_900), 40);
        turns.add(Millis(2_100), 4000);
        assert_eq!(turns.times(Millis(2_900)), LoopTimes { p50: 47, p99: 4000, max: 4000 });
        assert_eq!(turns.times(Millis(3_900)), LoopTimes { p50: 4000, p99: 4000, max: 4000 });
        assert_eq!(turns.times(Millis(4_000)), LoopTimes::default());
        turns.add(Millis(9_000), 7);
        assert_eq!(turns.times(Millis(9_000)), LoopTimes { p50: 7, p99: 7, max: 7 });
    }
}
