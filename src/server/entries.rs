//! What is proposed to the journal, and who is told when it comes back.  Law: whoever proposed something is told once
//! what became of it: done, done before, refused, or not known.

use super::Server;
use super::askers::{AskWait, Asker};
use super::connection::ConnId;
use super::engine::SessionId;
use super::problem::Problem;
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::hub::{Applied, AskError, ReaderId, Receipt};
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
    /// A request that asks, and how long it is held.
    Ask(ConnId, AskWait),
    /// A request that answers.
    Answer(ConnId),
    /// A command that asks, with its `ref` as JSON and the seconds that it is held.
    AskCommand(ConnId, Option<Box<str>>, u64),
    /// A payload of `holdline.raw`: told only of failure.
    Payload(ConnId),
    /// An event of a session's namespace, with the number of its ack.
    Event(SessionId, ReaderId, Option<u64>),
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
        let is_new = repeat.as_ref().is_none_or(|key| !self.hub.is_repeat(key));
        let channels = commands.iter().filter_map(Command::publishes_to).map(|channel| &**channel);
        if is_new && !self.hub.has_room_for(channels) {
            return Err(Problem::new(503, "the server has as many channels as it may (--max-channels)"));
        }
        let is_asked = commands.iter().any(|command| matches!(command, Command::Ask(_)));
        if is_new && is_asked && !self.hub.has_room_to_ask(self.asks_proposed) {
            return Err(Problem::new(503, "the server holds as many open questions as it may (--max-asks)"));
        }
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        self.journal.propose(now.unix_ms, Proposal { ticket, commands, repeat })?;
        self.asks_proposed += usize::from(is_asked);
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
                    let proposer = entry.ticket.and_then(|ticket| self.take_proposer(ticket));
                    self.apply_one(now, entry, proposer.unwrap_or(Proposer::Nobody));
                }
                Outcome::Failed(ticket) => {
                    if let Some(proposer) = self.take_proposer(ticket) {
                        self.tell_refused(now, proposer, &JournalDown.into());
                    }
                }
            }
        }
    }

    fn take_proposer(&mut self, ticket: u64) -> Option<Proposer> {
        let proposer = self.proposers.remove(&ticket)?;
        self.asks_proposed -= usize::from(matches!(proposer, Proposer::Ask(..) | Proposer::AskCommand(..)));
        Some(proposer)
    }

    fn apply_one(&mut self, now: Now, entry: Entry, proposer: Proposer) {
        let published = entry.commands.iter().filter(|(_, command)| command.publishes_to().is_some()).count();
        let applied = self.hub.apply(entry);
        if matches!(applied, Applied::Done(_)) {
            self.tally.messages_in += published as u64;
        }
        self.tell(now, proposer, applied);
        self.tell_ended(now);
    }

    fn tell(&mut self, now: Now, proposer: Proposer, applied: Applied) {
        let (receipt, repeated) = match applied {
            Applied::Done(receipt) => (receipt, false),
            Applied::Repeated(receipt) => (receipt, true),
            Applied::Mismatch => return self.tell_refused(now, proposer, &mismatch()),
            Applied::Late(error) => {
                return match proposer {
                    // Whoever takes a question back twice wants what is.
                    Proposer::Delete(id) if error == AskError::Withdrawn => self.tell_done(now, id),
                    proposer => self.tell_refused(now, proposer, &error.into()),
                };
            }
        };
        let Receipt { ids, subscribers, asker } = receipt;
        let repeated: &[(&str, &str)] = if repeated { &[("Holdline-Repeated", "true")] } else { &[] };
        let first = ids.first().copied().unwrap_or_default();
        match proposer {
            Proposer::Publish(id, channel) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                // A channel name needs no escaping.
                let channel = ChannelName::shown(&channel);
                let body = format!(r#"{{"id":"{first}","channel":"{channel}","subscribers":{subscribers}}}"#);
                self.answer_json(now, id, &reply, body, repeated);
            }
            Proposer::Bulk(id) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                let ids: Vec<String> = ids.iter().map(|id: &MessageId| format!("\"{id}\"")).collect();
                self.answer_json(now, id, &reply, format!(r#"{{"ids":[{}]}}"#, ids.join(",")), repeated);
            }
            Proposer::Delete(id) => self.tell_done(now, id),
            Proposer::Answer(id) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                self.answer_json(now, id, &reply, format!(r#"{{"id":"{first}"}}"#), repeated);
            }
            Proposer::Ask(id, wait) => {
                let Some(asker) = asker else { return };
                let Some(reply) = self.take_waiting(now, id) else { return };
                self.hold_request(now, id, reply, asker, wait);
                // The peer may have hung up while the journal took its time.
                self.end_after_peer(now, id);
            }
            Proposer::AskCommand(id, Some(reference), wait_s) => {
                let Some(asker) = asker else { return };
                self.say_asked(id, &reference, asker, subscribers);
                self.hold_asker(now, asker, Asker::Command(id, reference), wait_s);
            }
            Proposer::Command(id, Some(reference)) => {
                self.say_command_reply(id, &reference, &format!(r#""id":"{first}""#));
            }
            Proposer::Event(session, reader, ack) => self.tell_event_done(session, reader, ack, first),
            Proposer::Command(_, None)
            | Proposer::AskCommand(_, None, _)
            | Proposer::Payload(_)
            | Proposer::Nobody => {}
        }
    }

    fn tell_done(&mut self, now: Now, id: ConnId) {
        let Some(reply) = self.take_waiting(now, id) else { return };
        self.respond(now, id, &reply, 204, &[], Vec::new());
    }

    /// It was not done, or nobody knows whether it was.
    fn tell_refused(&mut self, now: Now, proposer: Proposer, problem: &Problem) {
        match proposer {
            Proposer::Publish(id, _)
            | Proposer::Bulk(id)
            | Proposer::Delete(id)
            | Proposer::Ask(id, _)
            | Proposer::Answer(id) => {
                let Some(reply) = self.take_waiting(now, id) else { return };
                self.refuse(now, id, &reply, problem);
            }
            Proposer::Command(id, reference) | Proposer::AskCommand(id, reference, _) => {
                self.say_error(id, reference.as_deref(), problem);
            }
            Proposer::Payload(id) => self.refuse_payload(now, id),
            Proposer::Event(session, reader, ack) => self.tell_event_refused(session, reader, ack, problem),
            Proposer::Nobody => {}
        }
    }
}

fn mismatch() -> Problem {
    Problem::new(422, "this Idempotency-Key was used for another body or other parameters")
}
