//! Opens a reading request on its transport.  Law: whatever the transport, the reader is a cursor in the hub; a
//! stream says its first bytes at once.

use super::access;
use super::connection::{ConnId, Proto, Stream};
use super::owner::Owner;
use super::park::is_batch;
use super::problem::Problem;
use super::reading::{Parameters, Reading};
use super::reply::Reply;
use super::{OutPiece, Server};
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::http::{Connection as After, Head, Method};
use crate::hub::SubscribeError;
use crate::message::ClientId;
use crate::transport::{Opening, Transport, iframe};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Who a client is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// By which it proves it.
    pub session: String,
    /// What others may know.
    pub client: ClientId,
}

impl Server {
    /// A client by its session, or a new one. The id is a keyed digest of the session: it stays the same for as long
    /// as the server runs, needs no table, and tells nothing of the session.
    pub(super) fn identify(&mut self, session: Option<String>) -> Identity {
        let session = session.unwrap_or_else(|| URL_SAFE_NO_PAD.encode(self.rng.bytes()));
        let client = self.client_of(&session);
        Identity { session, client }
    }

    /// Whose session it is.
    pub(super) fn client_of(&self, session: &str) -> ClientId {
        let digest = self.rng.digest(b"client", session.as_bytes());
        ClientId(*digest.first_chunk().expect("16 bytes begin with 12"))
    }

    /// Answers `GET /channels/…`, which is no handshake.
    pub(super) fn read_channels(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        path_channel: Option<ChannelName>,
    ) -> Result<(), Problem> {
        let reading = self.parse_reading(head, reply, path_channel)?;
        let identity = self.identify(reading.session.clone());
        if is_batch(reading.transport) {
            return self.open_poll(now, id, reply, &reading, identity);
        }
        self.open_stream(now, id, head, reply, &reading, &identity)
    }

    fn parse_reading(
        &mut self,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        path_channel: Option<ChannelName>,
    ) -> Result<Reading, Problem> {
        let parameters = Parameters::parse(head.target.query)?;
        parameters.callback()?;
        let transport = parameters.transport(head, false)?;
        reply.transport = Some(transport);
        if transport == Transport::Jsonp {
            if reply.callback.is_none() {
                return Err(Problem::bad("jsonp needs callback=NAME"));
            }
            access::check_jsonp(&self.settings, head)?;
        }
        if transport == Transport::WebSocket {
            return Err(Problem::new(426, "a WebSocket begins with Upgrade: websocket (RFC 6455)")
                .with("Sec-WebSocket-Version", "13"));
        }
        parameters.reading(head, transport, path_channel, self.settings.max_wait_ms / 1000)
    }

    fn open_stream(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &Reply,
        reading: &Reading,
        identity: &Identity,
    ) -> Result<(), Problem> {
        let origin = match reading.transport {
            Transport::Iframe => access::check_iframe(&self.settings, reading.origin.as_deref(), head.host)?,
            _ => Box::default(),
        };
        if self.is_draining {
            return Err(Problem::new(503, "the server is ending; come back to the next one"));
        }
        self.hub.check_client(identity.client)?;
        let (channels, start) = (&reading.channels, reading.start);
        let reader = match self.hub.subscribe(
            Owner::Conn(id).pack(),
            Some(identity.client),
            channels,
            start,
            now.unix_ms,
        ) {
            Ok(reader) => reader,
            Err(SubscribeError::AllClosed) => {
                self.respond(now, id, reply, 204, &[], Vec::new());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let encoding = reading.transport.encoding(reading.envelope, reply.can_chunk());
        let client = identity.client.to_string();
        let policy = iframe::content_security_policy(&self.nonce, &origin);
        let mut fields = encoding.response_fields().to_vec();
        fields.push(("Holdline-Client", &client));
        fields.push(("Holdline-Session", &identity.session));
        if reading.transport == Transport::Iframe {
            fields.push(("Content-Security-Policy", &policy));
        }
        let is_head = head.method == Method::Head;
        // A stream ends with its connection, also where the last chunk would tell its end.
        let after = if is_head { self.after(reply) } else { After::Close };
        self.write_head(now, id, reply, 200, &fields, after, None);
        if is_head {
            self.hub.lose(reader, now.at);
            self.log_answer(now, id, reply, 200, 0);
            self.end_answer(now, id, reply.keep_alive);
            return Ok(());
        }
        self.introduce(now, reader, reading, reading.watches);
        let retry_ms = RETRY_MS + self.rng.below(RETRY_MS);
        let cursor = self.hub.cursor(reader);
        let Identity { session, client } = identity;
        let mut first = Vec::with_capacity(256);
        let opening =
            Opening { cursor, client: *client, session, retry_ms, origin: &origin, nonce: &self.nonce };
        encoding.opening(&opening, &mut first);
        self.say(id, OutPiece::Own(first));
        if let Some(conn) = self.conns.get_mut(id) {
            conn.begin(Proto::Stream(Stream { reader, encoding, is_untold: false, is_due: false }), now.at);
        }
        self.count_opened(id);
        self.arm(id);
        Ok(())
    }
}

/// Milliseconds after which an EventSource comes back: between one and two of these, so that not all do at once.
const RETRY_MS: u64 = 1_000;
