//! Fuzz bodies: each takes arbitrary bytes and tries to break a law, by which it opens.  Law: a body decides by its
//! input alone, so that stable Rust replays what a fuzzer found.
//!
//! The first byte of an input is the seed of the splits ([`connection()`] has more of this kind), the rest is what is
//! tried.

mod connection;
mod fields;
mod frames;
mod request;
mod wire;

pub use connection::connection;
pub use fields::fields;
pub use frames::frames;
pub use request::request;

/// A body.
pub type Body = fn(&[u8]);

/// Every body by its name, which is also the name of its target and of its corpus.
pub const BODIES: [(&str, Body); 4] =
    [("frames", frames), ("request", request), ("connection", connection), ("fields", fields)];
