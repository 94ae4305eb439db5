//! A client of Engine.IO 4: a session over polling, over a WebSocket, or first the one and then the other.  Law: what is
//! said arrives in its order, whatever carries it; the session ends on time where no pong is sent, for its client's
//! misdeeds, and otherwise not at all.

use super::exchange::{Answered, Asked, Exchange};
use super::truth::Truth;
use crate::base::time::Millis;
use crate::base::wheel::TICK_MS;
use crate::testing::decode::engineio::{self, Open, Packet, Said};
use crate::testing::decode::head::ResponseHead;
use crate::testing::decode::websocket::Frame;
use crate::testing::dice::Dice;
use crate::testing::driver::{Line, World};
use std::collections::VecDeque;
use wire::Wire;

mod misdeeds;
mod wire;

/// Milliseconds that an upgrade may take.
const UPGRADE_MS: u64 = 10_000;
/// Milliseconds in which a session must join something.
const JOIN_MS: u64 = 45_000;
/// Milliseconds between two GETs that are let go while a WebSocket probes.
const RELEASE_MS: u64 = 100;

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

    /// May the server end it?
    fn may_end(&self, truth: &Truth) -> bool {
        let now = truth.now.at;
        self.misdeed.is_some()
            || self.was_slow
            || truth.troubles.may_refuse()
            || !self.life.is_alive(self.open.as_ref(), now)
            || self.is_upgraded && self.has_probed && now >= self.probed_at + UPGRADE_MS
            || !self.has_joined && now >= self.began_at + JOIN_MS
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

    /// Reads what the server wrote.
    pub fn listen(
        &mut self,
        world: &mut World,
        truth: &Truth,
        dice: &mut Dice,
    ) -> Result<Vec<Event>, String> {
        let mut events = Vec::new();
        let mut packets = Vec::new();
        self.watch(world);
        self.hear_requests(world, truth, &mut packets)?;
        self.take(world, truth, packets, &mut events)?;
        self.hear_socket(world, truth, &mut events, dice)?;
        if self.is_over() {
            self.count_end(truth)?;
        }
        Ok(events)
    }

    /// It is over: why?
    fn count_end(&self, truth: &Truth) -> Result<(), String> {
        match self.misdeed {
            _ if !self.may_end(truth) => {
                Err(format!("the session {:?} is over without a cause: {:?}", self.sid(), self.over))
            }
            Some(_) => {
                truth.tally.count("a rude session ended");
                Ok(())
            }
            None if self.life.is_silent && self.life.is_pinged => {
                truth.tally.count("a silent session ended");
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn hear_requests(
        &mut self,
        world: &mut World,
        truth: &Truth,
        packets: &mut Vec<Packet>,
    ) -> Result<(), String> {
        for which in [Which::Get, Which::Post, Which::Intruder] {
            let slot = self.slot(which);
            let Some(mut talk) = slot.take() else { continue };
            talk.watch(world, |_| true);
            for Answered { head, body, .. } in talk.listen(world)? {
                self.answered(which, &head, &body, truth, packets)?;
            }
            if !talk.is_closed(world) {
                *self.slot(which) = Some(talk);
            } else if talk.waiting() > 0 && which != Which::Intruder {
                let may_be_cut = talk.may_be_cut(world, truth) || self.may_end(truth);
                if !may_be_cut {
                    return Err(format!("cut off before the answer to {which:?}"));
                }
                self.ends("cut off");
            }
        }
        Ok(())
    }

    fn slot(&mut self, which: Which) -> &mut Option<Exchange<Millis>> {
        match which {
            Which::Get => &mut self.get,
            Which::Post => &mut self.post,
            Which::Intruder => &mut self.intruder,
        }
    }

    fn answered(
        &mut self,
        which: Which,
        head: &ResponseHead,
        body: &[u8],
        truth: &Truth,
        packets: &mut Vec<Packet>,
    ) -> Result<(), String> {
        match (which, head.status) {
            (Which::Get, 200) => {
                let is_right = head.field("Content-Type").is_some_and(|kind| kind.eq_ignore_ascii_case(TEXT))
                    && head.field("Cache-Control") == Some("no-store");
                if !is_right {
                    return Err(format!("a poll does not look like this: {head:?}"));
                }
                packets.extend(engineio::payload(body)?);
                // The next GET may come too late to be told anything.
                self.must_be_told &= self.is_upgraded;
                Ok(())
            }
            (Which::Post, 200) if body == b"ok" => Ok(()),
            (Which::Intruder, 400) => {
                truth.tally.count("an overlap refused");
                engineio::refusal(body).map(|_| ())
            }
            (Which::Intruder, 200) => Ok(()),
            (_, 400) => {
                const HOW: [&str; 6] = ["code 0", "code 1", "code 2", "code 3", "code 4", "code 5"];
                self.ends(HOW[usize::from(engineio::refusal(body)?)]);
                Ok(())
            }
            (Which::Post, 413) if self.misdeed.is_some() && body.is_empty() => {
                truth.tally.count("a payload too large");
                self.ends("too large");
                Ok(())
            }
            // Slow, full, or ending: the client begins anew.
            (_, 408) => {
                self.misdeed.get_or_insert(("slow", 0));
                self.ends("408");
                Ok(())
            }
            (_, 429 | 503) if truth.troubles.may_refuse() => {
                truth.tally.count("over a limit");
                self.ends("503");
                Ok(())
            }
            (which, status) => Err(format!("{which:?} was answered {status}: {}", body.escape_ascii())),
        }
    }

    fn ends(&mut self, how: &'static str) {
        self.over.get_or_insert(how);
    }

    fn take(
        &mut self,
        world: &World,
        truth: &Truth,
        packets: Vec<Packet>,
        events: &mut Vec<Event>,
    ) -> Result<(), String> {
        for packet in packets {
            // Another request said before that it is over.
            if self.is_over() {
                return Ok(());
            }
            match packet {
                Packet::Open(open) => self.opened(open, world, truth)?,
                other if self.open.is_none() => return Err(format!("{other:?} before the session is open")),
                Packet::Close => self.ends("closed"),
                Packet::Ping => self.pinged(truth),
                Packet::Text(text) => events.push(Event::Text(text)),
                Packet::Binary(bytes) => events.push(Event::Binary(bytes)),
                Packet::Noop => {}
                Packet::ProbeAnswer => return Err("the answer to a probe that was not made here".to_owned()),
            }
        }
        Ok(())
    }

    fn opened(&mut self, open: Open, world: &World, truth: &Truth) -> Result<(), String> {
        let expected: &[&str] = if self.begins_as == Transport::Polling { &["websocket"] } else { &[] };
        if self.open.is_some() || open.upgrades != expected {
            return Err(format!("opened twice, or with other upgrades: {open:?}"));
        }
        truth.tally.count(match self.begins_as {
            Transport::Polling => "a session over polling",
            Transport::WebSocket => "a session over WebSocket",
        });
        self.life.since_max = Some(world.now().at);
        self.open = Some(open);
        Ok(())
    }

    fn pinged(&mut self, truth: &Truth) {
        truth.tally.count("a ping heard");
        self.life.is_pinged = true;
        // Whoever is asked again has answered.
        if let Some((_, said_at)) = self.life.pong.take() {
            self.life.answered_at = said_at;
        }
        self.life.since_min = self.life.since_min.max(self.life.answered_at);
        if !self.life.is_silent {
            let number = self.queue(Said::Packet("3".to_owned()));
            self.life.pong = Some((number, truth.now.at));
            self.life.since_max = None;
        }
    }

    /// Notes what has arrived.
    fn watch(&mut self, world: &World) {
        let has_arrived = match (self.is_upgraded, &self.socket, &self.post) {
            (true, Some(wire), _) => wire.out.has_arrived(world),
            (false, _, Some(post)) => post.out.has_arrived(world),
            (true, None, _) | (false, _, None) => false,
        };
        if has_arrived {
            self.arrived = self.said;
        }
        if let Some((_, said_at)) = self.life.pong.take_if(|(number, _)| *number <= self.arrived) {
            // It may have come too late, unless all was well until now; the next ping tells.
            self.life.answered_at = said_at;
            if self.life.is_alive(self.open.as_ref(), world.now().at) {
                self.life.since_min = self.life.since_min.max(said_at);
            }
            self.life.since_max = Some(world.now().at);
            self.life.is_pinged = false;
        }
    }

    fn hear_socket(
        &mut self,
        world: &mut World,
        truth: &Truth,
        events: &mut Vec<Event>,
        dice: &mut Dice,
    ) -> Result<(), String> {
        let Some(mut wire) = self.socket.take() else { return Ok(()) };
        let frames = match wire.listen(world, dice) {
            Ok(frames) => frames,
            // Refused: the server is full, or the session is over.
            Err(wire::Broken::Refused(status))
                if status == 408 || !self.is_upgraded || self.may_end(truth) =>
            {
                self.has_probed = false;
                if self.is_upgraded {
                    self.misdeed.get_or_insert(("slow", 0));
                    self.ends("refused");
                }
                return Ok(());
            }
            Err(error) => return Err(format!("{error:?}")),
        };
        for frame in frames {
            match frame {
                Frame::Text(text) => match engineio::packet(&text)? {
                    Packet::ProbeAnswer if !self.is_upgraded && !self.has_probed => {
                        truth.tally.count("a probe answered");
                        self.has_probed = true;
                    }
                    packet if !self.is_upgraded => return Err(format!("{packet:?} before the upgrade")),
                    packet => self.take(world, truth, vec![packet], events)?,
                },
                Frame::Binary(bytes) if self.is_upgraded => events.push(Event::Binary(bytes)),
                Frame::Ping(_) | Frame::Pong(_) => {}
                Frame::Close { .. } if !self.is_upgraded => {}
                Frame::Close { .. } => self.ends("close frame"),
                Frame::Binary(_) => return Err("bytes before the upgrade".to_owned()),
            }
        }
        if self.is_upgraded && self.has_probed && !events.is_empty() {
            truth.tally.count("a message heard after an upgrade");
        }
        if !wire.is_closed(world) {
            self.socket = Some(wire);
        } else if self.is_upgraded {
            self.ends("its WebSocket was closed");
        } else {
            let is_due = truth.now.at >= self.probed_at + UPGRADE_MS || wire.out.was_slow;
            if !is_due && !self.may_end(truth) {
                return Err("the WebSocket of a probe was closed too soon".to_owned());
            }
            self.has_probed = false;
        }
        Ok(())
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

    /// May its GET be held though it has probed? They are let go one at a time.
    fn may_be_held(&self, now: Millis) -> bool {
        let is_young = |asked: &Asked<_>| {
            now < asked.held_at.unwrap_or(asked.at).max(asked.at) + RELEASE_MS + 2 * TICK_MS
        };
        self.has_probed
            && self.get.as_ref().and_then(Exchange::front).is_some_and(|get| self.was_slow || is_young(get))
    }

    /// Nothing moves any more: is all as it should be?
    pub fn is_done(&self, now: Millis) -> Result<(), String> {
        if self.is_over() {
            return Ok(());
        }
        let Some(open) = &self.open else { return Err("the handshake has no answer".to_owned()) };
        if self.post.as_ref().is_some_and(|post| post.waiting() > 0) {
            return Err("a POST has no answer".to_owned());
        }
        if let Some((what, number)) = self.misdeed
            && number <= self.arrived
        {
            return Err(format!("it has done this, and is not over: {what}"));
        }
        let is_probing = !self.is_upgraded && self.socket.as_ref().is_some_and(Wire::is_ready);
        if is_probing && !self.may_be_held(now) {
            return Err(format!("a probe is neither answered nor over, probed {}", self.has_probed));
        }
        if self.was_slow {
            return Ok(());
        }
        let Some(since) = self.life.since_max else { return Ok(()) };
        if now >= since + open.ping_interval_ms + 2 * TICK_MS && !self.life.is_pinged {
            return Err(format!("no ping since {since:?}"));
        }
        if now >= since + open.ping_interval_ms + open.ping_timeout_ms + 2 * TICK_MS {
            return Err(format!("no pong since {since:?}, and the session is not over"));
        }
        Ok(())
    }

    /// The server was told to end.
    pub fn is_drained(&mut self, world: &World) {
        self.is_drained = true;
        // What says that the WebSocket takes over may still be on its way.
        let has_taken_over = |wire: &Wire| wire.is_ready() && wire.out.has_arrived(world);
        let is_socket = self.is_upgraded && self.socket.as_ref().is_some_and(has_taken_over);
        self.must_be_told = self.is_open() && self.misdeed.is_none() && (self.is_asking() || is_socket);
    }

    /// It has ended for no other reason than that the server does.
    pub fn was_drained(&self, now: Millis) -> bool {
        let is_told = matches!(self.over, Some("closed" | "close frame"));
        self.must_be_told && is_told && self.misdeed.is_none() && !self.was_slow && self.is_alive(now)
    }

    /// The server says that it is over.
    pub fn was_told(&self) -> Result<(), String> {
        match self.must_be_told && !self.was_slow && !self.is_over() {
            true => Err(format!("the server is over and has not told the session {:?}", self.sid())),
            false => Ok(()),
        }
    }
}

impl Life {
    /// Is it certainly alive?
    fn is_alive(&self, open: Option<&Open>, now: Millis) -> bool {
        let Some(open) = open else { return true };
        now < self.since_min + open.ping_interval_ms + open.ping_timeout_ms
    }
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Which {
    Get,
    Post,
    Intruder,
}

const TEXT: &str = "text/plain; charset=UTF-8";

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
