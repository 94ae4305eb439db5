//! Socket.IO namespaces that handlers answer (Socket.IO protocol, revision 5).  Law: what the protocol does not allow ends
//! the session, and no other; nothing is said in a namespace before its CONNECT is answered.

use super::super::Server;
use super::super::engine::SessionId;
use super::engine::Encoded;
use super::{Gone, line_id, session_id};
use crate::base::time::Now;
use crate::handler::{Ack, Arguments, Event, NamespaceId, Refusal, SocketId, TableId};
use crate::socketio::arguments::RESERVED_EVENTS;
use crate::socketio::{self, Kind, Packet, Received, attachments};
use crate::transport::socketio as wire;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::value::RawValue;

/// The namespaces that the client of a session has joined. There are no more of them than handlers.
#[derive(Default)]
pub struct Joined {
    sockets: Vec<JoinedSocket>,
    /// How often it has joined one.
    count: u32,
    /// It was taken out of one, which it may not know yet.
    has_expelled: bool,
}

#[derive(Clone)]
struct JoinedSocket {
    number: u32,
    handler: NamespaceId,
    namespace: Box<str>,
}

impl Joined {
    /// All of them, when their session is over.
    pub(super) fn gone(&self, id: SessionId) -> impl Iterator<Item = Gone> {
        self.sockets.iter().map(move |socket| Gone::Socket(socket.handler, socket.id(id)))
    }

    fn take(&mut self, number: u32) -> Option<JoinedSocket> {
        let at = self.sockets.iter().position(|socket| socket.number == number)?;
        Some(self.sockets.remove(at))
    }
}

impl JoinedSocket {
    fn id(&self, session: SessionId) -> SocketId {
        SocketId { session: line_id(session), number: self.number }
    }
}

/// What is said to one socket or to many.
struct Saying<'a> {
    kind: Kind,
    number: Option<u64>,
    data: &'a str,
    arguments: &'a Arguments,
}

impl Server {
    /// A packet came in a session whose namespaces handlers answer. The error: it is none that may come.
    pub(in crate::server) fn take_joined(
        &mut self,
        now: Now,
        id: SessionId,
        table: TableId,
        packet: Received,
    ) -> Result<(), ()> {
        let Some(joined) = self.joined_handled(id) else { return Ok(()) };
        let socket = joined.sockets.iter().find(|socket| socket.namespace == packet.namespace).cloned();
        let has_expelled = joined.has_expelled;
        match (packet.kind.plain(), socket) {
            (Kind::Connect, None) => self.join_handled(now, id, table, &packet)?,
            (Kind::Disconnect, Some(socket)) => self.leave_handled(id, socket.number),
            (Kind::Event, Some(socket)) => self.hand_over_event(now, id, &socket, packet)?,
            (Kind::Ack, Some(socket)) => self.hand_over_ack(now, id, &socket, packet)?,
            (Kind::Event | Kind::Ack | Kind::Disconnect, None) if has_expelled => {}
            _ => return Err(()),
        }
        Ok(())
    }

    fn join_handled(&mut self, now: Now, id: SessionId, table: TableId, packet: &Received) -> Result<(), ()> {
        let auth: &RawValue = serde_json::from_str(packet.data.as_deref().unwrap_or("{}")).map_err(|_| ())?;
        let Some(joined) = self.joined_handled(id) else { return Ok(()) };
        let number = joined.count;
        joined.count = joined.count.wrapping_add(1);
        let Some(handler) = self.handlers.find_namespace(table, &packet.namespace) else {
            self.refuse_handled(id, &packet.namespace, &Refusal::new("Invalid namespace"));
            return Ok(());
        };
        let socket = JoinedSocket { number, handler, namespace: packet.namespace.clone() };
        let outcome =
            self.call_namespace(handler, socket.id(id), |handler, socket| handler.connect(socket, auth));
        match outcome {
            Ok(()) => {
                let sid = URL_SAFE_NO_PAD.encode(self.rng.bytes());
                self.say_packet_in(id, &packet.namespace, Kind::Connect, &format!(r#"{{"sid":"{sid}"}}"#));
                if let Some(session) = self.sessions.get_mut(id) {
                    session.joined.sockets.push(socket);
                    session.join_by = None;
                }
                self.arm_session(id);
            }
            Err(refusal) => self.refuse_handled(id, &packet.namespace, &refusal),
        }
        self.carry_out_for(now, id);
        Ok(())
    }

    fn refuse_handled(&mut self, id: SessionId, namespace: &str, refusal: &Refusal) {
        let mut data = format!(r#"{{"message":{}"#, serde_json::Value::from(&*refusal.message));
        if let Some(more) = &refusal.data {
            data.push_str(r#","data":"#);
            data.push_str(more.get());
        }
        data.push('}');
        self.say_packet_in(id, namespace, Kind::ConnectError, &data);
    }

    fn hand_over_event(
        &mut self,
        now: Now,
        id: SessionId,
        socket: &JoinedSocket,
        packet: Received,
    ) -> Result<(), ()> {
        let data = packet.data.unwrap_or_default();
        // What comes is often sent on as it is.
        attachments::check(&data, packet.attachments.len()).map_err(|_| ())?;
        let read = socketio::Arguments::of_event(&data).map_err(|_| ())?;
        let event = Event {
            name: &read.event,
            arguments: Arguments::received(read.values.iter().copied(), packet.attachments),
            ack: packet.id.map(|number| Ack::new(socket.id(id), number)),
        };
        self.call_namespace(socket.handler, socket.id(id), |handler, socket| handler.event(socket, event));
        self.carry_out_for(now, id);
        Ok(())
    }

    fn hand_over_ack(
        &mut self,
        now: Now,
        id: SessionId,
        socket: &JoinedSocket,
        packet: Received,
    ) -> Result<(), ()> {
        let data = packet.data.unwrap_or_default();
        attachments::check(&data, packet.attachments.len()).map_err(|_| ())?;
        let values = socketio::Arguments::of_ack(&data).map_err(|_| ())?;
        let number = packet.id.ok_or(())?;
        let arguments = Arguments::received(values, packet.attachments);
        self.call_namespace(socket.handler, socket.id(id), |handler, socket| {
            handler.ack(socket, number, arguments);
        });
        self.carry_out_for(now, id);
        Ok(())
    }

    /// The client is in a namespace no more: the handler will hear of it.
    fn leave_handled(&mut self, id: SessionId, number: u32) {
        if let Some(socket) = self.joined_handled(id).and_then(|joined| joined.take(number)) {
            self.gone.push_back(Gone::Socket(socket.handler, socket.id(id)));
        }
    }

    pub(super) fn emit(
        &mut self,
        now: Now,
        to: &[SocketId],
        event: &str,
        arguments: &Arguments,
        number: Option<u64>,
    ) {
        if RESERVED_EVENTS.contains(&event) {
            log::debug!("a handler emits {event}, which its clients take for their own: not sent");
            return;
        }
        if !is_readable(arguments) {
            return;
        }
        let data = arguments.json_of_event(event);
        let kind = if arguments.attachments().is_empty() { Kind::Event } else { Kind::BinaryEvent };
        let mut encoded = Vec::new();
        for socket in to {
            self.say_to(now, *socket, &Saying { kind, number, data: &data, arguments }, &mut encoded);
        }
    }

    pub(super) fn acknowledge(&mut self, now: Now, ack: &Ack, arguments: &Arguments) {
        if !is_readable(arguments) {
            return;
        }
        let kind = if arguments.attachments().is_empty() { Kind::Ack } else { Kind::BinaryAck };
        let saying = Saying { kind, number: Some(ack.number), data: arguments.json(), arguments };
        self.say_to(now, ack.socket, &saying, &mut Vec::new());
    }

    fn say_to(&mut self, now: Now, socket: SocketId, saying: &Saying<'_>, encoded: &mut Encoded<Box<str>>) {
        let id = session_id(socket.session);
        let Some(namespace) = self.namespace_handled(socket) else { return };
        if !self.takes_words(now, id) {
            return;
        }
        let attachments = saying.arguments.attachments();
        self.say_once_encoded(id, namespace.clone(), encoded, |wire, encoder, out| {
            let packet = Packet {
                kind: saying.kind,
                attachments: attachments.len(),
                namespace: &namespace,
                id: saying.number,
                data: Some(saying.data),
            };
            wire::packet(out, wire, &packet, attachments, encoder);
        });
    }

    pub(super) fn disconnect_socket(&mut self, socket: SocketId) {
        let id = session_id(socket.session);
        let Some(namespace) = self.namespace_handled(socket) else { return };
        self.say_packet_in(id, &namespace, Kind::Disconnect, "");
        if let Some(joined) = self.joined_handled(id) {
            joined.has_expelled = true;
        }
        self.leave_handled(id, socket.number);
    }

    /// The namespace in which a socket is.
    fn namespace_handled(&mut self, socket: SocketId) -> Option<Box<str>> {
        let joined = self.joined_handled(session_id(socket.session))?;
        let known = joined.sockets.iter().find(|known| known.number == socket.number)?;
        Some(known.namespace.clone())
    }

    fn joined_handled(&mut self, id: SessionId) -> Option<&mut Joined> {
        self.sessions.get_mut(id).map(|session| &mut session.joined)
    }
}

/// Can a client read these? What a handler has put together of values that came may name byte strings that did not.
fn is_readable(arguments: &Arguments) -> bool {
    let is_readable = attachments::check(arguments.json(), arguments.attachments().len()).is_ok();
    if !is_readable {
        log::debug!(
            "a handler's arguments have a placeholder for a byte string that they have not: not sent"
        );
    }
    is_readable
}
