use super::super::deflate::deflated;
use super::*;
use crate::testing::laws::every_split;

const WINDOWS: Windows = Windows { server_bits: 15, client_bits: 15 };

fn read(deflate: Option<Windows>, pieces: &[&[u8]]) -> Result<Vec<Frame>, String> {
    let mut reader = SocketReader::new(deflate);
    let mut frames = Vec::new();
    for piece in pieces {
        reader.push(piece);
        frames.extend(reader.all()?);
    }
    reader.finish()?;
    Ok(frames)
}

/// A server's frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&header(first, 0, payload.len())[..], payload].concat()
}

#[test]
fn messages_are_the_same_in_every_cut() {
    let text = |text: &str| Frame::Text(text.to_owned());
    let close = |code, reason: &str| Frame::Close { code, reason: reason.to_owned() };
    let long = "x".repeat(130);
    let cases: [(Vec<u8>, Vec<Frame>); 8] = [
        (vec![], vec![]),
        (frame(0x81, "é".as_bytes()), vec![text("é")]),
        (frame(0x82, b"\xff"), vec![Frame::Binary(vec![0xff])]),
        (frame(0x81, long.as_bytes()), vec![text(&long)]),
        (
            [frame(0x01, b"\xc3"), frame(0x89, b"p"), frame(0x00, b""), frame(0x80, b"\xa9")].concat(),
            vec![Frame::Ping(b"p".to_vec()), text("é")],
        ),
        ([frame(0x8a, b""), frame(0x81, b"")].concat(), vec![Frame::Pong(Vec::new()), text("")]),
        ([frame(0x82, b""), frame(0x88, b"")].concat(), vec![Frame::Binary(Vec::new()), close(None, "")]),
        (frame(0x88, b"\x0f\xaabye"), vec![close(Some(4010), "bye")]),
    ];
    for (bytes, frames) in cases {
        every_split(&bytes, |pieces| assert_eq!(read(None, pieces), Ok(frames.clone()), "{pieces:?}"));
    }
    let wide = "x".repeat(70_000);
    assert_eq!(read(None, &[&frame(0x81, wide.as_bytes())]), Ok(vec![text(&wide)]));
}

#[test]
fn compressed_messages_are_inflated_in_every_cut() {
    let payload = deflated(b"hello hello hello", 15);
    let (front, back) = payload.split_at(5);
    let bytes = [
        frame(FIN | RSV1 | TEXT, &payload),
        frame(RSV1 | BINARY, front),
        frame(FIN | PING, b""),
        frame(FIN, back),
        frame(FIN | TEXT, b"plain"),
    ]
    .concat();
    let hello = "hello hello hello";
    let expected = vec![
        Frame::Text(hello.to_owned()),
        Frame::Ping(Vec::new()),
        Frame::Binary(hello.into()),
        Frame::Text("plain".to_owned()),
    ];
    every_split(&bytes, |pieces| assert_eq!(read(Some(WINDOWS), pieces), Ok(expected.clone())));
    let mut reader = SocketReader::new(Some(WINDOWS));
    reader.push(&bytes);
    assert_eq!(reader.all(), Ok(expected));
    assert_eq!(reader.compressed(), 2);
}

#[test]
fn what_a_server_must_not_send_is_an_error_in_every_cut() {
    let cases: [Vec<u8>; 26] = [
        b"\x81".to_vec(),
        b"\x81\x01".to_vec(),
        b"\x01\x01a".to_vec(),
        b"\x81\x81\0\0\0\0a".to_vec(),
        b"\x91\0".to_vec(),
        b"\xa1\0".to_vec(),
        b"\xc1\x01\0".to_vec(),
        b"\x83\0".to_vec(),
        b"\x8b\0".to_vec(),
        b"\x80\0".to_vec(),
        b"\x01\0\x81\0".to_vec(),
        b"\x09\0".to_vec(),
        [b"\x89\x7e\0\x7e".to_vec(), vec![0; 126]].concat(),
        [b"\x81\x7e\0\x7d".to_vec(), vec![0; 125]].concat(),
        [b"\x82\x7f\0\0\0\0\0\0\0\x7e".to_vec(), vec![0; 126]].concat(),
        b"\x82\x7f\x80\0\0\0\0\0\0\0".to_vec(),
        frame(0x81, b"\xff"),
        [frame(0x01, b"\xc3"), frame(0x80, b"x")].concat(),
        frame(0x88, b"\x03"),
        frame(0x88, b"\x03\xe7"),
        frame(0x88, b"\x03\xec"),
        frame(0x88, b"\x03\xed"),
        frame(0x88, b"\x03\xf7"),
        frame(0x88, b"\x13\x88"),
        frame(0x88, b"\x03\xe8\xff"),
        [frame(0x88, b""), frame(0x89, b"")].concat(),
    ];
    for bytes in cases {
        every_split(&bytes, |pieces| assert!(read(None, pieces).is_err(), "{pieces:?}"));
    }
    let payload = deflated(b"hello", 15);
    let compressed = [
        frame(FIN | RSV1 | PING, b""),
        [frame(RSV1 | TEXT, &payload), frame(FIN | RSV1, b"")].concat(),
        frame(FIN | RSV1 | TEXT, b""),
        frame(FIN | RSV1 | TEXT, b"\xff\xff"),
        frame(FIN | RSV1 | TEXT, &deflated(b"\xff", 15)),
    ];
    for bytes in compressed {
        every_split(&bytes, |pieces| assert!(read(Some(WINDOWS), pieces).is_err(), "{pieces:?}"));
    }
}

#[test]
fn a_client_masks_what_it_sends() {
    let frame = client_frame(FIN | TEXT, [0x37, 0xfa, 0x21, 0x3d], b"Hello");
    assert_eq!(frame, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "RFC 6455 section 5.7");
    for (len, head) in
        [(125, &b"\x82\xfd"[..]), (126, b"\x82\xfe\0\x7e"), (0x1_0000, b"\x82\xff\0\0\0\0\0\x01\0\0")]
    {
        let frame = client_frame(FIN | BINARY, [0; 4], &vec![7; len]);
        assert_eq!((&frame[..head.len()], frame.len()), (head, head.len() + 4 + len));
    }
}
