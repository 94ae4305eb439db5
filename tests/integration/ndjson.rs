//! ndjson: an envelope a line.

use crate::support::body::Body;
use crate::support::id;
use crate::support::process::Server;
use serde_json::{Value, json};

fn open(server: &Server, target: &str) -> Body {
    server.connect().stream(target, &[("Accept", "application/x-ndjson")]).1
}

fn line(stream: &mut Body) -> Value {
    let line = stream.line().expect("it goes on");
    assert!(!line.contains('\r'), "{line:?}");
    serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e} in {line:?}"))
}

#[test]
fn it_begins_with_a_position_and_has_a_line_for_each_message() {
    let server = Server::start(&[]);
    let cursor = server.publish("a", "before");
    let (head, mut stream) =
        server.connect().stream("/channels?channel=a&channel=b", &[("Accept", "application/x-ndjson")]);
    assert_eq!(head.media_type(), "application/x-ndjson");
    assert_eq!(head.field("Cache-Control"), Some("no-store, no-transform"));
    assert_eq!(head.field("X-Accel-Buffering"), Some("no"));
    let position = line(&mut stream);
    assert_eq!((&position["notice"], position["cursor"].as_str()), (&json!("position"), Some(&*cursor)));
    let id = server.publish("b", "two\nlines");
    let envelope = line(&mut stream);
    assert_eq!((envelope["id"].as_str(), &envelope["channel"]), (Some(&*id), &json!("b")));
    assert_eq!(envelope["data"], "two\nlines");
}

#[test]
fn json_with_line_ends_stays_one_line() {
    let server = Server::start(&[]);
    let mut stream = open(&server, "/channels/a");
    line(&mut stream);
    let fields = [("Content-Type", "application/json")];
    server.connect().ask("POST", "/channels/a", &fields, b"{\n\"a\":\r\n1}\n").expect(200);
    assert_eq!(line(&mut stream)["data"], json!({"a": 1}));
}

#[test]
fn its_heartbeat_is_a_position() {
    let server = Server::start(&["--heartbeat", "200ms"]);
    let mut stream = open(&server, "/channels/a");
    let first = line(&mut stream)["cursor"].as_str().expect("a cursor").to_owned();
    let moved = server.publish("elsewhere", "x");
    loop {
        let beat = line(&mut stream);
        assert_eq!(beat["notice"], "position", "{beat}");
        let cursor = beat["cursor"].as_str().expect("a cursor");
        assert!(id(cursor) >= id(&first));
        if cursor == moved {
            break;
        }
    }
}

#[test]
fn a_backlog_comes_whole_and_then_the_live_ones() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let cursor = client.cursor("a");
    let mut published: Vec<String> = (0..300).map(|n| client.publish("a", n.to_string())).collect();
    let mut stream = open(&server, &format!("/channels/a?since={cursor}"));
    assert_eq!(line(&mut stream)["cursor"].as_str(), Some(&*cursor), "it begins where it was asked to");
    published.extend((300..320).map(|n| client.publish("a", n.to_string())));
    for id in published {
        let mut next = line(&mut stream);
        while next["notice"] == "position" {
            next = line(&mut stream);
        }
        assert_eq!(next["id"].as_str(), Some(&*id));
    }
}
