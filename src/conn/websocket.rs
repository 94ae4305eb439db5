//! A connection after the handshake of RFC 6455. Knows who speaks which subprotocol, and compressed or not, but not what
//! is said in it.

use crate::ws::{Inflater, ReceiveError, Received, Receiver, WindowBits};

/// What the messages mean.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// JSON commands, replies and envelopes: `holdline.v1`.
    V1,
    /// Payloads of one channel: `holdline.raw`.
    Raw,
    /// No subprotocol: a handler of an application knows what they mean.
    Plain,
    /// Packets of a session that other connections may carry too: Engine.IO.
    Engine,
}

/// One WebSocket.
pub struct WebSocket {
    /// What its messages mean.
    pub protocol: Protocol,
    /// A ping went out and nothing was heard since.
    pub is_pinged: bool,
    /// The window to compress with for this client; `None`: compression was not agreed on.
    pub window: Option<WindowBits>,
    receiver: Receiver,
}

impl WebSocket {
    /// A connection whose handshake is done.
    pub fn new(protocol: Protocol, window: Option<WindowBits>) -> Self {
        WebSocket { protocol, is_pinged: false, window, receiver: Receiver::new() }
    }

    /// Takes the next message or control frame off `input`, all of which is taken before this is `None`.
    ///
    /// # Errors
    /// The peer broke the protocol: close with the error's code.
    pub fn next<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        message_max: usize,
        inflater: &mut Inflater,
    ) -> Result<Option<Received<'i>>, ReceiveError> {
        self.receiver.next(input, message_max, self.window.map(|_| inflater))
    }

    /// Bytes of an unfinished message or frame held.
    pub fn held_bytes(&self) -> usize {
        self.receiver.held_bytes()
    }
}
