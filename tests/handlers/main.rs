//! Handlers of an application: what they are told, in which order, and what becomes of what they ask for. The server is the
//! real one; time and connections are moved by hand.

mod client;
mod engine;
mod logged;
mod namespaces;
mod sockets;
