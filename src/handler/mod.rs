//! What an application brings along to answer clients by itself, where the hub would: on the WebSockets of a path, in
//! the Engine.IO sessions of a path, in Socket.IO namespaces.  Law: a handler is told what happens and asks for
//! [`Effect`]s, which are values; the server carries them out when the call is over, so a handler meets no server, and a
//! test meets no more than a handler.  Knows no socket, no session and no hub.
//!
//! A handler runs on the server's one thread: while it works nobody else is served, and a panic ends the process. What
//! two handlers share may be in an `Rc<RefCell<_>>`.
//!
//! ```
//! use holdline::base::time::{Millis, Now};
//! use holdline::handler::{Effect, Effects, Handlers, Message, MessageHandler, Outgoing, Peer, PeerId};
//! use holdline::limits::Settings;
//! use holdline::server::Server;
//!
//! /// Tells everybody what anybody says.
//! #[derive(Default)]
//! struct Room(Vec<PeerId>);
//!
//! impl MessageHandler for Room {
//!     fn open(&mut self, peer: &mut Peer<'_>) {
//!         self.0.push(peer.id());
//!         peer.text("welcome");
//!     }
//!
//!     fn message(&mut self, peer: &mut Peer<'_>, message: Message<'_>) {
//!         peer.broadcast(self.0.iter().copied(), message);
//!     }
//!
//!     fn close(&mut self, peer: &mut Peer<'_>) {
//!         let gone = peer.id();
//!         self.0.retain(|other| *other != gone);
//!     }
//! }
//!
//! // A handler by itself:
//! let (ann, mut room, mut effects) = (PeerId::of_connection(0, 0), Room::default(), Effects::default());
//! room.open(&mut Peer::new(ann, &mut effects));
//! let welcome = Effect::Send { to: ann, message: Outgoing::new(Message::Text("welcome")) };
//! assert_eq!(effects.drain().collect::<Vec<_>>(), [welcome]);
//!
//! // A server with it, at ws://…/room; `holdline::io::run_with` is a whole program.
//! let handlers = Handlers::default().websocket("/room", Room::default());
//! let now = Now { at: Millis(0), unix_ms: 1_700_000_000_000 };
//! let server = Server::new(Settings::default(), Vec::new(), now, [7; 32]).with_handlers(handlers);
//! # drop(server);
//! ```

mod arguments;
mod echo;
mod effects;
mod messages;
mod namespace;
mod registry;

pub use arguments::Arguments;
pub use echo::Echo;
pub use effects::{Effect, Effects, Outgoing};
pub(crate) use messages::Line;
pub use messages::{Message, MessageHandler, Peer, PeerId};
pub use namespace::{Ack, Event, NamespaceHandler, Refusal, Socket, SocketId};
pub use registry::{HandlerId, Handlers, NamespaceId, Place, TableId};
