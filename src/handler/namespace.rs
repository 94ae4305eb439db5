//! Handlers of Socket.IO namespaces: who connects, which events come, and what is emitted.

use super::arguments::Arguments;
use super::effects::{Effect, Effects};
use crate::base::id::Id;
use serde_json::value::RawValue;

/// Answers the clients of one namespace.
pub trait NamespaceHandler {
    /// A client wants to join; `auth` is the object that it gave, or `{}`. What is emitted here comes behind the answer.
    ///
    /// # Errors
    /// It may not; the client is told why by `connect_error`.
    fn connect(&mut self, socket: &mut Socket<'_>, auth: &RawValue) -> Result<(), Refusal> {
        let _ = (socket, auth);
        Ok(())
    }

    /// A client emitted an event.
    fn event(&mut self, socket: &mut Socket<'_>, event: Event<'_>);

    /// A client called the ack of an event that was emitted with `number`. It is for the application to know which
    /// numbers are open: a client may name any, and name one twice.
    fn ack(&mut self, socket: &mut Socket<'_>, number: u64, arguments: Arguments) {
        let _ = (socket, number, arguments);
    }

    /// A client has left, of itself or because it was disconnected. Others may be told; what is emitted to it is lost.
    fn disconnect(&mut self, socket: &mut Socket<'_>) {
        let _ = socket;
    }
}

/// An event as a client emitted it.
#[derive(Debug)]
pub struct Event<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it carries.
    pub arguments: Arguments,
    /// Where the client asks for an ack: [`Socket::acknowledge`] calls it, in this call or in a later one.
    pub ack: Option<Ack>,
}

/// The ack of an event, to be called once at most.
#[derive(Debug, PartialEq, Eq)]
pub struct Ack {
    pub(crate) socket: SocketId,
    pub(crate) number: u64,
}

impl Ack {
    /// The ack that `socket` asks for by `number`. Applications get it with an [`Event`]; tests make it up.
    pub const fn new(socket: SocketId, number: u64) -> Self {
        Ack { socket, number }
    }
}

/// Why a client may not join a namespace.
#[derive(Debug)]
pub struct Refusal {
    /// The `message` of the client's error.
    pub message: Box<str>,
    /// Its `data`.
    pub data: Option<Box<RawValue>>,
}

impl Refusal {
    /// A refusal without data.
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Refusal { message: message.into(), data: None }
    }
}

/// Names a client in a namespace, from its joining to its leaving. When it has left the id names nobody, ever.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId {
    pub(crate) session: Id<()>,
    pub(crate) number: u32,
}

impl SocketId {
    /// The `number`-th joining in the session whose place is `index`, when that is used for the `generation`-th time.
    /// Applications get ids from [`Socket::id`]; tests make them up.
    pub const fn new(index: u32, generation: u32, number: u32) -> Self {
        SocketId { session: Id::new(index, generation), number }
    }
}

/// One client in a namespace, in the hands of a handler. What is asked for here is done when the call is over, in this
/// order.
pub struct Socket<'e> {
    id: SocketId,
    effects: &'e mut Effects,
}

impl<'e> Socket<'e> {
    /// The socket `id`, whose effects go to `effects`.
    pub fn new(id: SocketId, effects: &'e mut Effects) -> Self {
        Socket { id, effects }
    }

    /// Its name, by which [`Socket::other`] and [`Socket::broadcast`] find it in later calls.
    pub fn id(&self) -> SocketId {
        self.id
    }

    /// Emits an event. One of a name that Socket.IO keeps for itself, such as `connect`, is not sent.
    pub fn emit(&mut self, event: &str, arguments: Arguments) {
        self.emit_to([self.id].into(), event, arguments, None);
    }

    /// Emits an event and asks for its ack, which comes to [`NamespaceHandler::ack`] with `number`, at most 2^53 - 1.
    pub fn emit_with_ack(&mut self, number: u64, event: &str, arguments: Arguments) {
        self.emit_to([self.id].into(), event, arguments, Some(number));
    }

    /// Calls the ack of an event.
    pub fn acknowledge(&mut self, ack: Ack, arguments: Arguments) {
        self.effects.push(Effect::Acknowledge { ack, arguments });
    }

    /// Takes the client out of the namespace, when all before is sent.
    pub fn disconnect(&mut self) {
        self.effects.push(Effect::Disconnect(self.id));
    }

    /// Another socket, of this handler or of another one of the same server. If it has left, what is asked for is lost.
    pub fn other(&mut self, id: SocketId) -> Socket<'_> {
        Socket { id, effects: self.effects }
    }

    /// Emits an event to many sockets; this one is among them only if it is named. The arguments are held once.
    pub fn broadcast(&mut self, to: impl IntoIterator<Item = SocketId>, event: &str, arguments: Arguments) {
        self.emit_to(to.into_iter().collect(), event, arguments, None);
    }

    fn emit_to(&mut self, to: Box<[SocketId]>, event: &str, arguments: Arguments, number: Option<u64>) {
        self.effects.push(Effect::Emit { to, event: event.into(), arguments, number });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: SocketId = SocketId::new(0, 0, 0);
    const BEN: SocketId = SocketId::new(0, 0, 1);

    #[test]
    fn effects_stand_in_the_order_of_their_calls() {
        let mut effects = Effects::default();
        let mut ann = Socket::new(ANN, &mut effects);
        let words = || Arguments::default().text("hi");
        ann.emit("said", words());
        ann.emit_with_ack(7, "asked", words());
        ann.acknowledge(Ack::new(BEN, 3), words());
        ann.broadcast([ANN, BEN], "told", words());
        ann.other(BEN).disconnect();
        assert_eq!(ann.id(), ANN);
        let emit = |to: &[SocketId], event: &str, number| Effect::Emit {
            to: to.into(),
            event: event.into(),
            arguments: words(),
            number,
        };
        let expected = [
            emit(&[ANN], "said", None),
            emit(&[ANN], "asked", Some(7)),
            Effect::Acknowledge { ack: Ack::new(BEN, 3), arguments: words() },
            emit(&[ANN, BEN], "told", None),
            Effect::Disconnect(BEN),
        ];
        assert!(effects.drain().eq(expected));
    }
}
