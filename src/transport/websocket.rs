//! Messages as WebSocket frames: `holdline.v1` (JSON in text frames) and `holdline.raw` (payloads only). Frames are
//! whole and unmasked, as a server sends them (RFC 6455 section 5.2).  Law: a text frame holds UTF-8.

use super::Opening;
use super::envelope::{text_of, write_envelope, write_greeting, write_notice};
use super::json::Escape;
use crate::message::{Message, Notice};

/// First byte of a frame that is final and of this kind.
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
/// A ping without payload.
const PING: &[u8] = &[0x89, 0];

/// One message of `holdline.v1`; one that is replayed to a reader who came later says so.
pub fn message(out: &mut Vec<u8>, channel: &str, message: &Message, replay: bool) {
    let lead = if replay { "{\"type\":\"message\",\"replay\":true," } else { "{\"type\":\"message\"," };
    text(out, |out| write_envelope(out, lead, channel, message, Escape::Plain));
}

/// One payload of `holdline.raw`.
pub fn raw(out: &mut Vec<u8>, message: &Message) {
    let kind = if text_of(message).is_some() { TEXT } else { BINARY };
    header(out, kind, message.data.len());
    out.extend_from_slice(&message.data);
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
    out.extend_from_slice(PING);
}

/// One text frame around what `write` appends, which must be UTF-8. Most frames are longer than 125 bytes and
/// shorter than 65,536, so the place for their header is kept; others are moved.
fn text(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    const KEPT: usize = 4;
    let begin = out.len();
    out.extend_from_slice(&[0; KEPT]);
    write(out);
    let mut head = Vec::with_capacity(10);
    header(&mut head, TEXT, out.len() - begin - KEPT);
    out.splice(begin..begin + KEPT, head);
}

/// The lengths have one form each, the shortest (RFC 6455 section 5.2).
fn header(out: &mut Vec<u8>, first: u8, length: usize) {
    out.push(first);
    match length {
        0..=125 => out.push(length as u8),
        126..=0xFFFF => {
            out.push(126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}
