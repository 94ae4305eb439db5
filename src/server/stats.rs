//! Numbers about the running server (API: `GET /stats`).

use super::Server;
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
    /// Channels that exist.
    pub channels: usize,
    /// Held polls.
    pub parked: usize,
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
}

impl Server {
    /// The numbers of now.
    pub fn stats(&self) -> Stats {
        Stats {
            connections: self.conns.len(),
            readers: self.hub.reader_total(),
            subscribers: self.hub.subscription_total(),
            channels: self.hub.channel_total(),
            parked: self.parked,
            asks: self.hub.open_asks(),
            held_asks: self.askers.len(),
            waiting: self.writing.len() + self.proposers.len(),
            timers: self.wheel.armed(),
            pieces: self.pool.pieces(),
            incoming_bytes: self.incoming_bytes,
            pinned_bytes: self.pinned_bytes(),
            retained_bytes: self.hub.retained_bytes(),
            cached_bytes: self.cache.bytes(),
            published: self.published,
            encoded: self.cache.encoded_count(),
        }
    }
}
