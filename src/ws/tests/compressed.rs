//! Compressed messages by rule of RFC 7692 section 6: which frames may say so, and what comes out of them however they
//! are cut.

use super::splits::every_split;
use super::*;
use crate::limits::compressed_max;
use crate::ws::{Compressors, FrameError, InflateError, WindowBits};
use Opcode::{Binary, Continuation, Ping, Pong, Text};

/// Sections 7.2.3.1 and 7.2.3.4 of the RFC.
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
const FINAL_HELLO: &[u8] = b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00";

const RESERVED: Option<ReceiveError> = Some(ReceiveError::Frame(FrameError::ReservedBits));
const MALFORMED: Option<ReceiveError> = Some(ReceiveError::Inflate(InflateError::Malformed));
const TOO_BIG: Option<ReceiveError> = Some(ReceiveError::Inflate(InflateError::TooBig));

/// A frame that may say that its message is compressed.
fn frame(is_final: bool, rsv1: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    masked(Header { is_final, rsv1, opcode, mask: None, len: 0 }, payload)
}

fn compressed(payload: &[u8]) -> Vec<u8> {
    Compressors::new().compress(payload, WindowBits::MAX).to_vec()
}

/// Name, frames as (final, RSV1, opcode, payload), what is received, the error at the end.
type Frames<'a> = &'a [(bool, bool, Opcode, &'a [u8])];
type Case<'a> = (&'a str, Frames<'a>, &'a [Received<'static>], Option<ReceiveError>);

fn check(max_message: usize, cases: &[Case<'_>]) {
    let mut inflater = Inflater::new();
    for (name, frames, received, error) in cases {
        let input: Vec<u8> =
            frames.iter().flat_map(|&(fin, rsv1, op, data)| frame(fin, rsv1, op, data)).collect();
        let expected = (received.to_vec(), *error);
        every_split(&input, |parts| {
            let lens = || parts.iter().map(|part| part.len()).collect::<Vec<_>>();
            assert_eq!(
                receive_by(parts, max_message, Some(&mut inflater)),
                expected,
                "{name}, cut to {:?}",
                lens()
            );
        });
    }
}

#[test]
fn compressed_and_plain_messages_come_out_side_by_side() {
    check(
        100,
        &[
            ("one frame", &[(true, true, Text, HELLO)], &[text("Hello")], None),
            ("a binary", &[(true, true, Binary, HELLO)], &[binary(b"Hello")], None),
            ("nothing", &[(true, true, Text, b"\x00")], &[text("")], None),
            ("not even a byte", &[(true, true, Text, b"")], &[text("")], None),
            ("a plain one", &[(true, false, Text, b"Hello")], &[text("Hello")], None),
            (
                "plain, compressed, plain, compressed",
                &[
                    (true, false, Text, b"a"),
                    (true, true, Text, HELLO),
                    (true, false, Binary, HELLO),
                    (true, true, Binary, HELLO),
                ],
                &[text("a"), text("Hello"), binary(HELLO), binary(b"Hello")],
                None,
            ),
            ("a final block", &[(true, true, Text, FINAL_HELLO)], &[text("Hello")], None),
            (
                "a final block, then another message",
                &[(true, true, Text, &FINAL_HELLO[..7]), (true, true, Text, HELLO)],
                &[text("Hello"), text("Hello")],
                None,
            ),
        ],
    );
}

#[test]
fn fragments_are_one_stream_with_control_frames_between() {
    let long = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. ".repeat(3);
    let data = compressed(long.as_bytes());
    let (one, rest) = data.split_at(7);
    let (two, three) = rest.split_at(rest.len() / 2);
    check(
        1000,
        &[
            (
                "the two fragments of section 7.2.3.1",
                &[(false, true, Text, &HELLO[..3]), (true, false, Continuation, &HELLO[3..])],
                &[text("Hello")],
                None,
            ),
            (
                "pings and pongs",
                &[
                    (false, true, Text, one),
                    (true, false, Ping, b"p"),
                    (false, false, Continuation, two),
                    (true, false, Pong, b"q"),
                    (true, false, Continuation, three),
                    (true, true, Text, HELLO),
                ],
                &[ping(b"p"), pong(b"q"), text(&long), text("Hello")],
                None,
            ),
            (
                "empty fragments",
                &[
                    (false, true, Text, b""),
                    (false, false, Continuation, HELLO),
                    (false, false, Continuation, b""),
                    (true, false, Continuation, b""),
                    (true, false, Text, b"plain"),
                ],
                &[text("Hello"), text("plain")],
                None,
            ),
            (
                "a final block in the middle",
                &[(false, true, Text, &FINAL_HELLO[..7]), (true, false, Continuation, HELLO)],
                &[text("HelloHello")],
                None,
            ),
            (
                "a close in the middle",
                &[(false, true, Text, &HELLO[..3]), (true, false, Opcode::Close, b"")],
                &[Received::Close(None)],
                None,
            ),
            (
                "a plain message in fragments",
                &[
                    (false, false, Text, &long.as_bytes()[..3]),
                    (true, false, Continuation, &long.as_bytes()[3..]),
                ],
                &[text(&long)],
                None,
            ),
        ],
    );
}

#[test]
fn only_the_first_frame_of_a_message_says_that_it_is_compressed() {
    check(
        100,
        &[
            ("a continuation", &[(false, true, Text, HELLO), (true, true, Continuation, b"")], &[], RESERVED),
            ("of a plain one", &[(false, false, Text, b"a"), (true, true, Continuation, b"")], &[], RESERVED),
            ("of nothing", &[(true, true, Continuation, b"")], &[], RESERVED),
            ("a ping", &[(true, true, Ping, b"")], &[], RESERVED),
            ("a pong", &[(true, true, Pong, b"")], &[], RESERVED),
            ("a close", &[(true, true, Opcode::Close, b"")], &[], RESERVED),
            ("a ping in a message", &[(false, true, Text, HELLO), (true, true, Ping, b"")], &[], RESERVED),
            (
                "a message in a message",
                &[(false, true, Text, HELLO), (true, true, Text, HELLO)],
                &[],
                Some(ReceiveError::MessageWithinMessage),
            ),
        ],
    );
}

#[test]
fn without_an_agreement_no_message_is_compressed() {
    for opcode in [Text, Binary, Continuation, Ping, Pong, Opcode::Close] {
        let input = frame(true, true, opcode, HELLO);
        every_split(&input, |parts| assert_eq!(receive(parts, MAX), (vec![], RESERVED), "{opcode:?}"));
    }
    let error = RESERVED.expect("it is one");
    assert_eq!(error.close_code(), CloseCode::PROTOCOL_ERROR);
}

#[test]
fn bad_data_and_bad_text_are_refused_when_the_message_is_whole() {
    let bad_text = compressed(b"a\xff");
    let cut_text = compressed("€".as_bytes().split_last().expect("three bytes").1);
    let halves = (compressed(b"\xe2\x82\xac"), 3);
    let (first, second) = halves.0.split_at(halves.1);
    let invalid = Some(ReceiveError::InvalidUtf8);
    check(
        100,
        &[
            ("no deflate", &[(true, true, Text, b"Hello")], &[], MALFORMED),
            (
                "no deflate in fragments",
                &[(false, true, Text, b"He"), (true, false, Continuation, b"llo")],
                &[],
                MALFORMED,
            ),
            ("cut off", &[(true, true, Text, &HELLO[..5])], &[], MALFORMED),
            (
                "a good one before",
                &[(true, true, Text, HELLO), (true, true, Text, b"\xff")],
                &[text("Hello")],
                MALFORMED,
            ),
            ("no UTF-8", &[(true, true, Text, &bad_text)], &[], invalid),
            ("a character cut off", &[(true, true, Text, &cut_text)], &[], invalid),
            ("no UTF-8, but binary", &[(true, true, Binary, &bad_text)], &[binary(b"a\xff")], None),
            (
                "a character over two fragments",
                &[(false, true, Text, first), (true, false, Continuation, second)],
                &[text("€")],
                None,
            ),
        ],
    );
}

#[test]
fn the_bound_is_for_what_comes_out_and_what_comes_in_may_be_a_little_more() {
    let (ten, eleven) = (compressed(&[b'x'; 10]), compressed(&[b'x'; 11]));
    let stored = [&b"\x00\x0a\x00\xf5\xff"[..], b"0123456789", b"\x00"].concat();
    let most = vec![0; compressed_max(10)];
    let over = vec![0; compressed_max(10) + 1];
    let too_big_to_hold = Some(ReceiveError::TooBig);
    check(
        10,
        &[
            ("ten", &[(true, true, Text, &ten)], &[text("xxxxxxxxxx")], None),
            ("eleven", &[(true, true, Text, &eleven)], &[], TOO_BIG),
            ("ten in sixteen", &[(true, true, Text, &stored)], &[text("0123456789")], None),
            (
                "ten in sixteen in fragments",
                &[(false, true, Text, &stored[..9]), (true, false, Continuation, &stored[9..])],
                &[text("0123456789")],
                None,
            ),
            ("as much as may come", &[(true, true, Text, &most)], &[], MALFORMED),
            ("more than may come", &[(true, true, Text, &over)], &[], too_big_to_hold),
            (
                "more than may come, in fragments",
                &[(false, true, Text, &most), (true, false, Continuation, b"x")],
                &[],
                too_big_to_hold,
            ),
            ("a plain one over the bound", &[(true, false, Text, b"01234567890")], &[], too_big_to_hold),
            (
                "a ping over the bound in between",
                &[
                    (false, true, Text, &ten),
                    (true, false, Ping, &[b'p'; 125]),
                    (true, false, Continuation, b""),
                ],
                &[ping(&[b'p'; 125]), text("xxxxxxxxxx")],
                None,
            ),
        ],
    );
    for error in [TOO_BIG, too_big_to_hold].into_iter().flatten() {
        assert_eq!(error.close_code(), CloseCode::TOO_BIG);
    }
}

#[test]
fn compressed_parts_are_held_as_they_came() {
    let mut compressors = Compressors::new();
    let data = compressors.compress(&vec![b'x'; MAX], WindowBits::MAX);
    let (mut receiver, mut inflater) = (Receiver::new(), Inflater::new());
    let whole = frame(true, true, Binary, data);
    let record = 256;
    for (i, byte) in whole.iter().enumerate() {
        let mut piece = [*byte];
        let received = receiver.next(&mut &mut piece[..], MAX, Some(&mut inflater)).expect("it is proper");
        assert_eq!(received.is_some(), i + 1 == whole.len(), "it comes out at its last byte");
        assert!(
            receiver.held_bytes() <= record + 2 * (i + 1),
            "a megabyte of x is held as {} bytes",
            data.len()
        );
    }
    assert_eq!(receiver.held_bytes(), 0);
}
