//! Messages as server-sent events. Knows nothing of HTTP; chunks are put around it.

use super::Opening;
use super::envelope::{notice_name, text_of, write_envelope, write_greeting, write_notice};
use super::json::Escape;
use crate::message::{Cursor, Message, Notice};
use crate::sse;

/// One message: bare, or as its envelope. Binary data is always shown as its envelope, under a name of its own.
pub fn message(out: &mut Vec<u8>, channel: &str, message: &Message, bare: bool) {
    let event = message.event.as_deref();
    match text_of(message) {
        Some(text) if bare => sse::event(out, Some(message.id), event, text.as_bytes()),
        None if bare => enveloped(out, channel, message, Some("holdline:binary")),
        _ => enveloped(out, channel, message, event),
    }
}

fn enveloped(out: &mut Vec<u8>, channel: &str, message: &Message, event: Option<&str>) {
    let mut json = Vec::with_capacity(message.data.len() + 160);
    write_envelope(&mut json, "{", channel, message, Escape::Plain);
    sse::event(out, Some(message.id), event, &json);
}

/// One notice, under `holdline:` and its name. Only a position has an id.
pub fn notice(out: &mut Vec<u8>, notice: &Notice<'_>) {
    if let Notice::Position { cursor } = *notice {
        return position(out, cursor, b"");
    }
    if let Notice::Shutdown { reconnect_ms } = *notice {
        sse::retry(out, reconnect_ms);
    }
    let mut json = Vec::new();
    write_notice(&mut json, "{", notice, Escape::Plain);
    let event = ["holdline:", notice_name(notice)].concat();
    sse::event(out, None, Some(&event), &json);
}

/// The delay before a reconnect, and where this reader begins, with data: a block of `id:` alone does not make
/// Firefox remember the id.
pub fn opening(out: &mut Vec<u8>, opening: &Opening<'_>) {
    let mut json = Vec::new();
    write_greeting(&mut json, "{", opening.client, opening.session, None);
    sse::retry(out, opening.retry_ms);
    position(out, opening.cursor, &json);
}

/// A position if the cursor moved, else a comment.
pub fn heartbeat(out: &mut Vec<u8>, cursor: Cursor, moved: bool) {
    if moved { position(out, cursor, b"") } else { sse::comment(out, "") }
}

/// What an EventSource gets in place of 408, 429, 500 and 503, which it would take for the last word: a delay, the
/// reason as a comment, and the end of the stream.
pub fn refusal(out: &mut Vec<u8>, retry_ms: u64, status: u16, reason: &str) {
    sse::retry(out, retry_ms);
    sse::comment(out, &format!("{status} {reason}"));
}

fn position(out: &mut Vec<u8>, cursor: Cursor, data: &[u8]) {
    sse::event(out, Some(cursor), Some("holdline:position"), data);
}
