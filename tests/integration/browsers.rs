//! What pages may do: Host, Origin, Sec-Fetch-Site, forwarding proxies, CORS, and who may load iframes and scripts.

use crate::support::client::Fields;
use crate::support::process::Server;
use crate::support::response::{Head, problem_detail};
use crate::support::script::jsonp_argument;
use crate::support::wire::HANDSHAKE;
use serde_json::json;

const FOREIGN: &str = "https://evil.example";

/// Nothing was published to `a`.
fn nothing_was_done(server: &Server) {
    assert_eq!(server.connect().json("/channels/a?since=start")["messages"], json!([]));
}

#[test]
fn only_local_names_may_stand_in_host() {
    let server = Server::start(&["--host", "chat.example"]);
    let good = [
        "localhost",
        "LocalHost:1",
        "app.localhost",
        "a.b.localhost:80",
        "127.0.0.1",
        "127.8.9.1:8080",
        "[::1]",
        "[::1]:8080",
        "chat.example",
        "Chat.Example:80",
    ];
    let bad = [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:80",
        "10.0.0.1",
        "0.0.0.0",
        "[::2]",
        "xlocalhost",
        "a.chat.example",
        "chat.example.evil.example",
        "192.168.1.1:8080",
    ];
    for host in good {
        server.connect().ask("GET", "/channels/a", &[("Host", host)], b"").expect(200);
    }
    for host in bad {
        let mut client = server.connect();
        client.ask("GET", "/channels/a", &[("Host", host)], b"").problem(421);
        server.connect().ask("POST", "/channels/a", &[("Host", host)], b"x").problem(421);
        let origin = format!("http://{host}");
        let fields = [&HANDSHAKE[..], &[("Host", host), ("Origin", &origin)]].concat();
        server.connect().ask("GET", "/channels/a", &fields, b"").problem(421);
    }
    nothing_was_done(&server);
}

#[test]
fn a_foreign_page_does_no_deed() {
    let server = Server::start(&[]);
    let other_port = "http://127.0.0.1:1";
    for origin in [FOREIGN, "null", other_port, "http://127.0.0.1", "file://", "not an origin"] {
        for (method, target) in [("POST", "/channels/a"), ("DELETE", "/channels/a"), ("POST", "/publish")] {
            server.connect().ask(method, target, &[("Origin", origin)], b"x").problem(403);
        }
        let handshake = [&HANDSHAKE[..], &[("Origin", origin)]].concat();
        server.connect().ask("GET", "/channels/a", &handshake, b"").problem(403);
    }
    for site in ["cross-site", "same-site"] {
        server.connect().ask("POST", "/channels/a", &[("Sec-Fetch-Site", site)], b"x").problem(403);
        let handshake = [&HANDSHAKE[..], &[("Sec-Fetch-Site", site)]].concat();
        server.connect().ask("GET", "/channels/a", &handshake, b"").problem(403);
    }
    nothing_was_done(&server);
}

#[test]
fn the_own_page_and_programs_do_theirs() {
    let server = Server::start(&[]);
    let own = server.origin();
    let cases = [
        (&[("Origin", &*own)][..], 200),
        (&[("Origin", &own), ("Sec-Fetch-Site", "same-origin")], 200),
        (&[("Sec-Fetch-Site", "same-origin")], 200),
        (&[("Sec-Fetch-Site", "none")], 200),
        (&[], 200),
        (&[("Host", "localhost:80"), ("Origin", "http://localhost")], 200),
        (&[("Host", "localhost"), ("Origin", "http://localhost:80")], 200),
        (&[("Host", "localhost"), ("Origin", "https://localhost")], 200),
        (&[("Host", "localhost:443"), ("Origin", "https://localhost")], 200),
        (&[("Host", "LOCALHOST:9"), ("Origin", "http://localhost:9")], 200),
        (&[("Host", "localhost:8"), ("Origin", "http://localhost:9")], 403),
        (&[("Host", "localhost"), ("Origin", "http://a.localhost")], 403),
    ];
    for (fields, status) in cases {
        let answer = server.connect().ask("POST", "/channels/a", fields, b"x");
        assert_eq!(answer.status(), status, "{fields:?}");
    }
}

#[test]
fn a_proxy_in_front_of_an_unprotected_server_is_told_what_to_do() {
    let fields = [
        ("Forwarded", "for=192.0.2.1"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Real-IP", "192.0.2.1"),
        ("Via", "1.1 proxy"),
    ];
    let server = Server::start(&[]);
    let open = Server::start(&["--open"]);
    for field in fields {
        for target in ["/channels/a", "/stats", "/"] {
            server.connect().ask("GET", target, &[field], b"").problem(403);
        }
        let detail = server.connect().ask("POST", "/channels/a", &[field], b"x").problem(403);
        assert!(detail.contains("--open"), "{detail}");
        open.connect().ask("GET", "/channels/a", &[field], b"").expect(200);
    }
    nothing_was_done(&server);
}

/// The fields that let a page of `origin` read the answer.
fn is_readable(head: &Head, origin: &str, credentials: bool) {
    assert_eq!(head.field("Access-Control-Allow-Origin"), Some(origin), "{head:?}");
    assert!(head.lists("Vary", "Origin"), "{head:?}");
    let allowed = credentials.then_some("true");
    assert_eq!(head.field("Access-Control-Allow-Credentials"), allowed, "{head:?}");
}

fn is_unreadable(head: &Head) {
    assert_eq!(head.field("Access-Control-Allow-Origin"), None, "{head:?}");
    assert_eq!(head.field("Access-Control-Allow-Credentials"), None, "{head:?}");
    assert!(head.lists("Vary", "Origin"), "{head:?}");
}

#[test]
fn cors_fields_stand_on_every_answer_to_an_allowed_origin() {
    let app = "https://app.example";
    let server = Server::start(&["--allow-origin", app]);
    let etag = server.connect().get("/channels/a").field("ETag").expect("an ETag").to_owned();
    server.connect().ask("DELETE", "/channels/closed", &[], b"").expect(204);
    let cases: [(&str, &str, Fields, &[u8], u16); 11] = [
        ("GET", "/channels/a", &[], b"", 200),
        ("GET", "/channels/a", &[("If-None-Match", &etag)], b"", 304),
        ("GET", "/channels/a?since=x", &[], b"", 400),
        ("GET", "/nothing", &[], b"", 404),
        ("PUT", "/channels/a", &[], b"", 405),
        ("GET", "/channels/closed", &[], b"", 410),
        ("GET", "/channels/closed", &[("Accept", "text/event-stream")], b"", 204),
        ("POST", "/channels/a", &[], b"x", 200),
        ("POST", "/channels/a?ttl=0", &[], b"x", 400),
        ("DELETE", "/channels/b", &[], b"", 204),
        ("GET", "/livez", &[], b"", 200),
    ];
    for (method, target, fields, body, status) in cases {
        let fields = [fields, &[("Origin", app)]].concat();
        let answer = server.connect().ask(method, target, &fields, body).expect(status);
        is_readable(&answer.head, app, true);
        for exposed in [
            "ETag",
            "Location",
            "Retry-After",
            "Preference-Applied",
            "Holdline-Client",
            "Holdline-Session",
            "Holdline-Ask",
            "Holdline-Answered-By",
            "Holdline-Subscribers",
            "Holdline-Repeated",
        ] {
            assert!(
                answer.head.lists("Access-Control-Expose-Headers", exposed),
                "{exposed}: {:?}",
                answer.head
            );
        }
    }
    for accept in ["text/event-stream", "application/x-ndjson"] {
        let (head, _) = server.connect().stream("/channels/a", &[("Accept", accept), ("Origin", app)]);
        is_readable(&head, app, true);
    }
    is_unreadable(&server.connect().ask("GET", "/channels/a", &[("Origin", FOREIGN)], b"").expect(200).head);
    is_unreadable(
        &server.connect().ask("POST", "/channels/a", &[("Origin", FOREIGN)], b"x").expect(403).head,
    );
    is_unreadable(&server.connect().get("/channels/a").head);
}

#[test]
fn patterns_of_allowed_origins() {
    type Judged<'a> = &'a [(&'a str, bool)];
    let cases: [(&[&str], Judged); 5] = [
        (
            &["https://*.example.org"],
            &[
                ("https://a.example.org", true),
                ("https://a.b.example.org", true),
                ("https://example.org", false),
                ("https://evilexample.org", false),
                ("http://a.example.org", false),
                ("https://a.example.org.evil.example", false),
            ],
        ),
        (
            &["*.example.org"],
            &[
                ("http://a.example.org", true),
                ("https://a.example.org", true),
                ("https://example.org", false),
            ],
        ),
        (
            &["https://app.example:8443"],
            &[("https://app.example:8443", true), ("https://app.example", false)],
        ),
        (&["null", "https://b.example"], &[("null", true), ("https://b.example", true), (FOREIGN, false)]),
        (&["*"], &[("https://any.example", true), ("http://10.0.0.1:99", true)]),
    ];
    for (rules, origins) in cases {
        let flags: Vec<&str> = rules.iter().flat_map(|rule| ["--allow-origin", rule]).collect();
        let server = Server::start(&flags);
        for (origin, allowed) in origins {
            let answer = server.connect().ask("POST", "/channels/a", &[("Origin", origin)], b"x");
            assert_eq!(answer.status(), if *allowed { 200 } else { 403 }, "{rules:?} for {origin}");
            let handshake = [&HANDSHAKE[..], &[("Origin", origin)]].concat();
            let mut client = server.connect();
            client.begin("GET", "/channels/a", &handshake, b"");
            assert_eq!(client.head().status, if *allowed { 101 } else { 403 }, "{rules:?} for {origin}");
            if *allowed {
                is_readable(&answer.head, origin, rules != ["*"]);
            } else {
                is_unreadable(&answer.head);
            }
        }
    }
}

#[test]
fn preflights_need_no_token() {
    let app = "https://app.example";
    let server = Server::start(&["--allow-origin", app]);
    let fields = [
        ("Origin", app),
        ("Access-Control-Request-Method", "DELETE"),
        ("Access-Control-Request-Headers", "authorization, holdline-event"),
    ];
    for target in ["/channels/a", "/publish", "/channels?channel=a"] {
        let answer = server.connect().ask("OPTIONS", target, &fields, b"").expect(204);
        is_readable(&answer.head, app, true);
        for method in ["GET", "HEAD", "POST", "DELETE"] {
            assert!(answer.head.lists("Access-Control-Allow-Methods", method), "{:?}", answer.head);
        }
        let headers = [
            "Authorization",
            "Content-Type",
            "Cache-Control",
            "Last-Event-ID",
            "If-None-Match",
            "Prefer",
            "Idempotency-Key",
            "Holdline-Event",
            "Holdline-Except",
            "Holdline-Ttl",
            "Holdline-Key",
            "Holdline-Retain",
            "Holdline-Session",
        ];
        for name in headers {
            assert!(answer.head.lists("Access-Control-Allow-Headers", name), "{name}: {:?}", answer.head);
        }
        assert_eq!(answer.field("Access-Control-Max-Age"), Some("7200"));
        let foreign = [("Origin", FOREIGN), fields[1]];
        is_unreadable(&server.connect().ask("OPTIONS", target, &foreign, b"").head);
    }
}

#[test]
fn an_iframe_posts_to_a_page_that_may_receive_only() {
    let app = "https://app.example";
    let server = Server::start(&["--allow-origin", app]);
    for origin in [app, &server.origin()] {
        let (head, _) =
            server.connect().stream(&format!("/channels/a?transport=iframe&origin={origin}"), &[]);
        let policy = head.field("Content-Security-Policy").expect("a policy");
        assert!(policy.contains(&format!("frame-ancestors {origin}")), "{policy}");
    }
    let refused = [
        "&origin=https://evil.example",
        "",
        "&origin=",
        "&origin=null",
        "&origin=*",
        "&origin=https://app.example'",
    ];
    for query in refused {
        let answer = server.connect().get(&format!("/channels/a?transport=iframe{query}")).expect(403);
        assert!(!String::from_utf8_lossy(&answer.body).contains("postMessage"), "{query} posts nothing");
        assert!(!String::from_utf8_lossy(&answer.body).contains("evil"), "{query} echoes nothing");
    }
}

#[test]
fn a_script_is_loaded_by_a_page_that_may_read_only() {
    let app = "https://app.example";
    let server = Server::start(&["--allow-origin", app]);
    let any = Server::start(&["--allow-origin", "*"]);
    let own = format!("{}/page?x=1", server.origin());
    let good =
        [("Sec-Fetch-Site", "same-origin"), ("Referer", &*own), ("Referer", "https://app.example/deep/page")];
    let bad = [
        &[][..],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "none")],
        &[("Referer", "https://evil.example/")],
        &[("Referer", "https://app.example.evil.example/")],
        &[("Referer", "https://app.example@evil.example/")],
        &[("Referer", "nonsense")],
        &[("Sec-Fetch-Site", "cross-site"), ("Referer", "https://evil.example/")],
    ];
    for field in good {
        let answer = server.connect().ask("GET", "/channels/a?callback=f", &[field], b"").expect(200);
        assert!(jsonp_argument(answer.text(), "f")["next"].is_string(), "{field:?}");
    }
    for fields in bad {
        let answer = server.connect().ask("GET", "/channels/a?callback=f", fields, b"").expect(200);
        problem_detail(&jsonp_argument(answer.text(), "f")["error"], 403);
        let answer = any.connect().ask("GET", "/channels/a?callback=f", fields, b"").expect(200);
        assert!(jsonp_argument(answer.text(), "f")["next"].is_string(), "{fields:?}");
    }
}

#[test]
fn a_page_may_read_that_its_body_took_too_long() {
    let server = Server::start(&["--body-timeout", "200ms", "--allow-origin", "https://app.example"]);
    let mut client = server.connect();
    let fields = [("Origin", "https://app.example"), ("Content-Length", "5")];
    client.begin("POST", "/channels/a", &fields, b"x");
    let refused = client.response();
    assert_eq!(refused.field("Access-Control-Allow-Origin"), Some("https://app.example"));
    refused.problem(408);
}
