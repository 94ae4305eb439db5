//! permessage-deflate (RFC 7692) on the wire: what is agreed, which messages are compressed, what is refused.

use crate::support::process::Server;
use crate::support::until;
use crate::support::wire::{BINARY, CLOSE, FIN, HANDSHAKE, PING, PONG, RSV1, TEXT, Wire, frame};
use holdline::testing::decode::deflate::{deflated, inflated};
use holdline::testing::dice::Dice;
use serde_json::{Value, json};

/// As a client compresses a message, with the whole window.
fn deflate(message: &[u8]) -> Vec<u8> {
    deflated(message, 15)
}

const OFFER: &str = "permessage-deflate; client_max_window_bits";

fn open(server: &Server, target: &str) -> Wire {
    Wire::open_with(server, target, &[("Sec-WebSocket-Extensions", OFFER)])
}

fn open_raw(server: &Server, target: &str) -> Wire {
    let fields = [("Sec-WebSocket-Extensions", OFFER), ("Sec-WebSocket-Protocol", "holdline.raw")];
    Wire::open_with(server, target, &fields)
}

/// The next frame: its first byte, and its payload inflated if it is compressed.
#[track_caller]
fn next(wire: &mut Wire) -> (u8, Vec<u8>) {
    let (first, payload) = wire.frame().expect("a frame");
    if first & RSV1 == 0 {
        (first, payload)
    } else {
        (first, inflated(&payload, 15).expect("a compressed message"))
    }
}

#[track_caller]
fn next_json(wire: &mut Wire) -> (bool, Value) {
    let (first, payload) = next(wire);
    assert_eq!(first & !RSV1, FIN | TEXT);
    (first & RSV1 != 0, serde_json::from_slice(&payload).expect("JSON"))
}

/// A payload that compresses well and shows if it is another.
fn payload(n: usize) -> String {
    format!("{n}: ") + &"the quick brown fox jumps over the lazy dog. ".repeat(100)
}

#[test]
fn the_handshake_answers_the_first_offer_that_can_be_kept() {
    let server = Server::start(&["--echo"]);
    let both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    for (offer, answer) in [
        ("permessage-deflate", Some("")),
        (OFFER, Some("; client_max_window_bits=15")),
        (
            "permessage-deflate; server_max_window_bits=10; server_no_context_takeover",
            Some("; server_max_window_bits=10"),
        ),
        ("permessage-deflate; server_max_window_bits=8", None),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", Some("")),
        ("permessage-deflate; unknown, foo", None),
        ("permessage-deflate; server_max_window_bits=\"", None),
        ("=;,\"", None),
    ] {
        for target in ["/channels/a", "/echo"] {
            let wire = Wire::open_with(&server, target, &[("Sec-WebSocket-Extensions", offer)]);
            assert_eq!(wire.extension, answer.map(|rest| format!("{both}{rest}")), "{offer}");
        }
    }
    let twice = [("Sec-WebSocket-Extensions", "foo"), ("Sec-WebSocket-Extensions", "permessage-deflate")];
    assert_eq!(Wire::open_with(&server, "/echo", &twice).extension.as_deref(), Some(both));
    assert_eq!(Wire::open(&server, "/echo").extension, None, "nothing was offered");
    let server = Server::start(&["--no-compression"]);
    let mut wire = open(&server, "/channels/a");
    assert_eq!(wire.extension, None);
    wire.client.send(frame(FIN | RSV1 | TEXT, b"\x00"));
    assert_eq!(wire.close_code(), Some(1002));
}

#[test]
fn each_reader_gets_the_message_in_what_was_agreed_with_it() {
    let server = Server::start(&[]);
    let mut readers: Vec<(Wire, bool)> = vec![(Wire::open(&server, "/channels/a"), false)];
    for bits in 9..=15 {
        let offer = format!("permessage-deflate; server_max_window_bits={bits}");
        readers
            .push((Wire::open_with(&server, "/channels/a", &[("Sec-WebSocket-Extensions", &offer)]), true));
    }
    for (wire, _) in &mut readers {
        assert_eq!(next_json(wire).1["type"], "welcome");
    }
    let (mut raw, mut operator) = (open_raw(&server, "/channels/a"), server.connect());
    let (large, small) = (payload(1), "x".repeat(800));
    operator.publish("a", &large);
    operator.publish("a", &small);
    operator.publish("a", &large);
    for (wire, is_compressed) in &mut readers {
        for (data, compressed) in [(&large, *is_compressed), (&small, false), (&large, *is_compressed)] {
            let (was, message) = next_json(wire);
            assert_eq!((message["data"].as_str(), was), (Some(data.as_str()), compressed));
        }
    }
    for (data, first) in [(&large, RSV1), (&small, 0), (&large, RSV1)] {
        assert!(next(&mut raw) == (FIN | TEXT | first, data.clone().into_bytes()));
    }
    // What the server alone says is never compressed, however long it is.
    let (wire, _) = &mut readers[7];
    wire.client.send(frame(FIN | PING, &[7; 125]));
    assert_eq!(wire.frame(), Some((FIN | PONG, vec![7; 125])));
    let names: Vec<String> = (0..200).map(|n| format!("channel-{n}")).collect();
    let subscribe = json!({"type": "subscribe", "channels": names, "ref": 1}).to_string();
    wire.client.send(frame(FIN | RSV1 | TEXT, &deflate(subscribe.as_bytes())));
    let (was_compressed, reply) = next_json(wire);
    assert_eq!((was_compressed, &reply["type"]), (false, &json!("reply")));
    assert_eq!(reply["channels"].as_array().map(Vec::len), Some(200), "{reply}");
}

#[test]
fn a_message_is_compressed_once_for_a_hundred_readers() {
    let server = Server::start(&[]);
    let mut operator = server.connect();
    let mut readers: Vec<Wire> = (0..100).map(|_| open(&server, "/channels/a")).collect();
    until("all have subscribed", || operator.figure("readers") == 100);
    for wire in &mut readers {
        next_json(wire);
    }
    let before = operator.figure("encoded");
    for n in 0..5 {
        operator.publish("a", payload(n));
        for wire in &mut readers {
            let (is_compressed, message) = next_json(wire);
            assert!(is_compressed && message["data"] == payload(n));
        }
        assert_eq!(operator.figure("encoded"), before + n as u64 + 1);
    }
}

#[test]
fn the_past_is_compressed_too() {
    let server = Server::start(&[]);
    let mut operator = server.connect();
    let ids: Vec<String> = (0..20).map(|n| operator.publish("a", payload(n))).collect();
    let mut wire = open(&server, &format!("/channels/a?since={}", ids[4]));
    assert_eq!(next_json(&mut wire).1["type"], "welcome");
    for (n, id) in ids.iter().enumerate().skip(5) {
        let (is_compressed, message) = next_json(&mut wire);
        assert!(is_compressed && message["data"] == payload(n) && message["id"] == id.as_str());
    }
    let mut wire = open(&server, "/channels/b");
    assert_eq!(next_json(&mut wire).1["type"], "welcome");
    wire.send(
        FIN | TEXT,
        json!({"type": "subscribe", "channels": ["a"], "since": ids[16]}).to_string().as_bytes(),
    );
    for n in 17..20 {
        let (is_compressed, message) = next_json(&mut wire);
        assert!(is_compressed && message["data"] == payload(n) && message["replay"] == true);
    }
    let (is_compressed, end) = next_json(&mut wire);
    assert_eq!((is_compressed, &end["notice"]), (false, &json!("position")));
}

#[test]
fn what_a_client_compresses_is_published_as_it_was() {
    let server = Server::start(&[]);
    let (mut raw, mut operator) = (open_raw(&server, "/channels/a"), server.connect());
    let cursor = operator.cursor("a");
    let data = payload(7);
    let compressed = deflate(data.as_bytes());
    let (front, back) = compressed.split_at(20);
    raw.client.send(frame(FIN | RSV1 | TEXT, &compressed));
    raw.client.send([frame(RSV1 | TEXT, front), frame(FIN | PING, b""), frame(FIN, back)].concat());
    raw.client.send(frame(FIN | RSV1 | BINARY, &compressed));
    raw.client.send(frame(FIN | TEXT, b"plain"));
    let mut frames: Vec<_> = (0..5).map(|_| next(&mut raw)).collect();
    // The server may have read, and answered, the first message before the ping came.
    let pong = frames.iter().position(|frame| *frame == (FIN | PONG, Vec::new()));
    assert!(pong.is_some_and(|place| place <= 1), "{pong:?}");
    frames.retain(|frame| frame.0 != FIN | PONG);
    let text = (FIN | RSV1 | TEXT, data.clone().into_bytes());
    let binary = (FIN | RSV1 | BINARY, data.clone().into_bytes());
    assert!(frames == [text.clone(), text, binary, (FIN | TEXT, b"plain".to_vec())]);
    let batch = operator.json(&format!("/channels/a?since={cursor}"));
    assert_eq!(batch["messages"][0]["data"], data.as_str());
    assert_eq!(batch["messages"].as_array().map(Vec::len), Some(4));
}

#[test]
fn echo_returns_what_it_gets_by_the_same_rule() {
    let server = Server::start(&["--echo", "--compress-above", "100"]);
    let mut wire = open(&server, "/echo");
    let mut random = Dice::new(7692);
    let noise: Vec<u8> = (0..5000).map(|_| random.below(256) as u8).collect();
    for (opcode, data, is_compressed) in [
        (TEXT, vec![], false),
        (TEXT, vec![b'x'; 99], false),
        (TEXT, vec![b'x'; 100], true),
        (BINARY, vec![0; 500_000], true),
        (BINARY, noise, false),
    ] {
        let expected = FIN | opcode | if is_compressed { RSV1 } else { 0 };
        for sent in [frame(FIN | opcode, &data), frame(FIN | RSV1 | opcode, &deflate(&data))] {
            wire.client.send(sent);
            assert!(next(&mut wire) == (expected, data.clone()), "{} bytes", data.len());
        }
    }
    // The first byte of each message is in a piece of its own.
    let sent: Vec<u8> =
        (0..300).flat_map(|n| frame(FIN | RSV1 | TEXT, &deflate(payload(n).as_bytes()))).collect();
    for piece in sent.chunks(777) {
        wire.client.send(piece);
    }
    for n in 0..300 {
        assert!(next(&mut wire) == (FIN | RSV1 | TEXT, payload(n).into_bytes()));
    }
}

#[test]
fn violations_close_and_hurt_nobody_else() {
    let server = Server::start(&["--max-message", "64K"]);
    let mut bystander = open(&server, "/channels/a");
    next_json(&mut bystander);
    let hello = deflate(b"Hello");
    let first = FIN | RSV1 | TEXT;
    let cases = [
        ("a continuation with the bit", [frame(RSV1 | TEXT, &hello), frame(FIN | RSV1, b"")].concat(), 1002),
        ("a ping with the bit", frame(FIN | RSV1 | PING, b""), 1002),
        ("a close with the bit", frame(FIN | RSV1 | CLOSE, b""), 1002),
        ("no deflate", frame(first, b"Hello"), 1007),
        ("cut off", frame(first, &hello[..4]), 1007),
        ("something behind it", frame(first, &[&hello[..], b"more"].concat()), 1007),
        ("no UTF-8", frame(first, &deflate(b"a\xff")), 1007),
        ("a bomb", frame(first, &deflate(&vec![b' '; 1 << 20])), 1009),
        ("a byte too much", frame(first, &deflate(&vec![b' '; (64 << 10) + 1])), 1009),
        ("compressed bytes over the bound", frame(RSV1 | TEXT, &vec![0; 70 << 10]), 1009),
        ("binary where JSON is spoken", frame(FIN | RSV1 | BINARY, &hello), 1003),
    ];
    for (what, bytes, code) in cases {
        let mut wire = open(&server, "/channels/a");
        wire.client.send(&bytes);
        assert_eq!(wire.close_code(), Some(code), "{what}");
    }
    bystander.client.send(frame(first, &deflate(b"{\"type\":\"ping\"}")));
    assert_eq!(next_json(&mut bystander).1["type"], "pong");
    let mut late = open(&server, "/channels/a");
    let whole = format!("{{\"type\":\"ping\",\"ref\":1}}{}", " ".repeat((64 << 10) - 23));
    late.client.send(frame(first, &deflate(whole.as_bytes())));
    next_json(&mut late);
    let (_, pong) = next_json(&mut late);
    assert!(pong["type"] == "pong" || pong["type"] == "reply", "as much as there may be is taken: {pong}");
}

#[test]
fn a_handshake_with_a_great_many_offers_is_answered_without() {
    let server = Server::start(&[]);
    let offers = "permessage-deflate; server_max_window_bits=8, ".repeat(600);
    let fields = [&HANDSHAKE[..], &[("Sec-WebSocket-Extensions", &offers[..])]].concat();
    let mut client = server.connect();
    client.begin("GET", "/channels/a", &fields, b"");
    let head = client.head();
    assert_eq!((head.status, head.field("Sec-WebSocket-Extensions")), (101, None));
}
