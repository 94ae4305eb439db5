//! Writing: publish, bulk publish, delete.  Law: nothing is answered before its entry came back from the journal, and
//! nobody reads what is not in the journal.

use super::connection::{Closing, ConnId, Pending, Proto, Waiting};
use super::drafts::{self, JsonPublish};
use super::problem::Problem;
use super::reply::Reply;
use super::{OutPiece, Server};
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::http::Head;
use crate::hub::Applied;
use crate::journal::{JournalDown, Outcome};
use crate::message::{Command, Draft, Entry, MessageId, Proposal, RepeatKey};
use sha1::{Digest, Sha1};

/// What to do with a body once it is there.
pub enum Wanted {
    /// Publish it.
    Publish(Box<Draft>, Option<Box<str>>),
    /// Publish its lines.
    Bulk,
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

/// Who is told what became of an entry.
pub enum Asker {
    /// A held request; `Some`: the channel to name in the answer.
    Publish(ConnId, ChannelName),
    /// A held request.
    Bulk(ConnId),
    /// A held request.
    Delete(ConnId),
    /// A command of a WebSocket, with its `ref` as JSON.
    Command(ConnId, Option<Box<str>>),
    /// A payload of `holdline.raw`: told only of failure.
    Payload(ConnId),
    /// Nobody waits for it.
    Nobody,
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
        // What is not UTF-8 is no media type, as an empty one is none.
        let content_type = head.headers.get("content-type");
        let content_type = content_type.map(|value| core::str::from_utf8(value).unwrap_or_default());
        drafts::check_content_type(content_type)?;
        let draft = drafts::draft_of_request(channel, head, self.settings.retain_age_ms)?;
        let resource = format!("channels/{}", draft.channel);
        let wanted = Wanted::Publish(Box::new(draft), content_type.map(Into::into));
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
            Wanted::Publish(..) | Wanted::Nothing(_) => self.settings.max_message,
            Wanted::Bulk => self.settings.max_batch.max(self.settings.max_message),
        }
    }

    /// The body is there.
    pub(super) fn finish_write(&mut self, now: Now, id: ConnId, writing: Writing, body: &[u8]) {
        let repeat = writing.repeat_key(body);
        let Writing { reply, wanted, .. } = writing;
        let (asker, commands) = match self.commands_of(id, wanted, body) {
            Ok(both) => both,
            Err(problem) => return self.refuse(now, id, &reply, &problem),
        };
        if commands.is_empty() {
            return self.answer_json(now, id, &reply, r#"{"ids":[]}"#.to_owned(), &[]);
        }
        self.hold_for_journal(now, id, reply, asker, commands, repeat);
    }

    fn commands_of(&self, id: ConnId, wanted: Wanted, body: &[u8]) -> Result<(Asker, Vec<Command>), Problem> {
        match wanted {
            Wanted::Publish(mut draft, content_type) => {
                drafts::fill(&mut draft, body.into(), content_type.as_deref())?;
                Ok((Asker::Publish(id, draft.channel.clone()), vec![Command::Publish(*draft)]))
            }
            Wanted::Bulk => Ok((Asker::Bulk(id), self.lines(body)?)),
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
        self.hold_for_journal(now, id, reply, Asker::Delete(id), vec![Command::Delete(channel)], None);
    }

    fn hold_for_journal(
        &mut self,
        now: Now,
        id: ConnId,
        reply: Reply,
        asker: Asker,
        commands: Vec<Command>,
        repeat: Option<RepeatKey>,
    ) {
        if let Some(conn) = self.conns.get_mut(id) {
            conn.turn_to(Proto::Waiting(Box::new(Waiting { reply, on: Pending::Journal })), now.at);
        }
        if let Err(problem) = self.propose(now, asker, commands, repeat)
            && let Some(reply) = self.take_waiting(now, id)
        {
            self.refuse(now, id, &reply, &problem);
        }
    }

    /// Hands commands to the journal; whoever asked is told when they come back.
    pub(super) fn propose(
        &mut self,
        now: Now,
        asker: Asker,
        commands: Vec<Command>,
        repeat: Option<RepeatKey>,
    ) -> Result<(), Problem> {
        let channels = commands.iter().filter_map(|command| match command {
            Command::Publish(draft) => Some(&*draft.channel),
            Command::Delete(_) => None,
        });
        if !self.hub.has_room_for(channels) {
            return Err(Problem::new(503, "the server has as many channels as it may (--max-channels)"));
        }
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        self.journal.propose(now.unix_ms, Proposal { ticket, commands, repeat })?;
        self.askers.insert(ticket, asker);
        self.hear_journal(now);
        Ok(())
    }

    /// The journal has something to say.
    pub fn handle_committed(&mut self, now: Now) {
        self.clock = now;
        self.hear_journal(now);
    }

    /// Applies what the journal has committed, and answers those who asked for it.
    fn hear_journal(&mut self, now: Now) {
        while let Some(outcome) = self.journal.poll() {
            match outcome {
                Outcome::Committed(entry) => {
                    let asker = entry.ticket.and_then(|ticket| self.askers.remove(&ticket));
                    self.apply_one(now, entry, asker.unwrap_or(Asker::Nobody));
                }
                Outcome::Failed(ticket) => {
                    if let Some(asker) = self.askers.remove(&ticket) {
                        self.tell_failed(now, asker);
                    }
                }
            }
        }
    }

    fn apply_one(&mut self, now: Now, entry: Entry, asker: Asker) {
        let applied = self.hub.apply(entry);
        if let Applied::Done { ids, .. } = &applied {
            self.tally.messages_in += ids.len() as u64;
        }
        self.tell(now, asker, applied);
    }

    fn tell(&mut self, now: Now, asker: Asker, applied: Applied) {
        let (ids, subscribers, repeated) = match applied {
            Applied::Done { ids, subscribers } => (ids, subscribers, false),
            Applied::Repeated { ids, subscribers } => (ids, subscribers, true),
            Applied::Mismatch => return self.tell_mismatch(now, &asker),
        };
        let repeated: &[(&str, &str)] = if repeated { &[("Holdline-Repeated", "true")] } else { &[] };
        let first = ids.first().copied().unwrap_or_default();
        match asker {
            Asker::Publish(id, channel) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                // A channel name needs no escaping.
                let body = format!(r#"{{"id":"{first}","channel":"{channel}","subscribers":{subscribers}}}"#);
                self.answer_json(now, id, &reply, body, repeated);
            }
            Asker::Bulk(id) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                let ids: Vec<String> = ids.iter().map(|id: &MessageId| format!("\"{id}\"")).collect();
                self.answer_json(now, id, &reply, format!(r#"{{"ids":[{}]}}"#, ids.join(",")), repeated);
            }
            Asker::Delete(id) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                self.respond(now, id, &reply, 204, &[], Vec::new());
            }
            Asker::Command(id, Some(reference)) => {
                self.say_command_reply(id, &reference, &format!(r#""id":"{first}""#));
            }
            Asker::Command(_, None) | Asker::Payload(_) | Asker::Nobody => {}
        }
    }

    fn tell_failed(&mut self, now: Now, asker: Asker) {
        let problem = Problem::from(JournalDown);
        match asker {
            Asker::Publish(id, _) | Asker::Bulk(id) | Asker::Delete(id) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                self.refuse(now, id, &reply, &problem);
            }
            Asker::Command(id, reference) => self.say_error(id, reference.as_deref(), &problem),
            Asker::Payload(id) => self.refuse_payload(now, id),
            Asker::Nobody => {}
        }
    }

    fn tell_mismatch(&mut self, now: Now, asker: &Asker) {
        let (Asker::Publish(id, _) | Asker::Bulk(id)) = *asker else { return };
        let Some(reply) = self.take_waiting(now, id) else { return };
        let problem = Problem::new(422, "this Idempotency-Key was used for another body or other parameters");
        self.refuse(now, id, &reply, &problem);
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

    fn new(
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
        let mut parameters = head.target.query.unwrap_or_default().to_owned();
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
