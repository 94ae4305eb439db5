//! Handlers of Engine.IO sessions, on both transports.

use super::client::{Socket, answer, answered, get, post};
use holdline::handler::{Handlers, Message, MessageHandler, Peer, PeerId};
use holdline::limits::Settings;
use holdline::testing::driver::World;
use std::cell::RefCell;
use std::rc::Rc;

/// Writes down what it is told, and sends back what comes; some texts are orders.
#[derive(Clone, Default)]
struct Desk(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    told: Vec<String>,
    peers: Vec<PeerId>,
}

impl Desk {
    fn told(&self) -> Vec<String> {
        core::mem::take(&mut self.0.borrow_mut().told)
    }

    fn tell(&self, what: impl Into<String>) {
        self.0.borrow_mut().told.push(what.into());
    }
}

impl MessageHandler for Desk {
    fn open(&mut self, peer: &mut Peer<'_>) {
        self.0.borrow_mut().peers.push(peer.id());
        self.tell("open");
    }

    fn message(&mut self, peer: &mut Peer<'_>, message: Message<'_>) {
        self.tell(format!("{:?}", message.bytes().len()));
        match message {
            Message::Text("leave") => {
                peer.text("bye");
                peer.close();
            }
            Message::Text("all") => {
                let peers = self.0.borrow().peers.clone();
                peer.broadcast(peers, Message::Text(&"all ".repeat(50_000)));
            }
            _ => peer.send(message),
        }
    }

    fn close(&mut self, _: &mut Peer<'_>) {
        self.tell("close");
    }
}

const OPEN: &str = "/engine.io/?EIO=4&transport=polling";
const BY_SOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

fn world() -> (World, Desk) {
    let desk = Desk::default();
    let handlers = Handlers::default().engine("/engine.io/", desk.clone()).engine("/other/", desk.clone());
    (World::with_handlers(Settings::default(), handlers), desk)
}

/// Opens a session by polling: the path and query of its requests.
fn open(world: &mut World) -> String {
    let line = get(world, OPEN);
    let (status, body) = answered(world, line);
    assert_eq!(status, 200, "{body}");
    let open: serde_json::Value = serde_json::from_str(&body[1..]).expect("JSON");
    format!("{OPEN}&sid={}", open["sid"].as_str().expect("a sid"))
}

#[test]
fn a_session_by_polling_is_a_peer_from_its_first_packet_to_its_last() {
    let (mut world, desk) = world();
    let session = open(&mut world);
    let held = get(&mut world, &session);
    assert_eq!(answer(&mut world, held), None);
    let line = post(&mut world, &session, "4one\u{1e}bAQID\u{1e}4");
    assert_eq!(answered(&mut world, line), (200, "ok".to_owned()));
    assert_eq!(answered(&mut world, held), (200, "4one\u{1e}bAQID\u{1e}4".to_owned()));
    let line = post(&mut world, &session, "1");
    assert_eq!(answered(&mut world, line).0, 200);
    assert_eq!(desk.told(), ["open", "3", "3", "0", "close"]);
}

#[test]
fn a_session_by_websocket_is_a_peer_alike() {
    let (mut world, desk) = world();
    let mut socket = Socket::open(&mut world, BY_SOCKET, None);
    assert!(socket.texts(&mut world).concat().starts_with(r#"0{"sid":""#));
    socket.send(&mut world, "4one");
    socket.send_bytes(&mut world, &[1, 2, 3]);
    assert_eq!(socket.heard(&mut world), ["4one", "[1, 2, 3]"]);
    world.reset(socket.line);
    world.settle();
    assert_eq!(desk.told(), ["open", "3", "3", "close"]);
}

#[test]
fn a_peer_stays_the_same_when_a_websocket_takes_its_session_over() {
    let (mut world, desk) = world();
    let session = open(&mut world);
    let line = post(&mut world, &session, "4before");
    assert_eq!(answered(&mut world, line).0, 200);
    let target = session.replace("polling", "websocket");
    let mut socket = Socket::open(&mut world, &target, None);
    socket.send(&mut world, "2probe");
    assert_eq!(socket.texts(&mut world), ["3probe"]);
    socket.send(&mut world, "5");
    socket.send(&mut world, "4after");
    assert_eq!(socket.texts(&mut world), ["4before", "4after"]);
    assert_eq!(desk.told(), ["open", "6", "5"]);
}

#[test]
fn a_get_that_its_clients_end_overtakes_is_released_once() {
    let (mut world, desk) = world();
    let session = open(&mut world);
    let line = post(&mut world, &session, "1");
    assert_eq!(answered(&mut world, line), (200, "ok".to_owned()));
    assert_eq!(desk.told(), ["open", "close"]);
    let mut statuses = Vec::new();
    for target in [session.replace("/engine.io/", "/other/"), session.clone()] {
        let line = post(&mut world, &target, "4late");
        statuses.push(answered(&mut world, line).0);
    }
    assert_eq!(statuses, [400, 400], "there is no session any more");
    let line = get(&mut world, &session);
    assert_eq!(answered(&mut world, line), (200, "6".to_owned()));
    let line = get(&mut world, &session);
    assert_eq!(answered(&mut world, line).0, 400);
}

#[test]
fn a_websocket_that_comes_too_late_to_take_a_session_over_is_closed_alone() {
    let (mut world, desk) = world();
    let session = open(&mut world).replace("polling", "websocket");
    let mut first = Socket::open(&mut world, &session, None);
    let mut beside = Socket::open(&mut world, &session, None);
    assert_eq!(beside.heard(&mut world), ["close 1000"]);
    first.send(&mut world, "2probe");
    first.send(&mut world, "5");
    let mut late = Socket::open(&mut world, &session, None);
    assert_eq!(late.heard(&mut world), ["close 1000"]);
    first.send(&mut world, "4hello");
    assert_eq!(first.heard(&mut world), ["3probe", "4hello"]);
    assert_eq!(desk.told(), ["open", "5"]);
}

#[test]
fn a_handler_that_closes_a_session_has_its_last_words_said() {
    let (mut world, desk) = world();
    let session = open(&mut world);
    let held = get(&mut world, &session);
    post(&mut world, &session, "4leave");
    assert_eq!(answered(&mut world, held), (200, "4bye\u{1e}1".to_owned()));
    let line = get(&mut world, &session);
    assert_eq!(answered(&mut world, line).0, 400);
    let mut socket = Socket::open(&mut world, BY_SOCKET, None);
    socket.send(&mut world, "4leave");
    assert_eq!(socket.heard(&mut world)[1..], ["4bye", "close 1000"]);
    assert_eq!(desk.told(), ["open", "5", "close", "open", "5", "close"]);
}

#[test]
fn a_session_that_is_over_by_time_is_told_once() {
    let (mut world, desk) = world();
    let session = open(&mut world);
    world.pass(45_000);
    let line = get(&mut world, &session);
    assert_eq!(answered(&mut world, line).0, 400);
    world.pass(100_000);
    assert_eq!(desk.told(), ["open", "close"]);
}

#[test]
fn a_session_of_another_path_is_none() {
    let (mut world, desk) = world();
    let session = open(&mut world).replace("/engine.io/", "/other/");
    let line = get(&mut world, &session);
    assert_eq!(answered(&mut world, line), (400, r#"{"code":1,"message":"Session ID unknown"}"#.to_owned()));
    assert_eq!(desk.told(), ["open"]);
}

#[test]
fn a_session_may_join_no_namespace_for_as_long_as_it_likes() {
    let (mut world, desk) = world();
    let mut socket = Socket::open(&mut world, BY_SOCKET, None);
    for _ in 0..4 {
        world.pass(25_100);
        assert_eq!(socket.texts(&mut world).last().map(String::as_str), Some("2"));
        socket.send(&mut world, "3");
        world.settle();
    }
    assert_eq!(desk.told(), ["open"]);
}

#[test]
fn a_session_that_fetches_nothing_of_what_others_say_is_ended() {
    let (mut world, desk) = world();
    let session = open(&mut world);
    let mut socket = Socket::open(&mut world, BY_SOCKET, None);
    for _ in 0..3 {
        socket.send(&mut world, "4all");
        world.settle();
    }
    assert_eq!(socket.texts(&mut world).len(), 1 + 3);
    assert_eq!(desk.told(), ["open", "open", "3", "3", "3", "close"]);
    let line = get(&mut world, &session);
    assert_eq!(answered(&mut world, line).0, 400);
}
