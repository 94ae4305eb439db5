//! Messages and notices to the bytes of each transport: small pure functions, and the one table that names them.
//! Knows no sockets, no clock, no hub.

#[cfg(test)]
pub(crate) mod check;
pub mod chunked;
pub mod encoded;
pub mod encoder;
pub mod envelope;
pub mod iframe;
pub mod json;
pub mod jsonp;
pub mod ndjson;
pub mod poll;
pub mod socketio;
pub mod sse;
pub mod websocket;

use crate::message::{ClientId, Cursor, Message, Notice};
use crate::ws::WindowBits;
use encoder::Encoder;
use json::Escape;
use socketio::Wire;

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
    /// Packets of Socket.IO, in frames or polls.
    SocketIo,
}

impl Transport {
    /// Every transport.
    pub const ALL: [Transport; 8] = [
        Self::Poll,
        Self::LongPoll,
        Self::Jsonp,
        Self::Iframe,
        Self::Sse,
        Self::Ndjson,
        Self::WebSocket,
        Self::SocketIo,
    ];

    /// As readers are listed and counted, and as `?transport=` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::LongPoll => "long-poll",
            Self::Jsonp => "jsonp",
            Self::Iframe => "iframe",
            Self::Sse => "sse",
            Self::Ndjson => "ndjson",
            Self::WebSocket => "websocket",
            Self::SocketIo => "socket.io",
        }
    }

    /// The transport that `?transport=` asks for by that name. Socket.IO has a path of its own.
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter().filter(|transport| *transport != Self::SocketIo);
        all.find(|transport| transport.name() == name)
    }

    /// Is it an HTTP response without an end, rather than a batch or frames?
    pub fn is_stream(self) -> bool {
        match self {
            Self::Iframe | Self::Sse | Self::Ndjson => true,
            Self::Poll | Self::LongPoll | Self::Jsonp | Self::WebSocket | Self::SocketIo => false,
        }
    }

    /// How its messages are encoded. `envelope` matters to SSE, `chunked` to streams. A WebSocket's handshake agrees on
    /// more.
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
            (Self::WebSocket, _) => Encoding::WebSocket(None),
            (Self::SocketIo, _) => Encoding::SocketIoPolling,
        }
    }
}

/// Everything that makes two readers' bytes of one message differ. A WebSocket's window is there if its handshake agreed
/// on compression.
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
    WebSocket(Option<WindowBits>),
    /// Frames of `holdline.v1`, marked as replay.
    WebSocketReplay(Option<WindowBits>),
    /// Frames of `holdline.raw`.
    WebSocketRaw(Option<WindowBits>),
    /// Packets of Socket.IO as frames.
    SocketIo(Option<WindowBits>),
    /// The same, replayed to a reader that came later.
    SocketIoReplay(Option<WindowBits>),
    /// Packets of Socket.IO in the answers to polls, each after a record separator.
    SocketIoPolling,
    /// The same, replayed to a reader that came later.
    SocketIoPollingReplay,
}

const _: () = assert!(size_of::<Encoding>() <= 2, "every stream keeps one");

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

/// Where a message stands: the channel that it was published to, and as part of what its reader has it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The name of the channel.
    pub channel: &'a str,
    /// The own channel of the namespace in which it is read as one of several (Socket.IO); `None`: it is that channel,
    /// or there are no namespaces.
    pub namespace: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// In a channel that is nobody's extra.
    pub fn of(channel: &'a str) -> Self {
        Place { channel, namespace: None }
    }
}

type Fields = &'static [(&'static str, &'static str)];

impl Encoding {
    /// Appends one message.
    pub fn encode(self, place: Place<'_>, m: &Message, encoder: &mut Encoder, out: &mut Vec<u8>) {
        let Place { channel, .. } = place;
        self.framed(out, |out| match self {
            Self::Poll => poll::message(out, channel, m, Escape::Plain),
            Self::Jsonp => poll::message(out, channel, m, Escape::Script),
            Self::SseBare | Self::SseBareChunked => sse::message(out, channel, m, true),
            Self::SseEnvelope | Self::SseEnvelopeChunked => sse::message(out, channel, m, false),
            Self::Ndjson | Self::NdjsonChunked => ndjson::message(out, channel, m),
            Self::Iframe | Self::IframeChunked => iframe::message(out, channel, m, &encoder.nonce),
            Self::WebSocket(window) => websocket::message(out, channel, m, false, encoder, window),
            Self::WebSocketReplay(window) => websocket::message(out, channel, m, true, encoder, window),
            Self::WebSocketRaw(window) => websocket::raw(out, m, encoder, window),
            Self::SocketIo(window) => socketio::message(out, Wire::Frames(window), place, m, false, encoder),
            Self::SocketIoReplay(window) => {
                socketio::message(out, Wire::Frames(window), place, m, true, encoder)
            }
            Self::SocketIoPolling => socketio::message(out, Wire::Polling, place, m, false, encoder),
            Self::SocketIoPollingReplay => socketio::message(out, Wire::Polling, place, m, true, encoder),
        });
    }

    /// Appends one notice. `holdline.raw` has none: it is closed with a code that says it. `namespace` is the own channel
    /// of the namespace where it is told (Socket.IO), `nonce` that of the server's scripts (iframe).
    pub fn notice(self, namespace: &str, told: &Notice<'_>, nonce: &str, out: &mut Vec<u8>) {
        self.framed(out, |out| match self {
            Self::Poll => poll::notice(out, told, Escape::Plain),
            Self::Jsonp => poll::notice(out, told, Escape::Script),
            Self::SseBare | Self::SseBareChunked | Self::SseEnvelope | Self::SseEnvelopeChunked => {
                sse::notice(out, told)
            }
            Self::Ndjson | Self::NdjsonChunked => ndjson::notice(out, told),
            Self::Iframe | Self::IframeChunked => iframe::notice(out, told, nonce),
            Self::WebSocket(_) | Self::WebSocketReplay(_) => websocket::notice(out, told),
            Self::WebSocketRaw(_) => {}
            Self::SocketIo(window) | Self::SocketIoReplay(window) => {
                socketio::notice(out, Wire::Frames(window), namespace, told)
            }
            Self::SocketIoPolling | Self::SocketIoPollingReplay => {
                socketio::notice(out, Wire::Polling, namespace, told)
            }
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
            Self::Iframe | Self::IframeChunked => iframe::heartbeat(out, cursor, nonce),
            Self::WebSocket(_) | Self::WebSocketReplay(_) | Self::WebSocketRaw(_) => websocket::ping(out),
            Self::SocketIo(window) | Self::SocketIoReplay(window) => {
                socketio::ping(out, Wire::Frames(window))
            }
            Self::SocketIoPolling | Self::SocketIoPollingReplay => socketio::ping(out, Wire::Polling),
        });
    }

    /// Appends what a stream begins with, after the head of the response. That of Socket.IO belongs to its session.
    pub fn opening(self, opening: &Opening<'_>, out: &mut Vec<u8>) {
        self.framed(out, |out| match self {
            Self::Poll | Self::Jsonp | Self::WebSocketRaw(_) => {}
            Self::SocketIo(_)
            | Self::SocketIoReplay(_)
            | Self::SocketIoPolling
            | Self::SocketIoPollingReplay => {}
            Self::SseBare | Self::SseBareChunked | Self::SseEnvelope | Self::SseEnvelopeChunked => {
                sse::opening(out, opening)
            }
            Self::Ndjson | Self::NdjsonChunked => ndjson::position(out, opening.cursor),
            Self::Iframe | Self::IframeChunked => iframe::opening(out, opening),
            Self::WebSocket(_) | Self::WebSocketReplay(_) => websocket::welcome(out, opening),
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
            Self::WebSocket(_) | Self::WebSocketReplay(_) | Self::WebSocketRaw(_) => &[],
            Self::SocketIo(_) | Self::SocketIoReplay(_) => &[],
            Self::SocketIoPolling | Self::SocketIoPollingReplay => ENGINE_IO_FIELDS,
        }
    }

    /// Whose wire it is, but for whether polls are held.
    pub fn transport(self) -> Transport {
        match self {
            Self::Poll => Transport::Poll,
            Self::Jsonp => Transport::Jsonp,
            Self::SseBare | Self::SseBareChunked | Self::SseEnvelope | Self::SseEnvelopeChunked => {
                Transport::Sse
            }
            Self::Ndjson | Self::NdjsonChunked => Transport::Ndjson,
            Self::Iframe | Self::IframeChunked => Transport::Iframe,
            Self::WebSocket(_) | Self::WebSocketReplay(_) | Self::WebSocketRaw(_) => Transport::WebSocket,
            Self::SocketIo(_)
            | Self::SocketIoReplay(_)
            | Self::SocketIoPolling
            | Self::SocketIoPollingReplay => Transport::SocketIo,
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
            Self::WebSocket(_) | Self::WebSocketReplay(_) | Self::WebSocketRaw(_) => false,
            Self::SocketIo(_)
            | Self::SocketIoReplay(_)
            | Self::SocketIoPolling
            | Self::SocketIoPollingReplay => false,
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
const ENGINE_IO_FIELDS: Fields =
    &[("Content-Type", "text/plain; charset=UTF-8"), ("Cache-Control", "no-store")];
const IFRAME_FIELDS: Fields = &[
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store, no-transform"),
    ("X-Accel-Buffering", "no"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
];

#[cfg(test)]
mod tests {
    use super::check::{CLIENT, NONCE, chunks, encoder, every_encoding, text, written_bytes};
    use super::*;
    use crate::message::MessageId;

    #[test]
    fn every_name_reads_back() {
        for transport in Transport::ALL {
            let asked = Some(transport).filter(|transport| *transport != Transport::SocketIo);
            assert_eq!(Transport::parse(transport.name()), asked);
        }
        for unknown in ["", "socketio", "SSE", "long_poll", "ws", "sse "] {
            assert_eq!(Transport::parse(unknown), None);
        }
    }

    #[test]
    fn the_envelope_matters_to_sse_and_chunks_to_streams() {
        use Encoding as E;
        let cases = [
            (Transport::Poll, [E::Poll; 4]),
            (Transport::LongPoll, [E::Poll; 4]),
            (Transport::Jsonp, [E::Jsonp; 4]),
            (Transport::Iframe, [E::Iframe, E::IframeChunked, E::Iframe, E::IframeChunked]),
            (Transport::Sse, [E::SseBare, E::SseBareChunked, E::SseEnvelope, E::SseEnvelopeChunked]),
            (Transport::Ndjson, [E::Ndjson, E::NdjsonChunked, E::Ndjson, E::NdjsonChunked]),
            (Transport::WebSocket, [E::WebSocket(None); 4]),
            (Transport::SocketIo, [E::SocketIoPolling; 4]),
        ];
        for (transport, expected) in cases {
            let asked = [(false, false), (false, true), (true, false), (true, true)];
            let encodings = asked.map(|(envelope, chunked)| transport.encoding(envelope, chunked));
            assert_eq!(encodings, expected, "{transport:?}");
            assert_eq!(encodings[1].is_chunked(), transport.is_stream());
        }
    }

    #[test]
    fn a_chunked_encoding_is_the_other_with_each_thing_as_one_chunk() {
        let pairs = [
            (Encoding::SseBare, Encoding::SseBareChunked),
            (Encoding::SseEnvelope, Encoding::SseEnvelopeChunked),
            (Encoding::Ndjson, Encoding::NdjsonChunked),
            (Encoding::Iframe, Encoding::IframeChunked),
        ];
        let cursor = MessageId::new(5, 1);
        let opening =
            Opening { cursor, client: CLIENT, session: "s", retry_ms: 9, origin: "https://a", nonce: NONCE };
        let told = Notice::Closed { channel: "news" };
        type Verb<'v> = &'v dyn Fn(Encoding, &mut Vec<u8>);
        let verbs: [Verb<'_>; 6] = [
            &|e, out| e.encode(Place::of("news"), &text(0, "a\r\n0\r\n\r\n"), &mut encoder(), out),
            &|e, out| e.encode(Place::of("news"), &text(0, &"x".repeat(70_000)), &mut encoder(), out),
            &|e, out| e.notice("", &told, NONCE, out),
            &|e, out| e.heartbeat(cursor, true, NONCE, out),
            &|e, out| e.heartbeat(cursor, false, NONCE, out),
            &|e, out| e.opening(&opening, out),
        ];
        for (plain, chunked) in pairs {
            for verb in verbs {
                let [plain, chunked] = [plain, chunked].map(|e| written_bytes(|out| verb(e, out)));
                assert_eq!(chunks(&chunked), [&*plain]);
            }
            assert_eq!(written_bytes(|out| plain.ending(out)), b"");
            assert_eq!(written_bytes(|out| chunked.ending(out)), b"0\r\n\r\n");
            assert_eq!(plain.response_fields(), chunked.response_fields());
        }
    }

    #[test]
    fn every_message_has_bytes_in_every_encoding() {
        for encoding in every_encoding() {
            let encode = |out: &mut _| encoding.encode(Place::of("news"), &text(0, ""), &mut encoder(), out);
            assert!(!written_bytes(encode).is_empty(), "{encoding:?}");
        }
    }

    #[test]
    fn polls_have_no_opening_and_raw_has_no_notices() {
        let cursor = MessageId::new(5, 1);
        let opening = Opening { cursor, client: CLIENT, session: "s", retry_ms: 9, origin: "", nonce: "" };
        let sessions = [Encoding::SocketIo(None), Encoding::SocketIoPolling];
        for encoding in
            [Encoding::Poll, Encoding::Jsonp, Encoding::WebSocketRaw(None)].into_iter().chain(sessions)
        {
            assert_eq!(written_bytes(|out| encoding.opening(&opening, out)), b"");
        }
        for encoding in [Encoding::Poll, Encoding::Jsonp] {
            assert_eq!(written_bytes(|out| encoding.heartbeat(cursor, true, "", out)), b"");
            let told = written_bytes(|out| encoding.notice("", &Notice::Closed { channel: "a" }, "", out));
            assert_eq!(told, br#",{"notice":"closed","channel":"a"}"#);
        }
        let raw = Encoding::WebSocketRaw(Some(WindowBits::MAX));
        assert_eq!(written_bytes(|out| raw.notice("", &Notice::Closed { channel: "a" }, "", out)), b"");
        assert_eq!(written_bytes(|out| raw.heartbeat(cursor, true, "", out)), [0x89, 0]);
    }

    #[test]
    fn no_response_may_be_stored_and_no_stream_held_back() {
        for encoding in every_encoding() {
            let field = |name: &str| {
                let fields = encoding.response_fields();
                fields.iter().find(|(field, _)| *field == name).map(|(_, value)| *value)
            };
            let cache = match encoding {
                Encoding::Poll
                | Encoding::Jsonp
                | Encoding::SocketIoPolling
                | Encoding::SocketIoPollingReplay => Some("no-store"),
                Encoding::SocketIo(_) | Encoding::SocketIoReplay(_) => None,
                Encoding::WebSocket(_) | Encoding::WebSocketReplay(_) | Encoding::WebSocketRaw(_) => None,
                _ => Some("no-store, no-transform"),
            };
            assert_eq!(field("Cache-Control"), cache);
            assert_eq!(field("X-Accel-Buffering"), cache.filter(|text| text.len() > 8).map(|_| "no"));
        }
    }
}
