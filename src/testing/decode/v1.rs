//! The text frames of `holdline.v1`.  Law: a frame that the contract does not know is an error, and so is a reply that is
//! not one to a command.

use super::object::Members;
use super::{Greeting, Heard, envelope, poll};
use crate::message::MessageId;
use serde_json::Value;

/// One text frame.
#[derive(Clone, Debug, PartialEq)]
pub enum V1 {
    /// The first frame.
    Welcome {
        /// Who the client is.
        greeting: Greeting,
        /// Where it begins.
        since: MessageId,
    },
    /// A message or a notice.
    Heard(Heard),
    /// The answer to a `ping` command.
    Pong {
        /// That command's `ref`.
        reference: Option<Value>,
    },
    /// A question was asked.
    Asked {
        /// The `ref` of the command that asked it.
        reference: Value,
        /// By which it is taken up again, and withdrawn.
        ask: String,
        /// How many listen.
        subscribers: u64,
    },
    /// The answer to another command.
    Reply {
        /// That command's `ref`; only a refusal may be without.
        reference: Option<Value>,
        /// What became of it.
        reply: Reply,
    },
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// These channels are read from this cursor on.
    Subscribed {
        /// The cursor.
        since: MessageId,
        /// The channels' names.
        channels: Vec<String>,
    },
    /// These channels are read no longer.
    Unsubscribed {
        /// The channels' names.
        channels: Vec<String>,
    },
    /// The message is in the journal.
    Published {
        /// Its id.
        id: MessageId,
    },
    /// How a question stands.
    Question(Question),
    /// Nothing was done.
    Refused {
        /// As HTTP would answer.
        status: u16,
        /// For people.
        detail: String,
    },
}

/// How a question stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The asker's id of it.
    pub ask: String,
    /// `pending`, `answered`, `withdrawn` or `expired`.
    pub state: String,
    /// As HTTP would answer.
    pub status: u16,
    /// How many listen.
    pub subscribers: u64,
    /// What was answered, as of a message, and who did.
    pub answer: Option<(Vec<u8>, bool, Option<String>)>,
}

impl V1 {
    /// Reads one text frame.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut members = Members::parse(text)?;
        let kind: String = members.get("type")?;
        match &*kind {
            "message" => {
                let replay = members.get_optional("replay")?;
                if replay == Some(false) {
                    return Err(members.error("what is absent is left out"));
                }
                envelope::message(members, replay.is_some()).map(V1::Heard)
            }
            "notice" => envelope::notice(members).map(V1::Heard),
            "welcome" => {
                let (greeting, since) = (members.greeting()?, members.id("since")?);
                members.end()?;
                Ok(V1::Welcome { greeting, since })
            }
            "pong" => {
                let reference = reference(&mut members)?;
                members.end()?;
                Ok(V1::Pong { reference })
            }
            "asked" => {
                let (reference, ask) = (members.get("ref")?, members.get("ask")?);
                let subscribers = members.get("subscribers")?;
                members.end()?;
                Ok(V1::Asked { reference, ask, subscribers })
            }
            "reply" => reply(members),
            _ => Err(members.error("an unknown type")),
        }
    }
}

fn reply(mut members: Members<'_>) -> Result<V1, String> {
    let reference = reference(&mut members)?;
    let reply = if let Some(error) = members.optional("error") {
        let (status, detail) = poll::problem(error.get())?;
        Reply::Refused { status, detail }
    } else if members.has("ask") {
        Reply::Question(question(&mut members)?)
    } else if members.has("id") {
        Reply::Published { id: members.id("id")? }
    } else if members.has("since") {
        Reply::Subscribed { since: members.id("since")?, channels: members.get("channels")? }
    } else {
        Reply::Unsubscribed { channels: members.get("channels")? }
    };
    if reference.is_none() && !matches!(reply, Reply::Refused { .. }) {
        return Err(members.error("without ref only errors are told"));
    }
    members.end()?;
    Ok(V1::Reply { reference, reply })
}

fn question(members: &mut Members<'_>) -> Result<Question, String> {
    let (ask, state): (String, String) = (members.get("ask")?, members.get("state")?);
    let (status, subscribers) = (members.get("status")?, members.get("subscribers")?);
    let answer = match &*state {
        "answered" => {
            let content_type: Option<String> = members.get_optional("content_type")?;
            let (data, is_json) = envelope::payload(members, content_type.as_deref())?;
            let by = if members.has("answered_by") { Some(members.client("answered_by")?) } else { None };
            Some((data, is_json, by))
        }
        _ => None,
    };
    let is_right = match (&*state, status) {
        ("answered", status) => (200..600).contains(&status),
        ("pending", 202) | ("withdrawn", 410) | ("expired", 504) => true,
        _ => false,
    };
    match is_right && envelope::is_secret(&ask) {
        true => Ok(Question { ask, state, status, subscribers, answer }),
        false => Err(members.error("no state of a question")),
    }
}

/// Any JSON scalar.
fn reference(members: &mut Members<'_>) -> Result<Option<Value>, String> {
    let reference: Option<Value> = members.get_optional("ref")?;
    match reference {
        Some(Value::Array(_) | Value::Object(_)) => Err(members.error("ref is a scalar")),
        reference => Ok(reference),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ERROR: &str = r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"a reason"}"#;

    #[test]
    fn every_kind_of_frame_is_told_apart() {
        let (id, since) = (MessageId::new(5, 1), MessageId::new(4, 0));
        let channels = || vec!["a".to_owned()];
        let reply = |reference: Value, reply| V1::Reply { reference: Some(reference), reply };
        let greeting =
            Greeting { client: "AAAAAAAAAAAAAAAA".to_owned(), session: "0123456789012345678901".to_owned() };
        let message = |replay| {
            let (channel, data) = (Some("a".to_owned()), b"1".to_vec());
            V1::Heard(Heard::Message { id, channel, event: None, ask: None, data, is_json: true, replay })
        };
        let refused = || Reply::Refused { status: 400, detail: "a reason".to_owned() };
        let cases = [
            (
                r#"{"type":"welcome","client":"AAAAAAAAAAAAAAAA","session":"0123456789012345678901","since":"4-0"}"#.to_owned(),
                V1::Welcome { greeting, since },
            ),
            (
                r#"{"type":"message","id":"5-1","channel":"a","data":1,"time":"1970-01-01T00:00:00.005Z"}"#.to_owned(),
                message(false),
            ),
            (
                r#"{"type":"message","replay":true,"id":"5-1","channel":"a","data":1,"time":"1970-01-01T00:00:00.005Z"}"#.to_owned(),
                message(true),
            ),
            (
                r#"{"type":"notice","notice":"position","cursor":"4-0"}"#.to_owned(),
                V1::Heard(Heard::Position { cursor: since }),
            ),
            (r#"{"type":"pong"}"#.to_owned(), V1::Pong { reference: None }),
            (r#"{"type":"pong","ref":null}"#.to_owned(), V1::Pong { reference: Some(Value::Null) }),
            (
                r#"{"type":"reply","ref":1,"since":"4-0","channels":["a"]}"#.to_owned(),
                reply(json!(1), Reply::Subscribed { since, channels: channels() }),
            ),
            (
                r#"{"type":"reply","ref":"x","channels":["a"]}"#.to_owned(),
                reply(json!("x"), Reply::Unsubscribed { channels: channels() }),
            ),
            (r#"{"type":"reply","ref":true,"id":"5-1"}"#.to_owned(), reply(json!(true), Reply::Published { id })),
            (format!(r#"{{"type":"reply","ref":1,"error":{ERROR}}}"#), reply(json!(1), refused())),
            (
                format!(r#"{{"type":"reply","error":{ERROR}}}"#),
                V1::Reply { reference: None, reply: refused() },
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(V1::parse(&text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_the_contract_does_not_know_is_an_error() {
        let texts = [
            "",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"other"}"#,
            r#"{"type":"pong","ref":[]}"#,
            r#"{"type":"pong","more":1}"#,
            r#"{"type":"welcome","client":"AAAAAAAAAAAAAAAA","session":"0123456789012345678901"}"#,
            r#"{"type":"message","replay":false,"id":"5-1","channel":"a","data":1,"time":"1970-01-01T00:00:00.005Z"}"#,
            r#"{"type":"message","notice":"position","cursor":"4-0"}"#,
            r#"{"type":"notice","id":"5-1","channel":"a","data":1,"time":"1970-01-01T00:00:00.005Z"}"#,
            r#"{"type":"reply","id":"5-1"}"#,
            r#"{"type":"reply","ref":1}"#,
            r#"{"type":"reply","ref":{},"id":"5-1"}"#,
            r#"{"type":"reply","ref":1,"id":"5-1","channels":[]}"#,
            r#"{"type":"reply","ref":1,"since":"5-1"}"#,
            r#"{"type":"reply","ref":1,"error":{"status":400}}"#,
        ];
        for text in texts {
            assert!(V1::parse(text).is_err(), "{text}");
        }
    }
}
