//! Every bound: its default, its unit and its reason.  Law: what a peer can make the server hold stands here.

use core::net::SocketAddr;

/// Kibibyte, mebibyte.
const K: usize = 1 << 10;
const M: usize = 1 << 20;

/// Request headers, in number: what a browser behind two proxies sends, four times over.
pub const HEADERS_MAX: usize = 100;
/// Channels in the query of one reading request.
pub const CHANNELS_PER_REQUEST_MAX: usize = 64;
/// Messages in one poll batch, and with `last=`.
pub const BATCH_MESSAGES_MAX: usize = 1000;
/// Messages in one poll batch where the client does not say.
pub const BATCH_MESSAGES_DEFAULT: usize = 100;
/// Channels in one page of the list.
pub const LISTED_CHANNELS_MAX: usize = 1000;
/// Channels in one page of the list where the client does not say.
pub const LISTED_CHANNELS_DEFAULT: usize = 100;
/// JSON nesting: as deep as serde_json goes without growing its stack use.
pub const JSON_DEPTH_MAX: usize = 128;
/// Idempotency keys remembered, and for how long (milliseconds).
pub const REPEAT_KEYS_MAX: usize = 65_536;
/// How long an idempotency key is remembered, in milliseconds.
pub const REPEAT_KEY_MS: u64 = 5 * 60_000;
/// How long a question is remembered after its time, so that whoever comes late is told what became of it, in
/// milliseconds.
pub const ASK_MEMORY_MS: u64 = 5 * 60_000;
/// Bytes of all answers that are remembered: those given first are forgotten first.
pub const ANSWER_BYTES_MAX: usize = 64 * M;
/// How long a question lives where its asker does not say, in seconds.
pub const ASK_TTL_S: u64 = 120;
/// How long an asker is held where it does not say, in seconds.
pub const ASK_WAIT_S: u64 = 30;
/// How long an unretained message stays for readers that are behind or between two polls, in milliseconds.
pub const UNRETAINED_MS: u64 = 10_000;
/// Floors of dropped channels that are remembered one by one; older ones become one common floor.
pub const DROPPED_FLOORS_MAX: usize = 65_536;
/// Bytes a retained message counts besides payload and names.
pub const RECORD_BYTES: usize = 128;
/// Bytes an empty channel counts.
pub const EMPTY_CHANNEL_BYTES: usize = 256;
/// Bytes after which a hidden iframe is told to load anew, so that its page does not grow.
pub const IFRAME_BYTES_MAX: u64 = 128 << 10;
/// Bytes of one run of messages encoded together: large enough that a burst is one slice, small enough to drop.
pub const CHUNK_BYTES_MAX: usize = 64 * K;
/// Bytes that one connection may read, or write, before the others get their turn.
pub const SHARE_BYTES: usize = 256 * K;
/// Bytes that the kernel takes for a peer and cannot send yet, for the peer's window is full. By default it takes up to
/// 4 MiB, so a few hundred readers that read nothing would use up the memory that it has for all of TCP; messages wait
/// in the log as well. Enough for the next chunk of a burst.
pub const UNSENT_BYTES_MAX: u32 = 64 << 10;
/// Connections that one client may have at one time: every tab and a reconnect of each, and few enough that all of a
/// client's can be looked at for each channel.
pub const CLIENT_READERS_MAX: usize = 64;
/// Joins and leaves that are held for those who watch channels. One that falls behind looks who is there instead.
pub const COMINGS_MAX: usize = 16_384;
/// Joins and leaves that a watcher is told at once; beyond them it looks who is there instead. When many come at a time,
/// each of those who watch would be told of each.
pub const NEWS_MAX: usize = 100;
/// Askers that are held for one connection, each a command of a WebSocket: a backend asks many devices at a time. One
/// more is told at once that its question is open.
pub const ASKERS_OF_CONNECTION_MAX: usize = 1024;
/// Bytes of the `ref` of a command, as JSON: it is held until the reply.
pub const REF_MAX: usize = 256;
/// How long an Engine.IO session may join no namespace, in milliseconds.
pub const JOIN_MS: u64 = 45_000;
/// How long after its client ended it an Engine.IO session is known to a GET that was on its way, in
/// milliseconds.
pub const PARTED_MS: u64 = 2_000;
/// Sessions that are known so.
pub const PARTED_MAX: usize = 1024;
/// How long a WebSocket that wants to take an Engine.IO session over may take for it, in milliseconds.
pub const UPGRADE_MS: u64 = 10_000;
/// Effects that a handler of an application may ask for in one call.
pub const CALL_EFFECTS_MAX: usize = 65_536;
/// Bytes of all that a handler asks to send in one call, besides one message of the largest size; what goes to many counts
/// once.
pub const CALL_BYTES_MAX: usize = 16 * M;
/// Clients in one list of them.
pub const CLIENTS_LISTED_MAX: usize = 1000;
/// Bytes of what a client calls itself.
pub const CLIENT_NAME_MAX: usize = 128;
/// Binary attachments of one Socket.IO packet: as many as the reference takes, so that what comes in can go out to its
/// clients, which close the connection at one more.
pub const ATTACHMENTS_MAX: usize = 10;
/// Acknowledgement ids of Socket.IO: what a number of JavaScript holds exactly.
pub const ACK_ID_MAX: u64 = (1 << 53) - 1;
/// A ping in `holdline.v1` and the reason of a close frame are at most this long (RFC 6455 section 5.5), in bytes.
pub const CONTROL_PAYLOAD_MAX: usize = 125;

/// Bytes that a compressed WebSocket message may have whose payload may have `payload_max`: what cannot be compressed
/// becomes a little longer, 5 bytes a block, and the smallest blocks that zlib makes have 128 bytes.
pub const fn compressed_max(payload_max: usize) -> usize {
    payload_max.saturating_add(payload_max / 16).saturating_add(64)
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// A TCP address; port 0 lets the kernel choose.
    Tcp(SocketAddr),
    /// The path of a unix socket.
    Unix(std::path::PathBuf),
}

/// An entry of `--allow-origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginRule {
    /// `*`: every origin.
    Any,
    /// An origin as browsers write it, lower case, without a default port; or `null`.
    Exact(String),
    /// `https://*.example.org`, or without scheme: each name below the domain. `scheme` with `://`, `suffix` with its dot.
    Below { scheme: Option<String>, suffix: String },
}

/// What the server is told to do and to keep within. Plain values, checked when they were read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Addresses to listen on, at least one.
    pub listen: Vec<Listen>,
    /// Serve addresses that are not loopback without keys.
    pub open: bool,
    /// Further names that `Host` may have, lower case.
    pub hosts: Vec<String>,
    /// Origins besides the own that may act and read.
    pub allow_origins: Vec<OriginRule>,
    /// Serve static files.
    pub public: bool,
    /// Where Socket.IO clients connect: a path with a slash at both ends.
    pub socketio_path: Box<str>,
    /// Serve a WebSocket echo at `/echo`.
    pub echo: bool,
    /// Tell the time each second in the channel `demo/clock`.
    pub demo: bool,

    /// Messages retained in a channel.
    pub retain_messages: usize,
    /// Payload and record bytes retained in a channel.
    pub retain_bytes: usize,
    /// Milliseconds a message is retained.
    pub retain_age_ms: u64,
    /// Bytes retained in all channels together.
    pub retain_total: usize,

    /// Compressed WebSocket messages, to whoever asks for them.
    pub compression: bool,
    /// Bytes of a WebSocket payload from which on it is compressed.
    pub compress_above: usize,

    /// Bytes of a publish body or a WebSocket message.
    pub max_message: usize,
    /// Bytes of a poll batch (at least one message all the same), and of a `/publish` body.
    pub max_batch: usize,
    /// Bytes of a request head.
    pub max_head: usize,
    /// Bytes of a request target.
    pub max_target: usize,
    /// Bytes of incomplete input held in all connections together.
    pub max_incoming: usize,
    /// Bytes of half-written pieces held in all connections together.
    pub max_pinned: usize,
    /// Bytes in one connection's own queue (replies, pongs, notices).
    pub max_queue: usize,
    /// Bytes of cached encodings.
    pub max_cache: usize,
    /// Connections; 0: as many as descriptors allow.
    pub max_connections: usize,
    /// Connections from one address, and sessions; 0: no bound.
    pub max_connections_per_address: usize,
    /// Channels that exist.
    pub max_channels: usize,
    /// Channels of one connection.
    pub max_subscriptions: usize,
    /// Held polls and askers.
    pub max_parked: usize,
    /// Clients that are remembered without a connection, and in how many channels all together.
    pub max_remembered: usize,
    /// Socket.IO connections, each a session that outlives its requests.
    pub max_sessions: usize,
    /// Open questions; so many that ended are remembered besides.
    pub max_asks: usize,

    /// Milliseconds between two signs of life on a stream.
    pub heartbeat_ms: u64,
    /// Milliseconds from a sign of life of a Socket.IO client to the next ping.
    pub ping_interval_ms: u64,
    /// Milliseconds from a ping of Socket.IO to the latest answer.
    pub ping_timeout_ms: u64,
    /// Milliseconds a poll is held at most.
    pub max_wait_ms: u64,
    /// Milliseconds for which a client without connection or poll has not left its channels.
    pub presence_grace_ms: u64,
    /// Milliseconds for which a client without connection or poll is remembered.
    pub session_grace_ms: u64,
    /// Milliseconds for a whole request head, from its first byte.
    pub header_timeout_ms: u64,
    /// Milliseconds for a whole request body.
    pub body_timeout_ms: u64,
    /// Milliseconds a connection may stay open between requests.
    pub idle_timeout_ms: u64,
    /// Milliseconds without a byte taken by a peer that has something to read.
    pub write_timeout_ms: u64,
    /// Milliseconds of serving on after the first signal, while `/readyz` says 503.
    pub drain_delay_ms: u64,
    /// Milliseconds in which all connections are ended after that.
    pub drain_timeout_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: vec![Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 8080)))],
            open: false,
            hosts: Vec::new(),
            allow_origins: Vec::new(),
            public: false,
            socketio_path: "/socket.io/".into(),
            echo: false,
            demo: false,
            retain_messages: 1000,
            retain_bytes: 4 * M,
            retain_age_ms: 3_600_000,
            retain_total: 256 * M,
            compression: true,
            compress_above: K,
            max_message: M,
            max_batch: M,
            max_head: 32 * K,
            max_target: 8 * K,
            max_incoming: 256 * M,
            max_pinned: 64 * M,
            max_queue: 256 * K,
            max_cache: 32 * M,
            max_connections: 0,
            max_connections_per_address: 0,
            max_channels: 100_000,
            max_subscriptions: 256,
            max_parked: 100_000,
            max_remembered: 200_000,
            max_sessions: 100_000,
            max_asks: 10_000,
            heartbeat_ms: 15_000,
            ping_interval_ms: 25_000,
            ping_timeout_ms: 20_000,
            max_wait_ms: 50_000,
            presence_grace_ms: 10_000,
            session_grace_ms: 60_000,
            header_timeout_ms: 10_000,
            body_timeout_ms: 30_000,
            idle_timeout_ms: 75_000,
            write_timeout_ms: 30_000,
            drain_delay_ms: 0,
            drain_timeout_ms: 10_000,
        }
    }
}
