//! Messages and notices as JSON envelopes.  Law: whatever the payload, an envelope is one JSON value on one line.
//! Knows nothing of the wire that carries it.

use super::json::{self, Escape};
use crate::message::{AskEnd, AskRole, ClientId, Cursor, Format, Message, Notice};
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
    if let Some(AskRole::Question(ask)) = message.ask {
        put(out, ",\"ask\":\"", ask);
        out.push(b'"');
    }
    write_data(out, message.format, &message.data, escape);
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
    out.extend_from_slice(b"\",");
    notice_members(out, notice, escape);
    out.push(b'}');
}

/// Writes what `notice` tells, without its name and without braces.
pub fn notice_members(out: &mut Vec<u8>, notice: &Notice<'_>, escape: Escape) {
    match *notice {
        Notice::Gap { channel, after, resumes } => {
            text_member(out, "\"channel\":", channel, escape);
            put(out, ",\"after\":\"", after);
            put(out, "\",\"resumes\":\"", resumes);
            out.push(b'"');
        }
        Notice::Position { cursor } => {
            put(out, "\"cursor\":\"", cursor);
            out.push(b'"');
        }
        Notice::Join { channel, client, name } | Notice::Leave { channel, client, name } => {
            text_member(out, "\"channel\":", channel, escape);
            put(out, ",\"client\":\"", client);
            out.push(b'"');
            if let Some(name) = name {
                text_member(out, ",\"name\":", name, escape);
            }
        }
        Notice::Closed { channel } | Notice::PresenceChanged { channel } => {
            text_member(out, "\"channel\":", channel, escape);
        }
        Notice::Shutdown { reconnect_ms } => put(out, "\"reconnect_ms\":", reconnect_ms),
        Notice::Withdrawn { ask, end } => {
            put(out, "\"ask\":\"", ask);
            let reason = match end {
                AskEnd::Answered => "answered",
                AskEnd::Withdrawn => "withdrawn",
            };
            put(out, "\",\"reason\":\"", reason);
            out.push(b'"');
        }
        Notice::Reload { since } => {
            put(out, "\"since\":\"", since);
            out.push(b'"');
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
        Notice::Join { .. } => "join",
        Notice::Leave { .. } => "leave",
        Notice::PresenceChanged { .. } => "presence-changed",
        Notice::Withdrawn { .. } => "withdrawn",
        Notice::Shutdown { .. } => "shutdown",
        Notice::Reload { .. } => "reload",
    }
}

/// Writes the member `data` or `data_base64`, after a comma.
///
/// What claims to be JSON or text was checked when it was published. It is checked here again, because a journal may
/// be shared: a payload that breaks its claim must not break a frame, a line or a script.
pub fn write_data(out: &mut Vec<u8>, format: Format, data: &[u8], escape: Escape) {
    if format == Format::Json && json::is_json(data) {
        out.extend_from_slice(b",\"data\":");
        return json::value(out, data, escape);
    }
    match as_text(format, data) {
        Some(text) => text_member(out, ",\"data\":", text, escape),
        None => write_base64(out, data),
    }
}

/// The payload as text, unless it is binary.
pub fn text_of(message: &Message) -> Option<&str> {
    as_text(message.format, &message.data)
}

fn as_text(format: Format, data: &[u8]) -> Option<&str> {
    match format {
        Format::Binary => None,
        Format::Json | Format::Text => simdutf8::basic::from_utf8(data).ok(),
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

#[cfg(test)]
mod tests {
    use super::super::check::*;
    use super::*;
    use crate::message::{AskId, MessageId};

    fn envelope(message: &Message, escape: Escape) -> String {
        written(|out| write_envelope(out, "{", "news", message, escape))
    }

    #[test]
    fn an_envelope_has_what_the_message_has_in_this_order() {
        let plain = text(0, "hello");
        let expected =
            r#"{"id":"1763687000123-0","channel":"news","data":"hello","time":"2025-11-21T01:03:20.123Z"}"#;
        assert_eq!(envelope(&plain, Escape::Plain), expected);

        let mut full = message(7, Format::Json, "{ \"a\":\n1.0 }");
        full.event = Some("tick \"€\"".into());
        full.media_type = Some("application/geo+json; a=\"b\"".into());
        let expected = concat!(
            r#"{"id":"1763687000123-7","channel":"news","event":"tick \"€\"","data":{ "a": 1.0 },"#,
            r#""content_type":"application/geo+json; a=\"b\"","time":"2025-11-21T01:03:20.123Z"}"#
        );
        assert_eq!(envelope(&full, Escape::Plain), expected);

        let expected = r#"{"id":"1763687000123-1","channel":"news","data_base64":"AP8=","time":"2025-11-21T01:03:20.123Z"}"#;
        assert_eq!(envelope(&message(1, Format::Binary, b"\0\xff"), Escape::Plain), expected);
    }

    #[test]
    fn a_question_names_its_ask_id() {
        let mut question = text(0, "sure?");
        question.ask = Some(AskRole::Question(AskId([0; 16])));
        let expected = concat!(
            r#"{"id":"1763687000123-0","channel":"news","ask":"AAAAAAAAAAAAAAAAAAAAAA","data":"sure?","#,
            r#""time":"2025-11-21T01:03:20.123Z"}"#
        );
        assert_eq!(envelope(&question, Escape::Plain), expected);
    }

    #[test]
    fn times_have_three_digits_of_milliseconds_and_no_time_is_too_far() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_000, "1970-01-01T00:00:01.000Z"),
            (951_782_400_050, "2000-02-29T00:00:00.050Z"),
            (u64::MAX, "9999-12-30T22:00:00.999Z"),
        ];
        for (ms, expected) in cases {
            let out = written(|out| write_time(out, ms));
            assert_eq!(out, format!(",\"time\":\"{expected}\""));
        }
    }

    #[test]
    fn whatever_the_payload_an_envelope_is_one_value_that_says_it() {
        for (mut message, said) in hostile() {
            for event in [None, Some("</script>\u{2028}\"\\")] {
                message.event = event.map(Into::into);
                message.media_type = event.map(Into::into);
                let expected = envelope_of(&message, &said);
                assert_eq!(parse_line(&envelope(&message, Escape::Plain)), expected);
                assert_eq!(parse_script(&envelope(&message, Escape::Script)), expected);
            }
        }
    }

    #[test]
    fn notices_are_as_the_contract_has_them() {
        let [after, resumes] = [MessageId::new(5, 1), MessageId::new(9, 0)];
        let cases = [
            (
                Notice::Gap { channel: "a/b", after, resumes },
                r#"{"notice":"gap","channel":"a/b","after":"5-1","resumes":"9-0"}"#,
            ),
            (Notice::Position { cursor: after }, r#"{"notice":"position","cursor":"5-1"}"#),
            (Notice::Closed { channel: "a" }, r#"{"notice":"closed","channel":"a"}"#),
            (
                Notice::Join { channel: "a", client: CLIENT, name: None },
                r#"{"notice":"join","channel":"a","client":"AAAAAAAAAAAAAAAA"}"#,
            ),
            (
                Notice::Leave { channel: "a", client: CLIENT, name: Some("Ann \"€\"") },
                r#"{"notice":"leave","channel":"a","client":"AAAAAAAAAAAAAAAA","name":"Ann \"€\""}"#,
            ),
            (Notice::PresenceChanged { channel: "a" }, r#"{"notice":"presence-changed","channel":"a"}"#),
            (Notice::Shutdown { reconnect_ms: 1500 }, r#"{"notice":"shutdown","reconnect_ms":1500}"#),
            (
                Notice::Withdrawn { ask: AskId([0; 16]), end: AskEnd::Answered },
                r#"{"notice":"withdrawn","ask":"AAAAAAAAAAAAAAAAAAAAAA","reason":"answered"}"#,
            ),
            (Notice::Reload { since: resumes }, r#"{"notice":"reload","since":"9-0"}"#),
        ];
        for (notice, expected) in cases {
            for escape in [Escape::Plain, Escape::Script] {
                assert_eq!(written(|out| write_notice(out, "{", &notice, escape)), expected);
            }
        }
    }

    #[test]
    fn a_greeting_names_client_session_and_cursor() {
        let out =
            written(|out| write_greeting(out, "{", CLIENT, "s-_1", Some(("since", MessageId::new(3, 0)))));
        assert_eq!(out, r#"{"client":"AAAAAAAAAAAAAAAA","session":"s-_1","since":"3-0"}"#);
        let out = written(|out| write_greeting(out, "{\"a\":1,", CLIENT, "\"<", None));
        assert_eq!(out, r#"{"a":1,"client":"AAAAAAAAAAAAAAAA","session":"\"\u003c"}"#);
    }
}
