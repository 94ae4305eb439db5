//! Request heads and bodies, fed arbitrary bytes.

use crate::conn::{Http1, HttpEvent, HttpRefusal};
use crate::http::{self, Framing, Head, Version};
use crate::testing::laws;

/// Small, so that the bounds are met: bytes of a head, a target and a body.
const HEAD_MAX: usize = 1024;
const TARGET_MAX: usize = 256;
const BODY_MAX: usize = 512;

/// Law: however the bytes are cut, the same heads, bodies and refusal come out; a head that is accepted can be read in
/// one way only; a refusal can be answered; bounds are kept.
pub fn request(data: &[u8]) {
    let Some((&seed, input)) = data.split_first() else { return };
    let mut expected = None;
    laws::few_splits(input, seed.into(), |pieces| {
        let events = read(pieces);
        let expected = expected.get_or_insert_with(|| events.clone());
        assert_eq!(&events, expected, "cut in {} pieces", pieces.len());
    });
}

/// Reads as a connection does: what is left over is handed in again with the next piece. Everything that comes out,
/// as text, up to the first refusal.
fn read(pieces: &[&[u8]]) -> Vec<String> {
    let (mut machine, mut held, mut events) = (Http1::default(), Vec::new(), Vec::new());
    for piece in pieces {
        held.extend_from_slice(piece);
        let mut input = &mut held[..];
        if !read_on(&mut machine, &mut input, &mut events) {
            return events;
        }
        let left = input.len();
        held.drain(..held.len() - left);
        assert!(held.len() < HEAD_MAX, "an incomplete head is bounded");
        assert!(machine.held_bytes() <= 2 * BODY_MAX, "and so is a body");
    }
    events
}

/// Takes what there is; `false` after a refusal.
fn read_on(machine: &mut Http1, input: &mut &mut [u8], events: &mut Vec<String>) -> bool {
    loop {
        let refusal = match machine.next(input, HEAD_MAX) {
            Ok(None) => return true,
            Ok(Some(HttpEvent::Body(body))) => {
                assert!(body.len() <= BODY_MAX);
                events.push(format!("body {}", body.escape_ascii()));
                continue;
            }
            Ok(Some(HttpEvent::Head(bytes))) => {
                let mut storage = http::storage();
                let parsed = http::parse(bytes, &mut storage, TARGET_MAX);
                match parsed {
                    Ok(head) => {
                        check(&head, bytes);
                        events.push(format!("{head:?}"));
                        match machine.expect_body(head.framing, BODY_MAX) {
                            Ok(()) => continue,
                            Err(refusal) => refusal,
                        }
                    }
                    Err(error) => HttpRefusal::Head(error),
                }
            }
            Err(refusal) => refusal,
        };
        assert!((400..=505).contains(&refusal.status()) && !refusal.detail().is_empty());
        events.push(format!("{refusal:?}"));
        return false;
    }
}

/// What other readers of the same bytes could take for something else.
fn check(head: &Head<'_, '_>, bytes: &[u8]) {
    assert!(bytes.len() <= HEAD_MAX && head.raw_target.len() <= TARGET_MAX);
    assert!(head.raw_target.bytes().all(|b| b.is_ascii_graphic() && b != b'#'));
    assert!(head.method_text.bytes().all(is_token_byte) && !head.method_text.is_empty());
    let mut count = 0;
    for (name, value) in head.headers.iter() {
        count += 1;
        assert!(!name.is_empty() && name.bytes().all(is_token_byte), "{name:?}");
        assert!(value.iter().all(|&b| b == b'\t' || (b >= b' ' && b != 0x7f)), "{name}");
    }
    let lines = bytes.iter().filter(|&&b| b == b'\n').count();
    let empty_lines = 1 + usize::from(bytes.starts_with(b"\r\n"));
    assert_eq!(lines, count + 1 + empty_lines, "a field is a line and a line is a field");
    let times = |name| head.headers.all(name).count();
    assert!(times("content-length") + times("transfer-encoding") <= 1, "one framing");
    assert!(times("host") == 1 || (times("host") == 0 && head.version == Version::Http10));
    assert_eq!(head.framing == Framing::Chunked, times("transfer-encoding") == 1);
    assert_eq!(matches!(head.framing, Framing::Length(_)), times("content-length") == 1);
}

/// RFC 9110 section 5.6.2.
fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}
