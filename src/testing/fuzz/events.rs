//! Server-sent events, made of arbitrary texts.

use super::event_stream::{Event, Heard, interpret};
use crate::message::MessageId;
use crate::sse;

/// Law: what is written is what a browser hears: one event for each event, with its id, its name and its data, in which
/// only line ends change (CR, LF and CRLF become LF); comments and delays are no events.
///
/// The input is a list of blocks, each ended by RS (0x1e). A block that begins with `:` is a comment, one that begins
/// with a digit sets the delay to that many milliseconds, any other is an event: an optional name ended by US (0x1f),
/// then data. Every other event has an id.
pub fn events(data: &[u8]) {
    let (mut stream, mut wanted) = (Vec::new(), Heard::default());
    for (index, block) in data.split(|&b| b == 0x1e).enumerate() {
        match block {
            [b':', comment @ ..] => sse::comment(&mut stream, &String::from_utf8_lossy(comment)),
            [digit @ b'0'..=b'9', ..] => {
                let ms = u64::from(digit - b'0') * 1000;
                sse::retry(&mut stream, ms);
                sse::comment(&mut stream, "");
                wanted.retry_ms = Some(ms);
            }
            _ => {
                let id = (index % 2 == 0).then(|| MessageId::new(index as u64, u64::MAX));
                let expected = event(block, id, &wanted.last_id, &mut stream);
                wanted.last_id.clone_from(&expected.last_id);
                wanted.events.push(expected);
            }
        }
    }
    assert_eq!(interpret(&stream), wanted, "{}", stream.escape_ascii());
}

/// Writes an event, and says how it must be heard.
fn event(block: &[u8], id: Option<MessageId>, last_id: &str, stream: &mut Vec<u8>) -> Event {
    let (name, data) = match block.iter().position(|&b| b == 0x1f) {
        Some(end) => (Some(String::from_utf8_lossy(&block[..end])), &block[end + 1..]),
        None => (None, block),
    };
    sse::event(stream, id, name.as_deref(), data);
    let name = name.unwrap_or_default().replace(['\r', '\n'], " ");
    Event {
        last_id: id.map_or_else(|| last_id.to_owned(), |id| id.to_string()),
        kind: if name.is_empty() { "message".to_owned() } else { name },
        data: String::from_utf8_lossy(data).replace("\r\n", "\n").replace('\r', "\n"),
    }
}
