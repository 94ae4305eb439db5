//! `POST /channels/{channel}`: its answer, its options, what is refused, and repeats.

use crate::support::process::Server;
use crate::support::{id, until};
use serde_json::{Value, json};

/// The data of all that `channel` retains.
fn retained(server: &Server, channel: &str) -> Vec<Value> {
    let batch = server.connect().json(&format!("/channels/{channel}?since=start&limit=1000"));
    assert_eq!(batch["gap"], false, "{batch}");
    batch["messages"].as_array().expect("a list").iter().map(|m| m["data"].clone()).collect()
}

#[test]
fn a_publish_is_answered_with_id_channel_and_subscribers() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let mut newest = (0, 0);
    for _ in 0..50 {
        let answer = client.ask("POST", "/channels/news/sport", &[], b"x").expect(200);
        assert_eq!(answer.head.media_type(), "application/json");
        let answer = answer.json();
        assert_eq!((&answer["channel"], &answer["subscribers"]), (&json!("news/sport"), &json!(0)));
        let this = id(answer["id"].as_str().expect("an id"));
        assert!(this > newest, "ids grow");
        newest = this;
    }
    let (_, _stream) = server.connect().stream("/channels/a", &[("Accept", "text/event-stream")]);
    let _poll = {
        let mut poll = server.connect();
        poll.begin("GET", "/channels?channel=a&channel=b&wait=40", &[], b"");
        poll
    };
    server.await_figure("parked", |parked| parked == 1);
    assert_eq!(client.ask("POST", "/channels/a", &[], b"x").json()["subscribers"], 2);
}

#[test]
fn ids_grow_over_all_channels() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let ids: Vec<_> = (0..30).map(|n| id(&client.publish(&format!("c{}", n % 7), "x"))).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn channel_names() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let longest = "a".repeat(255);
    let good = [
        ("a", "a"),
        ("A.b_c~d:e@f+g-h/9", "A.b_c~d:e@f+g-h/9"),
        ("a%2Fb", "a/b"),
        ("a%2fb/c", "a/b/c"),
        ("%61", "a"),
        ("a+b", "a+b"),
        ("a%2Bb", "a+b"),
        ("...", "..."),
        (&longest, &longest),
    ];
    for (path, name) in good {
        let answer = client.ask("POST", &format!("/channels/{path}"), &[], b"x").expect(200).json();
        assert_eq!(answer["channel"], name, "{path}");
    }
    let too_long = "a".repeat(256);
    let bad = [
        "a%20b",
        "a%2520",
        "%C3%A4",
        "a*",
        "a//b",
        "a/",
        "/a",
        "a/./b",
        "a/../b",
        "..",
        "%2E%2E",
        "a%2F%2Fb",
        "a%2F",
        "@client",
        "%40client",
        "a,b",
        "a;b",
        &too_long,
    ];
    for path in bad {
        client.ask("POST", &format!("/channels/{path}"), &[], b"x").problem(400);
        client.get(&format!("/channels/{path}")).problem(400);
    }
    assert_eq!(client.json("/channels?channel=a%2Bb&since=start")["messages"][0]["channel"], "a+b");
    client.get("/channels?channel=a+b").problem(400);
    client.get("/channels?channel=").problem(400);
    client.get("/channels").problem(400);
}

#[test]
fn event_names() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let (longest, too_long) = ("e".repeat(128), "e".repeat(129));
    let good = [
        ("price", "price"),
        ("%C3%BCber", "über"),
        ("a+b", "a b"),
        ("opened", "opened"),
        (&longest, &longest),
    ];
    for (query, name) in good {
        client.ask("POST", &format!("/channels/a?event={query}"), &[], b"x").expect(200);
        assert_eq!(client.json("/channels/a?last=1")["messages"][0]["event"], name);
    }
    client.ask("POST", "/channels/a", &[("Holdline-Event", "by-field")], b"x").expect(200);
    assert_eq!(client.json("/channels/a?last=1")["messages"][0]["event"], "by-field");
    let bad = [
        "a%0Ab",
        "a%0D",
        "%00",
        "%7F",
        "%1B",
        "%ff",
        "holdline:x",
        "open",
        "error",
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
        &too_long,
    ];
    for event in bad {
        client.ask("POST", &format!("/channels/bad?event={event}"), &[], b"x").problem(400);
    }
    assert!(retained(&server, "bad").is_empty());
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let server = Server::start(&["--retain-age", "1h", "--max-message", "1K"]);
    let mut client = server.connect();
    let too_long = format!("key={}", "k".repeat(129));
    let bad =
        ["ttl=0", "ttl=-1", "ttl=x", "ttl=1.5", "ttl=3601", "key=k&retain=0", "retain=maybe", &too_long];
    for option in bad {
        client.ask("POST", &format!("/channels/a?{option}"), &[], b"x").problem(400);
    }
    let headers = [("Holdline-Ttl", "0"), ("Holdline-Event", "open"), ("Holdline-Retain", "maybe")];
    for field in headers {
        client.ask("POST", "/channels/a", &[field], b"x").problem(400);
    }
    client.ask("POST", "/channels/a", &[], &[b'x'; 1025]).problem(413);
    let mut client = server.connect();
    client.ask("POST", "/channels/a?ttl=3600", &[], &[b'x'; 1024]).expect(200);
    assert_eq!(retained(&server, "a").len(), 1);
}

#[test]
fn past_its_ttl_a_message_is_delivered_to_nobody_and_leaves_no_gap() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let cursor = client.cursor("a");
    client.ask("POST", "/channels/a?ttl=1", &[], b"short").expect(200);
    client.ask("POST", "/channels/a", &[("Holdline-Ttl", "3000")], b"long").expect(200);
    until("the short-lived message is gone", || retained(&server, "a") == ["long"]);
    let batch = client.json(&format!("/channels/a?since={cursor}"));
    assert_eq!((&batch["gap"], &batch["messages"][0]["data"]), (&json!(false), &json!("long")));
}

#[test]
fn of_one_key_only_the_newest_is_retained() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let cursor = client.cursor("a");
    for (key, data) in [("k", "1"), ("l", "2"), ("k", "3"), ("", "4"), ("k", "5"), ("l", "6")] {
        let field = [("Holdline-Key", key)];
        let fields = if key.is_empty() { &[][..] } else { &field };
        client.ask("POST", "/channels/a", fields, data.as_bytes()).expect(200);
    }
    client.ask("POST", "/channels/b?key=k", &[], b"elsewhere").expect(200);
    assert_eq!(retained(&server, "a"), ["4", "5", "6"]);
    let batch = client.json(&format!("/channels/a?since={cursor}"));
    assert_eq!(batch["gap"], false, "what a key replaced is no gap: {batch}");
    assert_eq!(batch["messages"].as_array().map(Vec::len), Some(3));
    assert_eq!(client.json("/channels/a?last=2")["messages"][0]["data"], "5");
}

#[test]
fn all_but_one_get_what_excepts_one() {
    let server = Server::start(&[]);
    let mut publisher = server.connect();
    let mut reader = server.connect();
    let first = reader.json("/channels/a?session=0123456789abcdefghijklmnop");
    let (me, cursor) =
        (first["client"].as_str().expect("a client id"), first["next"].as_str().expect("a cursor"));
    publisher.ask("POST", &format!("/channels/a?except={me}"), &[], b"not me").expect(200);
    publisher.ask("POST", "/channels/a", &[("Holdline-Except", "AAAAAAAAAAAAAAAA")], b"all").expect(200);
    let data = |batch: &Value| {
        batch["messages"].as_array().expect("a list").iter().map(|m| m["data"].clone()).collect::<Vec<_>>()
    };
    let mine = reader.json(&format!("/channels/a?since={cursor}&session=0123456789abcdefghijklmnop"));
    assert_eq!(data(&mine), ["all"]);
    assert_eq!(mine["gap"], false, "{mine}");
    let theirs = reader.json(&format!("/channels/a?since={cursor}"));
    assert_eq!(data(&theirs), ["not me", "all"]);
}

#[test]
fn unretained_messages_reach_those_who_listen_only() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let cursor = client.cursor("a");
    client.publish("a", "kept");
    client.ask("POST", "/channels/a?retain=0", &[], b"passing").expect(200);
    client.ask("POST", "/channels/a", &[("Holdline-Retain", "0")], b"by").expect(200);
    client.ask("POST", "/channels/a?retain=1", &[], b"kept too").expect(200);
    assert_eq!(retained(&server, "a"), ["kept", "kept too"]);
    assert_eq!(client.json("/channels/a?last=10")["messages"].as_array().map(Vec::len), Some(2));
    let behind = client.json(&format!("/channels/a?since={cursor}"));
    assert_eq!(behind["messages"].as_array().map(Vec::len), Some(4), "{behind}");
}

#[test]
fn a_repeat_gets_the_first_answer_again() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let slash = [("Idempotency-Key", "slash")];
    client.ask("POST", "/channels/x/y", &slash, b"1").expect(200);
    let again = client.ask("POST", "/channels/x%2Fy", &slash, b"1").expect(200);
    assert_eq!(again.field("Holdline-Repeated"), Some("true"), "one channel, however it is written");
    let key = [("Idempotency-Key", "order-1")];
    let first = client.ask("POST", "/channels/a?event=e", &key, b"once").expect(200);
    assert_eq!(first.field("Holdline-Repeated"), None);
    let again = server.connect().ask("POST", "/channels/a?event=e", &key, b"once").expect(200);
    assert_eq!(again.field("Holdline-Repeated"), Some("true"));
    assert_eq!(again.json()["id"], first.json()["id"]);

    client.ask("POST", "/channels/a?event=e", &key, b"twice").problem(422);
    client.ask("POST", "/channels/a?event=f", &key, b"once").problem(422);
    let elsewhere = client.ask("POST", "/channels/b?event=e", &key, b"once").expect(200);
    assert_eq!(elsewhere.field("Holdline-Repeated"), None, "another resource is another publish");
    assert_eq!(retained(&server, "a"), ["once"]);

    let long = "k".repeat(129);
    client.ask("POST", "/channels/a", &[("Idempotency-Key", &long)], b"x").problem(400);
    client.ask("POST", "/channels/a", &[("Idempotency-Key", &long[1..])], b"x").expect(200);
}

#[test]
fn repeats_sent_at_once_are_published_once() {
    let server = Server::start(&[]);
    let ids: Vec<Value> = std::thread::scope(|scope| {
        let publish = || {
            let key = [("Idempotency-Key", "same")];
            server.connect().ask("POST", "/channels/a", &key, b"x").expect(200).json()["id"].clone()
        };
        let publishers: Vec<_> = (0..8).map(|_| scope.spawn(publish)).collect();
        publishers.into_iter().map(|p| p.join().expect("it does not panic")).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(retained(&server, "a").len(), 1);
}

#[test]
fn only_successes_are_kept_for_repeats() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let fields = [("Idempotency-Key", "k"), ("Content-Type", "application/json")];
    client.ask("POST", "/channels/a", &fields, b"{").problem(400);
    let answer = client.ask("POST", "/channels/a", &fields, b"{}").expect(200);
    assert_eq!(answer.field("Holdline-Repeated"), None);
}

#[test]
fn a_repeat_may_write_the_same_channel_another_way() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let key = [("Idempotency-Key", "k")];
    client.ask("POST", "/channels/a/b", &key, b"once").expect(200);
    for target in ["/channels/a%2Fb", "/channels/%61/b"] {
        let again = client.ask("POST", target, &key, b"once").expect(200);
        assert_eq!(again.field("Holdline-Repeated"), Some("true"), "{target}");
    }
    assert_eq!(retained(&server, "a/b"), ["once"]);
}
