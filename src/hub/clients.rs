//! Clients: which readers are whose, and what is remembered of a client.  Law: a client is known while it has a reader
//! that was introduced, and for the grace of its session after its last one left; then nothing of it is left.
//!
//! Who has nothing but its readers costs a place in a chain: four bytes in each reader, and the head of the chain.

use super::presence::Parting;
use super::reader::{Mark, Reader, ReaderId};
use super::{Hub, SubscriptionId};
use crate::base::arena::Arena;
use crate::base::fading::Fading;
use crate::base::time::Millis;
use crate::limits::CLIENT_READERS_MAX;
use crate::message::ClientId;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// Ends a chain.
const NONE: u32 = u32::MAX;
/// Names of channels that are listed for one client.
const CHANNELS_LISTED_MAX: usize = 64;

/// What a reader's owner says of it when it introduces it.
#[derive(Copy, Clone, Debug, Default)]
pub struct Guest<'a> {
    /// The owner's, and means nothing here; the newest reader's is told to whoever asks for the client.
    pub tag: u8,
    /// What the client calls itself.
    pub name: Option<&'a str>,
    /// It is told who comes to its channels and leaves them.
    pub watches: bool,
}

/// The client has as many readers as one may have.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct ClientReaderLimit;

/// One client, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known<'a> {
    /// Who it is.
    pub client: ClientId,
    /// What it calls itself.
    pub name: Option<&'a str>,
    /// That of its newest reader, or of its last.
    pub tag: u8,
    /// The owner of its newest reader.
    pub owner: Option<u64>,
    /// Names of its channels, at most 64.
    pub channels: Vec<&'a str>,
    /// Since when it is present where it is present longest, in Unix milliseconds.
    pub since_ms: Option<u64>,
}

/// What few clients have.
#[derive(Default)]
pub(super) struct Few {
    pub(super) name: Option<Rc<str>>,
    /// Something was sent to it.
    pub(super) has_log: bool,
}

/// A client without readers.
pub(super) struct Gone {
    tag: u8,
    since_ms: Option<u64>,
}

#[derive(Default)]
pub(super) struct Clients {
    /// The newest reader of each chain, by the first bits of the client's id: a power of two of chains, or none.
    heads: Vec<u32>,
    /// Readers in all chains.
    readers: usize,
    /// Different clients in all chains.
    total: usize,
    pub(super) few: HashMap<ClientId, Few>,
    pub(super) gone: Fading<ClientId, Gone>,
}

impl Clients {
    /// The readers of a client, the newest first.
    pub(super) fn readers<'a>(
        &self,
        arena: &'a Arena<Reader>,
        client: ClientId,
    ) -> impl Iterator<Item = (ReaderId, &'a Reader)> + use<'a> {
        let mut at = self.heads.get(self.chain(client)).copied().unwrap_or(NONE);
        core::iter::from_fn(move || {
            let id = arena.id_at(at as usize)?;
            let reader = arena.get(id)?;
            at = reader.next;
            Some((id, reader))
        })
        .filter(move |(_, reader)| reader.client == Some(client))
    }

    pub(super) fn name(&self, client: ClientId) -> Option<&Rc<str>> {
        self.few.get(&client)?.name.as_ref()
    }

    /// Ids are digests under a secret key, so their bits are as good as those of any hash.
    fn chain(&self, client: ClientId) -> usize {
        let [a, b, c, d, ..] = client.0;
        u32::from_le_bytes([a, b, c, d]) as usize & self.heads.len().wrapping_sub(1)
    }

    fn insert(&mut self, arena: &mut Arena<Reader>, id: ReaderId, client: ClientId) {
        if self.readers == self.heads.len() {
            self.grow(arena);
        }
        self.total += usize::from(self.readers(arena, client).next().is_none());
        self.readers += 1;
        self.push(arena, id.index() as u32, client);
    }

    fn push(&mut self, arena: &mut Arena<Reader>, index: u32, client: ClientId) {
        let chain = self.chain(client);
        let Some(reader) = arena.at_mut(index as usize) else { return };
        reader.next = core::mem::replace(&mut self.heads[chain], index);
    }

    /// Twice as many chains. The readers of one client stand in one chain, and stay in their order.
    fn grow(&mut self, arena: &mut Arena<Reader>) {
        let count = (self.heads.len() * 2).max(16);
        let before = core::mem::replace(&mut self.heads, vec![NONE; count]);
        let mut chain = Vec::new();
        for head in before {
            let mut at = head;
            while let Some(reader) = arena.at(at as usize) {
                chain.push((at, reader.client));
                at = reader.next;
            }
            while let Some((index, client)) = chain.pop() {
                let client = client.expect("who stands in a chain is a client's");
                self.push(arena, index, client);
            }
        }
    }

    /// Takes a reader out; was it the client's last?
    fn remove(&mut self, arena: &mut Arena<Reader>, id: ReaderId, client: ClientId) -> bool {
        let (chain, index) = (self.chain(client), id.index() as u32);
        let Some(next) = arena.get(id).map(|reader| reader.next) else { return false };
        let mut at = self.heads[chain];
        if at == index {
            self.heads[chain] = next;
        } else {
            while let Some(reader) = arena.at_mut(at as usize) {
                at = reader.next;
                if at == index {
                    reader.next = next;
                    break;
                }
            }
        }
        self.readers -= 1;
        let is_last = self.readers(arena, client).next().is_none();
        self.total -= usize::from(is_last);
        is_last
    }
}

impl Hub {
    /// May the client have one more reader? Ask before [`Hub::introduce`].
    pub fn check_client(&self, client: ClientId) -> Result<(), ClientReaderLimit> {
        match self.clients.readers(&self.readers, client).nth(CLIENT_READERS_MAX - 1) {
            Some(_) => Err(ClientReaderLimit),
            None => Ok(()),
        }
    }

    /// Counts a reader among those of its client, which is present in its channels from now on, unless it was before.
    /// A reader that is never introduced is nobody's.
    pub fn introduce(&mut self, id: ReaderId, guest: Guest<'_>, unix_ms: u64) {
        let Some(reader) = self.readers.get_mut(id) else { return };
        let Some(client) = reader.client.filter(|_| !reader.is_introduced) else { return };
        (reader.is_introduced, reader.tag) = (true, guest.tag);
        self.clients.insert(&mut self.readers, id, client);
        self.clients.gone.take(&client);
        if let Some(name) = guest.name {
            self.clients.few.entry(client).or_default().name = Some(name.into());
        }
        for subscription in self.subscriptions_of(id) {
            self.join(subscription, unix_ms);
        }
        if guest.watches {
            self.watch(id, client);
        }
    }

    /// Those of a reader's subscriptions by which its client is present: all but that to its own log.
    pub(super) fn subscriptions_of(&self, id: ReaderId) -> Vec<SubscriptionId> {
        let Some(reader) = self.readers.get(id) else { return Vec::new() };
        let own = self.own_subscription(id);
        reader
            .subscriptions
            .iter(&self.subscriptions)
            .map(|(id, _)| id)
            .filter(|id| Some(*id) != own)
            .collect()
    }

    /// Frees the reader as [`Hub::leave`] does, for a client that may come back: for so long it has not left its
    /// channels, and is remembered.
    pub fn lose(&mut self, id: ReaderId, at: Millis) {
        let Some(reader) = self.readers.get(id).filter(|reader| reader.is_introduced) else {
            return self.leave(id);
        };
        let (tag, since_ms) = (reader.tag, self.present_since(reader));
        self.keep_place(id, at);
        let grace_ms = self.limits.presence_grace_ms;
        if grace_ms > 0 {
            for subscription in self.subscriptions_of(id) {
                self.depart(subscription, Parting::Until(at + grace_ms));
            }
        }
        if let Some(client) = self.unlist(id) {
            let due = at + self.limits.session_grace_ms.max(grace_ms);
            self.clients.gone.put(client, Gone { tag, since_ms }, due);
        }
        self.leave(id);
        self.let_go(at);
    }

    /// Takes a reader off those of its client; the client, if that was its last.
    pub(super) fn unlist(&mut self, id: ReaderId) -> Option<ClientId> {
        let reader = self.readers.get_mut(id)?;
        let client = reader.client.filter(|_| reader.is_introduced)?;
        reader.is_introduced = false;
        self.clients.remove(&mut self.readers, id, client).then_some(client)
    }

    /// Forgets whose time has come, or for whom there is no room, and tells of those who left. Cheap when there is
    /// nobody.
    pub fn let_go(&mut self, now: Millis) {
        let most = self.limits.max_remembered;
        self.let_away_go(now, most);
        self.watching.let_go(now, most);
        while let Some((client, _)) = self.clients.gone.pop(now, most) {
            self.forget(client);
        }
    }

    /// When [`Hub::let_go`] has something to do.
    pub fn next_departure(&self) -> Option<Millis> {
        [self.presence.next(), self.watching.next(), self.clients.gone.next()].into_iter().flatten().min()
    }

    /// Nothing is left of a client without readers.
    pub(super) fn forget(&mut self, client: ClientId) {
        self.drop_own(client);
        self.clients.few.remove(&client);
    }

    /// Forgets a client whose readers are gone: it has left, and what was sent to it is dropped.
    pub fn dismiss(&mut self, client: ClientId) {
        self.let_client_go(client);
        if self.clients.gone.take(&client).is_some() {
            self.forget(client);
        }
    }

    /// Is the client known, or was it a moment ago?
    pub fn knows(&self, client: ClientId) -> bool {
        self.clients.readers(&self.readers, client).next().is_some()
            || self.clients.gone.get(&client).is_some()
    }

    /// The owners of a client's readers, the newest first.
    pub fn owners(&self, client: ClientId) -> impl Iterator<Item = (ReaderId, u64)> {
        self.clients.readers(&self.readers, client).map(|(id, reader)| (id, reader.owner))
    }

    /// How many clients are known.
    pub fn client_total(&self) -> usize {
        self.clients.total + self.clients.gone.len()
    }

    /// At most `most` known clients, in the order of their ids, those after `after`.
    pub fn clients(&self, after: Option<ClientId>, most: usize) -> Vec<Known<'_>> {
        let is_after = |client: &ClientId| after.is_none_or(|after| *client > after);
        let first = after.unwrap_or(ClientId([0; 12]));
        let gone = self.clients.gone.starting_at(&first).map(|(client, _)| *client).filter(is_after);
        let mut ids: BTreeSet<ClientId> = gone.take(most).collect();
        let here = self.readers.iter().filter(|(_, reader)| reader.is_introduced);
        for client in here.filter_map(|(_, reader)| reader.client).filter(is_after) {
            // Most of many are beyond the last that is listed.
            if ids.len() < most || ids.last().is_some_and(|last| client < *last) {
                ids.insert(client);
            }
            if ids.len() > most {
                ids.pop_last();
            }
        }
        ids.into_iter().map(|client| self.known(client)).collect()
    }

    fn known(&self, client: ClientId) -> Known<'_> {
        let name = self.clients.name(client).map(|name| &**name);
        let mut known = Known { client, name, tag: 0, owner: None, channels: Vec::new(), since_ms: None };
        if let Some(gone) = self.clients.gone.get(&client) {
            (known.tag, known.since_ms) = (gone.tag, gone.since_ms);
            return known;
        }
        for (id, reader) in self.clients.readers(&self.readers, client) {
            if known.owner.is_none() {
                (known.owner, known.tag) = (Some(reader.owner), reader.tag);
            }
            known.since_ms = [known.since_ms, self.present_since(reader)].into_iter().flatten().min();
            known.channels.extend(self.channels(id));
        }
        known.channels.sort_unstable();
        known.channels.dedup();
        known.channels.truncate(CHANNELS_LISTED_MAX);
        known
    }

    fn present_since(&self, reader: &Reader) -> Option<u64> {
        let all = reader.subscriptions.iter(&self.subscriptions);
        all.filter(|(_, s)| s.is(Mark::Present)).map(|(_, s)| s.since_ms()).min()
    }
}
