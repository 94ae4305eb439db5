//! Clients as operators see them: listed, sent to, disconnected.

use crate::support::process::Server;
use crate::support::reader::{Reader, Told, Via};
use crate::support::sse;
use crate::support::websocket::Ws;
use serde_json::{Value, json};
use tungstenite::Message;

const SESSION: &str = "session=0123456789012345678901";

fn id_of(server: &Server, session: &str) -> String {
    let batch = server.connect().json(&format!("/channels/elsewhere?{session}"));
    batch["client"].as_str().expect("an id").to_owned()
}

#[test]
fn a_message_to_one_client_comes_on_every_transport() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for (index, via) in Via::ALL.into_iter().enumerate() {
        let session = format!("session=client-number-00000000000-{index}");
        let id = id_of(&server, &session);
        let cursor = client.cursor("a");
        let mut reader = Reader::open_as(&server, via, "a", &cursor, &format!("&{session}&envelope=1"));
        let other = client.publish("a", "to all");
        let answer = client.ask("POST", &format!("/clients/{id}?event=note"), &[], b"to one").expect(200);
        let answer = answer.json();
        assert_eq!(answer["channel"], "@client");
        let mut got = Vec::new();
        while got.len() < 2 {
            if let Told::Message { id, .. } = reader.next() {
                got.push(id);
            }
        }
        assert_eq!(json!(got), json!([other, answer["id"]]), "{via:?}");
    }
}

#[test]
fn its_envelope_says_that_it_is_for_this_client() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let (mut ws, welcome) = Ws::open(&server, "/channels/a");
    let target = format!("/clients/{}", welcome["client"].as_str().expect("an id"));
    let json = [("Content-Type", "application/json"), ("Holdline-Event", "note")];
    let answer = client.ask("POST", &target, &json, b"{\"n\":1}").expect(200).json();
    assert_eq!(answer["subscribers"], 1);
    let envelope = ws.envelope();
    assert_eq!((&envelope["channel"], &envelope["event"]), (&json!("@client"), &json!("note")));
    assert_eq!((&envelope["data"], &envelope["id"]), (&json!({"n": 1}), &answer["id"]));

    let bare = server.connect().stream("/channels/a", &[("Accept", "text/event-stream")]);
    let id = bare.0.field("Holdline-Client").expect("an id").to_owned();
    let mut body = bare.1;
    sse::opening(&mut body);
    client.ask("POST", &format!("/clients/{id}?event=note"), &[], b"hello").expect(200);
    let event = sse::event(&mut body);
    assert!(event.is_notice("client"), "bare data of a channel would look the same: {event:?}");
    assert_eq!((&event.json()["channel"], &event.json()["data"]), (&json!("@client"), &json!("hello")));

    let mut raw = Ws::connect(&server, &format!("/channels/a?{SESSION}"), &["holdline.raw"]);
    client.ask("POST", &format!("/clients/{}", id_of(&server, SESSION)), &[], b"payload").expect(200);
    assert_eq!(raw.message(), Message::text("payload"));
}

#[test]
fn what_is_sent_between_two_polls_is_not_lost() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let target = format!("/channels/a?{SESSION}");
    let batch = client.json(&target);
    let (id, next) = (batch["client"].as_str().expect("an id"), batch["next"].as_str().expect("a cursor"));
    let answer = client.ask("POST", &format!("/clients/{id}"), &[], b"x").expect(200).json();
    assert_eq!(answer["subscribers"], 0, "nobody reads at this moment");
    let batch = client.json(&format!("{target}&since={next}"));
    assert_eq!(batch["messages"][0]["channel"], "@client");
    assert_eq!(batch["messages"][0]["id"], answer["id"]);
    let next = batch["next"].as_str().expect("a cursor");
    assert_eq!(client.json(&format!("{target}&since={next}"))["messages"], json!([]));
    // The own log is nobody's to read by name.
    client.get(&format!("/channels/@client%2F{id}")).problem(400);
    client.get("/channels/@client").problem(400);
}

#[test]
fn options_and_repeats_are_as_for_publish() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let (_ws, welcome) = Ws::open(&server, "/channels/a");
    let target = format!("/clients/{}", welcome["client"].as_str().expect("an id"));
    let key = [("Idempotency-Key", "k")];
    let first = client.ask("POST", &target, &key, b"x").expect(200).json();
    let again = client.ask("POST", &target, &key, b"x").expect(200);
    assert_eq!(again.field("Holdline-Repeated"), Some("true"));
    assert_eq!(again.json(), first);
    client.ask("POST", &target, &key, b"y").problem(422);
    for bad in ["ttl=0", "retain=2", "event=open", "key=k&retain=0"] {
        client.ask("POST", &format!("{target}?{bad}"), &[], b"x").problem(400);
    }
    client.ask("POST", &target, &[("Content-Type", "application/json")], b"{").problem(400);
    for unknown in ["AAAAAAAAAAAAAAAA", "short", "0123456789012345678901"] {
        client.ask("POST", &format!("/clients/{unknown}"), &[], b"x").problem(404);
        client.ask("DELETE", &format!("/clients/{unknown}"), &[], b"").problem(404);
    }
    let allow = client.get(&target).expect(405);
    assert_eq!(allow.field("Allow"), Some("POST, DELETE, OPTIONS"));
    client.ask("POST", &target, &[("Origin", "https://evil.example")], b"x").problem(403);
}

#[test]
fn who_is_disconnected_is_told_on_every_transport_and_has_left() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let (mut ws, welcome) = Ws::open(&server, &format!("/channels/a?{SESSION}"));
    let id = welcome["client"].as_str().expect("an id");
    let iframe = format!("transport=iframe&origin={}", server.origin());
    let mut streams: Vec<_> = ["transport=sse", "transport=ndjson", &iframe]
        .map(|via| server.connect().stream(&format!("/channels/a?{SESSION}&{via}"), &[]).1)
        .into();
    let mut poll = server.connect();
    poll.begin("GET", &format!("/channels/a?{SESSION}&wait=20"), &[], b"");
    server.await_figure("parked", |count| count == 1);
    client.ask("DELETE", &format!("/clients/{id}"), &[("Sec-Fetch-Site", "cross-site")], b"").problem(403);
    client.ask("DELETE", &format!("/clients/{id}"), &[], b"").expect(204);
    assert_eq!(ws.close_code(), Some(4003));
    for stream in streams.drain(..) {
        stream.rest();
    }
    assert_eq!(poll.response().expect(200).json()["messages"], json!([]));
    assert_eq!(client.json("/presence/a")["count"], 0, "at once");
    client.ask("DELETE", &format!("/clients/{id}"), &[], b"").problem(404);
    client.ask("POST", &format!("/clients/{id}"), &[], b"x").problem(404);
    Ws::open(&server, &format!("/channels/a?{SESSION}"));
}

#[test]
fn clients_are_listed_in_pages() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    assert_eq!(client.json("/clients"), json!({"clients": [], "count": 0}));
    let (mut ws, welcome) = Ws::open(&server, "/channels?channel=b&channel=a&name=Ann");
    ws.ask(json!({"type": "subscribe", "channels": ["c"], "ref": 1}));
    let listing = client.json("/clients");
    let one = &listing["clients"][0];
    let since_ms = &one["since_ms"];
    assert!(since_ms.as_u64().is_some_and(|ms| ms > 1_700_000_000_000));
    let expected = json!({"id": welcome["client"], "name": "Ann", "transport": "websocket",
        "channels": ["a", "b", "c"], "since_ms": since_ms});
    assert_eq!((one, &listing["count"]), (&expected, &json!(1)));
    ws.ask(json!({"type": "unsubscribe", "channels": ["a", "b", "c"], "ref": 2}));
    let one = &client.json("/clients")["clients"][0];
    assert_eq!(one["channels"], json!([]));
    assert!(one["since_ms"].is_u64(), "since it connected");

    for number in 0..1005 {
        client.json(&format!("/channels/a?session=client-number-0000000000-{number:04}"));
    }
    let ids = |listing: &Value| -> Vec<String> {
        let all = listing["clients"].as_array().expect("a list");
        all.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    };
    let first = client.json("/clients");
    assert_eq!((ids(&first).len(), &first["count"]), (1000, &json!(1006)));
    let rest = client.json(&format!("/clients?after={}", ids(&first)[999]));
    let mut all = [ids(&first), ids(&rest)].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 1006);
    client.get("/clients?after=x").problem(400);
    client.ask("DELETE", "/clients", &[], b"").expect(405);
}
