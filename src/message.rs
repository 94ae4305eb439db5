//! What is published and what is told: ids, drafts, messages, notices, journal entries.
//! Hub, transport, journal and session all speak of these and of nothing else between them.

use crate::channel_name::ChannelName;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::fmt;
use core::str::FromStr;
use std::rc::Rc;

/// The id of a message, and a position in every channel's log at once: written `MS-SEQ`, compared as numbers.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub ms: u64,
    /// Counts the messages of one millisecond.
    pub seq: u64,
}

/// A position: everything after this id is still to be read. It need not be the id of a message.
pub type Cursor = MessageId;

impl MessageId {
    /// Before every message.
    pub const ZERO: MessageId = MessageId { ms: 0, seq: 0 };
    /// After every message.
    pub const MAX: MessageId = MessageId { ms: u64::MAX, seq: u64::MAX };

    /// The id at `ms` with the counter `seq`.
    pub const fn new(ms: u64, seq: u64) -> Self {
        MessageId { ms, seq }
    }

    /// The next id in order.
    #[must_use]
    pub fn successor(self) -> Self {
        match self.seq.checked_add(1) {
            Some(seq) => MessageId { ms: self.ms, seq },
            None => MessageId { ms: self.ms.saturating_add(1), seq: 0 },
        }
    }

    /// The id before this one in order; [`MessageId::ZERO`] has none before it and stays.
    #[must_use]
    pub fn predecessor(self) -> Self {
        match (self.seq.checked_sub(1), self.ms.checked_sub(1)) {
            (Some(seq), _) => MessageId { ms: self.ms, seq },
            (None, Some(ms)) => MessageId { ms, seq: u64::MAX },
            (None, None) => self,
        }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// The text is not `MS-SEQ` with two unsigned 64-bit decimals.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct MalformedId;

impl FromStr for MessageId {
    type Err = MalformedId;
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let (ms, seq) = text.split_once('-').ok_or(MalformedId)?;
        Ok(MessageId { ms: decimal(ms)?, seq: decimal(seq)? })
    }
}

/// Digits only: `parse` alone would take a plus sign.
fn decimal(text: &str) -> Result<u64, MalformedId> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(MalformedId);
    }
    text.parse().map_err(|_| MalformedId)
}

/// The public name of whoever listens or speaks. It opens nothing.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub [u8; 12]);

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for ClientId {
    type Err = MalformedId;
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let mut bytes = [0; 12];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(12) => Ok(ClientId(bytes)),
            _ => Err(MalformedId),
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_two_plain_decimals() {
        assert_eq!("1763687000123-0".parse(), Ok(MessageId::new(1_763_687_000_123, 0)));
        assert_eq!("18446744073709551615-18446744073709551615".parse(), Ok(MessageId::MAX));
        for bad in
            ["", "-", "1", "1-", "-1", "+1-0", "1-+0", "1-0-0", " 1-0", "1-0 ", "18446744073709551616-0"]
        {
            assert_eq!(bad.parse::<MessageId>(), Err(MalformedId), "{bad:?}");
        }
    }

    #[test]
    fn an_id_is_compared_as_numbers_and_has_neighbours() {
        assert!(MessageId::new(9, 9) < MessageId::new(10, 1));
        let last_of_its_ms = MessageId::new(7, u64::MAX);
        assert_eq!(last_of_its_ms.successor(), MessageId::new(8, 0));
        assert_eq!(MessageId::new(8, 0).predecessor(), last_of_its_ms);
        assert_eq!(MessageId::ZERO.predecessor(), MessageId::ZERO);
    }

    #[test]
    fn a_client_id_reads_back() {
        let id = ClientId(*b"\x00\xff/+holdlin\x80");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("short".parse::<ClientId>(), Err(MalformedId));
    }
}
