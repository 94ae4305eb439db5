//! Socket.IO codecs (protocol version 5): the text and binary messages of Engine.IO in, values out.  Know nothing of
//! sessions, channels or of what events mean.
//!
//! - [`packet`]: the text of one packet; [`error`]: why it is none
//! - [`assembly`]: a packet and the attachments that come after it
//! - [`attachments`]: attachments inside JSON, as placeholders and as base64
//! - [`arguments`]: what an event or an acknowledgement carries
//! - [`json`]: JSON read token by token, which the others share

pub mod arguments;
pub mod assembly;
pub mod attachments;
pub mod error;
pub mod json;
pub mod packet;

pub use arguments::Arguments;
pub use assembly::{Assembly, Received};
pub use error::PacketError;
pub use packet::{Kind, Packet};
