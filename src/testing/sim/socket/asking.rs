//! Questions over `holdline.v1`: asked, taken up again, answered, withdrawn.  Law: as over HTTP, and an `ask` is
//! confirmed before it is told anything else.

use super::{Command, Socket};
use crate::base::time::Millis;
use crate::base::wheel::TICK_MS;
use crate::message::AskerId;
use crate::testing::decode::v1::{Question as Said, Reply};
use crate::testing::dice::Dice;
use crate::testing::sim::answerer::some_question;
use crate::testing::sim::ledger::Ledger;
use crate::testing::sim::outbox::Outbox;
use crate::testing::sim::payload::Payload;
use crate::testing::sim::questions::{End, Question, Told};
use crate::testing::sim::scenario::CHANNELS;
use crate::testing::sim::truth::Truth;
use serde_json::json;

/// A question that is waited for.
pub struct Waiting {
    /// What is asked.
    data: Vec<u8>,
    wait_s: u64,
    at: Millis,
    /// When the server can have begun to hold it.
    held_at: Option<Millis>,
    /// It was confirmed, or needs no confirmation.
    is_asked: bool,
    failures: u64,
}

/// An answer or a withdrawal.
pub struct Ending {
    /// The question, by whichever id.
    of: String,
    /// `None`: it is taken back.
    data: Option<Vec<u8>>,
    number: u64,
    failures: u64,
}

impl Socket {
    /// Asks, answers, takes up or withdraws.
    pub(super) fn act_on_questions(
        &mut self,
        out: &mut Outbox,
        truth: &Truth,
        ledger: &mut Ledger,
        dice: &mut Dice,
    ) {
        let failures = truth.troubles.journal_failures;
        let wait_s = dice.below(8) as u64;
        let waiting = |data: Vec<u8>, is_asked| {
            Command::Wait(Waiting { data, wait_s, at: truth.now.at, held_at: None, is_asked, failures })
        };
        let number = ledger.next_number();
        let asker = self.asker.and_then(|asker| truth.questions.of_asker(asker));
        match (dice.below(8), asker) {
            (0..=2, _) => {
                let text = Payload::throw_text(ledger, dice, 100);
                let channel = *dice.pick(&CHANNELS);
                let mut json = json!({ "type": "ask", "channel": channel, "data": text, "wait": wait_s });
                if dice.one_in(2) {
                    json["ttl"] = 2.into();
                }
                self.command(out, waiting(text.into_bytes(), false), json, dice);
            }
            (3, Some(question)) => {
                let json = json!({ "type": "ask", "ask": question.asker.to_string(), "wait": wait_s });
                self.command(out, waiting(question.data.clone(), true), json, dice);
            }
            (4, Some(question)) => {
                let of = question.asker.to_string();
                let json = json!({ "type": "withdraw", "ask": of });
                self.command(out, Command::End(Ending { of, data: None, number, failures }), json, dice);
            }
            _ => {
                let Some(of) = some_question(truth, dice) else { return };
                let text = Payload::throw_text(ledger, dice, 100);
                let json = json!({ "type": "answer", "ask": of, "data": text });
                let ending = Ending { of, data: Some(text.into_bytes()), number, failures };
                self.command(out, Command::End(ending), json, dice);
            }
        }
    }

    /// The server confirms a question.
    pub(super) fn asked(
        &mut self,
        reference: &serde_json::Value,
        ask: &str,
        truth: &Truth,
    ) -> Result<(), String> {
        let command = reference.as_u64().and_then(|number| self.commands.get_mut(&number));
        let Some(Command::Wait(waiting @ Waiting { is_asked: false, .. })) = command else {
            return Err("nothing was asked under this ref".to_owned());
        };
        waiting.is_asked = true;
        self.asker = ask.parse().ok();
        let question = self.asker.and_then(|asker| truth.questions.of_asker(asker));
        match question.is_some_and(|question| question.data == waiting.data) {
            true => Ok(()),
            false => Err(format!("{ask} is not what was asked")),
        }
    }

    /// Everything that was said has arrived: what waits is held from now on.
    pub(super) fn hold(&mut self, truth: &Truth) {
        for command in self.commands.values_mut() {
            if let Command::Wait(waiting) = command
                && truth.questions.of_data(&waiting.data).is_some()
            {
                waiting.held_at.get_or_insert(truth.now.at);
            }
        }
    }

    /// What becomes of an answer or a withdrawal.
    pub(super) fn ended(
        &self,
        ending: &Ending,
        reply: &Reply,
        truth: &Truth,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        let Ending { of, data, number, failures } = ending;
        let question = match data {
            Some(_) => of.parse().ok().and_then(|ask| truth.questions.of_ask(ask)),
            None => of.parse().ok().and_then(|asker: AskerId| truth.questions.of_asker(asker)),
        };
        let end = question.and_then(Question::end);
        let is_right = match (reply, end, data) {
            _ if question.is_some_and(|question| question.is_vague) => true,
            (Reply::Published { .. }, Some(End::Answered(answer)), Some(data)) => {
                truth.tally.count("an answer taken");
                let by = answer.by.map(|by| by.to_string());
                *answer.data == **data && by == self.client && ledger.has_answered(of, *number)
            }
            (Reply::Published { .. }, Some(End::Withdrawn), None) => true,
            (Reply::Refused { status: 409, .. }, Some(End::Answered(answer)), data) => {
                data.as_ref().is_none_or(|data| *answer.data != **data)
            }
            (Reply::Refused { status: 410, .. }, Some(End::Withdrawn | End::Expired), _) => true,
            (Reply::Refused { status: 404, .. }, _, _) => {
                question.is_none_or(|question| truth.may_have_forgotten(question))
            }
            (Reply::Refused { status: 503, .. }, ..) => return truth.journal_failed_since(*failures),
            _ => false,
        };
        if is_right { Ok(()) } else { Err(format!("not so: {question:?}")) }
    }
}

impl Waiting {
    /// What was waited for is told.
    pub(super) fn told(&self, reply: &Reply, truth: &Truth, since: u64) -> Result<(), String> {
        let question = truth.questions.of_data(&self.data);
        match reply {
            Reply::Question(said) if self.is_asked => {
                let question = question.ok_or("nobody asked this")?;
                self.hears(said, question, truth, since).map_err(|error| format!("{error}: {question:?}"))
            }
            Reply::Refused { status: 404, .. } if self.is_asked => {
                match question.is_none_or(|question| truth.may_have_forgotten(question)) {
                    true => Ok(()),
                    false => Err("it is known".to_owned()),
                }
            }
            Reply::Refused { status: 503, .. } => truth.journal_failed_since(self.failures),
            reply => Err(format!("{reply:?} is no end of a question")),
        }
    }

    fn hears(&self, said: &Said, question: &Question, truth: &Truth, since: u64) -> Result<(), String> {
        truth.tally.count("a question's state told over WebSocket");
        if said.ask != question.asker.to_string() {
            return Err("another question is meant".to_owned());
        }
        let (data, by) = match &said.answer {
            Some((data, _, by)) => (&data[..], by.as_deref()),
            None => (&b""[..], None),
        };
        Told { state: &said.state, status: said.status, data, by }.is_true_of(question, truth, since)?;
        let is_early = truth.now.at < self.at + 1000 * truth.wait_max_s(self.wait_s);
        match said.state == "pending" && is_early && !truth.troubles.may_refuse() {
            true => Err("it was not held as long as it asked for".to_owned()),
            false => Ok(()),
        }
    }

    /// May it wait on?
    pub(super) fn may_wait(&self, truth: &Truth) -> bool {
        let end = |since| since + 1000 * self.wait_s + 2 * TICK_MS;
        let is_late = self.held_at.is_some_and(|since| truth.now.at > end(since));
        let question = truth.questions.of_data(&self.data);
        !is_late && question.is_some_and(|question| question.may_be_open(truth))
    }
}
