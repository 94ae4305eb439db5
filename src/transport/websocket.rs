//! Messages as WebSocket frames: `holdline.v1` (JSON in text frames) and `holdline.raw` (payloads only). Frames are
//! whole and unmasked, as a server sends them (RFC 6455 section 5.2); messages may be compressed (RFC 7692), all else is
//! not.  Law: a text frame holds UTF-8, inflated if it is compressed.

use super::Opening;
use super::encoder::Encoder;
use super::envelope::{text_of, write_envelope, write_greeting, write_notice};
use super::json::Escape;
use crate::message::{Message, Notice};
use crate::ws::{self, Header, Opcode, WindowBits, encode_header};

/// One message of `holdline.v1`; one that is replayed to a reader who came later says so.
pub fn message(
    out: &mut Vec<u8>,
    channel: &str,
    message: &Message,
    replay: bool,
    encoder: &mut Encoder,
    window: Option<WindowBits>,
) {
    let lead = if replay { "{\"type\":\"message\",\"replay\":true," } else { "{\"type\":\"message\"," };
    compressible(out, encoder, window, |out| write_envelope(out, lead, channel, message, Escape::Plain));
}

/// One text frame around what `write` appends, which must be UTF-8; compressed if that pays.
pub fn compressible(
    out: &mut Vec<u8>,
    encoder: &mut Encoder,
    window: Option<WindowBits>,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let begin = out.len();
    let payload = text(out, write);
    if let Some(compressed) = encoder.compress(&out[payload..], window) {
        out.truncate(begin);
        ws::compressed_frame(Opcode::Text, compressed, out);
    }
}

/// One payload of `holdline.raw`.
pub fn raw(out: &mut Vec<u8>, message: &Message, encoder: &mut Encoder, window: Option<WindowBits>) {
    let opcode = if text_of(message).is_some() { Opcode::Text } else { Opcode::Binary };
    data(out, opcode, &message.data, encoder, window);
}

/// One payload, whatever it is.
pub fn data(
    out: &mut Vec<u8>,
    opcode: Opcode,
    payload: &[u8],
    encoder: &mut Encoder,
    window: Option<WindowBits>,
) {
    match encoder.compress(payload, window) {
        Some(compressed) => ws::compressed_frame(opcode, compressed, out),
        None => ws::frame(opcode, payload, out),
    }
}

/// One notice of `holdline.v1`.
pub fn notice(out: &mut Vec<u8>, notice: &Notice<'_>) {
    text(out, |out| write_notice(out, "{\"type\":\"notice\",", notice, Escape::Plain));
}

/// The first frame of `holdline.v1`.
pub fn welcome(out: &mut Vec<u8>, opening: &Opening<'_>) {
    let since = Some(("since", opening.cursor));
    text(out, |out| {
        write_greeting(out, "{\"type\":\"welcome\",", opening.client, opening.session, since);
    });
}

/// Asks for a sign of life.
pub fn ping(out: &mut Vec<u8>) {
    ws::frame(Opcode::Ping, b"", out);
}

/// One text frame around what `write` appends, which must be UTF-8. Most frames are longer than 125 bytes and
/// shorter than 65,536, so the place for their header is kept; others are moved. Tells where the payload begins.
pub fn text(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> usize {
    const KEPT: usize = 4;
    let begin = out.len();
    out.extend_from_slice(&[0; KEPT]);
    write(out);
    let len = (out.len() - begin - KEPT) as u64;
    let mut head = Vec::with_capacity(ws::frame::HEADER_MAX);
    encode_header(Header { is_final: true, rsv1: false, opcode: Opcode::Text, mask: None, len }, &mut head);
    let payload = begin + head.len();
    out.splice(begin..begin + KEPT, head);
    payload
}

#[cfg(test)]
mod tests {
    use super::super::check::{
        self, CLIENT, encoder, envelope_of, frames, hostile, parse_line, written_bytes,
    };
    use super::*;
    use crate::message::{Format, MessageId};
    use crate::ws::Inflater;

    fn one_text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let bytes = written_bytes(write);
        let [(0x81, payload)] = frames(&bytes)[..] else { panic!("{bytes:?}") };
        String::from_utf8(payload.to_vec()).expect("a text frame is UTF-8")
    }

    #[test]
    fn a_message_is_one_text_frame() {
        let sample = check::text(0, "hello");
        let rest =
            r#""id":"1763687000123-0","channel":"news","data":"hello","time":"2025-11-21T01:03:20.123Z"}"#;
        assert_eq!(
            one_text(|out| message(out, "news", &sample, false, &mut encoder(), None)),
            format!("{{\"type\":\"message\",{rest}")
        );
        assert_eq!(
            one_text(|out| message(out, "news", &sample, true, &mut encoder(), None)),
            format!("{{\"type\":\"message\",\"replay\":true,{rest}")
        );
    }

    #[test]
    fn hostile_payloads_stay_in_their_frame() {
        for (sample, said) in hostile() {
            let mut expected = envelope_of(&sample, &said);
            expected["type"] = "message".into();
            assert_eq!(
                parse_line(&one_text(|out| message(out, "news", &sample, false, &mut encoder(), None))),
                expected
            );
        }
    }

    #[test]
    fn frames_of_every_length_have_the_shortest_header() {
        for size in [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 100_000] {
            let data = "x".repeat(size);
            let bytes = written_bytes(|out| {
                text(out, |out| out.extend_from_slice(data.as_bytes()));
            });
            assert_eq!(frames(&bytes), [(0x81, data.as_bytes())], "{size}");
            let bytes = written_bytes(|out| raw(out, &check::text(0, &data), &mut encoder(), None));
            assert_eq!(frames(&bytes), [(0x81, data.as_bytes())], "{size}");
        }
    }

    #[test]
    fn a_compressed_message_inflates_to_the_plain_one() {
        let mut inflater = Inflater::new();
        let sample = check::text(0, &"zwölf ".repeat(3000));
        for window in WindowBits::all() {
            type Write<'w> = &'w dyn Fn(&mut Vec<u8>, &mut Encoder, Option<WindowBits>);
            let writes: [Write<'_>; 3] = [
                &|out, encoder, window| message(out, "news", &sample, false, encoder, window),
                &|out, encoder, window| message(out, "news", &sample, true, encoder, window),
                &|out, encoder, window| raw(out, &sample, encoder, window),
            ];
            for write in writes {
                let [plain, bytes] = [None, Some(window)]
                    .map(|window| written_bytes(|out| write(out, &mut encoder(), window)));
                let [(0xc1, compressed)] = frames(&bytes)[..] else { panic!("{bytes:?}") };
                let [(0x81, payload)] = frames(&plain)[..] else { panic!("{plain:?}") };
                assert_eq!(inflater.inflate(compressed, payload.len()).as_deref(), Ok(payload));
                assert!(compressed.len() < payload.len() / 10);
            }
        }
    }

    #[test]
    fn what_is_under_the_bound_or_becomes_no_smaller_is_plain_and_what_is_no_message_too() {
        let window = Some(WindowBits::MAX);
        let mut encoder = Encoder::new("", 200);
        let small = check::text(0, &"x".repeat(100));
        let noise: Vec<u8> = (0..300_u32).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
        let noise = check::message(0, Format::Binary, noise);
        let large = check::text(0, &"x".repeat(200));
        let first = |write: &dyn Fn(&mut Vec<u8>, &mut Encoder), encoder: &mut Encoder| {
            let bytes = written_bytes(|out| write(out, encoder));
            frames(&bytes)[0].0
        };
        let cases: [(u8, &Message); 3] = [(0x81, &small), (0x82, &noise), (0xc1, &large)];
        for (expected, sample) in cases {
            assert_eq!(first(&|out, encoder| raw(out, sample, encoder, window), &mut encoder), expected);
        }
        // The envelope around it counts as well.
        let envelope = |out: &mut Vec<u8>, encoder: &mut Encoder| {
            message(out, "news", &small, false, encoder, window);
        };
        assert_eq!(first(&envelope, &mut encoder), 0xc1);
    }

    #[test]
    fn raw_payloads_are_text_only_if_they_are_utf8() {
        let cases = [
            (Format::Json, &b"{\"a\":\r\n1}"[..], 0x81),
            (Format::Text, b"\xC3\xA9", 0x81),
            (Format::Text, b"\xC3", 0x82),
            (Format::Json, b"\"\xff\"", 0x82),
            (Format::Binary, b"text", 0x82),
            (Format::Binary, b"", 0x82),
        ];
        for (format, data, first) in cases {
            let bytes = written_bytes(|out| raw(out, &check::message(0, format, data), &mut encoder(), None));
            assert_eq!(frames(&bytes), [(first, data)]);
        }
    }

    #[test]
    fn welcome_notice_and_ping() {
        let cursor = MessageId::new(5, 1);
        let opening = Opening { cursor, client: CLIENT, session: "s", retry_ms: 0, origin: "", nonce: "" };
        assert_eq!(
            one_text(|out| welcome(out, &opening)),
            r#"{"type":"welcome","client":"AAAAAAAAAAAAAAAA","session":"s","since":"5-1"}"#
        );
        assert_eq!(
            one_text(|out| notice(out, &Notice::Position { cursor })),
            r#"{"type":"notice","notice":"position","cursor":"5-1"}"#
        );
        assert_eq!(written_bytes(ping), [0x89, 0]);
    }
}
