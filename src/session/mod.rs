//! What of an Engine.IO session outlives the connections that carry it: which carry it at present, and whether its
//! client is alive.  Spec: Engine.IO protocol, revision 4.  Knows no sockets, no hub and no bytes.

mod carrier;
mod heartbeat;
mod stamps;

pub use carrier::{Carrier, Overlap, Probe};
pub use heartbeat::Heartbeat;
pub use stamps::Stamps;
