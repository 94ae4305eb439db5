//! Presence against a model that works it out anew after every step, by chance.  Law: both list the same clients since
//! the same times, every watcher is told the same in the same order, and when all is over nothing is left.

use super::*;
use crate::base::time::Millis;
use crate::testing::dice::Dice;
use std::collections::BTreeMap;

const CHANNELS: [&str; 3] = ["a", "b", "c"];
/// What a watcher is told one by one.
const MOST: usize = 6;

/// Client and channel.
type Place = (u8, usize);

struct Listener {
    id: ReaderId,
    client: u8,
    channels: Vec<usize>,
    /// Up to which step it was told, if it watches.
    told: Option<usize>,
}

#[derive(Default)]
struct Company {
    readers: Vec<Listener>,
    /// Who is there, since when.
    present: BTreeMap<Place, u64>,
    /// Until when a place is kept for whom, and which of them came first.
    away: BTreeMap<Place, (u64, usize)>,
    serial: usize,
    /// Place, and whether it was a join.
    history: Vec<(Place, bool)>,
    /// Up to which step a watcher without a reader was told, and until when that is remembered.
    places: BTreeMap<Place, (usize, u64)>,
}

impl Company {
    fn present_in(&self, channel: usize) -> usize {
        self.present.keys().filter(|place| place.1 == channel).count()
    }

    fn is_there(&self, place: Place) -> bool {
        self.readers.iter().any(|r| r.client == place.0 && r.channels.contains(&place.1))
    }

    /// Whoever has a reader or a place kept is there; everybody else is not. Changes in the order of `of`.
    fn work_out(&mut self, now: u64, of: impl IntoIterator<Item = Place>) {
        for place in of {
            let is_there = self.is_there(place);
            if is_there {
                self.away.remove(&place);
            }
            let is_present = is_there || self.away.contains_key(&place);
            match (self.present.contains_key(&place), is_present) {
                (false, true) => {
                    self.present.insert(place, now);
                    self.history.push((place, true));
                }
                (true, false) => {
                    self.present.remove(&place);
                    self.history.push((place, false));
                }
                (true, true) | (false, false) => {}
            }
        }
    }

    fn expire(&mut self, now: u64) {
        let mut due: Vec<_> = self.away.iter().map(|(place, until)| (*until, *place)).collect();
        due.retain(|((until, _), _)| *until <= now);
        due.sort();
        due.iter().for_each(|(_, place)| {
            self.away.remove(place);
        });
        self.work_out(now, due.into_iter().map(|(_, place)| place));
        self.places.retain(|_, (_, until)| *until > now);
    }

    /// `+1a`, `-1a`, `?a`, as the hub's news are written.
    fn news(&self, reader: &Listener) -> Vec<String> {
        let Some(told) = reader.told else { return Vec::new() };
        let mine = |(place, _): &&(Place, bool)| reader.channels.contains(&place.1);
        let of = |channel: usize| self.history[told..].iter().filter(move |(place, _)| place.1 == channel);
        let name = |channel: usize| format!("?{}", CHANNELS[channel]);
        let over: Vec<usize> = reader.channels.iter().copied().filter(|c| of(*c).count() > MOST).collect();
        let all = self.history[told..].iter().filter(mine).filter(|(place, _)| place.0 != reader.client);
        let rest: Vec<_> = all.filter(|(place, _)| !over.contains(&place.1)).collect();
        let mut list: Vec<String> = over.iter().map(|channel| name(*channel)).collect();
        if rest.len() > MOST {
            let mut channels: Vec<_> = rest.iter().map(|(place, _)| place.1).collect();
            channels.sort();
            channels.dedup();
            list.extend(channels.into_iter().map(name));
            return list;
        }
        let sign = |is_join| if is_join { '+' } else { '-' };
        list.extend(rest.iter().map(|(place, is_join)| told_as(sign(*is_join), place.0, CHANNELS[place.1])));
        list
    }
}

fn told_as(sign: char, client: u8, channel: &str) -> String {
    format!("{sign}{client}{channel}")
}

struct Game {
    dice: Dice,
    hub: Hub,
    model: Company,
    now: u64,
}

impl Game {
    fn some_channels(&mut self) -> Vec<usize> {
        let from = self.dice.below(3);
        (0..1 + self.dice.below(3)).map(|n| (from + n) % 3).collect()
    }

    fn come(&mut self) {
        let (client, mut channels) = (1 + self.dice.below(5) as u8, self.some_channels());
        let watches = self.dice.one_in(2);
        if watches {
            // One client watches the same channels each time: with others it would be told too much, which does no harm.
            channels = vec![usize::from(client) % 3, (usize::from(client) + 1) % 3];
        }
        let names: Vec<_> = channels.iter().map(|c| name(CHANNELS[*c])).collect();
        let start = self.hub.subscribe(0, Some(ClientId([client; 12])), &names, Start::Now, self.now);
        let id = start.expect("within the limits");
        self.hub.introduce(id, Guest { watches, ..Guest::default() }, self.now);
        self.model.readers.push(Listener { id, client, channels: channels.clone(), told: None });
        self.model.work_out(self.now, channels.iter().map(|channel| (client, *channel)));
        if watches {
            let places: Vec<_> =
                channels.iter().filter_map(|c| self.model.places.remove(&(client, *c))).collect();
            let told = places.iter().map(|(told, _)| *told).min().unwrap_or(self.model.history.len());
            self.model.readers.last_mut().expect("it came").told = Some(told);
        }
    }

    fn lose(&mut self, index: usize) {
        let Listener { id, client, channels, told } = self.model.readers.swap_remove(index);
        self.hub.lose(id, Millis(self.now));
        for channel in &channels {
            let place = (client, *channel);
            if let Some(told) = told {
                self.model.places.insert(place, (told, self.now + ROOMY.session_grace_ms));
            }
            if !self.model.is_there(place) {
                self.model.serial += 1;
                self.model.away.insert(place, (self.now + ROOMY.presence_grace_ms, self.model.serial));
            }
        }
    }

    fn leave(&mut self, index: usize) {
        let Listener { id, client, channels, .. } = self.model.readers.swap_remove(index);
        self.hub.leave(id);
        self.model.work_out(self.now, channels.into_iter().map(|channel| (client, channel)));
    }

    fn add(&mut self, index: usize) {
        let channels = self.some_channels();
        let reader = &mut self.model.readers[index];
        let names: Vec<_> = channels.iter().map(|c| name(CHANNELS[*c])).collect();
        self.hub.add(reader.id, &names, None, self.now).expect("within the limits");
        let new: Vec<_> = channels.into_iter().filter(|c| !reader.channels.contains(c)).collect();
        reader.channels.extend(&new);
        let client = reader.client;
        self.model.work_out(self.now, new.into_iter().map(|channel| (client, channel)));
    }

    fn remove(&mut self, index: usize) {
        let channel = self.dice.below(3);
        let reader = &mut self.model.readers[index];
        let had = reader.channels.contains(&channel);
        assert_eq!(self.hub.remove(reader.id, CHANNELS[channel]), had);
        reader.channels.retain(|other| *other != channel);
        let place = (reader.client, channel);
        self.model.work_out(self.now, [place]);
    }

    fn expire(&mut self) {
        self.hub.let_go(Millis(self.now));
        self.model.expire(self.now);
    }

    fn listen(&mut self, index: usize) {
        while self.hub.poll_dirty().is_some() {}
        let expected = self.model.news(&self.model.readers[index]);
        let reader = &mut self.model.readers[index];
        let told = self.hub.news(reader.id, MOST);
        let told: Vec<String> = told
            .iter()
            .map(|news| match news {
                News::Changed(channel) => format!("?{channel}"),
                News::Coming(Coming { channel, client, is_join, .. }) => {
                    told_as(if *is_join { '+' } else { '-' }, client.0[0], channel)
                }
            })
            .collect();
        assert_eq!(told, expected);
        self.hub.take_news(reader.id);
        reader.told = reader.told.map(|_| self.model.history.len());
    }

    fn check(&self) {
        for (index, channel) in CHANNELS.into_iter().enumerate() {
            let (list, count) = self.hub.present(channel, 100);
            let mut listed: Vec<_> = list.iter().map(|p| (p.client.0[0], p.since_ms)).collect();
            listed.sort();
            let expected = self.model.present.iter().filter(|(place, _)| place.1 == index);
            let expected: Vec<_> = expected.map(|(place, since_ms)| (place.0, *since_ms)).collect();
            assert_eq!((listed, count), (expected, self.model.present_in(index)), "{channel}");
        }
    }

    fn turn(&mut self) {
        let someone = match self.model.readers.len() {
            0 => None,
            count => Some(self.dice.below(count)),
        };
        match (self.dice.below(14), someone) {
            (0..=3, _) | (_, None) if self.model.readers.len() < 12 => self.come(),
            (4, _) => {
                self.now += self.dice.number(20_000);
                self.expire();
            }
            (5 | 6, Some(index)) => self.lose(index),
            (7, Some(index)) => self.leave(index),
            (8, Some(index)) if self.model.readers[index].told.is_none() => self.remove(index),
            (9, Some(index)) if self.model.readers[index].told.is_none() => self.add(index),
            (_, Some(index)) => self.listen(index),
            (_, None) => {}
        }
        self.check();
    }
}

#[test]
fn presence_is_what_is_worked_out_anew_each_time() {
    for seed in 1..=40 {
        let hub = Hub::new(ROOMY, MessageId::ZERO);
        let mut game = Game { dice: Dice::new(seed), hub, model: Company::default(), now: 1000 };
        for _ in 0..500 {
            game.turn();
        }
        while !game.model.readers.is_empty() {
            game.lose(0);
        }
        game.now += 60_000;
        game.expire();
        game.check();
        assert_eq!((game.hub.client_total(), game.hub.next_departure()), (0, None), "seed {seed}");
    }
}
