//! Handlers of Socket.IO namespaces.

use super::client::{Socket as Client, answered, get, post};
use holdline::handler::{Arguments, Event, Handlers, NamespaceHandler, Refusal, Socket, SocketId};
use holdline::limits::{CALL_EFFECTS_MAX, Settings};
use holdline::testing::driver::World;
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::rc::Rc;

/// Writes down what it is told; events are orders.
#[derive(Clone, Default)]
struct Desk(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    told: Vec<String>,
    sockets: Vec<SocketId>,
}

impl Desk {
    fn tell(&self, socket: &Socket<'_>, what: &str) {
        let mut state = self.0.borrow_mut();
        let place = state.sockets.iter().position(|other| *other == socket.id());
        let text = format!("{} {what}", place.expect("it came before"));
        state.told.push(text);
    }

    fn told(&self) -> Vec<String> {
        core::mem::take(&mut self.0.borrow_mut().told)
    }

    fn sockets(&self) -> Vec<SocketId> {
        self.0.borrow().sockets.clone()
    }
}

impl NamespaceHandler for Desk {
    fn connect(&mut self, socket: &mut Socket<'_>, auth: &RawValue) -> Result<(), Refusal> {
        self.0.borrow_mut().sockets.push(socket.id());
        self.tell(socket, &format!("connect {}", auth.get()));
        socket.emit("auth", Arguments::default().raw(auth));
        if auth.get().contains("thief") {
            let data = serde_json::value::to_raw_value(&["a", "b"]).ok();
            return Err(Refusal { message: "not \"you\"".into(), data });
        }
        Ok(())
    }

    fn event(&mut self, socket: &mut Socket<'_>, event: Event<'_>) {
        self.tell(socket, event.name);
        match (event.name, event.ack) {
            (_, Some(ack)) => socket.acknowledge(ack, event.arguments),
            ("ask", None) => socket.emit_with_ack(7, "asked", event.arguments),
            ("all", None) => socket.broadcast(self.sockets(), "told", event.arguments),
            ("leave", None) => socket.disconnect(),
            ("add", None) => {
                let values = event.arguments.values().into_iter();
                socket.emit("added", values.fold(Arguments::default(), Arguments::raw).bytes(*b"x"));
            }
            ("much", None) => (0..=CALL_EFFECTS_MAX).for_each(|_| socket.disconnect()),
            ("reserved", None) => socket.emit("disconnect", event.arguments),
            (name, None) => socket.emit(name, event.arguments),
        }
    }

    fn ack(&mut self, socket: &mut Socket<'_>, number: u64, arguments: Arguments) {
        self.tell(socket, &format!("ack {number} {}", arguments.json()));
    }

    fn disconnect(&mut self, socket: &mut Socket<'_>) {
        self.tell(socket, "disconnect");
        let others = self.sockets();
        socket.broadcast(others, "gone", Arguments::default());
    }
}

fn world() -> (World, Desk) {
    world_of(Settings::default())
}

fn world_of(settings: Settings) -> (World, Desk) {
    let desk = Desk::default();
    let handlers = Handlers::default().namespace("/socket.io/", "/", desk.clone()).namespace(
        "/socket.io/",
        "/custom",
        desk.clone(),
    );
    (World::with_handlers(settings, handlers), desk)
}

/// A session of which nothing was joined yet.
fn open(world: &mut World) -> Client {
    let mut client = Client::open(world, "/socket.io/?EIO=4&transport=websocket", None);
    assert!(client.texts(world).concat().starts_with(r#"0{"sid":""#));
    client
}

/// A session that has joined the main namespace.
fn join(world: &mut World) -> Client {
    let mut client = open(world);
    client.send(world, "40");
    assert_eq!(client.heard(world).len(), 2);
    client
}

/// Where a session by polling is that has joined the main namespace.
fn poll(world: &mut World) -> String {
    let line = get(world, "/socket.io/?EIO=4&transport=polling");
    let (_, open) = answered(world, line);
    let open: serde_json::Value = serde_json::from_str(&open[1..]).expect("what it was told");
    let sid = open["sid"].as_str().expect("a sid");
    let target = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    let line = post(world, &target, "40");
    assert_eq!(answered(world, line).1, "ok");
    target
}

#[test]
fn the_answer_to_connect_comes_first_and_names_the_client() {
    let (mut world, desk) = world();
    let mut client = open(&mut world);
    client.send(&mut world, "40");
    client.send(&mut world, r#"40/custom,{"token":"123"}"#);
    let texts = client.texts(&mut world);
    assert!(texts[0].starts_with(r#"40{"sid":""#) && texts[0].ends_with(r#""}"#), "{texts:?}");
    assert_eq!(texts[1], r#"42["auth",{}]"#);
    assert!(texts[2].starts_with(r#"40/custom,{"sid":""#), "{texts:?}");
    assert_ne!(texts[0][2..], texts[2][10..], "each socket has an id of its own");
    assert_eq!(texts[3..], [r#"42/custom,["auth",{"token":"123"}]"#]);
    assert_eq!(desk.told(), ["0 connect {}", r#"1 connect {"token":"123"}"#]);
}

#[test]
fn whoever_may_not_join_is_told_why_and_nothing_else() {
    let (mut world, desk) = world();
    let mut client = open(&mut world);
    client.send(&mut world, r#"40{"token":"thief"}"#);
    client.send(&mut world, "40/random");
    assert_eq!(
        client.texts(&mut world),
        [r#"44{"message":"not \"you\"","data":["a","b"]}"#, r#"44/random,{"message":"Invalid namespace"}"#]
    );
    world.reset(client.line);
    world.settle();
    assert_eq!(desk.told(), [r#"0 connect {"token":"thief"}"#], "it never was there, so it does not leave");
}

#[test]
fn events_and_acks_go_both_ways_with_their_attachments() {
    let (mut world, desk) = world();
    let mut client = join(&mut world);
    let cases: [(&str, &[u8], &[&str]); 6] = [
        (r#"42["say",1,"2",{"3":[true]}]"#, &[], &[r#"42["say",1,"2",{"3":[true]}]"#]),
        (r#"42["say"]"#, &[], &[r#"42["say"]"#]),
        (r#"42456["said",1]"#, &[], &["43456[1]"]),
        (
            r#"451-["say",{"a":{"_placeholder":true,"num":0}}]"#,
            b"\x01\x02",
            &[r#"451-["say",{"a":{"_placeholder":true,"num":0}}]"#, "[1, 2]"],
        ),
        (
            r#"451-9["said",{"_placeholder":true,"num":0}]"#,
            b"\x03",
            &[r#"461-9[{"_placeholder":true,"num":0}]"#, "[3]"],
        ),
        (r#"42["ask",null]"#, &[], &[r#"427["asked",null]"#]),
    ];
    for (text, attachment, heard) in cases {
        client.send(&mut world, text);
        if !attachment.is_empty() {
            client.send_bytes(&mut world, attachment);
        }
        assert_eq!(client.heard(&mut world), heard, "{text}");
    }
    client.send(&mut world, r#"437["yes",1]"#);
    world.settle();
    assert_eq!(desk.told().last().map(String::as_str), Some(r#"0 ack 7 ["yes",1]"#));
}

#[test]
fn an_event_for_many_reaches_sockets_of_other_sessions_and_namespaces() {
    let (mut world, _) = world();
    let (mut ann, mut ben) = (join(&mut world), join(&mut world));
    ben.send(&mut world, "40/custom");
    assert_eq!(ben.heard(&mut world).len(), 2);
    ann.send(&mut world, r#"42["all","hi"]"#);
    assert_eq!(ann.texts(&mut world), [r#"42["told","hi"]"#]);
    assert_eq!(ben.texts(&mut world), [r#"42["told","hi"]"#, r#"42/custom,["told","hi"]"#]);
    world.reset(ann.line);
    assert_eq!(ben.texts(&mut world), [r#"42["gone"]"#, r#"42/custom,["gone"]"#]);
}

#[test]
fn an_event_for_many_is_held_once() {
    let (mut world, _) = world();
    let clients: Vec<Client> = (0..20).map(|_| join(&mut world)).collect();
    clients.iter().for_each(|client| world.narrow(client.line, Some(0)));
    let long = "x".repeat(100_000);
    clients[0].send(&mut world, &format!(r#"42["all","{long}"]"#));
    world.settle();
    let held = world.stats().pinned_bytes;
    assert!((long.len()..2 * long.len()).contains(&held), "{held}");
    for mut client in clients {
        world.narrow(client.line, None);
        assert_eq!(client.texts(&mut world), [format!(r#"42["told","{long}"]"#)]);
    }
}

#[test]
fn whoever_fetches_nothing_of_what_many_are_sent_is_ended_before_it_holds_up_the_others() {
    let (mut world, desk) = world_of(Settings { max_pinned: 300_000, ..Settings::default() });
    let (mut listener, pages) = (join(&mut world), (0..20).map(|_| poll(&mut world)).collect::<Vec<_>>());
    let long = "x".repeat(20_000);
    listener.send(&mut world, &format!(r#"42["all","{long}"]"#));
    listener.send(&mut world, r#"42["all","short"]"#);
    let heard = listener.texts(&mut world);
    assert_eq!(heard[0], format!(r#"42["told","{long}"]"#));
    let ended = desk.told().iter().filter(|told| told.ends_with("disconnect")).count();
    assert!((1..20).contains(&ended), "{ended}");
    let here = pages.iter().filter(|target| {
        let line = get(&mut world, target);
        answered(&mut world, line).0 == 200
    });
    assert_eq!(here.count(), 20 - ended);
}

#[test]
fn a_socket_leaves_once_whoever_ends_it() {
    let (mut world, desk) = world();
    let mut client = join(&mut world);
    client.send(&mut world, "40/custom");
    client.send(&mut world, "41/custom");
    client.send(&mut world, r#"42["leave"]"#);
    client.send(&mut world, r#"42["late"]"#);
    let texts = client.texts(&mut world);
    assert_eq!(texts[2..], [r#"42["gone"]"#, "41"], "{texts:?}");
    client.send(&mut world, "40");
    assert_eq!(client.heard(&mut world).len(), 2, "it may come back");
    world.reset(client.line);
    world.settle();
    let told = desk.told();
    assert_eq!(
        told,
        [
            "0 connect {}",
            "1 connect {}",
            "1 disconnect",
            "0 leave",
            "0 disconnect",
            "2 connect {}",
            "2 disconnect"
        ]
    );
}

#[test]
fn what_the_protocol_does_not_allow_ends_the_session() {
    for wrong in
        ["4abc", "42{}", r#"42abc["a"]"#, "40", r#"42/custom,["a"]"#, r#"42["connect"]"#, "41/custom"]
    {
        let (mut world, desk) = world();
        let mut client = join(&mut world);
        client.send(&mut world, wrong);
        let heard = client.heard(&mut world);
        assert!(heard.last().is_some_and(|last| last.starts_with("close ")), "{wrong}: {heard:?}");
        assert_eq!(desk.told().last().map(String::as_str), Some("0 disconnect"), "{wrong}");
    }
}

#[test]
fn no_placeholder_without_its_bytes_reaches_another_client() {
    let (mut world, desk) = world();
    let mut listener = join(&mut world);
    for wrong in [r#"451-["all",{"_placeholder":true,"num":1}]"#, r#"461-7[{"_placeholder":true}]"#] {
        let mut client = join(&mut world);
        desk.told();
        client.send(&mut world, wrong);
        client.send_bytes(&mut world, b"x");
        assert_eq!(client.heard(&mut world), ["close 1000"], "{wrong}");
        assert_eq!((desk.told().len(), listener.heard(&mut world).len()), (1, 1), "that it has gone");
    }
    for (num, heard) in [(1, 0), (0, 2)] {
        listener.send(&mut world, &format!(r#"42["add",{{"_placeholder":true,"num":{num}}}]"#));
        assert_eq!(listener.heard(&mut world).len(), heard, "{num}");
    }
    listener.send(&mut world, r#"42["say"]"#);
    assert_eq!(listener.heard(&mut world), [r#"42["say"]"#], "it is still there");
}

#[test]
fn an_event_of_a_name_that_socket_io_keeps_is_not_sent() {
    let (mut world, _) = world();
    let mut client = join(&mut world);
    client.send(&mut world, r#"42["reserved"]"#);
    client.send(&mut world, r#"42["say"]"#);
    assert_eq!(client.heard(&mut world), [r#"42["say"]"#]);
}

#[test]
fn a_call_that_asks_for_too_much_ends_its_session_and_no_other() {
    let (mut world, _) = world();
    let (mut ann, mut ben) = (join(&mut world), join(&mut world));
    ann.send(&mut world, r#"42["much"]"#);
    assert_eq!(ann.heard(&mut world), ["close 1000"]);
    assert_eq!(ben.texts(&mut world), [r#"42["gone"]"#]);
}

#[test]
fn a_session_that_joins_nothing_is_ended() {
    let (mut world, _) = world();
    let mut client = open(&mut world);
    world.pass(25_100);
    client.send(&mut world, "3");
    world.pass(20_000);
    let heard = client.heard(&mut world);
    assert!(heard.last().is_some_and(|last| last.starts_with("close ")), "{heard:?}");
}
