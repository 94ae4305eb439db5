//! What a handler asks for, as values.  Law: one call's effects are all carried out, in order, or, when they are more
//! than one call may ask for, none of them.  Knows not how they are carried out.

use super::arguments::Arguments;
use super::messages::{Message, PeerId};
use super::namespace::{Ack, SocketId};
use crate::limits::{CALL_BYTES_MAX, CALL_EFFECTS_MAX};
use crate::ws::{self, Kind, Opcode};
use core::fmt;

/// One thing that a handler asks for. For whoever has gone it comes to nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send a message to a peer.
    Send { to: PeerId, message: Outgoing },
    /// Send a message to each of several peers.
    Broadcast { to: Box<[PeerId]>, message: Outgoing },
    /// Close a peer's connection or session.
    Close(PeerId),
    /// Send an event to each socket; with a number it asks for an ack.
    Emit { to: Box<[SocketId]>, event: Box<str>, arguments: Arguments, number: Option<u64> },
    /// Call the ack of an event.
    Acknowledge { ack: Ack, arguments: Arguments },
    /// Take a socket out of its namespace.
    Disconnect(SocketId),
}

impl Effect {
    /// Bytes of what is to be sent, and of the list of those to whom.
    fn len(&self) -> usize {
        match self {
            Effect::Send { message, .. } => message.frame.len(),
            Effect::Broadcast { to, message } => size_of_val(&**to) + message.frame.len(),
            Effect::Emit { to, event, arguments, .. } => size_of_val(&**to) + event.len() + arguments.len(),
            Effect::Acknowledge { arguments, .. } => arguments.len(),
            Effect::Close(_) | Effect::Disconnect(_) => 0,
        }
    }
}

/// The effects of one call.
#[derive(Debug)]
pub struct Effects {
    list: Vec<Effect>,
    bytes: usize,
    bytes_max: usize,
    is_overfull: bool,
}

impl Default for Effects {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Effects {
    /// None yet. One message of `message_max` bytes always has room.
    pub fn new(message_max: usize) -> Self {
        Effects {
            list: Vec::new(),
            bytes: 0,
            bytes_max: CALL_BYTES_MAX.saturating_add(message_max),
            is_overfull: false,
        }
    }

    /// Takes one more, unless there are too many.
    pub fn push(&mut self, effect: Effect) {
        let bytes = self.bytes.saturating_add(effect.len());
        self.is_overfull |= bytes > self.bytes_max || self.list.len() >= CALL_EFFECTS_MAX;
        if self.is_overfull {
            self.list.clear();
        } else {
            self.bytes = bytes;
            self.list.push(effect);
        }
    }

    /// Was more asked for than one call may? The peer that the call was about is to be closed. The list is empty, and as
    /// new after this.
    pub fn take_overfull(&mut self) -> bool {
        self.bytes = 0;
        core::mem::take(&mut self.is_overfull)
    }

    /// Takes all.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect> + '_ {
        self.bytes = 0;
        self.list.drain(..)
    }
}

/// A message on its way out. It is kept as the frame that most WebSockets are sent, so that it is copied once: who
/// sends it otherwise takes the payload out.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    kind: Kind,
    frame: Vec<u8>,
    payload_len: usize,
}

impl Outgoing {
    /// Copies the message.
    pub fn new(message: Message<'_>) -> Self {
        let (kind, opcode) = match message {
            Message::Text(_) => (Kind::Text, Opcode::Text),
            Message::Binary(_) => (Kind::Binary, Opcode::Binary),
        };
        let payload = message.bytes();
        let mut frame = Vec::with_capacity(ws::header_len(payload.len()) + payload.len());
        ws::frame(opcode, payload, &mut frame);
        Outgoing { kind, frame, payload_len: payload.len() }
    }

    /// Text or bytes.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.frame[self.frame.len() - self.payload_len..]
    }

    /// What was given.
    pub fn message(&self) -> Message<'_> {
        match self.kind {
            Kind::Text => {
                let text = simdutf8::basic::from_utf8(self.payload());
                Message::Text(text.expect("it was a text when it was laid down"))
            }
            Kind::Binary => Message::Binary(self.payload()),
        }
    }

    /// The whole as one uncompressed WebSocket frame.
    pub fn into_frame(self) -> Vec<u8> {
        self.frame
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.kind, String::from_utf8_lossy(self.payload()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: PeerId = PeerId::of_connection(1, 0);

    #[test]
    fn a_message_is_copied_once_and_is_a_frame() {
        for message in [Message::Text("hé"), Message::Binary(&[0; 70_000]), Message::Text("")] {
            let outgoing = Outgoing::new(message);
            assert_eq!((outgoing.message(), outgoing.payload()), (message, message.bytes()));
            assert_eq!(
                outgoing.kind(),
                if matches!(message, Message::Text(_)) { Kind::Text } else { Kind::Binary }
            );
            let mut frame = Vec::new();
            let opcode = if outgoing.kind() == Kind::Text { Opcode::Text } else { Opcode::Binary };
            ws::frame(opcode, message.bytes(), &mut frame);
            assert_eq!(outgoing.into_frame(), frame);
        }
    }

    #[test]
    fn a_call_that_asks_for_too_many_effects_gets_none() {
        let mut effects = Effects::default();
        for _ in 0..CALL_EFFECTS_MAX {
            effects.push(Effect::Close(PEER));
        }
        assert!(!effects.is_overfull);
        effects.push(Effect::Close(PEER));
        effects.push(Effect::Close(PEER));
        assert_eq!(effects.drain().count(), 0);
        assert!(effects.take_overfull());
        effects.push(Effect::Close(PEER));
        assert!(!effects.take_overfull(), "the next call begins anew");
        assert_eq!(effects.drain().count(), 1);
    }

    #[test]
    fn a_call_that_asks_for_too_many_bytes_gets_none() {
        let mut effects = Effects::new(3 * CALL_BYTES_MAX);
        let message = Outgoing::new(Message::Binary(&vec![0; 3 * CALL_BYTES_MAX]));
        let effect = || Effect::Send { to: PEER, message: message.clone() };
        effects.push(effect());
        assert_eq!(effects.drain().count(), 1, "the largest message has room");
        effects.push(effect());
        effects.push(effect());
        assert!(effects.take_overfull());
        effects.push(effect());
        assert!(!effects.take_overfull());
    }
}
