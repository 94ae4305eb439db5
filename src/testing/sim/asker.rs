//! Who asks, over HTTP: waits, times out, comes back to the same question, takes it back, hangs up, repeats itself.
//! Law: every question ends exactly once, whoever asks is told that end, and when, and how many listen.

use super::exchange::{Answered, Asked, Exchange};
use super::ledger::Ledger;
use super::payload::Payload;
use super::questions::{End, Question, Told};
use super::scenario::{CHANNELS, Scenario};
use super::truth::Truth;
use crate::base::time::Millis;
use crate::base::wheel::TICK_MS;
use crate::testing::decode::head::ResponseHead;
use crate::testing::decode::poll;
use crate::testing::dice::Dice;
use crate::testing::driver::World;

/// Seconds that a request is held which does not say.
const WAIT_S: u64 = 30;

/// One of them, with at most one connection.
pub struct Asker {
    name: String,
    talk: Option<Exchange<Request>>,
    /// Its latest question.
    mine: Option<Mine>,
    made: u64,
    max_wait_s: u64,
    /// The server was told to end, and has read the request under way.
    must_be_told: bool,
}

/// A question that was asked, or may have been.
#[derive(Clone)]
struct Mine {
    data: Vec<u8>,
    /// The request, if it may be sent again: it has an idempotency key.
    request: Option<(String, u64)>,
    /// By which it is taken up, once that was told.
    asker: Option<String>,
}

struct Request {
    what: What,
    /// The question.
    data: Vec<u8>,
    wait_s: u64,
    /// It was said before, perhaps on another connection, and the journal may take its time to say that it has it.
    is_again: bool,
}

impl Request {
    /// One that is said for the first time.
    fn new(what: What, data: Vec<u8>, wait_s: u64) -> Self {
        Request { what, data, wait_s, is_again: false }
    }
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum What {
    Ask,
    TakeUp,
    Withdraw,
}

impl Asker {
    /// One that has asked nothing yet.
    pub fn new(name: usize, scenario: &Scenario) -> Self {
        let max_wait_s = scenario.settings.max_wait_ms / 1000;
        let name = format!("asker-{name}");
        Asker { name, talk: None, mine: None, made: 0, max_wait_s, must_be_told: false }
    }

    /// Does something: connects, asks, takes up, withdraws, sends, hangs up.
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
            0 | 1 => self.hang_up(world, dice),
            2 => talk.out.stall(world, dice),
            _ if talk.waiting() > 0 || !talk.out.is_empty() => talk.out.send(world, dice),
            3..=14 => self.go_on(world, truth, dice),
            _ => self.ask(world, truth, ledger, scenario, dice),
        }
    }

    fn ask(
        &mut self,
        world: &World,
        truth: &Truth,
        ledger: &mut Ledger,
        scenario: &Scenario,
        dice: &mut Dice,
    ) {
        let channel = *dice.pick(&CHANNELS);
        let Payload { data, content_type } = Payload::throw(ledger, dice, scenario.payload_max.min(3_000));
        let mut options = Vec::new();
        let (mut wait_s, mut fields) = (WAIT_S, String::new());
        match dice.below(4) {
            0 => {}
            1 => {
                wait_s = 1 + dice.below(9) as u64;
                fields = format!("Prefer: wait={wait_s}\r\n");
            }
            _ => {
                wait_s = dice.below(6) as u64;
                options.push(format!("wait={wait_s}"));
            }
        }
        if scenario.settings.retain_age_ms >= 20_000 && dice.one_in(2) {
            options.push(format!("ttl={}", 1 + dice.below(20)));
        }
        if dice.one_in(5) {
            options.push("retain=0".to_owned());
        }
        self.made += 1;
        let is_keyed = dice.one_in(3);
        if is_keyed {
            fields += &format!("Idempotency-Key: {}/{}\r\n", self.name, self.made);
        }
        let content_type = content_type.map_or_else(String::new, |name| format!("Content-Type: {name}\r\n"));
        let head = format!(
            "POST /ask/{channel}?{} HTTP/1.1\r\nHost: localhost\r\n{content_type}{fields}Content-Length: {}\r\n\r\n",
            options.join("&"),
            data.len()
        );
        let request = is_keyed.then(|| (head.clone(), wait_s));
        self.mine = Some(Mine { data: data.clone(), request, asker: None });
        self.say(world, truth, Request::new(What::Ask, data, wait_s), &head);
    }

    /// Goes on with its latest question.
    fn go_on(&mut self, world: &World, truth: &Truth, dice: &mut Dice) {
        let Some(Mine { data, request, asker }) = self.mine.clone() else { return };
        match (asker, request) {
            (Some(asker), _) if dice.one_in(6) => {
                let head = format!("DELETE /asks/{asker} HTTP/1.1\r\nHost: localhost\r\n\r\n");
                let request = Request::new(What::Withdraw, data, 0);
                self.say(world, truth, request, &head);
            }
            (Some(asker), _) => {
                let wait_s = dice.below(8) as u64;
                let query = if wait_s == 0 { String::new() } else { format!("?wait={wait_s}") };
                let head = format!("GET /asks/{asker}{query} HTTP/1.1\r\nHost: localhost\r\n\r\n");
                self.say(world, truth, Request::new(What::TakeUp, data, wait_s), &head);
            }
            (None, Some((head, wait_s))) => {
                self.say(world, truth, Request { what: What::Ask, data, wait_s, is_again: true }, &head);
            }
            (None, None) => {}
        }
    }

    fn say(&mut self, world: &World, truth: &Truth, mut request: Request, head: &str) {
        let Some(talk) = &mut self.talk else { return };
        let body = if request.what == What::Ask { request.data.clone() } else { Vec::new() };
        request.wait_s = request.wait_s.min(self.max_wait_s);
        talk.ask(world, truth, request, head, &body);
        self.must_be_told = false;
    }

    /// Goes away in the middle of whatever it does.
    pub fn hang_up(&mut self, world: &mut World, dice: &mut Dice) {
        if let Some(talk) = self.talk.take() {
            talk.out.leave(world, dice);
        }
        self.must_be_told = false;
    }

    /// The process behind the connection is another one. `has_forgotten`: it knows nothing of the last one's log.
    pub fn restarted(&mut self, has_forgotten: bool) {
        (self.talk, self.must_be_told) = (None, false);
        if has_forgotten {
            self.mine = None;
        }
    }

    /// The server was told to end. A withdrawal waits for the journal, which may never say that it has it.
    pub fn is_drained(&mut self) {
        let held = self.talk.as_ref().and_then(Exchange::front);
        self.must_be_told =
            held.is_some_and(|asked| asked.held_at.is_some() && asked.request.what != What::Withdraw);
    }

    /// The server says that it is over: it has answered what this asker had under way.
    pub fn was_told(&self) -> Result<(), String> {
        match &self.talk {
            Some(talk) if self.must_be_told && !talk.out.was_slow && talk.waiting() > 0 => {
                Err(format!("{}: the server is over and has not told it", self.name))
            }
            _ => Ok(()),
        }
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

    /// Nothing moves any more: whoever is not answered is held for a question that is open, and not for too long.
    pub fn is_done(&self, now: Millis, truth: &Truth) -> Result<(), String> {
        let Some(asked) = self.talk.as_ref().and_then(Exchange::front) else { return Ok(()) };
        let Asked { request, held_at, .. } = asked;
        let is_late = held_at.is_some_and(|since| now > since + 1000 * request.wait_s + 2 * TICK_MS);
        let question = truth.questions.of_data(&request.data);
        let may_be_held = question.is_some_and(|question| question.may_be_open(truth));
        match request.what != What::Withdraw && !is_late && may_be_held {
            true => Ok(()),
            false => Err(format!(
                "{}: at rest: {:?} for {} s has no answer, late {is_late}: {question:?}",
                self.name, request.what, request.wait_s
            )),
        }
    }

    /// Reads what the server wrote.
    pub fn listen(&mut self, world: &mut World, truth: &Truth) -> Result<(), String> {
        let Some(talk) = &mut self.talk else { return Ok(()) };
        for Answered { asked, head, body } in talk.listen(world)? {
            let question = truth.questions.of_data(&asked.request.data);
            if let (Some(question), Some(mine)) = (question, &mut self.mine)
                && mine.data == asked.request.data
                && head.status != 503
            {
                mine.asker = Some(question.asker.to_string());
            }
            let is_early = world.now().at < asked.at + 1000 * asked.request.wait_s;
            let was_slow = talk.out.was_slow;
            judge(&asked, question, truth, &head, &body, is_early, was_slow).map_err(|error| {
                let Request { what, wait_s, .. } = &asked.request;
                format!("{}: {what:?} for {wait_s} s: {error}: {head:?} {question:?}", self.name)
            })?;
        }
        talk.watch(world, |request| !request.is_again && truth.questions.of_data(&request.data).is_some());
        if !talk.is_closed(world) {
            return Ok(());
        }
        let may_be_cut = talk.may_be_cut(world, truth);
        match self.talk.take().as_ref().and_then(Exchange::front) {
            Some(Asked { request, .. }) if !may_be_cut => {
                Err(format!("{}: cut off before the answer to {:?}", self.name, request.what))
            }
            _ => Ok(()),
        }
    }
}

/// Is the answer to `asked` true?
fn judge(
    asked: &Asked<Request>,
    question: Option<&Question>,
    truth: &Truth,
    head: &ResponseHead,
    body: &[u8],
    is_early: bool,
    was_slow: bool,
) -> Result<(), String> {
    let Some(state) = head.field("Holdline-Ask") else {
        return judge_other(asked, question, truth, head);
    };
    let question = question.ok_or("nobody asked this")?;
    let subscribers = head.field("Holdline-Subscribers").and_then(|text| text.parse().ok());
    let subscribers = subscribers.ok_or("it is not said how many listen")?;
    let by = head.field("Holdline-Answered-By");
    let told = Told { state, status: head.status, data: body, by };
    let since = if was_slow { 0 } else { truth.questions.turn - 1 };
    told.is_true_of(question, truth, since)?;
    truth.audience.admits(&question.channel, subscribers, was_slow)?;
    match state {
        "pending" => {
            truth.tally.count("a question pending");
            if head.field("Location") != Some(&*format!("/asks/{}", question.asker)) {
                return Err("the Location is another".to_owned());
            }
            match is_early && !truth.troubles.may_refuse() {
                true => Err("it was not held as long as it asked for".to_owned()),
                false => Ok(()),
            }
        }
        "answered" => {
            truth.tally.count("an answer told");
            let is_safe = head.field("X-Content-Type-Options") == Some("nosniff")
                && head.field("Content-Security-Policy") == Some("sandbox")
                && head.field("Cache-Control") == Some("no-store");
            if is_safe { Ok(()) } else { Err("an answer may act in the name of the server".to_owned()) }
        }
        state => {
            truth.tally.count(if state == "expired" { "an expiry told" } else { "a withdrawal told" });
            poll::problem(core::str::from_utf8(body).unwrap_or_default()).map(|_| ())
        }
    }
}

/// An answer that says nothing of the question.
fn judge_other(
    asked: &Asked<Request>,
    question: Option<&Question>,
    truth: &Truth,
    head: &ResponseHead,
) -> Result<(), String> {
    let end = question.and_then(Question::end);
    let is_vague = question.is_some_and(|question| question.is_vague);
    let is_right = match (asked.request.what, head.status) {
        (_, 408) => true,
        (What::Withdraw, 204) => {
            truth.tally.count("a question withdrawn");
            end == Some(&End::Withdrawn)
        }
        (What::Withdraw, 409) => matches!(end, Some(End::Answered(_))),
        (What::Withdraw, 410) => matches!(end, Some(End::Withdrawn | End::Expired)),
        (What::Ask | What::Withdraw, 503) => return truth.journal_failed_since(asked.failures),
        (_, 503) => truth.troubles.may_refuse(),
        (_, 404) => question.is_none_or(|question| truth.may_have_forgotten(question)),
        _ => false,
    };
    match is_right || is_vague {
        true => Ok(()),
        false => Err("this is not so".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::driver::BEGIN_UNIX_MS;
    use crate::testing::sim::journal::SimJournal;

    /// What was asked is on its way to the server, which is told to end.
    fn drained_while(asker: &mut Asker, world: &mut World, truth: &Truth) -> Result<(), String> {
        asker.talk.as_mut().expect("it has just asked").out.send_all(world);
        world.settle();
        asker.listen(world, truth)?;
        asker.is_drained();
        asker.was_told()
    }

    #[test]
    fn who_withdraws_need_not_be_told_at_the_end_if_the_journal_never_answers() {
        let mut dice = Dice::new(1);
        let scenario = Scenario::throw(&mut dice);
        let journal = SimJournal::new(BEGIN_UNIX_MS);
        let mut world = World::with_journal(scenario.settings.clone(), Box::new(journal.clone()), [1; 32]);
        let mut truth = Truth::new(scenario.bounds.clone(), journal.start());
        let mut asker = Asker::new(0, &scenario);
        let head = "POST /ask/a?wait=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n";

        asker.talk = Some(Exchange::connect(&mut world));
        asker.say(&world, &truth, Request::new(What::Ask, b"?".to_vec(), 1), head);
        asker.talk.as_mut().expect("it has just asked").out.send_all(&mut world);
        world.settle();
        while let Some(entry) = journal.applied() {
            truth.apply(&entry);
        }
        assert!(drained_while(&mut asker, &mut world, &truth).is_err(), "it is held");

        let question = truth.questions.of_data(b"?").expect("it was asked").asker;
        let head = format!("DELETE /asks/{question} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        journal.set_prompt(false);
        asker.talk = Some(Exchange::connect(&mut world));
        asker.say(&world, &truth, Request::new(What::Withdraw, b"?".to_vec(), 0), &head);
        assert_eq!(drained_while(&mut asker, &mut world, &truth), Ok(()));
        assert!(asker.talk.is_some_and(|talk| talk.waiting() == 1), "the journal has not said anything");
    }
}
