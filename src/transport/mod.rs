//! Messages and notices to the bytes of each transport: small pure functions, and the one table that names them.
//! Knows no sockets, no clock, no hub.

#[cfg(test)]
pub(crate) mod check;
pub mod chunked;
pub mod encoded;
pub mod envelope;
pub mod iframe;
pub mod json;
pub mod jsonp;
pub mod ndjson;
pub mod poll;
pub mod sse;
pub mod websocket;

use crate::message::{ClientId, Cursor, Message, Notice};
use json::Escape;

/// A way to read a channel.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A batch at once.
    Poll,
    /// A batch, held until there is something to tell.
    LongPoll,
    /// Either of them as a script.
    Jsonp,
    /// A page that posts to its parent.
    Iframe,
    /// Server-sent events.
    Sse,
    /// One envelope a line.
    Ndjson,
    /// Frames.
    WebSocket,
}

impl Transport {
    /// Every transport.
    pub const ALL: [Transport; 7] =
        [Self::Poll, Self::LongPoll, Self::Jsonp, Self::Iframe, Self::Sse, Self::Ndjson, Self::WebSocket];

    /// As `?transport=` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::LongPoll => "long-poll",
            Self::Jsonp => "jsonp",
            Self::Iframe => "iframe",
            Self::Sse => "sse",
            Self::Ndjson => "ndjson",
            Self::WebSocket => "websocket",
        }
    }

    /// The transport of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transport| transport.name() == name)
    }

    /// Is it an HTTP response without an end, rather than a batch or frames?
    pub fn is_stream(self) -> bool {
        match self {
            Self::Iframe | Self::Sse | Self::Ndjson => true,
            Self::Poll | Self::LongPoll | Self::Jsonp | Self::WebSocket => false,
        }
    }

    /// How its messages are encoded. `envelope` matters to SSE, `chunked` to streams.
    pub fn encoding(self, envelope: bool, chunked: bool) -> Encoding {
        match (self, chunked) {
            (Self::Poll | Self::LongPoll, _) => Encoding::Poll,
            (Self::Jsonp, _) => Encoding::Jsonp,
            (Self::Iframe, false) => Encoding::Iframe,
            (Self::Iframe, true) => Encoding::IframeChunked,
            (Self::Sse, false) if envelope => Encoding::SseEnvelope,
            (Self::Sse, true) if envelope => Encoding::SseEnvelopeChunked,
            (Self::Sse, false) => Encoding::SseBare,
            (Self::Sse, true) => Encoding::SseBareChunked,
            (Self::Ndjson, false) => Encoding::Ndjson,
            (Self::Ndjson, true) => Encoding::NdjsonChunked,
            (Self::WebSocket, _) => Encoding::WebSocket,
        }
    }
}

/// Everything that makes two readers' bytes of one message differ.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Members of a poll's lists, each after a comma.
    Poll,
    /// The same inside a script.
    Jsonp,
    /// Events whose data is the payload.
    SseBare,
    /// The same, each one HTTP chunk.
    SseBareChunked,
    /// Events whose data is the envelope.
    SseEnvelope,
    /// The same, each one HTTP chunk.
    SseEnvelopeChunked,
    /// Lines.
    Ndjson,
    /// Lines, each one HTTP chunk.
    NdjsonChunked,
    /// Scripts.
    Iframe,
    /// Scripts, each one HTTP chunk.
    IframeChunked,
    /// Frames of `holdline.v1`.
    WebSocket,
    /// Frames of `holdline.v1`, marked as replay.
    WebSocketReplay,
    /// Frames of `holdline.raw`.
    WebSocketRaw,
}

/// What the first bytes of a stream say.
#[derive(Copy, Clone, Debug)]
pub struct Opening<'a> {
    /// Where this reader begins.
    pub cursor: Cursor,
    /// Who it is.
    pub client: ClientId,
    /// By which it proves it.
    pub session: &'a str,
    /// Milliseconds before a reconnect (SSE).
    pub retry_ms: u64,
    /// The page that may receive (iframe).
    pub origin: &'a str,
    /// The nonce of the server's scripts (iframe).
    pub nonce: &'a str,
}

type Fields = &'static [(&'static str, &'static str)];

impl Encoding {
    /// Every encoding.
    pub const ALL: [Encoding; 13] = [
        Self::Poll,
        Self::Jsonp,
        Self::SseBare,
        Self::SseBareChunked,
        Self::SseEnvelope,
        Self::SseEnvelopeChunked,
        Self::Ndjson,
        Self::NdjsonChunked,
        Self::Iframe,
        Self::IframeChunked,
        Self::WebSocket,
        Self::WebSocketReplay,
        Self::WebSocketRaw,
    ];

    /// Appends one message. `nonce` is that of the server's scripts (iframe).
    pub fn encode(self, channel: &str, m: &Message, nonce: &str, out: &mut Vec<u8>) {
        self.framed(out, |out| match self {
            Self::Poll => poll::message(out, channel, m, Escape::Plain),
            Self::Jsonp => poll::message(out, channel, m, Escape::Script),
            Self::SseBare | Self::SseBareChunked => sse::message(out, channel, m, true),
            Self::SseEnvelope | Self::SseEnvelopeChunked => sse::message(out, channel, m, false),
            Self::Ndjson | Self::NdjsonChunked => ndjson::message(out, channel, m),
            Self::Iframe | Self::IframeChunked => iframe::message(out, channel, m, nonce),
            Self::WebSocket => websocket::message(out, channel, m, false),
            Self::WebSocketReplay => websocket::message(out, channel, m, true),
            Self::WebSocketRaw => websocket::raw(out, m),
        });
    }

    /// Appends one notice. `holdline.raw` has none: it is closed with a code that says it.
    pub fn notice(self, told: &Notice<'_>, nonce: &str, out: &mut Vec<u8>) {
        self.framed(out, |out| match self {
            Self::Poll => poll::notice(out, told, Escape::Plain),
            Self::Jsonp => poll::notice(out, told, Escape::Script),
            Self::SseBare | Self::SseBareChunked | Self::SseEnvelope | Self::SseEnvelopeChunked => {
                sse::notice(out, told)
            }
            Self::Ndjson | Self::NdjsonChunked => ndjson::notice(out, told),
            Self::Iframe | Self::IframeChunked => iframe::notice(out, told, nonce),
            Self::WebSocket | Self::WebSocketReplay => websocket::notice(out, told),
            Self::WebSocketRaw => {}
        });
    }

    /// Appends a sign of life. `cursor` is where the reader stands; `moved`: it has read everything, and the cursor
    /// is not the one it was told last.
    pub fn heartbeat(self, cursor: Cursor, moved: bool, nonce: &str, out: &mut Vec<u8>) {
        self.framed(out, |out| match self {
            Self::Poll | Self::Jsonp => {}
            Self::SseBare | Self::SseBareChunked | Self::SseEnvelope | Self::SseEnvelopeChunked => {
                sse::heartbeat(out, cursor, moved)
            }
            Self::Ndjson | Self::NdjsonChunked => ndjson::position(out, cursor),
            Self::Iframe | Self::IframeChunked => iframe::heartbeat(out, cursor, moved, nonce),
            Self::WebSocket | Self::WebSocketReplay | Self::WebSocketRaw => websocket::ping(out),
        });
    }

    /// Appends what a stream begins with, after the head of the response.
    pub fn opening(self, opening: &Opening<'_>, out: &mut Vec<u8>) {
        self.framed(out, |out| match self {
            Self::Poll | Self::Jsonp | Self::WebSocketRaw => {}
            Self::SseBare | Self::SseBareChunked | Self::SseEnvelope | Self::SseEnvelopeChunked => {
                sse::opening(out, opening)
            }
            Self::Ndjson | Self::NdjsonChunked => ndjson::position(out, opening.cursor),
            Self::Iframe | Self::IframeChunked => iframe::opening(out, opening),
            Self::WebSocket | Self::WebSocketReplay => websocket::welcome(out, opening),
        });
    }

    /// Appends what ends the body of a stream.
    pub fn ending(self, out: &mut Vec<u8>) {
        if self.is_chunked() {
            out.extend_from_slice(chunked::LAST_CHUNK);
        }
    }

    /// The fields of its response that are the same for all readers. An iframe's has
    /// [`content_security_policy`](iframe::content_security_policy) besides.
    pub fn response_fields(self) -> Fields {
        match self {
            Self::Poll => POLL_FIELDS,
            Self::Jsonp => JSONP_FIELDS,
            Self::SseBare | Self::SseBareChunked | Self::SseEnvelope | Self::SseEnvelopeChunked => SSE_FIELDS,
            Self::Ndjson | Self::NdjsonChunked => NDJSON_FIELDS,
            Self::Iframe | Self::IframeChunked => IFRAME_FIELDS,
            Self::WebSocket | Self::WebSocketReplay | Self::WebSocketRaw => &[],
        }
    }

    /// Is each thing it appends an HTTP chunk?
    pub fn is_chunked(self) -> bool {
        match self {
            Self::SseBareChunked | Self::SseEnvelopeChunked | Self::NdjsonChunked | Self::IframeChunked => {
                true
            }
            Self::Poll | Self::Jsonp | Self::SseBare | Self::SseEnvelope | Self::Ndjson | Self::Iframe => {
                false
            }
            Self::WebSocket | Self::WebSocketReplay | Self::WebSocketRaw => false,
        }
    }

    fn framed(self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        if self.is_chunked() { chunked::chunk(out, write) } else { write(out) }
    }
}

const POLL_FIELDS: Fields = &[("Content-Type", "application/json"), ("Cache-Control", "no-store")];
const JSONP_FIELDS: Fields = &[
    ("Content-Type", "text/javascript; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
];
const SSE_FIELDS: Fields = &[
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-store, no-transform"),
    ("X-Accel-Buffering", "no"),
];
const NDJSON_FIELDS: Fields = &[
    ("Content-Type", "application/x-ndjson"),
    ("Cache-Control", "no-store, no-transform"),
    ("X-Accel-Buffering", "no"),
];
const IFRAME_FIELDS: Fields = &[
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store, no-transform"),
    ("X-Accel-Buffering", "no"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
];
