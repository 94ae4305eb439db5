//! The contract, tested against the real binary over real sockets. One module a subject.

#[path = "../support/mod.rs"]
mod support;

mod asking;
mod browsers;
mod bulk;
mod cli;
mod closing;
mod compression;
mod descriptors;
mod embedded;
mod frames;
mod gaps;
mod handshake;
mod http;
mod iframe;
mod jsonp;
mod limits;
mod malformed;
mod messages;
mod ndjson;
mod polls;
mod publish;
mod reading;
mod resume;
mod shortcuts;
mod sse;
mod static_files;
mod support_tests;
mod unix;
mod websocket;
