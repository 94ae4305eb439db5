//! Handlers of WebSockets.

use super::client::Socket;
use holdline::handler::{Handlers, Message, MessageHandler, Peer, PeerId};
use holdline::limits::{CALL_EFFECTS_MAX, Settings};
use holdline::testing::decode::handshake::Handshake;
use holdline::testing::decode::websocket::Frame;
use holdline::testing::driver::World;
use std::cell::RefCell;
use std::rc::Rc;

/// Writes down what it is told; of texts it does what they say.
#[derive(Clone, Default)]
struct Room(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    told: Vec<String>,
    /// In the order of their coming.
    peers: Vec<PeerId>,
}

impl Room {
    fn tell(&self, peer: &Peer<'_>, what: &str) {
        let mut state = self.0.borrow_mut();
        let place = state.peers.iter().position(|other| *other == peer.id());
        let text = format!("{} {what}", place.expect("it came before"));
        state.told.push(text);
    }

    fn told(&self) -> Vec<String> {
        core::mem::take(&mut self.0.borrow_mut().told)
    }

    fn peers(&self) -> Vec<PeerId> {
        self.0.borrow().peers.clone()
    }
}

impl MessageHandler for Room {
    fn open(&mut self, peer: &mut Peer<'_>) {
        self.0.borrow_mut().peers.push(peer.id());
        self.tell(peer, "open");
        peer.text("welcome");
    }

    fn message(&mut self, peer: &mut Peer<'_>, message: Message<'_>) {
        let Message::Text(text) = message else { return self.tell(peer, "binary") };
        self.tell(peer, text);
        match text.split_once(' ').unwrap_or((text, "")) {
            ("all", rest) => peer.broadcast(self.peers(), Message::Text(rest)),
            ("long", "") => peer.broadcast(self.peers(), Message::Text(&"long ".repeat(20_000))),
            ("leave", "") => peer.close(),
            ("throw", "") => self.peers().iter().for_each(|other| peer.other(*other).close()),
            ("much", "") => (0..=CALL_EFFECTS_MAX).for_each(|_| peer.text("much")),
            _ => peer.binary(text.as_bytes()),
        }
    }

    fn close(&mut self, peer: &mut Peer<'_>) {
        self.tell(peer, "close");
        let peers = self.peers();
        peer.broadcast(peers, Message::Text("one has gone"));
    }
}

fn world(settings: Settings) -> (World, Room) {
    let room = Room::default();
    (World::with_handlers(settings, Handlers::default().websocket("/room", room.clone())), room)
}

fn join(world: &mut World, extensions: Option<&str>) -> Socket {
    Socket::open(world, "/room", extensions)
}

#[test]
fn a_handler_is_told_of_each_coming_message_and_going_once() {
    let (mut world, room) = world(Settings::default());
    let (mut ann, mut ben) = (join(&mut world, None), join(&mut world, None));
    assert_eq!(ann.texts(&mut world), ["welcome"]);
    ann.send(&mut world, "hi");
    ann.send_bytes(&mut world, b"\xff");
    assert_eq!(ann.read(&mut world), [Frame::Binary(b"hi".to_vec())]);
    assert_eq!(ben.texts(&mut world), ["welcome"]);
    world.reset(ann.line);
    assert_eq!(ben.texts(&mut world), ["one has gone"]);
    world.end(ben.line);
    world.settle();
    world.pass(100_000);
    assert_eq!(room.told(), ["0 open", "1 open", "0 hi", "0 binary", "0 close", "1 close"]);
}

#[test]
fn what_is_asked_for_is_done_in_its_order() {
    let (mut world, room) = world(Settings::default());
    let (mut ann, mut ben) = (join(&mut world, None), join(&mut world, None));
    for text in ["all 1", "2", "all 3", "leave", "all 4"] {
        ann.send(&mut world, text);
    }
    let text = |text: &str| Frame::Text(text.to_owned());
    let frames = ann.read(&mut world);
    assert_eq!(frames[..4], [text("welcome"), text("1"), Frame::Binary(b"2".to_vec()), text("3")]);
    assert!(matches!(frames[4..], [Frame::Close { code: Some(1000), .. }]), "{frames:?}");
    assert_eq!(ben.texts(&mut world), ["welcome", "1", "3", "one has gone"]);
    assert_eq!(room.told()[2..], ["0 all 1", "0 2", "0 all 3", "0 leave", "0 close"]);
}

#[test]
fn a_handler_may_close_all_its_peers_at_once() {
    let (mut world, room) = world(Settings::default());
    let mut all: Vec<Socket> = (0..3).map(|_| join(&mut world, None)).collect();
    all[1].send(&mut world, "throw");
    for socket in &mut all {
        let frames = socket.read(&mut world);
        assert!(matches!(frames[..], [_, Frame::Close { code: Some(1000), .. }]), "{frames:?}");
    }
    assert_eq!(room.told()[3..], ["1 throw", "0 close", "1 close", "2 close"]);
}

#[test]
fn a_call_that_asks_for_too_much_ends_its_peer_and_nobody_else() {
    let (mut world, _) = world(Settings::default());
    let (mut ann, mut ben) = (join(&mut world, None), join(&mut world, None));
    ann.send(&mut world, "much");
    let frames = ann.read(&mut world);
    assert!(matches!(frames[..], [_, Frame::Close { code: Some(1011), .. }]), "{frames:?}");
    ben.send(&mut world, "all fine");
    assert_eq!(ben.texts(&mut world), ["welcome", "one has gone", "fine"]);
}

#[test]
fn what_goes_to_many_is_compressed_for_whoever_agreed_to_it() {
    let (mut world, _) = world(Settings::default());
    let mut plain = join(&mut world, None);
    let mut compressed = [(); 2].map(|()| join(&mut world, Some("permessage-deflate")));
    plain.send(&mut world, "long");
    let long = "long ".repeat(20_000);
    assert_eq!(plain.texts(&mut world), ["welcome", &*long]);
    for socket in &mut compressed {
        assert_eq!(socket.texts(&mut world), ["welcome", &*long]);
        assert_eq!(socket.reader.compressed(), 1);
    }
}

#[test]
fn a_peer_that_takes_nothing_of_what_others_say_is_dropped() {
    let settings = Settings { max_queue: 150_000, ..Settings::default() };
    let (mut world, room) = world(settings);
    let (mut ann, ben) = (join(&mut world, None), join(&mut world, None));
    world.narrow(ben.line, Some(0));
    for said in 1..=3 {
        assert!(!world.is_closed(ben.line), "{said}");
        ann.send(&mut world, "long");
        world.settle();
    }
    assert!(world.is_closed(ben.line));
    assert_eq!(ann.texts(&mut world).len(), 1 + 3 + 1);
    assert_eq!(room.told().last().map(String::as_str), Some("1 close"));
}

#[test]
fn a_path_of_an_application_is_not_the_servers() {
    let room = Room::default();
    let handlers = Handlers::default().websocket("/channels/room", room.clone());
    let mut world = World::with_handlers(Settings { echo: true, ..Settings::default() }, handlers);
    for target in ["/channels/room", "/echo", "/channels/other"] {
        let line = world.open(&Handshake { target, ..Handshake::default() }.request());
        assert!(world.written(line).starts_with(b"HTTP/1.1 101 "), "{target}");
    }
    let line = world.open("GET /channels/room HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(world.written(line).starts_with(b"HTTP/1.1 4"));
    assert_eq!(room.told(), ["0 open"]);
}
