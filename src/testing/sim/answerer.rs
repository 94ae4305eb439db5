//! Who answers, over HTTP: in time, late, twice, what was never asked, several at once.  Law: the first answer in the
//! journal wins and is told so; all others are told what became of the question.

use super::exchange::{Answered, Asked, Exchange};
use super::ledger::Ledger;
use super::payload::Payload;
use super::questions::{End, Question};
use super::scenario::Scenario;
use super::truth::Truth;
use crate::message::AskId;
use crate::testing::decode::head::ResponseHead;
use crate::testing::dice::Dice;
use crate::testing::driver::World;

/// One of them, with at most one connection.
pub struct Answerer {
    name: String,
    talk: Option<Exchange<Request>>,
    /// Its last answer, which it may give once more.
    last: Option<(String, Request)>,
}

#[derive(Clone)]
struct Request {
    /// The question, as it was called; not always one.
    ask: String,
    status: u16,
    data: Vec<u8>,
    /// As its idempotency key tells it from all others.
    number: u64,
}

impl Answerer {
    /// One that has answered nothing yet.
    pub fn new(name: usize) -> Self {
        Answerer { name: format!("answerer-{name}"), talk: None, last: None }
    }

    /// Does something: connects, answers, sends, hangs up.
    pub fn act(
        &mut self,
        world: &mut World,
        truth: &Truth,
        ledger: &mut Ledger,
        scenario: &Scenario,
        dice: &mut Dice,
    ) {
        let Some(talk) = &mut self.talk else {
            self.talk = Some(Exchange::connect(world));
            return;
        };
        match dice.below(30) {
            0 => self.hang_up(world, dice),
            1 => talk.out.stall(world, dice),
            2..=11 if talk.waiting() < 2 => self.answer(world, truth, ledger, scenario, dice),
            _ => talk.out.send(world, dice),
        }
    }

    fn answer(
        &mut self,
        world: &World,
        truth: &Truth,
        ledger: &mut Ledger,
        scenario: &Scenario,
        dice: &mut Dice,
    ) {
        let Some(talk) = &mut self.talk else { return };
        if let Some((head, request)) = &self.last
            && dice.one_in(6)
        {
            let body = request.data.clone();
            return talk.ask(world, truth, request.clone(), head, &body);
        }
        let Some(ask) = some_question(truth, dice) else { return };
        let number = ledger.next_number();
        let Payload { data, content_type } = Payload::throw(ledger, dice, scenario.payload_max.min(3_000));
        let (status, data) = match dice.below(6) {
            0 if content_type.is_none() => (204, Vec::new()),
            1 => (*dice.pick(&[201, 403, 404, 410, 503, 504, 599]), data),
            _ => (200, data),
        };
        let mut options = Vec::new();
        if status != 200 || dice.one_in(2) {
            options.push(format!("status={status}"));
        }
        if dice.one_in(2) {
            options.push(format!("session={}-abcdefghijklmnop", self.name));
        }
        let key = format!("Idempotency-Key: {}/{number}\r\n", self.name);
        let content_type = content_type.map_or_else(String::new, |name| format!("Content-Type: {name}\r\n"));
        let head = format!(
            "POST /asks/{ask}?{} HTTP/1.1\r\nHost: localhost\r\n{content_type}{key}Content-Length: {}\r\n\r\n",
            options.join("&"),
            data.len()
        );
        let request = Request { ask, status, data, number };
        let body = request.data.clone();
        self.last = Some((head.clone(), request.clone()));
        talk.ask(world, truth, request, &head, &body);
    }

    /// Goes away in the middle of whatever it does.
    pub fn hang_up(&mut self, world: &mut World, dice: &mut Dice) {
        if let Some(talk) = self.talk.take() {
            talk.out.leave(world, dice);
        }
    }

    /// The process behind the connection is another one.
    pub fn restarted(&mut self) {
        (self.talk, self.last) = (None, None);
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

    /// Everything that was answered must have been judged.
    pub fn is_done(&self) -> Result<(), String> {
        match self.talk.as_ref().and_then(Exchange::front) {
            Some(asked) => {
                Err(format!("{}: nothing is said of the answer to {}", self.name, asked.request.ask))
            }
            None => Ok(()),
        }
    }

    /// Reads what the server wrote.
    pub fn listen(&mut self, world: &mut World, truth: &Truth, ledger: &mut Ledger) -> Result<(), String> {
        let Some(talk) = &mut self.talk else { return Ok(()) };
        for Answered { asked, head, body: _ } in talk.listen(world)? {
            judge(&asked, truth, ledger, &head).map_err(|error| {
                let question = of_ask(truth, &asked.request.ask);
                format!("{}: {}: {error}: {head:?} {question:?}", self.name, asked.request.ask)
            })?;
        }
        if !talk.is_closed(world) {
            return Ok(());
        }
        let may_be_cut = talk.may_be_cut(world, truth);
        match self.talk.take().as_ref().and_then(Exchange::front) {
            Some(Asked { request, .. }) if !may_be_cut => {
                Err(format!("{}: cut off before its answer to {} was judged", self.name, request.ask))
            }
            _ => Ok(()),
        }
    }
}

/// A question of late, whatever became of it; now and then what is none.
pub fn some_question(truth: &Truth, dice: &mut Dice) -> Option<String> {
    let all = truth.questions.all();
    let late = &all[all.len().saturating_sub(6)..];
    if late.is_empty() {
        return None;
    }
    Some(match dice.below(20) {
        0 => AskId([7; 16]).to_string(),
        // What the asker knows does not answer.
        1 => dice.pick(late).asker.to_string(),
        2..=5 => dice.pick(late).ask.to_string(),
        _ => late
            .iter()
            .rfind(|question| question.end.is_none())
            .unwrap_or(&late[late.len() - 1])
            .ask
            .to_string(),
    })
}

fn of_ask<'t>(truth: &'t Truth, ask: &str) -> Option<&'t Question> {
    truth.questions.of_ask(ask.parse().ok()?)
}

fn judge(
    asked: &Asked<Request>,
    truth: &Truth,
    ledger: &mut Ledger,
    head: &ResponseHead,
) -> Result<(), String> {
    let Request { ask, status, data, number } = &asked.request;
    let question = of_ask(truth, ask);
    let end = question.and_then(Question::end);
    if question.is_some_and(|question| question.is_vague) {
        return Ok(());
    }
    let is_mine =
        matches!(end, Some(End::Answered(answer)) if *answer.data == **data && answer.status == *status);
    let is_right = match head.status {
        200 => {
            truth.tally.count("an answer taken");
            is_mine && ledger.has_answered(ask, *number)
        }
        409 => {
            truth.tally.count("an answer too late");
            matches!(end, Some(End::Answered(_))) && (!is_mine || data.is_empty())
        }
        410 => {
            truth.tally.count("an answer in vain");
            matches!(end, Some(End::Withdrawn | End::Expired))
        }
        404 => question.is_none_or(|question| truth.may_have_forgotten(question)),
        503 => return truth.journal_failed_since(asked.failures),
        408 => true,
        _ => false,
    };
    if is_right { Ok(()) } else { Err("this is not so".to_owned()) }
}
