//! A backend: publishes, one or many at once, repeats itself, deletes, and hangs up when it likes.  Law: each request
//! gets one answer, in order; what it says is in the ledger.

use super::exchange::{Answered, Asked, Exchange};
use super::ledger::Ledger;
use super::payload::Payload;
use super::scenario::{CHANNELS, Scenario};
use super::truth::Truth;
use crate::base::time::Millis;
use crate::base::wheel::TICK_MS;
use crate::limits::REPEAT_KEY_MS;
use crate::message::MessageId;
use crate::testing::decode::head::ResponseHead;
use crate::testing::dice::Dice;
use crate::testing::driver::World;
use serde_json::Value;

/// Keys that a publisher takes in turn, so that some are taken again.
const KEYS: u64 = 6;

/// Milliseconds in which a publisher repeats itself: well before its key is forgotten.
const REPEATS_MS: u64 = REPEAT_KEY_MS / 3;

/// One backend with at most one connection.
pub struct Publisher {
    name: usize,
    talk: Option<Exchange<Told>>,
    /// The last request with each idempotency key, and when it was made (Unix ms).
    keyed: Vec<(u64, u64, Request)>,
    keys_used: u64,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    /// Without the idempotency key.
    head: String,
    body: Vec<u8>,
    /// What it publishes, in order.
    parts: Vec<(String, Vec<u8>)>,
    /// It reads, and may be held for so many seconds.
    wait_s: Option<u64>,
}

/// A request that was said.
struct Told {
    request: Request,
    key: Option<u64>,
    /// The key was used for another request before, and that may be remembered.
    may_mismatch: bool,
}

impl Publisher {
    /// One without a connection.
    pub fn new(name: usize) -> Self {
        Publisher { name, talk: None, keyed: Vec::new(), keys_used: 0 }
    }

    /// Does something: connects, asks, sends, hangs up.
    pub fn act(
        &mut self,
        world: &mut World,
        truth: &Truth,
        ledger: &mut Ledger,
        scenario: &Scenario,
        clients: &[String],
        dice: &mut Dice,
    ) {
        let Some(talk) = &mut self.talk else {
            self.talk = Some(Exchange::connect(world));
            return;
        };
        let waiting = talk.waiting();
        match dice.below(20) {
            0 => self.hang_up(world, dice),
            1 => talk.out.stall(world, dice),
            2..=8 if waiting < 3 => self.ask(world, truth, ledger, scenario, clients, dice),
            _ => talk.out.send(world, dice),
        }
    }

    /// Goes away in the middle of whatever it does.
    pub fn hang_up(&mut self, world: &mut World, dice: &mut Dice) {
        if let Some(talk) = self.talk.take() {
            talk.out.leave(world, dice);
        }
    }

    /// The process behind the connection is another one. `has_forgotten`: it knows nothing of the last one's log.
    pub fn restarted(&mut self, has_forgotten: bool) {
        self.talk = None;
        if has_forgotten {
            self.keyed.clear();
        }
    }

    /// Takes everything that the server says from now on, and says the rest of what it has begun.
    pub fn heal(&mut self, world: &mut World) {
        if let Some(talk) = &mut self.talk {
            talk.out.heal(world);
            talk.out.send_all(world);
        }
    }

    /// Has it said everything that it began to say?
    pub fn is_quiet(&self) -> bool {
        self.talk.as_ref().is_none_or(|talk| talk.out.is_empty())
    }

    /// Everything that was asked must have been answered, but for a poll that is held.
    pub fn is_done(&self, now: Millis) -> Result<(), String> {
        match self.talk.as_ref().and_then(Exchange::front) {
            Some(asked) if may_be_held(asked, now) => Ok(()),
            Some(asked) => {
                Err(format!("publisher {}: no answer to {}", self.name, asked.request.request.head))
            }
            None => Ok(()),
        }
    }

    fn ask(
        &mut self,
        world: &World,
        truth: &Truth,
        ledger: &mut Ledger,
        scenario: &Scenario,
        clients: &[String],
        dice: &mut Dice,
    ) {
        let unix_ms = world.now().unix_ms;
        self.keyed.retain(|(_, asked_ms, _)| unix_ms < asked_ms + REPEATS_MS);
        let (request, key, may_mismatch) = match dice.below(6) {
            // Again, under its key.
            0 if !self.keyed.is_empty() => {
                let (key, _, request) = dice.pick(&self.keyed).clone();
                (request, Some(key), self.keys_used > KEYS)
            }
            1 => {
                self.keys_used += 1;
                let key = self.keys_used % KEYS;
                let request = Request::throw(ledger, scenario, clients, dice);
                let was_used = self.keys_used > KEYS;
                self.keyed.retain(|(used, ..)| *used != key);
                self.keyed.push((key, unix_ms, request.clone()));
                (request, Some(key), was_used)
            }
            _ => (Request::throw(ledger, scenario, clients, dice), None, false),
        };
        let Some(talk) = &mut self.talk else { return };
        for (_, payload) in &request.parts {
            ledger.sent(payload);
        }
        let key_field =
            key.map_or_else(String::new, |key| format!("Idempotency-Key: {}/{key}\r\n", self.name));
        let head = format!("{}Content-Length: {}\r\n{key_field}\r\n", request.head, request.body.len());
        let body = request.body.clone();
        talk.ask(world, truth, Told { request, key, may_mismatch }, &head, &body);
    }

    /// Reads what the server wrote.
    pub fn listen(&mut self, world: &mut World, truth: &Truth, ledger: &mut Ledger) -> Result<(), String> {
        let Some(talk) = &mut self.talk else { return Ok(()) };
        for Answered { asked, head, body } in talk.listen(world)? {
            asked.request.answered((asked.at, asked.failures), truth, ledger, &head, &body)?;
        }
        talk.watch(world, |_| true);
        if !talk.is_closed(world) {
            return Ok(());
        }
        // What was asked behind the last answer is not done, or is not known to be.
        let may_be_cut = talk.may_be_cut(world, truth);
        match self.talk.take().as_ref().and_then(Exchange::front) {
            Some(Asked { request: Told { request, .. }, .. }) if !may_be_cut => {
                Err(format!("publisher {}: cut off before the answer to {}", self.name, request.head))
            }
            _ => Ok(()),
        }
    }
}

/// A poll is held for as long as it wants.
fn may_be_held(asked: &Asked<Told>, now: Millis) -> bool {
    let end = |wait_s: u64| asked.held_at.map(|since| since + 1000 * wait_s + 2 * TICK_MS);
    asked.request.request.wait_s.is_some_and(|wait_s| end(wait_s).is_none_or(|end| now <= end))
}

impl Request {
    fn throw(ledger: &mut Ledger, scenario: &Scenario, clients: &[String], dice: &mut Dice) -> Self {
        match dice.below(14) {
            0 => Self::delete(dice),
            4 if !clients.is_empty() => Self::send(ledger, clients, dice),
            1 | 2 => Self::poll(dice),
            3 => Self::bulk(ledger, scenario, dice),
            _ => Self::publish(ledger, scenario, clients, dice),
        }
    }

    fn publish(ledger: &mut Ledger, scenario: &Scenario, clients: &[String], dice: &mut Dice) -> Self {
        let channel = *dice.pick(&CHANNELS);
        let Payload { data, content_type } = Payload::throw(ledger, dice, scenario.payload_max);
        let mut options = Vec::new();
        if dice.one_in(4) {
            options.push(format!("event={}", dice.pick(&["tick", "tock", "%C3%A9t%C3%A9"])));
        }
        if dice.one_in(6) && !clients.is_empty() {
            options.push(format!("except={}", dice.pick(clients)));
        }
        if dice.one_in(8) && scenario.settings.retain_age_ms >= 2_000 {
            options.push(format!("ttl={}", 1 + dice.below(2)));
        }
        match dice.below(8) {
            0 => options.push("retain=0".to_owned()),
            1 | 2 => options.push(format!("key=k{}", dice.below(3))),
            _ => {}
        }
        let content_type = content_type.map_or_else(String::new, |name| format!("Content-Type: {name}\r\n"));
        let head = format!(
            "POST /channels/{channel}?{} HTTP/1.1\r\nHost: localhost\r\n{content_type}",
            options.join("&")
        );
        Request { head, parts: vec![(channel.to_owned(), data.clone())], body: data, wait_s: None }
    }

    fn bulk(ledger: &mut Ledger, scenario: &Scenario, dice: &mut Dice) -> Self {
        let mut request = Request {
            head: "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
                .to_owned(),
            body: Vec::new(),
            parts: Vec::new(),
            wait_s: None,
        };
        // Many short ones in turn are more pieces than one write takes.
        let (lines_max, payload_max) = *dice.pick(&[(12, 2_000), (12, 2_000), (12, 2_000), (200, 20)]);
        for _ in 0..1 + dice.below(lines_max) {
            let channel = *dice.pick(&CHANNELS);
            let text = Payload::throw_text(ledger, dice, scenario.payload_max.min(payload_max));
            let line = serde_json::json!({ "channel": channel, "data": text });
            request.body.extend_from_slice(format!("{line}\n").as_bytes());
            request.parts.push((channel.to_owned(), text.into_bytes()));
        }
        request
    }

    /// To one client alone.
    fn send(ledger: &mut Ledger, clients: &[String], dice: &mut Dice) -> Self {
        let client = dice.pick(clients);
        let data = Payload::throw_text(ledger, dice, 100).into_bytes();
        let head = format!("POST /clients/{client} HTTP/1.1\r\nHost: localhost\r\n");
        Request { head, parts: vec![(format!("@client/{client}"), data.clone())], body: data, wait_s: None }
    }

    fn delete(dice: &mut Dice) -> Self {
        let channel = *dice.pick(&CHANNELS);
        let head = format!("DELETE /channels/{channel} HTTP/1.1\r\nHost: localhost\r\n");
        Request { head, body: Vec::new(), parts: Vec::new(), wait_s: None }
    }

    /// What stands behind it in the connection waits for as long as it is held.
    fn poll(dice: &mut Dice) -> Self {
        let channel = *dice.pick(&CHANNELS);
        let since = *dice.pick(&["", "&since=start&limit=1", "&last=1"]);
        let wait_s = dice.below(4) as u64;
        let head = format!("GET /channels/{channel}?wait={wait_s}{since} HTTP/1.1\r\nHost: localhost\r\n");
        Request { head, body: Vec::new(), parts: Vec::new(), wait_s: Some(wait_s) }
    }
}

impl Told {
    fn answered(
        self,
        (at, failures): (Millis, u64),
        truth: &Truth,
        ledger: &mut Ledger,
        head: &ResponseHead,
        body: &[u8],
    ) -> Result<(), String> {
        let Request { parts, .. } = &self.request;
        match head.status {
            // What it says is for readers to judge.
            200 | 410 if self.request.wait_s.is_some() => Ok(()),
            200 => {
                let answer: Value =
                    serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))?;
                let ids = ids(&answer)?;
                if ids.len() != parts.len() {
                    return Err(format!("{} published, {} ids", parts.len(), ids.len()));
                }
                let is_repeated = head.field("Holdline-Repeated").is_some();
                truth.tally.count(if is_repeated { "a publish repeated" } else { "a publish acknowledged" });
                for ((channel, payload), id) in parts.iter().zip(ids) {
                    ledger.acknowledged(truth, channel, payload, id)?;
                }
                Ok(())
            }
            404 if matches!(&parts[..], [(channel, _)] if channel.starts_with("@client/")) => {
                let client = parts[0].0.trim_start_matches("@client/");
                match truth.presence.is_here(truth.now.at, at, client) {
                    true => Err(format!("{client} is here, and nobody is said to have this name")),
                    false => Ok(()),
                }
            }
            204 if parts.is_empty() => Ok(()),
            // Another request had this key, and this one was never done, or is not known to have been.
            422 if self.key.is_some() && self.may_mismatch => {
                truth.tally.count("a mismatch told");
                Ok(())
            }
            // A poll beyond what may be held.
            503 if self.request.wait_s.is_some() && truth.troubles.may_refuse() => Ok(()),
            // It may come all the same.
            503 => truth.journal_failed_since(failures),
            // It did not say all of it in time.
            408 => Ok(()),
            status => Err(format!("{} was answered {status} {}", self.request.head, body.escape_ascii())),
        }
    }
}

fn ids(answer: &Value) -> Result<Vec<MessageId>, String> {
    let one = |value: &Value| {
        value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| format!("no id: {answer}"))
    };
    match answer.get("ids") {
        Some(list) => list.as_array().ok_or("ids is a list")?.iter().map(one).collect(),
        None => Ok(vec![one(&answer["id"])?]),
    }
}
