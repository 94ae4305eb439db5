//! A connection after the handshake of RFC 6455. Knows who speaks which subprotocol, not what is said in it.

use crate::ws::{ReceiveError, Received, Receiver};

/// What the messages mean.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// JSON commands, replies and envelopes: `holdline.v1`.
    V1,
    /// Payloads of one channel: `holdline.raw`.
    Raw,
    /// Everything comes back: `/echo`.
    Echo,
}

/// One WebSocket.
pub struct WebSocket {
    /// What its messages mean.
    pub protocol: Protocol,
    /// A ping went out and nothing was heard since.
    pub is_pinged: bool,
    receiver: Receiver,
}

impl WebSocket {
    /// A connection whose handshake is done.
    pub fn new(protocol: Protocol) -> Self {
        WebSocket { protocol, is_pinged: false, receiver: Receiver::new() }
    }

    /// Takes the next message or control frame off `input`, all of which is taken before this is `None`.
    ///
    /// # Errors
    /// The peer broke the protocol: close with the error's code.
    pub fn next<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        message_max: usize,
    ) -> Result<Option<Received<'i>>, ReceiveError> {
        self.receiver.next(input, message_max, None)
    }

    /// Bytes of an unfinished message or frame held.
    pub fn held_bytes(&self) -> usize {
        self.receiver.held_bytes()
    }
}
