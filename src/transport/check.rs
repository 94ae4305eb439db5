//! What the tests of this folder share: messages, payloads meant to break things, and readers of each wire that were
//! written without looking at the writers.

use super::Encoding;
use super::encoder::Encoder;
use crate::message::{ClientId, Format, Message, MessageId};
use crate::ws::WindowBits;
use std::rc::Rc;

pub(crate) const NONCE: &str = "bm9uY2U";
/// 2025-11-21T01:03:20.123Z
pub(crate) const UNIX_MS: u64 = 1_763_687_000_123;
pub(crate) const CLIENT: ClientId = ClientId([0; 12]);

/// One that compresses payloads of 1000 bytes or more.
pub(crate) fn encoder() -> Encoder {
    Encoder::new(NONCE, 1000)
}

/// Every encoding, with every window and without.
pub(crate) fn every_encoding() -> Vec<Encoding> {
    let windows = || core::iter::once(None).chain(WindowBits::all().map(Some));
    let mut all = vec![Encoding::Poll, Encoding::Jsonp, Encoding::SseBare, Encoding::SseBareChunked];
    all.extend([
        Encoding::SseEnvelope,
        Encoding::SseEnvelopeChunked,
        Encoding::Ndjson,
        Encoding::NdjsonChunked,
    ]);
    all.extend([Encoding::Iframe, Encoding::IframeChunked]);
    all.extend(windows().map(Encoding::WebSocket));
    all.extend(windows().map(Encoding::WebSocketReplay));
    all.extend(windows().map(Encoding::WebSocketRaw));
    all.extend(windows().map(Encoding::SocketIo));
    all.push(Encoding::SocketIoPolling);
    all
}

pub(crate) fn message(seq: u64, format: Format, data: impl AsRef<[u8]>) -> Message {
    Message {
        id: MessageId::new(UNIX_MS, seq),
        event: None,
        data: Rc::from(data.as_ref()),
        format,
        spread: false,
        media_type: None,
        except: None,
        retained: true,
        key: None,
        expires_unix_ms: u64::MAX,
        ask: None,
    }
}

pub(crate) fn text(seq: u64, data: &str) -> Message {
    message(seq, Format::Text, data)
}

pub(crate) fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    String::from_utf8(written_bytes(write)).expect("UTF-8 was to be written")
}

/// What is written behind something else, which must stay.
pub(crate) fn written_bytes(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = b"before".to_vec();
    write(&mut out);
    assert!(out.starts_with(b"before"), "what stood there was changed");
    out.split_off(6)
}

/// Payloads that try to leave their place, each with what its envelope must say of it: `data`, or `data_base64`.
pub(crate) fn hostile() -> Vec<(Message, serde_json::Value)> {
    use serde_json::json;
    let texts = [
        "",
        "hello",
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>&lt;&amp;",
        "\u{2028}\u{2029}\u{2027}\u{202A}é€😀",
        "\"quotes\" and \\backslashes\\",
        "\u{0}\u{1}\u{8}\t\u{b}\u{c}\u{1f}\u{7f}\u{80}\u{9f}",
        "line\nline\rline\r\nend\r\n",
        "\n\ndata: x\nid: 9-9\nevent: holdline:gap\n\n",
        "0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "{\"notice\":\"gap\"}",
        "\u{FEFF}bom",
    ];
    let jsons = [
        "null",
        "0",
        "\"</script>\"",
        "\"a\\u2028b\u{2028}\u{2029}&<>\"",
        "{\"a\":\r\n  [1,\r2,\n3],\t\"b\" : \"x\\r\\ny\"}",
        "\r\n[\n]\r\n",
        "{\"__proto__\":{\"a\":1},\"__proto__\":{\"b\":\"</script>\"}}",
        "{\"\\u005f_proto_\\u005F\":1}",
        "\"\\\\\\\"<\"",
        "\"\\ud83d\\ude00\"",
        "123456789012345678901234567890.0e-5",
    ];
    let mut cases = Vec::new();
    let mut add = |format, data: &[u8], said| cases.push((message(cases.len() as u64, format, data), said));
    for data in texts {
        add(Format::Text, data.as_bytes(), json!({ "data": data }));
    }
    for data in jsons {
        let value: serde_json::Value = serde_json::from_str(data).expect("the case is JSON");
        add(Format::Json, data.as_bytes(), json!({ "data": value }));
    }
    // What breaks its own claim is shown as what it is.
    for data in ["", "{", "1});alert(1)//", "{} {}", "'a'", "\"\n\""] {
        add(Format::Json, data.as_bytes(), json!({ "data": data }));
    }
    add(Format::Json, b"\"\xff\"", json!({ "data_base64": "Iv8i" }));
    add(Format::Text, b"\xff\xfe", json!({ "data_base64": "//4=" }));
    add(Format::Binary, b"", json!({ "data_base64": "" }));
    add(Format::Binary, b"text all the same", json!({ "data_base64": "dGV4dCBhbGwgdGhlIHNhbWU=" }));
    add(
        Format::Binary,
        b"\0\r\n</script>\xE2\x80\xA8\xff",
        json!({ "data_base64": "AA0KPC9zY3JpcHQ+4oCo/w==" }),
    );
    cases
}

/// An envelope as it must read: `said` and what every envelope says.
pub(crate) fn envelope_of(message: &Message, said: &serde_json::Value) -> serde_json::Value {
    let mut envelope = said.clone();
    envelope["id"] = message.id.to_string().into();
    envelope["channel"] = "news".into();
    envelope["time"] = "2025-11-21T01:03:20.123Z".into();
    if let Some(event) = &message.event {
        envelope["event"] = event.to_string().into();
    }
    if let Some(media_type) = &message.media_type {
        envelope["content_type"] = media_type.to_string().into();
    }
    envelope
}

/// One JSON text on one line.
pub(crate) fn parse_line(text: &str) -> serde_json::Value {
    assert!(!text.contains(['\r', '\n']), "a line within {text:?}");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}

/// One expression inside a script: JSON without what could end the script, or with a string handed to `JSON.parse` in
/// place of a value.
pub(crate) fn parse_script(text: &str) -> serde_json::Value {
    assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\r', '\n']), "unsafe: {text:?}");
    let mut json = text.to_owned();
    while let Some(begin) = json.find("JSON.parse(\"") {
        let mut strings = serde_json::Deserializer::from_str(&json[begin + 11..]).into_iter::<String>();
        let inner = strings.next().expect("an argument").expect("a string");
        let end = begin + 11 + strings.byte_offset();
        assert_eq!(&json[end..end + 1], ")");
        json.replace_range(begin..=end, &inner);
    }
    assert!(!text.contains("__proto__\":"), "a script would set a prototype: {text:?}");
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}

/// The chunks of an HTTP body or of a part of it; the last one, if it is there, is empty.
pub(crate) fn chunks(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let line = rest.windows(2).position(|two| two == b"\r\n").expect("a size line");
        let digits = core::str::from_utf8(&rest[..line]).expect("digits");
        assert!(digits.bytes().all(|b| b.is_ascii_hexdigit()) && !digits.is_empty());
        let size = usize::from_str_radix(digits, 16).expect("hex digits");
        let (chunk, after) = rest[line + 2..].split_at(size);
        chunks.push(chunk);
        rest = after.strip_prefix(b"\r\n").expect("CRLF after the data");
    }
    chunks
}

/// The frames of a server: first byte and payload, lengths in their shortest form, no masks.
pub(crate) fn frames(mut rest: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while let [first, short, after @ ..] = rest {
        let (length, after) = match *short {
            126 => {
                let length = usize::from(u16::from_be_bytes([after[0], after[1]]));
                assert!(length > 125);
                (length, &after[2..])
            }
            127 => {
                let (length, after) = after.split_first_chunk::<8>().expect("eight bytes");
                let length = usize::try_from(u64::from_be_bytes(*length)).expect("fits");
                assert!(length > 0xFFFF);
                (length, after)
            }
            short => {
                assert!(short < 126, "masked");
                (usize::from(short), after)
            }
        };
        let (payload, after) = after.split_at(length);
        frames.push((*first, payload));
        rest = after;
    }
    assert!(rest.is_empty());
    frames
}
