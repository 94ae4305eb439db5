//! Fuzz bodies: each takes arbitrary bytes and tries to break a law, by which it opens.  Law: a body decides by its
//! input alone, so that stable Rust replays what a fuzzer found.
//!
//! Where a body cuts its input, the first byte is the seed of the splits ([`connection()`] has more of this kind) and the
//! rest is what is tried; others say how they read their input.

mod accept;
mod assembly;
mod attachments;
mod chunked;
mod commands;
mod connection;
mod deflate;
mod encodings;
mod engineio;
mod event_stream;
mod events;
mod fields;
mod frames;
mod handshake;
mod handshakes;
mod inflate;
mod lists;
mod members;
mod naive_base64;
mod names;
mod offers;
mod packets;
mod query;
mod request;
mod socketio;
mod wire;

pub use accept::accept;
pub use assembly::assembly;
pub use attachments::attachments;
pub use chunked::chunked;
pub use commands::commands;
pub use connection::connection;
pub use deflate::deflate;
pub use encodings::encodings;
pub use engineio::engineio;
pub use events::events;
pub use fields::fields;
pub use frames::frames;
pub use handshake::handshake;
pub use handshakes::handshakes;
pub use inflate::inflate;
pub use names::names;
pub use query::query;
pub use request::request;
pub use socketio::{arguments, socketio};

/// A body.
pub type Body = fn(&[u8]);

/// Every body by its name, which is also the name of its target and of its corpus.
pub const BODIES: [(&str, Body); 20] = [
    ("accept", accept),
    ("arguments", arguments),
    ("assembly", assembly),
    ("attachments", attachments),
    ("chunked", chunked),
    ("commands", commands),
    ("connection", connection),
    ("deflate", deflate),
    ("encodings", encodings),
    ("engineio", engineio),
    ("events", events),
    ("fields", fields),
    ("frames", frames),
    ("handshake", handshake),
    ("handshakes", handshakes),
    ("inflate", inflate),
    ("names", names),
    ("query", query),
    ("request", request),
    ("socketio", socketio),
];
