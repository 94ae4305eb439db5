//! Server-sent events (WHATWG HTML, section "Server-sent events").  Law: whatever the values, what is written is
//! exactly one block of the fields asked for; data reads back with its line ends as LF.
//! Knows nothing of envelopes, cursors or chunks.

use crate::message::MessageId;
use std::io::Write;

/// One event: `id:` and `event:` where given, one `data:` per line (CR, LF and CRLF all end lines), a blank line.
pub fn event(out: &mut Vec<u8>, id: Option<MessageId>, event: Option<&str>, data: &[u8]) {
    if let Some(id) = id {
        writeln!(out, "id: {id}").expect("a Vec takes every write");
    }
    if let Some(event) = event {
        line(out, b"event:", event.as_bytes());
    }
    let mut rest = data;
    while let Some(end) = memchr::memchr2(b'\r', b'\n', rest) {
        line(out, b"data:", &rest[..end]);
        let ends_with = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[end + ends_with..];
    }
    line(out, b"data:", rest);
    out.push(b'\n');
}

/// A comment, which clients skip, and a blank line.
pub fn comment(out: &mut Vec<u8>, text: &str) {
    line(out, b":", text.as_bytes());
    out.push(b'\n');
}

/// How long a client waits before it connects again, in milliseconds. A line of the block that follows.
pub fn retry(out: &mut Vec<u8>, ms: u64) {
    writeln!(out, "retry: {ms}").expect("a Vec takes every write");
}

/// A field or comment. The space after the colon is the one that parsers take away, so a value may begin with one.
/// A line end in the value would begin a field of its own: it becomes a space.
fn line(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    if !value.is_empty() {
        out.push(b' ');
        let begin = out.len();
        out.extend_from_slice(value);
        for byte in &mut out[begin..] {
            if matches!(byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
    }
    out.push(b'\n');
}
