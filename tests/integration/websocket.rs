//! WebSocket subprotocols `holdline.v1` and `holdline.raw`, spoken by an independent client.

use crate::support::process::Server;
use crate::support::response::problem_detail;
use crate::support::websocket::Ws;
use serde_json::{Value, json};
use tungstenite::Message;

/// Sends a ping and asserts that nothing else was under way.
#[track_caller]
fn nothing_but_a_pong(ws: &mut Ws) {
    ws.send(json!({"type": "ping"}));
    assert_eq!(ws.json(), json!({"type": "pong"}));
}

#[test]
fn the_welcome_says_who_and_where_from() {
    let server = Server::start(&[]);
    let id = server.publish("other", "x");
    let (mut ws, welcome) = Ws::open(&server, "/channels/a");
    assert_eq!(welcome["since"].as_str(), Some(&*id));
    assert!(welcome["client"].is_string() && welcome["session"].is_string(), "{welcome}");
    let answer =
        server.connect().ask("POST", "/channels/a?event=e", &[("Content-Type", "application/json")], b"[1]");
    let message = ws.envelope();
    assert_eq!(message["id"], answer.json()["id"]);
    assert_eq!(
        (&message["channel"], &message["event"], &message["data"]),
        (&json!("a"), &json!("e"), &json!([1]))
    );
    assert!(message["time"].is_string(), "{message}");
}

#[test]
fn the_query_says_where_to_begin() {
    let server = Server::start(&[]);
    let ids: Vec<String> = (0..5).map(|n| server.publish("a", &n.to_string())).collect();
    let cases = [
        (format!("since={}", ids[2]), 3),
        ("last=1".into(), 4),
        ("since=start".into(), 0),
        (format!("lastEventId={}", ids[3]), 4),
    ];
    for (query, first) in cases {
        let (mut ws, _) = Ws::open(&server, &format!("/channels/a?{query}"));
        for id in &ids[first..] {
            assert_eq!(ws.envelope()["id"].as_str(), Some(&**id), "{query}");
        }
        nothing_but_a_pong(&mut ws);
    }
}

#[test]
fn subscribing_and_unsubscribing() {
    let server = Server::start(&[]);
    let (mut ws, _) = Ws::open(&server, "/channels/a");
    let reply = ws.ask(json!({"type": "subscribe", "channels": ["b", "c"], "ref": 1}));
    let mut channels: Vec<&str> =
        reply["channels"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    channels.sort_unstable();
    assert!(channels == ["b", "c"] || channels == ["a", "b", "c"], "{reply}");
    crate::support::id(reply["since"].as_str().expect("a cursor"));
    for channel in ["a", "b", "c"] {
        server.publish(channel, channel);
        assert_eq!(ws.envelope()["data"], channel);
    }
    let reply = ws.ask(json!({"type": "unsubscribe", "channels": ["a", "c", "never"], "ref": 2}));
    assert_eq!(reply.get("error"), None, "{reply}");
    for channel in ["a", "c", "b"] {
        server.publish(channel, channel);
    }
    assert_eq!(ws.envelope()["data"], "b");
    nothing_but_a_pong(&mut ws);
}

#[test]
fn subscribing_to_what_one_has_changes_nothing() {
    let server = Server::start(&[]);
    let old = server.connect().cursor("a");
    server.publish("a", "before");
    let (mut ws, _) = Ws::open(&server, "/channels/a");
    let reply = ws.ask(json!({"type": "subscribe", "channels": ["a", "a"], "since": old, "ref": 1}));
    assert_eq!(reply.get("error"), None, "{reply}");
    server.publish("a", "x");
    let next = loop {
        let next = ws.json();
        if next["notice"] != "position" {
            break next;
        }
    };
    assert_eq!(next["data"], "x", "no replay of what one has: {next}");
    nothing_but_a_pong(&mut ws);
}

#[test]
fn an_older_since_brings_a_replay_first() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let old = client.cursor("b");
    let backlog: Vec<String> = (0..30).map(|n| client.publish(["b", "c"][n % 2], n.to_string())).collect();
    let (mut ws, _) = Ws::open(&server, "/channels/a");
    ws.send(json!({"type": "subscribe", "channels": ["b", "c"], "since": old, "ref": "r"}));
    let live: Vec<String> = (0..30).map(|n| client.publish(["a", "b", "c"][n % 3], n.to_string())).collect();
    let mut replayed = Vec::new();
    let cursor = loop {
        let next = ws.json();
        match next["type"].as_str() {
            Some("reply") => assert_eq!((&next["ref"], next.get("error")), (&json!("r"), None), "{next}"),
            Some("message") => {
                assert_eq!(next["replay"], true, "{next}");
                replayed.push(next["id"].as_str().expect("an id").to_owned());
            }
            _ => {
                assert_eq!(next["notice"], "position", "{next}");
                break next["cursor"].as_str().expect("a cursor").to_owned();
            }
        }
    };
    assert_eq!(replayed[..30], backlog, "the backlog is whole and in order");
    let after: Vec<String> = (0..live.iter().filter(|id| !replayed.contains(id)).count())
        .map(|_| {
            let message = ws.envelope();
            assert_eq!(message.get("replay"), None, "{message}");
            message["id"].as_str().expect("an id").to_owned()
        })
        .collect();
    let missed: Vec<&String> = live.iter().filter(|id| !replayed.contains(id)).collect();
    assert_eq!(
        after.iter().collect::<Vec<_>>(),
        missed,
        "then the others, each once and in order, behind {cursor}"
    );
}

#[test]
fn publishing_and_its_options() {
    let server = Server::start(&[]);
    let (mut ws, welcome) = Ws::open(&server, "/channels/a");
    let commands = [
        json!({"type": "publish", "channel": "b", "data": "text", "ref": 1}),
        json!({"type": "publish", "channel": "b", "data": {"x": null}, "event": "e", "ref": "two"}),
        json!({"type": "publish", "channel": "b", "data_base64": "/w==", "content_type": "image/png", "ref": 3.5}),
        json!({"type": "publish", "channel": "b", "data": "<b>", "content_type": "text/html", "ref": true}),
        json!({"type": "publish", "channel": "b", "data": 1, "key": "k", "ttl": 60, "ref": 5}),
        json!({"type": "publish", "channel": "b", "data": 2, "key": "k", "ref": 6}),
    ];
    let ids: Vec<Value> = commands.into_iter().map(|command| ws.ask(command)["id"].clone()).collect();
    let batch = server.connect().json("/channels/b?since=start");
    let kept: Vec<&Value> = batch["messages"].as_array().expect("a list").iter().collect();
    assert_eq!(
        kept.iter().map(|m| &m["id"]).collect::<Vec<_>>(),
        [&ids[0], &ids[1], &ids[2], &ids[3], &ids[5]]
    );
    assert_eq!(kept[1]["event"], "e");
    assert_eq!((&kept[2]["data_base64"], &kept[2]["content_type"]), (&json!("/w=="), &json!("image/png")));
    assert_eq!(kept[3]["content_type"], "text/html");

    ws.send(json!({"type": "publish", "channel": "a", "data": "to myself too"}));
    assert_eq!(ws.envelope()["data"], "to myself too");
    ws.send(json!({"type": "publish", "channel": "a", "data": "not to me", "except": welcome["client"]}));
    nothing_but_a_pong(&mut ws);
    server.publish("a", "next");
    assert_eq!(ws.envelope()["data"], "next");
}

#[test]
fn malformed_commands_are_error_replies_and_the_connection_stays() {
    let server = Server::start(&["--max-subscriptions", "3"]);
    let (mut ws, _) = Ws::open(&server, "/channels/a");
    let texts = [
        "",
        "{",
        "null",
        "[]",
        "[\"ping\",1]",
        "1",
        "\"ping\"",
        "{}",
        "{\"type\":1}",
        "{\"type\":\"dance\"}",
        "{\"type\":\"ping\"} x",
    ];
    for text in texts {
        ws.send_message(Message::text(text));
        let reply = ws.json();
        assert_eq!(reply["type"], "reply", "{text}: {reply}");
        problem_detail(&reply["error"], 400);
    }
    let commands = [
        (json!({"type": "subscribe"}), 400),
        (json!({"type": "subscribe", "channels": "b"}), 400),
        (json!({"type": "subscribe", "channels": [1]}), 400),
        (json!({"type": "subscribe", "channels": ["good", "not good"]}), 400),
        (json!({"type": "subscribe", "channels": ["good", "@server"]}), 400),
        (json!({"type": "subscribe", "channels": ["good"], "since": "x"}), 400),
        (json!({"type": "subscribe", "channels": ["good", "d", "e"]}), 429),
        (json!({"type": "unsubscribe"}), 400),
        (json!({"type": "publish", "data": 1}), 400),
        (json!({"type": "publish", "channel": "good"}), 400),
        (json!({"type": "publish", "channel": "not good", "data": 1}), 400),
        (json!({"type": "publish", "channel": "good", "data": 1, "event": "open"}), 400),
        (json!({"type": "publish", "channel": "good", "data": 1, "event": 1}), 400),
        (json!({"type": "publish", "channel": "good", "data": 1, "ttl": 0}), 400),
        (json!({"type": "publish", "channel": "good", "data_base64": "?"}), 400),
        (json!({"type": "publish", "channel": "good", "data": "x", "content_type": "x"}), 400),
    ];
    for (n, (mut command, status)) in commands.into_iter().enumerate() {
        ws.send(command.clone());
        let reply = ws.json();
        assert_eq!(reply["type"], "reply", "errors are told without a ref too: {command}: {reply}");
        problem_detail(&reply["error"], status);
        command["ref"] = json!(n);
        problem_detail(&ws.ask(command)["error"], status);
    }
    server.publish("good", "a refused channel fails the whole command");
    nothing_but_a_pong(&mut ws);
    assert_eq!(ws.ask(json!({"type": "subscribe", "channels": ["b"], "ref": "r"})).get("error"), None);
}

#[test]
fn without_a_ref_only_errors_are_told() {
    let server = Server::start(&[]);
    let (mut ws, _) = Ws::open(&server, "/channels/a");
    ws.send(json!({"type": "publish", "channel": "b", "data": 1}));
    ws.send(json!({"type": "subscribe", "channels": ["b"]}));
    ws.send(json!({"type": "unsubscribe", "channels": ["b"]}));
    nothing_but_a_pong(&mut ws);
    assert_eq!(server.connect().json("/channels/b?last=1")["messages"][0]["data"], 1);
}

#[test]
fn a_command_too_big_closes_1009() {
    let server = Server::start(&["--max-message", "1K"]);
    let (mut ws, _) = Ws::open(&server, "/channels/a");
    ws.send(json!({"type": "publish", "channel": "a", "data": "x".repeat(2000)}));
    assert_eq!(ws.close_code(), Some(1009));
}

#[test]
fn raw_carries_payloads_and_nothing_else() {
    let server = Server::start(&[]);
    let mut raw = Ws::connect(&server, "/channels/a", &["holdline.raw"]);
    server.await_figure("readers", |readers| readers == 1);
    server.publish("a", "text");
    assert_eq!(raw.message(), Message::text("text"));
    server
        .connect()
        .ask("POST", "/channels/a", &[("Content-Type", "application/json")], b"{ \"a\":1 }")
        .expect(200);
    assert_eq!(raw.message(), Message::text("{ \"a\":1 }"));
    server.connect().ask("POST", "/channels/a", &[], b"\xff\x00").expect(200);
    assert_eq!(raw.message(), Message::binary(&b"\xff\x00"[..]));

    raw.send_message(Message::text("from the page"));
    assert_eq!(raw.message(), Message::text("from the page"), "it hears itself");
    raw.send_message(Message::binary(&b"\x00\xfe"[..]));
    assert_eq!(raw.message(), Message::binary(&b"\x00\xfe"[..]));
    let batch = server.connect().json("/channels/a?last=2");
    assert_eq!(batch["messages"][0]["data"], "from the page");
    assert_eq!(batch["messages"][1]["data_base64"], "AP4=");
}

#[test]
fn a_close_handshake_is_answered_and_the_connection_ends() {
    let server = Server::start(&[]);
    let (mut ws, _) = Ws::open(&server, "/channels/a");
    let code = tungstenite::protocol::frame::coding::CloseCode::Normal;
    let frame = tungstenite::protocol::CloseFrame { code, reason: "done".into() };
    ws.socket.close(Some(frame)).expect("a close frame leaves");
    assert_eq!(ws.close_code(), Some(1000));
    server.await_figure("subscribers", |subscribers| subscribers == 0);
}
