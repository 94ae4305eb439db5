//! holdline: one small server that holds a line open to every browser.
//!
//! A channel is a log, a transport is a way to read it, a reader is a cursor. Bytes and time go in, bytes and
//! deadlines come out; [`io`] is the only place that meets the world. The layers, from the ground up; imports
//! point downwards only (`tests/architecture.rs` checks it):
//!
//! - L0: [`base`], [`channel_name`], [`message`], [`limits`]
//! - L1, codecs: [`http`], [`ws`], [`sse`], [`engineio`], [`socketio`]
//! - L2, machines that never call each other: [`hub`], [`transport`], [`conn`], [`session`], [`journal`], [`handler`]
//! - L3, the one owner: [`server`]
//! - L4, the world: [`io`], with [`config`] and the clients of the command line, [`cli`], beside it

#![forbid(unsafe_code)]

pub mod base;
pub mod channel_name;
pub mod limits;
pub mod message;

pub mod engineio;
pub mod http;
pub mod socketio;
pub mod sse;
pub mod ws;

pub mod conn;
pub mod handler;
pub mod hub;
pub mod journal;
pub mod session;
pub mod transport;

pub mod server;

pub mod cli;
pub mod config;
pub mod io;

#[doc(hidden)]
pub mod testing;

/// The page's program compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
mod embedding_page {}
