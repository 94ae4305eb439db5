//! L0: data structures.  Law: std and slab only; nothing here knows what it is used for.

pub mod arena;
pub mod fading;
pub mod histogram;
pub mod id;
pub mod inbuf;
pub mod list;
pub mod outq;
pub mod rng;
pub mod time;
pub mod wheel;
