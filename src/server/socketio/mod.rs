//! Socket.IO on a session (Socket.IO protocol, revision 5): namespaces are channels, events are messages.

/// What is said on one session.
#[derive(Default)]
pub struct Talk {}
