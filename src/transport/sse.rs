//! Messages as server-sent events. Knows nothing of HTTP; chunks are put around it.

use super::Opening;
use super::envelope::{notice_name, text_of, write_envelope, write_greeting, write_notice};
use super::json::Escape;
use crate::channel_name::OWN_SHOWN;
use crate::message::{Cursor, Message, Notice};
use crate::sse;

/// One message: bare, or as its envelope. A question and binary data are always shown as their envelope, under a name of
/// their own where the others are bare, and so is what was sent to the client alone.
pub fn message(out: &mut Vec<u8>, channel: &str, message: &Message, bare: bool) {
    let event = message.event.as_deref();
    match text_of(message) {
        _ if bare && message.ask.is_some() => enveloped(out, channel, message, Some("holdline:ask")),
        _ if bare && channel == OWN_SHOWN => enveloped(out, channel, message, Some("holdline:client")),
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

#[cfg(test)]
mod tests {
    use super::super::check::{CLIENT, envelope_of, hostile, message as sample, parse_line, text, written};
    use super::*;
    use crate::message::{Format, MessageId};
    use crate::testing::decode::sse::{Block, blocks};

    fn parse(stream: &str) -> Vec<Block> {
        blocks(stream.as_bytes()).unwrap_or_else(|error| panic!("{error} in {stream:?}"))
    }

    #[test]
    fn a_bare_message_is_its_payload() {
        let mut sample = text(2, "one\ntwo");
        assert_eq!(
            written(|out| message(out, "news", &sample, true)),
            "id: 1763687000123-2\ndata: one\ndata: two\n\n"
        );
        sample.event = Some("tick".into());
        assert_eq!(
            written(|out| message(out, "news", &sample, true)),
            "id: 1763687000123-2\nevent: tick\ndata: one\ndata: two\n\n"
        );
    }

    #[test]
    fn bare_binary_data_comes_as_its_envelope_under_its_own_name() {
        let mut binary = sample(0, Format::Binary, b"\0\xff");
        binary.event = Some("tick".into());
        let expected = concat!(
            "id: 1763687000123-0\nevent: holdline:binary\n",
            r#"data: {"id":"1763687000123-0","channel":"news","event":"tick","data_base64":"AP8=","time":"2025-11-21T01:03:20.123Z"}"#,
            "\n\n"
        );
        assert_eq!(written(|out| message(out, "news", &binary, true)), expected);
        let expected = expected.replace("holdline:binary", "tick");
        assert_eq!(written(|out| message(out, "news", &binary, false)), expected);
    }

    #[test]
    fn hostile_payloads_stay_in_their_block() {
        for (sample, said) in hostile() {
            let id = Some(sample.id);
            let enveloped = parse(&written(|out| message(out, "news", &sample, false)));
            let [block] = &enveloped[..] else { panic!("{enveloped:?}") };
            assert_eq!((&block.id, &block.event, block.retry), (&id, &None, None));
            assert_eq!(parse_line(block.data.as_deref().unwrap_or("")), envelope_of(&sample, &said));

            let bare = parse(&written(|out| message(out, "news", &sample, true)));
            let [block] = &bare[..] else { panic!("{bare:?}") };
            let data = block.data.as_deref().unwrap_or("");
            assert_eq!((&block.id, block.retry), (&id, None));
            match text_of(&sample) {
                None => assert_eq!(parse_line(data), envelope_of(&sample, &said)),
                Some(text) => assert_eq!(data, text.replace("\r\n", "\n").replace('\r', "\n")),
            }
        }
    }

    #[test]
    fn only_a_position_has_an_id() {
        let [after, resumes] = [MessageId::new(5, 1), MessageId::new(9, 0)];
        let cases = [
            (
                Notice::Gap { channel: "a", after, resumes },
                "event: holdline:gap\ndata: {\"notice\":\"gap\",\"channel\":\"a\",\"after\":\"5-1\",\"resumes\":\"9-0\"}\n\n",
            ),
            (Notice::Position { cursor: after }, "id: 5-1\nevent: holdline:position\ndata:\n\n"),
            (
                Notice::Closed { channel: "a" },
                "event: holdline:closed\ndata: {\"notice\":\"closed\",\"channel\":\"a\"}\n\n",
            ),
            (
                Notice::Shutdown { reconnect_ms: 1500 },
                "retry: 1500\nevent: holdline:shutdown\ndata: {\"notice\":\"shutdown\",\"reconnect_ms\":1500}\n\n",
            ),
        ];
        for (told, expected) in cases {
            assert_eq!(written(|out| notice(out, &told)), expected);
            assert_eq!(parse(expected).len(), 1);
        }
    }

    #[test]
    fn a_stream_begins_with_a_delay_and_a_position() {
        let opening_words = Opening {
            cursor: MessageId::new(5, 1),
            client: CLIENT,
            session: "s",
            retry_ms: 2000,
            origin: "",
            nonce: "",
        };
        let expected = concat!(
            "retry: 2000\nid: 5-1\nevent: holdline:position\n",
            "data: {\"client\":\"AAAAAAAAAAAAAAAA\",\"session\":\"s\"}\n\n"
        );
        assert_eq!(written(|out| opening(out, &opening_words)), expected);
    }

    #[test]
    fn signs_of_life_and_refusals() {
        let cursor = MessageId::new(5, 1);
        assert_eq!(
            written(|out| heartbeat(out, cursor, true)),
            "id: 5-1\nevent: holdline:position\ndata:\n\n"
        );
        assert_eq!(written(|out| heartbeat(out, cursor, false)), ":\n\n");
        assert_eq!(
            written(|out| refusal(out, 3100, 503, "the server\nis full")),
            "retry: 3100\n: 503 the server is full\n\n"
        );
    }
}
