//! Server-sent events, byte by byte.

use crate::support::body::Body;
use crate::support::process::Server;
use crate::support::sse::{Block, block, event, opening};
use crate::support::until;
use serde_json::json;

const ACCEPT: [(&str, &str); 1] = [("Accept", "text/event-stream")];

fn open(server: &Server, target: &str) -> Body {
    let (_, mut stream) = server.connect().stream(target, &ACCEPT);
    opening(&mut stream);
    stream
}

#[test]
fn a_stream_begins_at_once_with_retry_and_a_position() {
    let server = Server::start(&[]);
    let cursor = server.publish("other", "x");
    let (head, mut stream) = server.connect().stream("/channels/a", &ACCEPT);
    assert_eq!(head.media_type(), "text/event-stream");
    assert_eq!(head.field("Cache-Control"), Some("no-store, no-transform"));
    assert_eq!(head.field("X-Accel-Buffering"), Some("no"));
    let mut retry = None;
    let position = loop {
        let block = block(&mut stream).expect("it goes on");
        retry = retry.or(block.retry);
        if block.is_event() {
            break block;
        }
    };
    assert!(retry.is_some_and(|ms| ms > 0), "retry comes first");
    assert_eq!(position.event.as_deref(), Some("holdline:position"));
    assert_eq!(position.id, Some(cursor), "where this reader begins");
    let data = position.json();
    assert!(data["client"].is_string() && data["session"].is_string(), "{data}");
}

#[test]
fn one_channel_is_bare() {
    let server = Server::start(&[]);
    let mut stream = open(&server, "/channels/a");
    let cases = [
        ("hello", "data: hello\n"),
        ("two\nlines", "data: two\ndata: lines\n"),
        ("cr\rcrlf\r\nlf\n", "data: cr\ndata: crlf\ndata: lf\ndata:\n"),
        (" leading", "data:  leading\n"),
        ("\u{fc} \u{1f980} :", "data: \u{fc} \u{1f980} :\n"),
        (":x", "data: :x\n"),
    ];
    for (payload, data) in cases {
        let id = server.publish("a", payload);
        assert_eq!(stream.through("\n\n").as_deref(), Some(&*format!("id: {id}\n{data}\n")));
    }
    server.connect().ask("POST", "/channels/a?event=price", &[], b"1").expect(200);
    let named = stream.through("\n\n").expect("it goes on");
    assert!(named.ends_with("\nevent: price\ndata: 1\n\n"), "{named:?}");
    server.publish("a", "");
    let empty = Block::parse(&stream.through("\n\n").expect("it goes on"));
    assert_eq!(empty.data.as_deref(), Some(""), "an empty payload is an event too");
}

#[test]
fn binary_data_comes_as_its_envelope() {
    let server = Server::start(&[]);
    let mut stream = open(&server, "/channels/a");
    server.connect().ask("POST", "/channels/a", &[("Content-Type", "image/png")], b"\xff").expect(200);
    let block = event(&mut stream);
    assert!(block.is_notice("binary"), "{block:?}");
    let envelope = block.json();
    assert_eq!((&envelope["data_base64"], &envelope["content_type"]), (&json!("/w=="), &json!("image/png")));
    assert_eq!(envelope["id"].as_str(), block.id.as_deref());
}

#[test]
fn several_channels_or_the_query_bring_envelopes() {
    let server = Server::start(&[]);
    let mut several = open(&server, "/channels?channel=a&channel=b");
    let mut asked = open(&server, "/channels/a?envelope=1");
    let mut bare = open(&server, "/channels?channel=a&channel=b&envelope=0");
    let answer = server.connect().ask("POST", "/channels/a?event=e", &[], b"two\nlines").expect(200);
    let id = answer.json()["id"].clone();
    for stream in [&mut several, &mut asked] {
        let block = event(stream);
        assert_eq!(block.id.as_deref(), id.as_str());
        let envelope = block.json();
        assert_eq!(envelope["id"], id);
        assert_eq!((&envelope["channel"], &envelope["event"]), (&json!("a"), &json!("e")));
        assert_eq!(envelope["data"], "two\nlines");
        assert_eq!(block.event.as_deref(), Some("e"));
    }
    assert_eq!(event(&mut bare).data.as_deref(), Some("two\nlines"));
}

#[test]
fn each_message_is_one_chunk() {
    let server = Server::start(&[]);
    let cursor = server.connect().cursor("a");
    let ids: Vec<String> = (0..20).map(|n| server.publish("a", &n.to_string())).collect();
    let (_, mut stream) = server.connect().stream(&format!("/channels/a?since={cursor}"), &ACCEPT);
    let first = format!("id: {}\ndata: 0\n\n", ids[0]);
    while stream.piece().is_some_and(|piece| piece != first.as_bytes()) {}
    for (n, id) in ids.iter().enumerate().skip(1) {
        // A piece of two chunks there is not: one of two messages would be too long.
        let expected = format!("id: {id}\ndata: {n}\n\n");
        let mut chunk = Vec::new();
        while chunk.len() < expected.len() {
            chunk.extend(stream.piece().expect("it goes on"));
        }
        assert_eq!(String::from_utf8_lossy(&chunk), expected);
    }
}

#[test]
fn http_1_0_gets_it_unchunked() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.send("GET /channels/a HTTP/1.0\r\nAccept: text/event-stream\r\nConnection: keep-alive\r\n\r\n");
    let head = client.head();
    assert_eq!(head.field("Transfer-Encoding"), None, "{head:?}");
    assert!(head.lists("Connection", "close"), "{head:?}");
    let mut stream = Body::new(client);
    opening(&mut stream);
    let id = server.publish("a", "x");
    assert_eq!(stream.through("\n\n"), Some(format!("id: {id}\ndata: x\n\n")));
    server.connect().ask("DELETE", "/channels/a", &[], b"").expect(204);
    assert!(event(&mut stream).is_notice("closed"));
    assert_eq!(block(&mut stream), None);
}

#[test]
fn heartbeats_are_comments_or_positions_that_moved() {
    let server = Server::start(&["--heartbeat", "200ms"]);
    let mut stream = open(&server, "/channels/a");
    let comment = block(&mut stream).expect("it goes on");
    assert!(comment.comment.is_some() && !comment.is_event(), "nothing moved: a comment: {comment:?}");
    let moved = server.publish("elsewhere", "x");
    let position = loop {
        let block = block(&mut stream).expect("it goes on");
        if block.is_event() {
            break block;
        }
        assert_eq!(block.id, None, "a comment has no id: {block:?}");
    };
    assert!(position.is_notice("position"), "{position:?}");
    assert_eq!((position.id, position.data.as_deref()), (Some(moved), Some("")));
}

#[test]
fn a_closed_stream_leaves_the_connection_closed_or_usable_never_half() {
    let server = Server::start(&[]);
    let mut stream = open(&server, "/channels/a");
    server.connect().ask("DELETE", "/channels/a", &[], b"").expect(204);
    assert!(event(&mut stream).is_notice("closed"));
    assert_eq!(block(&mut stream), None);
    assert!(stream.is_closed_behind());
    until("nothing is left of it", || server.figure("readers") == 0);
}

#[test]
fn what_waiting_will_not_mend_is_told_by_status() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.ask("GET", "/channels/a%20b", &ACCEPT, b"").problem(400);
    client.ask("GET", "/nothing", &ACCEPT, b"").problem(404);
    client.ask("GET", "/channels/a?since=x", &ACCEPT, b"").problem(400);
}
