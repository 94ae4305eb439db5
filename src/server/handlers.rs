//! Handlers of an application: they are told what comes, and what they ask for is carried out.  Law: no handler is called
//! while another's call is under way, so those who are to hear that a peer has gone hear it at the end of the turn.

use super::connection::{ConnId, Proto};
use super::problem::Problem;
use super::reply::Reply;
use super::rider::Whom;
use super::{OutPiece, Server, socket};
use crate::base::id::Id;
use crate::base::time::Now;
use crate::conn::{Protocol, WebSocket};
use crate::handler::{Effect, HandlerId, Line, Message, MessageHandler, Outgoing, Peer, PeerId};
use crate::http::Head;
use crate::transport::Transport;
use crate::transport::encoded::Piece;
use crate::ws::{self, Agreement, CloseCode, Kind, WindowBits};

/// Bytes from which on a message to many is shared by those who are sent it: copying fewer costs less.
const SHARED_MIN: usize = 4 << 10;

/// A peer that has gone, and whose handler has not heard of it.
#[derive(Copy, Clone, Debug)]
pub(super) struct Gone {
    handler: HandlerId,
    peer: PeerId,
}

impl Server {
    /// Answers a handshake at the path of a handler.
    pub(super) fn open_handled(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        handler: HandlerId,
    ) -> Result<(), Problem> {
        reply.transport = Some(Transport::WebSocket);
        let handshake = socket::handshake(head)?;
        if self.is_draining {
            return Err(socket::ending());
        }
        let agreed = self.agree(head);
        self.switch_protocols(now, id, reply, &handshake, None, agreed);
        let socket = WebSocket::new(Protocol::Plain, agreed.map(Agreement::window));
        self.turn_to_socket(now, id, socket, Whom::Handler(handler));
        self.call(now, handler, peer_id(id), |handler, peer| handler.open(peer));
        Ok(())
    }

    /// Hands a message that came on a WebSocket to its handler.
    pub(super) fn hand_over(&mut self, now: Now, id: ConnId, handler: HandlerId, kind: Kind, data: &[u8]) {
        let message = match kind {
            Kind::Text => {
                Message::Text(simdutf8::basic::from_utf8(data).expect("texts are checked as they arrive"))
            }
            Kind::Binary => Message::Binary(data),
        };
        self.call(now, handler, peer_id(id), |handler, peer| handler.message(peer, message));
    }

    /// Tells a handler something, and does what it asks for.
    pub(super) fn call(
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

    /// Does what a handler has asked for. No handler is called meanwhile.
    fn carry_out(&mut self, now: Now) {
        let mut effects = core::mem::take(&mut self.effects);
        for effect in effects.drain() {
            match effect {
                Effect::Send { to, message } => self.send_message(now, to, message),
                Effect::Broadcast { to, message } => self.send_to_all(now, &to, &message),
                Effect::Close(peer) => self.close_peer(now, peer, CloseCode::NORMAL),
                Effect::Emit { .. } | Effect::Acknowledge { .. } | Effect::Disconnect(_) => {}
            }
        }
        self.effects = effects;
    }

    fn send_message(&mut self, now: Now, to: PeerId, message: Outgoing) {
        let Some((id, window)) = self.handled(now, to) else { return };
        let frame = self.frame(message, window);
        self.say(id, OutPiece::Own(frame));
    }

    fn frame(&mut self, message: Outgoing, window: Option<WindowBits>) -> Vec<u8> {
        match self.cache.encoder().compress(message.payload(), window) {
            Some(compressed) => {
                let mut frame = Vec::with_capacity(ws::header_len(compressed.len()) + compressed.len());
                ws::compressed_frame(socket::opcode(message.kind()), compressed, &mut frame);
                frame
            }
            None => message.into_frame(),
        }
    }

    /// Sends one message to many: it is encoded once for each window.
    fn send_to_all(&mut self, now: Now, to: &[PeerId], message: &Outgoing) {
        let mut encoded: Vec<(Option<WindowBits>, Piece)> = Vec::new();
        for peer in to {
            let Some((id, window)) = self.handled(now, *peer) else { continue };
            let piece = match encoded.iter().find(|(own, _)| *own == window) {
                Some((_, piece)) => piece.clone(),
                None => {
                    let frame = self.frame(message.clone(), window);
                    let piece = self.cache.lone(frame);
                    encoded.push((window, piece.clone()));
                    piece
                }
            };
            match piece.len() < SHARED_MIN {
                true => self.say(id, OutPiece::Own(piece.bytes().to_vec())),
                false => self.say(id, OutPiece::Shared(piece)),
            }
        }
    }

    /// The WebSocket of a handler's peer and the window to compress with for it, if it can be sent something. One that
    /// does not take what waits for it is dropped.
    fn handled(&mut self, now: Now, peer: PeerId) -> Option<(ConnId, Option<WindowBits>)> {
        let Line::Connection(id) = peer.0 else { return None };
        let id = conn_id(id);
        let conn = self.conns.get(id)?;
        let Proto::WebSocket(socket, rider) = &conn.proto else { return None };
        let Whom::Handler(_) = rider.whom() else { return None };
        if conn.is_blocked && conn.queue.len() > self.settings.max_queue {
            log::debug!("#{} does not take what it is sent: dropped", id.index());
            self.drop_connection(now, id);
            return None;
        }
        Some((id, socket.window))
    }

    fn close_peer(&mut self, now: Now, peer: PeerId, code: CloseCode) {
        if let Some((id, _)) = self.handled(now, peer) {
            self.close_socket(now, id, code, "");
        }
    }

    /// A WebSocket of this kind is over: its handler will hear of it.
    pub(super) fn note_gone(&mut self, id: ConnId, proto: &Proto) {
        if let Proto::WebSocket(_, rider) = proto
            && let Whom::Handler(handler) = rider.whom()
        {
            self.gone.push_back(Gone { handler, peer: peer_id(id) });
        }
    }

    /// Tells the handlers whose peers have gone.
    pub(super) fn tell_gone(&mut self) {
        while let Some(Gone { handler, peer }) = self.gone.pop_front() {
            self.call(self.clock, handler, peer, |handler, peer| handler.close(peer));
        }
    }
}

fn peer_id(id: ConnId) -> PeerId {
    PeerId(Line::Connection(Id::new(id.index() as u32, id.generation())))
}

fn conn_id(id: Id<()>) -> ConnId {
    ConnId::new(id.index() as u32, id.generation())
}
