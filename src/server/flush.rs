//! What a connection has to say, as slices for one vectored write.  Law: its own pieces first, then its channels'
//! messages from its cursor on, read when they are written, so that nothing is queued for a reader that is behind.

use super::connection::{ConnId, Connection, Proto};
use super::owner::Owner;
use super::rider::Whom;
use super::socketio::Within;
use super::{OutPiece, Server, channel_key};
use crate::base::time::Now;
use crate::conn::Protocol;
use crate::hub::{Next, ReaderId, Told};
use crate::limits::{IFRAME_BYTES_MAX, SHARE_BYTES};
use crate::message::{Cursor, Notice};
use crate::transport::Encoding;
use crate::transport::encoded::{Piece, Source};
use crate::ws::CloseCode;
use std::io::IoSlice;

/// Slices of one write: enough for a burst, few enough for the stack.
pub const SLICES_MAX: usize = 64;

/// The slices of one write.
pub struct Slices<'a> {
    list: [IoSlice<'a>; SLICES_MAX],
    len: usize,
}

impl Default for Slices<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Slices<'a> {
    /// None yet.
    pub fn new() -> Self {
        Slices { list: [IoSlice::new(&[]); SLICES_MAX], len: 0 }
    }

    /// What is to be written, in order.
    pub fn as_slice(&self) -> &[IoSlice<'a>] {
        &self.list[..self.len]
    }

    fn push(&mut self, bytes: &'a [u8]) -> bool {
        let Some(place) = self.list.get_mut(self.len) else { return false };
        *place = IoSlice::new(bytes);
        self.len += 1;
        true
    }
}

/// The messages offered to the connection that is being written to. One for the whole loop.
#[derive(Default)]
pub(super) struct Staged {
    /// Whose messages they are.
    pub(super) reader: Option<ReaderId>,
    pub(super) pieces: Vec<Piece>,
    /// Behind these pieces there is nothing more to read, and this is the position then.
    pub(super) idle_at: Option<Cursor>,
}

impl Staged {
    /// Everything was read, and nothing is to be written for it.
    pub(super) fn has_nothing(&self) -> bool {
        self.pieces.is_empty() && self.idle_at.is_some()
    }

    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        (self.reader, self.idle_at) = (None, None);
    }
}

/// How the messages of a reader are written.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) reader: ReaderId,
    pub(super) encoding: Encoding,
    /// The namespace that it reads for (Socket.IO).
    pub(super) within: Option<Within>,
}

/// What reading on came to.
pub(super) enum Reading {
    /// A message run.
    Piece(Piece),
    /// Nothing more; the position.
    Idle(Cursor),
    /// Something to be told in between, with its bytes.
    Told(Told, Vec<u8>),
    /// The connection must close with this code (`holdline.raw` has no notices).
    Close(CloseCode, &'static str),
}

impl Server {
    /// The next connection that has something to write, each once a turn.
    pub fn poll_dirty(&mut self) -> Option<ConnId> {
        self.collect_dirty_readers();
        self.tell_gone();
        loop {
            let Some(id) = self.dirty.pop_front() else {
                self.askers.end_turn();
                return None;
            };
            if let Some(conn) = self.conns.get_mut(id) {
                conn.is_dirty = false;
                return Some(id);
            }
        }
    }

    fn collect_dirty_readers(&mut self) {
        while let Some(reader) = self.hub.poll_dirty() {
            if let Some(owner) = self.hub.owner(reader) {
                match Owner::unpack(owner) {
                    Owner::Conn(id) => self.mark_dirty(id),
                    Owner::Session(id) => self.mark_unread(id, reader),
                }
            }
        }
    }

    pub(super) fn mark_dirty(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if !conn.is_dirty {
            conn.is_dirty = true;
            self.dirty.push_back(id);
        }
    }

    /// What to write to the connection; nothing if there is nothing.
    pub fn slices<'a>(&'a mut self, now: Now, id: ConnId, out: &mut Slices<'a>) {
        self.staged.clear();
        self.try_parked(now, id);
        self.try_get(now, id);
        self.beat(now, id);
        self.stage(now, id);
        let Some(conn) = self.conns.get(id) else { return };
        let own = self.pool.slices(&conn.queue);
        let staged = self.staged.pieces.iter().map(Piece::bytes);
        for slice in own.chain(staged) {
            if !out.push(slice) {
                return;
            }
        }
    }

    /// A stream's sign of life, if it is due: a position if the reader has read everything and its cursor moved, else
    /// something that says nothing.
    fn beat(&mut self, now: Now, id: ConnId) {
        let Server { conns, hub, nonce, .. } = self;
        let Some(Connection { proto: Proto::Stream(stream), .. }) = conns.get_mut(id) else { return };
        if !core::mem::take(&mut stream.is_due) {
            return;
        }
        let reader = stream.reader;
        if matches!(hub.next(reader, hub.cursor(reader), now.unix_ms), Next::Idle) {
            let newest = hub.newest();
            stream.is_untold |= newest > hub.cursor(reader);
            hub.advance(reader, newest);
        }
        let mut words = Vec::new();
        stream.encoding.heartbeat(hub.cursor(reader), stream.is_untold, nonce, &mut words);
        stream.is_untold = false;
        self.say_in_flush(id, words);
    }

    /// Reads on from the cursor into the list of staged pieces.
    fn stage(&mut self, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get(id) else { return };
        if let Some(wire) = wire_of(conn) {
            self.stage_wire(now, id, &wire);
        } else if let Proto::WebSocket(socket, rider) = &conn.proto
            && let Whom::Session(session) = rider.whom()
            && self.sessions.get(session).is_some_and(|known| known.is_carried_by(id))
        {
            let window = socket.window;
            self.stage_talk(now, id, session, window);
        }
    }

    /// Reads on for one reader. The pieces that are staged are all its own.
    pub(super) fn stage_wire(&mut self, now: Now, id: ConnId, wire: &Wire) {
        self.staged.reader = Some(wire.reader);
        self.staged.idle_at = None;
        self.say_news(id, wire);
        let mut from = self.hub.cursor(wire.reader);
        let mut bytes = 0;
        let compressed = self.compressed_bytes();
        let bytes_max = self.conns.get(id).map_or(0, |conn| match is_iframe(wire.encoding) {
            true => IFRAME_BYTES_MAX.saturating_sub(conn.sent_bytes) as usize,
            false => SHARE_BYTES,
        });
        loop {
            let own =
                self.conns.get(id).map_or(0, |conn| self.pool.slices(&conn.queue).take(SLICES_MAX).count());
            let is_too_much = self.compressed_bytes() - compressed >= SHARE_BYTES as u64;
            if own + self.staged.pieces.len() >= SLICES_MAX || bytes >= bytes_max || is_too_much {
                return;
            }
            match self.read_on(now, wire, from) {
                Reading::Piece(piece) => {
                    from = piece.last;
                    bytes += piece.len();
                    self.staged.pieces.push(piece);
                }
                Reading::Idle(position) => {
                    if self.staged.pieces.is_empty() {
                        self.settle_at(id, wire.reader, position);
                    }
                    self.staged.idle_at = Some(position);
                    return;
                }
                // Notices are said by the connection itself, so what is staged must have left before.
                Reading::Told(..) | Reading::Close(..) if !self.staged.pieces.is_empty() => return,
                Reading::Told(told, more) if wire.within.is_some() => {
                    let mut words = Vec::new();
                    let has_left = self.tell_within(now, wire, told, &more, &mut words);
                    self.say_in_flush(id, words);
                    if has_left {
                        self.staged.idle_at = Some(self.hub.newest());
                        return;
                    }
                    from = self.hub.cursor(wire.reader);
                }
                Reading::Told(told, words) => {
                    self.tally.gaps += u64::from(matches!(told, Told::Gap { .. }));
                    self.say_in_flush(id, words);
                    let is_last = matches!(told, Told::Closed(_)) && self.hub.channel_count(wire.reader) == 1;
                    if is_last && self.ends_without_channels(id) {
                        return self.end_stream(now, id, &[]);
                    }
                    self.hub.acknowledge(wire.reader, told);
                    from = self.hub.cursor(wire.reader);
                }
                Reading::Close(code, reason) => {
                    self.tally.gaps += u64::from(code == CloseCode::GAP);
                    return self.close_socket(now, id, code, reason);
                }
            }
        }
    }

    pub(super) fn read_on(&mut self, now: Now, wire: &Wire, from: Cursor) -> Reading {
        let Server { hub, cache, nonce, .. } = self;
        let &Wire { reader, encoding, ref within } = wire;
        let is_raw = matches!(encoding, Encoding::WebSocketRaw(_));
        let next = hub.next(reader, from, now.unix_ms);
        let told = next.told();
        let notice = match next {
            Next::Idle => return Reading::Idle(hub.newest()),
            Next::Run(run) => {
                let encoding = match encoding {
                    Encoding::WebSocket(window) if run.replay => Encoding::WebSocketReplay(window),
                    Encoding::SocketIo(window) if run.replay => Encoding::SocketIoReplay(window),
                    Encoding::SocketIoPolling if run.replay => Encoding::SocketIoPollingReplay,
                    encoding => encoding,
                };
                // A channel besides the namespace's own is written with its name.
                let within = within.as_ref().filter(|within| *within.channel != *run.name);
                let within = within.map(|within| (within.key, &*within.channel));
                let source = Source { channel: channel_key(run.channel), name: run.name, within };
                let piece = cache.get(source, encoding, run.messages.iter());
                return Reading::Piece(piece.expect("a run has at least one message"));
            }
            Next::Gap { .. } if is_raw => return Reading::Close(CloseCode::GAP, "messages were lost"),
            Next::Closed { .. } if is_raw => {
                return Reading::Close(CloseCode::CHANNEL_CLOSED, "the channel was deleted");
            }
            Next::Gap { channel, after, resumes, .. } => Notice::Gap { channel, after, resumes },
            Next::Closed { channel, .. } => Notice::Closed { channel },
            Next::Withdrawn { ask, end, .. } => Notice::Withdrawn { ask, end },
            Next::ReplayEnd { cursor } => Notice::Position { cursor },
        };
        let mut words = Vec::new();
        let namespace = within.as_ref().map_or("", |within| &within.channel);
        encoding.notice(namespace, &notice, nonce, &mut words);
        Reading::Told(told.expect("a notice is acknowledged"), words)
    }

    /// Nothing to read: the reader stands at the newest position.
    pub(super) fn settle_at(&mut self, id: ConnId, reader: ReaderId, position: Cursor) {
        if position <= self.hub.cursor(reader) {
            return;
        }
        self.hub.advance(reader, position);
        if let Some(Connection { proto: Proto::Stream(stream), .. }) = self.conns.get_mut(id) {
            stream.is_untold = true;
        }
    }

    /// As [`Server::say`], without asking for another flush: this is one.
    pub(super) fn say_in_flush(&mut self, id: ConnId, words: Vec<u8>) {
        let Some(conn) = self.conns.get_mut(id).filter(|_| !words.is_empty()) else { return };
        self.own_bytes += words.len();
        self.pool.push(&mut conn.queue, OutPiece::Own(words));
    }

    /// `holdline.v1` stays open and may subscribe again.
    fn ends_without_channels(&self, id: ConnId) -> bool {
        self.conns.get(id).is_some_and(|conn| matches!(conn.proto, Proto::Stream(_)))
    }

    /// Bytes of payload that were compressed so far, for whomever: what it cost to make what is written.
    pub fn compressed_bytes(&self) -> u64 {
        self.cache.compressed_bytes()
    }
}

pub(super) fn is_iframe(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::Iframe | Encoding::IframeChunked)
}

fn wire_of(conn: &Connection) -> Option<Wire> {
    match &conn.proto {
        Proto::Stream(stream) => {
            Some(Wire { reader: stream.reader, encoding: stream.encoding, within: None })
        }
        Proto::WebSocket(socket, rider) => {
            let encoding = match socket.protocol {
                Protocol::V1 | Protocol::Plain | Protocol::Engine => Encoding::WebSocket(socket.window),
                Protocol::Raw => Encoding::WebSocketRaw(socket.window),
            };
            Some(Wire { reader: rider.reader()?, encoding, within: None })
        }
        Proto::Http(_) | Proto::Waiting(_) | Proto::Parked(_) | Proto::Closing(_) => None,
    }
}
