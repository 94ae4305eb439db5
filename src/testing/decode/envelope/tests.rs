use super::*;
use crate::message::MessageId;

const HEAD: &str = r#""id":"1763687000123-4","channel":"a/b""#;
const TIME: &str = r#""time":"2025-11-21T01:03:20.123Z""#;

fn message_with(members: &str) -> Result<(Option<String>, String, bool), String> {
    match envelope(&format!("{{{HEAD},{members},{TIME}}}"))? {
        Heard::Message { id, channel, event, ask: None, data, is_json, replay } => {
            assert_eq!((id, channel.as_deref()), (MessageId::new(1_763_687_000_123, 4), Some("a/b")));
            assert!(!replay);
            Ok((event, data.escape_ascii().to_string(), is_json))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payload_is_what_was_published() {
    let cases = [
        (r#""data":"a\n\u00e9""#, r"a\n\xc3\xa9", false),
        (r#""data": {"a": [1 ,2.50]} "#, r#"{\"a\": [1 ,2.50]}"#, true),
        (r#""data":null"#, "null", true),
        (r#""data":"x","content_type":"text/html""#, "x", false),
        (r#""data":"x","content_type":"application/ld+json; a=b""#, r#"\"x\""#, true),
        (r#""data":1,"content_type":"application/ld+json""#, "1", true),
        (r#""data_base64":"AP8=","content_type":"image/png""#, r"\x00\xff", false),
        (r#""data_base64":"""#, "", false),
    ];
    for (members, data, is_json) in cases {
        assert_eq!(message_with(members), Ok((None, data.to_owned(), is_json)), "{members}");
    }
    assert_eq!(
        message_with(r#""event":"tick","data":1"#),
        Ok((Some("tick".to_owned()), "1".to_owned(), true))
    );
}

#[test]
fn notices_are_told_apart() {
    let (after, resumes) = (MessageId::new(5, 1), MessageId::new(9, 0));
    let channel = || "a".to_owned();
    let cases = [
        (
            r#"{"notice":"gap","channel":"a","after":"5-1","resumes":"9-0"}"#,
            Heard::Gap { channel: channel(), after, resumes },
        ),
        (r#"{"notice":"closed","channel":"a"}"#, Heard::Closed { channel: channel() }),
        (r#"{"notice":"position","cursor":"5-1"}"#, Heard::Position { cursor: after }),
        (r#"{"notice":"shutdown","reconnect_ms":1500}"#, Heard::Shutdown { reconnect_ms: 1500 }),
        (r#"{"since":"5-1","notice":"reload"}"#, Heard::Reload { since: after }),
    ];
    for (text, heard) in cases {
        assert_eq!(envelope(text), Ok(heard), "{text}");
    }
}

#[test]
fn what_breaks_the_contract_is_an_error() {
    let members = [
        r#""data":1,"data_base64":"""#,
        r#""event":"a""#,
        r#""data":1,"data":1"#,
        r#""data":1,"event":null"#,
        r#""data":1,"event":"""#,
        r#""data":1,"event":"open""#,
        r#""data":1,"event":"holdline:gap""#,
        r#""data":1,"event":"a\nb""#,
        r#""data":1,"content_type":"text/plain""#,
        r#""data":1,"content_type":"application/json""#,
        r#""data":1,"content_type":"""#,
        r#""data":1,"unknown":1"#,
        r#""data":1,"type":"message""#,
        r#""data":1,"replay":true"#,
        r#""data":{"a":"\ud800"}"#,
        r#""data_base64":"AP8""#,
        r#""data_base64":"AP9=""#,
        r#""data_base64":"A_8=""#,
        r#""data_base64":1"#,
    ];
    for members in members {
        assert!(message_with(members).is_err(), "{members}");
    }
    let long_event = format!(r#""data":1,"event":"{}""#, "e".repeat(129));
    assert!(message_with(&long_event).is_err());
    let texts = [
        r#"{}"#,
        r#"{"channel":"a","data":1,"time":"1970-01-01T00:00:00.005Z"}"#,
        r#"{"id":"5-0","data":1,"time":"1970-01-01T00:00:00.005Z"}"#,
        r#"{"id":"5-0","channel":"/a","data":1,"time":"1970-01-01T00:00:00.005Z"}"#,
        r#"{"id":"5-0","channel":"a//b","data":1,"time":"1970-01-01T00:00:00.005Z"}"#,
        r#"{"id":"5-0","channel":"a/..","data":1,"time":"1970-01-01T00:00:00.005Z"}"#,
        r#"{"id":"5-0","channel":"a b","data":1,"time":"1970-01-01T00:00:00.005Z"}"#,
        r#"{"id":"5-0","channel":"a","data":1,"time":"1970-01-01T00:00:00.006Z"}"#,
        r#"{"id":"5-0","channel":"a","data":1,"time":"1970-01-01T00:00:00Z"}"#,
        r#"{"id":"5-0","channel":"a","data":1}"#,
        r#"{"notice":"gap","channel":"a","after":"5-1"}"#,
        r#"{"notice":"gap","channel":"a","after":"5-1","resumes":"9-0","more":1}"#,
        r#"{"notice":"position","cursor":5}"#,
        r#"{"notice":"position","cursor":"5-1","id":"5-1"}"#,
        r#"{"notice":"shutdown","reconnect_ms":-1}"#,
        r#"{"notice":"closed","channel":""}"#,
        r#"{"notice":"new"}"#,
        r#"{"notice":null}"#,
    ];
    for text in texts {
        assert!(envelope(text).is_err(), "{text}");
    }
}

#[test]
fn times_are_those_of_the_calendar() {
    let cases = [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_735_689_599_000, "2024-12-31T23:59:59.000Z"),
        (1_763_687_000_123, "2025-11-21T01:03:20.123Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (LAST_TIME_MS, "9999-12-30T22:00:00.000Z"),
    ];
    for (unix_ms, expected) in cases {
        assert_eq!(rfc3339(unix_ms), expected);
    }
}
