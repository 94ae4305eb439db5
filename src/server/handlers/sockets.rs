//! WebSockets that a handler answers.  Law: a message to many is encoded once for each window.

use super::super::connection::{ConnId, Proto};
use super::super::engine::SHARED_MIN;
use super::super::problem::Problem;
use super::super::reply::Reply;
use super::super::rider::Whom;
use super::super::{OutPiece, Server, socket};
use super::{Gone, conn_id, peer_id, session_id};
use crate::base::time::Now;
use crate::conn::{Protocol, WebSocket};
use crate::handler::{HandlerId, Line, Message, Outgoing, PeerId};
use crate::http::Head;
use crate::transport::Transport;
use crate::transport::encoded::Piece;
use crate::ws::{self, Agreement, CloseCode, Kind, WindowBits};

impl Server {
    /// Answers a handshake at the path of a handler.
    pub(in crate::server) fn open_handled(
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
    pub(in crate::server) fn hand_over(
        &mut self,
        now: Now,
        id: ConnId,
        handler: HandlerId,
        kind: Kind,
        data: &[u8],
    ) {
        let message = match kind {
            Kind::Text => {
                Message::Text(simdutf8::basic::from_utf8(data).expect("texts are checked as they arrive"))
            }
            Kind::Binary => Message::Binary(data),
        };
        self.call(now, handler, peer_id(id), |handler, peer| handler.message(peer, message));
    }

    pub(super) fn send_frame(&mut self, now: Now, id: ConnId, message: Outgoing) {
        let Some(window) = self.handled(now, id) else { return };
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
    pub(super) fn send_to_all(&mut self, now: Now, to: &[PeerId], message: &Outgoing) {
        let mut encoded: Vec<(Option<WindowBits>, Piece)> = Vec::new();
        let mut said = Vec::new();
        for peer in to {
            let id = match peer.0 {
                Line::Connection(id) => conn_id(id),
                Line::Session(id) => {
                    self.send_packet(now, session_id(id), message, &mut said);
                    continue;
                }
            };
            let Some(window) = self.handled(now, id) else { continue };
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

    /// The window to compress with for a handler's WebSocket, if it can be sent something. One that does not take what
    /// waits for it is dropped.
    fn handled(&mut self, now: Now, id: ConnId) -> Option<Option<WindowBits>> {
        let conn = self.conns.get(id)?;
        let Proto::WebSocket(socket, rider) = &conn.proto else { return None };
        let Whom::Handler(_) = rider.whom() else { return None };
        let window = socket.window;
        self.takes_frames(now, id).then_some(window)
    }

    pub(super) fn close_handled(&mut self, now: Now, id: ConnId, code: CloseCode) {
        if self.handled(now, id).is_some() {
            self.close_socket(now, id, code, "");
        }
    }

    /// A WebSocket of this kind is over: its handler will hear of it.
    pub(in crate::server) fn note_gone(&mut self, id: ConnId, proto: &Proto) {
        if let Proto::WebSocket(_, rider) = proto
            && let Whom::Handler(handler) = rider.whom()
        {
            self.gone.push_back(Gone::Peer(handler, peer_id(id)));
        }
    }
}
