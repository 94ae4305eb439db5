//! How often each thing happened in a run.  Law: a run in which nothing happens proves nothing, so `tests/sim.rs` wants
//! each of these to have happened over its seeds.

use super::account::Begin;
use super::asking::{Asked, Via};
use crate::testing::decode::Heard;
use crate::testing::decode::head::ResponseHead;
use core::cell::RefCell;
use std::collections::BTreeMap;

/// What must have happened somewhere in a few hundred seeds.
pub const EXPECTED: [&str; 68] = [
    "a batch answered",
    "a channel closed",
    "a channel subscribed by an event",
    "a coming told",
    "a gap told",
    "a journal failure told",
    "a leaving told",
    "a look at who is present",
    "a message for one heard",
    "a message heard",
    "a message heard after an upgrade",
    "a message replayed",
    "a message replayed to a page",
    "a mismatch told",
    "a missed event heard",
    "a namespace closed",
    "a namespace joined",
    "a namespace refused",
    "a page loaded anew",
    "a payload heard",
    "a payload too large",
    "a ping heard",
    "a position told",
    "a probe answered",
    "a probe cut off",
    "a publish acknowledged",
    "a publish repeated",
    "a question answered by an ack",
    "a question heard",
    "a question pending",
    "a question withdrawn",
    "a question's state told over WebSocket",
    "a request repeated",
    "a restart that forgot",
    "a restart that remembered",
    "a resume",
    "a rude session ended",
    "a script called",
    "a session over WebSocket",
    "a session over polling",
    "a shutdown told",
    "a silent session ended",
    "a slow request",
    "a stream over iframe",
    "a stream over ndjson",
    "a stream over sse",
    "a subscription added",
    "a subscription ended",
    "a withdrawal told",
    "a world at rest",
    "all channels closed",
    "an answer in vain",
    "an answer taken",
    "an answer told",
    "an answer too late",
    "an attachment heard",
    "an emit acknowledged",
    "an expiry told",
    "an overlap refused",
    "compressed messages agreed",
    "not recovered",
    "nothing new by ETag",
    "over a limit",
    "recovered",
    "several arguments heard",
    "several arguments sent",
    "subscriptions recovered",
    "the end of a question heard",
];

/// Counts by name.
#[derive(Clone, Debug, Default)]
pub struct Tally(RefCell<BTreeMap<&'static str, u64>>);

impl Tally {
    /// It happened.
    pub fn count(&self, what: &'static str) {
        debug_assert!(EXPECTED.contains(&what), "{what} is not expected");
        *self.0.borrow_mut().entry(what).or_default() += 1;
    }

    /// A reading request was answered.
    pub fn count_answer(&self, head: &ResponseHead, asked: &Asked) {
        if matches!(asked.begin, Begin::After(_)) {
            self.count("a resume");
        }
        match (head.status, asked.via) {
            (101, _) if head.field("Sec-WebSocket-Extensions").is_some() => {
                self.count("compressed messages agreed");
            }
            (200, Via::Poll | Via::LongPoll) => self.count("a batch answered"),
            (200, Via::Jsonp) => self.count("a script called"),
            (200, Via::Sse) => self.count("a stream over sse"),
            (200, Via::Ndjson) => self.count("a stream over ndjson"),
            (200, Via::Iframe) => self.count("a stream over iframe"),
            (204 | 410, _) => self.count("all channels closed"),
            (304, _) => self.count("nothing new by ETag"),
            (408, _) => self.count("a slow request"),
            (429 | 503, _) => self.count("over a limit"),
            _ => {}
        }
    }

    /// It was heard.
    pub fn count_heard(&self, heard: &Heard) {
        match heard {
            Heard::Message { ask: Some(_), .. } => self.count("a question heard"),
            Heard::Message { replay: true, .. } => self.count("a message replayed"),
            Heard::Message { replay: false, .. } => self.count("a message heard"),
            Heard::Gap { .. } => self.count("a gap told"),
            Heard::Closed { .. } => self.count("a channel closed"),
            Heard::Withdrawn { .. } => self.count("the end of a question heard"),
            Heard::Coming { .. } | Heard::PresenceChanged { .. } => {}
            Heard::Position { .. } => self.count("a position told"),
            Heard::Shutdown { .. } => self.count("a shutdown told"),
            Heard::Reload { .. } => self.count("a page loaded anew"),
            Heard::Heartbeat | Heard::Retry { .. } | Heard::Refused { .. } => {}
        }
    }

    /// Adds what happened in another run.
    pub fn add(&self, other: &Tally) {
        for (what, count) in other.0.borrow().iter() {
            *self.0.borrow_mut().entry(what).or_default() += count;
        }
    }

    /// What should have happened and did not.
    pub fn missing(&self) -> Vec<&'static str> {
        EXPECTED.into_iter().filter(|what| !self.0.borrow().contains_key(what)).collect()
    }

    /// A line for each thing that happened.
    pub fn lines(&self) -> String {
        self.0.borrow().iter().map(|(what, count)| format!("{count:>10}  {what}\n")).collect()
    }
}
