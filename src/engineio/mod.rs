//! Engine.IO codecs (protocol version 4): text in, values out.  Know nothing of sockets, clocks, sessions or of what the
//! messages say.
//!
//! - [`packet`]: one packet, as a text frame or as a part of a payload
//! - [`payload`]: the packets of one HTTP body
//! - [`open`]: what the server says first
//! - [`request`]: what the query of a request asks for, and how it is refused

pub mod open;
pub mod packet;
pub mod payload;
pub mod request;

pub use open::Open;
pub use packet::{Data, Packet, PacketError};
pub use request::{Asked, RequestError, TransportName};
