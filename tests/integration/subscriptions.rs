//! Changing the channels of a live stream from outside it.

use crate::support::body::Body;
use crate::support::client::Client;
use crate::support::process::Server;
use crate::support::response::Response;
use crate::support::script::posted;
use crate::support::sse;
use crate::support::websocket::Ws;
use serde_json::{Value, json};

const SESSION: &str = "0123456789012345678901";

fn change(client: &mut Client, body: &Value) -> Response {
    client.ask("POST", &format!("/clients/{SESSION}/subscriptions"), &[], body.to_string().as_bytes())
}

fn open(server: &Server, target: &str) -> Body {
    let separator = if target.contains('?') { '&' } else { '?' };
    server.connect().stream(&format!("{target}{separator}session={SESSION}"), &[]).1
}

/// The next message of an ndjson stream, positions passed over.
fn message(body: &mut Body) -> Value {
    loop {
        let line: Value = serde_json::from_str(&body.line().expect("it goes on")).expect("JSON");
        if line["notice"] != "position" {
            return line;
        }
    }
}

#[test]
fn channels_come_and_go_on_each_kind_of_stream() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let iframe = format!("/channels/a?transport=iframe&origin={}", server.origin());
    type Read = fn(&mut Body) -> Value;
    let streams: [(&str, Read); 3] = [
        ("/channels/a?transport=ndjson", message),
        ("/channels/a?transport=sse&envelope=1", |body| {
            loop {
                let event = sse::event(body);
                if !event.is_notice("position") {
                    return event.json();
                }
            }
        }),
        (&iframe, |body| {
            loop {
                let posted = posted(body).expect("it goes on");
                if posted["notice"] != "position" {
                    return posted;
                }
            }
        }),
    ];
    for (target, read) in streams {
        let mut body = open(&server, target);
        client.publish("b", "before");
        let answer = change(&mut client, &json!({"add": ["b", "c"]})).expect(200).json();
        assert_eq!(answer["channels"], json!(["a", "b", "c"]), "{target}");
        let id = client.publish("b", "added");
        assert!(crate::support::id(answer["since"].as_str().expect("a cursor")) < crate::support::id(&id));
        let got = read(&mut body);
        assert_eq!((&got["channel"], &got["data"]), (&json!("b"), &json!("added")), "{target}");
        let answer = change(&mut client, &json!({"add": ["d"], "remove": ["a", "b", "not there"]}));
        answer.problem(400);
        let answer = change(&mut client, &json!({"add": ["d"], "remove": ["a", "b", "not-there"]}));
        assert_eq!(answer.expect(200).json()["channels"], json!(["c", "d"]), "{target}");
        client.publish("a", "gone");
        client.publish("d", "stays");
        assert_eq!(read(&mut body)["data"], "stays", "{target}");
        body.cut();
        server.await_figure("readers", |count| count == 0);
    }
}

#[test]
fn a_stream_without_channels_stays_open() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let mut body = open(&server, "/channels/a?transport=ndjson");
    let answer = change(&mut client, &json!({"remove": ["a"]})).expect(200).json();
    assert_eq!(answer["channels"], json!([]));
    assert_eq!(client.json("/presence/a")["count"], 0, "an explicit end is a leave at once");
    change(&mut client, &json!({"add": ["b"]})).expect(200);
    assert_eq!(client.json("/presence/b")["count"], 1);
    client.publish("b", "x");
    assert_eq!(message(&mut body)["data"], "x");
    client.ask("DELETE", "/channels/b", &[], b"").expect(204);
    assert_eq!(message(&mut body)["notice"], "closed");
    assert!(body.rest().is_empty(), "but one whose channels are deleted ends");
}

#[test]
fn nothing_changes_when_it_is_refused() {
    let server = Server::start(&["--max-subscriptions", "2", "--max-channels", "4"]);
    let mut client = server.connect();
    let _body = open(&server, "/channels/a?transport=ndjson");
    client.publish("closed", "x");
    client.ask("DELETE", "/channels/closed", &[], b"").expect(204);
    let cases = [
        (json!({"add": ["b", "c"], "remove": ["z"]}), 429),
        (json!({"add": ["closed"], "remove": ["z"]}), 410),
        (json!({"add": ["b"], "remove": ["b"]}), 400),
        (json!({"add": ["/"]}), 400),
        (json!({"add": ["@client/x"]}), 400),
        (json!({"add": "b"}), 400),
        (json!({"remove": ["a", "b", "c"]}), 400),
        (json!([["b"], []]), 400),
        (json!(null), 400),
    ];
    for (body, status) in cases {
        change(&mut client, &body).problem(status);
        let answer = change(&mut client, &json!({})).expect(200).json();
        assert_eq!(answer["channels"], json!(["a"]), "{body}");
    }
    for channel in ["x", "y", "z"] {
        client.publish(channel, "x");
    }
    change(&mut client, &json!({"add": ["b"]})).problem(503);
    let answer = change(&mut client, &json!({"add": ["x", "y"], "remove": ["a"]})).expect(200).json();
    assert_eq!(answer["channels"], json!(["x", "y"]), "what goes makes room");
}

#[test]
fn all_streams_of_the_client_change_or_none() {
    let server = Server::start(&["--max-subscriptions", "2"]);
    let mut client = server.connect();
    let mut first = open(&server, "/channels/a?transport=ndjson");
    let mut second = open(&server, "/channels?channel=b&channel=c&transport=ndjson");
    change(&mut client, &json!({"add": ["d"]})).problem(429);
    client.publish("d", "refused");
    let answer = change(&mut client, &json!({"add": ["d"], "remove": ["c"]})).expect(200).json();
    assert_eq!(answer["channels"], json!(["b", "d"]), "the newest stream's");
    client.publish("d", "x");
    for body in [&mut first, &mut second] {
        assert_eq!(message(body)["data"], "x");
    }
}

#[test]
fn who_has_no_stream_is_not_found() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let (_ws, _) = Ws::open(&server, &format!("/channels/a?session={SESSION}"));
    client.json(&format!("/channels/a?session={SESSION}"));
    change(&mut client, &json!({"add": ["b"]})).problem(404);
    client.ask("POST", "/clients/short/subscriptions", &[], b"{}").problem(400);
    client.get("/clients/x/y").problem(404);
    let answer = client.get(&format!("/clients/{SESSION}/subscriptions")).expect(405);
    assert_eq!(answer.field("Allow"), Some("POST, OPTIONS"));
}

#[test]
fn the_session_in_the_path_is_not_logged() {
    let server = Server::start(&["--log", "trace"]);
    let mut client = server.connect();
    let _body = open(&server, "/channels/a?transport=ndjson");
    change(&mut client, &json!({"add": ["b"]})).expect(200);
    change(&mut client, &json!({"add": ["/"]})).problem(400);
    client.ask("POST", &format!("/clients/{SESSION}/subscription"), &[], b"{}").problem(404);
    let encoded = SESSION.replace('0', "%30");
    client.ask("POST", &format!("/clients/{encoded}/subscriptions"), &[], b"{}").expect(200);
    client.get("/livez").expect(200);
    crate::support::until("the log has all", || server.log().contains("/livez"));
    let log = server.log();
    assert!(log.contains("POST /clients/***/subscriptions 200"), "{log}");
    assert!(!log.contains(SESSION) && !log.contains(&encoded), "{log}");
}

#[test]
fn a_foreign_page_changes_nothing() {
    let server = Server::start(&[]);
    let _body = open(&server, "/channels/a?transport=ndjson");
    let target = format!("/clients/{SESSION}/subscriptions");
    let mut client = server.connect();
    client.ask("POST", &target, &[("Origin", "https://evil.example")], b"{\"add\":[\"b\"]}").problem(403);
    let own = server.origin();
    let answer = client.ask("POST", &target, &[("Origin", &own)], b"{\"add\":[\"b\"]}").expect(200);
    assert_eq!(answer.field("Access-Control-Allow-Origin"), Some(&*own));
}

#[test]
fn a_watching_stream_watches_what_is_added() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let mut body = open(&server, "/channels/a?transport=ndjson&presence=1");
    change(&mut client, &json!({"add": ["b"]})).expect(200);
    let (_ws, welcome) = Ws::open(&server, "/channels/b");
    let told = message(&mut body);
    assert_eq!((&told["notice"], &told["channel"]), (&json!("join"), &json!("b")));
    assert_eq!(told["client"], welcome["client"]);
}
