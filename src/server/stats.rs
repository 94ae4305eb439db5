//! Numbers about the running server (API: `GET /stats`).

use super::Server;
use super::tally::{ByTransport, LoopTimes};
use serde::Serialize;

/// What there is at present, and what was done since the start.
#[derive(Clone, Debug, Serialize)]
pub struct Stats {
    /// Open connections.
    pub connections: usize,
    /// Cursors: streams, WebSockets and held polls.
    pub readers: usize,
    /// Channels of all cursors.
    pub subscribers: usize,
    /// Channels that exist, without the own logs of clients.
    pub channels: usize,
    /// Held polls.
    pub parked: usize,
    /// Clients that are there, or are remembered for a while.
    pub clients: usize,
    /// Engine.IO sessions, by polling and by WebSocket.
    pub sessions: usize,
    /// Open questions.
    pub asks: usize,
    /// Askers that wait for the end of their question.
    pub held_asks: usize,
    /// Requests that wait for the rest of their body, or for the journal.
    pub waiting: usize,
    /// Timers that are set.
    pub timers: usize,
    /// Pieces that wait to be written.
    pub pieces: usize,
    /// Bytes of incomplete input.
    pub incoming_bytes: usize,
    /// Bytes of half-written pieces and answers.
    pub pinned_bytes: usize,
    /// Bytes of retained messages, records included.
    pub retained_bytes: usize,
    /// Bytes of cached encodings.
    pub cached_bytes: usize,
    /// Messages published.
    pub published: u64,
    /// Messages encoded: each once for each encoding, however many read it.
    pub encoded: u64,
    /// Open readers by transport; of polls, those that are held.
    pub by_transport: ByTransport,
    /// Connections that are read for, and whose peer takes nothing at present: a session on a WebSocket is one.
    pub slow_readers: usize,
    /// Messages published, as above.
    pub messages_in: u64,
    /// Messages written to readers: each once for each of them.
    pub messages_out: u64,
    /// Bytes read from all connections.
    pub bytes_in: u64,
    /// Bytes written to all connections.
    pub bytes_out: u64,
    /// Gaps told to readers.
    pub gaps: u64,
    /// Busy times of the loop's turns.
    pub loop_us: LoopTimes,
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Of the server.
    pub version: &'static str,
}

impl Server {
    /// The numbers of now.
    pub fn stats(&self) -> Stats {
        let tally = &self.tally;
        Stats {
            connections: self.conns.len(),
            readers: self.hub.reader_total(),
            subscribers: self.hub.subscription_total(),
            channels: self.hub.channel_total() - self.hub.own_log_total(),
            parked: self.parked,
            clients: self.hub.client_total(),
            sessions: self.sessions.len(),
            asks: self.hub.open_asks(),
            held_asks: self.askers.len(),
            waiting: self.writing.len() + self.proposers.len(),
            timers: self.wheel.armed(),
            pieces: self.pool.pieces(),
            incoming_bytes: self.incoming_bytes,
            pinned_bytes: self.pinned_bytes(),
            retained_bytes: self.hub.retained_bytes(),
            cached_bytes: self.cache.bytes(),
            published: tally.messages_in,
            encoded: self.cache.encoded_count(),
            by_transport: tally.open,
            slow_readers: tally.slow_readers,
            messages_in: tally.messages_in,
            messages_out: tally.messages_out,
            bytes_in: tally.bytes_in,
            bytes_out: tally.bytes_out,
            gaps: tally.gaps,
            loop_us: tally.turns.times(self.clock.at),
            uptime_s: self.clock.at.since(self.started_at) / 1000,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
