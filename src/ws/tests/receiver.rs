//! The receiver by rule of the RFC: what comes out of which frames, however they are cut.

use super::splits::always_comes_to;
use super::*;
use crate::ws::FrameError;
use crate::ws::close::CloseError;
use Opcode::{Binary, Close, Continuation, Ping, Pong, Text};

/// Name, frames as (final, opcode, payload), what is received, the error at the end.
type Case<'a> = (&'a str, &'a [(bool, Opcode, &'a [u8])], &'a [Received<'static>], Option<ReceiveError>);

fn check(cases: &[Case<'_>]) {
    for (name, frames, received, error) in cases {
        let input: Vec<u8> = frames.iter().flat_map(|&(fin, op, data)| client_frame(fin, op, data)).collect();
        always_comes_to(name, &input, MAX, &(received.to_vec(), *error));
    }
}

#[test]
fn messages_come_out_whole_whatever_their_frames() {
    let long = [b'x'; 300];
    let long_text = "x".repeat(300);
    check(&[
        ("nothing", &[], &[], None),
        ("an empty text", &[(true, Text, b"")], &[text("")], None),
        ("an empty binary", &[(true, Binary, b"")], &[binary(b"")], None),
        ("a text", &[(true, Text, "Grüße".as_bytes())], &[text("Grüße")], None),
        ("a binary that is no text", &[(true, Binary, b"\xff\x00")], &[binary(b"\xff\x00")], None),
        ("a 16-bit length", &[(true, Text, &long)], &[text(&long_text)], None),
        ("two messages", &[(true, Text, b"a"), (true, Binary, b"b")], &[text("a"), binary(b"b")], None),
        ("two fragments", &[(false, Text, b"Hel"), (true, Continuation, b"lo")], &[text("Hello")], None),
        (
            "fragments cut within characters",
            &[(false, Text, b"\xf0"), (false, Continuation, b"\x9d\x84"), (true, Continuation, b"\x9e!")],
            &[text("𝄞!")],
            None,
        ),
        (
            "empty fragments",
            &[(false, Binary, b""), (false, Continuation, b""), (true, Continuation, b"")],
            &[binary(b"")],
            None,
        ),
        (
            "an empty first and an empty last fragment",
            &[(false, Text, b""), (false, Continuation, b"mid"), (true, Continuation, b"")],
            &[text("mid")],
            None,
        ),
        ("a message that has not ended", &[(false, Text, b"a"), (false, Continuation, b"b")], &[], None),
    ]);
}

#[test]
fn control_frames_come_between_messages_and_fragments() {
    let most = [7; 125];
    check(&[
        ("an empty ping", &[(true, Ping, b"")], &[ping(b"")], None),
        ("a ping with any bytes", &[(true, Ping, b"\xff\xfe")], &[ping(b"\xff\xfe")], None),
        ("the longest ping", &[(true, Ping, &most)], &[ping(&most)], None),
        ("an unasked pong", &[(true, Pong, b"x")], &[pong(b"x")], None),
        (
            "within a message",
            &[
                (false, Text, b"one "),
                (true, Ping, b"p"),
                (false, Continuation, b"two "),
                (true, Pong, b""),
                (true, Continuation, b"three"),
                (true, Ping, b"q"),
            ],
            &[ping(b"p"), pong(b""), text("one two three"), ping(b"q")],
            None,
        ),
        (
            "within a character",
            &[(false, Text, b"\xe2\x82"), (true, Ping, b"\xe2"), (true, Continuation, b"\xac")],
            &[ping(b"\xe2"), text("€")],
            None,
        ),
    ]);
}

#[test]
fn a_close_says_why_and_nothing_comes_after_it() {
    let longest = [&b"\x03\xe8"[..], &[b'x'; 123]].concat();
    check(&[
        ("without payload", &[(true, Close, b"")], &[Received::Close(None)], None),
        ("a code", &[(true, Close, b"\x03\xe8")], &[close(CloseCode::NORMAL, "")], None),
        ("a reason", &[(true, Close, b"\x03\xe9bye")], &[close(CloseCode::GOING_AWAY, "bye")], None),
        (
            "the longest reason",
            &[(true, Close, &longest)],
            &[close(CloseCode::NORMAL, &"x".repeat(123))],
            None,
        ),
        (
            "within a message",
            &[(false, Text, b"a"), (true, Close, b""), (true, Continuation, b"b")],
            &[Received::Close(None)],
            None,
        ),
        (
            "then a message, a ping, another close and an error",
            &[
                (true, Close, b""),
                (true, Text, b"a"),
                (true, Ping, b""),
                (true, Close, b""),
                (true, Continuation, b""),
            ],
            &[Received::Close(None)],
            None,
        ),
        ("half a code", &[(true, Close, b"\x03")], &[], Some(ReceiveError::Close(CloseError::HalfACode))),
        (
            "a code for use within",
            &[(true, Text, b"a"), (true, Close, b"\x03\xee")],
            &[text("a")],
            Some(ReceiveError::Close(CloseError::BadCode)),
        ),
        (
            "a reason that is not UTF-8",
            &[(true, Close, b"\x03\xe8\xff")],
            &[],
            Some(ReceiveError::Close(CloseError::BadReason)),
        ),
    ]);
}

#[test]
fn fragments_out_of_order_are_refused() {
    check(&[
        (
            "a continuation of nothing",
            &[(true, Continuation, b"a")],
            &[],
            Some(ReceiveError::NothingToContinue),
        ),
        ("not even a final one", &[(false, Continuation, b"a")], &[], Some(ReceiveError::NothingToContinue)),
        (
            "nor after a message",
            &[(true, Text, b"a"), (true, Continuation, b"b")],
            &[text("a")],
            Some(ReceiveError::NothingToContinue),
        ),
        (
            "nor after a fragmented one",
            &[(false, Text, b"a"), (true, Continuation, b"b"), (true, Continuation, b"c")],
            &[text("ab")],
            Some(ReceiveError::NothingToContinue),
        ),
        (
            "a text within a text",
            &[(false, Text, b"a"), (true, Text, b"b")],
            &[],
            Some(ReceiveError::MessageWithinMessage),
        ),
        (
            "a binary within a text that is empty so far",
            &[(false, Text, b""), (false, Binary, b"")],
            &[],
            Some(ReceiveError::MessageWithinMessage),
        ),
    ]);
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    check(&[
        ("in one frame", &[(true, Text, b"a\xffb")], &[], Some(ReceiveError::InvalidUtf8)),
        ("cut off at the end", &[(true, Text, b"a\xe2\x82")], &[], Some(ReceiveError::InvalidUtf8)),
        (
            "cut off at the end of fragments",
            &[(false, Text, b"\xe2"), (true, Continuation, b"\x82")],
            &[],
            Some(ReceiveError::InvalidUtf8),
        ),
        (
            "cut off by an empty fragment",
            &[(false, Text, b"\xe2"), (true, Continuation, b"")],
            &[],
            Some(ReceiveError::InvalidUtf8),
        ),
        (
            "a surrogate over fragments",
            &[(false, Text, b"\xed"), (false, Continuation, b"\xa0")],
            &[],
            Some(ReceiveError::InvalidUtf8),
        ),
        (
            "after a good message",
            &[(true, Text, b"ok"), (false, Text, b"\xc0")],
            &[text("ok")],
            Some(ReceiveError::InvalidUtf8),
        ),
    ]);
}

#[test]
fn a_header_the_rfc_forbids_is_refused_with_what_came_before_it_kept() {
    let before = client_frame(true, Text, b"ok");
    let cases: &[(&[u8], ReceiveError)] = &[
        (b"\xc1\x80\0\0\0\0", ReceiveError::Frame(FrameError::ReservedBits)),
        (b"\x83\x80\0\0\0\0", ReceiveError::Frame(FrameError::ReservedOpcode)),
        (b"\x09\x80\0\0\0\0", ReceiveError::Frame(FrameError::ControlFragmented)),
        (b"\x89\xfe\0\x7e\0\0\0\0", ReceiveError::Frame(FrameError::ControlTooLong)),
        (b"\x81\xfe\0\x05\0\0\0\0hello", ReceiveError::Frame(FrameError::LengthNotMinimal)),
        (b"\x82\xff\xff\0\0\0\0\0\0\0", ReceiveError::Frame(FrameError::LengthTooLong)),
        (b"\x81\x02hi", ReceiveError::Unmasked),
        (b"\x81\x00", ReceiveError::Unmasked),
        (b"\x89\x00", ReceiveError::Unmasked),
        (b"\x88\x02\x03\xe8", ReceiveError::Unmasked),
    ];
    for &(bad, error) in cases {
        let input = [&before, bad].concat();
        always_comes_to(&format!("{bad:x?}"), &input, MAX, &(vec![text("ok")], Some(error)));
        assert_eq!(error.close_code(), CloseCode::PROTOCOL_ERROR);
    }
}

#[test]
fn after_an_error_everything_is_swallowed() {
    let mut receiver = Receiver::new();
    let mut bad = *b"\x83";
    assert!(receiver.next(&mut &mut bad[..], MAX, None).is_err());
    let mut good = client_frame(true, Text, b"too late");
    let mut input = &mut good[..];
    assert_eq!(receiver.next(&mut input, MAX, None), Ok(None));
    assert!(input.is_empty());
}

#[test]
fn a_whole_frame_is_handed_out_where_it_lies() {
    for (opcode, len) in [(Text, 5), (Binary, 70_000), (Ping, 125), (Pong, 1)] {
        let mut bytes = client_frame(true, opcode, &vec![b'a'; len]);
        let mut input = &mut bytes[..];
        let received = Receiver::new().next(&mut input, MAX, None);
        let Ok(Some(Received::Message { data, .. } | Received::Ping(data) | Received::Pong(data))) = received
        else {
            panic!("a {opcode:?} comes out, not {received:?}");
        };
        assert!(matches!(data, Payload::Borrowed(bytes) if bytes.len() == len), "{opcode:?}");
        assert!(input.is_empty());
    }
}
