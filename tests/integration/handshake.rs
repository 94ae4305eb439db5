//! The opening handshake of WebSocket (RFC 6455 section 4.2), every check with its answer.

use crate::support::process::Server;
use crate::support::websocket::Ws;
use crate::support::wire::{ACCEPT, FIN, HANDSHAKE, KEY, TEXT, frame};
use serde_json::Value;

/// The fields of a proper handshake with one of them replaced, or left out where the value is empty.
fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let others = HANDSHAKE.iter().filter(|(n, _)| *n != name).copied();
    others.chain((!value.is_empty()).then_some((name, value))).collect()
}

#[test]
fn a_proper_one_is_answered_101_with_the_proof() {
    let server = Server::start(&[]);
    let own = server.origin();
    let variants: [Vec<(&str, &str)>; 6] = [
        HANDSHAKE.to_vec(),
        with("Upgrade", "WebSocket"),
        with("Upgrade", "h2c, websocket"),
        with("Connection", "keep-alive, upgrade"),
        with("Sec-WebSocket-Extensions", "x-unknown; a=1"),
        with("Origin", &own),
    ];
    for fields in variants {
        let mut client = server.connect();
        client.begin("GET", "/channels/a", &fields, b"");
        let head = client.head();
        assert_eq!(head.status, 101, "{fields:?}");
        assert!(head.lists("Connection", "Upgrade") && head.lists("Upgrade", "websocket"), "{head:?}");
        assert_eq!(head.field("Sec-WebSocket-Accept"), Some(ACCEPT));
        for absent in
            ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Content-Length", "Transfer-Encoding"]
        {
            assert_eq!(head.field(absent), None, "{head:?}");
        }
    }
}

#[test]
fn each_fault_has_its_answer() {
    let server = Server::start(&[]);
    let twice = [HANDSHAKE.to_vec(), vec![("Sec-WebSocket-Key", KEY)]].concat();
    let cases = [
        ("no Connection: Upgrade", with("Connection", ""), 400),
        ("another Connection", with("Connection", "keep-alive"), 400),
        ("no key", with("Sec-WebSocket-Key", ""), 400),
        ("two keys", twice, 400),
        ("a key of 15 bytes", with("Sec-WebSocket-Key", "MDEyMzQ1Njc4OTAxMjM0"), 400),
        ("a key of 17 bytes", with("Sec-WebSocket-Key", "MDEyMzQ1Njc4OTAxMjM0NTY="), 400),
        ("a key that is no base64", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZ!=="), 400),
        ("version 8", with("Sec-WebSocket-Version", "8"), 426),
        ("version 014", with("Sec-WebSocket-Version", "14"), 426),
        ("a version in words", with("Sec-WebSocket-Version", "thirteen"), 426),
        ("only unknown subprotocols", with("Sec-WebSocket-Protocol", "chat, superchat"), 400),
        ("one subprotocol twice", with("Sec-WebSocket-Protocol", "holdline.v1, holdline.v1"), 400),
        ("a subprotocol that is no token", with("Sec-WebSocket-Protocol", "holdline.v1, a b"), 400),
    ];
    for (what, fields, status) in cases {
        let answer = server.connect().ask("GET", "/channels/a", &fields, b"");
        assert_eq!(answer.status(), status, "{what}: {}", answer.text());
        if status == 426 {
            assert_eq!(answer.field("Sec-WebSocket-Version"), Some("13"), "{what}");
            assert!(answer.head.lists("Upgrade", "websocket"), "{what}: {:?}", answer.head);
        }
        answer.problem(status);
    }
    let plain = server.connect().get("/channels/a?transport=websocket");
    assert!(plain.head.lists("Upgrade", "websocket"), "{:?}", plain.head);
    plain.problem(426);
    let mut old = server.connect();
    old.send(format!(
        "GET /channels/a HTTP/1.0\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    ));
    let status = old.response().status();
    assert!(matches!(status, 200 | 400), "HTTP/1.0 has no upgrade: {status}");
    for target in ["/channels/a%20b", "/channels/a?since=x", "/channels", "/channels?channel=@x"] {
        server.connect().ask("GET", target, &HANDSHAKE, b"").problem(400);
    }
    server.connect().ask("GET", "/nothing", &HANDSHAKE, b"").problem(404);
}

#[test]
fn the_first_known_subprotocol_is_chosen() {
    let server = Server::start(&[]);
    let cases = [
        (&["holdline.v1"][..], "holdline.v1"),
        (&["holdline.raw"], "holdline.raw"),
        (&["chat", "holdline.raw"], "holdline.raw"),
        (&["chat", "holdline.v1", "other"], "holdline.v1"),
        (&["holdline.raw", "holdline.v1"], "holdline.raw"),
    ];
    for (asked, chosen) in cases {
        assert_eq!(Ws::connect(&server, "/channels/a", asked).protocol.as_deref(), Some(chosen), "{asked:?}");
    }
    let fields = with("Sec-WebSocket-Protocol", "holdline.raw");
    server.connect().ask("GET", "/channels?channel=a&channel=b", &fields, b"").problem(400);
}

#[test]
fn frames_behind_the_handshake_in_one_write_are_read() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let mut bytes = client.request("GET", "/channels/a", &HANDSHAKE, b"");
    bytes.extend(frame(FIN | TEXT, b"{\"type\":\"publish\",\"channel\":\"a\",\"data\":\"early\",\"ref\":1}"));
    client.send(bytes);
    assert_eq!(client.head().status, 101);
    let mut wire = crate::support::wire::Wire::over(client);
    let mut kinds = Vec::new();
    while kinds.len() < 3 {
        let (_, payload) = wire.frame().expect("it goes on");
        let value: Value = serde_json::from_slice(&payload).expect("JSON");
        kinds.push(value["type"].as_str().expect("a type").to_owned());
    }
    assert_eq!(kinds[0], "welcome", "the welcome is first");
    kinds.sort_unstable();
    assert_eq!(kinds, ["message", "reply", "welcome"]);
}

#[test]
fn a_refused_handshake_leaves_a_connection_for_plain_requests_or_closes_it() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let answer = client.ask("GET", "/channels/a", &with("Sec-WebSocket-Version", "8"), b"").expect(426);
    if answer.head.lists("Connection", "close") {
        assert!(client.is_ended());
    } else {
        client.get("/livez").expect(200);
    }
}

#[test]
fn a_handshake_with_a_body_is_refused_and_no_frame_is_read_of_it() {
    let server = Server::start(&["--echo"]);
    let hidden = frame(FIN | TEXT, b"hidden");
    for (target, framing) in [("/echo", "Content-Length"), ("/channels/a", "Transfer-Encoding")] {
        let value = if framing == "Content-Length" { hidden.len().to_string() } else { "chunked".to_owned() };
        let mut client = server.connect();
        client.begin("GET", target, &with(framing, &value), &hidden);
        client.response().problem(400);
        assert!(client.is_ended(), "{target}");
    }
}
