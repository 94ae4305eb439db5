//! Asking (API section 4): a question over each way to ask, to hear and to answer, and each of its ends.

use crate::support::client::Client;
use crate::support::process::Server;
use crate::support::response::{Response, problem_detail};
use crate::support::sse;
use crate::support::websocket::Ws;
use serde_json::{Value, json};

/// Asks in `channel` and is held; the asker's connection and the question as a poller gets it.
fn ask_and_hear(server: &Server, target: &str, body: &str) -> (Client, Value) {
    let channel = target.trim_start_matches("/ask/").split('?').next().expect("a channel");
    let cursor = server.connect().cursor(channel);
    let mut asker = server.connect();
    asker.begin("POST", target, &[], body.as_bytes());
    let batch = server.connect().json(&format!("/channels/{channel}?since={cursor}&wait=40"));
    let question = batch["messages"][0].clone();
    assert!(question["ask"].is_string(), "{batch}");
    (asker, question)
}

/// Answers `question` over HTTP.
fn answer(server: &Server, question: &Value, query: &str, body: &str) -> Response {
    let target = format!("/asks/{}{query}", question["ask"].as_str().expect("an id"));
    server.connect().ask("POST", &target, &[], body.as_bytes())
}

/// The path under which an asker that was not held finds its question.
fn ask_unheld(server: &Server, target: &str) -> String {
    let answer = server.connect().ask("POST", target, &[], b"q").expect(202);
    assert_eq!(answer.field("Holdline-Ask"), Some("pending"));
    answer.field("Location").expect("where to go on").to_owned()
}

#[test]
fn the_asker_gets_the_answer_whole_and_knows_who_answered() {
    let server = Server::start(&[]);
    let (mut asker, question) = ask_and_hear(&server, "/ask/door?event=ring&wait=40", "may I?");
    assert_eq!((&question["data"], &question["event"]), (&json!("may I?"), &json!("ring")));
    let session = "s".repeat(22);
    let client = server.connect().json(&format!("/channels/x?session={session}"))["client"].clone();
    let target = format!("/asks/{}?status=418&session={session}", question["ask"].as_str().expect("an id"));
    let fields = [("Content-Type", "image/svg+xml; charset=utf-8")];
    server.connect().ask("POST", &target, &fields, b"<svg>\xff</svg>").expect(200);
    let answered = asker.response().expect(418);
    assert_eq!(answered.body, b"<svg>\xff</svg>");
    for (name, value) in [
        ("Content-Type", "image/svg+xml; charset=utf-8"),
        ("Holdline-Ask", "answered"),
        ("Holdline-Answered-By", client.as_str().expect("an id")),
        ("Holdline-Subscribers", "0"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "sandbox"),
        ("Cache-Control", "no-store"),
    ] {
        assert_eq!(answered.field(name), Some(value), "{name}");
    }
}

#[test]
fn what_an_answer_may_be() {
    let server = Server::start(&[]);
    for (query, body, status, content_type) in [
        ("", "yes", 200, Some("text/plain; charset=utf-8")),
        ("?status=599", "x", 599, Some("text/plain; charset=utf-8")),
        ("?status=204", "", 204, None),
        ("?status=404", "", 404, Some("text/plain; charset=utf-8")),
    ] {
        let (mut asker, question) = ask_and_hear(&server, "/ask/a?wait=40", "q");
        answer(&server, &question, query, body).expect(200);
        let answered = asker.response().expect(status);
        assert_eq!((answered.text(), answered.field("Content-Type")), (body, content_type), "{query}");
    }
    let (mut asker, question) = ask_and_hear(&server, "/ask/a?wait=40", "q");
    for query in ["?status=199", "?status=600", "?status=205", "?status=304", "?status=x", "?status=+200"] {
        answer(&server, &question, query, "").problem(400);
    }
    answer(&server, &question, "?status=204", "x").problem(400);
    answer(&server, &question, "?session=short", "x").problem(400);
    let target = format!("/asks/{}", question["ask"].as_str().expect("an id"));
    let json = [("Content-Type", "application/json")];
    server.connect().ask("POST", &target, &json, b"{").problem(400);
    server.connect().ask("POST", &target, &json, b"{\"a\": 1}").expect(200);
    let answered = asker.response().expect(200);
    assert_eq!((answered.text(), answered.head.media_type()), ("{\"a\": 1}", "application/json"));
}

#[test]
fn the_first_answer_wins_and_the_ids_open_only_what_they_are_for() {
    let server = Server::start(&[]);
    let (mut asker, question) = ask_and_hear(&server, "/ask/a?wait=40", "q");
    let path = format!("/asks/{}", question["ask"].as_str().expect("an id"));
    let mut client = server.connect();
    client.ask("GET", &path, &[], b"").problem(404);
    client.ask("DELETE", &path, &[], b"").problem(404);
    client.ask("POST", "/asks/AAAAAAAAAAAAAAAAAAAAAA", &[], b"x").problem(404);
    client.ask("POST", "/asks/no-id", &[], b"x").problem(404);
    client.ask("PUT", &path, &[], b"").problem(405);
    client = server.connect();
    client.ask("GET", "/ask/a", &[], b"").problem(405);
    answer(&server, &question, "", "first").expect(200);
    answer(&server, &question, "", "second").problem(409);
    assert_eq!(asker.response().expect(200).text(), "first");
    let location = ask_unheld(&server, "/ask/a?wait=0");
    server.connect().ask("POST", &location, &[], b"x").problem(404);
}

#[test]
fn an_asker_that_was_not_held_takes_its_question_up_as_often_as_it_likes() {
    let server = Server::start(&[]);
    let location = ask_unheld(&server, "/ask/a?wait=0");
    let mut client = server.connect();
    for _ in 0..2 {
        let pending = client.get(&location).expect(202);
        assert_eq!(pending.field("Location"), Some(&*location));
    }
    client.begin("GET", &location, &[("Prefer", "wait=40")], b"");
    server.await_figure("asks", |asks| asks == 1);
    let question = server.connect().json("/channels/a?since=start")["messages"][0].clone();
    answer(&server, &question, "", "yes").expect(200);
    let answered = client.response().expect(200);
    assert_eq!((answered.text(), answered.field("Preference-Applied")), ("yes", Some("wait=40")));
    assert_eq!(client.get(&location).expect(200).text(), "yes", "the answer can be fetched again");
    assert_eq!(client.ask("HEAD", &location, &[], b"").expect(200).field("Holdline-Ask"), Some("answered"));
    assert_eq!(server.figure("asks"), 0);
}

#[test]
fn nobody_silent_and_answered_can_be_told_apart() {
    let server = Server::start(&[]);
    let subscribers = |answer: Response| answer.field("Holdline-Subscribers").map(str::to_owned);
    let mut client = server.connect();
    let nobody = client.ask("POST", "/ask/a?wait=0", &[], b"q").expect(202);
    let location = nobody.field("Location").expect("a path").to_owned();
    assert_eq!(subscribers(nobody).as_deref(), Some("0"));
    let (_, _stream) = server.connect().stream("/channels/a", &[("Accept", "text/event-stream")]);
    assert_eq!(subscribers(client.get(&location)).as_deref(), Some("1"));
}

#[test]
fn a_question_that_is_taken_back_is_over_for_everybody() {
    let server = Server::start(&[]);
    let (mut ws, _) = Ws::open(&server, "/channels/a");
    let location = ask_unheld(&server, "/ask/a?wait=0");
    let question = ws.envelope();
    let mut held = server.connect();
    held.begin("GET", &format!("{location}?wait=40"), &[], b"");
    server.await_figure("held_asks", |held| held == 1);
    let mut client = server.connect();
    client.ask("DELETE", &location, &[], b"").expect(204);
    client.ask("DELETE", &location, &[], b"").expect(204);
    let withdrawn = held.response();
    assert_eq!(withdrawn.field("Holdline-Ask"), Some("withdrawn"));
    withdrawn.problem(410);
    assert_eq!(
        ws.json(),
        json!({"type": "notice", "notice": "withdrawn", "ask": question["ask"], "reason": "withdrawn"})
    );
    answer(&server, &question, "", "too late").problem(410);
    assert_eq!(client.json("/channels/a?since=start")["messages"], json!([]), "nobody is asked any more");
}

#[test]
fn deleting_the_channel_withdraws_its_questions() {
    let server = Server::start(&[]);
    let (mut asker, question) = ask_and_hear(&server, "/ask/a?wait=40", "q");
    server.connect().ask("DELETE", "/channels/a", &[], b"").expect(204);
    asker.response().problem(410);
    answer(&server, &question, "", "x").problem(410);
}

#[test]
fn a_repeated_question_is_held_on_the_first() {
    let server = Server::start(&[]);
    let key = [("Idempotency-Key", "k")];
    let first = server.connect().ask("POST", "/ask/a?wait=0", &key, b"q").expect(202);
    let mut again = server.connect();
    again.begin("POST", "/ask/a?wait=40", &key, b"q");
    server.await_figure("held_asks", |held| held == 1);
    server.connect().ask("POST", "/ask/a?wait=0", &key, b"other").problem(422);
    let messages = server.connect().json("/channels/a?since=start")["messages"].clone();
    assert_eq!(messages.as_array().map(Vec::len), Some(1), "asked once: {messages}");
    answer(&server, &messages[0], "", "yes").expect(200);
    assert_eq!(again.response().expect(200).text(), "yes");
    let location = first.field("Location").expect("a path");
    assert_eq!(server.connect().get(location).expect(200).text(), "yes");
}

#[test]
fn a_question_comes_over_sse_as_its_envelope_and_its_end_as_a_notice() {
    let server = Server::start(&[]);
    let (_, mut stream) = server.connect().stream("/channels/a", &[("Accept", "text/event-stream")]);
    sse::opening(&mut stream);
    let mut asker = server.connect();
    asker.begin("POST", "/ask/a?wait=40&event=confirm", &[], b"sure?");
    let block = sse::event(&mut stream);
    assert!(block.is_notice("ask"), "{block:?}");
    let question = block.json();
    assert_eq!((&question["event"], &question["data"]), (&json!("confirm"), &json!("sure?")));
    answer(&server, &question, "", "yes").expect(200);
    let end = sse::event(&mut stream);
    assert!(end.is_notice("withdrawn"), "{end:?}");
    assert_eq!(end.json()["ask"], question["ask"]);
    assert_eq!(end.json()["reason"], "answered");
    asker.response().expect(200);
}

#[test]
fn a_websocket_asks_answers_and_withdraws() {
    let server = Server::start(&[]);
    let (mut asker, _) = Ws::open(&server, "/channels/other");
    let (mut answerer, welcome) = Ws::open(&server, "/channels/a");
    asker.send(json!({"type": "ask", "channel": "a", "data": {"sure": null}, "ref": 1}));
    let asked = asker.json();
    assert_eq!(
        (&asked["type"], &asked["ref"], &asked["subscribers"]),
        (&json!("asked"), &json!(1), &json!(1))
    );
    let question = answerer.envelope();
    assert_eq!(question["data"], json!({"sure": null}));
    let ask = question["ask"].clone();
    answerer.send(json!({"type": "answer", "ask": ask, "status": 201, "data": [true], "ref": "r"}));
    let (mut reply, mut notice) = (answerer.json(), answerer.json());
    if reply["type"] == "notice" {
        core::mem::swap(&mut reply, &mut notice);
    }
    assert!(reply["id"].is_string() && reply["ref"] == "r", "{reply}");
    assert_eq!((&notice["notice"], &notice["reason"]), (&json!("withdrawn"), &json!("answered")));
    assert_eq!(
        asker.json(),
        json!({
            "type": "reply", "ref": 1, "ask": asked["ask"], "state": "answered", "status": 201,
            "subscribers": 1, "data": [true], "answered_by": welcome["client"]
        })
    );
    let late = answerer.ask(json!({"type": "answer", "ask": ask, "data": 0, "ref": 2}));
    problem_detail(&late["error"], 409);

    asker.send(json!({"type": "ask", "channel": "a", "data": "2", "wait": 0, "ref": 3}));
    let asked = asker.json();
    assert_eq!(asker.json()["state"], "pending");
    let pending = asker.ask(json!({"type": "ask", "ask": asked["ask"], "wait": 0, "ref": 4}));
    assert_eq!((&pending["state"], &pending["status"]), (&json!("pending"), &json!(202)));
    asker.send(json!({"type": "ask", "ask": asked["ask"], "wait": 40, "ref": 5}));
    asker.send(json!({"type": "withdraw", "ask": asked["ask"], "ref": 6}));
    let (withdrawn, other) = (asker.json(), asker.json());
    let [over, done] = if withdrawn["ref"] == 5 { [withdrawn, other] } else { [other, withdrawn] };
    assert_eq!((&over["state"], &over["status"]), (&json!("withdrawn"), &json!(410)));
    assert!(done["id"].is_string(), "{done}");
}

#[test]
fn a_malformed_command_is_refused_and_the_connection_stays() {
    let server = Server::start(&[]);
    let (mut ws, _) = Ws::open(&server, "/channels/a");
    for (command, status) in [
        (json!({"type": "ask", "data": 1}), 400),
        (json!({"type": "ask", "channel": "a"}), 400),
        (json!({"type": "ask", "channel": "a", "data": 1, "wait": -1}), 400),
        (json!({"type": "ask", "ask": "AAAAAAAAAAAAAAAAAAAAAA"}), 404),
        (json!({"type": "answer", "data": 1}), 400),
        (json!({"type": "answer", "ask": "AAAAAAAAAAAAAAAAAAAAAA", "data": 1}), 404),
        (json!({"type": "answer", "ask": "x", "data": 1}), 404),
        (json!({"type": "answer", "ask": "AAAAAAAAAAAAAAAAAAAAAA", "status": 204, "data": 1}), 400),
        (json!({"type": "answer", "ask": "AAAAAAAAAAAAAAAAAAAAAA", "status": 304}), 400),
        (json!({"type": "withdraw"}), 400),
        (json!({"type": "withdraw", "ask": "AAAAAAAAAAAAAAAAAAAAAA"}), 404),
    ] {
        let mut with_ref = command.clone();
        with_ref["ref"] = json!(7);
        let reply = ws.ask(with_ref);
        problem_detail(&reply["error"], status);
    }
}

#[test]
fn an_asker_that_hangs_up_frees_its_place_and_the_question_lives_on() {
    let server = Server::start(&[]);
    let (asker, question) = ask_and_hear(&server, "/ask/a?wait=40", "q");
    server.await_figure("held_asks", |held| held == 1);
    drop(asker);
    server.await_figure("held_asks", |held| held == 0);
    let (mut ws, _) = Ws::open(&server, "/channels/a");
    ws.send(json!({"type": "ask", "channel": "a", "data": 1, "wait": 40, "ref": 1}));
    server.await_figure("held_asks", |held| held == 1);
    ws.cut();
    server.await_figure("held_asks", |held| held == 0);
    answer(&server, &question, "", "x").expect(200);
    assert_eq!(server.figure("asks"), 1);
}

#[test]
fn over_the_limit_of_open_questions_is_503() {
    let server = Server::start(&["--max-asks", "1"]);
    let location = ask_unheld(&server, "/ask/a?wait=0");
    let refused = server.connect().ask("POST", "/ask/a?wait=0", &[], b"q");
    assert!(refused.field("Retry-After").is_some());
    assert!(refused.problem(503).contains("--max-asks"));
    server.connect().ask("DELETE", &location, &[], b"").expect(204);
    ask_unheld(&server, "/ask/a?wait=0");
}

#[test]
fn no_room_to_be_held_is_pending_at_once() {
    let server = Server::start(&["--max-parked", "1"]);
    let _poll = {
        let mut poll = server.connect();
        poll.begin("GET", "/channels/b?wait=40", &[], b"");
        poll
    };
    server.await_figure("parked", |parked| parked == 1);
    ask_unheld(&server, "/ask/a?wait=40");
}

#[test]
fn a_foreign_page_neither_asks_nor_answers_nor_withdraws() {
    let server = Server::start(&["--allow-origin", "https://friend.example"]);
    let (mut asker, question) = ask_and_hear(&server, "/ask/a?wait=40", "q");
    let path = format!("/asks/{}", question["ask"].as_str().expect("an id"));
    let foreign = [("Origin", "https://evil.example")];
    server.connect().ask("POST", "/ask/a?wait=0", &foreign, b"q").problem(403);
    server.connect().ask("POST", &path, &foreign, b"x").problem(403);
    server.connect().ask("DELETE", &path, &foreign, b"").problem(403);
    let friend = [("Origin", "https://friend.example")];
    let answered = server.connect().ask("POST", &path, &friend, b"yes").expect(200);
    assert_eq!(answered.field("Access-Control-Allow-Origin"), Some("https://friend.example"));
    assert_eq!(asker.response().expect(200).text(), "yes");
}

#[test]
fn a_draining_server_lets_askers_go_on_elsewhere() {
    let server = Server::start(&[]);
    let (mut asker, _) = ask_and_hear(&server, "/ask/a?wait=40", "q");
    server.await_figure("held_asks", |held| held == 1);
    server.signal("TERM");
    let pending = asker.response().expect(202);
    assert_eq!(pending.field("Connection"), Some("close"));
    assert!(pending.field("Location").is_some());
}

#[test]
fn raw_websockets_get_the_question_as_a_payload_and_nothing_of_its_end() {
    let server = Server::start(&[]);
    let mut raw = Ws::connect(&server, "/channels/a", &["holdline.raw"]);
    server.await_figure("subscribers", |subscribers| subscribers == 1);
    let (mut asker, question) = ask_and_hear(&server, "/ask/a?wait=40", "sure?");
    answer(&server, &question, "", "yes").expect(200);
    asker.response().expect(200);
    server.publish("a", "next");
    assert_eq!(raw.message().into_text().expect("text").as_str(), "sure?");
    assert_eq!(raw.message().into_text().expect("text").as_str(), "next");
}
