//! Handlers of an application: they are told what comes, and what they ask for is carried out.  Law: no handler is called
//! while another's call is under way, so those who are to hear that somebody has gone hear it at the end of the turn.

mod engine;
mod namespaces;
mod sockets;

pub use namespaces::Joined;

use super::Server;
use super::connection::ConnId;
use super::engine::SessionId;
use crate::base::id::Id;
use crate::base::time::Now;
use crate::engineio::Packet;
use crate::handler::{
    Effect, HandlerId, Line, MessageHandler, NamespaceHandler, NamespaceId, Outgoing, Peer, PeerId, Socket,
    SocketId,
};
use crate::ws::CloseCode;

/// Somebody who has gone, and whose handler has not heard of it.
#[derive(Copy, Clone, Debug)]
pub(super) enum Gone {
    /// A WebSocket or an Engine.IO session.
    Peer(HandlerId, PeerId),
    /// A client in a namespace.
    Socket(NamespaceId, SocketId),
}

impl Server {
    /// Tells a handler of messages something, and does what it asks for.
    fn call(
        &mut self,
        now: Now,
        handler: HandlerId,
        id: PeerId,
        tell: impl FnOnce(&mut dyn MessageHandler, &mut Peer<'_>),
    ) {
        let Server { handlers, effects, .. } = self;
        tell(handlers.messages(handler), &mut Peer::new(id, effects));
        if self.effects.take_overfull() {
            log::warn!("the handler of {} asked for more than one call may", self.handlers.path_of(handler));
            return self.close_peer(now, id, CloseCode::INTERNAL_ERROR);
        }
        self.carry_out(now);
    }

    /// Tells the handler of a namespace something. What it asks for is done by [`Server::carry_out_for`].
    fn call_namespace<T>(
        &mut self,
        handler: NamespaceId,
        id: SocketId,
        tell: impl FnOnce(&mut dyn NamespaceHandler, &mut Socket<'_>) -> T,
    ) -> T {
        let Server { handlers, effects, .. } = self;
        tell(handlers.namespace_of(handler), &mut Socket::new(id, effects))
    }

    /// Does what a handler has asked for in a call about this session.
    fn carry_out_for(&mut self, now: Now, session: SessionId) {
        if self.effects.take_overfull() {
            log::warn!("the handler of a namespace asked for more than one call may");
            return self.end_session(now, session, &Packet::Close);
        }
        self.carry_out(now);
    }

    /// Does what a handler has asked for. No handler is called meanwhile.
    fn carry_out(&mut self, now: Now) {
        let mut effects = core::mem::take(&mut self.effects);
        for effect in effects.drain() {
            match effect {
                Effect::Send { to, message } => self.send_message(now, to, message),
                Effect::Broadcast { to, message } => self.send_to_all(now, &to, &message),
                Effect::Close(peer) => self.close_peer(now, peer, CloseCode::NORMAL),
                Effect::Emit { to, event, arguments, number } => {
                    self.emit(now, &to, &event, &arguments, number);
                }
                Effect::Acknowledge { ack, arguments } => self.acknowledge(now, &ack, &arguments),
                Effect::Disconnect(socket) => self.disconnect_socket(socket),
            }
        }
        self.effects = effects;
    }

    fn send_message(&mut self, now: Now, to: PeerId, message: Outgoing) {
        match to.0 {
            Line::Connection(id) => self.send_frame(now, conn_id(id), message),
            Line::Session(id) => self.send_packet(now, session_id(id), &message, &mut Vec::new()),
        }
    }

    fn close_peer(&mut self, now: Now, peer: PeerId, code: CloseCode) {
        match peer.0 {
            Line::Connection(id) => self.close_handled(now, conn_id(id), code),
            Line::Session(id) => self.close_session(now, session_id(id)),
        }
    }

    /// Tells the handlers of those who have gone.
    pub(super) fn tell_gone(&mut self) {
        let now = self.clock;
        while let Some(gone) = self.gone.pop_front() {
            match gone {
                Gone::Peer(handler, peer) => {
                    self.call(now, handler, peer, |handler, peer| handler.close(peer));
                }
                Gone::Socket(handler, socket) => {
                    self.call_namespace(handler, socket, |handler, socket| handler.disconnect(socket));
                    self.carry_out_for(now, session_id(socket.session));
                }
            }
        }
    }
}

fn peer_id(id: ConnId) -> PeerId {
    PeerId(Line::Connection(Id::new(id.index() as u32, id.generation())))
}

fn conn_id(id: Id<()>) -> ConnId {
    ConnId::new(id.index() as u32, id.generation())
}

fn session_id(id: Id<()>) -> SessionId {
    SessionId::new(id.index() as u32, id.generation())
}

/// A session as handlers name it.
fn line_id(id: SessionId) -> Id<()> {
    Id::new(id.index() as u32, id.generation())
}
