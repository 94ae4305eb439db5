//! What is proposed to the journal, and who is told when it comes back.  Law: whoever proposed something is told once
//! what became of it: done, done before, refused, or not known.

use super::Server;
use super::connection::ConnId;
use super::problem::Problem;
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::hub::Applied;
use crate::journal::{JournalDown, Outcome};
use crate::message::{Command, Entry, MessageId, Proposal, RepeatKey};

/// Who is told what became of an entry.
pub enum Proposer {
    /// A held request, and the channel to name in the answer.
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
    /// Hands commands to the journal; whoever asked is told when they come back.
    pub(super) fn propose(
        &mut self,
        now: Now,
        proposer: Proposer,
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
        self.proposers.insert(ticket, proposer);
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
                    let proposer = entry.ticket.and_then(|ticket| self.proposers.remove(&ticket));
                    self.apply_one(now, entry, proposer.unwrap_or(Proposer::Nobody));
                }
                Outcome::Failed(ticket) => {
                    if let Some(proposer) = self.proposers.remove(&ticket) {
                        self.tell_failed(now, proposer);
                    }
                }
            }
        }
    }

    fn apply_one(&mut self, now: Now, entry: Entry, proposer: Proposer) {
        let applied = self.hub.apply(entry);
        if let Applied::Done { ids, .. } = &applied {
            self.published += ids.len() as u64;
        }
        self.tell(now, proposer, applied);
    }

    fn tell(&mut self, now: Now, proposer: Proposer, applied: Applied) {
        let (ids, subscribers, repeated) = match applied {
            Applied::Done { ids, subscribers } => (ids, subscribers, false),
            Applied::Repeated { ids, subscribers } => (ids, subscribers, true),
            Applied::Mismatch => return self.tell_mismatch(now, &proposer),
        };
        let repeated: &[(&str, &str)] = if repeated { &[("Holdline-Repeated", "true")] } else { &[] };
        let first = ids.first().copied().unwrap_or_default();
        match proposer {
            Proposer::Publish(id, channel) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                // A channel name needs no escaping.
                let body = format!(r#"{{"id":"{first}","channel":"{channel}","subscribers":{subscribers}}}"#);
                self.answer_json(now, id, &reply, body, repeated);
            }
            Proposer::Bulk(id) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                let ids: Vec<String> = ids.iter().map(|id: &MessageId| format!("\"{id}\"")).collect();
                self.answer_json(now, id, &reply, format!(r#"{{"ids":[{}]}}"#, ids.join(",")), repeated);
            }
            Proposer::Delete(id) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                self.respond(now, id, &reply, 204, &[], Vec::new());
            }
            Proposer::Command(id, Some(reference)) => {
                self.say_command_reply(id, &reference, &format!(r#""id":"{first}""#));
            }
            Proposer::Command(_, None) | Proposer::Payload(_) | Proposer::Nobody => {}
        }
    }

    fn tell_failed(&mut self, now: Now, proposer: Proposer) {
        let problem = Problem::from(JournalDown);
        match proposer {
            Proposer::Publish(id, _) | Proposer::Bulk(id) | Proposer::Delete(id) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                self.refuse(now, id, &reply, &problem);
            }
            Proposer::Command(id, reference) => self.say_error(id, reference.as_deref(), &problem),
            Proposer::Payload(id) => self.refuse_payload(now, id),
            Proposer::Nobody => {}
        }
    }

    fn tell_mismatch(&mut self, now: Now, proposer: &Proposer) {
        let (Proposer::Publish(id, _) | Proposer::Bulk(id)) = *proposer else { return };
        let Some(reply) = self.take_waiting(now, id) else { return };
        let problem = Problem::new(422, "this Idempotency-Key was used for another body or other parameters");
        self.refuse(now, id, &reply, &problem);
    }
}
