//! Which handler answers where.  Law: a path belongs to one handler, or to the namespaces below it, and never to both.

use super::messages::MessageHandler;
use super::namespace::NamespaceHandler;

/// The handlers of an application. A path that has one is the application's, whatever else the server would serve there.
#[derive(Default)]
pub struct Handlers {
    /// In their order places are looked for; there are a handful.
    paths: Vec<(Box<str>, Place)>,
    messages: Vec<Box<dyn MessageHandler>>,
    namespaces: Vec<Namespace>,
    tables: u16,
}

/// A namespace and who answers it.
struct Namespace {
    table: TableId,
    name: Box<str>,
    handler: Box<dyn NamespaceHandler>,
}

/// To whom a path belongs.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// WebSockets.
    WebSocket(HandlerId),
    /// Engine.IO sessions.
    Engine(HandlerId),
    /// Socket.IO sessions, whose namespaces are in the table.
    Namespaces(TableId),
}

/// Names a handler of messages.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct HandlerId(u16);

impl HandlerId {
    /// The handler that was given as the `index`-th.
    pub(crate) const fn new(index: u16) -> Self {
        HandlerId(index)
    }

    /// Its place in the order in which they were given.
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Names a handler of a namespace.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct NamespaceId(u16);

/// Names the namespaces of one path.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct TableId(u16);

impl Handlers {
    /// `handler` answers the WebSockets at `path`.
    ///
    /// # Panics
    /// The path does not begin with a slash, or has a handler.
    #[must_use]
    pub fn websocket(mut self, path: &str, handler: impl MessageHandler + 'static) -> Self {
        let id = self.add(handler);
        self.place(path, Place::WebSocket(id))
    }

    /// `handler` answers the Engine.IO sessions at `path`, whose last slash a client may leave out.
    ///
    /// # Panics
    /// The path does not begin with a slash, or has a handler.
    #[must_use]
    pub fn engine(mut self, path: &str, handler: impl MessageHandler + 'static) -> Self {
        let id = self.add(handler);
        self.place(&with_slash(path), Place::Engine(id))
    }

    /// `handler` answers the Socket.IO namespace `name`, as `/` or `/chat`, of the sessions at `path`, whose last slash
    /// a client may leave out. A path may have several; who names another is refused as `Invalid namespace`.
    ///
    /// # Panics
    /// The path does not begin with a slash or has a handler of another kind; or the namespace does not begin with a
    /// slash, or has a handler.
    #[must_use]
    pub fn namespace(mut self, path: &str, name: &str, handler: impl NamespaceHandler + 'static) -> Self {
        let path = &with_slash(path);
        let table = match self.given(path) {
            Some(Place::Namespaces(table)) => table,
            Some(Place::WebSocket(_) | Place::Engine(_)) => panic!("{path} has a handler already"),
            None => {
                let table = TableId(self.tables);
                self.tables += 1;
                self = self.place(path, Place::Namespaces(table));
                table
            }
        };
        assert!(name.starts_with('/'), "a namespace begins with a slash: {name:?}");
        assert!(self.find_namespace(table, name).is_none(), "{name} at {path} has a handler already");
        self.namespaces.push(Namespace { table, name: name.into(), handler: Box::new(handler) });
        self
    }

    fn add(&mut self, handler: impl MessageHandler + 'static) -> HandlerId {
        self.messages.push(Box::new(handler));
        HandlerId(place_of_last(self.messages.len()))
    }

    fn place(mut self, path: &str, place: Place) -> Self {
        assert!(path.starts_with('/'), "a path begins with a slash: {path:?}");
        assert!(self.given(path).is_none(), "{path} has a handler already");
        self.paths.push((path.into(), place));
        self
    }

    /// To whom exactly this path was given.
    fn given(&self, path: &str) -> Option<Place> {
        self.paths.iter().find(|(own, _)| **own == *path).map(|(_, place)| *place)
    }

    /// To whom a path belongs, and what of it lies below the path that was given: the longest of them counts.
    pub fn at<'p>(&self, path: &'p str) -> Option<(Place, &'p str)> {
        let below = |own: &str, place| match place {
            Place::WebSocket(_) => (path == own).then_some(""),
            Place::Engine(_) | Place::Namespaces(_) => {
                path.strip_prefix(own).or_else(|| (path == own.strip_suffix('/')?).then_some(""))
            }
        };
        let here = self.paths.iter().filter_map(|(own, place)| Some((*place, below(own, *place)?)));
        here.min_by_key(|(_, below)| below.len())
    }

    /// Who answers the namespace `name`.
    pub fn find_namespace(&self, table: TableId, name: &str) -> Option<NamespaceId> {
        let index = self.namespaces.iter().position(|own| own.table == table && *own.name == *name)?;
        Some(NamespaceId(place_of_last(index + 1)))
    }

    /// The path of a handler of messages.
    pub fn path_of(&self, id: HandlerId) -> &str {
        self.path_where(|place| matches!(place, Place::WebSocket(own) | Place::Engine(own) if own == id))
    }

    /// The path of a table of namespaces.
    pub fn path_of_table(&self, id: TableId) -> &str {
        self.path_where(|place| place == Place::Namespaces(id))
    }

    fn path_where(&self, is_it: impl Fn(Place) -> bool) -> &str {
        self.paths.iter().find(|(_, place)| is_it(*place)).map_or("", |(path, _)| path)
    }

    /// A handler of messages.
    pub fn messages(&mut self, id: HandlerId) -> &mut dyn MessageHandler {
        &mut **self.messages.get_mut(usize::from(id.0)).expect("handlers stay, and ids come from here")
    }

    /// A handler of a namespace.
    pub fn namespace_of(&mut self, id: NamespaceId) -> &mut dyn NamespaceHandler {
        let namespace = self.namespaces.get_mut(usize::from(id.0));
        &mut *namespace.expect("handlers stay, and ids come from here").handler
    }
}

fn place_of_last(count: usize) -> u16 {
    u16::try_from(count - 1).expect("an application has a handful of handlers")
}

/// A path with a slash at its end.
fn with_slash(path: &str) -> String {
    if path.ends_with('/') { path.to_owned() } else { format!("{path}/") }
}

#[cfg(test)]
mod tests {
    use super::super::{
        Arguments, Echo, Effect, Effects, Event, Message, Outgoing, Peer, PeerId, Socket, SocketId,
    };
    use super::*;

    /// Emits its own name.
    struct Named(&'static str);

    impl NamespaceHandler for Named {
        fn event(&mut self, socket: &mut Socket<'_>, _: Event<'_>) {
            socket.emit(self.0, Arguments::default());
        }
    }

    fn handlers() -> Handlers {
        Handlers::default()
            .websocket("/echo", Echo)
            .engine("/engine.io/", Echo)
            .websocket("/engine.io/echo", Echo)
            .namespace("/socket.io/", "/", Named("main"))
            .namespace("/other", "/", Named("other main"))
            .namespace("/socket.io", "/custom", Named("custom"))
    }

    #[test]
    fn a_path_belongs_to_one_place_with_or_without_its_last_slash() {
        let handlers = handlers();
        let (first, second) = (TableId(0), TableId(1));
        let (echo, engine) = (Place::WebSocket(HandlerId(0)), Place::Engine(HandlerId(1)));
        let (main, other) = (Place::Namespaces(first), Place::Namespaces(second));
        let cases = [
            ("/echo", Some((echo, ""))),
            ("/echo/", None),
            ("/echo/x", None),
            ("/engine.io/", Some((engine, ""))),
            ("/engine.io", Some((engine, ""))),
            ("/engine.io//", Some((engine, "/"))),
            ("/engine.io/x", Some((engine, "x"))),
            ("/engine.iox", None),
            ("/engine.io/echo", Some((Place::WebSocket(HandlerId(2)), ""))),
            ("/socket.io", Some((main, ""))),
            ("/socket.io/", Some((main, ""))),
            ("/socket.io/socket.io.js", Some((main, "socket.io.js"))),
            ("/other/", Some((other, ""))),
            ("/", None),
            ("", None),
        ];
        for (path, place) in cases {
            assert_eq!(handlers.at(path), place, "{path}");
        }
        assert_eq!(handlers.path_of(HandlerId(1)), "/engine.io/");
        assert_eq!(handlers.path_of_table(second), "/other/");
        assert!(Handlers::default().at("/").is_none());
    }

    #[test]
    fn each_namespace_of_each_path_has_its_handler() {
        let mut handlers = handlers();
        let cases = [
            (TableId(0), "/", Some("main")),
            (TableId(1), "/", Some("other main")),
            (TableId(0), "/custom", Some("custom")),
            (TableId(1), "/custom", None),
            (TableId(0), "", None),
        ];
        for (table, name, own) in cases {
            let found = handlers.find_namespace(table, name);
            assert_eq!(found.is_some(), own.is_some(), "{name}");
            let Some(id) = found else { continue };
            let mut effects = Effects::default();
            let socket = &mut Socket::new(SocketId::new(0, 0, 0), &mut effects);
            let event = Event { name: "any", arguments: Arguments::default(), ack: None };
            handlers.namespace_of(id).event(socket, event);
            let emitted = effects.drain().next();
            assert!(matches!(emitted, Some(Effect::Emit { event, .. }) if Some(&*event) == own), "{name}");
        }
    }

    #[test]
    fn an_echo_sends_back_what_came() {
        let (mut handlers, mut effects) = (handlers(), Effects::default());
        let to = PeerId::of_connection(3, 1);
        for message in [Message::Text("hi"), Message::Binary(b"\xff")] {
            handlers.messages(HandlerId(0)).message(&mut Peer::new(to, &mut effects), message);
            assert!(effects.drain().eq([Effect::Send { to, message: Outgoing::new(message) }]));
        }
    }

    #[test]
    #[should_panic = "/engine.io/ has a handler already"]
    fn a_path_is_not_given_twice() {
        let _ = handlers().engine("/engine.io", Echo);
    }

    #[test]
    #[should_panic = "/custom at /socket.io/ has a handler already"]
    fn a_namespace_is_not_given_twice() {
        let _ = handlers().namespace("/socket.io/", "/custom", Named("again"));
    }

    #[test]
    #[should_panic = "a path begins with a slash"]
    fn a_path_begins_with_a_slash() {
        let _ = Handlers::default().websocket("echo", Echo);
    }
}
