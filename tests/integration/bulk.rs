//! `POST /publish`: many at once, all or none.

use crate::support::client::Client;
use crate::support::id;
use crate::support::process::Server;
use crate::support::response::Response;
use serde_json::{Value, json};

fn publish(client: &mut Client, lines: &str) -> Response {
    client.ask("POST", "/publish", &[("Content-Type", "application/x-ndjson")], lines.as_bytes())
}

fn retained(client: &mut Client, channel: &str) -> Vec<Value> {
    let batch = client.json(&format!("/channels/{channel}?since=start"));
    batch["messages"].as_array().expect("a list").clone()
}

#[test]
fn each_line_is_a_message_and_the_ids_come_in_order() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let lines = [
        json!({"channel": "a", "data": "text"}),
        json!({"channel": "b", "event": "e", "data": {"x": [1, null]}}),
        json!({"channel": "a", "data": "text/html is a string too", "content_type": "text/html"}),
        json!({"channel": "a", "data_base64": "/w=="}),
        json!({"channel": "a", "data": null, "ttl": 60}),
        json!({"channel": "c", "data": 1, "key": "k"}),
        json!({"channel": "c", "data": 2, "key": "k"}),
    ];
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let answer = publish(&mut client, &body).expect(200).json();
    let ids: Vec<&str> = answer["ids"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(ids.len(), lines.len(), "{answer}");
    assert!(ids.is_sorted_by(|a, b| id(a) < id(b)), "{ids:?}");

    let a = retained(&mut client, "a");
    assert_eq!(
        a.iter().map(|m| m["id"].as_str().expect("an id")).collect::<Vec<_>>(),
        [ids[0], ids[2], ids[3], ids[4]]
    );
    assert_eq!(a[0]["data"], "text");
    assert_eq!(a[1]["content_type"], "text/html");
    assert_eq!(a[2]["data_base64"], "/w==");
    assert_eq!(a[3]["data"], Value::Null);
    let b = retained(&mut client, "b");
    assert_eq!((&b[0]["event"], &b[0]["data"]), (&json!("e"), &json!({"x": [1, null]})));
    let c = retained(&mut client, "c");
    assert_eq!((c.len(), &c[0]["data"]), (1, &json!(2)));
}

#[test]
fn the_last_line_needs_no_end_and_lines_may_end_as_on_windows() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let answer =
        publish(&mut client, "{\"channel\":\"a\",\"data\":1}\r\n{\"channel\":\"a\",\"data\":2}").expect(200);
    assert_eq!(answer.json()["ids"].as_array().map(Vec::len), Some(2));
}

#[test]
fn nothing_is_published_if_any_line_is_wrong() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let good = "{\"channel\":\"a\",\"data\":1}\n";
    let wrong = [
        "[\"a\",null,1,null,null,null,null,null,null]",
        "{",
        "[]",
        "1",
        "\"a\"",
        "{\"data\":1}",
        "{\"channel\":\"a\"}",
        "{\"channel\":1,\"data\":1}",
        "{\"channel\":\"a b\",\"data\":1}",
        "{\"channel\":\"@a\",\"data\":1}",
        "{\"channel\":\"a\",\"data\":1,\"event\":\"open\"}",
        "{\"channel\":\"a\",\"data\":1,\"ttl\":0}",
        "{\"channel\":\"a\",\"data\":1,\"ttl\":\"x\"}",
        "{\"channel\":\"a\",\"data_base64\":\"?\"}",
        "{\"channel\":\"a\",\"data\":1,\"data_base64\":\"/w==\"}",
        "{\"channel\":\"a\",\"data\":\"x\",\"content_type\":\"x\"}",
        "{\"channel\":\"a\",\"data\":1} {\"channel\":\"a\",\"data\":1}",
    ];
    for line in wrong {
        let detail = publish(&mut client, &format!("{good}{good}{line}\n{good}")).problem(400);
        assert!(detail.contains('3'), "the line is named: {detail:?} for {line}");
    }
    assert!(retained(&mut client, "a").is_empty());
}

#[test]
fn the_body_must_be_ndjson_by_its_type() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for fields in
        [&[][..], &[("Content-Type", "text/plain")], &[("Content-Type", "application/x-www-form-urlencoded")]]
    {
        client.ask("POST", "/publish", fields, b"{\"channel\":\"a\",\"data\":1}\n").problem(415);
    }
}

#[test]
fn a_bulk_publish_is_repeated_as_one() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let fields = [("Content-Type", "application/x-ndjson"), ("Idempotency-Key", "k")];
    let body = b"{\"channel\":\"a\",\"data\":1}\n{\"channel\":\"b\",\"data\":2}\n";
    let first = client.ask("POST", "/publish", &fields, body).expect(200);
    let again = client.ask("POST", "/publish", &fields, body).expect(200);
    assert_eq!(again.field("Holdline-Repeated"), Some("true"));
    assert_eq!(again.json(), first.json());
    client.ask("POST", "/publish", &fields, b"{\"channel\":\"a\",\"data\":1}\n").problem(422);
    assert_eq!(retained(&mut client, "a").len(), 1);
}

#[test]
fn all_new_channels_of_a_bulk_publish_count_together() {
    let server = Server::start(&["--max-channels", "2"]);
    let lines = |names: &str| -> String {
        names.chars().map(|name| format!("{{\"channel\":\"{name}\",\"data\":1}}\n")).collect()
    };
    let mut client = server.connect();
    publish(&mut client, &lines("abc")).problem(503);
    assert_eq!(server.figure("channels"), 0);
    publish(&mut client, &lines("abab")).expect(200);
}
