//! One namespace of a page: what it hears.  Law: each message of its channels once, in order, or a gap is told; each
//! command gets one acknowledgement; a question is shown by the number that its id stands for.

use super::joining::Joining;
use super::saying::Command;
use crate::base::time::Millis;
use crate::message::{AskId, MessageId};
use crate::testing::decode::Heard;
use crate::testing::decode::socketio::{Argument, Kind, Packet, Told, alone, payload};
use crate::testing::dice::Dice;
use crate::testing::naive_log::Record;
use crate::testing::sim::account::{Account, Begin};
use crate::testing::sim::ledger::Ledger;
use crate::testing::sim::questions::{End, Question};
use crate::testing::sim::truth::Truth;
use std::collections::{BTreeMap, BTreeSet};

/// One namespace.
pub struct Namespace {
    /// As Socket.IO calls it.
    pub path: String,
    pub(super) channel: &'static str,
    /// What it proves itself with, if it does not leave that to the server.
    pub(super) session: Option<String>,
    pub(super) watches: bool,
    pub(super) state: State,
    /// Its public name, as it was told last.
    pub client: Option<String>,
    /// By which it is known when it comes back.
    pub(super) pid: Option<String>,
    /// Where it began, by its pid, and the last message that it has heard since.
    pub(super) began_at: Option<MessageId>,
    pub(super) offset: Option<MessageId>,
    /// Channels that it reads besides its own.
    pub(super) extras: BTreeMap<String, Extra>,
    /// Channels that it read so, which it may still read though it was not recovered.
    pub(super) doubtful: BTreeMap<String, Extra>,
    pub(super) account: Option<Account>,
    /// It was told what has no id, a backlog or the end of a channel; a later id than this shows that it has that.
    pub(super) unproven_to: Option<MessageId>,
    /// When it was cut off, if it is certain that the server still knows it then.
    pub(super) cut_at: Option<Millis>,
    pub(super) commands: BTreeMap<u64, Command>,
    pub(super) made: u64,
    /// How often the journal had failed when it first said something that is not acknowledged.
    pub(super) failures: u64,
    /// Questions that were heard and not answered: their numbers.
    pub(super) asked: Vec<(u64, AskId)>,
    /// Answers that were given: to what, what, and by which packet.
    pub(super) answers: Vec<(AskId, Vec<u8>, u64, u64)>,
    /// Every question that it ever answered.
    pub(super) answered: BTreeSet<AskId>,
    /// How many packets have arrived.
    pub(super) arrived: u64,
    /// It was told that the server ends.
    is_told_of_the_end: bool,
}

/// A channel that is read besides the namespace's own.
#[derive(Clone, Debug)]
pub struct Extra {
    /// From where on, as it was told, and the newest id then: from there at the latest it is read as it comes.
    pub since: MessageId,
    /// As above.
    pub by: MessageId,
}

impl Extra {
    /// It was subscribed.
    pub fn new(since: MessageId, by: MessageId) -> Self {
        Extra { since, by }
    }

    /// From where on it is read again by whoever stands at `cursor`; and where that begins at the latest.
    fn resumes(&self, cursor: MessageId) -> (MessageId, MessageId) {
        (cursor.max(self.since), self.by)
    }
}

/// Where it stands.
pub enum State {
    /// Not there.
    Out,
    /// On its way.
    Joining(Joining),
    /// There.
    In,
}

impl Namespace {
    /// One that has heard nothing yet.
    pub fn new(page: &str, channel: &'static str, dice: &mut Dice) -> Self {
        let path = if channel == "main" { "/".to_owned() } else { format!("/{channel}") };
        let session = format!("{page}-{}-abcdefghijklmnopqrstuv", channel.replace('/', "-"));
        Namespace {
            path,
            channel,
            session: (!dice.one_in(3)).then_some(session),
            watches: dice.one_in(2),
            state: State::Out,
            client: None,
            pid: None,
            began_at: None,
            offset: None,
            extras: BTreeMap::new(),
            doubtful: BTreeMap::new(),
            account: None,
            unproven_to: None,
            cut_at: None,
            commands: BTreeMap::new(),
            made: 0,
            failures: u64::MAX,
            asked: Vec::new(),
            answers: Vec::new(),
            answered: BTreeSet::new(),
            arrived: 0,
            is_told_of_the_end: false,
        }
    }

    /// The connection is gone. `is_known`: the server remembers it for a while.
    pub fn is_cut(&mut self, now: Millis, is_known: bool, was_slow: bool) {
        // Nobody can tell what was done of what was asked last.
        let is_unsure = self.commands.values().any(Command::changes_channels);
        let was_in = matches!(self.state, State::In);
        let is_unproven = self.unproven_to.is_some_and(|to| self.offset.is_none_or(|offset| offset <= to));
        self.cut_at = Some(now).filter(|_| was_in && is_known && !was_slow && !is_unproven);
        if is_unsure || !self.doubtful.is_empty() || matches!(self.state, State::Joining(_)) {
            self.forgets_pid();
        }
        self.account = None;
        self.state = State::Out;
        self.unproven_to = None;
        self.commands.clear();
        self.failures = u64::MAX;
        self.asked.clear();
        self.answers.clear();
        self.arrived = 0;
        self.is_told_of_the_end = false;
    }

    /// It comes back as somebody who was never there.
    pub(super) fn forgets_pid(&mut self) {
        (self.pid, self.began_at, self.offset) = (None, None, None);
        self.extras.clear();
        self.doubtful.clear();
    }

    /// Another process knows nobody.
    pub fn restarted(&mut self) {
        self.is_cut(Millis(0), false, false);
        self.client = None;
    }

    /// So many packets of the session have arrived.
    pub fn has_arrived(&mut self, arrived: u64, truth: &Truth) {
        self.arrived = arrived;
        if let State::Joining(joining) = &mut self.state {
            joining.has_arrived(arrived, truth);
        }
    }

    /// A packet came.
    pub fn hear(&mut self, packet: &Packet, truth: &Truth, ledger: &mut Ledger) -> Result<(), String> {
        match (packet.kind, &self.state) {
            (Kind::Connect, State::Joining(_)) => self.joined(packet, truth),
            (Kind::ConnectError, State::Joining(_)) => self.refused(packet, truth),
            (Kind::Event, State::In) => self.told(packet, truth),
            (Kind::Event, State::Joining(joining)) if joining.pid.is_some() => {
                self.begin_missed(truth);
                truth.tally.count("a missed event heard");
                self.told(packet, truth)
            }
            (Kind::Ack, State::In) => self.acknowledged(packet, truth, ledger),
            (Kind::Disconnect, State::In) => self.put_out(truth),
            // It has left, and what was on its way comes.
            (_, State::Out) | (Kind::Disconnect, State::Joining(_)) => Ok(()),
            (Kind::Event | Kind::Ack, State::Joining(joining)) if joining.pid.is_none() => Ok(()),
            (_, State::Joining(_) | State::In) => Err(format!("{packet:?} is not for it as it is")),
        }
    }

    /// It is there, and was not told that the server ends.
    pub fn misses_the_end(&self) -> bool {
        matches!(self.state, State::In) && !self.is_told_of_the_end
    }

    /// Where it stands when its last channel is gone.
    fn put_out(&mut self, truth: &Truth) -> Result<(), String> {
        // Of each channel it was told that it is closed.
        let is_empty = self.account.as_ref().is_none_or(|account| account.channels().next().is_none());
        if !is_empty && !truth.troubles.may_refuse() {
            return Err("it was disconnected without a cause".to_owned());
        }
        truth.tally.count("a namespace closed");
        self.is_cut(truth.now.at, false, false);
        self.forgets_pid();
        Ok(())
    }

    fn told(&mut self, packet: &Packet, truth: &Truth) -> Result<(), String> {
        match packet.told()? {
            Told::Message { id, channel, event, arguments } => {
                let channel = channel.unwrap_or_else(|| self.channel.to_owned());
                self.has_kept(&channel, truth);
                if arguments.len() > 1 {
                    truth.tally.count("several arguments heard");
                }
                let record = truth.record(&self.log_of(&channel), id);
                are_all_there(record, &arguments)?;
                let heard = message(record, (id, false), channel, event, &arguments, None);
                let account = self.account.as_mut().ok_or("a message before it is there")?;
                account.hears(truth, &heard)?;
                self.offset = Some(id);
                Ok(())
            }
            Told::Replayed { channel, event, arguments } => {
                truth.tally.count("a message replayed to a page");
                self.replayed(&channel, event, &arguments, truth)
            }
            Told::Question { number, channel, replay, event, arguments } => {
                let question = self.question(truth, number)?;
                let channel = channel.unwrap_or_else(|| self.channel.to_owned());
                let record = truth.record(&channel, question.id);
                let (id, ask) = (question.id, question.ask);
                self.has_kept(&channel, truth);
                let heard = message(record, (id, replay), channel, event, &arguments, Some(ask));
                self.asked.push((number, ask));
                self.account.as_mut().ok_or("a question before it is there")?.hears(truth, &heard)
            }
            Told::Refused(503) => truth.journal_failed_since(self.failures),
            Told::Refused(status) => Err(format!("what it said is refused with {status}")),
            Told::Notice(heard) => {
                if let Heard::Gap { channel, .. }
                | Heard::Coming { channel, .. }
                | Heard::Closed { channel } = &heard
                {
                    self.has_kept(channel, truth);
                }
                let account = self.account.as_mut().ok_or("a notice before it is there")?;
                if let Heard::Withdrawn { ask, .. } = &heard
                    && !self.doubtful.is_empty()
                    && account.end_of(truth, ask).is_none()
                {
                    return Ok(());
                }
                if let (Heard::Gap { .. }, State::Joining(_)) = (&heard, &self.state) {
                    return Err("a gap is told before the namespace is joined".to_owned());
                }
                account.hears(truth, &heard)?;
                if let Heard::Shutdown { .. } = &heard {
                    self.is_told_of_the_end = true;
                    if !truth.troubles.is_draining {
                        return Err("the server does not end".to_owned());
                    }
                }
                if let Heard::Closed { channel } = &heard {
                    self.extras.remove(channel);
                    self.unproven_to = Some(truth.newest());
                }
                Ok(())
            }
        }
    }

    /// A message of a backlog, which is known by what it says.
    fn replayed(
        &mut self,
        channel: &str,
        event: String,
        arguments: &[Argument],
        truth: &Truth,
    ) -> Result<(), String> {
        let account = self.account.as_mut().ok_or("a message before it is there")?;
        let (from, _) = account.position_in(channel).ok_or_else(|| format!("{channel} is not read here"))?;
        let as_text = match arguments {
            [Argument::Binary(bytes)] => alone(bytes).into_bytes(),
            _ => payload(arguments).0,
        };
        let record = truth.with_data(channel, from, &payload(arguments).0);
        let record = record.or_else(|| truth.with_data(channel, from, &as_text));
        let record =
            record.ok_or_else(|| format!("{channel}: nobody published {arguments:?} after {from}"))?;
        are_all_there(Some(record), arguments)?;
        let heard = message(Some(record), (record.id, true), channel.to_owned(), event, arguments, None);
        account.hears(truth, &heard)
    }

    /// Something is told of a channel that it may still read.
    fn has_kept(&mut self, channel: &str, truth: &Truth) {
        if let Some(extra) = self.doubtful.remove(channel)
            && let (Some(cursor), Some(account)) = (self.cursor(), self.account.as_mut())
        {
            let (at, by) = (cursor.max(extra.since), extra.by);
            account.adds(&[channel.to_owned()], at, Begin::After(at), truth);
            account.goes_on_from(channel, at, by.max(truth.newest()));
            self.extras.insert(channel.to_owned(), Extra::new(at, truth.newest()));
        }
    }

    /// Where the truth keeps what is read as `channel`.
    fn log_of(&self, channel: &str) -> String {
        match (channel, &self.client) {
            ("@client", Some(client)) => format!("@client/{client}"),
            _ => channel.to_owned(),
        }
    }

    /// The question that a number stands for: the first 31 bits of its id.
    fn question<'t>(&self, truth: &'t Truth, number: u64) -> Result<&'t Question, String> {
        let is_it = |question: &&Question| {
            let [a, b, c, d, ..] = question.ask.0;
            u64::from(u32::from_be_bytes([a, b, c, d]) >> 1) == number
        };
        let found = truth.questions.all().iter().rfind(is_it);
        found.ok_or_else(|| format!("nobody asked what is called {number}"))
    }

    /// Nothing more is to come at present.
    pub fn is_idle(&self, truth: &Truth) -> Result<(), String> {
        let account = match (&self.state, &self.account) {
            (State::Out, _) | (State::In, None) => return Ok(()),
            (State::Joining(_), _) => return Err("it asked to join and has no answer".to_owned()),
            (State::In, Some(account)) => account,
        };
        if let Some((number, command)) = self.commands.iter().next() {
            return Err(format!("command {number} has no acknowledgement: {command:?}"));
        }
        for (ask, data, packet, failures) in &self.answers {
            let question = truth.questions.of_ask(*ask);
            let is_over = question.is_none_or(|question| question.end().is_some() || question.is_lost);
            if *packet <= self.arrived && !is_over && truth.journal_failed_since(*failures).is_err() {
                return Err(format!("{ask} was answered, and is open"));
            }
            self.is_my_answer(question, data, truth)?;
        }
        match account.misses_its_own(truth) {
            Some(id) => Err(format!("{id}, for it alone, was not heard")),
            None => account.is_idle(truth),
        }
    }

    /// If its answer won, it is what it said.
    fn is_my_answer(&self, question: Option<&Question>, data: &[u8], truth: &Truth) -> Result<(), String> {
        let Some(End::Answered(answer)) = question.and_then(Question::end) else { return Ok(()) };
        if answer.by.map(|by| by.to_string()) != self.client {
            return Ok(());
        }
        truth.tally.count("a question answered by an ack");
        match answer.status == 200 && *answer.data == *data {
            true => Ok(()),
            false => Err(format!("{data:?} was answered, and {answer:?} is told")),
        }
    }

    /// What it certainly listens to, and as whom.
    pub fn certain_channels(&self) -> Vec<(&str, &str)> {
        let (State::In, Some(account), Some(client)) = (&self.state, &self.account, &self.client) else {
            return Vec::new();
        };
        match self.commands.values().any(Command::changes_channels) {
            true => Vec::new(),
            false => account.channels().map(|channel| (channel, &**client)).collect(),
        }
    }

    /// Is everybody listed who it was told is there, and nobody else?
    pub fn agrees(&self, channel: &str, listed: &BTreeSet<String>) -> Result<(), String> {
        match (&self.state, &self.account) {
            (State::In, Some(account)) if account.channels().any(|name| name == channel) => {
                account.watch.agrees(channel, listed)
            }
            _ => Ok(()),
        }
    }

    /// From where on it would go on.
    pub(super) fn cursor(&self) -> Option<MessageId> {
        self.offset.or(self.began_at)
    }

    pub(super) fn open(&mut self, truth: &Truth, begin: Begin, newest: MessageId) {
        let channels: Vec<&str> =
            core::iter::once(self.channel).chain(self.extras.keys().map(|extra| &**extra)).collect();
        let mut account = Account::open(truth, channels, begin, newest);
        if let Some(cursor) = self.offset.or(self.began_at) {
            for (name, extra) in &self.extras {
                let (at, by) = extra.resumes(cursor);
                account.goes_on_from(name, at, by);
            }
        }
        if let Some(client) = self.client.as_ref().and_then(|client| client.parse().ok()) {
            account.is_client(client);
        }
        self.account = Some(account);
    }
}

/// What was emitted with several arguments comes with several, and nothing else does.
fn are_all_there(record: Option<&Record>, arguments: &[Argument]) -> Result<(), String> {
    match record.is_none_or(|record| record.spread == (arguments.len() > 1)) {
        true => Ok(()),
        false => Err(format!("{} arguments of {record:?}", arguments.len())),
    }
}

/// A message as other transports would tell it. What has no name is called `message`, and JSON that is an attachment and
/// nothing else looks like bytes.
fn message(
    record: Option<&Record>,
    (id, replay): (MessageId, bool),
    channel: String,
    event: String,
    arguments: &[Argument],
    ask: Option<AskId>,
) -> Heard {
    let (mut data, mut is_json) = payload(arguments);
    if let ([Argument::Binary(bytes)], Some(record)) = (arguments, record)
        && record.data == alone(bytes).as_bytes()
    {
        (data, is_json) = (record.data.clone(), true);
    }
    let is_unnamed = event == "message" && record.is_some_and(|record| record.event.is_none());
    let event = if is_unnamed { None } else { Some(event) };
    let ask = ask.map(|ask| ask.to_string());
    Heard::Message { id, channel: Some(channel), event, ask, data, is_json, replay }
}
