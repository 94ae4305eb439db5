//! `holdline ask`, run as a user would: towards servers that do what the test says, and towards the real one.

use crate::support::canned::{Act, Canned, answer};
use crate::support::command::{Running, client, client_fed};
use crate::support::process::Server;
use crate::support::relay::Relay;
use serde_json::{Value, json};

const PENDING: [&str; 3] = ["Holdline-Ask: pending", "Location: /asks/ASKER", "Holdline-Subscribers: 2"];

fn pending() -> Act {
    answer("202 Accepted", &PENDING, "")
}

fn answered(status: &str, body: &str) -> Act {
    answer(status, &["Holdline-Ask: answered", "Content-Type: text/plain"], body)
}

#[test]
fn the_answer_is_printed_and_its_status_is_the_exit_code() {
    for (status, code) in [
        ("200 OK", 0),
        ("204 No Content", 0),
        ("299 So", 0),
        ("403 Forbidden", 4),
        ("503 Busy", 4),
        ("504 Late", 4),
    ] {
        let body = if code == 0 && status.starts_with("204") { "" } else { "the\nanswer" };
        let server = Canned::new([pending(), answered(status, body)]);
        let ended = client(&server.url(), &["ask", "door/front", "who?", "--event", "e", "--ttl", "90s"])
            .expect(code);
        assert_eq!(ended.text(), body, "{status}");
        let asked = server.asked();
        assert_eq!(asked.line, "POST /ask/door/front?event=e&ttl=90&wait=0");
        assert_eq!((&*asked.body, asked.field("content-type")), (&b"who?"[..], Some("text/plain")));
        assert!(asked.field("idempotency-key").is_some());
        assert_eq!(server.asked().line, "GET /asks/ASKER?wait=30");
        assert!(server.is_unasked(), "an answered question is not withdrawn");
    }
}

#[test]
fn the_same_question_is_taken_up_until_it_is_over() {
    let busy = answer("503 Service Unavailable", &["Retry-After: 0"], "");
    let server = Canned::new([
        busy,
        pending(),
        pending(),
        Act::Say(String::new()),
        pending(),
        answered("200 OK", "!"),
    ]);
    let ended = client_fed(&server.url(), &["ask", "a", "-", "--json", "--wait", "7s"], b"{}").expect(0);
    assert_eq!(ended.text(), "!");
    let (first, second) = (server.asked(), server.asked());
    assert_eq!(first.line, "POST /ask/a?ttl=120&wait=0");
    assert_eq!(first.field("idempotency-key"), second.field("idempotency-key"));
    assert_eq!((&*second.body, second.field("content-type")), (&b"{}"[..], Some("application/json")));
    for _ in 0..4 {
        assert_eq!(server.asked().line, "GET /asks/ASKER?wait=7");
    }
}

#[test]
fn what_goes_wrong_is_a_sentence_and_a_code() {
    let over = |status: &str, how: &str| answer(status, &[&format!("Holdline-Ask: {how}")], "");
    let cases = [
        (vec![pending(), over("504 Gateway Timeout", "expired")], 5, "expired"),
        (vec![pending(), over("410 Gone", "withdrawn")], 5, "withdrawn"),
        (vec![answer("403 Forbidden", &[], r#"{"title":"Forbidden","detail":"not you"}"#)], 1, "not you"),
        (vec![pending(), answer("404 Not Found", &[], "")], 5, "forgotten"),
        (vec![answer("404 Not Found", &[], "")], 1, "404"),
    ];
    for (acts, code, named) in cases {
        let server = Canned::new(acts);
        let ended = client(&server.url(), &["ask", "a", "who?"]).expect(code);
        assert!(ended.stderr.starts_with("holdline: ") && ended.stderr.contains(named), "{ended:?}");
        assert_eq!(ended.text(), "");
    }
    for (arguments, named) in [
        (&["ask", "a"][..], "DATA"),
        (&["ask", "", "x"], "CHANNEL"),
        (&["ask", "a", "x", "--wait", "0"], "--wait"),
        (&["ask", "a", "x", "--json", "--content-type", "a/b"], "--json"),
    ] {
        let ended = client("http://127.0.0.1:1", arguments).expect(2);
        assert!(ended.stderr.contains(named), "{arguments:?}: {ended:?}");
    }
    client("http://127.0.0.1:1", &["ask", "a", "x", "--timeout", "300ms"]).expect(3);
}

#[test]
fn a_question_that_nobody_answers_in_time_is_withdrawn() {
    let server = Canned::doing(|asked| match asked.line.split_once(' ') {
        Some(("DELETE", _)) => answer("204 No Content", &[], ""),
        _ => pending(),
    });
    let ended = client(&server.url(), &["ask", "a", "who?", "--timeout", "2s"]).expect(5);
    assert!(ended.stderr.contains("nobody answered in time; listening: 2"), "{ended:?}");
    let mut lines: Vec<String> =
        std::iter::from_fn(|| server.asked_already().map(|asked| asked.line)).collect();
    assert_eq!(lines.pop().as_deref(), Some("DELETE /asks/ASKER"));
    assert_eq!(lines.remove(0), "POST /ask/a?ttl=2&wait=0");
    // This server answers at once instead of holding the request, and is not asked in a flood.
    assert!((1..=9).contains(&lines.len()), "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with("GET /asks/ASKER?wait=")), "{lines:?}");
}

#[test]
fn an_answer_that_comes_as_the_time_is_up_counts() {
    let mut withdrawn = false;
    let server = Canned::doing(move |asked| match asked.line.split_once(' ') {
        Some(("DELETE", _)) => {
            withdrawn = true;
            answer("409 Conflict", &[], "")
        }
        _ if withdrawn => answered("200 OK", "late"),
        _ => pending(),
    });
    let ended = client(&server.url(), &["ask", "a", "who?", "--timeout", "2s"]).expect(0);
    assert_eq!(ended.text(), "late");
}

#[test]
fn an_interrupted_question_is_withdrawn() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let server = Canned::new([pending(), Act::Hold, answer("204 No Content", &[], "")]);
        let running = Running::start(&server.url(), &["ask", "a", "who?"]);
        server.asked();
        assert_eq!(server.asked().line, "GET /asks/ASKER?wait=30");
        running.signal(signal);
        assert_eq!(server.asked().line, "DELETE /asks/ASKER");
        let ended = running.end().expect(code);
        assert_eq!(ended.text(), "");
    }
}

/// Somebody who listens to `a`.
fn listener(server: &Server) -> Running {
    let running = Running::start(&server.origin(), &["sub", "a"]);
    server.await_figure("subscribers", |subscribers| subscribers == 1);
    running
}

fn envelope(running: &mut Running) -> Value {
    serde_json::from_str(&running.line()).expect("a line of JSON")
}

/// Answers a question as a page would.
fn reply(server: &Server, question: &Value, status: u16, body: &[u8]) {
    let ask = question["ask"].as_str().expect("it is a question");
    server.connect().ask("POST", &format!("/asks/{ask}?status={status}"), &[], body).expect(200);
}

#[test]
fn whoever_listens_can_answer() {
    let server = Server::start(&[]);
    let mut listener = listener(&server);
    for (status, body, code) in [(200, &b"yes \xff"[..], 0), (204, b"", 0), (403, b"no", 4)] {
        let asking = Running::start(&server.origin(), &["ask", "a", "{\"n\": 1}", "--json", "--event", "e"]);
        let question = envelope(&mut listener);
        assert_eq!((&question["data"], &question["event"]), (&json!({"n": 1}), &json!("e")));
        reply(&server, &question, status, body);
        assert_eq!(envelope(&mut listener)["notice"], "withdrawn");
        assert_eq!(asking.end().expect(code).stdout, body);
    }
}

#[test]
fn a_question_outlives_many_holds_and_a_lost_line() {
    let server = Server::start(&[]);
    let relay = Relay::to(server.address());
    let mut listener = listener(&server);
    let asking = Running::start(&relay.url(), &["ask", "a", "who?", "--wait", "1s"]);
    let question = envelope(&mut listener);
    crate::support::until("it was taken up twice", || server.log().matches("GET /asks/").count() >= 2);
    relay.lead_to(None);
    asking.await_said("trying again");
    reply(&server, &question, 200, b"while it was away");
    relay.lead_to(Some(server.address()));
    assert_eq!(asking.end().expect(0).text(), "while it was away");
}

#[test]
fn a_question_that_is_given_up_is_over_for_everyone() {
    let server = Server::start(&[]);
    let ended = client(&server.origin(), &["ask", "a", "who?", "--timeout", "1s", "--ttl", "1m"]).expect(5);
    assert!(ended.stderr.contains("nobody listens"), "{ended:?}");

    let mut listener = listener(&server);
    let asking = Running::start(&server.origin(), &["ask", "a", "who?"]);
    let question = envelope(&mut listener);
    asking.signal("INT");
    asking.end().expect(130);
    let notice = envelope(&mut listener);
    assert_eq!((&notice["notice"], &notice["ask"]), (&json!("withdrawn"), &question["ask"]));

    let asking = Running::start(&server.origin(), &["ask", "a", "who?"]);
    envelope(&mut listener);
    server.connect().ask("DELETE", "/channels/a", &[], b"").expect(204);
    assert!(asking.end().expect(5).stderr.contains("withdrawn"));
}
