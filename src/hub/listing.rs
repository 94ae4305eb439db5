//! Which channels there are, for operators.  Law: names in ascending byte order, each once over all pages, whatever
//! comes and goes between them; at most a page is collected, however many channels there are.

use super::{Channel, Hub};
use crate::message::MessageId;
use std::collections::BinaryHeap;
use std::rc::Rc;

/// Which channels are asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// How their names begin.
    pub prefix: String,
    /// Only names behind this one.
    pub after: Option<String>,
    /// Most channels in a page.
    pub limit: usize,
}

/// A channel as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: Rc<str>,
    /// Who reads it.
    pub subscribers: u32,
    /// Messages that it holds.
    pub messages: usize,
    /// Bytes that it counts for: payload, names and records.
    pub bytes: usize,
    /// The newest message that it holds.
    pub newest: Option<MessageId>,
    /// The newest message that it lost to a limit or a deletion.
    pub floor: MessageId,
    /// It was deleted, and nobody has published since.
    pub is_closed: bool,
}

/// A page of channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// In the order of their names.
    pub channels: Vec<Listed>,
    /// How many channels have the prefix.
    pub total: usize,
    /// There are more behind this page.
    pub more: bool,
}

impl Hub {
    /// The first channels that are asked for. Looks at every name once: the tables that messages pass through keep no
    /// order for it.
    pub fn list(&self, wanted: &Wanted) -> Listing {
        let mut total = 0;
        let mut more = false;
        let mut first: BinaryHeap<&Rc<str>> = BinaryHeap::with_capacity(wanted.limit + 1);
        for name in self.names.keys().filter(|name| name.starts_with(&wanted.prefix)) {
            total += 1;
            if wanted.after.as_deref().is_some_and(|after| &**name <= after) {
                continue;
            }
            first.push(name);
            if first.len() > wanted.limit {
                first.pop();
                more = true;
            }
        }
        let channels = first.into_sorted_vec().into_iter();
        let channels = channels
            .filter_map(|name| self.channels.get(*self.names.get(name)?))
            .map(|channel| listed(channel, self.clock_ms));
        Listing { channels: channels.collect(), total, more }
    }
}

fn listed(channel: &Channel, clock_ms: u64) -> Listed {
    Listed {
        name: Rc::clone(&channel.name),
        subscribers: channel.subscribers.len(),
        messages: channel.log.len(),
        bytes: channel.log.bytes(),
        newest: channel.log.newest(),
        floor: channel.log.floor(),
        is_closed: channel.closed_until_ms > clock_ms,
    }
}
