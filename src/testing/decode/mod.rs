//! What clients make of the server's bytes: decoders for the tests' clients, one file a wire.  Law: bytes are pushed as
//! they come, and whatever the cut the same values come out; what is malformed is an error that says what was wrong
//! and where, never mended.
//!
//! Written from the wire contract (`docs/http-api.md`) and the RFCs, and blind to the server's own codecs
//! (`tests/architecture.rs` checks it), so that a mistake there is not made here again. Knows no socket and no clock.

pub mod deflate;
pub mod engineio;
pub mod envelope;
pub mod handshake;
pub mod head;
pub mod http;
pub mod iframe;
pub mod incoming;
pub mod inflate;
pub mod ndjson;
pub mod object;
pub mod poll;
pub mod script;
pub mod socketio;
pub mod sse;
pub mod v1;
pub mod websocket;

use crate::message::MessageId;

/// One thing heard, the same for all transports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message.
    Message {
        /// Its id.
        id: MessageId,
        /// Where it was published; `None` where the wire does not say (bare SSE).
        channel: Option<String>,
        /// Its name.
        event: Option<String>,
        /// It is a question; by this it is answered.
        ask: Option<String>,
        /// The payload: the text of a JSON value, text, or bytes. White space around a JSON value is lost; line ends
        /// in it became spaces, in bare SSE those of any payload became LF.
        data: Vec<u8>,
        /// `data` is a JSON text. An envelope without a content type does not tell a JSON string from text: that is
        /// text, and `false`. Bare SSE never tells: `false`.
        is_json: bool,
        /// Marked as older than what the connection has seen.
        replay: bool,
    },
    /// Messages of `channel` after `after` are lost, up to `resumes`.
    Gap {
        /// Where they are lost.
        channel: String,
        /// The reader's cursor.
        after: MessageId,
        /// The floor.
        resumes: MessageId,
    },
    /// The channel was deleted.
    Closed {
        /// Its name.
        channel: String,
    },
    /// A question has ended without this reader's answer, or with it.
    Withdrawn {
        /// The question.
        ask: String,
        /// Somebody answered; else it was taken back.
        is_answered: bool,
    },
    /// A client has come to a channel, or has left it.
    Coming {
        /// The channel.
        channel: String,
        /// The client's public name.
        client: String,
        /// What it calls itself.
        name: Option<String>,
        /// It has come; else it has left.
        is_join: bool,
    },
    /// So many came and left that it is told no more: look anew.
    PresenceChanged {
        /// The channel.
        channel: String,
    },
    /// Everything up to here was read.
    Position {
        /// Where the reader stands.
        cursor: MessageId,
    },
    /// The server ends.
    Shutdown {
        /// Milliseconds before coming back.
        reconnect_ms: u64,
    },
    /// Load this stream anew (iframe).
    Reload {
        /// From this cursor.
        since: MessageId,
    },
    /// A sign of life that says nothing else: an SSE comment.
    Heartbeat,
    /// How long to wait before a reconnect (SSE).
    Retry {
        /// In milliseconds.
        ms: u64,
    },
    /// The request was refused in a way that an EventSource survives (SSE): the stream ends.
    Refused {
        /// The status that others get.
        status: u16,
    },
}

/// Who the server says the client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Its public name.
    pub client: String,
    /// What it proves itself with.
    pub session: String,
}

#[cfg(test)]
mod tests;
