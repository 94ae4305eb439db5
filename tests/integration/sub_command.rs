//! `holdline sub`, run as a user would.

use crate::support::canned::{Act, Canned, answer};
use crate::support::command::{Running, client};
use crate::support::process::Server;
use crate::support::relay::Relay;
use serde_json::{Value, json};
use std::process::Command;

/// Starts a follower of `a`, and waits until the server has it as a reader.
fn following(server: &Server, url: &str, arguments: &[&str]) -> Running {
    let running = Running::start(url, &[&["sub", "a"], arguments].concat());
    server.await_figure("readers", |readers| readers == 1);
    running
}

fn envelope(running: &mut Running) -> Value {
    let line = running.line();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"))
}

#[test]
fn each_message_is_a_line_exactly_as_the_server_sends_it() {
    let server = Server::start(&[]);
    let mut running = following(&server, &server.origin(), &["b"]);
    let fields = [("Content-Type", "application/json")];
    server.connect().ask("POST", "/channels/b?event=e", &fields, br#"{"z": 1,  "a":2.50}"#).expect(200);
    let line = running.line();
    assert!(line.contains(r#""data":{"z": 1,  "a":2.50}"#) && line.contains(r#""channel":"b""#), "{line}");
    let id = server.publish("a", "two\nlines");
    let told = envelope(&mut running);
    assert_eq!((&told["id"], &told["data"]), (&json!(id), &json!("two\nlines")));
    running.signal("INT");
    // Ended by the signal, which a shell tells as 130.
    let ended = running.end();
    assert_eq!((ended.code, &*ended.stderr, ended.text()), (None, "", ""));
}

#[test]
fn bare_data_comes_as_bytes_with_a_newline() {
    let server = Server::start(&[]);
    let mut client_ = server.connect();
    client_.publish("a", "text ä");
    client_.publish("a", b"\xff\0\xfe");
    client_.ask("POST", "/channels/a", &[("Content-Type", "application/json")], b"[1, 2]").expect(200);
    let ended =
        client(&server.origin(), &["sub", "a", "--since", "start", "--data", "--count", "3"]).expect(0);
    assert_eq!(ended.stdout, b"text \xc3\xa4\n\xff\0\xfe\n[1, 2]\n");
}

#[test]
fn it_begins_where_it_is_told_and_ends_after_a_count() {
    let server = Server::start(&[]);
    let mut publisher = server.connect();
    let ids: Vec<String> = (1..=5).map(|n| publisher.publish("a", n.to_string())).collect();
    publisher.ask("POST", "/channels/a?event=odd", &[], b"6").expect(200);
    let cases: [(&[&str], &str); 5] = [
        (&["--since", "start", "--count", "2"], "1\n2\n"),
        (&["--since", &ids[2], "--count", "2"], "4\n5\n"),
        (&["--last", "2", "--count", "2"], "5\n6\n"),
        (&["--since", "start", "--events", "even,odd", "--count", "1"], "6\n"),
        (&["--since", "1970-01-01T00:00:00Z", "--count", "1"], "1\n"),
    ];
    for (arguments, printed) in cases {
        let ended = client(&server.origin(), &[&["sub", "--data", "a"], arguments].concat()).expect(0);
        assert_eq!(ended.text(), printed, "{arguments:?}");
    }
}

#[test]
fn what_goes_wrong_is_a_sentence_and_a_code() {
    let server = Server::start(&[]);
    let cases: [(&[&str], i32, &str); 8] = [
        (&["sub", "a b"], 1, "400"),
        (&["sub", "a", "--since", "yesterday"], 1, "since"),
        (&["sub"], 2, "CHANNEL"),
        (&["sub", "a", "--count", "0"], 2, "--count"),
        (&["sub", "a", "--since", "start", "--last", "1"], 2, "--last"),
        (&["sub", "a", "--timeout", "soon"], 2, "--timeout"),
        (&["sub", "a", "--count", "1", "--timeout", "3s"], 5, "0 of 1"),
        (&["sub", "a", "--url", "http://127.0.0.1:1", "--timeout", "300ms"], 3, "127.0.0.1:1"),
    ];
    for (arguments, code, named) in cases {
        let ended = client(&server.origin(), arguments).expect(code);
        assert!(
            ended.stderr.starts_with("holdline: ") && ended.stderr.contains(named),
            "{arguments:?}: {ended:?}"
        );
        assert_eq!(ended.text(), "", "{arguments:?}");
    }
    // Without a count the end of the time is no failure.
    client(&server.origin(), &["sub", "a", "--timeout", "3s"]).expect(0);
}

#[test]
fn a_line_that_is_cut_loses_and_repeats_nothing() {
    let server = Server::start(&[]);
    let mut publisher = server.connect();
    (0..150).for_each(|n| drop(publisher.publish("a", format!("{n} {}", "x".repeat(60)))));
    let relay = Relay::to(server.address());
    // In the head, in the first position, and in the middle of messages.
    relay.cut_after(vec![30, 300, 900, 2001, 3002, 4503]);
    let mut running = Running::start(&relay.url(), &["sub", "a", "--since", "start"]);
    for n in 0..150 {
        let told = envelope(&mut running);
        assert!(told["data"].as_str().is_some_and(|data| data.starts_with(&format!("{n} "))), "{n}: {told}");
    }
    assert_eq!(relay.cuts_left(), 0);
    relay.lead_to(None);
    running.await_said("trying again");
    publisher.publish("a", "while it was away");
    relay.lead_to(Some(server.address()));
    assert_eq!(envelope(&mut running)["data"], "while it was away");
    running.signal("TERM");
    assert_eq!(running.end().text(), "");
}

#[test]
fn a_restart_of_the_server_is_survived_and_what_it_lost_is_told() {
    let first = Server::start(&[]);
    let relay = Relay::to(first.address());
    let mut running = following(&first, &relay.url(), &["--count", "4"]);
    let mut published = vec![first.publish("a", "one"), first.publish("a", "two")];
    let told: Vec<Value> = (0..2).map(|_| envelope(&mut running)).collect();
    relay.lead_to(None);
    first.signal("KILL");
    running.await_said("trying again");

    let second = Server::start(&[]);
    published.push(second.publish("a", "three"));
    relay.lead_to(Some(second.address()));
    // The journal in memory forgot what it had, and says so.
    let gap = envelope(&mut running);
    assert_eq!((&gap["notice"], &gap["channel"]), (&json!("gap"), &json!("a")));
    let three = envelope(&mut running);
    published.push(second.publish("a", "four"));
    let four = envelope(&mut running);
    let heard: Vec<&Value> = told.iter().chain([&three, &four]).map(|told| &told["id"]).collect();
    assert_eq!(heard, published.iter().map(|id| json!(id)).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    let ended = running.end().expect(0);
    assert!(ended.stderr.contains("messages in a were lost"), "{ended:?}");
}

#[test]
fn a_server_that_goes_down_says_when_to_come_back() {
    let mut first = Server::start(&[]);
    let relay = Relay::to(first.address());
    let mut running = following(&first, &relay.url(), &["--data", "--count", "1"]);
    first.signal("TERM");
    running.await_said("going down");
    assert_eq!(first.exit_code(), Some(0));
    let second = Server::start(&[]);
    relay.lead_to(Some(second.address()));
    second.await_figure("readers", |readers| readers == 1);
    second.publish("a", "back");
    assert_eq!(running.line(), "back");
    running.end().expect(0);
}

#[test]
fn a_gap_in_bare_data_is_told_on_stderr_only() {
    let server = Server::start(&["--retain-messages", "1"]);
    let mut publisher = server.connect();
    let cursor = publisher.cursor("a");
    publisher.publish("a", "lost");
    publisher.publish("a", "kept");
    let ended =
        client(&server.origin(), &["sub", "a", "--data", "--since", &cursor, "--count", "1"]).expect(0);
    assert_eq!(ended.text(), "kept\n");
    assert!(ended.stderr.contains("messages in a were lost"), "{ended:?}");
}

#[test]
fn closed_channels_end_it_only_if_asked() {
    let server = Server::start(&[]);
    server.publish("a", "x");
    let mut until_closed = Running::start(&server.origin(), &["sub", "a", "--until-closed", "--last", "1"]);
    let mut going_on =
        Running::start(&server.origin(), &["sub", "a", "--data", "--count", "2", "--last", "1"]);
    until_closed.line();
    assert_eq!(going_on.line(), "x");
    server.connect().ask("DELETE", "/channels/a", &[], b"").expect(204);
    assert_eq!(envelope(&mut until_closed)["notice"], "closed");
    let ended = until_closed.end().expect(0);
    assert!(ended.stderr.contains("a was closed"), "{ended:?}");
    going_on.await_said("trying again");
    server.publish("a", "used again");
    assert_eq!(going_on.line(), "used again");
    going_on.end().expect(0);
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let server = Server::start(&[]);
    server.publish("a", "first");
    // The pipe breaks while nothing more is to be written.
    let script = "\"$0\" sub --data --since start a | head -n 1; exit $?";
    let quiet = format!("set -o pipefail; {script}");
    let mut shell = Command::new("bash");
    shell.args(["-c", &quiet, env!("CARGO_BIN_EXE_holdline")]).env("HOLDLINE_URL", server.origin());
    let ended = Running::started(&mut shell).end().expect(0);
    assert_eq!((ended.text(), &*ended.stderr), ("first\n", ""));
    server.await_figure("readers", |readers| readers == 0);
}

#[test]
fn a_dead_line_is_noticed_by_its_silence() {
    let opening =
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
    // A head and then nothing, for ever; the next one talks.
    let message = "{\"id\":\"7-0\",\"channel\":\"a\",\"data\":\"x\"}\n";
    let talks = format!("{opening}{:x}\r\n{message}\r\n0\r\n\r\n", message.len());
    let mut is_first = true;
    let server = Canned::doing(move |_| match std::mem::take(&mut is_first) {
        true => Act::Hold,
        false => Act::Say(talks.clone()),
    });
    let ended = client(&server.url(), &["sub", "a", "--silence", "300ms", "--count", "1"]).expect(0);
    assert_eq!(ended.text(), message);
    assert!(ended.stderr.contains("trying again"), "{ended:?}");
    assert_eq!(server.asked().line, "GET /channels?channel=a");
}

#[test]
fn it_goes_on_from_the_last_whole_line() {
    let stream = |body: &str| answer("200 OK", &["Content-Type: application/x-ndjson"], body);
    let position = "{\"notice\":\"position\",\"cursor\":\"5-0\"}\n";
    let message = "{\"id\":\"6-0\",\"channel\":\"a\",\"data\":\"x\"}\n";
    let server = Canned::new([
        stream(position),
        answer("503 Service Unavailable", &["Retry-After: 0"], ""),
        stream(&format!("{message}{{\"id\":\"7-0\",\"cha")),
        stream("{\"notice\":\"gap\",\"channel\":\"a\",\"after\":\"6-0\",\"resumes\":\"8-0\"}\n"),
        answer("403 Forbidden", &[], r#"{"title":"Forbidden","detail":"not you"}"#),
    ]);
    let ended = client(&server.url(), &["sub", "a", "--last", "3"]).expect(1);
    let asked: Vec<String> = (0..5).map(|_| server.asked().line).collect();
    assert_eq!(
        asked,
        [
            "GET /channels?channel=a&last=3",
            "GET /channels?channel=a&since=5-0",
            "GET /channels?channel=a&since=5-0",
            "GET /channels?channel=a&since=6-0",
            "GET /channels?channel=a&since=6-0",
        ]
    );
    assert!(ended.text().starts_with(message) && ended.text().lines().count() == 2, "{ended:?}");
    assert!(ended.stderr.contains("not you"), "{ended:?}");
}
