//! A world around one [`Server`] for tests: time moves by hand, connections are pipes of bytes, files are a table.
//! Law: the server sees what it sees in `io::turn`, step by step in the same order, and the same calls give the same
//! world. Knows no socket and no clock; reads and flushes with the pump that the real loop uses.

use crate::base::time::{Millis, Now};
use crate::handler::Handlers;
use crate::io::link::Link;
use crate::io::pump::{self, Flushing, Reading, Wire};
use crate::journal::{Journal, MemoryJournal};
use crate::limits::Settings;
use crate::server::{Action, ConnId, FileError, ListenerInfo, Opened, Peer, Server, Stats};
use crate::testing::dice::Dice;
use core::net::{IpAddr, Ipv4Addr};
use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind, IoSlice};

/// When every world begins: 2023-11-14T22:13:20Z.
pub const BEGIN_UNIX_MS: u64 = 1_700_000_000_000;
/// The most that one read takes, in bytes.
const BUFFER_BYTES: usize = 64 << 10;
/// Turns after which a world that is left alone must have come to rest.
const RESTLESS_TURNS: usize = 1 << 20;

/// The peer's end of a connection, by its place in the order of coming.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Line(usize);

/// One server and everybody who talks to it.
pub struct World {
    server: Server,
    now: Now,
    /// Pieces that are read of one connection in one turn, at least 1.
    pub pieces_per_turn: usize,
    /// Path and content of every file.
    pub files: Vec<(&'static str, &'static [u8])>,
    /// Everything the server asked for, in order.
    pub actions: Vec<Action>,
    ends: Vec<End>,
    by_id: HashMap<ConnId, usize>,
    buffer: Box<[u8]>,
}

/// What the world knows of one connection.
#[derive(Default)]
struct End {
    /// `None`: it is closed.
    id: Option<ConnId>,
    pipe: Pipe,
    wire: Wire,
    is_resumed: bool,
    wants_flush: bool,
    file: Option<Box<str>>,
}

/// Both directions of one connection.
#[derive(Default)]
struct Pipe {
    /// Sent by the peer, unread by the server; each piece is one read.
    unread: VecDeque<Vec<u8>>,
    /// How many bytes the server has read.
    taken: usize,
    /// The peer sends no more.
    has_ended: bool,
    /// Written by the server.
    written: Vec<u8>,
    /// Bytes that the peer takes in one turn; `None`: all.
    room_per_turn: Option<usize>,
    room: Option<usize>,
    is_write_closed: bool,
}

impl Link for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut piece) = self.unread.pop_front() else {
            return if self.has_ended { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) };
        };
        let n = piece.len().min(buffer.len());
        buffer[..n].copy_from_slice(&piece[..n]);
        self.taken += n;
        if n < piece.len() {
            self.unread.push_front(piece.split_off(n));
        }
        Ok(n)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        assert!(!self.is_write_closed, "nothing is written behind the end");
        let mut taken = 0;
        for slice in slices {
            let n = self.room.map_or(slice.len(), |room| (room - taken).min(slice.len()));
            self.written.extend_from_slice(&slice[..n]);
            taken += n;
        }
        self.room = self.room.map(|room| room - taken);
        if taken == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    fn close_write(&mut self) -> io::Result<()> {
        self.is_write_closed = true;
        Ok(())
    }
}

/// Only this machine reaches it.
fn listener() -> ListenerInfo {
    ListenerInfo { loopback: true, description: "http://127.0.0.1:8080".to_owned() }
}

impl World {
    /// A server with one listener that only this machine reaches, and nobody there.
    pub fn new(settings: Settings) -> Self {
        Self::with_journal(settings, Box::new(MemoryJournal::new(BEGIN_UNIX_MS)), [7; 32])
    }

    /// As [`World::new`], with handlers of an application.
    pub fn with_handlers(settings: Settings, handlers: Handlers) -> Self {
        let world = Self::new(settings);
        World { server: world.server.with_handlers(handlers), ..world }
    }

    /// As [`World::new`], with a journal and the entropy that the server starts with.
    pub fn with_journal(settings: Settings, journal: Box<dyn Journal>, seed: [u8; 32]) -> Self {
        let now = Now { at: Millis(1_000), unix_ms: BEGIN_UNIX_MS };
        World {
            server: Server::with_journal(settings, vec![listener()], journal, now, seed),
            now,
            pieces_per_turn: 1,
            files: Vec::new(),
            actions: Vec::new(),
            ends: Vec::new(),
            by_id: HashMap::new(),
            buffer: vec![0; BUFFER_BYTES].into(),
        }
    }

    /// The process is killed and starts anew: every connection breaks, and all that is left is in `journal`.
    pub fn restart(&mut self, settings: Settings, journal: Box<dyn Journal>, seed: [u8; 32]) {
        self.server = Server::with_journal(settings, vec![listener()], journal, self.now, seed);
        self.by_id.clear();
        self.actions.clear();
        for end in &mut self.ends {
            (end.id, end.file) = (None, None);
        }
        self.commit();
    }

    /// The journal has something to say.
    pub fn commit(&mut self) {
        self.server.handle_committed(self.now);
    }

    /// The wall clock is set: forward, or back.
    pub fn set_clock(&mut self, unix_ms: u64) {
        self.now.unix_ms = unix_ms;
    }

    /// Somebody connects; the line is closed at once if the server takes nobody.
    pub fn connect(&mut self) -> Line {
        let peer = Peer { address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), listener: 0 };
        let id = self.server.handle_accept(self.now, peer);
        let line = Line(self.ends.len());
        self.ends.push(End { id, ..End::default() });
        self.by_id.extend(id.map(|id| (id, line.0)));
        line
    }

    /// Somebody connects and sends `request`; what comes of it has come.
    pub fn open(&mut self, request: &str) -> Line {
        let line = self.connect();
        self.send(line, request.as_bytes());
        self.settle();
        line
    }

    /// The peer sends `piece`, which will be one read. An empty one is none.
    pub fn send(&mut self, line: Line, piece: &[u8]) {
        if !piece.is_empty() {
            self.ends[line.0].pipe.unread.push_back(piece.to_vec());
        }
    }

    /// The peer sends no more; it reads on.
    pub fn end(&mut self, line: Line) {
        let end = &mut self.ends[line.0];
        end.pipe.has_ended = true;
        end.wire.end_seen = true;
    }

    /// The connection breaks.
    pub fn reset(&mut self, line: Line) {
        if let Some(id) = self.ends[line.0].id {
            self.server.handle_lost(self.now, id);
            self.forget(id);
        }
    }

    /// The peer takes at most `bytes` a turn from now on; `None`: all.
    pub fn narrow(&mut self, line: Line, bytes: Option<usize>) {
        self.ends[line.0].pipe.room_per_turn = bytes;
    }

    /// What the server wrote to this peer, and was not taken.
    pub fn written(&self, line: Line) -> &[u8] {
        &self.ends[line.0].pipe.written
    }

    /// Takes what the server wrote to this peer.
    pub fn take_written(&mut self, line: Line) -> Vec<u8> {
        core::mem::take(&mut self.ends[line.0].pipe.written)
    }

    /// Has the server said that it writes no more?
    pub fn is_write_closed(&self, line: Line) -> bool {
        self.ends[line.0].pipe.is_write_closed
    }

    /// How many connections there are whose peer has not ended its side.
    pub fn peers_open(&self) -> usize {
        self.ends.iter().filter(|end| end.id.is_some() && !end.pipe.has_ended).count()
    }

    /// Has the server read, and not put off, the first `count` bytes that the peer sent?
    pub fn has_taken(&self, line: Line, count: usize) -> bool {
        let end = &self.ends[line.0];
        end.pipe.taken >= count && !end.is_resumed
    }

    /// Has the server let go of this connection?
    pub fn is_closed(&self, line: Line) -> bool {
        self.ends[line.0].id.is_none()
    }

    /// Has the server said that it is over?
    pub fn has_stopped(&self) -> bool {
        self.actions.contains(&Action::Stop)
    }

    /// The time.
    pub fn now(&self) -> Now {
        self.now
    }

    /// The server's own numbers.
    pub fn stats(&self) -> Stats {
        self.server.stats()
    }

    /// The server is told to end.
    pub fn drain(&mut self) {
        self.server.drain(self.now);
    }

    /// When the server next wants to be told the time.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.server.poll_timeout()
    }

    /// `ms` milliseconds pass on both clocks.
    pub fn advance(&mut self, ms: u64) {
        self.now = Now { at: self.now.at + ms, unix_ms: self.now.unix_ms + ms };
    }

    /// Time passes until the server's next deadline, if it has one.
    pub fn advance_to_deadline(&mut self) {
        self.advance(self.next_deadline().map_or(0, |due| due.since(self.now.at)));
    }

    /// `ms` milliseconds pass, with everything that is due meanwhile.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now.at + ms;
        while self.next_deadline().is_some_and(|due| due <= end) {
            self.advance_to_deadline();
            self.settle();
        }
        self.advance(end.since(self.now.at));
    }

    /// Turns until nothing moves any more. Time stands still.
    pub fn settle(&mut self) {
        for _ in 0..RESTLESS_TURNS {
            if !self.turn() {
                return;
            }
        }
        panic!("the server does not come to rest");
    }

    /// One turn of the loop, in its order; `false` if nothing moved.
    pub fn turn(&mut self) -> bool {
        let all: Vec<usize> = (0..self.ends.len()).filter(|index| self.ends[*index].id.is_some()).collect();
        self.turn_over(&all)
    }

    /// As [`World::turn`], with connections ready in an order that `dice` throws, and some of them not at all.
    pub fn turn_by_chance(&mut self, dice: &mut Dice) -> bool {
        let mut some: Vec<usize> =
            (0..self.ends.len()).filter(|index| self.ends[*index].id.is_some()).collect();
        dice.shuffle(&mut some);
        some.truncate(some.len() - dice.below(some.len() / 2 + 1));
        self.turn_over(&some)
    }

    /// One turn in which the connections `ready` may be read and written.
    fn turn_over(&mut self, ready: &[usize]) -> bool {
        let mut moved = false;
        for &index in ready {
            moved |= self.read(index);
        }
        if self.next_deadline().is_some_and(|due| due <= self.now.at) {
            self.server.handle_timeout(self.now);
            let next = self.next_deadline();
            assert!(next.is_none_or(|due| due > self.now.at), "what was due is done");
            moved = true;
        }
        for &index in ready {
            moved |= self.flush_again(index);
        }
        while let Some(id) = self.server.poll_dirty() {
            moved |= self.flush(id);
        }
        while let Some(action) = self.server.poll_action() {
            self.actions.push(action.clone());
            self.act(action);
            moved = true;
        }
        moved
    }

    fn read(&mut self, index: usize) -> bool {
        let World { server, ends, buffer, now, pieces_per_turn, .. } = self;
        let end = &mut ends[index];
        let Some(id) = end.id else { return false };
        let mut moved = core::mem::take(&mut end.is_resumed);
        if moved {
            server.handle_bytes(*now, id, &mut []);
        }
        for _ in 0..*pieces_per_turn {
            let before = (end.pipe.unread.len(), end.wire);
            match pump::read(server, *now, id, &mut end.pipe, &mut end.wire, buffer) {
                Reading::Drained | Reading::More | Reading::Paused | Reading::Ended => {}
                Reading::Lost => unreachable!("reading a pipe does not fail"),
            }
            if (end.pipe.unread.len(), end.wire) == before {
                break;
            }
            moved = true;
        }
        moved
    }

    /// Goes on where the last flush stopped, if the peer takes something again.
    fn flush_again(&mut self, index: usize) -> bool {
        let end = &mut self.ends[index];
        end.pipe.room = end.pipe.room_per_turn;
        let wants_flush = core::mem::take(&mut end.wants_flush) || end.wire.blocked;
        match end.id {
            Some(id) if wants_flush && end.pipe.room != Some(0) => {
                end.wire.blocked = false;
                self.flush(id)
            }
            _ => false,
        }
    }

    fn flush(&mut self, id: ConnId) -> bool {
        let World { server, ends, by_id, now, .. } = self;
        let Some(end) = by_id.get(&id).and_then(|&index| ends.get_mut(index)) else { return false };
        if end.wire.blocked {
            return false;
        }
        let before = end.pipe.written.len();
        match pump::flush(server, *now, id, &mut end.pipe, &mut end.wire) {
            Flushing::Done | Flushing::Blocked => {}
            Flushing::More => end.wants_flush = true,
            Flushing::Lost => unreachable!("writing to a pipe does not fail"),
        }
        end.wants_flush || end.pipe.written.len() > before
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Close(id) => self.forget(id),
            Action::CloseWrite(id) => self.with_end(id, |end| {
                end.wire.discard = true;
                end.pipe.is_write_closed = true;
            }),
            Action::Resume(id) => self.with_end(id, |end| end.is_resumed = true),
            Action::OpenFile { id, path } => self.open_file(id, path),
            Action::ReadFile { id, offset, len } => self.read_file(id, offset, len),
            Action::CloseFile(id) => self.with_end(id, |end| end.file = None),
            Action::StopAccepting | Action::Stop => {}
        }
    }

    fn with_end(&mut self, id: ConnId, change: impl FnOnce(&mut End)) {
        if let Some(&index) = self.by_id.get(&id) {
            change(&mut self.ends[index]);
        }
    }

    fn open_file(&mut self, id: ConnId, path: Box<str>) {
        let file = self.files.iter().find(|(name, _)| *name == &*path);
        let opened = file
            .map(|(_, content)| Opened { len: content.len() as u64, modified_unix_s: BEGIN_UNIX_MS / 1000 })
            .ok_or(FileError::NotFound);
        if opened.is_ok() {
            self.with_end(id, |end| {
                let before = end.file.replace(path);
                assert_eq!(before, None, "one file at a time");
            });
        }
        self.server.handle_opened(self.now, id, opened);
    }

    fn read_file(&mut self, id: ConnId, offset: u64, len: usize) {
        let path = self.by_id.get(&id).and_then(|&index| self.ends[index].file.clone());
        let content = self.files.iter().find(|(name, _)| path.as_deref() == Some(name));
        let (_, content) = content.expect("only an open file is read");
        let from = usize::try_from(offset).expect("files are small").min(content.len());
        let to = (from + len).min(content.len());
        self.server.handle_file_bytes(self.now, id, Ok(&content[from..to]));
    }

    fn forget(&mut self, id: ConnId) {
        if let Some(index) = self.by_id.remove(&id) {
            let End { id, file, .. } = &mut self.ends[index];
            (*id, *file) = (None, None);
        }
    }
}
