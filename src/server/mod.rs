//! The whole server below the sockets, as one value that is told what happens and asked what to do. A reader of the
//! source starts here.
//!
//! The world tells it: [`Server::handle_accept`], [`handle_bytes`](Server::handle_bytes),
//! [`handle_hang_up`](Server::handle_hang_up), [`handle_end`](Server::handle_end),
//! [`handle_lost`](Server::handle_lost), [`handle_sent`](Server::handle_sent),
//! [`handle_blocked`](Server::handle_blocked), [`handle_committed`](Server::handle_committed),
//! [`handle_timeout`](Server::handle_timeout), …; and asks it:
//! [`poll_dirty`](Server::poll_dirty) with [`slices`](Server::slices), [`poll_action`](Server::poll_action),
//! [`poll_timeout`](Server::poll_timeout).
//!
//! Order law: after any `handle_*`, drain `poll_dirty` and write, then do the actions, then read the timeout.
//! Knows no socket, no file and no clock.

mod access;
mod ask_command;
mod askers;
mod asking;
mod clients;
mod command;
mod connection;
mod console;
mod demo;
mod drafts;
mod drain;
mod embedded;
mod ending;
mod engine;
mod entries;
mod files;
mod flush;
mod handlers;
mod input;
mod listing;
mod owner;
mod park;
mod presence;
mod problem;
mod publish;
mod reading;
mod reply;
mod rider;
mod route;
mod sent;
mod socket;
mod socketio;
pub mod static_files;
mod stats;
mod subscribe;
mod tally;
mod timeouts;

pub use connection::{ConnId, Connection};
pub use flush::{SLICES_MAX, Slices};
pub use route::OWN_NAMES;
pub use stats::Stats;
pub use tally::{ByTransport, LoopTimes};

use crate::base::arena::Arena;
use crate::base::outq::Pool;
use crate::base::rng::Rng;
use crate::base::time::{Millis, Now};
use crate::base::wheel::Wheel;
use crate::handler::{Echo, Effects, Handlers};
use crate::http::DateCache;
use crate::hub::{ChannelId, Hub, Limits};
use crate::journal::{Journal, MemoryJournal};
use crate::limits::Settings;
use crate::transport::encoded::{EncodedCache, Piece};
use crate::transport::encoder::Encoder;
use crate::ws::Inflater;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::net::IpAddr;
use entries::Proposer;
use publish::Writing;
use std::collections::{HashMap, VecDeque};

/// Who connected.
#[derive(Clone, Debug)]
pub struct Peer {
    /// `None` on a unix socket.
    pub address: Option<IpAddr>,
    /// The listener's index.
    pub listener: usize,
}

/// A listener as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerInfo {
    /// Only this machine reaches it.
    pub loopback: bool,
    /// As the start line names it.
    pub description: String,
}

/// An open file.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Bytes.
    pub len: u64,
    /// Unix seconds.
    pub modified_unix_s: u64,
}

/// Why there is no file.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// There is none.
    NotFound,
    /// It lies outside, or is no regular file.
    Forbidden,
    /// It is a directory.
    Directory,
    /// No descriptor is free at present.
    Shortage,
    /// The system says no.
    Io,
}

/// What the world is asked to do, at the end of the turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Close the socket; the id is of no use any more.
    Close(ConnId),
    /// Say that nothing more comes; what is read from now on is thrown away.
    CloseWrite(ConnId),
    /// Call [`Server::handle_bytes`] with nothing next turn, and read on.
    Resume(ConnId),
    /// Open the file at `path` below the directory of static files and call [`Server::handle_opened`].
    OpenFile { id: ConnId, path: Box<str> },
    /// Read of the open file and call [`Server::handle_file_bytes`].
    ReadFile { id: ConnId, offset: u64, len: usize },
    /// Close the open file.
    CloseFile(ConnId),
    /// Close the listeners.
    StopAccepting,
    /// End.
    Stop,
}

/// Bytes up to which words of one connection are joined: copying so few costs less than a slice.
const JOINED_MAX: usize = 16 << 10;

/// Something that a connection says.
pub enum OutPiece {
    /// Only this connection says it.
    Own(Vec<u8>),
    /// Many say it.
    Shared(Piece),
}

impl AsRef<[u8]> for OutPiece {
    fn as_ref(&self) -> &[u8] {
        match self {
            OutPiece::Own(bytes) => bytes,
            OutPiece::Shared(piece) => piece.bytes(),
        }
    }
}

impl OutPiece {
    /// Takes `bytes` too, if it is small and nobody else's.
    fn join(&mut self, bytes: &[u8]) -> bool {
        match self {
            OutPiece::Own(own) if own.len() + bytes.len() <= JOINED_MAX => {
                own.extend_from_slice(bytes);
                true
            }
            OutPiece::Own(_) | OutPiece::Shared(_) => false,
        }
    }

    /// Bytes that exist for this connection alone.
    fn own_len(&self) -> usize {
        match self {
            OutPiece::Own(bytes) => bytes.len(),
            OutPiece::Shared(_) => 0,
        }
    }
}

/// The server. See the module's documentation for how it is used.
pub struct Server {
    settings: Settings,
    listeners: Vec<ListenerInfo>,
    conns: Arena<Connection>,
    /// Requests that wait for their body, by connection.
    writing: HashMap<ConnId, Writing>,
    pool: Pool<OutPiece>,
    wheel: Wheel,
    /// Reused by every call of [`Server::handle_timeout`].
    fired: Vec<u32>,
    hub: Hub,
    journal: Box<dyn Journal>,
    /// Who is told what became of an entry, by its ticket.
    proposers: HashMap<u64, Proposer>,
    next_ticket: u64,
    /// Questions that were proposed and did not come back yet.
    asks_proposed: usize,
    sessions: engine::Sessions,
    recoveries: socketio::Recoveries,
    /// Who waits for the end of a question.
    askers: askers::Askers,
    cache: EncodedCache,
    /// Of what WebSockets send.
    inflater: Inflater,
    /// Who answers instead of the hub, and what was asked for in the call under way.
    handlers: Handlers,
    effects: Effects,
    /// Whose handlers have not heard that they have gone.
    gone: VecDeque<handlers::Gone>,
    staged: flush::Staged,
    dirty: VecDeque<ConnId>,
    actions: VecDeque<Action>,
    rng: Rng,
    date: DateCache,
    /// Of the scripts in pages that the server writes.
    nonce: Box<str>,
    console: console::Console,
    /// The time of the last call.
    clock: Now,
    swept_at: Millis,
    per_address: HashMap<IpAddr, usize>,
    /// Held polls.
    parked: usize,
    /// Bytes of incomplete input in all connections.
    incoming_bytes: usize,
    /// Bytes of [`OutPiece::Own`] in all queues.
    own_bytes: usize,
    tally: tally::Tally,
    started_at: Millis,
    /// When the clock of `--demo` ticks next.
    demo_at: Option<Millis>,
    drain: Option<drain::Drain>,
    /// Listeners are closed and every answer is the last of its connection.
    is_draining: bool,
    /// The connection whose bytes are being handled: it need not be told to go on.
    current: Option<ConnId>,
}

impl Server {
    /// A server without connections that keeps its journal in memory. `seed` is entropy of the operating system, or a
    /// test's.
    pub fn new(settings: Settings, listeners: Vec<ListenerInfo>, now: Now, seed: [u8; 32]) -> Server {
        Server::with_journal(settings, listeners, Box::new(MemoryJournal::new(now.unix_ms)), now, seed)
    }

    /// As [`Server::new`], with another journal. What it holds already is read by [`Server::handle_committed`].
    pub fn with_journal(
        settings: Settings,
        listeners: Vec<ListenerInfo>,
        journal: Box<dyn Journal>,
        now: Now,
        seed: [u8; 32],
    ) -> Server {
        let mut rng = Rng::new(seed);
        let nonce: Box<str> = URL_SAFE_NO_PAD.encode(rng.bytes()).into();
        Server {
            listeners,
            conns: Arena::default(),
            writing: HashMap::new(),
            pool: Pool::default(),
            wheel: Wheel::default(),
            fired: Vec::new(),
            hub: Hub::new(Limits::from(&settings), journal.start()),
            journal,
            proposers: HashMap::new(),
            next_ticket: 0,
            asks_proposed: 0,
            sessions: engine::Sessions::default(),
            recoveries: socketio::Recoveries::default(),
            askers: askers::Askers::default(),
            cache: EncodedCache::new(settings.max_cache, Encoder::new(&nonce, settings.compress_above)),
            inflater: Inflater::new(),
            handlers: own_handlers(&settings, Handlers::default()),
            effects: Effects::new(settings.max_message),
            gone: VecDeque::new(),
            staged: flush::Staged::default(),
            dirty: VecDeque::new(),
            actions: VecDeque::new(),
            rng,
            date: DateCache::default(),
            console: console::Console::new(&nonce, settings.demo),
            nonce,
            clock: now,
            swept_at: now.at,
            per_address: HashMap::new(),
            parked: 0,
            incoming_bytes: 0,
            own_bytes: 0,
            tally: tally::Tally::default(),
            started_at: now.at,
            demo_at: settings.demo.then(|| demo::next_second(now)),
            drain: None,
            is_draining: false,
            current: None,
            settings,
        }
    }

    /// The same server, with handlers of an application.
    #[must_use]
    pub fn with_handlers(self, handlers: Handlers) -> Server {
        let handlers = own_handlers(&self.settings, handlers);
        Server { handlers, ..self }
    }

    /// A connection was accepted. `None`: there are too many; close it at once.
    pub fn handle_accept(&mut self, now: Now, peer: Peer) -> Option<ConnId> {
        self.clock = now;
        let Settings { max_connections, max_connections_per_address: per_address_max, .. } = self.settings;
        if self.is_draining || (max_connections > 0 && self.conns.len() >= max_connections) {
            return None;
        }
        if let Some(address) = peer.address {
            let count = self.per_address.entry(address).or_default();
            if per_address_max > 0 && *count >= per_address_max {
                log::debug!("{address} has as many connections as one address may");
                return None;
            }
            *count += 1;
        }
        let listener = u16::try_from(peer.listener).expect("listeners are counted in dozens");
        let id = self.conns.insert(Connection::new(peer.address, listener, now.at));
        self.arm(id);
        Some(id)
    }

    /// The next thing that the world is asked to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// What was held back may be gone on with.
    fn resume(&mut self, id: ConnId) {
        if self.current != Some(id) {
            self.actions.push_back(Action::Resume(id));
        }
    }
}

/// The handlers of an application, and those that the server brings along where the application leaves room.
fn own_handlers(settings: &Settings, handlers: Handlers) -> Handlers {
    match settings.echo && !matches!(handlers.at(ECHO), Some((_, ""))) {
        true => handlers.websocket(ECHO, Echo),
        false => handlers,
    }
}

/// Where `--echo` answers.
const ECHO: &str = "/echo";

/// A channel as the cache of encodings names it.
fn channel_key(channel: ChannelId) -> u64 {
    (u64::from(channel.generation()) << 32) | channel.index() as u64
}
