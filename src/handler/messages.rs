//! Handlers of messages: what comes on a WebSocket, or in an Engine.IO session, and what is sent back.

use super::effects::{Effect, Effects, Outgoing};
use crate::base::id::Id;

/// A message, whole.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Message<'m> {
    /// Text.
    Text(&'m str),
    /// Bytes.
    Binary(&'m [u8]),
}

impl<'m> Message<'m> {
    /// The bytes, of a text too.
    pub fn bytes(self) -> &'m [u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }
}

/// Answers the WebSockets of a path, or its Engine.IO sessions: to a handler they are alike, each a [`Peer`].
pub trait MessageHandler {
    /// A peer came.
    fn open(&mut self, peer: &mut Peer<'_>) {
        let _ = peer;
    }

    /// A peer sent a message.
    fn message(&mut self, peer: &mut Peer<'_>, message: Message<'_>);

    /// A peer has gone, of itself or because it was closed. Others may be told of it; what is sent to it is lost.
    fn close(&mut self, peer: &mut Peer<'_>) {
        let _ = peer;
    }
}

/// Names a peer. When it has gone the id names nobody, ever.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub(crate) Line);

/// What a peer is connected by.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Line {
    /// A WebSocket.
    Connection(Id<()>),
    /// An Engine.IO session.
    Session(Id<()>),
}

impl PeerId {
    /// The WebSocket whose place in the server's table is `index`, when it is used for the `generation`-th time.
    /// Applications get ids from [`Peer::id`]; tests of a handler make them up.
    pub const fn of_connection(index: u32, generation: u32) -> Self {
        PeerId(Line::Connection(Id::new(index, generation)))
    }

    /// As [`PeerId::of_connection`], an Engine.IO session.
    pub const fn of_session(index: u32, generation: u32) -> Self {
        PeerId(Line::Session(Id::new(index, generation)))
    }
}

/// One peer in the hands of a handler. What is asked for here is done when the call is over, in this order.
pub struct Peer<'e> {
    id: PeerId,
    effects: &'e mut Effects,
}

impl<'e> Peer<'e> {
    /// The peer `id`, whose effects go to `effects`.
    pub fn new(id: PeerId, effects: &'e mut Effects) -> Self {
        Peer { id, effects }
    }

    /// Its name, by which [`Peer::other`] and [`Peer::broadcast`] find it in later calls.
    pub fn id(&self) -> PeerId {
        self.id
    }

    /// Sends a message.
    pub fn send(&mut self, message: Message<'_>) {
        self.effects.push(Effect::Send { to: self.id, message: Outgoing::new(message) });
    }

    /// Sends a text.
    pub fn text(&mut self, text: &str) {
        self.send(Message::Text(text));
    }

    /// Sends bytes.
    pub fn binary(&mut self, bytes: &[u8]) {
        self.send(Message::Binary(bytes));
    }

    /// Closes the connection or session, when all before is sent.
    pub fn close(&mut self) {
        self.effects.push(Effect::Close(self.id));
    }

    /// Another peer, of this handler or of another one of the same server. If it has gone, what is asked for is lost.
    pub fn other(&mut self, id: PeerId) -> Peer<'_> {
        Peer { id, effects: self.effects }
    }

    /// Sends a message to many peers; this one is among them only if it is named. The payload is held once.
    pub fn broadcast(&mut self, to: impl IntoIterator<Item = PeerId>, message: Message<'_>) {
        let to = to.into_iter().collect();
        self.effects.push(Effect::Broadcast { to, message: Outgoing::new(message) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: PeerId = PeerId::of_connection(0, 0);
    const BEN: PeerId = PeerId::of_session(0, 0);

    fn outgoing(text: &str) -> Outgoing {
        Outgoing::new(Message::Text(text))
    }

    #[test]
    fn effects_stand_in_the_order_of_their_calls() {
        let mut effects = Effects::default();
        let mut ann = Peer::new(ANN, &mut effects);
        ann.text("1");
        ann.other(BEN).binary(b"2");
        ann.broadcast([ANN, BEN], Message::Text("3"));
        ann.close();
        assert_eq!(ann.id(), ANN);
        let expected = [
            Effect::Send { to: ANN, message: outgoing("1") },
            Effect::Send { to: BEN, message: Outgoing::new(Message::Binary(b"2")) },
            Effect::Broadcast { to: [ANN, BEN].into(), message: outgoing("3") },
            Effect::Close(ANN),
        ];
        assert!(effects.drain().eq(expected));
    }

    #[test]
    fn a_connection_and_a_session_in_equal_places_are_two_peers() {
        assert_ne!(ANN, BEN);
        assert_ne!(ANN, PeerId::of_connection(0, 1));
    }
}
