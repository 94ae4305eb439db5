//! WebSocket codecs (RFC 6455): bytes in, values out.  Know nothing of sockets, clocks, channels or HTTP.
//!
//! - [`accept`]: is this request a proper opening handshake, and what answers it
//! - [`mod@frame`]: frame headers, and whole frames to send
//! - [`mask`]: the client's mask, undone in place
//! - [`utf8`]: text checked as it arrives, failing at the first byte that cannot be right
//! - [`close`]: close codes and the payload of a close frame
//! - [`received`]: what comes out of a connection: messages, pings, pongs, a close, an error
//! - [`assembly`]: a message that is not whole yet
//! - [`message`]: the receiving side of one connection, frames and fragments to messages
//! - [`deflate`]: compressed messages, where the handshake agreed on them (RFC 7692)
//!
//! The way of a byte: [`message::Receiver`] reads a [`frame::Header`], takes off the [`mask`], feeds [`utf8`] or
//! [`deflate::Inflater`], and hands out a [`received::Received`]. The way back is [`frame::frame()`], with what
//! [`deflate::Compressors`] made or without, and [`close::encode_close`].

pub mod accept;
pub mod assembly;
pub mod close;
pub mod deflate;
pub mod frame;
pub mod mask;
pub mod message;
pub mod received;
pub mod utf8;

pub use accept::{Handshake, HandshakeError, Upgrade, accept_key};
pub use close::{CloseCode, CloseError, encode_close, parse_close_payload};
pub use deflate::{Agreement, Compressors, InflateError, Inflater, WindowBits};
pub use frame::{
    FrameError, Header, Opcode, compressed_frame, decode_header, encode_header, frame, header_len,
};
pub use message::Receiver;
pub use received::{Kind, Payload, ReceiveError, Received};
pub use utf8::{Utf8Error, Utf8Stream};

#[cfg(test)]
mod tests;
