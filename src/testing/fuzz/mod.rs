//! Fuzz bodies: each takes arbitrary bytes and tries to break a law, by which it opens.  Law: a body decides by its
//! input alone, so that stable Rust replays what a fuzzer found.
//!
//! Where a body cuts its input, the first byte is the seed of the splits ([`connection()`] has more of this kind) and the
//! rest is what is tried; others say how they read their input.

mod accept;
mod chunked;
mod commands;
mod connection;
mod deflate;
mod encodings;
mod event_stream;
mod events;
mod fields;
mod frames;
mod handshake;
mod inflate;
mod lists;
mod members;
mod names;
mod offers;
mod packets;
mod query;
mod request;
mod wire;

pub use accept::accept;
pub use chunked::chunked;
pub use commands::commands;
pub use connection::connection;
pub use deflate::deflate;
pub use encodings::encodings;
pub use events::events;
pub use fields::fields;
pub use frames::frames;
pub use handshake::handshake;
pub use inflate::inflate;
pub use names::names;
pub use query::query;
pub use request::request;

/// A body.
pub type Body = fn(&[u8]);

/// Every body by its name, which is also the name of its target and of its corpus.
pub const BODIES: [(&str, Body); 14] = [
    ("accept", accept),
    ("chunked", chunked),
    ("commands", commands),
    ("connection", connection),
    ("deflate", deflate),
    ("encodings", encodings),
    ("events", events),
    ("fields", fields),
    ("frames", frames),
    ("handshake", handshake),
    ("inflate", inflate),
    ("names", names),
    ("query", query),
    ("request", request),
];
