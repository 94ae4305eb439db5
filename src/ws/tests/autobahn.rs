//! The cases of the Autobahn test suite that hang on when something is noticed, not only on what.

use super::*;
use crate::ws::{HandshakeError, encode_close, frame};
use Opcode::{Continuation, Text};

/// Feeds the parts and tells after which of them the receiver failed, and how.
fn fails_after(parts: &[&[u8]]) -> Option<(usize, ReceiveError)> {
    let mut receiver = Receiver::new();
    let mut all = Vec::new();
    let failed = parts.iter().enumerate().find_map(|(i, part)| {
        let outcome = drain(&mut receiver, &mut part.to_vec(), MAX, &mut all);
        outcome.err().map(|error| (i, error))
    });
    assert!(all.is_empty(), "nothing comes out of a spoiled message");
    failed
}

const GOOD: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
const BAD: &[u8] = b"\xf4\x90\x80\x80";
const MORE: &[u8] = b"edited";

#[test]
fn case_6_4_1_fails_at_the_fragment_that_spoils_the_text() {
    let (one, two, three) = (
        client_frame(false, Text, GOOD),
        client_frame(false, Continuation, BAD),
        client_frame(true, Continuation, MORE),
    );
    assert_eq!(fails_after(&[&one, &two, &three]), Some((1, ReceiveError::InvalidUtf8)));
}

#[test]
fn case_6_4_2_fails_before_the_last_fragment_where_a_character_is_over_the_end_of_unicode() {
    let (one, two, three) = (
        client_frame(false, Text, &[GOOD, b"\xf4"].concat()),
        client_frame(false, Continuation, b"\x90"),
        client_frame(true, Continuation, MORE),
    );
    assert_eq!(fails_after(&[&one, &two, &three]), Some((1, ReceiveError::InvalidUtf8)));
}

#[test]
fn case_6_4_3_fails_within_a_frame_as_soon_as_the_bad_bytes_are_there() {
    let whole = client_frame(true, Text, &[GOOD, BAD, MORE].concat());
    let head = whole.len() - GOOD.len() - BAD.len() - MORE.len();
    let (one, rest) = whole.split_at(head + GOOD.len());
    let (two, three) = rest.split_at(BAD.len());
    assert_eq!(fails_after(&[one, two, three]), Some((1, ReceiveError::InvalidUtf8)));
}

#[test]
fn case_6_4_4_fails_at_the_very_byte() {
    let whole = client_frame(true, Text, &[GOOD, BAD, MORE].concat());
    let bytes: Vec<&[u8]> = whole.chunks(1).collect();
    let spoiled = whole.len() - MORE.len() - BAD.len() + 1;
    assert_eq!(fails_after(&bytes), Some((spoiled, ReceiveError::InvalidUtf8)));
}

#[test]
fn group_7_close_codes_are_taken_or_refused() {
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        let frame = client_frame(true, Opcode::Close, &u16::to_be_bytes(code));
        assert_eq!(receive(&[&frame], MAX), (vec![close(CloseCode(code), "")], None), "{code}");
    }
    for code in [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535] {
        let frame = client_frame(true, Opcode::Close, &u16::to_be_bytes(code));
        let (received, error) = receive(&[&frame], MAX);
        assert!(received.is_empty(), "{code}");
        assert_eq!(error.map(ReceiveError::close_code), Some(CloseCode::PROTOCOL_ERROR), "{code}");
    }
}

#[test]
fn every_error_has_a_sentence_that_fits_a_close_frame() {
    use crate::ws::close::CloseError as C;
    use crate::ws::frame::FrameError as F;
    use ReceiveError as E;
    let frames = [F::ReservedBits, F::ReservedOpcode, F::ControlFragmented, F::ControlTooLong];
    let lengths = [F::LengthNotMinimal, F::LengthTooLong];
    let closes = [C::HalfACode, C::BadCode, C::BadReason].map(E::Close);
    let plain = [E::Unmasked, E::NothingToContinue, E::MessageWithinMessage, E::TooBig, E::InvalidUtf8];
    for error in frames.into_iter().chain(lengths).map(E::Frame).chain(closes).chain(plain) {
        assert!((1..=123).contains(&error.detail().len()), "{error:?}");
        assert!(error.close_code().is_sendable(), "{error:?}");
        let (mut closing, mut expected) = (Vec::new(), error.close_code().0.to_be_bytes().to_vec());
        encode_close(error.close_code(), error.detail(), &mut closing);
        expected.extend_from_slice(error.detail().as_bytes());
        let mut same = Vec::new();
        frame(Opcode::Close, &expected, &mut same);
        assert_eq!(closing, same);
    }
    assert!(!HandshakeError::BadKey.detail().is_empty());
}
