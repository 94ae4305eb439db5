//! Against another implementation: what tungstenite sends we read, what we send tungstenite reads.

use super::*;
use crate::ws::{encode_close, frame};
use ::tungstenite::protocol::frame::coding::{CloseCode as TheirCode, Control, Data, OpCode};
use ::tungstenite::protocol::frame::{CloseFrame, Frame, FrameHeader};
use ::tungstenite::protocol::{Role, WebSocket};
use ::tungstenite::{Bytes, Message};
use std::io::Cursor;

/// Lengths about each change of form, and one that takes more than one read.
const LENS: [usize; 8] = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000];

fn their_opcode(opcode: Opcode) -> OpCode {
    match opcode {
        Opcode::Continuation => OpCode::Data(Data::Continue),
        Opcode::Text => OpCode::Data(Data::Text),
        Opcode::Binary => OpCode::Data(Data::Binary),
        Opcode::Close => OpCode::Control(Control::Close),
        Opcode::Ping => OpCode::Control(Control::Ping),
        Opcode::Pong => OpCode::Control(Control::Pong),
    }
}

/// A client that writes into memory.
fn client() -> WebSocket<Cursor<Vec<u8>>> {
    WebSocket::from_raw_socket(Cursor::new(Vec::new()), Role::Client, None)
}

#[test]
fn headers_are_the_same_bytes() {
    let opcodes =
        [Opcode::Continuation, Opcode::Text, Opcode::Binary, Opcode::Close, Opcode::Ping, Opcode::Pong];
    for opcode in opcodes {
        for len in [0, 125, 126, 65_535, 65_536, 1 << 40] {
            for (is_final, mask) in [(true, None), (false, None), (true, Some([9, 8, 7, 6]))] {
                if opcode.is_control() && !(is_final && len <= 125) {
                    continue;
                }
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                encode_header(Header { is_final, rsv1: false, opcode, mask, len }, &mut ours);
                let header =
                    FrameHeader { is_final, opcode: their_opcode(opcode), mask, ..FrameHeader::default() };
                header.format(len, &mut theirs).expect("writing to memory does not fail");
                assert_eq!(ours, theirs, "{opcode:?} of {len} bytes");
            }
        }
    }
}

#[test]
fn what_their_client_sends_comes_out_here() {
    let mut socket = client();
    let mut expected = Vec::new();
    for len in LENS {
        let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
        let words = "zwölf ".repeat(len / 7);
        socket.write(Message::binary(data.clone())).expect("memory takes all");
        socket.write(Message::text(words.clone())).expect("memory takes all");
        expected.extend([binary(&data), text(&words)]);
    }
    for message in [Message::Ping(Bytes::from_static(b"there?")), Message::Pong(Bytes::new())] {
        socket.write(message).expect("memory takes all");
    }
    let why = CloseFrame { code: TheirCode::Away, reason: "adieu".into() };
    socket.close(Some(why)).expect("memory takes all");
    socket.flush().expect("memory takes all");
    expected.extend([ping(b"there?"), pong(b""), close(CloseCode::GOING_AWAY, "adieu")]);
    let sent = socket.get_ref().get_ref();
    for piece in [sent.len(), 65_536, 1000, 1] {
        let parts: Vec<&[u8]> = sent.chunks(piece).collect();
        assert_eq!(receive(&parts, MAX), (expected.clone(), None), "in parts of {piece}");
    }
}

#[test]
fn their_fragments_are_joined_here() {
    let mut socket = client();
    let parts = [(Data::Text, false, "Gr"), (Data::Continue, false, "ü"), (Data::Continue, true, "ße")];
    for (opcode, is_final, part) in parts {
        let fragment = Frame::message(Bytes::from_static(part.as_bytes()), OpCode::Data(opcode), is_final);
        socket.write(Message::Frame(fragment)).expect("memory takes all");
    }
    socket.flush().expect("memory takes all");
    assert_eq!(receive(&[socket.get_ref().get_ref()], MAX), (vec![text("Grüße")], None));
}

#[test]
fn what_we_send_comes_out_of_their_client() {
    let mut sent = Vec::new();
    let mut expected = Vec::new();
    for len in LENS {
        let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
        let words = "zwölf ".repeat(len / 7);
        frame(Opcode::Binary, &data, &mut sent);
        frame(Opcode::Text, words.as_bytes(), &mut sent);
        expected.extend([Message::binary(data), Message::text(words)]);
    }
    frame(Opcode::Pong, b"here", &mut sent);
    expected.push(Message::Pong(Bytes::from_static(b"here")));
    encode_close(CloseCode::TRY_AGAIN, "later", &mut sent);
    expected.push(Message::Close(Some(CloseFrame { code: TheirCode::Again, reason: "later".into() })));
    let mut socket = WebSocket::from_raw_socket(Cursor::new(sent), Role::Client, None);
    for message in expected {
        assert_eq!(socket.read().expect("what we send is proper"), message);
    }
}

#[test]
fn both_take_and_refuse_the_same_close_codes() {
    for code in (999..=1020).chain([2999, 3000, 3999, 4000, 4999, 5000]) {
        // Theirs knows 1012 and 1013, but not 1014 (bad gateway, registered since).
        if code != 1014 {
            assert_eq!(CloseCode(code).is_sendable(), TheirCode::from(code).is_allowed(), "{code}");
        }
    }
}
