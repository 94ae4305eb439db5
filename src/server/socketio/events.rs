//! Events and acks of clients: what is published, and what becomes of it; questions that are answered.  Law: an event
//! with an ack gets one answer; of others only a refusal is told.

use super::arguments;
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::hub::ReaderId;
use crate::message::Command;
use crate::server::Server;
use crate::server::command::error_member;
use crate::server::engine::SessionId;
use crate::server::entries::Proposer;
use crate::server::problem::Problem;
use crate::socketio::{Arguments, Kind, Packet, Received};
use crate::transport::socketio::namespace_of;
use std::borrow::Cow;

/// Events that are commands to the server begin with this.
const COMMAND: &str = "holdline:";

impl Server {
    /// A client emits an event.
    pub(super) fn take_event(&mut self, now: Now, id: SessionId, reader: ReaderId, received: Received) {
        let ack = received.id;
        if let Err(problem) = self.try_event(now, id, reader, received) {
            self.tell_event_refused(id, reader, ack, &problem);
        }
    }

    fn try_event(
        &mut self,
        now: Now,
        id: SessionId,
        reader: ReaderId,
        received: Received,
    ) -> Result<(), Problem> {
        let arguments = Arguments::of_event(received.data.as_deref().unwrap_or_default())?;
        if let Some(name) = arguments.event.strip_prefix(COMMAND) {
            let name = name.to_owned();
            return self.command_event(now, id, reader, &name, &arguments.values, received.id);
        }
        let Some(session) = self.sessions.get(id) else { return Ok(()) };
        let Some(socket) = session.talk.socket(reader) else { return Ok(()) };
        let channel = ChannelName::parse(&socket.channel)?;
        let (by, ack) = (socket.identity.client, received.id);
        let draft = arguments::draft(received, channel, by, self.settings.max_message)?;
        let proposer = Proposer::Event(id, reader, ack);
        self.propose(now, proposer, vec![Command::Publish(draft)], None)
    }

    /// What a client emitted is published, under this id.
    pub(in crate::server) fn tell_event_done(
        &mut self,
        id: SessionId,
        reader: ReaderId,
        ack: Option<u64>,
        message: crate::message::MessageId,
    ) {
        self.say_ack(id, reader, ack, &format!(r#"{{"id":"{message}"}}"#));
    }

    /// What a client emitted was not done, or nobody knows whether it was.
    pub(in crate::server) fn tell_event_refused(
        &mut self,
        id: SessionId,
        reader: ReaderId,
        ack: Option<u64>,
        problem: &Problem,
    ) {
        let error = format!("{{{}}}", error_member(problem));
        if ack.is_some() {
            return self.say_ack(id, reader, ack, &error);
        }
        let Some(namespace) = self.namespace_at(id, reader) else { return };
        self.say_packet_in(id, &namespace, Kind::Event, &format!(r#"["holdline:error",{error}]"#));
    }

    /// Calls the ack of an event with one argument (JSON).
    pub(super) fn say_ack(&mut self, id: SessionId, reader: ReaderId, ack: Option<u64>, argument: &str) {
        let (Some(ack), Some(namespace)) = (ack, self.namespace_at(id, reader)) else { return };
        let data = format!("[{argument}]");
        let packet = Packet {
            kind: Kind::Ack,
            attachments: 0,
            namespace: &namespace,
            id: Some(ack),
            data: Some(&data),
        };
        let none: &[&[u8]] = &[];
        self.say_event(id, &packet, none);
    }

    fn namespace_at(&self, id: SessionId, reader: ReaderId) -> Option<Cow<'static, str>> {
        self.sessions.get(id)?.talk.socket(reader).map(|socket| namespace_of(&socket.channel))
    }

    /// A client calls the ack of an event: it answers a question. One that is over, or was never asked here, is none.
    pub(super) fn take_ack(&mut self, now: Now, id: SessionId, reader: ReaderId, received: Received) {
        let number = received.id.and_then(|number| u32::try_from(number).ok());
        let Some(ask) = number.and_then(|number| self.hub.asked(reader, number)) else { return };
        let Some(by) = self.hub.client(reader) else { return };
        let answer = arguments::answer(received, by, self.settings.max_message);
        let answered = answer
            .and_then(|answer| self.propose(now, Proposer::Nobody, vec![Command::Answer(ask, answer)], None));
        if let Err(problem) = answered {
            self.tell_event_refused(id, reader, None, &problem);
        }
    }
}
