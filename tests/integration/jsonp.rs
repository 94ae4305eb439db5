//! JSONP: a batch as the argument of a call.

use crate::support::process::Server;
use crate::support::response::{Response, problem_detail};
use crate::support::script::jsonp_argument;
use serde_json::json;

/// Asks as a script element of the own page would.
fn ask(server: &Server, query: &str) -> Response {
    let referer = format!("{}/page", server.origin());
    server.connect().ask("GET", &format!("/channels/a?{query}"), &[("Referer", &referer)], b"")
}

#[test]
fn a_batch_is_the_argument() {
    let server = Server::start(&[]);
    let id = server.publish("a", "</script>\u{2028}&");
    let answer = ask(&server, "callback=cb&since=start").expect(200);
    assert_eq!(answer.field("Content-Type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(answer.field("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(answer.field("Cache-Control"), Some("no-store"));
    assert_eq!(answer.field("Cross-Origin-Resource-Policy"), Some("cross-origin"));
    let batch = jsonp_argument(answer.text(), "cb");
    assert_eq!(batch["messages"][0]["id"], id.as_str());
    assert_eq!(batch["messages"][0]["data"], "</script>\u{2028}&");
    for member in ["notices", "next", "gap", "more", "client", "session"] {
        assert!(batch.get(member).is_some(), "{member}: {batch}");
    }
}

#[test]
fn it_waits_like_a_long_poll() {
    let server = Server::start(&[]);
    let referer = format!("{}/", server.origin());
    let mut client = server.connect();
    client.begin("GET", "/channels/a?callback=cb&wait=40", &[("Referer", &referer)], b"");
    server.await_figure("parked", |parked| parked == 1);
    let id = server.publish("a", "go");
    let batch = jsonp_argument(client.response().expect(200).text(), "cb");
    assert_eq!(batch["messages"][0]["id"], id.as_str());
    let empty = jsonp_argument(ask(&server, "callback=cb&wait=1").expect(200).text(), "cb");
    assert_eq!(empty["messages"], json!([]));
}

#[test]
fn callbacks_are_names_and_nothing_else() {
    let server = Server::start(&[]);
    let longest = "x".repeat(128);
    for name in ["cb", "$", "_a1", "a.b.c", "jQuery123.cb_4", "a.a.a.a.a.a.a.a", &longest] {
        let answer = ask(&server, &format!("callback={name}")).expect(200);
        jsonp_argument(answer.text(), name);
    }
    let too_long = "x".repeat(129);
    for name in [
        "1a",
        "a.",
        ".a",
        "a..b",
        "a-b",
        "alert(1)",
        "a%5B0%5D",
        "a%20b",
        "a%3Cb",
        "%C3%A4",
        "a%0Ab",
        "a.a.a.a.a.a.a.a.a",
        &too_long,
    ] {
        ask(&server, &format!("callback={name}")).problem(400);
    }
}

#[test]
fn errors_are_arguments_too() {
    let server = Server::start(&[]);
    server.connect().ask("DELETE", "/channels/a", &[], b"").expect(204);
    for (query, status) in [("callback=cb&since=x", 400), ("callback=cb&wait=x", 400), ("callback=cb", 410)] {
        let answer = ask(&server, query).expect(200);
        let argument = jsonp_argument(answer.text(), "cb");
        problem_detail(&argument["error"], status);
        assert_eq!(answer.head.media_type(), "text/javascript");
    }
    // Also what is wrong before the parameters are looked at.
    let answer = server.connect().get("/channels/a//b?callback=cb").expect(200);
    problem_detail(&jsonp_argument(answer.text(), "cb")["error"], 400);
}
