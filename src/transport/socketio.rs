//! Messages as packets of Socket.IO (protocol revision 5) within packets of Engine.IO (revision 4), which are whole
//! WebSocket frames or stand in the answer to a poll.  Law: a packet is one JSON array behind its head, and as many
//! attachments follow it as the head says.  Knows nothing of sessions.

use super::Place;
use super::encoder::Encoder;
use super::envelope::{notice_members, notice_name, text_of};
use super::json::{self, Escape};
use super::websocket;
use crate::engineio;
use crate::message::{AskRole, Format, Message, Notice};
use crate::socketio::{Kind, Packet, attachments};
use crate::ws::{Opcode, WindowBits};
use std::borrow::Cow;
use std::io::Write;

/// The channel whose namespace is `/`.
pub const MAIN: &str = "main";
/// An event that was published without a name.
const NAMELESS: &str = "message";

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
/// none: it has the number by which it is answered. Nor has what is replayed, for it lies before what came already.
pub fn message(
    out: &mut Vec<u8>,
    wire: Wire,
    place: Place<'_>,
    message: &Message,
    replay: bool,
    encoder: &mut Encoder,
) {
    let namespace = namespace_of(place.namespace.unwrap_or(place.channel));
    let Arguments { json, attachments } = Arguments::of(message);
    let kind = if attachments.is_empty() { Kind::Event } else { Kind::BinaryEvent };
    let number = match message.ask {
        Some(AskRole::Question(ask)) => Some(u64::from(ask.ack_number())),
        Some(AskRole::End(..)) | None => None,
    };
    wire.text(out, encoder, |out| {
        let attachments = attachments.len();
        said(out, &Packet { kind, attachments, namespace: &namespace, id: number, data: None });
        out.push(b'[');
        json::string(out, message.event.as_deref().unwrap_or(NAMELESS), Escape::Plain);
        if !json.is_empty() {
            out.push(b',');
            out.extend_from_slice(json.as_bytes());
        }
        if place.namespace.is_some() || replay {
            out.extend_from_slice(b",{\"channel\":");
            json::string(out, place.channel, Escape::Plain);
            out.extend_from_slice(if replay { b",\"replay\":true}" } else { b"}" });
        }
        if number.is_none() && !replay {
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
        let namespace = namespace_of(namespace);
        said(out, &Packet { kind: Kind::Event, attachments: 0, namespace: &namespace, id: None, data: None });
        write!(out, "[\"holdline:{}\",{{", notice_name(notice)).expect("a Vec takes every write");
        notice_members(out, notice, Escape::Plain);
        out.extend_from_slice(b"}]");
    });
}

/// A packet that the server says to one client, and what its placeholders stand for.
pub fn packet(
    out: &mut Vec<u8>,
    wire: Wire,
    packet: &Packet<'_>,
    attachments: &[impl AsRef<[u8]>],
    encoder: &mut Encoder,
) {
    debug_assert_eq!(packet.attachments, attachments.len(), "it says how many follow");
    wire.text(out, encoder, |out| said(out, packet));
    for attachment in attachments {
        wire.binary(out, encoder, attachment.as_ref());
    }
}

/// A packet of Engine.IO that is about the session itself, as text.
pub fn text(out: &mut Vec<u8>, wire: Wire, packet: &str) {
    wire.plain(out, |out| out.extend_from_slice(packet.as_bytes()));
}

/// A packet of Engine.IO, whatever it holds.
pub fn engine_packet(out: &mut Vec<u8>, wire: Wire, packet: &engineio::Packet<'_>, encoder: &mut Encoder) {
    match packet {
        engineio::Packet::Message(engineio::Data::Binary(bytes)) => wire.binary(out, encoder, bytes),
        packet => wire.text(out, encoder, |out| packet.encode(out)),
    }
}

/// Asks for a sign of life.
pub fn ping(out: &mut Vec<u8>, wire: Wire) {
    wire.plain(out, |out| engineio::Packet::Ping("").encode(out));
}

/// A packet of Socket.IO as a message of Engine.IO.
fn said(out: &mut Vec<u8>, packet: &Packet<'_>) {
    engineio::Packet::Message(engineio::Data::Text("")).encode(out);
    packet.encode(out);
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
                out.push(engineio::payload::SEPARATOR);
                write(out);
            }
        }
    }

    /// One attachment.
    fn binary(self, out: &mut Vec<u8>, encoder: &mut Encoder, bytes: &[u8]) {
        match self {
            Wire::Frames(window) => websocket::data(out, Opcode::Binary, bytes, encoder, window),
            Wire::Polling => {
                let data = engineio::Data::Binary(Cow::Borrowed(bytes));
                engineio::payload::push(out, &engineio::Packet::Message(data));
            }
        }
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
        let bare = if message.spread { elements(text).unwrap_or(text) } else { text };
        match attachments::unfold(bare) {
            Some((json, attachments)) => {
                let attachments = attachments.into_iter().map(Cow::Owned).collect();
                Arguments { json: Cow::Owned(json), attachments }
            }
            None => Arguments { json: Cow::Borrowed(bare), attachments: Vec::new() },
        }
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
        let bytes = written_bytes(|out| message(out, FRAMES, place, sample, false, &mut encoder()));
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
            let polled = written(|out| message(out, Wire::Polling, place, &sample, false, &mut encoder()));
            assert_eq!(polled, format!("\u{1e}{expected}"));
        }
    }

    #[test]
    fn a_binary_payload_is_an_attachment() {
        let bytes = sample(0, Format::Binary, b"\0\xff\x1e");
        let said = r#"451-/news,["message",{"_placeholder":true,"num":0},"1763687000123-0"]"#;
        let write =
            |wire| written_bytes(|out| message(out, wire, Place::of("news"), &bytes, false, &mut encoder()));
        assert_eq!(frames(&write(FRAMES)), [(0x81, said.as_bytes()), (0x82, b"\0\xff\x1e")]);
        assert_eq!(write(Wire::Polling), format!("\u{1e}{said}\u{1e}bAP8e").into_bytes());
        let asked = Message { ask: Some(AskRole::Question(AskId([0; 16]))), ..bytes };
        let said = r#"451-/news,0["message",{"_placeholder":true,"num":0}]"#;
        let bytes =
            written_bytes(|out| message(out, FRAMES, Place::of("news"), &asked, false, &mut encoder()));
        assert_eq!(frames(&bytes), [(0x81, said.as_bytes()), (0x82, b"\0\xff\x1e")]);
    }

    #[test]
    fn base64_within_json_is_attachments_unless_a_client_could_not_read_them() {
        let spread = |json: &str| Message { spread: true, ..sample(0, Format::Json, json) };
        let placeholder = |n: usize| format!("{{\"_placeholder\":true,\"num\":{n}}}");
        let [zero, one] = [0, 1].map(placeholder);
        let encoded = r#"{"$base64":"AP8="}"#;
        let cases = [
            (spread(&format!("[{encoded}, {{\"a\":{encoded}}}]")), format!("{zero}, {{\"a\":{one}}}"), 2),
            (sample(0, Format::Json, format!("[{encoded},1]")), format!("[{zero},1]"), 1),
            (sample(0, Format::Json, encoded), zero.clone(), 1),
            (text(0, encoded), format!("{encoded:?}"), 0),
            (sample(0, Format::Json, format!("[{encoded},{zero}]")), format!("[{encoded},{zero}]"), 0),
            (sample(0, Format::Json, &zero), zero, 0),
        ];
        for (sample, arguments, count) in cases {
            let bytes = written_bytes(|out| message(out, FRAMES, EXTRA, &sample, false, &mut encoder()));
            let frames = frames(&bytes);
            let head = if count == 0 { "42".to_owned() } else { format!("45{count}-") };
            let said =
                format!(r#"{head}/a/b,["message",{arguments},{{"channel":"news"}},"1763687000123-0"]"#);
            assert_eq!(core::str::from_utf8(frames[0].1), Ok(&*said));
            assert_eq!(frames[1..], vec![(0x82, &b"\0\xff"[..]); count]);
        }
    }

    #[test]
    fn what_the_server_says_to_one_client_is_carried_alike() {
        let data = r#"[{"_placeholder":true,"num":0}]"#;
        let ack =
            Packet { kind: Kind::BinaryAck, attachments: 1, namespace: "/a", id: Some(7), data: Some(data) };
        let write = |wire| written_bytes(|out| packet(out, wire, &ack, &[b"\x01"], false, &mut encoder()));
        let said = format!("461-/a,7{data}");
        assert_eq!(frames(&write(FRAMES)), [(0x81, said.as_bytes()), (0x82, b"\x01")]);
        assert_eq!(write(Wire::Polling), format!("\u{1e}{said}\u{1e}bAQ==").into_bytes());
        let large = format!("[\"{}\"]", "x".repeat(2000));
        let ack = Packet { kind: Kind::Ack, attachments: 0, data: Some(&large), ..ack };
        let wire = Wire::Frames(Some(WindowBits::MAX));
        let nothing: [&[u8]; 0] = [];
        let bytes = written_bytes(|out| packet(out, wire, &ack, &nothing, false, &mut encoder()));
        assert_eq!(frames(&bytes)[0].0, 0xc1);
        assert_eq!(written_bytes(|out| super::text(out, wire, "6")), [0x81, 1, b'6']);
        assert_eq!(written(|out| super::text(out, Wire::Polling, "0{}")), "\u{1e}0{}");
    }

    #[test]
    fn hostile_payloads_stay_in_their_place() {
        for (mut sample, said) in hostile() {
            for event in [None, Some("</script>\u{2028}\"\\\u{1e}")] {
                sample.event = event.map(Into::into);
                let polled =
                    written(|out| message(out, Wire::Polling, EXTRA, &sample, false, &mut encoder()));
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
                    written_bytes(|out| message(out, wire, EXTRA, sample, false, &mut encoder()))
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
