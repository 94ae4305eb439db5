//! A page that speaks Socket.IO: one session, one or two namespaces on it, cut off and back again.  Law: each namespace
//! hears what its channels say once, in order, or is told why not ([`namespace`]), whatever carries the session.

use super::engine::{Engine, Event};
use super::ledger::Ledger;
use super::scenario::CHANNELS;
use super::truth::Truth;
use crate::base::time::Millis;
use crate::testing::decode::engineio::Said;
use crate::testing::decode::socketio::{Kind, PacketReader};
use crate::testing::dice::Dice;
use crate::testing::driver::{Line, World};
use namespace::Namespace;
use std::collections::BTreeSet;

mod joining;
mod namespace;
mod saying;

/// One page with at most one session.
pub struct Page {
    /// As failures call it.
    name: String,
    engine: Option<Engine>,
    packets: PacketReader,
    spaces: Vec<Namespace>,
    /// Connections that it has left, and when the sessions on them are certainly over.
    left: Vec<(Line, Millis)>,
    left_until: Millis,
    /// Every public name that this process gave it.
    clients: Vec<String>,
    /// Everything was listened to at this time (Unix ms).
    heard_ms: u64,
}

/// Packets of Socket.IO that end the session.
const MALFORMED: [&str; 13] = [
    "4",
    "49",
    "42",
    "42[]",
    "42{}",
    "42[1",
    r#"42["connect"]"#,
    r#"42["disconnect",1]"#,
    r#"43["x"]"#,
    r#"44{"message":"no"}"#,
    r#"41{}"#,
    r#"450-["x"]"#,
    r#"40/zzz,[]"#,
];

/// Ends the session too, unless it was put out of a namespace: then such a packet may have been on its way.
const NEVER_JOINED: &str = r#"42/zzz,["never joined"]"#;

impl Page {
    /// One that has heard nothing yet.
    pub fn new(name: usize, dice: &mut Dice) -> Self {
        let name = format!("page-{name}");
        let from = dice.below(CHANNELS.len());
        let count = 1 + dice.below(2);
        let spaces =
            (0..count).map(|n| Namespace::new(&name, CHANNELS[(from + 2 * n) % CHANNELS.len()], dice));
        Page {
            spaces: spaces.collect(),
            name,
            engine: None,
            packets: PacketReader::default(),
            left: Vec::new(),
            left_until: Millis(0),
            clients: Vec::new(),
            heard_ms: 0,
        }
    }

    /// Does something: connects, sends, joins, publishes, stalls, hangs up.
    pub fn act(&mut self, world: &mut World, truth: &Truth, ledger: &mut Ledger, dice: &mut Dice) {
        let Some(engine) = &mut self.engine else {
            if dice.one_in(3) {
                self.packets = PacketReader::default();
                self.engine = Some(Engine::connect(world, truth, dice));
            }
            return;
        };
        match dice.below(160) {
            0 | 1 => self.hang_up(world, dice),
            2 => engine.stall(world, dice),
            3 => engine.misbehave(world, truth, dice),
            4 => self.be_rude(dice),
            5 if engine.is_open() => engine.say_goodbye(),
            6..=9 => engine.cut_probe(world, truth),
            10..=69 if engine.is_open() && !engine.is_rude() => {
                let space = dice.below(self.spaces.len());
                self.spaces[space].act(engine, truth, ledger, world.now(), dice);
            }
            _ => engine.act(world, truth, dice),
        }
    }

    fn be_rude(&mut self, dice: &mut Dice) {
        let Some(engine) = self.engine.as_mut().filter(|engine| engine.is_open() && !engine.is_rude()) else {
            return;
        };
        match dice.below(4) {
            0 => engine.do_wrong("bytes that belong to nothing", Said::Binary(vec![1, 2, 3])),
            1 => {
                engine.queue(Said::Packet(r#"451-["x",{"_placeholder":true,"num":0}]"#.to_owned()));
                engine.do_wrong("text where bytes are due", Said::Packet(r#"42["x"]"#.to_owned()));
            }
            2 if dice.one_in(4) => engine.may_do_wrong("an event to where it never was", NEVER_JOINED),
            _ => {
                let text = (*dice.pick(&MALFORMED)).to_owned();
                engine.do_wrong("a malformed packet of Socket.IO", Said::Packet(text));
            }
        }
    }

    /// Goes away in the middle of whatever it does.
    pub fn hang_up(&mut self, world: &mut World, dice: &mut Dice) {
        let Some(engine) = self.engine.take() else { return };
        let now = world.now().at;
        let until = engine.dead_by(now);
        self.left.extend(engine.lines().map(|line| (line, until)));
        self.left_until = self.left_until.max(until);
        let was_polite = !engine.is_rude() && engine.is_alive(now);
        self.spaces.iter_mut().for_each(|space| space.is_cut(now, was_polite, engine.was_slow()));
        engine.leave(world, dice);
    }

    /// The process behind the connections is another one.
    pub fn restarted(&mut self) {
        (self.engine, self.left_until) = (None, Millis(0));
        self.clients.clear();
        self.left.clear();
        self.spaces.iter_mut().for_each(Namespace::restarted);
    }

    /// The server was told to end.
    pub fn is_drained(&mut self, world: &World) {
        if let Some(engine) = &mut self.engine {
            engine.is_drained(world);
        }
    }

    /// The server says that it is over: it has ended what this page had under way.
    pub fn was_told(&self) -> Result<(), String> {
        let told = self.engine.as_ref().map_or(Ok(()), Engine::was_told);
        told.map_err(|error| format!("{}: {error}", self.name))
    }

    /// Takes everything that the server says from now on, and says the rest of what it has begun.
    pub fn heal(&mut self, world: &mut World, truth: &Truth, dice: &mut Dice) {
        if let Some(engine) = &mut self.engine {
            engine.heal(world, truth, dice);
        }
    }

    /// Reads what the server wrote.
    pub fn listen(
        &mut self,
        world: &mut World,
        truth: &Truth,
        ledger: &mut Ledger,
        dice: &mut Dice,
    ) -> Result<(), String> {
        let Some(engine) = &mut self.engine else { return Ok(()) };
        let events = engine.listen(world, truth, dice).map_err(|error| format!("{}: {error}", self.name))?;
        let is_over = engine.is_over();
        let arrived = engine.arrived;
        self.spaces.iter_mut().for_each(|space| space.has_arrived(arrived, truth));
        for event in events {
            self.hear(event, truth, ledger)?;
        }
        self.heard_ms = world.now().unix_ms;
        for client in self.spaces.iter().filter_map(|space| space.client.as_ref()) {
            if !self.clients.contains(client) {
                self.clients.push(client.clone());
            }
        }
        if is_over {
            let has_ended = self.engine.as_ref().is_some_and(|engine| engine.was_drained(world.now().at));
            if has_ended && let Some(space) = self.spaces.iter().find(|space| space.misses_the_end()) {
                return Err(format!("{}{}: it was not told that the server ends", self.name, space.path));
            }
            self.hang_up(world, dice);
        }
        Ok(())
    }

    fn hear(&mut self, event: Event, truth: &Truth, ledger: &mut Ledger) -> Result<(), String> {
        let whole = match event {
            Event::Text(text) => self.packets.text(&text)?,
            Event::Binary(bytes) => {
                truth.tally.count("an attachment heard");
                self.packets.binary(bytes)?
            }
        };
        let Some(packet) = whole else { return Ok(()) };
        if let (Kind::Connect, Some(engine)) = (packet.kind, &mut self.engine) {
            engine.has_joined = true;
        }
        let space = self.spaces.iter_mut().find(|space| space.path == packet.namespace);
        let space =
            space.ok_or_else(|| format!("{}: nobody joined the namespace of {packet:?}", self.name))?;
        space.hear(&packet, truth, ledger).map_err(|error| format!("{}{}: {error}", self.name, space.path))
    }

    /// Has it said everything that it began to say?
    pub fn is_quiet(&self) -> bool {
        self.engine.as_ref().is_none_or(Engine::is_quiet)
    }

    /// Nothing moves any more, and the page takes everything: is all told?
    pub fn is_done(&self, now: Millis, truth: &Truth) -> Result<(), String> {
        let Some(engine) = &self.engine else { return Ok(()) };
        engine.is_done(now).map_err(|error| format!("{} at rest: {error}", self.name))?;
        if engine.is_rude() || engine.is_over() {
            return Ok(());
        }
        self.spaces.iter().try_for_each(|space| {
            space.is_idle(truth).map_err(|error| format!("{}{} at rest: {error}", self.name, space.path))
        })
    }

    /// What it certainly listens to, and as whom.
    pub fn listens_to(&self, world: &World) -> Vec<(&str, &str)> {
        match self.engine.as_ref().filter(|engine| engine.is_certain(world)) {
            Some(_) => self.spaces.iter().flat_map(Namespace::certain_channels).collect(),
            None => Vec::new(),
        }
    }

    /// Its public names, once they were told.
    pub fn clients(&self) -> impl Iterator<Item = String> {
        let is_there = self.engine.is_some();
        self.spaces.iter().filter(move |_| is_there).filter_map(|space| space.client.clone())
    }

    /// Its public names, if nothing of it is left.
    pub fn gone_clients(&self, world: &World) -> Vec<String> {
        let is_gone = self.engine.is_none()
            && world.now().at >= self.left_until
            && self.left.iter().all(|(line, _)| world.is_closed(*line));
        if is_gone { self.clients.clone() } else { Vec::new() }
    }

    /// Is everybody listed who it was told is there, and nobody else?
    pub fn agrees(&self, world: &World, channel: &str, listed: &BTreeSet<String>) -> Result<(), String> {
        if !self.engine.as_ref().is_some_and(|engine| engine.is_certain(world)) {
            return Ok(());
        }
        self.spaces.iter().try_for_each(|space| space.agrees(channel, listed))
    }
}
