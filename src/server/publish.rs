//! Writing: publish, bulk publish, delete.  Law: nothing is answered before its entry came back from the journal, and
//! nobody reads what is not in the journal.

use super::askers::AskWait;
use super::asking;
use super::connection::{Closing, ConnId, Pending, Proto, Waiting};
use super::drafts::{self, JsonPublish};
use super::engine::SessionId;
use super::entries::Proposer;
use super::problem::Problem;
use super::reply::Reply;
use super::{OutPiece, Server};
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::http::{Head, Query};
use crate::message::{Answer, AskId, ClientId, Command, Draft, RepeatKey};
use sha1::{Digest, Sha1};

/// What to do with a body once it is there.
pub enum Wanted {
    /// Publish it.
    Publish(Box<Draft>, Option<Box<str>>),
    /// Publish its lines.
    Bulk,
    /// Change the channels of this client's streams.
    Subscriptions(ClientId),
    /// Ask it, and hold the asker so long.
    Ask {
        /// Still without its body.
        draft: Box<Draft>,
        /// The value of the field.
        content_type: Option<Box<str>>,
        /// How long the request is held.
        wait: AskWait,
    },
    /// Take its packets in this session.
    Packets(SessionId),
    /// Answer a question with it.
    Answer(AskId, Box<Answer>),
    /// Refuse it: the head was wrong, and the next request is found behind the body only.
    Nothing(Problem),
}

/// A request that waits for its body.
pub struct Writing {
    pub(super) reply: Reply,
    pub(super) wanted: Wanted,
    /// The `Idempotency-Key`, joined with publisher and resource.
    repeat: Option<Box<str>>,
    /// Everything besides the body that a repeat must have the same.
    parameters: Box<str>,
}

impl Server {
    /// Judges the head of `POST /channels/{channel}`.
    pub(super) fn begin_publish(
        &self,
        now: Now,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        channel: ChannelName,
    ) -> Result<Writing, Problem> {
        let content_type = drafts::content_type_of(head)?;
        let draft = drafts::draft_of_request(channel, head, self.settings.retain_age_ms)?;
        let resource = format!("channels/{}", draft.channel);
        let wanted = Wanted::Publish(Box::new(draft), content_type);
        Writing::new(now, head, reply, &resource, wanted)
    }

    /// Judges the head of `POST /publish`.
    pub(super) fn begin_bulk(
        &self,
        now: Now,
        head: &Head<'_, '_>,
        reply: &mut Reply,
    ) -> Result<Writing, Problem> {
        let media_type = head.headers.text("content-type").and_then(crate::http::MediaType::parse);
        if !media_type.is_some_and(|media| media.is("application/x-ndjson")) {
            return Err(Problem::new(415, "a bulk publish is application/x-ndjson: one JSON object a line"));
        }
        Writing::new(now, head, reply, "publish", Wanted::Bulk)
    }

    /// Bytes that the body may have.
    pub(super) fn body_max(&self, writing: &Writing) -> usize {
        match writing.wanted {
            Wanted::Publish(..)
            | Wanted::Subscriptions(_)
            | Wanted::Packets(_)
            | Wanted::Ask { .. }
            | Wanted::Answer(..)
            | Wanted::Nothing(_) => self.settings.max_message,
            Wanted::Bulk => self.settings.max_batch.max(self.settings.max_message),
        }
    }

    /// The body is there.
    pub(super) fn finish_write(&mut self, now: Now, id: ConnId, writing: Writing, body: &[u8]) {
        let repeat = writing.repeat_key(body);
        let Writing { reply, wanted, .. } = writing;
        if let Wanted::Subscriptions(client) = wanted {
            return self.finish_subscriptions(now, id, &reply, client, body);
        }
        if let Wanted::Packets(session) = wanted {
            return self.finish_packets(now, id, &reply, session, body);
        }
        let (proposer, commands) = match self.commands_of(id, wanted, body) {
            Ok(both) => both,
            Err(problem) => return self.refuse(now, id, &reply, &problem),
        };
        if commands.is_empty() {
            return self.answer_json(now, id, &reply, r#"{"ids":[]}"#.to_owned(), &[]);
        }
        self.hold_for_journal(now, id, reply, proposer, commands, repeat);
    }

    fn commands_of(
        &mut self,
        id: ConnId,
        wanted: Wanted,
        body: &[u8],
    ) -> Result<(Proposer, Vec<Command>), Problem> {
        match wanted {
            Wanted::Publish(mut draft, content_type) => {
                drafts::fill(&mut draft, body.into(), content_type.as_deref())?;
                Ok((Proposer::Publish(id, draft.channel.clone()), vec![Command::Publish(*draft)]))
            }
            Wanted::Bulk => Ok((Proposer::Bulk(id), self.lines(body)?)),
            Wanted::Ask { mut draft, content_type, wait } => {
                drafts::fill(&mut draft, body.into(), content_type.as_deref())?;
                Ok((Proposer::Ask(id, wait), vec![Command::Ask(self.question(*draft))]))
            }
            Wanted::Answer(ask, mut answer) => {
                asking::fill_answer(&mut answer, body.into())?;
                Ok((Proposer::Answer(id), vec![Command::Answer(ask, *answer)]))
            }
            Wanted::Subscriptions(_) | Wanted::Packets(_) => unreachable!("it is no command to the journal"),
            Wanted::Nothing(problem) => Err(problem),
        }
    }

    /// One draft a line; empty lines are passed over. One wrong line refuses all.
    fn lines(&self, body: &[u8]) -> Result<Vec<Command>, Problem> {
        let mut commands = Vec::new();
        for (index, line) in body.split(|&b| b == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let number = index + 1;
            let publish = drafts::object::<JsonPublish<'_>>(line).map_err(|error| {
                Problem::bad(format!("line {number} is not a JSON object that publishes something: {error}"))
            })?;
            let draft =
                publish.draft(self.settings.retain_age_ms, self.settings.max_message).map_err(|problem| {
                    Problem::new(problem.status, format!("line {number}: {}", problem.detail))
                })?;
            commands.push(Command::Publish(draft));
        }
        Ok(commands)
    }

    /// `DELETE /channels/{channel}`.
    pub(super) fn delete_channel(&mut self, now: Now, id: ConnId, reply: Reply, channel: ChannelName) {
        self.hold_for_journal(now, id, reply, Proposer::Delete(id), vec![Command::Delete(channel)], None);
    }

    pub(super) fn hold_for_journal(
        &mut self,
        now: Now,
        id: ConnId,
        reply: Reply,
        proposer: Proposer,
        commands: Vec<Command>,
        repeat: Option<RepeatKey>,
    ) {
        if let Some(conn) = self.conns.get_mut(id) {
            conn.turn_to(Proto::Waiting(Box::new(Waiting { reply, on: Pending::Journal })), now.at);
        }
        if let Err(problem) = self.propose(now, proposer, commands, repeat)
            && let Some(reply) = self.take_waiting(now, id)
        {
            self.refuse(now, id, &reply, &problem);
        }
    }

    /// The connection no longer waits; `None` if it is gone.
    pub(super) fn take_waiting(&mut self, now: Now, id: ConnId) -> Option<Reply> {
        let conn = self.conns.get_mut(id)?;
        if !matches!(conn.proto, Proto::Waiting(_)) {
            return None;
        }
        let closing = Proto::Closing(Closing { is_write_closed: false });
        let Proto::Waiting(waiting) = conn.turn_to(closing, now.at) else { return None };
        self.resume(id);
        Some(waiting.reply)
    }

    /// Answers with a JSON text.
    pub(super) fn answer_json(
        &mut self,
        now: Now,
        id: ConnId,
        reply: &Reply,
        body: String,
        more: &[(&str, &str)],
    ) {
        let mut fields = vec![("Content-Type", "application/json"), ("Cache-Control", "no-store")];
        fields.extend_from_slice(more);
        self.respond(now, id, reply, 200, &fields, vec![OutPiece::Own(body.into_bytes())]);
    }
}

impl Writing {
    /// A body that is only read to find what comes behind it.
    pub(super) fn refused(reply: Reply, problem: Problem) -> Self {
        Writing { reply, wanted: Wanted::Nothing(problem), repeat: None, parameters: Box::default() }
    }

    /// A request that is told by its body alone what to do, and asks nothing of the journal.
    pub(super) fn plain(reply: Reply, wanted: Wanted) -> Self {
        Writing { reply, wanted, repeat: None, parameters: Box::default() }
    }

    pub(super) fn new(
        now: Now,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        resource: &str,
        wanted: Wanted,
    ) -> Result<Self, Problem> {
        let key = match head.headers.all("idempotency-key").collect::<Vec<_>>()[..] {
            [] => None,
            [key] if (1..=128).contains(&key.len()) => Some(key),
            _ => return Err(Problem::bad("Idempotency-Key has 1 to 128 bytes and is given once")),
        };
        // Nobody has a name yet, so everybody is the same publisher. No part of this can hold a NUL.
        let repeat = key.map(|key| format!("anyone\0{resource}\0{}", key.escape_ascii()).into());
        let mut parameters = String::new();
        for pair in Query::pairs(head.target.query.unwrap_or_default()) {
            let (name, value) = pair?;
            // How long an asker is held, and who it is, are no part of what it asks.
            if name != "wait" && name != "session" {
                parameters += &format!("{}={}&", name.escape_default(), value.escape_default());
            }
        }
        for name in [
            "content-type",
            "holdline-event",
            "holdline-except",
            "holdline-ttl",
            "holdline-key",
            "holdline-retain",
        ] {
            let value = head.headers.get(name).unwrap_or_default().escape_ascii();
            parameters += &format!("\n{value}");
        }
        Ok(Writing { reply: reply.take(now), wanted, repeat, parameters: parameters.into() })
    }

    fn repeat_key(&self, body: &[u8]) -> Option<RepeatKey> {
        let name = self.repeat.clone()?;
        let mut sha = Sha1::new();
        sha.update((self.parameters.len() as u64).to_le_bytes());
        sha.update(self.parameters.as_bytes());
        sha.update(body);
        Some(RepeatKey { name, fingerprint: sha.finalize().into() })
    }
}
