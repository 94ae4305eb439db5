//! The commands of `holdline.v1` that ask, answer and withdraw (API: WebSocket, Asking).

use super::Server;
use super::askers::Asker;
use super::asking::{check_body, checked_status};
use super::connection::ConnId;
use super::drafts::{Content, JsonPublish, present};
use super::entries::Proposer;
use super::problem::Problem;
use crate::base::time::Now;
use crate::hub::AskError;
use crate::limits::ASK_WAIT_S;
use crate::message::{Answer, AskId, AskerId, ClientId, Command, Format};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What an `ask` has besides what a `publish` has.
#[derive(Deserialize)]
struct JsonAsk<'a> {
    /// The question to be taken up again; without it a new one is asked.
    #[serde(borrow)]
    ask: Option<Cow<'a, str>>,
    wait: Option<u64>,
}

#[derive(Deserialize)]
struct JsonAnswer<'a> {
    #[serde(borrow)]
    ask: Option<Cow<'a, str>>,
    status: Option<serde_json::Number>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content_type: Option<Cow<'a, str>>,
}

impl Server {
    /// `ask`: a new question, or one to be taken up again.
    pub(super) fn ask_command(
        &mut self,
        now: Now,
        id: ConnId,
        reference: Option<&str>,
        text: &[u8],
    ) -> Result<(), Problem> {
        let JsonAsk { ask, wait } = serde_json::from_slice(text)
            .map_err(|error| Problem::bad(format!("wait is a whole number of seconds: {error}")))?;
        let wait_s = self.cut_wait(wait.unwrap_or(ASK_WAIT_S));
        if let Some(ask) = ask {
            return self.take_up_command(now, id, reference, &ask, wait_s);
        }
        let publish = serde_json::from_slice::<JsonPublish<'_>>(text)
            .map_err(|error| Problem::bad(format!("ask has channel and data: {error}")))?;
        let mut draft = publish.draft(self.settings.retain_age_ms, self.settings.max_message)?;
        draft.ttl_s.get_or_insert(self.ask_ttl_s());
        let question = self.question(draft);
        let proposer = Proposer::AskCommand(id, reference.map(Into::into), wait_s);
        self.propose(now, proposer, vec![Command::Ask(question)], None)
    }

    fn take_up_command(
        &mut self,
        now: Now,
        id: ConnId,
        reference: Option<&str>,
        ask: &str,
        wait_s: u64,
    ) -> Result<(), Problem> {
        let asker: AskerId = ask.parse().map_err(|_| AskError::Unknown)?;
        if self.hub.question(asker).is_none() {
            return Err(AskError::Unknown.into());
        }
        if let Some(reference) = reference {
            self.hold_asker(now, asker, Asker::Command(id, reference.into()), wait_s);
        }
        Ok(())
    }

    /// Confirms that a question was asked, with what it takes to withdraw it or to take it up elsewhere.
    pub(super) fn say_asked(&mut self, id: ConnId, reference: &str, asker: AskerId, subscribers: u32) {
        let text =
            format!(r#"{{"type":"asked","ref":{reference},"ask":"{asker}","subscribers":{subscribers}}}"#);
        self.say_text(id, &text);
    }

    /// `answer`, by the client of this connection.
    pub(super) fn answer_command(
        &mut self,
        now: Now,
        id: ConnId,
        by: Option<ClientId>,
        reference: Option<&str>,
        text: &[u8],
    ) -> Result<(), Problem> {
        let answer: JsonAnswer<'_> = serde_json::from_slice(text)
            .map_err(|error| Problem::bad(format!("answer has ask, status and data: {error}")))?;
        let ask: AskId = parse_ask(answer.ask.as_deref())?;
        let status = answer.status.map_or(Ok(200), |status| checked_status(&status.to_string()))?;
        let content_type = answer.content_type.as_deref();
        let content = match (answer.data, answer.data_base64) {
            (None, None) => Content::of_body(Box::default(), content_type)?,
            (data, base64) => Content::of_json(data, base64.as_deref(), content_type)?,
        };
        if content.data.len() > self.settings.max_message {
            return Err(Problem::new(413, "the data is larger than a message may be"));
        }
        let content_type = answer.content_type.map(|text| text.into()).or_else(|| match content.format {
            Format::Json => Some("application/json".into()),
            Format::Text | Format::Binary => None,
        });
        let Content { data, format, .. } = content;
        let answer = Answer { status, data, format, content_type, by };
        check_body(&answer)?;
        let proposer = Proposer::Command(id, reference.map(Into::into));
        self.propose(now, proposer, vec![Command::Answer(ask, answer)], None)
    }

    /// `withdraw`, by whoever knows the asker's id.
    pub(super) fn withdraw_command(
        &mut self,
        now: Now,
        id: ConnId,
        reference: Option<&str>,
        text: &[u8],
    ) -> Result<(), Problem> {
        let JsonAsk { ask, .. } = serde_json::from_slice(text)
            .map_err(|error| Problem::bad(format!("withdraw names a question by ask: {error}")))?;
        let asker: AskerId = parse_ask(ask.as_deref())?;
        let proposer = Proposer::Command(id, reference.map(Into::into));
        self.propose(now, proposer, vec![Command::Withdraw(asker)], None)
    }
}

/// What is no id names no question.
fn parse_ask<T: core::str::FromStr>(text: Option<&str>) -> Result<T, Problem> {
    let text = text.ok_or_else(|| Problem::bad("ask is missing: it names the question"))?;
    text.parse().map_err(|_| AskError::Unknown.into())
}
