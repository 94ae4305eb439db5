//! A channel: a log, who reads it, and what the hub keeps in its tables about it.

use super::Limits;
use super::log::Log;
use super::reader::{ByChannel, Subscription};
use crate::base::list::List;
use crate::limits::EMPTY_CHANNEL_BYTES;
use crate::message::MessageId;
use std::rc::Rc;

/// A named log with its readers.
pub struct Channel {
    pub(super) name: Rc<str>,
    pub(super) log: Log,
    pub(super) subscribers: List<Subscription, ByChannel>,
    /// Clients that are present by a reader of theirs, each counted once.
    pub(super) present: u32,
    /// Closed by a deletion until this time (Unix ms), or until someone publishes.
    pub(super) closed_until_ms: u64,
    /// In the hub's list of channels whose readers are to be marked dirty.
    pub(super) is_touched: bool,
    /// When the hub looks after it next: at or before what [`Log::next_due`] says.
    pub(super) due_ms: u64,
    /// Bytes that the hub counts for it.
    pub(super) counted: usize,
    /// How it stands among the channels by size: bytes and oldest message.
    pub(super) rank: Option<(usize, MessageId)>,
}

impl Channel {
    pub(super) fn new(name: Rc<str>, floor: MessageId, closed_until_ms: u64) -> Self {
        Channel {
            name,
            log: Log::new(floor),
            subscribers: List::default(),
            present: 0,
            closed_until_ms,
            is_touched: false,
            due_ms: u64::MAX,
            counted: 0,
            rank: None,
        }
    }

    /// Bytes to count against the limit of all channels.
    pub(super) fn bytes(&self) -> usize {
        EMPTY_CHANNEL_BYTES + self.name.len() + self.log.bytes()
    }

    /// Nobody reads it and it holds nothing: it may go.
    pub(super) fn is_unused(&self) -> bool {
        self.subscribers.is_empty() && self.log.is_empty()
    }

    /// When it needs to be looked after, if that is before the time already noted.
    pub(super) fn earlier_due(&mut self, limits: &Limits) -> Option<u64> {
        self.log.next_due(limits).filter(|due_ms| *due_ms < self.due_ms)
    }
}
