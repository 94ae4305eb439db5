//! What a connection speaks, pulled out of the bytes it sent: HTTP/1.1 first, then perhaps WebSocket.
//! Law: a machine takes input and yields events; it never calls the server and owns nothing while idle.

pub mod http1;
pub mod websocket;

pub use http1::{Http1, HttpEvent, HttpRefusal};
pub use websocket::{Protocol, WebSocket};

const _: () = assert!(size_of::<Http1>() <= 24, "an idle HTTP connection got heavier");
const _: () = assert!(size_of::<WebSocket>() <= 16, "an idle WebSocket got heavier");
