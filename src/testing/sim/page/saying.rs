//! What a namespace says: messages, commands, answers.  Law: each gets one acknowledgement, and that is true.

use super::namespace::{Extra, Namespace, State};
use crate::base::time::Now;
use crate::message::{AskId, MessageId};
use crate::testing::decode::engineio::Said;
use crate::testing::decode::object::Members;
use crate::testing::decode::poll;
use crate::testing::decode::socketio::{Argument, Packet, alone, packet, payload};
use crate::testing::dice::Dice;
use crate::testing::sim::account::{Account, Begin};
use crate::testing::sim::engine::Engine;
use crate::testing::sim::ledger::Ledger;
use crate::testing::sim::payload::Payload;
use crate::testing::sim::scenario::CHANNELS;
use crate::testing::sim::truth::Truth;
use serde_json::json;

/// Commands that wait for their acknowledgements at a time: what is owed to a client that fetches nothing has a bound.
const COMMANDS_MAX: usize = 3;

/// What waits for its acknowledgement.
#[derive(Debug)]
pub enum Command {
    /// A message, its event, whether it has several arguments, and how often the journal had failed.
    Publish { payload: Vec<u8>, event: &'static str, is_spread: bool, failures: u64 },
    /// Another channel is to be read.
    Subscribe { channel: &'static str, begin: Begin },
    /// A channel is to be read no more.
    Unsubscribe,
    /// Who is there?
    Presence,
    /// What nobody knows.
    Unknown,
}

impl Command {
    /// May it change what is read?
    pub fn changes_channels(&self) -> bool {
        matches!(self, Command::Subscribe { .. } | Command::Unsubscribe)
    }
}

impl Namespace {
    /// Does something: joins, leaves, publishes, commands, answers.
    pub fn act(
        &mut self,
        engine: &mut Engine,
        truth: &Truth,
        ledger: &mut Ledger,
        now: Now,
        dice: &mut Dice,
    ) {
        match self.state {
            State::Out => return self.join(engine, truth, dice),
            State::Joining(_) => return,
            // More than it may be owed is never asked for.
            State::In if self.commands.len() >= COMMANDS_MAX => return,
            State::In => {}
        }
        match dice.below(40) {
            0 => self.leave(engine, now),
            1..=5 => self.subscribe(engine, truth, dice),
            6 | 7 => self.unsubscribe(engine, truth, dice),
            8 | 9 => self.command(engine, Command::Presence, "holdline:presence", &[]),
            10 => self.command(engine, Command::Unknown, "holdline:unknown", &["{}".to_owned()]),
            11..=19 => self.answer(engine, truth, ledger, dice),
            20 => {
                let ack = packet(3, 0, &self.path, Some(dice.below(1 << 20) as u64), "[]");
                engine.queue(Said::Packet(ack));
            }
            21..=29 => self.publish(engine, truth, ledger, dice),
            _ => {}
        }
    }

    fn leave(&mut self, engine: &mut Engine, now: Now) {
        engine.queue(Said::Packet(packet(1, 0, &self.path, None, "")));
        self.is_cut(now.at, false, false);
        self.forgets_pid();
    }

    fn say(
        &mut self,
        engine: &mut Engine,
        kind: u8,
        id: Option<u64>,
        texts: &[String],
        bytes: Vec<Vec<u8>>,
    ) -> u64 {
        let kind = if bytes.is_empty() { kind } else { kind + 3 };
        let data = format!("[{}]", texts.join(","));
        let mut number = engine.queue(Said::Packet(packet(kind, bytes.len(), &self.path, id, &data)));
        for bytes in bytes {
            number = engine.queue(Said::Binary(bytes));
        }
        number
    }

    fn command(&mut self, engine: &mut Engine, command: Command, event: &str, arguments: &[String]) {
        self.made += 1;
        self.commands.insert(self.made, command);
        let texts = [&[json!(event).to_string()], arguments].concat();
        self.say(engine, 2, Some(self.made), &texts, Vec::new());
    }

    fn subscribe(&mut self, engine: &mut Engine, truth: &Truth, dice: &mut Dice) {
        let channel = *dice.pick(&CHANNELS);
        if self.doubtful.contains_key(channel) {
            return;
        }
        let newest = truth.newest();
        let since = MessageId::new(newest.ms.saturating_sub(dice.below(3_000) as u64), 0);
        let (begin, arguments) = match dice.below(4) {
            0 => (
                Begin::After(since),
                vec![json!({ "channels": [channel], "since": since.to_string() }).to_string()],
            ),
            1 => {
                (Begin::After(since), vec![json!(channel).to_string(), json!(since.to_string()).to_string()])
            }
            2 => (Begin::Now(newest), vec![json!([channel]).to_string()]),
            _ => (Begin::Now(newest), vec![json!(channel).to_string()]),
        };
        self.command(engine, Command::Subscribe { channel, begin }, "holdline:subscribe", &arguments);
    }

    fn unsubscribe(&mut self, engine: &mut Engine, truth: &Truth, dice: &mut Dice) {
        // Its own channel it leaves by leaving.
        let Some(channel) = self.extras.keys().nth(dice.below(self.extras.len() + 1)).cloned() else {
            return;
        };
        truth.presence.leaves(&channel, self.client.as_deref().unwrap_or_default());
        self.command(engine, Command::Unsubscribe, "holdline:unsubscribe", &[json!(channel).to_string()]);
    }

    fn publish(&mut self, engine: &mut Engine, truth: &Truth, ledger: &mut Ledger, dice: &mut Dice) {
        let (arguments, texts, bytes) = some_arguments(ledger, dice);
        let data = payload(&arguments).0;
        ledger.made(&data);
        ledger.sent(&data);
        let event = *dice.pick(&["message", "message", "tick", "d\u{e9}j\u{e0} vu"]);
        let failures = truth.troubles.journal_failures;
        let texts = [vec![json!(event).to_string()], texts].concat();
        let is_spread = arguments.len() > 1;
        let id = (!dice.one_in(4)).then(|| {
            self.made += 1;
            self.commands.insert(self.made, Command::Publish { payload: data, event, is_spread, failures });
            self.made
        });
        if id.is_none() {
            self.failures = self.failures.min(failures);
        }
        if is_spread {
            truth.tally.count("several arguments sent");
        }
        self.say(engine, 2, id, &texts, bytes);
    }

    fn answer(&mut self, engine: &mut Engine, truth: &Truth, ledger: &mut Ledger, dice: &mut Dice) {
        if self.asked.is_empty() {
            return;
        }
        let (number, ask) = self.asked.swap_remove(dice.below(self.asked.len()));
        let (arguments, texts, bytes) = some_arguments(ledger, dice);
        let failures = truth.troubles.journal_failures;
        self.failures = self.failures.min(failures);
        let packet = self.say(engine, 3, Some(number), &texts, bytes);
        // Only the first answer is of account, which may have been given on another connection.
        let is_first = self.answered.insert(ask);
        if is_first && self.still_reads(ask, truth) {
            self.answers.push((ask, payload(&arguments).0, packet, failures));
        }
    }

    /// Has it certainly the channel of the question? Whoever has left it does not answer.
    fn still_reads(&self, ask: AskId, truth: &Truth) -> bool {
        let is_leaving = self.commands.values().any(|command| matches!(command, Command::Unsubscribe));
        let question = truth.questions.of_ask(ask);
        let reads = |account: &Account| {
            question.is_some_and(|question| account.channels().any(|name| name == question.channel))
        };
        !is_leaving && self.account.as_ref().is_some_and(reads)
    }

    /// A command was acknowledged.
    pub(super) fn acknowledged(
        &mut self,
        packet: &Packet,
        truth: &Truth,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        let wrong = |what: &str| format!("{what}: {packet:?}");
        let command =
            packet.id.and_then(|id| self.commands.remove(&id)).ok_or_else(|| wrong("of nothing"))?;
        let values = packet.values()?;
        let [value] = values[..] else { return Err(wrong("one object is told")) };
        let mut members = Members::parse(value.get())?;
        if let Some(error) = members.optional("error") {
            let (status, detail) = poll::problem(error.get())?;
            members.end()?;
            return self
                .denied(&command, status, truth)
                .map_err(|error| format!("{error}: {status} {detail}"));
        }
        match command {
            Command::Publish { payload, event, is_spread, .. } => {
                let id = members.id("id")?;
                truth.tally.count("an emit acknowledged");
                ledger.acknowledged(truth, self.channel, &payload, id)?;
                self.is_as_emitted(id, event, is_spread, truth)?;
            }
            Command::Subscribe { begin, .. } => {
                let (since, channels): (_, Vec<String>) = (members.id("since")?, members.get("channels")?);
                truth.tally.count("a channel subscribed by an event");
                self.subscribed(&channels, since, begin, truth)?;
            }
            Command::Unsubscribe => {
                let channels: Vec<String> = members.get("channels")?;
                let account = self.account.as_mut().ok_or("it is there")?;
                channels.iter().for_each(|channel| account.removes(channel));
                self.extras.retain(|extra, _| !channels.contains(extra));
            }
            Command::Presence => self.listed(&mut members)?,
            Command::Unknown => return Err(wrong("nobody knows this command")),
        }
        members.end()
    }

    /// Whoever emits does not hear itself.
    fn is_as_emitted(
        &self,
        id: MessageId,
        event: &str,
        is_spread: bool,
        truth: &Truth,
    ) -> Result<(), String> {
        let Some(record) = truth.record(self.channel, id) else { return Ok(()) };
        let except = record.except.map(|client| client.to_string());
        let is_named = record.event.as_deref() == Some(event).filter(|event| *event != "message");
        match except == self.client && is_named && record.spread == is_spread {
            true => Ok(()),
            false => Err(format!("emitted by {:?}, and published like this: {record:?}", self.client)),
        }
    }

    fn subscribed(
        &mut self,
        channels: &[String],
        since: MessageId,
        begin: Begin,
        truth: &Truth,
    ) -> Result<(), String> {
        let account = self.account.as_mut().ok_or("it is there")?;
        let is_new = channels.iter().any(|channel| account.position_in(channel).is_none());
        if let Begin::After(asked) = begin
            && is_new
            && since != asked
        {
            return Err(format!("{channels:?} after {asked} begin after {since}"));
        }
        // Its own channel may have been closed; then it is one like others.
        let has_own = account.position_in(self.channel).is_some();
        account.adds(channels, since, begin, truth);
        if matches!(begin, Begin::After(_)) {
            self.unproven_to = Some(truth.newest());
        }
        for channel in channels.iter().filter(|name| !has_own || *name != self.channel) {
            self.extras.entry(channel.clone()).or_insert(Extra::new(since, truth.newest()));
        }
        Ok(())
    }

    fn listed(&self, members: &mut Members<'_>) -> Result<(), String> {
        let channel: String = members.get("channel")?;
        let (clients, count): (Vec<serde_json::Value>, usize) =
            (members.get("clients")?, members.get("count")?);
        let is_listed = clients.iter().any(|one| one["id"].as_str() == self.client.as_deref());
        let is_read = |account: &Account| account.channels().any(|name| name == self.channel);
        let is_right = is_listed || !self.account.as_ref().is_some_and(is_read);
        match channel == self.channel && count == clients.len() && is_right {
            true => Ok(()),
            false => Err(members.error("whoever asks is there")),
        }
    }

    fn denied(&self, command: &Command, status: u16, truth: &Truth) -> Result<(), String> {
        match (command, status) {
            (Command::Unknown, 400) => Ok(()),
            (Command::Subscribe { channel, .. }, 410) if truth.was_deleted(channel) => Ok(()),
            (Command::Subscribe { .. }, 429 | 503) if truth.troubles.may_refuse() => Ok(()),
            (Command::Publish { failures, .. }, 503) => truth.journal_failed_since(*failures),
            _ => Err(format!("{command:?} was refused")),
        }
    }
}

/// What an event or an answer says: as it should be read, as it is sent, and what is attached.
fn some_arguments(ledger: &mut Ledger, dice: &mut Dice) -> (Vec<Argument>, Vec<String>, Vec<Vec<u8>>) {
    const FIRST: &str = r#"{"_placeholder":true,"num":0}"#;
    const SECOND: &str = r#"{"_placeholder":true,"num":1}"#;
    let number = ledger.next_number();
    let bytes: Vec<u8> =
        format!("{number}:").into_bytes().into_iter().chain([0xff, 0, dice.below(256) as u8]).collect();
    match dice.below(6) {
        0 => (vec![Argument::Binary(bytes.clone())], vec![FIRST.to_owned()], vec![bytes]),
        1 => {
            let around = |first: &str, second: &str| {
                format!(r#"{{"n":{number},"in":[{first},"}}{{"],"out":{second}}}"#)
            };
            let second = number.to_string().into_bytes();
            let argument = Argument::Json(around(&alone(&bytes), &alone(&second)));
            (vec![argument], vec![around(FIRST, SECOND)], vec![bytes, second])
        }
        2 => {
            let texts = vec![json!(format!("{number} \"quoted\"")).to_string(), number.to_string()];
            let arguments =
                vec![Argument::Text(format!("{number} \"quoted\"")), Argument::Json(number.to_string())];
            (arguments, texts, Vec::new())
        }
        3 => {
            let json = format!(r#"{{"n":{number}}}"#);
            (vec![Argument::Json(json.clone())], vec![json], Vec::new())
        }
        _ => {
            let text = Payload::throw_text(ledger, dice, 300);
            (vec![Argument::Text(text.clone())], vec![json!(text).to_string()], Vec::new())
        }
    }
}
