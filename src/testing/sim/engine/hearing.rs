//! What a session hears, by the answers to its requests and the frames of its WebSocket.  Law: every answer is one of
//! those that the protocol knows.

use super::{Engine, Event, Transport, UPGRADE_MS, wire};
use crate::base::time::Millis;
use crate::testing::decode::engineio::{self, Open, Packet, Said};
use crate::testing::decode::head::ResponseHead;
use crate::testing::decode::websocket::Frame;
use crate::testing::dice::Dice;
use crate::testing::driver::World;
use crate::testing::sim::exchange::{Answered, Exchange};
use crate::testing::sim::truth::Truth;

/// What the answer to a GET says that it is.
const TEXT: &str = "text/plain; charset=UTF-8";

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Which {
    Get,
    Post,
    Intruder,
}

impl Engine {
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
            (Which::Intruder, 200) if body == b"ok" => Ok(()),
            // Something answered the GET that was held before this one was read: then it was no second.
            (Which::Intruder, 200) => {
                packets.extend(engineio::payload(body)?);
                self.misdeed = None;
                Ok(())
            }
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
}
