//! What is published and what is told: ids, drafts, messages, notices, journal entries.
//! Hub, transport, journal and session all speak of these and of nothing else between them.

mod ask;
mod ids;

pub use ask::{Answer, AskEnd, AskRole, Question};
pub use ids::{AskId, AskerId, ClientId, Cursor, MalformedId, MessageId};

use crate::channel_name::ChannelName;
use std::rc::Rc;

/// How a payload may be shown inside JSON.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Published as `application/json` or `…+json`, and valid JSON.
    Json,
    /// UTF-8.
    Text,
    /// Bytes that are not UTF-8, or given as such.
    Binary,
}

/// What a publisher asks for; a [`Message`] once it is in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where it goes.
    pub channel: ChannelName,
    /// Its name for those who listen by event.
    pub event: Option<Box<str>>,
    /// The payload, whole and unchanged.
    pub data: Box<[u8]>,
    /// How the payload may be shown inside JSON.
    pub format: Format,
    /// The data is a JSON array whose elements were the arguments of an event: Socket.IO readers get them as several
    /// arguments, everybody else the array.
    pub spread: bool,
    /// The media type, unless it is `application/json` or `text/plain`.
    pub media_type: Option<Box<str>>,
    /// The one client that does not get it.
    pub except: Option<ClientId>,
    /// Past this many seconds it is delivered to nobody.
    pub ttl_s: Option<u64>,
    /// Of the messages with one key and the same audience only the newest is retained.
    pub key: Option<Box<str>>,
    /// `false`: only for those who listen.
    pub retain: bool,
}

impl Draft {
    /// An empty text for `channel`, without options.
    pub fn new(channel: ChannelName) -> Self {
        Draft {
            channel,
            event: None,
            data: Box::default(),
            format: Format::Text,
            spread: false,
            media_type: None,
            except: None,
            ttl_s: None,
            key: None,
            retain: true,
        }
    }
}

/// A message in a channel's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id, greater than that of every message before it in any channel.
    pub id: MessageId,
    /// Its name for those who listen by event.
    pub event: Option<Rc<str>>,
    /// The payload.
    pub data: Rc<[u8]>,
    /// How the payload may be shown inside JSON.
    pub format: Format,
    /// The data is a JSON array whose elements were the arguments of an event (see [`Draft::spread`]).
    pub spread: bool,
    /// The media type, unless it is `application/json` or `text/plain`.
    pub media_type: Option<Rc<str>>,
    /// The one client that does not get it.
    pub except: Option<ClientId>,
    /// `false`: only for those who listen.
    pub retained: bool,
    /// The key under which a newer message takes its place.
    pub key: Option<Rc<str>>,
    /// From this time on (Unix milliseconds) it is delivered to nobody.
    pub expires_unix_ms: u64,
    /// Set if it is a question, or the end of one.
    pub ask: Option<AskRole>,
}

/// What a reader is told besides messages. A notice has no id.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// Messages of `channel` after the reader's cursor are lost; what is retained begins after `resumes`.
    Gap { channel: &'a str, after: Cursor, resumes: MessageId },
    /// The reader has read everything up to here.
    Position { cursor: Cursor },
    /// The channel was deleted.
    Closed { channel: &'a str },
    /// A client came to the channel.
    Join { channel: &'a str, client: ClientId, name: Option<&'a str> },
    /// A client left the channel.
    Leave { channel: &'a str, client: ClientId, name: Option<&'a str> },
    /// More clients came to the channel and left it than are told one by one: look who is there.
    PresenceChanged { channel: &'a str },
    /// The server ends; come back after so many milliseconds.
    Shutdown { reconnect_ms: u64 },
    /// A question has ended; whoever shows it may put it away.
    Withdrawn { ask: AskId, end: AskEnd },
    /// Load this stream anew from this cursor (hidden iframes, whose page grows with what they got).
    Reload { since: Cursor },
}

/// One thing that all nodes must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Append a message.
    Publish(Draft),
    /// Close a channel and drop what it retains.
    Delete(ChannelName),
    /// Ask a question.
    Ask(Question),
    /// Answer a question: the first answer wins.
    Answer(AskId, Answer),
    /// Take a question back.
    Withdraw(AskerId),
}

impl Command {
    /// The channel that it publishes to, which comes to be if it was not there.
    pub fn publishes_to(&self) -> Option<&ChannelName> {
        match self {
            Command::Publish(draft) | Command::Ask(Question { draft, .. }) => Some(&draft.channel),
            Command::Delete(_) | Command::Answer(..) | Command::Withdraw(_) => None,
        }
    }
}

/// Names a request that may be sent again, and what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatKey {
    /// Publisher, resource and `Idempotency-Key`, joined so that no two triples look alike.
    pub name: Box<str>,
    /// A digest of body and parameters.
    pub fingerprint: [u8; 20],
}

/// What a node asks the journal to append, as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// By which the proposer knows its own entry when it comes back.
    pub ticket: u64,
    /// Done in this order, all or none.
    pub commands: Vec<Command>,
    /// Set when a repeat must not be done twice.
    pub repeat: Option<RepeatKey>,
}

/// A journal entry: what was proposed, with the ids it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The proposer's ticket; `None` if another node proposed it.
    pub ticket: Option<u64>,
    /// Each command with its id, ascending.
    pub commands: Vec<(MessageId, Command)>,
    /// Set when a repeat must not be done twice.
    pub repeat: Option<RepeatKey>,
}
