//! Presence: who is in a channel.  Law: a client is present in a channel while an introduced reader of it has the
//! channel, and for the grace after the last such reader was lost; it joins when it was not present before and leaves
//! when it is not any more.

use super::reader::{Mark, ReaderId, Subscription, SubscriptionId};
use super::{ChannelId, Hub};
use crate::base::fading::Fading;
use crate::base::time::Millis;
use crate::message::ClientId;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// One client in a channel, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present<'a> {
    /// Who it is.
    pub client: ClientId,
    /// What it calls itself.
    pub name: Option<&'a str>,
    /// That of its newest reader here, or of its last.
    pub tag: u8,
    /// Unix milliseconds since when it is present here.
    pub since_ms: u64,
}

/// How a client parts with a channel.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// It has left.
    AtOnce,
    /// It has left unless it comes back before this time.
    Until(Millis),
}

/// A client that is present in a channel by nothing but the grace.
struct Away {
    tag: u8,
    since_ms: u64,
}

#[derive(Default)]
pub(super) struct Presence {
    away: Fading<(ClientId, Rc<str>), Away>,
    /// The clients of `away` by channel; no set is empty.
    away_from: HashMap<Rc<str>, BTreeSet<ClientId>>,
}

impl Presence {
    pub(super) fn next(&self) -> Option<Millis> {
        self.away.next()
    }

    fn take_away(&mut self, client: ClientId, channel: &Rc<str>) -> Option<Away> {
        let away = self.away.take(&(client, channel.clone()))?;
        self.unlist(client, channel);
        Some(away)
    }

    fn unlist(&mut self, client: ClientId, channel: &Rc<str>) {
        let Some(clients) = self.away_from.get_mut(channel) else { return };
        clients.remove(&client);
        if clients.is_empty() {
            self.away_from.remove(channel);
        }
    }
}

impl Hub {
    /// The client of a subscription is present by it; that it joins is told if it was not there before.
    pub(super) fn join(&mut self, id: SubscriptionId, unix_ms: u64) {
        let Some((client, channel)) = self.place_of(id).filter(|_| !self.is_marked(id, Mark::Closed)) else {
            return;
        };
        let mut since_ms = unix_ms;
        if let Some(other) = self.present_by(client, channel, id) {
            since_ms = self.subscriptions.get(other).map_or(unix_ms, |other| other.since_ms());
        } else if let Some(channel) = self.channels.get_mut(channel) {
            channel.present += 1;
            match self.presence.take_away(client, &channel.name) {
                Some(away) => since_ms = away.since_ms,
                None => self.watching.note(&self.clients, client, channel.name.clone(), true),
            }
        }
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            subscription.set_present(since_ms);
        }
    }

    /// A reader has got more channels: its client joins them, and if it watches, it watches them too.
    pub(super) fn join_all(&mut self, reader: ReaderId, links: &[SubscriptionId], unix_ms: u64) {
        let Some(state) = self.readers.get(reader).filter(|state| state.is_introduced) else { return };
        let watches = state.rare.as_ref().is_some_and(|rare| rare.watch.is_some());
        for id in links {
            self.join(*id, unix_ms);
        }
        if watches {
            // What happened in them before is not news.
            self.stir();
            links.iter().for_each(|id| self.watch_at(reader, *id));
        }
    }

    /// The client of a subscription is not present by it any more.
    pub(super) fn depart(&mut self, id: SubscriptionId, parting: Parting) {
        let Some((client, channel)) = self.place_of(id).filter(|_| self.is_marked(id, Mark::Present)) else {
            return;
        };
        let tag = self.reader_of(id).and_then(|reader| self.readers.get(reader)).map_or(0, |r| r.tag);
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        subscription.set(Mark::Present, false);
        let since_ms = subscription.since_ms();
        if self.present_by(client, channel, id).is_some() {
            return;
        }
        let Some(channel) = self.channels.get_mut(channel) else { return };
        channel.present -= 1;
        let name = channel.name.clone();
        match parting {
            Parting::AtOnce => self.watching.note(&self.clients, client, name, false),
            Parting::Until(due) => {
                self.presence.away_from.entry(name.clone()).or_default().insert(client);
                self.presence.away.put((client, name), Away { tag, since_ms }, due);
            }
        }
    }

    /// Whose subscription to which channel it is.
    fn place_of(&self, id: SubscriptionId) -> Option<(ClientId, ChannelId)> {
        let reader = self.readers.get(self.reader_of(id)?)?;
        let (channel, _) = self.subscriptions.get(id)?.channel(&self.channels)?;
        Some((reader.client?, channel))
    }

    fn reader_of(&self, id: SubscriptionId) -> Option<ReaderId> {
        self.subscriptions.get(id)?.reader(&self.readers)
    }

    fn is_marked(&self, id: SubscriptionId, mark: Mark) -> bool {
        self.subscriptions.get(id).is_some_and(|subscription| subscription.is(mark))
    }

    /// A subscription besides `but` by which the client is present in the channel. A client may have many readers with
    /// many channels each, and a channel many readers: the shorter way is taken.
    fn present_by(
        &self,
        client: ClientId,
        channel: ChannelId,
        but: SubscriptionId,
    ) -> Option<SubscriptionId> {
        let others = &self.channels.get(channel)?.subscribers;
        let mine = || self.clients.readers(&self.readers, client);
        if others.len() < mine().map(|(_, reader)| reader.subscriptions.len()).sum() {
            let is_mine = |s: &Subscription| {
                let reader = s.reader(&self.readers).and_then(|id| self.readers.get(id));
                reader.is_some_and(|reader| reader.client == Some(client))
            };
            let mut all = others.iter(&self.subscriptions);
            return all.find(|(id, s)| *id != but && s.is(Mark::Present) && is_mine(s)).map(|(id, _)| id);
        }
        mine().find_map(|(_, reader)| {
            let mut all = reader.subscriptions.iter(&self.subscriptions);
            all.find(|(id, s)| *id != but && s.is_of(channel) && s.is(Mark::Present)).map(|(id, _)| id)
        })
    }

    /// Tells of those whose grace is over, or for whom there is no room.
    pub(super) fn let_away_go(&mut self, now: Millis, most: usize) {
        let Hub { presence, watching, clients, .. } = self;
        while let Some(((client, channel), _)) = presence.away.pop(now, most) {
            presence.unlist(client, &channel);
            watching.note(clients, client, channel, false);
        }
    }

    /// The client has left every channel in which it is present by nothing but the grace.
    pub(super) fn let_client_go(&mut self, client: ClientId) {
        let first = (client, Rc::from(""));
        let all = self.presence.away.starting_at(&first).map(|(key, _)| key.clone());
        let channels: Vec<_> = all.take_while(|(other, _)| *other == client).collect();
        for (client, channel) in channels {
            self.presence.take_away(client, &channel);
            self.watching.note(&self.clients, client, channel, false);
        }
    }

    /// Whoever is present in a channel by nothing but the grace has left it.
    pub(super) fn let_channel_go(&mut self, channel: &str) {
        let Some((channel, clients)) = self.presence.away_from.remove_entry(channel) else { return };
        for client in clients {
            self.presence.away.take(&(client, channel.clone()));
            self.watching.note(&self.clients, client, channel.clone(), false);
        }
    }

    /// At most `most` of the clients that are in the channel, each once; and how many there are.
    pub fn present(&self, channel: &str, most: usize) -> (Vec<Present<'_>>, usize) {
        let mut list = Vec::new();
        let mut seen = HashSet::new();
        let open = self.names.get(channel).and_then(|id| Some((*id, self.channels.get(*id)?)));
        if let Some((id, open)) = open {
            for (subscription, state) in open.subscribers.iter(&self.subscriptions) {
                if list.len() == most {
                    break;
                }
                let Some((client, _)) = self.place_of(subscription).filter(|_| state.is(Mark::Present))
                else {
                    continue;
                };
                if seen.insert(client) {
                    list.push(self.present_one(client, id, subscription));
                }
            }
        }
        let away = self.presence.away_from.get_key_value(channel);
        let away_count = away.map_or(0, |(_, clients)| clients.len());
        for (name, client) in away.into_iter().flat_map(|(name, all)| all.iter().map(move |one| (name, one)))
        {
            let Some(away) = self.presence.away.get(&(*client, name.clone())).filter(|_| list.len() < most)
            else {
                break;
            };
            let Away { tag, since_ms } = *away;
            list.push(Present { client: *client, name: self.name_of(*client), tag, since_ms });
        }
        (list, open.map_or(0, |(_, channel)| channel.present as usize) + away_count)
    }

    fn name_of(&self, client: ClientId) -> Option<&str> {
        self.clients.name(client).map(|name| &**name)
    }

    fn present_one(&self, client: ClientId, channel: ChannelId, first: SubscriptionId) -> Present<'_> {
        let all = self.clients.readers(&self.readers, client).filter_map(|(_, reader)| {
            let mut all = reader.subscriptions.iter(&self.subscriptions);
            let (_, found) = all.find(|(_, s)| s.is_of(channel) && s.is(Mark::Present))?;
            Some((reader.tag, found.since_ms()))
        });
        let since_first = self.subscriptions.get(first).map_or(0, |first| first.since_ms());
        let (tag, since_ms) = all.into_iter().next().unwrap_or((0, since_first));
        Present { client, name: self.name_of(client), tag, since_ms }
    }
}
