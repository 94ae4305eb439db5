//! WebSocket frames byte by byte (RFC 6455 sections 5 to 8): what is well formed, and how each violation closes.

use crate::support::process::Server;
use crate::support::wire::{BINARY, CLOSE, FIN, PING, PONG, TEXT, Wire, frame, header};

const PING_COMMAND: &[u8] = b"{\"type\":\"ping\"}";

/// Opens a `holdline.v1` connection and reads its welcome.
fn open(server: &Server) -> Wire {
    let mut wire = Wire::open(server, "/channels/a");
    let (first, payload) = wire.frame().expect("a welcome");
    assert_eq!(first, FIN | TEXT);
    assert!(String::from_utf8_lossy(&payload).contains("welcome"));
    wire
}

fn close_payload(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason].concat()
}

/// Each of `cases` closes its connection with this code, and nobody else's.
fn closes(flags: &[&str], cases: Vec<(&str, Vec<u8>, u16)>) {
    let server = Server::start(flags);
    let mut bystander = open(&server);
    for (what, bytes, code) in cases {
        let mut wire = open(&server);
        wire.client.send(&bytes);
        assert_eq!(wire.close_code(), Some(code), "{what}");
    }
    bystander.send(FIN | TEXT, PING_COMMAND);
    assert!(bystander.frame().is_some());
}

#[test]
fn violations_close_1002() {
    let unmasked = [header(FIN | TEXT, 0, PING_COMMAND.len()), PING_COMMAND.to_vec()].concat();
    let long_126 = [&[FIN | TEXT, 0x80 | 126, 0, 5][..], &[0; 4], b"hello"].concat();
    let long_127 = [&[FIN | TEXT, 0x80 | 127][..], &5u64.to_be_bytes(), &[0; 4], b"hello"].concat();
    let high_bit = [&[FIN | TEXT, 0x80 | 127][..], &(1u64 << 63).to_be_bytes(), &[0; 4]].concat();
    let within = [frame(TEXT, b"a"), frame(FIN | TEXT, b"b")].concat();
    closes(
        &[],
        vec![
            ("an unmasked frame", unmasked, 1002),
            ("RSV1 without an extension", frame(FIN | 0x40 | TEXT, b"x"), 1002),
            ("RSV2", frame(FIN | 0x20 | TEXT, b"x"), 1002),
            ("RSV3 on a ping", frame(FIN | 0x10 | PING, b"x"), 1002),
            ("opcode 3", frame(FIN | 3, b"x"), 1002),
            ("opcode 7", frame(FIN | 7, b""), 1002),
            ("opcode 11", frame(FIN | 11, b"x"), 1002),
            ("a ping in fragments", frame(PING, b"x"), 1002),
            ("a close in fragments", frame(CLOSE, b""), 1002),
            ("a ping of 126 bytes", frame(FIN | PING, &[0; 126]), 1002),
            ("a close of 126 bytes", frame(FIN | CLOSE, &close_payload(1000, &[b'x'; 124])), 1002),
            ("16 bits for a length of 5", long_126, 1002),
            ("64 bits for a length of 5", long_127, 1002),
            ("the highest bit of a length", high_bit, 1002),
            ("a continuation of nothing", frame(FIN, b"x"), 1002),
            ("a text within a text", within, 1002),
            ("a close of one byte", frame(FIN | CLOSE, b"\x03"), 1002),
        ],
    );
}

#[test]
fn close_codes_are_judged() {
    let server = Server::start(&[]);
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1999, 2000, 2999, 5000, 65535] {
        let mut wire = open(&server);
        wire.send(FIN | CLOSE, &close_payload(code, b""));
        assert_eq!(wire.close_code(), Some(1002), "{code} is nobody's to send");
    }
    for code in
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
    {
        let mut wire = open(&server);
        wire.send(FIN | CLOSE, &close_payload(code, "bye \u{fc}".as_bytes()));
        assert_eq!(wire.close_code(), Some(code), "the code is echoed");
    }
    let mut wire = open(&server);
    wire.send(FIN | CLOSE, b"");
    assert!(matches!(wire.close_code(), None | Some(1000)));
    let mut wire = open(&server);
    wire.send(FIN | CLOSE, &close_payload(1000, b"\xff"));
    assert_eq!(wire.close_code(), Some(1007), "a reason is UTF-8");
    server.await_figure("readers", |readers| readers == 0);
}

#[test]
fn nothing_behind_a_close_is_done() {
    let server = Server::start(&[]);
    let mut wire = open(&server);
    let publish = b"{\"type\":\"publish\",\"channel\":\"a\",\"data\":\"late\"}";
    wire.client.send([frame(FIN | CLOSE, &close_payload(1000, b"")), frame(FIN | TEXT, publish)].concat());
    assert_eq!(wire.close_code(), Some(1000));
    assert_eq!(server.connect().json("/channels/a?since=start")["messages"], serde_json::json!([]));
}

#[test]
fn text_that_is_no_utf8_closes_1007_as_soon_as_it_is_seen() {
    let surrogate = b"\xed\xa0\x80".to_vec();
    let cut = "\u{1f980}".as_bytes();
    closes(
        &["--max-message", "1M"],
        vec![
            ("a bad byte", frame(FIN | TEXT, b"\xff"), 1007),
            ("a surrogate", frame(FIN | TEXT, &surrogate), 1007),
            ("an overlong slash", frame(FIN | TEXT, b"\xc0\xaf"), 1007),
            ("beyond U+10FFFF", frame(FIN | TEXT, b"\xf4\x90\x80\x80"), 1007),
            ("a character cut off at the end", frame(FIN | TEXT, &cut[..3]), 1007),
            ("in a fragment whose message goes on", frame(TEXT, b"ok \xff"), 1007),
            ("a cut character that goes on wrongly", [frame(TEXT, &cut[..2]), frame(0, b"x")].concat(), 1007),
            ("a cut character in an empty end", [frame(TEXT, &cut[..2]), frame(FIN, b"")].concat(), 1007),
            (
                "within a frame that has not come whole",
                [header(FIN | TEXT, 0x80, 5000), vec![0; 4], b"abc\xff".to_vec()].concat(),
                1007,
            ),
        ],
    );
}

#[test]
fn too_big_closes_1009_at_the_header() {
    let huge = [header(FIN | TEXT, 0x80, 1 << 40), vec![0; 4]].concat();
    let small = vec![b' '; 600];
    closes(
        &["--max-message", "1K"],
        vec![
            ("announced", [header(FIN | TEXT, 0x80, 1025), vec![0; 4]].concat(), 1009),
            ("announced, a tebibyte", huge, 1009),
            ("in fragments", [frame(TEXT, &small), frame(0, &small)].concat(), 1009),
        ],
    );
}

#[test]
fn a_binary_frame_closes_1003_where_json_is_spoken() {
    closes(&[], vec![("binary", frame(FIN | BINARY, PING_COMMAND), 1003)]);
}

#[test]
fn fragments_and_control_frames_may_be_mixed() {
    let server = Server::start(&[]);
    let (a, rest) = PING_COMMAND.split_at(3);
    let (b, c) = rest.split_at(7);
    let bytes = [
        frame(TEXT, a),
        frame(FIN | PING, b"one"),
        frame(0, b""),
        frame(0, b),
        frame(FIN | PONG, b"unasked"),
        frame(FIN | PING, b"two"),
        frame(FIN, c),
    ]
    .concat();
    let check = |wire: &mut Wire| {
        assert_eq!(wire.frame(), Some((FIN | PONG, b"one".to_vec())));
        assert_eq!(wire.frame(), Some((FIN | PONG, b"two".to_vec())));
        assert_eq!(wire.frame(), Some((FIN | TEXT, b"{\"type\":\"pong\"}".to_vec())));
    };
    let mut wire = open(&server);
    wire.client.send(&bytes);
    check(&mut wire);
    for byte in &bytes {
        wire.client.send([*byte]);
    }
    check(&mut wire);
}

#[test]
fn pings_are_answered_in_order_with_what_they_held() {
    let server = Server::start(&[]);
    let mut wire = open(&server);
    let payloads: Vec<Vec<u8>> = (0..=125u8).map(|n| vec![n; usize::from(n)]).collect();
    wire.client.send(payloads.iter().flat_map(|p| frame(FIN | PING, p)).collect::<Vec<u8>>());
    for payload in payloads {
        assert_eq!(wire.frame(), Some((FIN | PONG, payload)));
    }
}

#[test]
fn echo_returns_what_it_gets() {
    let server = Server::start(&["--echo", "--max-message", "2M"]);
    let mut wire = Wire::open(&server, "/echo");
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20] {
        for opcode in [TEXT, BINARY] {
            let payload: Vec<u8> = (0..len).map(|n| b'a' + (n % 26) as u8).collect();
            wire.send(FIN | opcode, &payload);
            assert!(wire.frame() == Some((FIN | opcode, payload)), "{len} bytes came back changed");
        }
    }
    wire.client.send([frame(BINARY, b"\xff\x00"), frame(FIN, b"\xfe")].concat());
    assert_eq!(wire.frame(), Some((FIN | BINARY, b"\xff\x00\xfe".to_vec())));
    wire.client.send((0..500).flat_map(|n: u16| frame(FIN | BINARY, &n.to_be_bytes())).collect::<Vec<u8>>());
    for n in 0..500u16 {
        assert_eq!(wire.frame(), Some((FIN | BINARY, n.to_be_bytes().to_vec())));
    }
    Server::start(&[]).connect().get("/echo").problem(404);
}

#[test]
fn a_quiet_connection_is_pinged_and_one_that_never_answers_is_closed() {
    let server = Server::start(&["--heartbeat", "200ms"]);
    let mut alive = open(&server);
    for _ in 0..5 {
        let (first, payload) = alive.frame().expect("it stays open");
        assert_eq!(first, FIN | PING);
        alive.send(FIN | PONG, &payload);
    }
    let mut dead = open(&server);
    assert!(dead.frame().is_some_and(|(first, _)| first == FIN | PING));
    while dead.frame().is_some() {}
    server.await_figure("readers", |readers| readers <= 1);
}

#[test]
fn a_peer_that_leaves_without_a_close_is_forgotten() {
    let server = Server::start(&[]);
    let wire = open(&server);
    server.await_figure("readers", |readers| readers == 1);
    wire.client.socket.finish();
    server.await_figure("readers", |readers| readers == 0);
    let mut half = open(&server);
    let _ = half.try_send(&frame(FIN | TEXT, &[b' '; 500])[..40]);
    half.client.socket.reset();
    server.await_figure("readers", |readers| readers == 0);
}
