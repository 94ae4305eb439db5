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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::decode::sse::{Block, blocks};

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("the cases are text")
    }

    #[test]
    fn an_event_has_the_fields_it_was_given_and_no_others() {
        let id = Some(MessageId::new(5, 1));
        let cases: [(Option<MessageId>, Option<&str>, &str, &str); 6] = [
            (id, Some("tick"), "hello", "id: 5-1\nevent: tick\ndata: hello\n\n"),
            (id, None, "", "id: 5-1\ndata:\n\n"),
            (None, Some("holdline:gap"), "{}", "event: holdline:gap\ndata: {}\n\n"),
            (None, None, " two  spaces", "data:  two  spaces\n\n"),
            (None, None, ": id: 7", "data: : id: 7\n\n"),
            (None, None, "a\n\n", "data: a\ndata:\ndata:\n\n"),
        ];
        for (id, name, data, expected) in cases {
            assert_eq!(written(|out| event(out, id, name, data.as_bytes())), expected);
        }
    }

    #[test]
    fn cr_lf_and_crlf_all_end_lines() {
        let cases = [
            ("a\nb", "data: a\ndata: b\n\n"),
            ("a\rb", "data: a\ndata: b\n\n"),
            ("a\r\nb", "data: a\ndata: b\n\n"),
            ("a\n\rb", "data: a\ndata:\ndata: b\n\n"),
            ("\r\n", "data:\ndata:\n\n"),
            ("\r", "data:\ndata:\n\n"),
            ("a\r\r\nb", "data: a\ndata:\ndata: b\n\n"),
        ];
        for (data, expected) in cases {
            assert_eq!(written(|out| event(out, None, None, data.as_bytes())), expected, "{data:?}");
        }
    }

    #[test]
    fn a_line_end_in_a_value_opens_no_field() {
        let text = written(|out| event(out, None, Some("a\ndata: b\r\rid: 9"), b"c"));
        assert_eq!(text, "event: a data: b  id: 9\ndata: c\n\n");
        assert_eq!(written(|out| comment(out, "a\n\ndata: b")), ": a  data: b\n\n");
    }

    #[test]
    fn comments_and_delays() {
        assert_eq!(written(|out| comment(out, "")), ":\n\n");
        assert_eq!(written(|out| comment(out, "503 full")), ": 503 full\n\n");
        assert_eq!(written(|out| retry(out, 2500)), "retry: 2500\n");
    }

    #[test]
    fn what_is_written_reads_back_with_its_line_ends_as_lf() {
        let parts = ["", "a", " ", ":", "\r", "\n", "\r\n", "data: x", "\u{2028}", "\0", "\u{FEFF}", "é"];
        for (first, second, third) in triples(&parts) {
            let data = [first, second, third].concat();
            let block = Block {
                id: Some(MessageId::new(7, 0)),
                event: Some("e".into()),
                data: Some(data.replace("\r\n", "\n").replace('\r', "\n")),
                ..Block::default()
            };
            let stream = written(|out| event(out, Some(MessageId::new(7, 0)), Some("e"), data.as_bytes()));
            assert_eq!(blocks(stream.as_bytes()), Ok(vec![block]), "{data:?}");
        }
    }

    fn triples<'p>(parts: &'p [&'p str]) -> impl Iterator<Item = (&'p str, &'p str, &'p str)> {
        parts
            .iter()
            .flat_map(move |a| parts.iter().flat_map(move |b| parts.iter().map(move |c| (*a, *b, *c))))
    }
}
