//! The loop: one thread, one poll, one turn after the other (`docs/architecture.md`, "One turn of the loop").
//! Law: a socket is read until it would block or is on the ready list, and nothing here waits but the poll.
//! What bytes mean is the server's.

use super::accept::Acceptor;
use super::clock::Clock;
use super::files::Files;
use super::link::{Link, Socket};
use super::pump::{self, Flushing, Reading};
use super::signal::Signals;
use super::sockets::Sockets;
use crate::base::time::{Millis, Now};
use crate::server::{Action, ConnId, Peer, Server};
use mio::event::Event;
use mio::{Events, Poll, Token};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::time::Duration;

/// Events taken from the kernel in one turn.
const EVENTS_PER_TURN: usize = 1024;
/// The loop's one read buffer, in bytes; also the most that is read from a file at once.
const BUFFER_BYTES: usize = 64 << 10;
/// Tokens from here on are not connections: first the signals, then the listeners.
pub const SIGNALS: Token = Token(1 << 31);

/// The token of the listener at `index`.
pub fn listener_token(index: usize) -> Token {
    Token(SIGNALS.0 + 1 + index)
}

/// Everything that the loop owns.
pub struct Turn {
    poll: Poll,
    clock: Clock,
    server: Server,
    sockets: Sockets,
    acceptor: Acceptor,
    signals: Signals,
    files: Files,
    buffer: Box<[u8]>,
    /// Connections that have used up their share of reading, or that go on after a pause.
    ready: VecDeque<ConnId>,
    /// Connections to flush though they are not dirty: writable again, or at the end of their share last turn.
    flushes: Vec<ConnId>,
    /// The server was told something after the flush: no waiting in the next turn.
    restless: bool,
    state: State,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum State {
    Serving,
    Draining,
    Stopped,
}

impl Turn {
    /// A loop over what was opened before. Listeners and signals are registered with `poll` already.
    pub fn new(
        poll: Poll,
        clock: Clock,
        server: Server,
        acceptor: Acceptor,
        signals: Signals,
        files: Files,
    ) -> Self {
        Turn {
            poll,
            clock,
            server,
            sockets: Sockets::default(),
            acceptor,
            signals,
            files,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            ready: VecDeque::new(),
            flushes: Vec::new(),
            restless: false,
            state: State::Serving,
        }
    }

    /// Turns until the server says stop or a second signal comes.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        while self.state != State::Stopped {
            // 1. Wait for an event or the next deadline; read the clock, once.
            let timeout = self.timeout(self.clock.now().at);
            match self.poll.poll(&mut events, timeout) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => events.clear(),
                Err(error) => return Err(error),
            }
            let begun = self.clock.micros();
            let now = self.clock.now();
            self.turn(now, &events);
            self.server.handle_turn(now.at, self.clock.micros() - begun);
        }
        Ok(())
    }

    fn turn(&mut self, now: Now, events: &Events) {
        self.restless = false;
        // 2. Read what came, then a further share of those who have more. Requests are carried out as they are read.
        let resuming = self.ready.len();
        for event in events {
            self.handle_event(now, event);
        }
        self.read_ready(now, resuming);
        // 3. Accept. After the events: a place that one of them frees is not used again in the same batch, so that a
        //    token always means the connection it was made for.
        self.accept(now);
        // 4. Deadlines.
        if self.server.poll_timeout().is_some_and(|due| due <= now.at) {
            self.server.handle_timeout(now);
        }
        // 5. One flush for each connection that has something to say.
        self.flush_all(now);
        // 6. Actions; what is closed is freed here.
        while let Some(action) = self.server.poll_action() {
            self.act(now, action);
        }
    }

    /// How long to wait for events.
    fn timeout(&self, at: Millis) -> Option<Duration> {
        if self.restless || !self.ready.is_empty() || !self.flushes.is_empty() {
            return Some(Duration::ZERO);
        }
        let deadlines = [self.server.poll_timeout(), self.acceptor.poll_timeout()];
        let due = deadlines.into_iter().flatten().min()?;
        Some(Duration::from_millis(due.since(at)))
    }

    fn handle_event(&mut self, now: Now, event: &Event) {
        match event.token() {
            SIGNALS => self.handle_signals(now),
            Token(token) if token > SIGNALS.0 => self.acceptor.announce(token - SIGNALS.0 - 1),
            Token(index) => self.handle_socket(now, index, event),
        }
    }

    fn handle_signals(&mut self, now: Now) {
        for _ in 0..self.signals.take() {
            if self.state == State::Serving {
                log::info!("ending; a second signal ends at once");
                self.state = State::Draining;
                self.server.drain(now);
            } else {
                log::info!("ended by a second signal");
                self.state = State::Stopped;
            }
        }
    }

    fn handle_socket(&mut self, now: Now, index: usize, event: &Event) {
        let Some(entry) = self.sockets.at_mut(index) else { return };
        let (id, queued) = (entry.id, entry.queued);
        entry.wire.end_seen |= event.is_read_closed();
        if event.is_writable() && entry.wire.blocked {
            entry.wire.blocked = false;
            self.flushes.push(id);
        }
        // Who is on the ready list gets its share from there.
        if !queued && (event.is_readable() || event.is_read_closed()) {
            self.read(now, id);
        }
        if event.is_error() && self.sockets.get_mut(id).is_some() {
            self.server.handle_lost(now, id);
            self.forget(id);
        }
    }

    fn read_ready(&mut self, now: Now, count: usize) {
        for _ in 0..count {
            let Some(id) = self.ready.pop_front() else { return };
            let Some(entry) = self.sockets.get_mut(id) else { continue };
            entry.queued = false;
            if core::mem::take(&mut entry.resumed) {
                self.server.handle_bytes(now, id, &mut []);
            }
            self.read(now, id);
        }
    }

    fn read(&mut self, now: Now, id: ConnId) {
        let Turn { server, sockets, buffer, .. } = self;
        let Some(entry) = sockets.get_mut(id) else { return };
        match pump::read(server, now, id, &mut entry.socket, &mut entry.wire, buffer) {
            Reading::More => self.queue(id),
            Reading::Lost => self.forget(id),
            Reading::Drained | Reading::Paused | Reading::Ended => {}
        }
    }

    /// Puts a connection at the back of the ready list, once.
    fn queue(&mut self, id: ConnId) {
        let Some(entry) = self.sockets.get_mut(id) else { return };
        if !core::mem::replace(&mut entry.queued, true) {
            self.ready.push_back(id);
        }
    }

    fn accept(&mut self, now: Now) {
        let Turn { server, sockets, acceptor, poll, .. } = self;
        acceptor.accept(now, |socket, peer| welcome(server, sockets, poll, now, socket, peer));
    }

    fn flush_all(&mut self, now: Now) {
        for id in core::mem::take(&mut self.flushes) {
            self.flush(now, id);
        }
        while let Some(id) = self.server.poll_dirty() {
            self.flush(now, id);
        }
    }

    fn flush(&mut self, now: Now, id: ConnId) {
        let Turn { server, sockets, .. } = self;
        let Some(entry) = sockets.get_mut(id) else { return };
        // An event will tell when it takes more, and that flush is for all that gathers until then.
        if entry.wire.blocked {
            return;
        }
        match pump::flush(server, now, id, &mut entry.socket, &mut entry.wire) {
            Flushing::More => self.flushes.push(id),
            Flushing::Lost => self.forget(id),
            Flushing::Done | Flushing::Blocked => {}
        }
    }

    fn act(&mut self, now: Now, action: Action) {
        match action {
            Action::Close(id) => self.forget(id),
            Action::CloseWrite(id) => self.close_write(now, id),
            Action::Resume(id) => {
                if let Some(entry) = self.sockets.get_mut(id) {
                    entry.resumed = true;
                    self.queue(id);
                }
            }
            Action::OpenFile { id, path } => {
                self.restless = true;
                let opened = self.files.open(id, &path);
                self.server.handle_opened(now, id, opened);
            }
            Action::ReadFile { id, offset, len } => {
                self.restless = true;
                let len = len.min(self.buffer.len());
                let read = self.files.read(id, offset, &mut self.buffer[..len]);
                self.server.handle_file_bytes(now, id, read.map(|n| &self.buffer[..n]));
            }
            Action::CloseFile(id) => self.files.close(id),
            Action::StopAccepting => self.acceptor.stop(),
            Action::Stop => self.state = State::Stopped,
        }
    }

    /// Closes our side. Reading goes on until the peer has closed its own: closing with unread input would make the
    /// kernel send a reset, which can overtake our last answer.
    fn close_write(&mut self, now: Now, id: ConnId) {
        let Some(entry) = self.sockets.get_mut(id) else { return };
        entry.wire.discard = true;
        if entry.socket.close_write().is_ok() {
            return self.queue(id);
        }
        self.restless = true;
        self.server.handle_lost(now, id);
        self.forget(id);
    }

    /// Frees what io holds of a connection.
    fn forget(&mut self, id: ConnId) {
        self.files.close(id);
        if self.sockets.remove(id) {
            self.acceptor.released();
        }
    }
}

/// Takes a new connection in, if the server lets it.
fn welcome(
    server: &mut Server,
    sockets: &mut Sockets,
    poll: &Poll,
    now: Now,
    mut socket: Socket,
    peer: Peer,
) {
    let Some(id) = server.handle_accept(now, peer) else { return };
    match socket.register(poll.registry(), Token(id.index())) {
        Ok(()) => sockets.insert(id, socket),
        Err(error) => {
            log::warn!("cannot watch a connection: {error}");
            server.handle_lost(now, id);
        }
    }
}
