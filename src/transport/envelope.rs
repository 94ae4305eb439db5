//! Messages and notices as JSON envelopes.  Law: whatever the payload, an envelope is one JSON value on one line.
//! Knows nothing of the wire that carries it.

use super::json::{self, Escape};
use crate::message::{ClientId, Cursor, Format, Message, Notice};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use core::fmt::Display;
use jiff::Timestamp;
use std::io::Write;

/// Writes the envelope of `message`. `lead` opens the object: `{`, or with members of its own and a comma last.
pub fn write_envelope(out: &mut Vec<u8>, lead: &str, channel: &str, message: &Message, escape: Escape) {
    out.extend_from_slice(lead.as_bytes());
    put(out, "\"id\":\"", message.id);
    text_member(out, "\",\"channel\":", channel, escape);
    if let Some(event) = &message.event {
        text_member(out, ",\"event\":", event, escape);
    }
    write_data(out, message, escape);
    if let Some(media_type) = &message.media_type {
        text_member(out, ",\"content_type\":", media_type, escape);
    }
    write_time(out, message.id.ms);
    out.push(b'}');
}

/// Writes the envelope of `notice`; `lead` as for [`write_envelope`].
pub fn write_notice(out: &mut Vec<u8>, lead: &str, notice: &Notice<'_>, escape: Escape) {
    out.extend_from_slice(lead.as_bytes());
    put(out, "\"notice\":\"", notice_name(notice));
    match *notice {
        Notice::Gap { channel, after, resumes } => {
            text_member(out, "\",\"channel\":", channel, escape);
            put(out, ",\"after\":\"", after);
            put(out, "\",\"resumes\":\"", resumes);
            out.extend_from_slice(b"\"}");
        }
        Notice::Position { cursor } => {
            put(out, "\",\"cursor\":\"", cursor);
            out.extend_from_slice(b"\"}");
        }
        Notice::Closed { channel } => {
            text_member(out, "\",\"channel\":", channel, escape);
            out.push(b'}');
        }
        Notice::Shutdown { reconnect_ms } => {
            put(out, "\",\"reconnect_ms\":", reconnect_ms);
            out.push(b'}');
        }
        Notice::Reload { since } => {
            put(out, "\",\"since\":\"", since);
            out.extend_from_slice(b"\"}");
        }
    }
}

/// The first words to a client: who it is and, where `cursor_name` names that member, where it begins.
pub fn write_greeting(
    out: &mut Vec<u8>,
    lead: &str,
    client: ClientId,
    session: &str,
    cursor: Option<(&str, Cursor)>,
) {
    out.extend_from_slice(lead.as_bytes());
    put(out, "\"client\":\"", client);
    text_member(out, "\",\"session\":", session, Escape::Script);
    if let Some((name, cursor)) = cursor {
        put(out, ",\"", name);
        put(out, "\":\"", cursor);
        out.push(b'"');
    }
    out.push(b'}');
}

/// What stands as `notice` in the envelope and after `holdline:` in an SSE event.
pub fn notice_name(notice: &Notice<'_>) -> &'static str {
    match notice {
        Notice::Gap { .. } => "gap",
        Notice::Position { .. } => "position",
        Notice::Closed { .. } => "closed",
        Notice::Shutdown { .. } => "shutdown",
        Notice::Reload { .. } => "reload",
    }
}

/// What claims to be JSON or text was checked when it was published. It is checked here again, because a journal may
/// be shared: a payload that breaks its claim must not break a frame, a line or a script.
fn write_data(out: &mut Vec<u8>, message: &Message, escape: Escape) {
    let data = &message.data;
    if message.format == Format::Json && json::is_json(data) {
        out.extend_from_slice(b",\"data\":");
        return json::value(out, data, escape);
    }
    match text_of(message) {
        Some(text) => text_member(out, ",\"data\":", text, escape),
        None => write_base64(out, data),
    }
}

/// The payload as text, unless it is binary.
pub fn text_of(message: &Message) -> Option<&str> {
    match message.format {
        Format::Binary => None,
        Format::Json | Format::Text => simdutf8::basic::from_utf8(&message.data).ok(),
    }
}

fn write_base64(out: &mut Vec<u8>, data: &[u8]) {
    out.extend_from_slice(b",\"data_base64\":\"");
    let begin = out.len();
    out.resize(begin + data.len().div_ceil(3) * 4, 0);
    STANDARD.encode_slice(data, &mut out[begin..]).expect("four characters for each three bytes begun");
    out.push(b'"');
}

/// RFC 3339 with milliseconds. A time past the year 9999 has no such form: the last one stands in.
fn write_time(out: &mut Vec<u8>, unix_ms: u64) {
    let time = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    put(out, ",\"time\":\"", format_args!("{:.3}\"", time.unwrap_or(Timestamp::MAX)));
}

fn text_member(out: &mut Vec<u8>, name: &str, text: &str, escape: Escape) {
    out.extend_from_slice(name.as_bytes());
    json::string(out, text, escape);
}

fn put(out: &mut Vec<u8>, before: &str, value: impl Display) {
    write!(out, "{before}{value}").expect("a Vec takes every write");
}
