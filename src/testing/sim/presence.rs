//! Who is present, as far as can be told from outside.  Law: comings and goings of a client in a channel alternate, for
//! each who watches, and sum up to the listing; nobody has left who was away for less than the grace; and when all has
//! been quiet for longer than that, whoever listens is listed once, and whoever does not is not.

use super::truth::Truth;
use crate::base::time::Millis;
use crate::testing::decode::http::{HttpPart, ResponseReader};
use crate::testing::driver::World;
use core::cell::RefCell;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A client in a channel.
type Place = (String, String);

/// When each client was certainly there.
#[derive(Default)]
pub struct Presence {
    grace_ms: u64,
    seen: RefCell<BTreeMap<Place, Seen>>,
}

struct Seen {
    /// The last time that it was certainly there.
    at: Millis,
    /// The last time that it was there and can have been away for long before.
    came_at: Millis,
}

impl Presence {
    /// Nobody yet.
    pub fn new(grace_ms: u64) -> Self {
        Presence { grace_ms, seen: RefCell::default() }
    }

    /// The client certainly listens to the channel.
    pub fn sees(&self, now: Millis, channel: &str, client: &str) {
        let mut seen = self.seen.borrow_mut();
        let place =
            seen.entry((channel.to_owned(), client.to_owned())).or_insert(Seen { at: now, came_at: now });
        if now >= place.at + self.grace_ms {
            place.came_at = now;
        }
        place.at = now;
    }

    /// The client has left the channel, or is about to, without a grace.
    pub fn leaves(&self, channel: &str, client: &str) {
        self.seen.borrow_mut().remove(&(channel.to_owned(), client.to_owned()));
    }

    /// The channel was deleted.
    pub fn deleted(&self, channel: &str) {
        self.seen.borrow_mut().retain(|(name, _), _| name != channel);
    }

    /// Another process knows nobody.
    pub fn forget(&self) {
        self.seen.borrow_mut().clear();
    }

    /// Can the client have been away for the grace, at some time since `since`?
    fn may_have_left(&self, now: Millis, since: Millis, channel: &str, client: &str) -> bool {
        let seen = self.seen.borrow();
        seen.get(&(channel.to_owned(), client.to_owned()))
            .is_none_or(|seen| now >= seen.at + self.grace_ms || seen.came_at >= since)
    }

    /// Has the client certainly been there since `since`?
    pub fn is_here(&self, now: Millis, since: Millis, client: &str) -> bool {
        let is_here =
            |((_, of), seen): (&Place, &Seen)| of == client && seen.at == now && seen.came_at < since;
        self.seen.borrow().iter().any(is_here)
    }
}

/// What one reader was told of comings and goings.
#[derive(Debug, Default)]
pub struct Watch {
    told: BTreeMap<Place, bool>,
    heard_at: Millis,
}

impl Watch {
    /// What is heard from now on was said at `at` or later.
    pub fn has_heard_until(&mut self, at: Millis) {
        self.heard_at = self.heard_at.max(at);
    }

    /// A client came, or left.
    pub fn hears(&mut self, truth: &Truth, channel: &str, client: &str, is_join: bool) -> Result<(), String> {
        truth.tally.count(if is_join { "a coming told" } else { "a leaving told" });
        let before = self.told.insert((channel.to_owned(), client.to_owned()), is_join);
        if before == Some(is_join) {
            return Err(format!("{client} comes to {channel} or leaves it twice, came {is_join}"));
        }
        let now = truth.now.at;
        match is_join || truth.presence.may_have_left(now, self.heard_at, channel, client) {
            true => Ok(()),
            false => Err(format!("{client} is said to have left {channel} and was not away for the grace")),
        }
    }

    /// It is to look anew.
    pub fn forget(&mut self, channel: &str) {
        self.told.retain(|(name, _), _| name != channel);
    }

    /// Does what was told sum up to the listing?
    pub fn agrees(&self, channel: &str, listed: &BTreeSet<String>) -> Result<(), String> {
        let is_wrong = |((name, client), is_there): &(&Place, &bool)| {
            name == channel && listed.contains(client) != **is_there
        };
        match self.told.iter().find(is_wrong) {
            None => Ok(()),
            Some(((_, client), is_there)) => Err(format!(
                "{client} was last told to be in {channel}: {is_there}, and {listed:?} are listed"
            )),
        }
    }
}

/// Asks who is present in a channel; each is listed once.
pub fn list(world: &mut World, channel: &str) -> Result<BTreeSet<String>, String> {
    let line = world.connect();
    world.send(line, format!("GET /presence/{channel} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    world.settle();
    let mut http = ResponseReader::default();
    http.expect(false);
    http.push(&world.take_written(line));
    world.reset(line);
    let mut body = Vec::new();
    for part in http.all()? {
        match part {
            HttpPart::Head(head) if head.status == 200 => {}
            HttpPart::Body(bytes) => body.extend(bytes),
            HttpPart::End => {}
            other => return Err(format!("{other:?} is no listing")),
        }
    }
    let listing: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let clients = listing["clients"].as_array().ok_or("clients is a list")?;
    let ids: BTreeSet<String> =
        clients.iter().filter_map(|one| one["id"].as_str()).map(str::to_owned).collect();
    match ids.len() == clients.len() && listing["count"] == clients.len() && listing["channel"] == channel {
        true => Ok(ids),
        false => Err(format!("each is listed once: {listing}")),
    }
}
