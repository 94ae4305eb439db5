//! Presence over every transport: who is listed, and who is told of it.

use crate::support::process::Server;
use crate::support::reader::{Reader, Told, Via};
use crate::support::script::posted;
use crate::support::sse;
use crate::support::websocket::Ws;
use serde_json::{Value, json};
use tungstenite::Message;

const ANN: &str = "session=ann-ann-ann-ann-ann-ann";
const BOB: &str = "session=bob-bob-bob-bob-bob-bob";

/// The next notice, positions passed over.
fn notice(reader: &mut Reader) -> Value {
    loop {
        match reader.next() {
            Told::Notice(mut notice) => {
                // A WebSocket says of each text what it is.
                notice.as_object_mut().expect("an object").remove("type");
                return notice;
            }
            Told::Position(_) => {}
            message => panic!("{message:?}"),
        }
    }
}

fn id_of(server: &Server, session: &str) -> Value {
    server.connect().json(&format!("/channels/elsewhere?{session}"))["client"].clone()
}

#[test]
fn whoever_asks_is_told_who_comes_and_goes_on_every_transport() {
    let server = Server::start(&[]);
    let bob = id_of(&server, BOB);
    for via in Via::ALL {
        let channel = format!("room-{via:?}");
        let query = format!("&{ANN}&presence=1");
        // From here on a poller is told.
        let cursor = server.connect().json(&format!("/channels/{channel}?since=now{query}"))["next"].clone();
        let mut ann = Reader::open_as(&server, via, &channel, cursor.as_str().expect("a cursor"), &query);
        let (mut ws, _) = Ws::open(&server, &format!("/channels/{channel}?{BOB}&name=Bob%20%22B%22"));
        let join = json!({"notice": "join", "channel": channel, "client": bob, "name": "Bob \"B\""});
        assert_eq!(notice(&mut ann), join, "{via:?}");
        ws.ask(json!({"type": "unsubscribe", "channels": [channel], "ref": 1}));
        let leave = json!({"notice": "leave", "channel": channel, "client": bob, "name": "Bob \"B\""});
        assert_eq!(notice(&mut ann), leave, "{via:?}");
    }
}

#[test]
fn everybody_is_listed_once_by_the_transport_it_reads_with() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let empty = json!({"channel": "a/b", "clients": [], "count": 0});
    assert_eq!(client.json("/presence/a/b"), empty);
    assert_eq!(client.json("/presence/a%2Fb"), empty);
    let cursor = client.cursor("a/b");
    let mut readers = Vec::new();
    for (index, via) in Via::ALL.into_iter().enumerate() {
        let query = format!("&session=client-number-00000000000-{index}&name=n{index}");
        let mut reader = Reader::open_as(&server, via, "a/b", &cursor, &query);
        client.publish("a/b", "x");
        while !matches!(reader.next(), Told::Message { .. }) {}
        readers.push(reader);
    }
    let listing = client.json("/presence/a/b");
    assert_eq!(listing["count"], 7);
    let of = |name: &str| {
        let all = listing["clients"].as_array().expect("a list");
        let mut texts: Vec<_> = all.iter().map(|one| one[name].as_str().expect("a text")).collect();
        texts.sort_unstable();
        texts
    };
    assert_eq!(of("name"), ["n0", "n1", "n2", "n3", "n4", "n5", "n6"]);
    let transports = ["iframe", "jsonp", "long-poll", "ndjson", "poll", "sse", "websocket"];
    assert_eq!(of("transport"), transports, "polls between two polls too");
    let first = &listing["clients"][0];
    let names: Vec<&String> = first.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["id", "name", "since_ms", "transport"], "no user without tokens");
    assert!(first["since_ms"].as_u64().is_some_and(|ms| ms > 1_700_000_000_000), "{first}");
}

#[test]
fn one_client_with_two_connections_is_there_once() {
    let server = Server::start(&[]);
    let (mut first, welcome) = Ws::open(&server, &format!("/channels/a?{ANN}"));
    let before = server.connect().json("/presence/a");
    let target = format!("/channels/a?{ANN}");
    let (_, mut body) = server.connect().stream(&target, &[("Accept", "text/event-stream")]);
    sse::opening(&mut body);
    let after = server.connect().json("/presence/a");
    assert_eq!((&after["count"], &after["clients"][0]["id"]), (&json!(1), &welcome["client"]));
    assert_eq!(after["clients"][0]["transport"], "sse", "the newest");
    assert_eq!(after["clients"][0]["since_ms"], before["clients"][0]["since_ms"]);
    first.ask(json!({"type": "unsubscribe", "channels": ["a"], "ref": 1}));
    assert_eq!(server.connect().json("/presence/a")["count"], 1);
}

#[test]
fn the_command_gives_what_get_gives() {
    let server = Server::start(&[]);
    let (mut ws, _) = Ws::open(&server, &format!("/channels/a?{ANN}&name=Ann"));
    let mut expected = server.connect().json("/presence/a");
    let more = json!({"type": "reply", "ref": "p"});
    expected.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    assert_eq!(ws.ask(json!({"type": "presence", "channel": "a", "ref": "p"})), expected);
    for bad in [json!({"type": "presence", "ref": 1}), json!({"type": "presence", "channel": "/", "ref": 1})]
    {
        assert_eq!(ws.ask(bad)["error"]["status"], 400);
    }
}

#[test]
fn raw_is_present_and_is_told_nothing() {
    let server = Server::start(&[]);
    let mut raw = Ws::connect(&server, &format!("/channels/a?{ANN}&presence=1"), &["holdline.raw"]);
    let (_ws, _) = Ws::open(&server, &format!("/channels/a?{BOB}"));
    assert_eq!(server.connect().json("/presence/a")["count"], 2);
    server.publish("a", "payload");
    assert_eq!(raw.message(), Message::text("payload"));
}

#[test]
fn who_polls_without_a_session_is_there_while_it_is_held() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.json("/channels/a");
    client.ask("HEAD", &format!("/channels/a?{ANN}"), &[], b"").expect(200);
    assert_eq!(client.json("/presence/a")["count"], 0);
    let mut held = server.connect();
    held.begin("GET", "/channels/a?wait=20", &[], b"");
    server.await_figure("parked", |count| count == 1);
    assert_eq!(client.json("/presence/a")["clients"][0]["transport"], "long-poll");
}

#[test]
fn a_poll_is_told_a_hundred_joins_and_of_more_that_there_were() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let target = format!("/channels/a?{ANN}&presence=1");
    client.json(&target);
    let mut company: Vec<_> = (0..100).map(|_| Ws::open(&server, "/channels/a").0).collect();
    let notices = client.json(&target)["notices"].as_array().expect("a list").clone();
    assert_eq!(notices.len(), 100);
    assert!(notices.iter().all(|notice| notice["notice"] == "join" && notice["channel"] == "a"));
    company.extend((0..101).map(|_| Ws::open(&server, "/channels/a").0));
    let changed = json!([{"notice": "presence-changed", "channel": "a"}]);
    assert_eq!(client.json(&target)["notices"], changed);
    assert_eq!(client.json("/presence/a")["count"], 202);
    assert_eq!(client.json(&target)["notices"], json!([]));
}

#[test]
fn notices_end_a_held_poll_and_are_never_304() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let target = format!("/channels/a?{ANN}&presence=1");
    let tag = client.get(&target).expect(200).field("ETag").expect("a tag").to_owned();
    client.begin("GET", &format!("{target}&wait=20"), &[("If-None-Match", &tag)], b"");
    server.await_figure("parked", |count| count == 1);
    let (_ws, _) = Ws::open(&server, "/channels/a");
    assert_eq!(client.response().expect(200).json()["notices"][0]["notice"], "join");
    client.ask("GET", &target, &[("If-None-Match", &tag)], b"").expect(304);
}

#[test]
fn a_client_is_not_told_of_itself() {
    let server = Server::start(&[]);
    let target = format!("/channels/a?{ANN}&presence=1&transport=iframe&origin={}", server.origin());
    let (_, mut page) = server.connect().stream(&target, &[]);
    posted(&mut page);
    server.connect().json(&format!("/channels/a?{ANN}"));
    let (_ws, welcome) = Ws::open(&server, &format!("/channels/a?{BOB}"));
    let told = posted(&mut page).expect("the page goes on");
    assert_eq!((&told["notice"], &told["client"]), (&json!("join"), &welcome["client"]));
}

#[test]
fn names_and_presence_are_checked_on_every_transport() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let long = "x".repeat(129);
    for bad in [&*format!("name={long}"), "name=a%0Ab", "name=%C2%85", "presence=2", "presence=yes"] {
        for via in ["poll", "long-poll", "sse", "ndjson", "iframe"] {
            client.get(&format!("/channels/a?{bad}&transport={via}")).problem(400);
        }
    }
    client.json(&format!("/channels/a?name={}&presence=0", "x".repeat(128)));
    client.get("/presence/a/").problem(400);
    client.get("/presence/@client").problem(400);
    let allow = client.ask("POST", "/presence/a", &[], b"").expect(405);
    assert_eq!(allow.field("Allow"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn one_client_may_not_have_connections_without_end() {
    let server = Server::start(&[]);
    let target = format!("/channels/a?{ANN}");
    let _all: Vec<_> = (0..64).map(|_| Ws::open(&server, &target)).collect();
    let mut client = server.connect();
    client.get(&target).problem(429);
    assert!(client.get(&target).field("Retry-After").is_some());
    client.json(&format!("/channels/a?{BOB}"));
}
