//! WebSockets: the handshake's answer, what comes in, how it ends (RFC 6455 sections 4.2.2, 5 and 7; compressed messages
//! by RFC 7692).
//! Law: after a close frame was sent nothing else is; the connection ends when it has left.

use super::connection::{ConnId, Proto};
use super::entries::Proposer;
use super::owner::Owner;
use super::problem::Problem;
use super::reading::Parameters;
use super::reply::Reply;
use super::rider::Whom;
use super::subscribe::Identity;
use super::{Action, OutPiece, Server, drafts};
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::conn::{Protocol, WebSocket};
use crate::http::{Connection as After, Head, Method, Version};
use crate::hub::ReaderId;
use crate::limits::SHARE_BYTES;
use crate::message::{Command, Draft, Format};
use crate::transport::encoded::Piece;
use crate::transport::{Encoding, Opening, Transport};
use crate::ws::{self, Agreement, CloseCode, Handshake, Kind, Opcode, Received, Upgrade};

/// The subprotocols, the default first.
const V1: &str = "holdline.v1";
const RAW: &str = "holdline.raw";

/// Does the request ask for a WebSocket? In HTTP/1.0 `Upgrade` is ignored (RFC 9110 section 7.8).
pub(super) fn is_upgrade(head: &Head<'_, '_>) -> bool {
    head.version == Version::Http11 && upgrade(head).is_asked()
}

/// The server takes nobody any more.
pub(super) fn ending() -> Problem {
    Problem::new(503, "the server is ending; come back to the next one")
}

fn upgrade<'h, 'b>(
    head: &Head<'h, 'b>,
) -> Upgrade<impl Fn(&'static str) -> Box<dyn Iterator<Item = &'b [u8]> + 'h>>
where
    'b: 'h,
{
    let headers = head.headers;
    Upgrade {
        is_get: head.method == Method::Get,
        is_http11: head.version == Version::Http11,
        fields: move |name| Box::new(headers.all(name)) as Box<dyn Iterator<Item = &'b [u8]> + 'h>,
    }
}

/// The handshake, checked. With a body it would not be clear to everybody where the frames begin.
pub(super) fn handshake<'b>(head: &Head<'_, 'b>) -> Result<Handshake<'b>, Problem> {
    if head.framing.has_body() {
        return Err(Problem::bad("a WebSocket handshake has no body"));
    }
    Ok(upgrade(head).check()?)
}

impl Server {
    /// Answers a handshake at `/channels/…`.
    pub(super) fn open_socket(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        path_channel: Option<ChannelName>,
    ) -> Result<(), Problem> {
        reply.transport = Some(Transport::WebSocket);
        let handshake = handshake(head)?;
        let subprotocol = handshake.choose(&[V1, RAW])?;
        let protocol = if subprotocol == Some(RAW) { Protocol::Raw } else { Protocol::V1 };
        let parameters = Parameters::parse(head.target.query)?;
        let reading = parameters.reading(head, Transport::WebSocket, path_channel, 0)?;
        if protocol == Protocol::Raw && reading.channels.len() > 1 {
            return Err(Problem::bad("holdline.raw has one channel; take holdline.v1 for several"));
        }
        if self.is_draining {
            return Err(ending());
        }
        let identity = self.identify(reading.session.clone());
        self.hub.check_client(identity.client)?;
        let (channels, start) = (&reading.channels, reading.start);
        let reader = self.hub.subscribe(
            Owner::Conn(id).pack(),
            Some(identity.client),
            channels,
            start,
            now.unix_ms,
        )?;
        // There are no notices in `holdline.raw`.
        self.introduce(now, reader, &reading, reading.watches && protocol == Protocol::V1);
        let agreed = self.agree(head);
        self.switch_protocols(now, id, reply, &handshake, subprotocol, agreed);
        if protocol == Protocol::V1 {
            self.welcome(id, reader, &identity);
        }
        self.turn_to_socket(
            now,
            id,
            WebSocket::new(protocol, agreed.map(Agreement::window)),
            Whom::Reader(reader),
        );
        Ok(())
    }

    /// What is agreed of what the client offers: compression, or nothing.
    pub(super) fn agree(&self, head: &Head<'_, '_>) -> Option<Agreement> {
        let offers = head.headers.all("sec-websocket-extensions");
        ws::deflate::negotiate(offers).filter(|_| self.settings.compression)
    }

    pub(super) fn switch_protocols(
        &mut self,
        now: Now,
        id: ConnId,
        reply: &Reply,
        handshake: &Handshake<'_>,
        subprotocol: Option<&str>,
        agreed: Option<Agreement>,
    ) {
        let extension = agreed.map(|agreed| agreed.to_string());
        let accept = handshake.accept();
        let mut fields = vec![("Upgrade", "websocket"), ("Sec-WebSocket-Accept", accept.as_str())];
        fields.extend(subprotocol.map(|name| ("Sec-WebSocket-Protocol", name)));
        fields.extend(extension.as_deref().map(|terms| ("Sec-WebSocket-Extensions", terms)));
        self.write_head(now, id, reply, 101, &fields, After::Upgrade, Some(0));
        self.log_answer(now, id, reply, 101, 0);
    }

    pub(super) fn turn_to_socket(&mut self, now: Now, id: ConnId, socket: WebSocket, whom: Whom) {
        if let Some(conn) = self.conns.get_mut(id) {
            conn.begin(Proto::WebSocket(socket, whom.into()), now.at);
        }
        self.count_opened(id);
        self.arm(id);
    }

    fn welcome(&mut self, id: ConnId, reader: ReaderId, identity: &Identity) {
        let mut frame = Vec::with_capacity(160);
        let Identity { session, client } = identity;
        let cursor = self.hub.cursor(reader);
        let opening = Opening { cursor, client: *client, session, retry_ms: 0, origin: "", nonce: "" };
        Encoding::WebSocket(None).opening(&opening, &mut frame);
        self.say(id, OutPiece::Own(frame));
    }

    /// Takes what came in on a WebSocket off `input`, until all is taken, the connection ends, too much waits to be
    /// said, or as much was inflated as one connection may in a turn.
    pub(super) fn receive(&mut self, now: Now, id: ConnId, input: &mut &mut [u8]) {
        let (message_max, queue_max) = (self.settings.max_message, self.settings.max_queue);
        let work = self.inflater.work_bytes();
        loop {
            let Server { conns, inflater, actions, .. } = self;
            let Some(conn) = conns.get_mut(id) else { return };
            if inflater.work_bytes() - work >= SHARE_BYTES as u64 && !input.is_empty() {
                // What is left may be a thousand times as long when it is inflated.
                conn.is_resting = true;
                actions.push_back(Action::Resume(id));
            }
            if !conn.takes_input(queue_max) {
                return;
            }
            let Proto::WebSocket(socket, rider) = &mut conn.proto else { return };
            let (protocol, whom) = (socket.protocol, rider.whom());
            conn.at = now.at;
            socket.is_pinged = false;
            match socket.next(input, message_max, inflater) {
                Ok(None) => return,
                Ok(Some(received)) => self.received(now, id, protocol, whom, received),
                Err(error) => {
                    log::debug!("#{} websocket: {}", id.index(), error.detail());
                    self.close_socket(now, id, error.close_code(), error.detail());
                }
            }
        }
    }

    fn received(&mut self, now: Now, id: ConnId, protocol: Protocol, whom: Whom, received: Received<'_>) {
        match received {
            Received::Ping(payload) => self.say_frame(id, Opcode::Pong, &payload),
            Received::Pong(_) => {}
            Received::Close(None) => self.finish_socket(now, id, |out| ws::frame(Opcode::Close, b"", out)),
            Received::Close(Some((code, _))) => {
                self.finish_socket(now, id, |out| ws::encode_close(code, "", out));
            }
            Received::Message { kind, data } => match whom {
                Whom::Handler(handler) => self.hand_over(now, id, handler, kind, &data),
                Whom::Reader(reader) => self.heard(now, id, protocol, reader, kind, &data),
                Whom::Session(session) => self.engine_message(now, id, session, kind, &data),
            },
        }
    }

    /// A message for the hub.
    fn heard(&mut self, now: Now, id: ConnId, protocol: Protocol, reader: ReaderId, kind: Kind, data: &[u8]) {
        match (protocol, kind) {
            (Protocol::Raw, _) => self.publish_raw(now, id, reader, kind, data),
            (Protocol::V1, Kind::Text) => self.command(now, id, reader, data),
            (Protocol::V1, Kind::Binary) => {
                self.close_socket(now, id, CloseCode::UNSUPPORTED, "holdline.v1 speaks JSON in text frames");
            }
            (Protocol::Plain | Protocol::Engine, _) => {}
        }
    }

    /// What a `holdline.raw` client sends is published on its channel.
    fn publish_raw(&mut self, now: Now, id: ConnId, reader: ReaderId, kind: Kind, data: &[u8]) {
        let name = self.hub.channels(reader).next().map(str::to_owned);
        let Some(Ok(channel)) = name.as_deref().map(ChannelName::parse) else { return };
        let mut draft = Draft::new(channel);
        let filled = drafts::fill(&mut draft, data.into(), None);
        debug_assert!(filled.is_ok(), "without a type every payload will do");
        if kind == Kind::Binary {
            draft.format = Format::Binary;
        }
        if self.propose(now, Proposer::Payload(id), vec![Command::Publish(draft)], None).is_err() {
            self.refuse_payload(now, id);
        }
    }

    /// What a `holdline.raw` client sent could not be published; a close code is all that can be told.
    pub(super) fn refuse_payload(&mut self, now: Now, id: ConnId) {
        if self.is_socket(id) {
            self.close_socket(
                now,
                id,
                CloseCode::TRY_AGAIN,
                "the message could not be taken; try again later",
            );
        }
    }

    /// Appends one frame.
    pub(super) fn say_frame(&mut self, id: ConnId, opcode: Opcode, payload: &[u8]) {
        if !self.is_socket(id) {
            return;
        }
        let mut out = Vec::with_capacity(ws::header_len(payload.len()) + payload.len());
        ws::frame(opcode, payload, &mut out);
        self.say(id, OutPiece::Own(out));
    }

    /// Appends one frame whose payload is shared but for its begin and its end.
    pub(super) fn say_frame_of(
        &mut self,
        id: ConnId,
        opcode: Opcode,
        begin: &[u8],
        shared: Piece,
        end: &[u8],
    ) {
        if !self.is_socket(id) {
            return;
        }
        let len = (begin.len() + shared.len() + end.len()) as u64;
        let mut out = Vec::with_capacity(ws::header_len(len as usize) + begin.len());
        ws::encode_header(ws::Header { is_final: true, rsv1: false, opcode, mask: None, len }, &mut out);
        out.extend_from_slice(begin);
        self.say(id, OutPiece::Own(out));
        self.say(id, OutPiece::Shared(shared));
        self.say(id, OutPiece::Own(end.to_vec()));
    }

    /// Can frames still be said? After a close frame none can.
    fn is_socket(&self, id: ConnId) -> bool {
        self.conns.get(id).is_some_and(|conn| matches!(conn.proto, Proto::WebSocket(..)))
    }

    /// Closes a WebSocket with `code`.
    pub(super) fn close_socket(&mut self, now: Now, id: ConnId, code: CloseCode, reason: &str) {
        self.finish_socket(now, id, |out| ws::encode_close(code, reason, out));
    }

    fn finish_socket(&mut self, now: Now, id: ConnId, write: impl FnOnce(&mut Vec<u8>)) {
        let mut frame = Vec::new();
        write(&mut frame);
        self.say(id, OutPiece::Own(frame));
        self.finish(now, id);
    }
}

pub(super) fn opcode(kind: Kind) -> Opcode {
    match kind {
        Kind::Text => Opcode::Text,
        Kind::Binary => Opcode::Binary,
    }
}
