//! An event of Socket.IO with its attachments, read without the codecs, in the words of the protocol's text.

use super::wire;
use crate::testing::decode;
use crate::ws::WindowBits;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::value::RawValue;

/// An event that a server sent.
pub struct Event {
    pub namespace: String,
    pub number: Option<u64>,
    /// The members of its array, as they stand there.
    pub array: Vec<Box<RawValue>>,
    pub attachments: Vec<Vec<u8>>,
}

impl Event {
    /// An argument with its attachments in the form that all others get.
    pub fn filled_in(&self, argument: &RawValue) -> Option<Value> {
        let mut value = serde_json::from_str(argument.get()).ok()?;
        self.fill_in(&mut value);
        Some(value)
    }

    fn fill_in(&self, value: &mut Value) {
        match value {
            Value::Object(members) if members.get("_placeholder") == Some(&Value::Bool(true)) => {
                let number = members.get("num").and_then(Value::as_u64).expect("a number");
                let bytes = &self.attachments[usize::try_from(number).expect("a small number")];
                *value = serde_json::json!({ "$base64": STANDARD.encode(bytes) });
            }
            Value::Object(members) => members.values_mut().for_each(|value| self.fill_in(value)),
            Value::Array(values) => values.iter_mut().for_each(|value| self.fill_in(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The packets of Engine.IO in frames: the texts, and the binary ones behind them.
pub fn of_frames(written: &[u8], window: Option<WindowBits>) -> Event {
    let mut frames = wire::frames(written).into_iter().map(|(first, payload)| {
        assert_eq!(first & 0xb0, 0x80, "it is whole");
        let payload = match (first & 0x40, window) {
            (0, _) => payload.to_vec(),
            (_, Some(window)) => decode::deflate::inflated(payload, window.get()).expect("compressed data"),
            (_, None) => panic!("compressed for nobody"),
        };
        (first & 0x0f, payload)
    });
    let (opcode, text) = frames.next().expect("a frame");
    assert_eq!(opcode, 1, "text");
    let attachments = frames.map(|(opcode, payload)| {
        assert_eq!(opcode, 2, "binary");
        payload
    });
    event(&String::from_utf8(text).expect("UTF-8"), attachments.collect())
}

/// The same in the answer to a poll.
pub fn of_poll(written: &[u8]) -> Event {
    let written = core::str::from_utf8(written).expect("UTF-8");
    let mut packets = written.strip_prefix('\x1e').expect("a separator").split('\x1e');
    let text = packets.next().expect("a packet");
    let attachments = packets.map(|packet| {
        let base64 = packet.strip_prefix('b').expect("a binary packet");
        STANDARD.decode(base64).expect("base64 with padding")
    });
    event(text, attachments.collect())
}

fn event(text: &str, attachments: Vec<Vec<u8>>) -> Event {
    let text = text.strip_prefix('4').expect("a message");
    let (count, text) = match text.strip_prefix('2') {
        Some(rest) => (0, rest),
        None => {
            let (count, rest) = text.strip_prefix('5').expect("an event").split_once('-').expect("a count");
            (count.parse().expect("a number"), rest)
        }
    };
    assert_eq!(attachments.len(), count, "as many as it says");
    let (namespace, text) = match text.starts_with('/') {
        true => text.split_once(',').expect("a comma behind the namespace"),
        false => ("/", text),
    };
    let array = text.find('[').expect("an array");
    let number = (array > 0).then(|| text[..array].parse().expect("a number"));
    let array = serde_json::from_str(&text[array..]).expect("an array");
    Event { namespace: namespace.to_owned(), number, array, attachments }
}
