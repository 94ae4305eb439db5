//! One connection as the server keeps it: what it speaks, what it still has to say, and since when it does so.
//! Law: an idle connection is this record and nothing else.

use super::askers::AskWait;
use super::engine::SessionId;
use super::park::Parked;
use super::reply::Reply;
use super::rider::{Rider, Whom};
use crate::base::id::Id;
use crate::base::inbuf::InBuf;
use crate::base::outq::Queue;
use crate::base::time::Millis;
use crate::conn::{Http1, WebSocket};
use crate::hub::ReaderId;
use crate::message::AskerId;
use crate::transport::Encoding;
use core::net::IpAddr;

/// Names a [`Connection`].
pub type ConnId = Id<Connection>;

/// What a connection is about. Transitions happen in [`Connection::turn_to`] only.
///
/// ```text
/// Http --request--> Waiting (journal, file, question) --answer--> Http or Closing
///   |---poll-----> Parked --batch------------------------^
///   |---stream---> Stream --end--> Closing
///   '---upgrade--> WebSocket --close--> Closing
/// ```
pub enum Proto {
    /// Reads requests.
    Http(Http1),
    /// An answer is on its way from the journal, from a file or from whoever is asked.
    Waiting(Box<Waiting>),
    /// A poll is held.
    Parked(Box<Parked>),
    /// A response without an end.
    Stream(Stream),
    /// Frames, and whom they are for.
    WebSocket(WebSocket, Rider),
    /// What is left to say is said, then the connection ends. Input is thrown away.
    Closing(Closing),
}

/// A request whose answer comes later.
pub struct Waiting {
    /// How to answer.
    pub reply: Reply,
    /// What it waits for.
    pub on: Pending,
}

/// What a request waits for.
pub enum Pending {
    /// Its entry in the journal, named by the ticket.
    Journal,
    /// The end of a question; see [`super::askers`].
    Question { asker: AskerId, wait: AskWait },
    /// Something to say in a session; see [`super::engine`].
    Packets(SessionId),
    /// A file; see [`super::files`].
    File(super::files::Transfer),
}

/// A stream's reader and wire.
#[derive(Copy, Clone, Debug)]
pub struct Stream {
    /// The cursor.
    pub reader: ReaderId,
    /// How messages look on this wire.
    pub encoding: Encoding,
    /// The reader's cursor moved without the peer having been told.
    pub is_untold: bool,
    /// The next flush gives a sign of life.
    pub is_due: bool,
}

/// How far the end has come.
#[derive(Copy, Clone, Debug)]
pub struct Closing {
    /// Our side of the connection is closed: only the peer's end is waited for.
    pub is_write_closed: bool,
}

/// One connection.
pub struct Connection {
    /// What it is about.
    pub proto: Proto,
    /// Input that could not be taken yet.
    pub input: InBuf,
    /// What it has to say, apart from its channels' messages.
    pub queue: Queue,
    /// Who is there; `None` on a unix socket.
    pub address: Option<IpAddr>,
    /// By which listener it came.
    pub listener: u16,
    /// It waits in the list of dirty connections.
    pub is_dirty: bool,
    /// The peer has sent its end, and all before it was handed over.
    pub has_peer_ended: bool,
    /// The last write did not take everything.
    pub is_blocked: bool,
    /// It is counted as a reader that takes nothing.
    pub is_slow: bool,
    /// It had its share of this turn; what it sent waits for the next, and no more is read.
    pub is_resting: bool,
    /// When the connection came, or its stream or WebSocket began.
    pub opened_at: Millis,
    /// When the present phase began, or when the peer was last heard (WebSocket) or spoken to (streams).
    pub at: Millis,
    /// When the peer last took a byte, while blocked.
    pub blocked_at: Millis,
    /// Bytes taken by the peer since then.
    pub sent_bytes: u64,
    /// Bytes of incomplete input counted for this connection.
    pub counted_bytes: u32,
}

/// How long a closed connection is listened to, so that the peer reads our last words before it sees a reset
/// (RFC 9112 section 9.6), in milliseconds.
pub const LINGER_MS: u64 = 2_000;

const _: () = assert!(size_of::<Connection>() <= 112, "an idle connection got heavier");

impl Connection {
    /// A connection that has sent nothing yet.
    pub fn new(address: Option<IpAddr>, listener: u16, now: Millis) -> Self {
        Connection {
            proto: Proto::Http(Http1::default()),
            input: InBuf::default(),
            queue: Queue::default(),
            address,
            listener,
            is_dirty: false,
            has_peer_ended: false,
            is_blocked: false,
            is_slow: false,
            is_resting: false,
            opened_at: now,
            at: now,
            blocked_at: now,
            sent_bytes: 0,
            counted_bytes: 0,
        }
    }

    /// The one place where a connection turns to something else.
    pub fn turn_to(&mut self, proto: Proto, now: Millis) -> Proto {
        self.at = now;
        core::mem::replace(&mut self.proto, proto)
    }

    /// As [`Connection::turn_to`], to something that is long and counted by itself.
    pub fn begin(&mut self, proto: Proto, now: Millis) {
        self.turn_to(proto, now);
        (self.opened_at, self.sent_bytes) = (now, 0);
    }

    /// Does it take input at present? A held request holds back those behind it, and whoever rests all of it.
    pub fn takes_input(&self, queue_max: usize) -> bool {
        match &self.proto {
            Proto::Http(_) | Proto::WebSocket(..) => self.queue.len() <= queue_max && !self.is_resting,
            Proto::Closing(_) => true,
            Proto::Waiting(_) | Proto::Parked(_) | Proto::Stream(_) => false,
        }
    }

    /// Is an answer held that may never come? Whoever waits for one and hangs up has gone away.
    pub fn is_held(&self) -> bool {
        match &self.proto {
            Proto::Parked(_) => true,
            Proto::Stream(_) => true,
            Proto::Waiting(waiting) => {
                matches!(waiting.on, Pending::Question { .. } | Pending::Packets(_))
            }
            Proto::Http(_) | Proto::WebSocket(..) | Proto::Closing(_) => false,
        }
    }

    /// Is it read for, by itself or by the session that it carries?
    pub fn is_reader(&self) -> bool {
        let carries = |rider: &Rider| matches!(rider.whom(), Whom::Session(_));
        self.reader().is_some() || matches!(&self.proto, Proto::WebSocket(_, rider) if carries(rider))
    }

    /// The reader of its channels.
    pub fn reader(&self) -> Option<ReaderId> {
        match &self.proto {
            Proto::Stream(stream) => Some(stream.reader),
            Proto::Parked(parked) => Some(parked.reader),
            Proto::WebSocket(_, rider) => rider.reader(),
            Proto::Http(_) | Proto::Waiting(_) | Proto::Closing(_) => None,
        }
    }

    /// Bytes of incomplete input that it holds.
    pub fn held_bytes(&self) -> usize {
        let machine = match &self.proto {
            Proto::Http(http) => http.held_bytes(),
            Proto::WebSocket(socket, _) => socket.held_bytes(),
            Proto::Waiting(_) | Proto::Parked(_) | Proto::Stream(_) | Proto::Closing(_) => 0,
        };
        self.input.len() + machine
    }
}
