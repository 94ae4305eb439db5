//! Messages as packets of Socket.IO (protocol revision 5) within packets of Engine.IO (revision 4), which are whole
//! WebSocket frames or stand in the answer to a poll.  Law: a packet is one JSON array behind its head, and as many
//! attachments follow it as the head says.  Knows nothing of sessions.

use super::Place;
use super::encoder::Encoder;
use super::envelope::{notice_members, notice_name, text_of};
use super::json::{self, Escape};
use super::websocket;
use crate::message::{AskRole, Format, Message, Notice};
use crate::ws::{Opcode, WindowBits};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::io::Write;

/// The channel whose namespace is `/`.
const MAIN: &str = "main";
/// An event that was published without a name.
const NAMELESS: &str = "message";

/// Stands between two packets in the answer to a poll.
const SEPARATOR: u8 = 0x1e;
/// What stands for the first attachment.
const PLACEHOLDER: &str = "{\"_placeholder\":true,\"num\":0}";

/// What carries the packets of Engine.IO.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Whole frames of a WebSocket, with the window of its compression.
    Frames(Option<WindowBits>),
    /// The answer to a poll. A separator stands in front of each packet; whoever sends them strips the first.
    Polling,
}

/// The namespace whose own channel is `channel`.
pub fn namespace_of(channel: &str) -> Cow<'static, str> {
    match channel {
        MAIN => Cow::Borrowed("/"),
        _ => Cow::Owned(format!("/{channel}")),
    }
}

/// One message: an event with the arguments that were published; then, if it came to the namespace as one of several
/// channels, the channel's name; then the message's id, from where a client goes on when it comes back. A question has
/// none: it has the number by which it is answered.
pub fn message(out: &mut Vec<u8>, wire: Wire, place: Place<'_>, message: &Message, encoder: &mut Encoder) {
    let namespace = namespace_of(place.namespace.unwrap_or(place.channel));
    let Arguments { json, attachments } = Arguments::of(message);
    let number = match message.ask {
        Some(AskRole::Question(ask)) => Some(ask.ack_number()),
        Some(AskRole::End(..)) | None => None,
    };
    wire.text(out, encoder, |out| {
        head(out, attachments.len(), &namespace, number);
        out.push(b'[');
        json::string(out, message.event.as_deref().unwrap_or(NAMELESS), Escape::Plain);
        if !json.is_empty() {
            out.push(b',');
            out.extend_from_slice(json.as_bytes());
        }
        if place.namespace.is_some() {
            out.extend_from_slice(b",{\"channel\":");
            json::string(out, place.channel, Escape::Plain);
            out.push(b'}');
        }
        if number.is_none() {
            write!(out, ",\"{}\"", message.id).expect("a Vec takes every write");
        }
        out.push(b']');
    });
    for attachment in attachments {
        wire.binary(out, encoder, &attachment);
    }
}

/// One notice, as an event with one object. Positions are told by the messages.
pub fn notice(out: &mut Vec<u8>, wire: Wire, namespace: &str, notice: &Notice<'_>) {
    if matches!(notice, Notice::Position { .. }) {
        return;
    }
    wire.plain(out, |out| {
        head(out, 0, &namespace_of(namespace), None);
        write!(out, "[\"holdline:{}\",{{", notice_name(notice)).expect("a Vec takes every write");
        notice_members(out, notice, Escape::Plain);
        out.extend_from_slice(b"}]");
    });
}

/// Asks for a sign of life.
pub fn ping(out: &mut Vec<u8>, wire: Wire) {
    wire.plain(out, |out| out.push(b'2'));
}

impl Wire {
    /// One text packet.
    fn text(self, out: &mut Vec<u8>, encoder: &mut Encoder, write: impl FnOnce(&mut Vec<u8>)) {
        match self {
            Wire::Frames(window) => websocket::compressible(out, encoder, window, write),
            Wire::Polling => self.plain(out, write),
        }
    }

    /// One text packet that is not compressed.
    fn plain(self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        match self {
            Wire::Frames(_) => {
                websocket::text(out, write);
            }
            Wire::Polling => {
                out.push(SEPARATOR);
                write(out);
            }
        }
    }

    /// One attachment.
    fn binary(self, out: &mut Vec<u8>, encoder: &mut Encoder, bytes: &[u8]) {
        match self {
            Wire::Frames(window) => websocket::data(out, Opcode::Binary, bytes, encoder, window),
            Wire::Polling => {
                out.extend_from_slice(&[SEPARATOR, b'b']);
                out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
            }
        }
    }
}

/// What stands before the array of an event: the type of Engine.IO's packet, and the head of Socket.IO's.
fn head(out: &mut Vec<u8>, attachments: usize, namespace: &str, number: Option<u32>) {
    match attachments {
        0 => out.extend_from_slice(b"42"),
        count => write!(out, "45{count}-").expect("a Vec takes every write"),
    }
    if namespace != "/" {
        write!(out, "{namespace},").expect("a Vec takes every write");
    }
    if let Some(number) = number {
        write!(out, "{number}").expect("a Vec takes every write");
    }
}

/// What an event is about.
struct Arguments<'m> {
    /// JSON values with commas between them.
    json: Cow<'m, str>,
    /// What its placeholders stand for.
    attachments: Vec<Cow<'m, [u8]>>,
}

impl<'m> Arguments<'m> {
    /// As for other transports, what claims to be JSON or text is looked at again.
    fn of(message: &'m Message) -> Self {
        let Some(text) = text_of(message) else {
            let attachments = vec![Cow::Borrowed(&*message.data)];
            return Arguments { json: Cow::Borrowed(PLACEHOLDER), attachments };
        };
        if message.format != Format::Json || !json::is_json(text.as_bytes()) {
            let mut quoted = Vec::with_capacity(text.len() + 2);
            json::string(&mut quoted, text, Escape::Plain);
            let json = String::from_utf8(quoted).expect("a string between quotation marks");
            return Arguments { json: Cow::Owned(json), attachments: Vec::new() };
        }
        let json = if message.spread { elements(text).unwrap_or(text) } else { text };
        Arguments { json: Cow::Borrowed(json), attachments: Vec::new() }
    }
}

/// What stands between the brackets, if the JSON text is an array.
fn elements(json: &str) -> Option<&str> {
    let blank = [' ', '\t', '\r', '\n'];
    Some(json.trim_matches(blank).strip_prefix('[')?.strip_suffix(']')?.trim_matches(blank))
}

#[cfg(test)]
mod tests {
    use super::super::check::{
        CLIENT, encoder, frames, hostile, message as sample, text, written, written_bytes,
    };
    use super::*;
    use crate::message::{AskEnd, AskId, MessageId};
    use crate::ws::Inflater;

    const FRAMES: Wire = Wire::Frames(None);
    const EXTRA: Place<'static> = Place { channel: "news", namespace: Some("a/b") };

    fn event_of(place: Place<'_>, sample: &Message) -> String {
        let bytes = written_bytes(|out| message(out, FRAMES, place, sample, &mut encoder()));
        let [(0x81, payload)] = frames(&bytes)[..] else { panic!("{bytes:?}") };
        String::from_utf8(payload.to_vec()).expect("a text frame is UTF-8")
    }

    #[test]
    fn an_event_says_its_namespace_its_arguments_and_its_id() {
        let spread = |json: &str| Message { spread: true, ..sample(0, Format::Json, json) };
        let named = Message { event: Some("tick \"€\"".into()), ..text(0, "x") };
        let ask = AskId([0xff; 16]);
        let question = |sample| Message { ask: Some(AskRole::Question(ask)), ..sample };
        let [main, news] = ["main", "news"].map(Place::of);
        let extra_main = Place { channel: "news", namespace: Some("main") };
        let cases = [
            (main, text(0, "a\nb"), r#"42["message","a\nb","ID"]"#),
            (news, text(0, ""), r#"42/news,["message","","ID"]"#),
            (news, named, r#"42/news,["tick \"€\"","x","ID"]"#),
            (EXTRA, text(0, "x"), r#"42/a/b,["message","x",{"channel":"news"},"ID"]"#),
            (extra_main, text(0, "x"), r#"42["message","x",{"channel":"news"},"ID"]"#),
            (main, sample(0, Format::Json, "{ \"a\":1.0 }"), r#"42["message",{ "a":1.0 },"ID"]"#),
            (main, sample(0, Format::Json, "[1,2]"), r#"42["message",[1,2],"ID"]"#),
            (main, spread(" [1, [2] ]\n"), r#"42["message",1, [2],"ID"]"#),
            (EXTRA, spread("[1,2]"), r#"42/a/b,["message",1,2,{"channel":"news"},"ID"]"#),
            (main, spread("[]"), r#"42["message","ID"]"#),
            (main, spread("{}"), r#"42["message",{},"ID"]"#),
            (main, spread("[1"), r#"42["message","[1","ID"]"#),
            (main, Message { spread: true, ..text(0, "[1,2]") }, r#"42["message","[1,2]","ID"]"#),
            (main, question(text(0, "sure?")), r#"422147483647["message","sure?"]"#),
            (news, question(spread("[1,2]")), r#"42/news,2147483647["message",1,2]"#),
            (EXTRA, question(text(0, "?")), r#"42/a/b,2147483647["message","?",{"channel":"news"}]"#),
        ];
        for (place, sample, expected) in cases {
            let expected = expected.replace("ID", "1763687000123-0");
            assert_eq!(event_of(place, &sample), expected);
            let polled = written(|out| message(out, Wire::Polling, place, &sample, &mut encoder()));
            assert_eq!(polled, format!("\u{1e}{expected}"));
        }
    }

    #[test]
    fn a_binary_payload_is_an_attachment() {
        let bytes = sample(0, Format::Binary, b"\0\xff\x1e");
        let said = r#"451-/news,["message",{"_placeholder":true,"num":0},"1763687000123-0"]"#;
        let write = |wire| written_bytes(|out| message(out, wire, Place::of("news"), &bytes, &mut encoder()));
        assert_eq!(frames(&write(FRAMES)), [(0x81, said.as_bytes()), (0x82, b"\0\xff\x1e")]);
        assert_eq!(write(Wire::Polling), format!("\u{1e}{said}\u{1e}bAP8e").into_bytes());
        let asked = Message { ask: Some(AskRole::Question(AskId([0; 16]))), ..bytes };
        let said = r#"451-/news,0["message",{"_placeholder":true,"num":0}]"#;
        let bytes = written_bytes(|out| message(out, FRAMES, Place::of("news"), &asked, &mut encoder()));
        assert_eq!(frames(&bytes), [(0x81, said.as_bytes()), (0x82, b"\0\xff\x1e")]);
    }

    #[test]
    fn hostile_payloads_stay_in_their_place() {
        for (mut sample, said) in hostile() {
            for event in [None, Some("</script>\u{2028}\"\\\u{1e}")] {
                sample.event = event.map(Into::into);
                let polled = written(|out| message(out, Wire::Polling, EXTRA, &sample, &mut encoder()));
                let mut packets = polled.split('\u{1e}');
                assert_eq!(packets.next(), Some(""));
                let packet = packets.next().expect("an event");
                let array = packet.strip_prefix("42/a/b,").or_else(|| packet.strip_prefix("451-/a/b,"));
                let array: serde_json::Value =
                    serde_json::from_str(array.expect("a head")).expect("an array");
                let data = match said.get("data_base64").and_then(|text| text.as_str()) {
                    Some(base64) => {
                        assert_eq!(packets.next().and_then(|packet| packet.strip_prefix('b')), Some(base64));
                        serde_json::json!({ "_placeholder": true, "num": 0 })
                    }
                    None => said["data"].clone(),
                };
                assert_eq!(packets.next(), None);
                let channel = serde_json::json!({ "channel": "news" });
                let event = event.unwrap_or("message");
                assert_eq!(array, serde_json::json!([event, data, channel, sample.id.to_string()]));
            }
        }
    }

    #[test]
    fn each_frame_is_compressed_alone_and_inflates_to_the_plain_one() {
        let mut inflater = Inflater::new();
        let large = text(0, &"zwölf ".repeat(3000));
        let binary = sample(0, Format::Binary, [7; 5000]);
        for window in WindowBits::all() {
            for sample in [&large, &binary] {
                let [plain, bytes] = [None, Some(window)].map(|window| {
                    let wire = Wire::Frames(window);
                    written_bytes(|out| message(out, wire, EXTRA, sample, &mut encoder()))
                });
                let (plain, bytes) = (frames(&plain), frames(&bytes));
                assert_eq!(plain.len(), bytes.len());
                for ((opcode, payload), (first, compressed)) in plain.into_iter().zip(bytes) {
                    if payload.len() < 1000 {
                        assert_eq!((opcode, payload), (first, compressed));
                        continue;
                    }
                    assert_eq!(first, opcode | 0x40);
                    assert_eq!(inflater.inflate(compressed, payload.len()).as_deref(), Ok(payload));
                }
            }
        }
    }

    #[test]
    fn notices_are_events_with_one_object_and_positions_are_not_told() {
        let [after, resumes] = [MessageId::new(5, 1), MessageId::new(9, 0)];
        let cases = [
            (
                "a/b",
                Notice::Gap { channel: "a/b", after, resumes },
                r#"42/a/b,["holdline:gap",{"channel":"a/b","after":"5-1","resumes":"9-0"}]"#,
            ),
            ("main", Notice::Closed { channel: "a" }, r#"42["holdline:closed",{"channel":"a"}]"#),
            (
                "main",
                Notice::Join { channel: "a", client: CLIENT, name: Some("Ann \"€\"") },
                r#"42["holdline:join",{"channel":"a","client":"AAAAAAAAAAAAAAAA","name":"Ann \"€\""}]"#,
            ),
            (
                "main",
                Notice::Leave { channel: "a", client: CLIENT, name: None },
                r#"42["holdline:leave",{"channel":"a","client":"AAAAAAAAAAAAAAAA"}]"#,
            ),
            (
                "main",
                Notice::PresenceChanged { channel: "a" },
                r#"42["holdline:presence-changed",{"channel":"a"}]"#,
            ),
            (
                "main",
                Notice::Withdrawn { ask: AskId([0; 16]), end: AskEnd::Withdrawn },
                r#"42["holdline:withdrawn",{"ask":"AAAAAAAAAAAAAAAAAAAAAA","reason":"withdrawn"}]"#,
            ),
            (
                "main",
                Notice::Shutdown { reconnect_ms: 1500 },
                r#"42["holdline:shutdown",{"reconnect_ms":1500}]"#,
            ),
        ];
        for (namespace, told, expected) in cases {
            let polled = written(|out| notice(out, Wire::Polling, namespace, &told));
            assert_eq!(polled, format!("\u{1e}{expected}"));
            let bytes =
                written_bytes(|out| notice(out, Wire::Frames(Some(WindowBits::MAX)), namespace, &told));
            assert_eq!(frames(&bytes), [(0x81, expected.as_bytes())]);
        }
        let position = Notice::Position { cursor: after };
        assert_eq!(written(|out| notice(out, FRAMES, "main", &position)), "");
    }

    #[test]
    fn a_ping_is_a_packet_of_engine_io() {
        assert_eq!(written_bytes(|out| ping(out, FRAMES)), [0x81, 1, b'2']);
        assert_eq!(written(|out| ping(out, Wire::Polling)), "\u{1e}2");
    }
}
