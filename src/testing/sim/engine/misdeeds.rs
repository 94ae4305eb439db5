//! What a client must not do, and what ends its session.  Law: the session is over as soon as the server has it, and
//! nobody else notices.

use super::{Engine, get, post, target};
use crate::base::wheel::TICK_MS;
use crate::testing::decode::engineio::Said;
use crate::testing::dice::Dice;
use crate::testing::driver::World;
use crate::testing::sim::exchange::Exchange;
use crate::testing::sim::truth::Truth;

/// Packets that no client may send.
const MALFORMED: [&str; 5] = ["", "7", "9x", "x", "\u{1e}"];

impl Engine {
    /// Says that it closes; the session is over then.
    pub fn say_goodbye(&mut self) {
        self.do_wrong("it said goodbye", Said::Packet("1".to_owned()));
    }

    /// Says what ends the session.
    pub fn do_wrong(&mut self, what: &'static str, said: Said) {
        let number = self.queue(said);
        self.misdeed.get_or_insert((what, number));
    }

    /// Says what ends the session or does not, by what the server knows and the client does not.
    pub fn may_do_wrong(&mut self, what: &'static str, packet: &str) {
        self.queue(Said::Packet(packet.to_owned()));
        self.misdeed.get_or_insert((what, u64::MAX));
    }

    /// Does what ends the session, and says whether it did.
    pub fn misbehave(&mut self, world: &mut World, truth: &Truth, dice: &mut Dice) {
        if !self.is_open() || self.misdeed.is_some() {
            return;
        }
        let is_polling = !self.is_upgraded && !self.has_probed;
        // One request more may be refused at the door.
        let has_room = !truth.troubles.may_refuse();
        match dice.below(8) {
            0 if is_polling && has_room => self.ask_twice(world, truth),
            1 if is_polling && has_room => self.say_twice(world, truth),
            2 if is_polling => self.say_too_much(world, truth),
            3 if is_polling => self.abort(world),
            4 if is_polling => {
                let number = self.queue(Said::Packet("b!!".to_owned()));
                self.misdeed = Some(("bytes that are none", number));
            }
            5 if is_polling && has_room => self.say_again(world, truth),
            _ => self.do_wrong("a malformed packet", Said::Packet((*dice.pick(&MALFORMED)).to_owned())),
        }
    }

    /// Holds another GET beside the first.
    fn ask_twice(&mut self, world: &mut World, truth: &Truth) {
        // What was said just now may bring an answer, and so may a ping.
        world.settle();
        let is_unanswered = |get: &Exchange<_>| world.written(get.out.line()).is_empty();
        let is_calm = self.open.as_ref().is_some_and(|open| {
            self.life.is_pinged || world.now().at + 2 * TICK_MS < self.life.since_min + open.ping_interval_ms
        });
        if !is_calm || !self.is_held() || !self.get.as_ref().is_some_and(is_unanswered) {
            return;
        }
        self.misdeed = Some(("a second GET", 0));
        self.intrude(world, truth, &get(&target("polling", self.sid())), b"");
        self.hurry(world);
    }

    /// Says what has no business here before anything else is said.
    fn hurry(&mut self, world: &mut World) {
        if let Some(talk) = &mut self.intruder {
            talk.out.send_all(world);
        }
    }

    /// Begins a POST, and another beside it.
    fn say_twice(&mut self, world: &mut World, truth: &Truth) {
        if self.post.as_ref().is_some_and(|post| post.waiting() > 0) {
            return;
        }
        let head = post(&target("polling", self.sid()), 2);
        self.say_at_once(world, truth, &head, b"");
        self.misdeed = Some(("a second POST", 0));
        self.intrude(world, truth, &head, b"6x");
    }

    /// Says a POST once more, as a browser does of itself when the answer to the first is lost.
    fn say_again(&mut self, world: &mut World, truth: &Truth) {
        if self.post.as_ref().is_some_and(|post| post.waiting() > 0) {
            return;
        }
        let head = post(&format!("{}&t=once", target("polling", self.sid())), 1);
        self.say_at_once(world, truth, &head, b"6");
        truth.tally.count("a request repeated");
        self.misdeed = Some(("a POST that was repeated", 0));
        self.intrude(world, truth, &head, b"6");
        self.hurry(world);
        world.settle();
    }

    fn say_at_once(&mut self, world: &mut World, truth: &Truth, head: &str, body: &[u8]) {
        let now = world.now().at;
        let talk = self.post.get_or_insert_with(|| Exchange::connect(world));
        talk.ask(world, truth, now, head, body);
        talk.out.send_all(world);
        world.settle();
    }

    /// Does the server certainly hold a GET? To whom takes little the answer may be on its way, and during an upgrade
    /// it is let go.
    fn is_held(&self) -> bool {
        !self.was_slow && self.socket.is_none() && self.is_asking()
    }

    fn intrude(&mut self, world: &mut World, truth: &Truth, head: &str, body: &[u8]) {
        let mut talk = Exchange::connect(world);
        talk.ask(world, truth, world.now().at, head, body);
        self.intruder = Some(talk);
    }

    /// Posts more than the server takes.
    fn say_too_much(&mut self, world: &mut World, truth: &Truth) {
        let most = self.open.as_ref().map_or(0, |open| open.max_payload);
        if self.post.as_ref().is_some_and(|post| post.waiting() > 0) {
            return;
        }
        let head = post(&target("polling", self.sid()), most + 1);
        let now = world.now().at;
        let talk = self.post.get_or_insert_with(|| Exchange::connect(world));
        talk.ask(world, truth, now, &head, b"4");
        self.misdeed = Some(("a payload too large", 0));
    }

    /// Breaks the connection of the GET that is held.
    fn abort(&mut self, world: &mut World) {
        let is_held = self.is_held();
        if let Some(get) = self.get.take_if(|_| is_held) {
            world.reset(get.out.line());
            self.misdeed = Some(("a GET that was aborted", 0));
        }
    }
}
