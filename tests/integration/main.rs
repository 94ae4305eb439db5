//! The contract, tested against the real binary over real sockets. One module a subject.

#[path = "../support/mod.rs"]
mod support;

mod ask_command;
mod asking;
mod browsers;
mod bulk;
mod cli;
mod clients;
mod closing;
mod compression;
mod descriptors;
mod embedded;
mod examples;
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
mod presence;
mod pub_command;
mod publish;
mod reading;
mod resume;
mod shortcuts;
mod sse;
mod static_files;
mod sub_command;
mod subscriptions;
mod support_tests;
mod unix;
mod websocket;
