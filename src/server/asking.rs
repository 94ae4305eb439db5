//! Questions: asked, answered, taken up again, withdrawn (API: Asking).  Law: what becomes of a question is decided by
//! the journal's order, never by who was heard first.

use super::Server;
use super::askers::AskWait;
use super::connection::ConnId;
use super::drafts;
use super::entries::Proposer;
use super::problem::Problem;
use super::publish::{Wanted, Writing};
use super::reading::{Parameters, checked_session};
use super::reply::Reply;
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::http::{Head, Query};
use crate::limits::{ASK_TTL_S, ASK_WAIT_S};
use crate::message::{Answer, AskId, AskerId, Command, Draft, Format, Question};

impl Server {
    /// Judges the head of `POST /ask/{channel}`.
    pub(super) fn begin_ask(
        &self,
        now: Now,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        channel: ChannelName,
    ) -> Result<Writing, Problem> {
        let content_type = drafts::content_type_of(head)?;
        let mut draft = drafts::draft_of_request(channel, head, self.settings.retain_age_ms)?;
        draft.ttl_s.get_or_insert(self.ask_ttl_s());
        let wait = self.ask_wait(head, ASK_WAIT_S)?;
        let resource = format!("ask/{}", draft.channel);
        let wanted = Wanted::Ask { draft: Box::new(draft), content_type, wait };
        Writing::new(now, head, reply, &resource, wanted)
    }

    /// Judges the head of `POST /asks/{ask}`.
    pub(super) fn begin_answer(
        &mut self,
        now: Now,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        ask: AskId,
    ) -> Result<Writing, Problem> {
        let content_type = drafts::content_type_of(head)?;
        let (mut status, mut session) = (None, None);
        for pair in Query::pairs(head.target.query.unwrap_or_default()) {
            match pair? {
                (_, value) if value.is_empty() => {}
                (name, value) if name == "status" && status.is_none() => {
                    status = Some(checked_status(&value)?)
                }
                (name, value) if name == "session" && session.is_none() => session = Some(value.into_owned()),
                _ => {}
            }
        }
        let session = session.or_else(|| head.headers.text("holdline-session").map(str::to_owned));
        let by = checked_session(session)?.map(|session| self.identify(Some(session)).client);
        let status = status.unwrap_or(200);
        let answer = Answer { status, data: Box::default(), format: Format::Text, content_type, by };
        let resource = format!("asks/{ask}");
        Writing::new(now, head, reply, &resource, Wanted::Answer(ask, Box::new(answer)))
    }

    /// Answers `GET /asks/{asker}`, or holds it.
    pub(super) fn take_up(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        asker: AskerId,
    ) -> Result<(), Problem> {
        let mut wait = self.ask_wait(head, 0)?;
        if reply.head_only {
            wait.seconds = 0;
        }
        self.hold_request(now, id, reply.take(now), asker, wait);
        Ok(())
    }

    /// Asks `question` once the journal has it.
    pub(super) fn question(&mut self, draft: Draft) -> Question {
        let Server { rng, hub, .. } = self;
        let ask = fresh_ask(|| AskId(rng.bytes()), |number| hub.is_asked(number));
        Question { draft, ask, asker: AskerId(self.rng.bytes()) }
    }

    /// How long a question lives whose asker does not say, in seconds.
    pub(super) fn ask_ttl_s(&self) -> u64 {
        ASK_TTL_S.min(self.settings.retain_age_ms / 1000).max(1)
    }

    /// `wait` in seconds, cut to what is allowed.
    pub(super) fn cut_wait(&self, wait_s: u64) -> u64 {
        wait_s.min(self.settings.max_wait_ms / 1000)
    }

    fn ask_wait(&self, head: &Head<'_, '_>, default_s: u64) -> Result<AskWait, Problem> {
        let asked = Parameters::parse(head.target.query)?.asked_wait(head)?;
        let (seconds, by_prefer) = asked.unwrap_or((default_s, false));
        Ok(AskWait { seconds: self.cut_wait(seconds), by_prefer })
    }

    /// `DELETE /asks/{asker}`.
    pub(super) fn withdraw(&mut self, now: Now, id: ConnId, reply: Reply, asker: AskerId) {
        self.hold_for_journal(now, id, reply, Proposer::Delete(id), vec![Command::Withdraw(asker)], None);
    }
}

/// An id whose number no open question of this node has. Of 2^31 numbers most are free, whatever the bounds.
fn fresh_ask(mut draw: impl FnMut() -> AskId, is_taken: impl Fn(u32) -> bool) -> AskId {
    loop {
        let ask = draw();
        if !is_taken(ask.ack_number()) {
            return ask;
        }
    }
}

/// A status that an answer may have.
pub(super) fn checked_status(text: &str) -> Result<u16, Problem> {
    match text.parse::<u16>() {
        Ok(status @ 200..=599) if status != 205 && status != 304 && text.len() == 3 => Ok(status),
        _ => Err(Problem::bad("status is a number from 200 to 599, and neither 205 nor 304")),
    }
}

/// Puts the body into an answer.
pub(super) fn fill_answer(answer: &mut Answer, data: Box<[u8]>) -> Result<(), Problem> {
    let content = drafts::Content::of_body(data, answer.content_type.as_deref())?;
    (answer.data, answer.format) = (content.data, content.format);
    check_body(answer)
}

/// A 204 has no body (RFC 9110 section 15.3.5).
pub(super) fn check_body(answer: &Answer) -> Result<(), Problem> {
    match answer.status == 204 && !answer.data.is_empty() {
        true => Err(Problem::bad("an answer with the status 204 has no body")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_an_open_question_has_is_not_drawn() {
        let mut drawn = [4, 4, 6, 7].map(|n| AskId([n; 16])).into_iter();
        let taken = [4, 6].map(|n| AskId([n; 16]).ack_number());
        let ask = fresh_ask(|| drawn.next().expect("the last is free"), |number| taken.contains(&number));
        assert_eq!(ask, AskId([7; 16]));
    }
}
