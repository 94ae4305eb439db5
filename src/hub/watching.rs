//! Watching: who is told of who comes and goes.  Law: every watcher of a channel but the client itself is told of each
//! join and leave once and in order, or that it should look anew; and nobody else is woken.

use super::Hub;
use super::clients::Clients;
use super::comings::{Coming, Comings};
use super::reader::{ReaderId, SubscriptionId};
use crate::base::fading::Fading;
use crate::base::time::Millis;
use crate::message::ClientId;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News<'a> {
    /// Somebody came or left.
    Coming(&'a Coming),
    /// More happened in this channel than is told one by one: ask who is there.
    Changed(&'a str),
}

/// That a reader watches.
#[derive(Default)]
pub(super) struct Watch {
    /// It was told everything up to here; `None`: nothing happened in its channels since it was told everything.
    from: Option<u64>,
    /// Nothing up to here is told again, whichever of its channels wakes it.
    told: u64,
}

/// The watchers of one channel.
#[derive(Default)]
struct Watchers {
    readers: BTreeSet<ReaderId>,
    /// The number of what happened first since they were woken.
    stirred_at: Option<u64>,
}

#[derive(Default)]
pub(super) struct Watching {
    comings: Comings,
    /// By channel; none without readers.
    watchers: HashMap<Rc<str>, Watchers>,
    /// Channels whose watchers are to be woken.
    stirred: VecDeque<Rc<str>>,
    /// Up to where watchers without a reader were told of a channel.
    places: Fading<(ClientId, Rc<str>), u64>,
}

impl Watching {
    /// When [`Watching::let_go`] has something to do.
    pub(super) fn next(&self) -> Option<Millis> {
        self.places.next()
    }

    /// Forgets up to where those were told whose time has come.
    pub(super) fn let_go(&mut self, now: Millis, most: usize) {
        while self.places.pop(now, most).is_some() {}
    }

    /// Notes that a client came or left, if there is anybody to be told.
    pub(super) fn note(&mut self, clients: &Clients, client: ClientId, channel: Rc<str>, is_join: bool) {
        if self.watchers.is_empty() && self.places.is_empty() {
            return;
        }
        let name = clients.name(client).cloned();
        self.comings.push(Coming { channel: channel.clone(), client, name, is_join });
        let Some(watchers) = self.watchers.get_mut(&channel) else { return };
        if watchers.stirred_at.is_none() {
            watchers.stirred_at = Some(self.comings.newest());
            self.stirred.push_back(channel);
        }
    }
}

impl Hub {
    /// The reader is told who comes and goes, from where it was told before if that is remembered.
    pub(super) fn watch(&mut self, id: ReaderId, client: ClientId) {
        self.stir();
        let (mut from, newest) = (None, self.watching.comings.newest());
        for subscription in self.subscriptions_of(id) {
            let Some(name) = self.name_at(subscription) else { continue };
            let place = self.watching.places.take(&(client, name)).filter(|place| *place < newest);
            from = [from, place].into_iter().flatten().min();
            self.watch_at(id, subscription);
        }
        if let Some(reader) = self.readers.get_mut(id) {
            reader.rare.get_or_insert_default().watch = Some(Watch { from, told: from.unwrap_or(newest) });
        }
    }

    fn name_at(&self, id: SubscriptionId) -> Option<Rc<str>> {
        Some(self.subscriptions.get(id)?.channel(&self.channels)?.1.name.clone())
    }

    /// The reader watches one channel.
    pub(super) fn watch_at(&mut self, id: ReaderId, subscription: SubscriptionId) {
        if let Some(name) = self.name_at(subscription) {
            self.watching.watchers.entry(name).or_default().readers.insert(id);
        }
    }

    pub(super) fn unwatch_at(&mut self, id: ReaderId, subscription: SubscriptionId) {
        if self.watching.watchers.is_empty() {
            return;
        }
        let Some(name) = self.name_at(subscription) else { return };
        let Some(watchers) = self.watching.watchers.get_mut(&name) else { return };
        watchers.readers.remove(&id);
        if watchers.readers.is_empty() {
            self.watching.watchers.remove(&name);
        }
    }

    pub(super) fn is_watching(&self, id: ReaderId) -> bool {
        self.watch_of(id).is_some()
    }

    fn watch_of(&self, id: ReaderId) -> Option<&Watch> {
        self.readers.get(id)?.rare.as_ref()?.watch.as_ref()
    }

    /// Remembers up to where a watcher was told, for when it comes back.
    pub(super) fn keep_place(&mut self, id: ReaderId, at: Millis) {
        if !self.is_watching(id) {
            return;
        }
        self.stir();
        let place = self.watch_of(id).and_then(|watch| watch.from);
        let place = place.unwrap_or_else(|| self.watching.comings.newest());
        let Some(client) = self.readers.get(id).and_then(|reader| reader.client) else { return };
        for subscription in self.subscriptions_of(id) {
            if let Some(name) = self.name_at(subscription) {
                self.watching.places.put((client, name), place, at + self.limits.session_grace_ms);
            }
        }
    }

    /// Wakes the watchers of channels to which somebody came, or that somebody left.
    pub(super) fn stir(&mut self) {
        let Hub { watching, readers, dirty, .. } = self;
        while let Some(name) = watching.stirred.pop_front() {
            let Some(watchers) = watching.watchers.get_mut(&name) else { continue };
            let Some(first) = watchers.stirred_at.take() else { continue };
            for id in &watchers.readers {
                let Some(reader) = readers.get_mut(*id) else { continue };
                if let Some(watch) = reader.rare.as_mut().and_then(|rare| rare.watch.as_mut()) {
                    let first = (first - 1).max(watch.told);
                    watch.from = Some(watch.from.map_or(first, |from| from.min(first)));
                }
                if !core::mem::replace(&mut reader.is_dirty, true) {
                    dirty.push_back(*id);
                }
            }
        }
    }

    /// Has something happened that a watcher was not told?
    pub fn has_news(&self, reader: ReaderId) -> bool {
        self.watch_of(reader).is_some_and(|watch| watch.from.is_some())
    }

    /// What a watcher was not told yet, in order. If that is more than `most`, or more than is held, it is to look
    /// anew instead. It comes again until it is [taken](Hub::take_news).
    pub fn news(&self, id: ReaderId, most: usize) -> Vec<News<'_>> {
        let (Some(reader), Some(from)) =
            (self.readers.get(id), self.watch_of(id).and_then(|watch| watch.from))
        else {
            return Vec::new();
        };
        let (mut found, mut changed) = (Vec::new(), Vec::new());
        for id in self.subscriptions_of(id) {
            let place = self.subscriptions.get(id).and_then(|one| one.channel(&self.channels));
            let Some((_, channel)) = place else { continue };
            match self.watching.comings.after(&channel.name, from, most) {
                // It is not told of itself.
                Some(mut some) => {
                    some.retain(|(_, coming)| Some(coming.client) != reader.client);
                    found.extend(some);
                }
                None => changed.push(&*channel.name),
            }
        }
        if found.len() > most {
            let names: BTreeSet<&str> = found.drain(..).map(|(_, coming)| &*coming.channel).collect();
            changed.extend(names);
        }
        found.sort_unstable_by_key(|(number, _)| *number);
        let changed = changed.into_iter().map(News::Changed);
        changed.chain(found.into_iter().map(|(_, coming)| News::Coming(coming))).collect()
    }

    /// Commits [`Hub::news`]: all of it was told.
    pub fn take_news(&mut self, id: ReaderId) {
        let told = self.watching.comings.newest();
        let Some(reader) = self.readers.get_mut(id) else { return };
        if let Some(watch) = reader.rare.as_mut().and_then(|rare| rare.watch.as_mut()) {
            *watch = Watch { from: None, told };
        }
    }
}
