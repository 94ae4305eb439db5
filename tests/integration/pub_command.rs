//! `holdline pub`, run as a user would.

use crate::support::canned::{Act, Canned, answer};
use crate::support::command::{Running, client, client_fed};
use crate::support::id;
use crate::support::process::Server;
use crate::support::relay::Relay;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The envelopes that are retained in `a`.
fn retained(server: &Server) -> Vec<Value> {
    let batch = server.connect().json("/channels/a?since=start");
    batch["messages"].as_array().expect("a batch has messages").clone()
}

fn data(server: &Server) -> Vec<Value> {
    retained(server).iter().map(|message| message["data"].clone()).collect()
}

fn published() -> Act {
    answer("200 OK", &["Content-Type: application/json"], r#"{"id":"7-0","channel":"a","subscribers":0}"#)
}

#[test]
fn a_message_is_published_and_its_id_printed() {
    let server = Server::start(&[]);
    let cases: [(&[&str], &[u8], Value); 5] = [
        (&["pub", "a", "hello"], b"", json!("hello")),
        (&["pub", "a", "-"], b"two\nlines\n", json!("two\nlines\n")),
        (&["pub", "a", "-5"], b"", json!("-5")),
        (&["pub", "--json", "a", r#"{"n": 1}"#], b"", json!({"n": 1})),
        (&["pub", "a", "", "--event", "e"], b"", json!("")),
    ];
    for (arguments, stdin, data) in cases {
        let ended = client_fed(&server.origin(), arguments, stdin).expect(0);
        let newest = retained(&server).pop().expect("it is there");
        assert_eq!(ended.text().trim_end(), newest["id"], "{arguments:?}");
        assert_eq!(newest["data"], data, "{arguments:?}");
        assert_eq!(ended.stderr, "");
    }
    let ended = client(&server.origin(), &["pub", "-q", "a", "x"]).expect(0);
    assert_eq!(ended.text(), "");
}

#[test]
fn its_options_reach_the_server() {
    let server = Server::start(&[]);
    let url = format!("{}/", server.origin());
    client(&url, &["pub", "a", "old", "--key", "k"]).expect(0);
    let new =
        ["pub", "a", "<p>", "--key", "k", "--ttl", "1h", "--content-type", "text/html", "--event", "page"];
    client(&url, &new).expect(0);
    client(&url, &["pub", "a", "gone", "--no-retain"]).expect(0);
    client_fed(&url, &["pub", "a", "-"], b"\xff\0").expect(0);
    let retained = retained(&server);
    assert_eq!(retained.len(), 2, "{retained:?}");
    assert_eq!((&retained[0]["data"], &retained[0]["event"]), (&json!("<p>"), &json!("page")));
    assert_eq!(retained[0]["content_type"], "text/html");
    assert_eq!((&retained[1]["data_base64"], &retained[1]["data"]), (&json!("/wA="), &Value::Null));
}

#[test]
fn what_goes_wrong_is_a_sentence_and_a_code() {
    let server = Server::start(&["--max-message", "1K"]);
    let large = "x".repeat(1025);
    let cases: [(&[&str], i32, &str); 10] = [
        (&["pub", "a", "{bad", "--json"], 1, "400"),
        (&["pub", "a b", "x"], 1, "400"),
        (&["pub", "a", &large], 1, "413"),
        (&["pub", "a", "x", "--event", "error"], 1, "event"),
        (&["pub", "a"], 2, "DATA"),
        (&["pub"], 2, "CHANNEL"),
        (&["pub", "", "x"], 2, "CHANNEL"),
        (&["pub", "a", "x", "--key", "k", "--no-retain"], 2, "--key"),
        (&["pub", "a", "x", "--ttl", "1500ms"], 2, "--ttl"),
        (&["pub", "a", "x", "--url", "push.example"], 2, "--url"),
    ];
    for (arguments, code, named) in cases {
        let ended = client(&server.origin(), arguments).expect(code);
        assert!(
            ended.stderr.starts_with("holdline: ") && ended.stderr.contains(named),
            "{arguments:?}: {ended:?}"
        );
        assert_eq!(ended.text(), "", "{arguments:?}");
    }
    assert_eq!(data(&server), Vec::<Value>::new());
    let nobody = "http://127.0.0.1:1";
    client(nobody, &["pub", "a", "x", "--timeout", "300ms"]).expect(3);
}

#[test]
fn a_busy_server_is_tried_again_when_it_says() {
    let busy = |wait| answer("503 Service Unavailable", &[wait], r#"{"title":"Busy","detail":"later"}"#);
    let server = Canned::new([busy("Retry-After: 1"), published()]);
    let began = Instant::now();
    let ended = client(&server.url(), &["pub", "a", "x"]).expect(0);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(ended.text(), "7-0\n");
    assert!(ended.stderr.contains("later; trying again"), "{ended:?}");
    let (first, second) = (server.asked(), server.asked());
    assert_eq!((&*first.line, &*second.line), ("POST /channels/a", "POST /channels/a"));
    assert!(first.field("idempotency-key").is_some_and(|key| key.len() >= 22));
    assert_eq!(first.field("idempotency-key"), second.field("idempotency-key"));

    // One that asks for more time than there is.
    let server = Canned::new([busy("Retry-After: 30"), published()]);
    client(&server.url(), &["pub", "a", "x"]).expect(3);
    server.asked();
    assert!(server.is_unasked());
}

#[test]
fn an_answer_that_was_lost_does_not_publish_twice() {
    let server = Server::start(&[]);
    let relay = Relay::to(server.address());
    relay.cut_after(vec![1, 40]);
    let ended = client(&relay.url(), &["pub", "a", "once"]).expect(0);
    assert_eq!(relay.cuts_left(), 0);
    assert_eq!(retained(&server).len(), 1);
    assert_eq!(ended.text().trim_end(), retained(&server)[0]["id"]);
}

#[test]
fn a_token_goes_into_its_header_and_nowhere_else() {
    let server = Canned::new([published(), answer("401 Unauthorized", &[], ""), published()]);
    let ended = client(&server.url(), &["pub", "a", "x", "--token", "secret-1"]).expect(0);
    let asked = server.asked();
    assert_eq!(asked.field("authorization"), Some("Bearer secret-1"));
    assert!(!asked.line.contains("secret") && !ended.stderr.contains("secret"));
    let ended = client(&server.url(), &["pub", "a", "x", "--token", "secret-2"]).expect(1);
    assert!(!ended.stderr.contains("secret"), "{ended:?}");
    let file = std::env::temp_dir().join(format!("holdline-token-{}", std::process::id()));
    std::fs::write(&file, "secret-3\n").expect("a directory for such files");
    client(&server.url(), &["pub", "a", "x", "--token", &format!("@{}", file.display())]).expect(0);
    std::fs::remove_file(&file).expect("it is ours");
    server.asked();
    assert_eq!(server.asked().field("authorization"), Some("Bearer secret-3"));
    for bad in ["secret\n4", "@/nonexistent/token"] {
        let ended = client(&server.url(), &["pub", "a", "x", "--token", bad]).expect(2);
        assert!(ended.stderr.contains("--token") && !ended.stderr.contains("secret"), "{ended:?}");
    }
}

#[test]
fn a_redirect_is_not_followed_but_told() {
    let server = Canned::new([answer("301 Moved Permanently", &["Location: https://push.example/"], "")]);
    let ended = client(&server.url(), &["pub", "a", "x", "--token", "t"]).expect(1);
    assert!(ended.stderr.contains("https://push.example/"), "{ended:?}");
}

#[test]
fn each_line_of_a_slow_pipe_is_published_as_it_comes() {
    let server = Server::start(&[]);
    let mut running = Running::start(&server.origin(), &["pub", "--lines", "a", "--event", "line"]);
    for line in ["one", "", "three \"3\""] {
        running.feed(format!("{line}\n").as_bytes());
        let id = running.line();
        let newest = retained(&server).pop().expect("it is there");
        assert_eq!((newest["id"].as_str(), newest["data"].as_str()), (Some(&*id), Some(line)));
        assert_eq!(newest["event"], "line");
    }
    running.feed(b"no line end");
    let ended = running.end().expect(0);
    assert_eq!(retained(&server).last().map(|last| last["id"].clone()), Some(json!(ended.text().trim_end())));
}

#[test]
fn many_lines_leave_in_few_requests_and_in_order() {
    let server = Server::start(&["--retain-messages", "30000"]);
    let lines: String = (0..20_000).map(|n| format!("line {n}\r\n")).collect();
    let ended = client_fed(&server.origin(), &["pub", "--lines", "a"], lines.as_bytes()).expect(0);
    let ids: Vec<(u64, u64)> = ended.text().lines().map(id).collect();
    assert_eq!(ids.len(), 20_000);
    assert!(ids.is_sorted());
    let requests = server.log().matches("POST /publish").count();
    assert!((1..200).contains(&requests), "{requests} requests");
    let last = server.connect().json("/channels/a?last=1");
    assert_eq!(last["messages"][0]["data"], "line 19999");
}

#[test]
fn a_wrong_line_is_named_and_the_rest_is_not_published() {
    let server = Server::start(&[]);
    let mut running = Running::start(&server.origin(), &["pub", "--lines", "--json", "a"]);
    running.feed(b"1\n\n");
    running.line();
    running.feed(b"{\"n\":2}\n");
    running.line();
    running.feed(b"{oops\n3\n");
    let ended = running.end().expect(1);
    assert!(ended.stderr.contains("line 4") && ended.stderr.contains("2 messages"), "{ended:?}");
    assert_eq!(data(&server), [json!(1), json!({"n": 2})]);
    client_fed(&server.origin(), &["pub", "--lines", "a", "-q"], b"\xff\n").expect(0);
    assert_eq!(retained(&server)[2]["data_base64"], "/w==");
    client_fed(&server.origin(), &["pub", "--lines", "a b"], b"x\n").expect(1);
    client(&server.origin(), &["pub", "--lines", "a"]).expect(0);
    client(&server.origin(), &["pub", "--lines", "a", "data"]).expect(2);
}
