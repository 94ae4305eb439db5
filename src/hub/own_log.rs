//! A client's own log: what is sent to one client alone.  Law: a message that is sent to a known client is read by each
//! of its readers, and by each that comes back while the client is remembered, as the messages of a channel are; nobody
//! else is woken by it, and nothing of it is left when the client is forgotten.
//!
//! It is a channel with a name that nobody may subscribe to. It comes to be with the first message, and its readers do
//! not count it among their channels.

use super::reader::{ReaderId, SubscriptionId};
use super::{Hub, message};
use crate::channel_name::ChannelName;
use crate::message::{ClientId, Draft, MessageId};

impl Hub {
    /// Appends a message to the own log of the client that the channel's name names. A client that is forgotten has none.
    pub(super) fn send(&mut self, id: MessageId, client: ClientId, draft: Draft) {
        if !self.knows(client) {
            return;
        }
        let name = draft.channel.clone();
        self.clients.few.entry(client).or_default().has_log = true;
        let readers: Vec<ReaderId> = self.owners(client).map(|(reader, _)| reader).collect();
        for reader in readers {
            if self.find(reader, &name).is_none() {
                self.link(reader, &name, self.clock_ms);
            }
        }
        self.append(&name, message(id, draft));
    }

    /// Who is sent to, if the channel is a client's own log.
    pub(super) fn own_log_of(channel: &str) -> Option<ClientId> {
        ChannelName::own_suffix(channel)?.parse().ok()
    }

    /// Links a new reader to the own log of its client, if that has one.
    pub(super) fn link_own(&mut self, reader: ReaderId, unix_ms: u64) -> Option<SubscriptionId> {
        let name = self.own_name(self.readers.get(reader)?.client?)?;
        // The log may be gone while the client is not: it is empty, and nobody was there.
        self.names.get(&*name)?;
        Some(self.link(reader, &name, unix_ms))
    }

    /// The reader's subscription to the own log of its client.
    pub(super) fn own_subscription(&self, reader: ReaderId) -> Option<SubscriptionId> {
        let name = self.own_name(self.readers.get(reader)?.client?)?;
        self.find(reader, &name)
    }

    fn own_name(&self, client: ClientId) -> Option<ChannelName> {
        self.clients.few.get(&client).filter(|few| few.has_log).map(|_| ChannelName::own(client))
    }

    /// Drops the own log of a client that has no readers. Its floor stays, as that of every channel.
    pub(super) fn drop_own(&mut self, client: ClientId) {
        let channel = self.own_name(client).and_then(|name| self.names.get(&*name).copied());
        let Some(id) = channel else { return };
        if let Some(channel) = self.channels.get_mut(id) {
            channel.log.clear();
        }
        self.settle(id);
    }
}
