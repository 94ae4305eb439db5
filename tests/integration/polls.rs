//! Polls and long polls: the batch, its cursor, ETag and 304, `limit`, waiting.

use crate::support::client::Client;
use crate::support::process::Server;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn ids(batch: &Value) -> Vec<&str> {
    let messages = batch["messages"].as_array().expect("a list");
    messages.iter().map(|m| m["id"].as_str().expect("an id")).collect()
}

/// A GET with one more field.
fn get(client: &mut Client, target: &str, name: &str, value: &str) -> crate::support::response::Response {
    client.ask("GET", target, &[(name, value)], b"")
}

#[test]
fn the_very_first_poll_has_a_cursor() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let answer = client.get("/channels/a").expect(200);
    let batch = answer.json();
    assert_eq!((&batch["messages"], &batch["notices"]), (&json!([]), &json!([])));
    assert_eq!((&batch["gap"], &batch["more"]), (&json!(false), &json!(false)));
    let next = batch["next"].as_str().expect("a cursor");
    assert_eq!(answer.field("ETag"), Some(&*format!("\"{next}\"")));
    assert_eq!(answer.field("Cache-Control"), Some("no-store"));
    assert_eq!(answer.head.media_type(), "application/json");
    assert_eq!(answer.field("Holdline-Client"), batch["client"].as_str());
    assert_eq!(answer.field("Holdline-Session"), batch["session"].as_str());
    let session = batch["session"].as_str().expect("a session");
    assert!(session.len() >= 22, "128 bits: {session}");

    let id = client.publish("a", "after");
    let batch = client.json(&format!("/channels/a?since={next}"));
    assert_eq!((ids(&batch), &batch["gap"]), (vec![&*id], &json!(false)));
}

#[test]
fn no_message_falls_between_two_polls() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let mut cursor = client.cursor("a");
    for _ in 0..30 {
        let id = client.publish("a", "x");
        client.publish("other", "x");
        let batch = client.json(&format!("/channels/a?since={cursor}"));
        assert_eq!(ids(&batch), [id]);
        cursor = batch["next"].as_str().expect("a cursor").to_owned();
        let empty = client.json(&format!("/channels/a?since={cursor}"));
        assert!(ids(&empty).is_empty(), "{empty}");
    }
}

#[test]
fn limit_cuts_a_batch_and_more_says_so() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let mut cursor = client.cursor("a");
    let published: Vec<String> = (0..250).map(|n| client.publish(["a", "b"][n % 2], "x")).collect();
    let batch = client.json(&format!("/channels?channel=a&channel=b&since={cursor}"));
    assert_eq!((ids(&batch).len(), &batch["more"]), (100, &json!(true)), "a batch has 100 unless asked");
    let mut seen = Vec::new();
    loop {
        let batch = client.json(&format!("/channels?channel=a&channel=b&limit=60&since={cursor}"));
        seen.extend(ids(&batch).iter().map(|id| id.to_string()));
        cursor = batch["next"].as_str().expect("a cursor").to_owned();
        if batch["more"] == false {
            break;
        }
        assert_eq!(ids(&batch).len(), 60);
        assert_eq!(ids(&batch).last(), Some(&&*cursor), "next is the last one's id if there is more");
    }
    assert_eq!(seen, published);
}

#[test]
fn an_etag_is_a_cursor() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let first = client.get("/channels/a");
    let etag = first.field("ETag").expect("an ETag").to_owned();
    for tag in [etag.clone(), format!("W/{etag}")] {
        let same = get(&mut client, "/channels/a", "If-None-Match", &tag).expect(304);
        assert_eq!(same.field("ETag"), Some(&*etag));
        let later = get(&mut client, "/channels/a?wait=1", "If-None-Match", &tag).expect(304);
        assert!(later.field("ETag").is_some(), "{:?}", later.head);
    }
    let id = client.publish("a", "x");
    let batch = get(&mut client, "/channels/a?wait=40", "If-None-Match", &etag).expect(200).json();
    assert_eq!(ids(&batch), [id]);

    let ignored =
        [format!("{etag}, \"1-0\""), "*".into(), "\"x\"".into(), "1-0".into(), "\"1-0".into(), String::new()];
    for tag in ignored {
        let batch = get(&mut client, "/channels/a", "If-None-Match", &tag).expect(200).json();
        assert_eq!(
            (ids(&batch).len(), &batch["gap"]),
            (0, &json!(false)),
            "{tag:?} is ignored whole: from now on"
        );
    }
    let batch = get(
        &mut client,
        &format!("/channels/a?since={}", first.json()["next"].as_str().expect("one")),
        "If-None-Match",
        "\"9999999999999-0\"",
    );
    assert_eq!(ids(&batch.expect(200).json()).len(), 1, "since wins");
}

#[test]
fn gaps_are_told_with_200_also_to_who_asks_by_etag() {
    let server = Server::start(&["--retain-messages", "1"]);
    let mut client = server.connect();
    let cursor = client.cursor("a");
    client.publish("a", "1");
    client.publish("a", "2");
    let batch =
        get(&mut client, "/channels/a?wait=40", "If-None-Match", &format!("\"{cursor}\"")).expect(200).json();
    assert_eq!((&batch["gap"], ids(&batch).len()), (&json!(true), 1));
}

#[test]
fn a_long_poll_is_answered_by_a_message() {
    let server = Server::start(&[]);
    for (target, fields) in
        [("/channels/a?wait=40", &[][..]), ("/channels/a", &[("Prefer", "respond-async, wait=40")])]
    {
        let mut client = server.connect();
        client.begin("GET", target, fields, b"");
        server.await_figure("parked", |parked| parked == 1);
        server.publish("elsewhere", "not yet");
        assert_eq!(server.figure("parked"), 1);
        let id = server.publish("a", "go");
        let answer = client.response().expect(200);
        assert_eq!(ids(&answer.json()), [id]);
        let applied = (!fields.is_empty()).then_some("wait=40");
        assert_eq!(answer.field("Preference-Applied"), applied);
    }
    server.await_figure("parked", |parked| parked == 0);
}

#[test]
fn a_long_poll_ends_empty_when_its_time_is_up() {
    let server = Server::start(&["--max-wait", "1s"]);
    let mut client = server.connect();
    for target in ["/channels/a?wait=1", "/channels/a?wait=86400"] {
        let start = Instant::now();
        let batch = client.json(target);
        assert!(start.elapsed() > Duration::from_millis(800), "it was held: {:?}", start.elapsed());
        assert!(ids(&batch).is_empty());
        assert_eq!(batch["gap"], false);
    }
    let cut = get(&mut client, "/channels/a", "Prefer", "wait=86400").expect(200);
    assert!(cut.field("Preference-Applied").is_some_and(|p| p.starts_with("wait=")), "{:?}", cut.head);
}

#[test]
fn the_querys_wait_wins_and_must_be_well_formed() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let at_once = get(&mut client, "/channels/a?wait=0", "Prefer", "wait=40").expect(200);
    assert_eq!(at_once.field("Preference-Applied"), None);
    for prefer in ["wait=x", "wait", "wait=-1", "wait=", "waits=40", "wait=1.5"] {
        get(&mut client, "/channels/a", "Prefer", prefer).expect(200);
    }
    for wait in ["x", "-1", "1.5", "+1", "99999999999999999999999x"] {
        client.get(&format!("/channels/a?wait={wait}")).problem(400);
    }
}

#[test]
fn a_session_is_one_client_over_polls_and_transports() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let first = client.json("/channels/a");
    let session = first["session"].as_str().expect("a session");
    let again = client.json(&format!("/channels/b?session={session}"));
    assert_eq!((&again["client"], &again["session"]), (&first["client"], &first["session"]));
    assert_ne!(client.json("/channels/a")["client"], first["client"], "without one it is a new client");

    let (_, mut stream) = server
        .connect()
        .stream(&format!("/channels/a?session={session}"), &[("Accept", "text/event-stream")]);
    let opening = crate::support::sse::opening(&mut stream).json();
    assert_eq!(opening, json!({"client": first["client"], "session": session}));
    let (_, welcome) =
        crate::support::websocket::Ws::open(&server, &format!("/channels/a?session={session}"));
    assert_eq!(welcome["client"], first["client"]);

    let own = "A-client_chooses_its_own-1";
    assert_eq!(client.json(&format!("/channels/a?session={own}"))["session"], own);
    let too_long = "x".repeat(65);
    for bad in ["short", "has%20spaces%20in%20it%20and%20is%20long", &too_long] {
        client.get(&format!("/channels/a?session={bad}")).problem(400);
    }
}
