//! A reader's WebSocket: what it hears, and the commands it sends.  Law: each command gets one answer; what is
//! subscribed is heard from the cursor that the answer names, and what is unsubscribed is heard no more.

use super::account::{Account, Begin};
use super::asking::{Asked, Via};
use super::frames::{say_close, say_message, say_ping, say_pong};
use super::ledger::Ledger;
use super::outbox::Outbox;
use super::payload::Payload;
use super::reader::Place;
use super::scenario::CHANNELS;
use super::truth::Truth;
use crate::message::{AskerId, MessageId};
use crate::testing::decode::Heard;
use crate::testing::decode::deflate::Windows;
use crate::testing::decode::handshake::Agreed;
use crate::testing::decode::v1::{Reply, V1};
use crate::testing::decode::websocket::{Frame, SocketReader};
use crate::testing::dice::Dice;
use asking::{Ending, Waiting};
use serde_json::json;
use std::collections::BTreeMap;

mod asking;

/// One WebSocket behind its handshake.
pub struct Socket {
    via: Via,
    frames: SocketReader,
    deflate: Option<Windows>,
    pub(super) account: Account,
    /// The newest id when it was asked for, and how often the journal had failed when it was answered.
    newest: MessageId,
    failures: u64,
    /// Where it goes on from; `None` before the welcome, and always with `holdline.raw`.
    cursor: Option<MessageId>,
    client: Option<String>,
    /// Commands without an answer, by their `ref`.
    commands: BTreeMap<u64, Command>,
    made: u64,
    /// The last question that it asked.
    asker: Option<AskerId>,
    /// Pings that went out and did not come back.
    pings: usize,
    /// A ping was heard, and its answer has not yet arrived.
    owes_pong: bool,
    /// A ping was heard since somebody last looked.
    pub was_pinged: bool,
    /// Binary went out, where only text has a meaning.
    is_rude: bool,
    /// A close frame went out.
    has_closed: bool,
    /// What is heard was said after this turn.
    heard_turn: u64,
    /// It has just asked for what was published before.
    pub wants_backlog: bool,
}

enum Command {
    Subscribe {
        channel: &'static str,
        begin: Begin,
    },
    Unsubscribe,
    /// And how often the journal had failed.
    Publish {
        channel: String,
        payload: Vec<u8>,
        failures: u64,
    },
    Ping,
    /// A question is waited for.
    Wait(Waiting),
    /// A question is to end.
    End(Ending),
}

impl Socket {
    /// The handshake was answered.
    pub fn new(asked: &Asked, agreed: Agreed, mut account: Account, truth: &Truth) -> Self {
        if asked.via == Via::Raw {
            account.hears_no_notices();
        }
        Socket {
            via: asked.via,
            frames: SocketReader::new(agreed.deflate),
            deflate: agreed.deflate,
            account,
            newest: asked.newest,
            failures: truth.troubles.journal_failures,
            cursor: None,
            client: None,
            commands: BTreeMap::new(),
            made: 0,
            asker: None,
            pings: 0,
            owes_pong: false,
            was_pinged: false,
            is_rude: false,
            has_closed: false,
            heard_turn: 0,
            wants_backlog: false,
        }
    }

    /// Where the reader goes on from. Channels whose backlog was on its way are left behind, for one cursor cannot say
    /// where they are.
    pub fn place(&self) -> Option<Place> {
        let channels = self.account.settled_channels().map(str::to_owned).collect();
        match self.via {
            Via::V1 => Some(Place { cursor: Some(self.cursor?), channels }),
            _ => Some(Place { cursor: None, channels }),
        }
    }

    /// Its channels, if it is certain that it reads them.
    pub fn certain_channels(&self) -> impl Iterator<Item = &str> {
        let may_have_left = |command: &Command| matches!(command, Command::Unsubscribe);
        let is_certain = !self.has_closed && !self.frames.is_closed();
        let is_certain = is_certain && !self.commands.values().any(may_have_left);
        self.account.channels().filter(move |_| is_certain)
    }

    /// Its public name, once it was told.
    pub fn client(&self) -> Option<String> {
        self.client.clone()
    }

    /// What is heard from now on was shown at `unix_ms` or later.
    pub fn has_heard_until(&mut self, unix_ms: u64) {
        self.account.has_heard_until(unix_ms);
    }

    /// Everything that it said has arrived.
    pub fn has_arrived(&mut self, truth: &Truth) {
        self.owes_pong = false;
        self.hold(truth);
    }

    /// May the server cut it off? Only one that owes a pong; all others are told.
    pub fn may_be_cut(&self) -> bool {
        self.owes_pong || self.has_closed || self.frames.is_closed()
    }

    /// Nothing more is to come at present.
    pub fn is_idle(&self, truth: &Truth) -> Result<(), String> {
        if self.frames.is_closed() || self.has_closed {
            return Ok(());
        }
        if self.via == Via::V1 && self.cursor.is_none() {
            return Err("no welcome".to_owned());
        }
        let may_wait = |command: &Command| matches!(command, Command::Wait(held) if held.may_wait(truth));
        if let Some((reference, _)) = self.commands.iter().find(|(_, command)| !may_wait(command)) {
            return Err(format!("command {reference} has no answer"));
        }
        if self.pings > 0 {
            return Err(format!("{} pings have no answer", self.pings));
        }
        match self.account.misses_its_own(truth) {
            Some(id) if self.via == Via::V1 => Err(format!("{id}, for it alone, was not heard")),
            _ => self.account.is_idle(truth),
        }
    }

    /// Does something: a command, a payload, a ping, a close.
    pub fn act(&mut self, out: &mut Outbox, truth: &Truth, ledger: &mut Ledger, dice: &mut Dice) {
        let is_ready = self.via == Via::Raw || self.cursor.is_some();
        let may_replay = self.account.may_replay();
        if self.frames.is_closed() || self.has_closed || !is_ready || !may_replay && !dice.one_in(4) {
            return;
        }
        match (self.via, dice.below(40)) {
            // Another backlog is asked for while one is on its way.
            (Via::V1, 0..20) if may_replay => self.subscribe(out, truth, dice),
            (_, 0) => {
                self.has_closed = true;
                say_close(out, dice);
            }
            (_, 1 | 2) => {
                self.pings += 1;
                say_ping(out, dice);
            }
            (Via::Raw, _) => self.publish_payload(out, ledger, dice),
            (_, 39) => {
                (self.is_rude, self.has_closed) = (true, true);
                say_message(out, self.deflate, b"{}", false, dice);
            }
            (_, 3..=8) => self.subscribe(out, truth, dice),
            (_, 9..=12) => self.unsubscribe(out, truth, dice),
            (_, 17..=21) => self.act_on_questions(out, truth, ledger, dice),
            (_, 13..=16) => self.command(out, Command::Ping, json!({ "type": "ping" }), dice),
            _ => self.publish(out, truth, ledger, dice),
        }
    }

    fn publish_payload(&mut self, out: &mut Outbox, ledger: &mut Ledger, dice: &mut Dice) {
        let text = Payload::throw_text(ledger, dice, 300);
        ledger.sent(text.as_bytes());
        let is_text = !dice.one_in(3);
        say_message(out, self.deflate, text.as_bytes(), is_text, dice);
    }

    fn subscribe(&mut self, out: &mut Outbox, truth: &Truth, dice: &mut Dice) {
        let channel = *dice.pick(&CHANNELS);
        let mut command = json!({ "type": "subscribe", "channels": [channel] });
        let newest = truth.newest();
        let reach_ms = *dice.pick(&[500, 3_000, 20_000]);
        let begin = match dice.below(8) {
            0 => Begin::Lost,
            1..=4 => Begin::After(MessageId::new(newest.ms.saturating_sub(dice.below(reach_ms) as u64), 0)),
            _ => Begin::Now(newest),
        };
        match begin {
            Begin::Lost => command["since"] = MessageId::MAX.to_string().into(),
            Begin::After(cursor) => {
                command["since"] = cursor.to_string().into();
                self.wants_backlog = true;
            }
            _ => {}
        }
        self.command(out, Command::Subscribe { channel, begin }, command, dice);
    }

    fn unsubscribe(&mut self, out: &mut Outbox, truth: &Truth, dice: &mut Dice) {
        let channel = *dice.pick(&CHANNELS);
        truth.presence.leaves(channel, self.client.as_deref().unwrap_or_default());
        let command = json!({ "type": "unsubscribe", "channels": [channel] });
        self.command(out, Command::Unsubscribe, command, dice);
    }

    fn publish(&mut self, out: &mut Outbox, truth: &Truth, ledger: &mut Ledger, dice: &mut Dice) {
        let channel = *dice.pick(&CHANNELS);
        let text = Payload::throw_text(ledger, dice, 300);
        ledger.sent(text.as_bytes());
        let command = json!({ "type": "publish", "channel": channel, "data": text });
        let failures = truth.troubles.journal_failures;
        let publish = Command::Publish { channel: channel.to_owned(), payload: text.into_bytes(), failures };
        self.command(out, publish, command, dice);
    }

    fn command(&mut self, out: &mut Outbox, command: Command, mut json: serde_json::Value, dice: &mut Dice) {
        self.made += 1;
        json["ref"] = self.made.into();
        self.commands.insert(self.made, command);
        say_message(out, self.deflate, json.to_string().as_bytes(), true, dice);
    }

    /// Reads what the server wrote.
    pub fn listen(
        &mut self,
        bytes: &[u8],
        out: &mut Outbox,
        truth: &Truth,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        self.frames.push(bytes);
        while let Some(frame) = self.frames.next_frame()? {
            match (self.via, frame) {
                (_, Frame::Ping(payload)) => {
                    self.was_pinged = true;
                    if !self.has_closed {
                        self.owes_pong = true;
                        say_pong(out, &payload);
                    }
                }
                (_, Frame::Pong(_)) => {
                    self.pings = self.pings.checked_sub(1).ok_or("a pong that answers no ping")?;
                }
                (_, Frame::Close { code, reason }) => self.closed(out.was_slow, truth, code, &reason)?,
                (Via::V1, Frame::Text(text)) => self.told(&text, truth, ledger)?,
                (Via::V1, Frame::Binary(_)) => return Err("holdline.v1 has no binary frames".to_owned()),
                (_, Frame::Text(text)) => self.account.hears_payload(truth, text.as_bytes(), true)?,
                (_, Frame::Binary(data)) => self.account.hears_payload(truth, &data, false)?,
            }
        }
        self.heard_turn = if out.was_slow { 0 } else { truth.questions.turn };
        Ok(())
    }

    /// Each code has its cause.
    fn closed(&self, was_slow: bool, truth: &Truth, code: Option<u16>, reason: &str) -> Result<(), String> {
        let troubles = &truth.troubles;
        let is_right = match (self.via, code) {
            (Via::V1, Some(1003)) => self.is_rude,
            (_, Some(1000)) => self.has_closed,
            (_, Some(1001)) => troubles.is_draining,
            // How a question ended is not queued without end for a peer that reads nothing.
            (Via::V1, Some(1008)) => {
                was_slow && self.commands.values().any(|command| matches!(command, Command::Wait(_)))
            }
            // Too much is held of all, or a payload could not be taken.
            (Via::V1, Some(1013)) => troubles.is_crowded,
            (Via::Raw, Some(1013)) => troubles.is_crowded || self.failures < troubles.journal_failures,
            (Via::Raw, Some(4004)) => {
                self.account.channels().any(|name| truth.deletion_after(name, self.newest).is_some())
            }
            (Via::Raw, Some(4010)) => self.account.may_have_gap(truth),
            _ => false,
        };
        match is_right {
            true => Ok(()),
            false => Err(format!("{:?} was closed with {code:?}: {reason}", self.via)),
        }
    }

    fn told(&mut self, text: &str, truth: &Truth, ledger: &mut Ledger) -> Result<(), String> {
        match V1::parse(text)? {
            V1::Welcome { greeting, since } => {
                if self.cursor.is_some() {
                    return Err("welcome twice".to_owned());
                }
                let client = greeting.client.parse().map_err(|_| "no client id".to_owned())?;
                self.account.is_client(client);
                self.account.begins_at(truth, since)?;
                (self.client, self.cursor) = (Some(greeting.client), Some(since));
                Ok(())
            }
            _ if self.cursor.is_none() => Err(format!("{text} before the welcome")),
            V1::Heard(heard) => {
                match &heard {
                    Heard::Message { id, replay: false, .. } => self.cursor = Some(*id),
                    Heard::Position { cursor } => self.cursor = Some(*cursor),
                    _ => {}
                }
                self.account.hears(truth, &heard)
            }
            V1::Pong { reference } => match self.take_command(reference)? {
                Command::Ping => Ok(()),
                _ => Err(format!("{text} answers another command")),
            },
            V1::Asked { reference, ask, .. } => self.asked(&reference, &ask, truth),
            V1::Reply { reference, reply } => {
                let command = self.take_command(reference)?;
                self.answered(command, reply, truth, ledger).map_err(|error| format!("{text}: {error}"))
            }
        }
    }

    fn take_command(&mut self, reference: Option<serde_json::Value>) -> Result<Command, String> {
        let number = reference.as_ref().and_then(serde_json::Value::as_u64);
        let command = number.and_then(|number| self.commands.remove(&number));
        command.ok_or_else(|| format!("nothing that waits for an answer has the ref {reference:?}"))
    }

    fn answered(
        &mut self,
        command: Command,
        reply: Reply,
        truth: &Truth,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        match (command, reply) {
            (Command::Subscribe { begin, .. }, Reply::Subscribed { since, channels }) => {
                truth.tally.count("a subscription added");
                self.account.adds(&channels, since, begin, truth);
                Ok(())
            }
            (Command::Unsubscribe, Reply::Unsubscribed { channels }) => {
                truth.tally.count("a subscription ended");
                channels.iter().for_each(|channel| self.account.removes(channel));
                Ok(())
            }
            (Command::Publish { channel, payload, .. }, Reply::Published { id }) => {
                ledger.acknowledged(truth, &channel, &payload, id)
            }
            (Command::Wait(waiting), reply) => waiting.told(&reply, truth, self.heard_turn),
            (Command::End(ending), reply) => self.ended(&ending, &reply, truth, ledger),
            (Command::Subscribe { channel, .. }, Reply::Refused { status: 410, .. })
                if truth.was_deleted(channel) =>
            {
                Ok(())
            }
            (Command::Subscribe { .. }, Reply::Refused { status: 429 | 503, .. })
                if truth.troubles.may_refuse() =>
            {
                Ok(())
            }
            (Command::Publish { failures, .. }, Reply::Refused { status: 503, .. }) => {
                truth.journal_failed_since(failures)
            }
            (_, reply) => Err(format!("{reply:?} is no answer to this command")),
        }
    }
}
