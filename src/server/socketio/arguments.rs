//! What clients of Socket.IO emit, as drafts, and what they acknowledge with, as answers.  Law: a draft from here keeps
//! the contract as any other does, and whoever reads it by Socket.IO gets the arguments that were emitted; no argument
//! is `null`.

use super::super::drafts::{Content, check_event, object};
use super::super::problem::Problem;
use crate::channel_name::ChannelName;
use crate::message::{Answer, ClientId, Draft, Format};
use crate::socketio::{Arguments, PacketError, Received, attachments};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The event that is published without a name, so that other transports see a plain message.
const NAMELESS: &str = "message";

/// The draft of an event that the client `by` emitted to the namespace whose own channel is `channel`. The client itself
/// does not get it.
pub fn draft(
    event: Received,
    channel: ChannelName,
    by: ClientId,
    message_max: usize,
) -> Result<Draft, Problem> {
    let name = Arguments::of_event(array_of(&event))?.event.into_owned();
    if name != NAMELESS {
        check_event(&name)?;
    }
    let payload = Payload::of(event, |json| Ok(Arguments::of_event(json)?.values), message_max)?;
    Ok(Draft {
        event: (name != NAMELESS).then(|| name.into()),
        data: payload.data,
        format: payload.format,
        spread: payload.spread,
        except: Some(by),
        ..Draft::new(channel)
    })
}

/// The answer of the client `by` that acknowledged a question.
pub fn answer(ack: Received, by: ClientId, message_max: usize) -> Result<Answer, Problem> {
    let Payload { data, format, .. } = Payload::of(ack, |json| Arguments::of_ack(json), message_max)?;
    let content_type = (format == Format::Json).then(|| "application/json".into());
    Ok(Answer { status: 200, data, format, content_type, by: Some(by) })
}

impl From<PacketError> for Problem {
    fn from(error: PacketError) -> Self {
        Problem::new(if error == PacketError::TooBig { 413 } else { 400 }, error.detail())
    }
}

/// The arguments as others get them.
struct Payload {
    data: Box<[u8]>,
    format: Format,
    /// The data is an array of several arguments.
    spread: bool,
}

impl Payload {
    /// `values` reads the arguments out of an array.
    fn of(
        mut packet: Received,
        values: impl for<'j> Fn(&'j str) -> Result<Vec<&'j RawValue>, PacketError>,
        message_max: usize,
    ) -> Result<Payload, Problem> {
        let array = array_of(&packet);
        let payload = if let [sole] = values(array)?[..]
            && is_first_attachment(sole)
            && packet.attachments.len() == 1
        {
            let data = packet.attachments.swap_remove(0);
            Payload { data, format: Format::Binary, spread: false }
        } else {
            let folded = attachments::fold(array, &packet.attachments)?;
            Payload::of_values(&values(&folded)?)?
        };
        match payload.data.len() > message_max {
            true => Err(Problem::new(413, "the data is larger than a message may be")),
            false => Ok(payload),
        }
    }

    fn of_values(values: &[&RawValue]) -> Result<Payload, Problem> {
        let (content, spread) = match values {
            [] => (Content::of_json(Some(RawValue::NULL), None, None)?, false),
            [sole] => (Content::of_json(Some(*sole), None, None)?, false),
            several => {
                let several: Vec<&str> = several.iter().map(|value| value.get()).collect();
                let array = format!("[{}]", several.join(","));
                (Content::of_body(array.into_bytes().into(), Some("application/json"))?, true)
            }
        };
        Ok(Payload { data: content.data, format: content.format, spread })
    }
}

/// What a packet carries; nothing is an array without values.
fn array_of(packet: &Received) -> &str {
    packet.data.as_deref().unwrap_or("[]")
}

/// A placeholder, as far as it matters.
#[derive(Deserialize)]
struct Placeholder {
    #[serde(rename = "_placeholder")]
    is_one: bool,
    num: u64,
}

fn is_first_attachment(value: &RawValue) -> bool {
    object::<Placeholder>(value.get().as_bytes()).is_ok_and(|found| found.is_one && found.num == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Message, MessageId};
    use crate::socketio::Assembly;
    use crate::transport::encoder::Encoder;
    use crate::transport::{Encoding, Place};
    use std::rc::Rc;

    const CLIENT: ClientId = ClientId([1; 12]);
    const MAX: usize = 1000;

    /// A packet without the type of the Engine.IO message around it, and its attachments.
    fn received(text: &str, attachments: &[&[u8]]) -> Received {
        let mut assembly = Assembly::default();
        let mut whole = assembly.text(text, 1 << 20).expect("a packet");
        for bytes in attachments {
            assert_eq!(whole, None, "it says how many follow");
            whole = assembly.binary(bytes, 1 << 20).expect("an attachment");
        }
        whole.expect("a whole packet")
    }

    fn draft_of(text: &str, attachments: &[&[u8]]) -> Result<Draft, Problem> {
        draft(received(text, attachments), ChannelName::parse("a").expect("a name"), CLIENT, MAX)
    }

    const PLACEHOLDER: &str = r#"{"_placeholder":true,"num":0}"#;
    const NOTHING: &[&[u8]] = &[];

    #[test]
    fn an_event_is_a_draft_and_read_by_socket_io_it_is_that_event() {
        use Format::{Binary, Json, Text};
        // arguments -> data, format, is it spread?, arguments as they are read if they are not the same
        let cases: [(&str, &[&[u8]], &[u8], Format, bool, Option<&str>); 13] = [
            ("", NOTHING, b"null", Json, false, Some(",null")),
            (",null", NOTHING, b"null", Json, false, None),
            (r#","x\ny""#, NOTHING, b"x\ny", Text, false, None),
            (r#","""#, NOTHING, b"", Text, false, None),
            (r#",{"b": [1.50]}"#, NOTHING, br#"{"b": [1.50]}"#, Json, false, None),
            (",[1,2]", NOTHING, b"[1,2]", Json, false, None),
            (",1, 2", NOTHING, b"[1,2]", Json, true, Some(",1,2")),
            (r#","x",[]"#, NOTHING, br#"["x",[]]"#, Json, true, None),
            (r#",{"_placeholder":true,"num":0}"#, &[b"\0\xff"], b"\0\xff", Binary, false, None),
            (r#",{"_placeholder":true,"num":0}"#, &[b""], b"", Binary, false, None),
            (
                r#",[{"_placeholder":true,"num":0}]"#,
                &[b"\0\xff"],
                br#"[{"$base64":"AP8="}]"#,
                Json,
                false,
                None,
            ),
            (
                r#",{"a":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}"#,
                &[b"\0", b""],
                br#"[{"a":{"$base64":"AA=="}},{"$base64":""}]"#,
                Json,
                true,
                None,
            ),
            (r#",{"_placeholder":true,"num":0}"#, NOTHING, PLACEHOLDER.as_bytes(), Json, false, None),
        ];
        for (arguments, attachments, data, format, spread, read) in cases {
            for (name, event) in [("message", None), ("tick \u{20ac}", Some("tick \u{20ac}"))] {
                let head = match attachments.len() {
                    0 => "2/a,".to_owned(),
                    count => format!("5{count}-/a,"),
                };
                let emitted = format!("{head}[\"{name}\"{arguments}]");
                let draft = draft_of(&emitted, attachments).expect(&emitted);
                assert_eq!((&*draft.data, draft.format, draft.spread), (data, format, spread), "{emitted}");
                assert_eq!((draft.event.as_deref(), draft.except), (event, Some(CLIENT)));
                assert_eq!((draft.retain, &draft.media_type, &*draft.channel), (true, &None, "a"));
                let read = read.unwrap_or(arguments);
                let said = format!("4{head}[\"{name}\"{read},\"5-1\"]");
                assert_eq!(as_read(draft), (said, attachments.iter().map(|bytes| bytes.to_vec()).collect()));
            }
        }
    }

    /// What a client of Socket.IO is sent.
    fn as_read(draft: Draft) -> (String, Vec<Vec<u8>>) {
        let message = Message {
            id: MessageId::new(5, 1),
            event: draft.event.map(Rc::from),
            data: Rc::from(draft.data),
            format: draft.format,
            spread: draft.spread,
            media_type: None,
            except: None,
            retained: true,
            key: None,
            expires_unix_ms: u64::MAX,
            ask: None,
        };
        let mut out = Vec::new();
        Encoding::SocketIoPolling.encode(Place::of("a"), &message, &mut Encoder::new("", 0), &mut out);
        let text = String::from_utf8(out).expect("polls are text");
        let mut packets = text.split('\u{1e}').skip(1);
        let said = packets.next().expect("an event").to_owned();
        let attachments = packets.map(|packet| match crate::engineio::Packet::decode(packet) {
            Ok(crate::engineio::Packet::Message(crate::engineio::Data::Binary(bytes))) => bytes.into_owned(),
            other => panic!("an attachment, not {other:?}"),
        });
        (said, attachments.collect())
    }

    #[test]
    fn what_is_no_draft_is_refused_with_a_sentence() {
        let long = "n".repeat(129);
        let large = "x".repeat(MAX + 1);
        let cases: [(&str, &[&[u8]], u16, &str); 13] = [
            (r#"2["open",1]"#, NOTHING, 400, "open"),
            (r#"2["error",1]"#, NOTHING, 400, "error"),
            (r#"2["holdline:x",1]"#, NOTHING, 400, "holdline:x"),
            (r#"2["",1]"#, NOTHING, 400, "event"),
            (r#"2["a\nb",1]"#, NOTHING, 400, "control"),
            (&format!("2[\"{long}\",1]"), NOTHING, 400, "128"),
            (r#"2["a","\ud800"]"#, NOTHING, 400, "string"),
            (&format!("2[\"a\",\"{large}\"]"), NOTHING, 413, "larger"),
            (&format!("2[\"a\",[\"{large}\"]]"), NOTHING, 413, "larger"),
            (r#"51-["a",{"_placeholder":true,"num":0}]"#, &[&[0; MAX + 1]], 413, "larger"),
            (r#"51-["a",[{"_placeholder":true,"num":0}]]"#, &[&[0; MAX - 100]], 413, "larger"),
            (r#"51-["a",{"_placeholder":true,"num":1}]"#, &[b"x"], 400, "placeholder"),
            (r#"51-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#, &[b"x"], 400, "once"),
        ];
        for (text, attachments, status, word) in cases {
            let problem = draft_of(text, attachments).expect_err(text);
            assert_eq!(problem.status, status, "{text}");
            assert!(problem.detail.contains(word), "{text}: {}", problem.detail);
        }
    }

    #[test]
    fn a_number_is_a_name_as_it_is_spelled() {
        assert_eq!(draft_of("2[7,1]", NOTHING).expect("a draft").event.as_deref(), Some("7"));
    }

    #[test]
    fn an_acknowledgement_is_an_answer() {
        let json = Some("application/json");
        let cases: [(&str, &[&[u8]], &[u8], Option<&str>); 6] = [
            ("37[]", NOTHING, b"null", json),
            (r#"37["yes"]"#, NOTHING, b"yes", None),
            (r#"3/a,7[{"a":1}]"#, NOTHING, br#"{"a":1}"#, json),
            ("37[1,2]", NOTHING, b"[1,2]", json),
            (r#"61-7[{"_placeholder":true,"num":0}]"#, &[b"\0\xff"], b"\0\xff", None),
            (r#"61-7[1,{"_placeholder":true,"num":0}]"#, &[b"\0"], br#"[1,{"$base64":"AA=="}]"#, json),
        ];
        for (text, attachments, data, content_type) in cases {
            let answer = answer(received(text, attachments), CLIENT, MAX).expect(text);
            assert_eq!((answer.status, &*answer.data, answer.by), (200, data, Some(CLIENT)), "{text}");
            assert_eq!(answer.content_type.as_deref(), content_type, "{text}");
        }
        let large = format!("37[\"{}\"]", "x".repeat(MAX + 1));
        assert_eq!(answer(received(&large, NOTHING), CLIENT, MAX).expect_err("too large").status, 413);
    }
}
