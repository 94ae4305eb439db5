//! A client of Engine.IO 4: a session over polling, over a WebSocket, or first the one and then the other.  Law: what is
//! said arrives in its order, whatever carries it; the session ends on time where no pong is sent, for its client's
//! misdeeds, and otherwise not at all.

use super::exchange::Exchange;
use super::truth::Truth;
use crate::base::time::Millis;
use crate::base::wheel::TICK_MS;
use crate::testing::decode::engineio::{self, Open, Said};
use crate::testing::dice::Dice;
use crate::testing::driver::{Line, World};
use std::collections::VecDeque;
use wire::Wire;

mod hearing;
mod misdeeds;
mod verdict;
mod wire;

/// Milliseconds that an upgrade may take.
const UPGRADE_MS: u64 = 10_000;
/// Milliseconds in which a session must join something.
const JOIN_MS: u64 = 45_000;

/// One session, from its handshake on.
pub struct Engine {
    begins_as: Transport,
    open: Option<Open>,
    get: Option<Exchange<Millis>>,
    post: Option<Exchange<Millis>>,
    socket: Option<Wire>,
    /// Another request than those, which has no business here.
    intruder: Option<Exchange<Millis>>,
    /// The WebSocket carries it: it was opened so, or the upgrade was said.
    is_upgraded: bool,
    /// A WebSocket that is to take over gets through.
    has_probed: bool,
    probed_at: Millis,
    wants_upgrade: bool,
    queue: VecDeque<Said>,
    /// How many packets were ever queued, said, and are known to have arrived.
    pub queued: u64,
    said: u64,
    /// As above.
    pub arrived: u64,
    life: Life,
    /// When it was asked for, and whether it was let into a namespace since.
    began_at: Millis,
    /// As above.
    pub has_joined: bool,
    /// What it did that ends it, and which packet does, if one does.
    misdeed: Option<(&'static str, u64)>,
    /// It is over, and how that was told.
    pub over: Option<&'static str>,
    /// It takes, or took, little of what the server says.
    was_slow: bool,
    /// The server was told to end when it had a carrier on which it can say so.
    must_be_told: bool,
    /// The server was told to end, and may have ended it where that cannot be said.
    is_drained: bool,
}

/// What carries a session.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Requests.
    Polling,
    /// Frames.
    WebSocket,
}

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

/// Pings and pongs.
struct Life {
    /// The server counts from here on, or later.
    since_min: Millis,
    /// When the last pong that arrived was said.
    answered_at: Millis,
    /// And from here on, or earlier; `None`: a pong is on its way.
    since_max: Option<Millis>,
    /// Which packet is the pong that is on its way, and when it was said.
    pong: Option<(u64, Millis)>,
    /// A ping was heard since the last pong arrived.
    is_pinged: bool,
    /// It answers no ping.
    is_silent: bool,
}

impl Engine {
    /// Asks for a session.
    pub fn connect(world: &mut World, truth: &Truth, dice: &mut Dice) -> Self {
        let begins_as = if dice.one_in(3) { Transport::WebSocket } else { Transport::Polling };
        let now = world.now().at;
        let mut engine = Engine {
            begins_as,
            open: None,
            get: None,
            post: None,
            socket: None,
            intruder: None,
            is_upgraded: begins_as == Transport::WebSocket,
            has_probed: false,
            probed_at: now,
            wants_upgrade: !dice.one_in(3),
            queue: VecDeque::new(),
            queued: 0,
            said: 0,
            arrived: 0,
            life: Life {
                since_min: now,
                answered_at: now,
                since_max: None,
                pong: None,
                is_pinged: false,
                is_silent: dice.one_in(10),
            },
            began_at: now,
            has_joined: false,
            misdeed: None,
            over: None,
            was_slow: false,
            must_be_told: false,
            is_drained: false,
        };
        match begins_as {
            Transport::Polling => engine.ask(world, truth),
            Transport::WebSocket => {
                engine.socket = Some(Wire::connect(world, &target("websocket", None), dice))
            }
        }
        engine
    }

    /// May messages be sent?
    pub fn is_open(&self) -> bool {
        self.open.is_some() && !self.is_over()
    }

    /// The session is over.
    pub fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// Queues a packet; by this number it is told whether it has arrived.
    pub fn queue(&mut self, said: Said) -> u64 {
        self.queue.push_back(said);
        self.queued += 1;
        self.queued
    }

    /// The session is certainly there, and has heard everything that it could.
    pub fn is_certain(&self, world: &World) -> bool {
        let is_read = |out: Line| world.written(out).is_empty();
        self.is_open()
            && self.misdeed.is_none()
            && !self.was_slow
            && !self.is_drained
            && (self.is_upgraded || self.is_asking())
            && self.life.is_alive(self.open.as_ref(), world.now().at)
            && self.lines().all(is_read)
            && self.socket.as_ref().is_none_or(|wire| !wire.is_closed(world))
    }

    /// The server holds a GET, by which everything is said at once.
    fn is_asking(&self) -> bool {
        self.get.as_ref().and_then(Exchange::front).is_some_and(|asked| asked.held_at.is_some())
    }

    /// It takes, or took, little of what the server says.
    pub fn was_slow(&self) -> bool {
        self.was_slow
    }

    /// The server has not given it up for dead.
    pub fn is_alive(&self, now: Millis) -> bool {
        self.life.is_alive(self.open.as_ref(), now)
    }

    /// It has done what ends it.
    pub fn is_rude(&self) -> bool {
        self.misdeed.is_some()
    }

    /// When it is certainly over if it says nothing more.
    pub fn dead_by(&self, now: Millis) -> Millis {
        let Some(open) = &self.open else { return now + JOIN_MS };
        now + open.ping_interval_ms + open.ping_timeout_ms + 2 * TICK_MS
    }

    /// Its connections.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        let requests =
            [&self.get, &self.post, &self.intruder].into_iter().flatten().map(|talk| talk.out.line());
        requests.chain(self.socket.iter().map(|wire| wire.out.line()))
    }

    /// Does something with its connections.
    pub fn act(&mut self, world: &mut World, truth: &Truth, dice: &mut Dice) {
        if self.send_some(world, dice) {
            return;
        }
        match dice.below(8) {
            0 if self.may_probe() => self.probe(world, dice),
            0..=2 => self.say_queue(world, truth, dice),
            3 => self.finish_upgrade(dice),
            _ => self.ask(world, truth),
        }
    }

    /// Says everything that it has begun to say, answers, asks.
    pub fn heal(&mut self, world: &mut World, truth: &Truth, dice: &mut Dice) {
        for line in self.lines().collect::<Vec<_>>() {
            world.narrow(line, None);
        }
        if self.is_over() {
            return;
        }
        self.finish_upgrade(dice);
        self.say_queue(world, truth, dice);
        self.ask(world, truth);
        for talk in [&mut self.get, &mut self.post, &mut self.intruder].into_iter().flatten() {
            talk.out.send_all(world);
        }
        if let Some(wire) = &mut self.socket {
            wire.out.send_all(world);
        }
    }

    /// Takes fewer bytes a turn.
    pub fn stall(&mut self, world: &mut World, dice: &mut Dice) {
        self.was_slow = true;
        for talk in [&mut self.get, &mut self.post].into_iter().flatten() {
            talk.out.stall(world, dice);
        }
        if let Some(wire) = &mut self.socket {
            wire.out.stall(world, dice);
        }
    }

    fn send_some(&mut self, world: &mut World, dice: &mut Dice) -> bool {
        let requests = [&mut self.get, &mut self.post, &mut self.intruder].into_iter().flatten();
        let outs = requests.map(|talk| &mut talk.out).chain(self.socket.iter_mut().map(|wire| &mut wire.out));
        let mut full: Vec<_> = outs.filter(|out| !out.is_empty()).collect();
        if full.is_empty() || dice.one_in(5) {
            return false;
        }
        let one = dice.below(full.len());
        full[one].send(world, dice);
        true
    }

    /// Holds a GET, unless one is held.
    fn ask(&mut self, world: &mut World, truth: &Truth) {
        let is_silent = self.is_upgraded || self.has_probed || self.is_over();
        if is_silent || self.get.as_ref().is_some_and(|get| get.waiting() > 0) {
            return;
        }
        let head = get(&target("polling", self.sid()));
        let now = world.now().at;
        self.get.get_or_insert_with(|| Exchange::connect(world)).ask(world, truth, now, &head, b"");
    }

    fn sid(&self) -> Option<&str> {
        self.open.as_ref().map(|open| &*open.sid)
    }

    /// Says what is queued, by what carries the session.
    fn say_queue(&mut self, world: &mut World, truth: &Truth, dice: &mut Dice) {
        if self.queue.is_empty() || !self.is_open() {
            return;
        }
        if let (true, Some(wire)) = (self.is_upgraded, &mut self.socket) {
            if wire.is_ready() {
                self.said += self.queue.len() as u64;
                self.queue.drain(..).for_each(|said| wire.say(&said, dice));
            }
            return;
        }
        if self.has_probed || self.post.as_ref().is_some_and(|post| post.waiting() > 0) {
            return;
        }
        let most = self.open.as_ref().map_or(0, |open| open.max_payload);
        let mut batch = Vec::new();
        while let Some(said) = self.queue.pop_front() {
            batch.push(said);
            if engineio::body(&batch).len() > most && batch.len() > 1 {
                self.queue.extend(batch.pop());
                self.queue.rotate_right(1);
                break;
            }
        }
        self.said += batch.len() as u64;
        let body = engineio::body(&batch);
        let head = post(&target("polling", self.sid()), body.len());
        let now = world.now().at;
        let talk = self.post.get_or_insert_with(|| Exchange::connect(world));
        talk.ask(world, truth, now, &head, body.as_bytes());
    }

    fn may_probe(&self) -> bool {
        let upgrades = self.open.as_ref().map_or(&[][..], |open| &open.upgrades);
        self.wants_upgrade
            && !self.is_over()
            && !self.is_upgraded
            && self.socket.is_none()
            && upgrades.iter().any(|name| name == "websocket")
    }

    fn probe(&mut self, world: &mut World, dice: &mut Dice) {
        let mut wire = Wire::connect(world, &target("websocket", self.sid()), dice);
        wire.say_first(Said::Packet(format!("2{}", engineio::PROBE)));
        self.probed_at = world.now().at;
        self.socket = Some(wire);
    }

    /// Breaks the WebSocket that is to take over; polling goes on. Where the server does not notice, it lets GETs go
    /// at once until the time for the upgrade is over, and a world whose time stands still would never rest.
    pub fn cut_probe(&mut self, world: &mut World, truth: &Truth) {
        if self.is_upgraded {
            return;
        }
        if let Some(wire) = self.socket.take() {
            truth.tally.count("a probe cut off");
            world.reset(wire.out.line());
            self.has_probed = false;
        }
    }

    fn finish_upgrade(&mut self, dice: &mut Dice) {
        let is_waiting =
            |talk: &Option<Exchange<Millis>>| talk.as_ref().is_some_and(|talk| talk.waiting() > 0);
        if !self.has_probed || self.is_upgraded || is_waiting(&self.get) || is_waiting(&self.post) {
            return;
        }
        if let Some(wire) = &mut self.socket {
            wire.say(&Said::Packet("5".to_owned()), dice);
            self.is_upgraded = true;
        }
    }

    /// Goes away without a word.
    pub fn leave(self, world: &mut World, dice: &mut Dice) {
        let requests = [self.get, self.post, self.intruder].into_iter().flatten().map(|talk| talk.out);
        requests.chain(self.socket.map(|wire| wire.out)).for_each(|out| out.leave(world, dice));
    }

    /// Has it said everything that it began to say?
    pub fn is_quiet(&self) -> bool {
        let requests = [&self.get, &self.post, &self.intruder].into_iter().flatten();
        self.is_over()
            || requests
                .map(|talk| &talk.out)
                .chain(self.socket.iter().map(|wire| &wire.out))
                .all(|out| out.is_empty())
                && (self.queue.is_empty() || !self.is_open())
    }
}

impl Life {
    /// Is it certainly alive?
    fn is_alive(&self, open: Option<&Open>, now: Millis) -> bool {
        let Some(open) = open else { return true };
        now < self.since_min + open.ping_interval_ms + open.ping_timeout_ms
    }
}

fn target(transport: &str, sid: Option<&str>) -> String {
    let sid = sid.map_or_else(String::new, |sid| format!("&sid={sid}"));
    format!("/socket.io/?EIO=4&transport={transport}{sid}")
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn post(target: &str, len: usize) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain;charset=UTF-8\r\n\
         Content-Length: {len}\r\n\r\n"
    )
}
