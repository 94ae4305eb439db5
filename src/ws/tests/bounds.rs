//! What a peer can make the receiver hold, and how long it takes.

use super::splits::always_comes_to;
use super::*;
use Opcode::{Binary, Continuation, Ping, Text};

#[test]
fn a_message_over_the_bound_is_refused_at_its_header() {
    let too_big = Some(ReceiveError::TooBig);
    let whole = client_frame(true, Binary, &[1; 11]);
    always_comes_to("eleven bytes", &whole, 10, &(vec![], too_big));
    assert_eq!(receive(&[&whole[..6]], 10), (vec![], too_big), "before any of the payload");
    let last = client_frame(true, Binary, &[1; 10]);
    always_comes_to("ten bytes", &last, 10, &(vec![binary(&[1; 10])], None));

    let fragments =
        [client_frame(false, Text, b"123456"), client_frame(false, Continuation, b"78901")].concat();
    always_comes_to("six and five", &fragments, 10, &(vec![], too_big));
    let fits = [client_frame(false, Text, b"123456"), client_frame(true, Continuation, b"7890")].concat();
    always_comes_to("six and four", &fits, 10, &(vec![text("1234567890")], None));

    let huge = [&b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"[..], &[0; 4]].concat();
    always_comes_to("2^63 - 1 bytes", &huge, MAX, &(vec![], too_big));
    always_comes_to("2^63 - 1 bytes", &huge, usize::MAX >> 2, &(vec![], too_big));
    let more = [&b"\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xff"[..], &[0; 4]].concat();
    let later = [client_frame(false, Binary, b"x"), more].concat();
    always_comes_to("2^63 - 1 bytes more", &later, MAX, &(vec![], too_big));
    assert_eq!(ReceiveError::TooBig.close_code(), CloseCode::TOO_BIG);
}

#[test]
fn control_frames_do_not_count_towards_the_bound() {
    let input = [
        client_frame(false, Binary, b"1"),
        client_frame(true, Ping, b"12345"),
        client_frame(true, Continuation, b"2"),
    ]
    .concat();
    always_comes_to("a ping over the bound", &input, 2, &(vec![ping(b"12345"), binary(b"12")], None));
}

#[test]
fn what_is_held_follows_what_arrived_not_what_was_announced() {
    let mut receiver = Receiver::new();
    let mut all = Vec::new();
    let whole = client_frame(true, Binary, &vec![1; MAX]);
    let record = 256;
    for (i, part) in whole.chunks(1000).enumerate() {
        drain(&mut receiver, &mut part.to_vec(), MAX, &mut all).expect("the message is proper");
        let arrived = (i + 1) * 1000;
        assert!(receiver.held_bytes() <= record + (2 * arrived).min(MAX), "after {arrived} bytes");
    }
    assert_eq!((all.len(), receiver.held_bytes()), (1, 0));
    assert!(size_of::<Receiver>() <= 32);
}

#[test]
fn between_messages_nothing_is_held_and_within_them_it_is_counted() {
    let frames = [
        client_frame(true, Ping, b"payload"),
        client_frame(true, Text, b"payload"),
        client_frame(true, Opcode::Pong, b""),
    ];
    for frame in frames {
        let (mut receiver, mut all) = (Receiver::new(), Vec::new());
        assert_eq!(receiver.held_bytes(), 0);
        for (i, byte) in frame.iter().enumerate() {
            drain(&mut receiver, &mut [*byte], MAX, &mut all).expect("the frame is proper");
            assert_eq!(receiver.held_bytes() == 0, i + 1 == frame.len(), "after byte {i}");
        }
        assert_eq!(all.len(), 1);
    }
}

#[test]
fn empty_fragments_make_nothing_grow() {
    let (mut receiver, mut all) = (Receiver::new(), Vec::new());
    drain(&mut receiver, &mut client_frame(false, Text, b"x"), MAX, &mut all).expect("a message begins");
    let held = receiver.held_bytes();
    let mut many = client_frame(false, Continuation, b"").repeat(10_000);
    drain(&mut receiver, &mut many, MAX, &mut all).expect("empty fragments are allowed");
    assert_eq!(receiver.held_bytes(), held);
    assert!(all.is_empty());
}

#[test]
fn sixteen_mebibytes_in_65536_fragments_are_one_message_and_not_slow() {
    const LEN: usize = 16 << 20;
    let fragment = [b'x'; LEN / 65_536];
    let mut input = client_frame(false, Text, &fragment);
    input.extend(client_frame(false, Continuation, &fragment).repeat(65_534));
    input.extend(client_frame(true, Continuation, &fragment));
    // Were a fragment's cost to grow with what is there, this would take minutes.
    for piece in [usize::MAX, 65_536, 777] {
        let (mut receiver, mut all) = (Receiver::new(), Vec::new());
        for part in input.clone().chunks_mut(piece.min(input.len())) {
            drain(&mut receiver, part, LEN, &mut all).expect("the message is proper");
        }
        assert_eq!(all.len(), 1);
        assert!(matches!(&all[0], Received::Message { kind: Kind::Text, data } if data.len() == LEN));
    }
}
