//! One connection as HTTP/1.x sees it: keep-alive, pipelining, HEAD, Expect, chunked bodies, HTTP/1.0, targets, Host.

use crate::support::client::Fields;
use crate::support::process::Server;
use crate::support::until;
use crate::support::websocket::Ws;
use serde_json::json;

#[test]
fn a_connection_serves_many_requests() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for n in 0..20 {
        client.publish("a", format!("{n}"));
        assert_eq!(client.get("/livez").status(), 200);
    }
    assert_eq!(client.json("/channels/a?since=start")["messages"].as_array().map(Vec::len), Some(20));
    let bye = client.ask("GET", "/livez", &[("Connection", "close")], b"").expect(200);
    assert!(bye.head.lists("Connection", "close"), "{:?}", bye.head);
    assert!(client.is_ended());
}

#[test]
fn every_answer_is_dated() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for target in ["/livez", "/nothing/here", "/channels/a", "/channels/%ff"] {
        let answer = client.get(target);
        let date = answer.field("Date").unwrap_or_else(|| panic!("no Date: {:?}", answer.head));
        assert!(httpdate::parse_http_date(date).is_ok() && date.ends_with(" GMT"), "{date}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let mut burst = Vec::new();
    for n in 0..100 {
        let body = format!("{n}");
        burst.extend(client.request("POST", "/channels/a", &[], body.as_bytes()));
        burst.extend(client.request("GET", "/channels/a?last=1", &[], b""));
    }
    client.send(burst);
    for n in 0..100 {
        let id = client.response().expect(200).json()["id"].clone();
        let batch = client.response().expect(200).json();
        assert_eq!(batch["messages"][0]["id"], id);
        assert_eq!(batch["messages"][0]["data"], n.to_string());
    }
}

#[test]
fn requests_may_come_byte_by_byte() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for byte in client.request("POST", "/channels/a?event=e", &[("X-A", "b, c")], b"whole") {
        client.send([byte]);
    }
    client.response().expect(200);
    let message = client.json("/channels/a?last=1")["messages"][0].clone();
    assert_eq!((&message["data"], &message["event"]), (&json!("whole"), &json!("e")));
}

#[test]
fn a_held_poll_holds_back_the_requests_behind_it() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let cursor = client.cursor("a");
    let mut burst = client.request("GET", &format!("/channels/a?since={cursor}&wait=40"), &[], b"");
    for _ in 0..1000 {
        burst.extend(client.request("GET", "/livez", &[], b""));
    }
    client.send(burst);
    server.await_figure("parked", |parked| parked == 1);
    let id = server.publish("a", "go");
    assert_eq!(client.response().expect(200).json()["messages"][0]["id"], id.as_str());
    for _ in 0..1000 {
        client.response().expect(200);
    }
}

#[test]
fn who_hangs_up_during_a_held_poll_is_noticed() {
    let server = Server::start(&[]);
    for behind in [false, true] {
        let mut client = server.connect();
        client.begin("GET", "/channels/a?wait=40", &[], b"");
        if behind {
            client.begin("GET", "/livez", &[], b"");
        }
        server.await_figure("parked", |parked| parked == 1);
        client.socket.reset();
        server.await_figure("parked", |parked| parked == 0);
        server.await_figure("readers", |readers| readers == 0);
    }
}

#[test]
fn who_closes_half_behind_its_requests_gets_all_answers() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let mut burst = Vec::new();
    for n in 0..500 {
        burst.extend(client.request("POST", "/channels/a", &[], format!("{n}").as_bytes()));
        burst.extend(client.request("GET", "/livez", &[], b""));
    }
    client.send(burst);
    client.socket.finish();
    for _ in 0..1000 {
        client.response().expect(200);
    }
    assert!(client.is_ended());
    assert_eq!(server.connect().json("/channels/a?last=1")["messages"][0]["data"], "499");
}

#[test]
fn who_closes_half_during_a_held_poll_is_noticed() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.begin("GET", "/livez", &[], b"");
    client.begin("GET", "/channels/a?wait=40", &[], b"");
    client.begin("POST", "/channels/a", &[], b"behind");
    server.await_figure("parked", |parked| parked == 1);
    client.socket.finish();
    server.await_figure("parked", |parked| parked == 0);
    client.response().expect(200);
    assert!(client.is_ended());
    assert_eq!(server.connect().json("/channels/a?since=start")["messages"], json!([]));
}

#[test]
fn head_has_the_fields_of_get_and_no_body() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.publish("a", "x");
    for target in
        ["/livez", "/channels/a?since=start", "/channels/a?wait=40", "/nothing", "/channels/a?limit=x"]
    {
        let head = client.ask("HEAD", target, &[], b"");
        let get = client.get(target.trim_end_matches("?wait=40"));
        assert_eq!(head.status(), get.status(), "{target}");
        assert_eq!(head.head.media_type(), get.head.media_type(), "{target}");
    }
    for accept in ["text/event-stream", "application/x-ndjson"] {
        let head = client.ask("HEAD", "/channels/a", &[("Accept", accept)], b"").expect(200);
        assert_eq!(head.head.media_type(), accept);
    }
    client.get("/livez").expect(200);
}

#[test]
fn expect_100_continue_is_honoured_after_the_checks() {
    let server = Server::start(&["--max-message", "1K"]);
    let mut client = server.connect();
    let length = [("Expect", "100-Continue"), ("Content-Length", "2")];
    client.begin("POST", "/channels/a", &length, b"");
    assert_eq!(client.head().status, 100);
    client.send("hi");
    client.response().expect(200);

    let refused: [(&str, &str, Fields, u16); 4] = [
        ("too long", "/channels/a", &[("Content-Length", "1025")], 413),
        ("a foreign page", "/channels/a", &[("Content-Length", "2"), ("Origin", "http://evil.example")], 403),
        ("no channel name", "/channels/a%20b", &[("Content-Length", "2")], 400),
        ("nothing there", "/nothing", &[("Content-Length", "2")], 404),
    ];
    for (what, target, fields, status) in refused {
        let mut client = server.connect();
        client.begin("POST", target, &[fields, &[("Expect", "100-continue")]].concat(), b"");
        assert_eq!(client.response().status(), status, "{what}: refused without 100");
    }

    let mut eager = server.connect();
    eager.begin("POST", "/channels/a", &[("Expect", "100-continue")], b"at once");
    let first = eager.response();
    let answer = if first.status() == 100 { eager.response() } else { first };
    answer.expect(200);

    let mut old = server.connect();
    old.send("POST /channels/a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
    old.response().expect(200);
}

#[test]
fn chunked_bodies_with_extensions_and_trailers_are_read() {
    let server = Server::start(&[]);
    let bodies = [
        "5\r\nhello\r\n0\r\n\r\n",
        "1\r\nh\r\n004\r\nello\r\n0\r\n\r\n",
        "5;name=value;flag\r\nhello\r\n0;x=\"y;z\"\r\n\r\n",
        "5\r\nhello\r\n0\r\nX-Checksum: 1\r\nX-Other: 2\r\n\r\n",
    ];
    for body in bodies {
        let mut client = server.connect();
        let request =
            client.request("POST", "/channels/a", &[("Transfer-Encoding", "chunked")], body.as_bytes());
        let next = client.request("GET", "/channels/a?last=1", &[], b"");
        client.send([&request[..], &next].concat());
        client.response().expect(200);
        assert_eq!(client.response().json()["messages"][0]["data"], "hello", "{body:?}");
        for byte in request {
            client.send([byte]);
        }
        client.response().expect(200);
    }
}

#[test]
fn a_chunked_body_is_bounded_like_any_other() {
    let server = Server::start(&["--max-message", "1K"]);
    let mut client = server.connect();
    client.begin("POST", "/channels/a", &[("Transfer-Encoding", "chunked")], b"");
    for _ in 0..5 {
        let chunk = format!("100\r\n{}\r\n", "x".repeat(256));
        if client.try_send(chunk).is_err() {
            break;
        }
    }
    client.response().problem(413);
}

#[test]
fn http_1_0_closes_unless_asked_to_stay() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.send("GET /livez HTTP/1.0\r\n\r\n");
    client.response().expect(200);
    assert!(client.is_ended());

    let mut client = server.connect();
    for _ in 0..2 {
        client.send("GET /channels/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        let answer = client.response().expect(200);
        assert!(answer.head.lists("Connection", "keep-alive"), "{:?}", answer.head);
    }
}

#[test]
fn absolute_targets_name_the_host() {
    let server = Server::start(&[]);
    let port = server.address().port();
    let cases = [
        (format!("http://localhost:{port}/livez"), "localhost", 200),
        (format!("HTTP://LOCALHOST:{port}/livez"), "localhost", 200),
        (format!("http://127.0.0.1:{port}"), "localhost", 200),
        ("http://localhost/livez".into(), "evil.example", 200),
        ("http://evil.example/channels/a".into(), "localhost", 421),
        ("ftp://localhost/livez".into(), "localhost", 400),
        ("http:///livez".into(), "localhost", 400),
    ];
    for (target, host, status) in cases {
        let answer = server.connect().ask("GET", &target, &[("Host", host)], b"");
        assert_eq!(answer.status(), status, "{target} for {host}");
    }
}

#[test]
fn what_is_not_there_is_404_and_what_cannot_be_done_is_405() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for target in ["/nothing", "/channel/a", "/livez/x", "/publish/x"] {
        client.get(target).problem(404);
    }
    let cases = [
        ("PUT", "/channels/a", &["GET", "HEAD", "POST", "DELETE"][..]),
        ("BREW", "/channels/a", &["GET"]),
        ("POST", "/livez", &["GET", "HEAD"]),
        ("GET", "/publish", &["POST"]),
        ("POST", "/stats", &["GET"]),
    ];
    for (method, target, allowed) in cases {
        let answer = client.ask(method, target, &[], b"");
        allowed.iter().for_each(|m| assert!(answer.head.lists("Allow", m), "{m}: {:?}", answer.head));
        answer.problem(405);
    }
}

#[test]
fn one_empty_line_before_a_request_is_forgiven() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for _ in 0..2 {
        client.send("\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.response().expect(200);
    }
}

#[test]
fn slow_peers_are_told_408_and_silent_ones_nothing() {
    let server = Server::start(&[
        "--header-timeout",
        "300ms",
        "--body-timeout",
        "300ms",
        "--idle-timeout",
        "300ms",
        // No other deadline may do their work.
        "--write-timeout",
        "10m",
    ]);
    let halves = [
        "G",
        "GET /livez HTTP/1.1\r\nHost: localho",
        "POST /channels/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhal",
    ];
    for half in halves {
        let mut client = server.connect();
        client.send(half);
        client.response().problem(408);
        assert!(client.is_ended(), "{half:?}");
    }
    assert!(server.connect().is_ended(), "a connection that sent nothing is closed silently");
    let mut between = server.connect();
    between.get("/livez").expect(200);
    assert!(between.is_ended(), "a connection between requests is closed silently");
}

#[test]
fn operators_are_answered() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for target in ["/livez", "/healthz", "/health", "/readyz"] {
        client.get(target).expect(200);
    }
    let page = client.get("/").expect(200);
    assert_eq!(page.head.media_type(), "text/html");
    let policy = page.field("Content-Security-Policy").unwrap_or("");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    for outside in ["src=\"http", "src=\"//", "href=\"http", "@import"] {
        assert!(!page.text().contains(outside), "the page needs nothing from outside: {outside}");
    }
    let stats = client.json("/stats");
    for figure in ["connections", "subscribers", "channels", "timers", "encoded", "parked", "readers"] {
        assert!(stats[figure].is_u64(), "{figure}: {stats}");
    }
    assert!(stats["loop_us"]["max"].as_u64().is_some_and(|us| us > 0), "the loop is timed: {stats}");
}

#[test]
fn the_end_of_what_stays_open_is_logged_with_its_path() {
    let server = Server::start(&["--echo"]);
    drop(Ws::connect(&server, "/echo", &[]));
    drop(Ws::open(&server, "/channels/a/b"));
    drop(server.connect().stream("/channels?channel=a&channel=b%2Bc&transport=sse", &[]));
    let ends = [
        ("GET /echo 101 ", "websocket ended"),
        ("GET /channels/a/b 101 ", "websocket ended"),
        ("GET /channels?channel=a&channel=b%2Bc 200 ", "sse ended"),
    ];
    for (path, end) in ends {
        let is_there = |log: String| log.lines().any(|line| line.contains(path) && line.ends_with(end));
        until(path, || is_there(server.log()));
    }
}

#[test]
fn requests_are_logged_without_tokens() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.get("/channels/logged?token=very-secret&since=now").expect(200);
    until("the access line", || server.log().contains("/channels/logged"));
    assert!(!server.log().contains("very-secret"), "{}", server.log());
}
