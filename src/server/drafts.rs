//! What a publisher asks for, checked (API: Writing).  Law: a `Draft` that comes from here keeps the contract,
//! whether it came by query, by header, by a line of JSON or by a WebSocket command; what clients of Socket.IO emit
//! is checked by the same functions.

use super::problem::Problem;
use crate::channel_name::ChannelName;
use crate::http::{Head, MediaType, Query};
use crate::limits::JSON_DEPTH_MAX;
use crate::message::{ClientId, Draft, Format};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Event names that browsers and Socket.IO clients take for their own.
const RESERVED_EVENTS: [&str; 8] = [
    "open",
    "error",
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];
/// Bytes of an event name or a key.
const NAME_MAX: usize = 128;

/// The options of a publish, as texts.
#[derive(Default)]
struct Options<'a> {
    event: Option<Cow<'a, str>>,
    except: Option<Cow<'a, str>>,
    ttl: Option<Cow<'a, str>>,
    key: Option<Cow<'a, str>>,
    retain: Option<Cow<'a, str>>,
}

/// A payload and what is known of it.
pub struct Content {
    /// The payload, whole and unchanged.
    pub data: Box<[u8]>,
    /// How it may be shown inside JSON.
    pub format: Format,
    /// The media type, unless it is `application/json` or `text/plain`.
    pub media_type: Option<Box<str>>,
}

/// One publish in JSON: a line of `/publish`, or the command of a WebSocket.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub struct JsonPublish<'a> {
    #[serde(borrow)]
    channel: Option<Cow<'a, str>>,
    #[serde(borrow)]
    event: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    except: Option<Cow<'a, str>>,
    ttl: Option<serde_json::Number>,
    #[serde(borrow)]
    key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    retain: Option<&'a RawValue>,
}

/// A member that is there, also if it is `null`.
pub fn present<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

/// Reads a JSON object. A list would do for serde too, with the members in the order of the fields.
pub fn object<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, serde_json::Error> {
    match text.trim_ascii_start().first() {
        Some(b'[') => Err(serde::de::Error::custom("this is a list")),
        _ => serde_json::from_slice(text),
    }
}

/// The draft of `POST /channels/{channel}`, still without its body: the head is judged before the body is read.
pub fn draft_of_request(
    channel: ChannelName,
    head: &Head<'_, '_>,
    retain_age_ms: u64,
) -> Result<Draft, Problem> {
    let mut options = Options::default();
    for pair in Query::pairs(head.target.query.unwrap_or_default()) {
        let (name, value) = pair?;
        options.set(&name, value);
    }
    for (field, name) in FIELDS {
        if let Some(value) = head.headers.get(field) {
            let value = core::str::from_utf8(value).map_err(|_| Problem::bad(format!("{field} is UTF-8")))?;
            options.set(name, Cow::Borrowed(value));
        }
    }
    options.draft(channel, Content::empty(), retain_age_ms)
}

const FIELDS: [(&str, &str); 5] = [
    ("holdline-event", "event"),
    ("holdline-except", "except"),
    ("holdline-ttl", "ttl"),
    ("holdline-key", "key"),
    ("holdline-retain", "retain"),
];

/// Puts the body into the draft. `content_type` is the value of the field.
pub fn fill(draft: &mut Draft, data: Box<[u8]>, content_type: Option<&str>) -> Result<(), Problem> {
    let Content { data, format, media_type } = Content::of_body(data, content_type)?;
    (draft.data, draft.format, draft.media_type) = (data, format, media_type);
    Ok(())
}

/// The value of `Content-Type`, checked.
pub fn content_type_of(head: &Head<'_, '_>) -> Result<Option<Box<str>>, Problem> {
    // What is not UTF-8 is no media type, as an empty one is none.
    let text = head.headers.get("content-type").map(|value| core::str::from_utf8(value).unwrap_or_default());
    check_content_type(text)?;
    Ok(text.map(Into::into))
}

/// Is it a media type of at most 128 bytes?
fn check_content_type(text: Option<&str>) -> Result<(), Problem> {
    match text {
        Some(text) if MediaType::parse(text).is_none() => {
            Err(Problem::bad("Content-Type is a media type such as text/plain, of at most 128 bytes"))
        }
        _ => Ok(()),
    }
}

impl JsonPublish<'_> {
    /// The draft of this publish.
    pub fn draft(self, retain_age_ms: u64, message_max: usize) -> Result<Draft, Problem> {
        let name = self.channel.as_deref().ok_or_else(|| Problem::bad("channel is missing"))?;
        let channel = ChannelName::parse(name)?;
        let content = Content::of_json(self.data, self.data_base64.as_deref(), self.content_type.as_deref())?;
        if content.data.len() > message_max {
            return Err(Problem::new(413, "the data is larger than a message may be"));
        }
        let options = Options {
            event: self.event,
            except: self.except,
            ttl: self.ttl.map(|ttl| ttl.to_string().into()),
            key: self.key,
            retain: self.retain.map(|retain| retain.get().into()),
        };
        options.draft(channel, content, retain_age_ms)
    }
}

impl<'a> Options<'a> {
    /// The first of each name counts; empty is absent.
    fn set(&mut self, name: &str, value: Cow<'a, str>) {
        let slot = match name {
            "event" => &mut self.event,
            "except" => &mut self.except,
            "ttl" => &mut self.ttl,
            "key" => &mut self.key,
            "retain" => &mut self.retain,
            _ => return,
        };
        if slot.is_none() && !value.is_empty() {
            *slot = Some(value);
        }
    }

    fn draft(self, channel: ChannelName, content: Content, retain_age_ms: u64) -> Result<Draft, Problem> {
        if let Some(event) = &self.event {
            check_event(event)?;
        }
        let retain = match self.retain.as_deref() {
            None | Some("1" | "true") => true,
            Some("0" | "false") => false,
            Some(_) => return Err(Problem::bad("retain is 0 or 1")),
        };
        if self.key.as_ref().is_some_and(|key| key.is_empty() || key.len() > NAME_MAX) {
            return Err(Problem::bad("key has 1 to 128 bytes"));
        }
        if self.key.is_some() && !retain {
            return Err(Problem::bad("key names what is retained and does not go with retain=0"));
        }
        let Content { data, format, media_type } = content;
        Ok(Draft {
            channel,
            event: self.event.map(|event| event.into()),
            data,
            format,
            spread: false,
            media_type,
            except: self.except.as_deref().and_then(|client| client.parse::<ClientId>().ok()),
            ttl_s: self.ttl.map(|ttl| ttl_seconds(&ttl, retain_age_ms / 1000)).transpose()?,
            key: self.key.map(|key| key.into()),
            retain,
        })
    }
}

/// Is it a name that an event may be published under?
pub fn check_event(event: &str) -> Result<(), Problem> {
    if event.is_empty() || event.len() > NAME_MAX || event.chars().any(char::is_control) {
        return Err(Problem::bad("event has 1 to 128 bytes and no control characters"));
    }
    if event.starts_with("holdline:") || RESERVED_EVENTS.contains(&event) {
        return Err(Problem::bad(format!(
            "the event name {event} is taken by clients for their own; choose another"
        )));
    }
    Ok(())
}

fn ttl_seconds(text: &str, max_s: u64) -> Result<u64, Problem> {
    let seconds = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    match seconds {
        Some(seconds) if (1..=max_s.max(1)).contains(&seconds) => Ok(seconds),
        _ => Err(Problem::bad(format!("ttl is a whole number of seconds from 1 to {max_s}"))),
    }
}

impl Content {
    /// JSON types must be JSON; anything else is text if it is UTF-8.
    pub fn of_body(data: Box<[u8]>, content_type: Option<&str>) -> Result<Self, Problem> {
        check_content_type(content_type)?;
        let media_type = content_type.and_then(MediaType::parse);
        let is_json = media_type.is_some_and(MediaType::is_json);
        if is_json {
            check_json(&data)?;
        }
        let format = match simdutf8::basic::from_utf8(&data) {
            _ if is_json => Format::Json,
            Ok(_) => Format::Text,
            Err(_) => Format::Binary,
        };
        let is_shown =
            media_type.is_some_and(|media| !media.is("application/json") && !media.is("text/plain"));
        let media_type = media_type.filter(|_| is_shown).map(|media| media.as_str().into());
        Ok(Content { data, format, media_type })
    }

    /// Nothing.
    pub fn empty() -> Self {
        Content { data: Box::default(), format: Format::Text, media_type: None }
    }

    /// Where data is given in JSON, a string is text and any other value JSON; `content_type` overrules.
    pub fn of_json(
        data: Option<&RawValue>,
        data_base64: Option<&str>,
        content_type: Option<&str>,
    ) -> Result<Self, Problem> {
        match (data, data_base64) {
            (Some(_), Some(_)) => Err(Problem::bad("give data or data_base64, not both")),
            (None, None) => Err(Problem::bad("data is missing")),
            (None, Some(text)) => {
                check_content_type(content_type)?;
                let data =
                    STANDARD.decode(text).map_err(|_| Problem::bad("data_base64 is base64 with padding"))?;
                let mut content = Content::of_body(data.into(), content_type)?;
                if content.format == Format::Text {
                    content.format = Format::Binary;
                }
                Ok(content)
            }
            (Some(raw), None) => {
                let raw = raw.get();
                // A string is what it says; its JSON form is wanted only where the type says JSON.
                let wants_json = content_type.and_then(MediaType::parse).is_some_and(MediaType::is_json);
                let (data, default) = match raw.starts_with('"') && !wants_json {
                    true => (string_of(raw)?.into_bytes(), "text/plain"),
                    false => (raw.as_bytes().to_vec(), "application/json"),
                };
                Content::of_body(data.into(), Some(content_type.unwrap_or(default)))
            }
        }
    }
}

fn string_of(raw: &str) -> Result<String, Problem> {
    serde_json::from_str(raw).map_err(|_| Problem::bad("data is not a JSON string"))
}

/// Is it JSON (RFC 8259), and not nested too deeply?
fn check_json(data: &[u8]) -> Result<(), Problem> {
    // serde_json does not recurse where nothing is kept, so depth is looked at by itself.
    let parsed = serde_json::from_slice::<&RawValue>(data).ok().filter(|_| depth(data) <= JSON_DEPTH_MAX);
    match parsed {
        Some(_) => Ok(()),
        None => Err(Problem::bad("the body is not JSON, nested at most 128 deep, as its type says")),
    }
}

/// How deep valid JSON is nested.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut is_escaped) = (0_usize, 0, false, false);
    for &byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_json(line: &str) -> Result<Draft, Problem> {
        serde_json::from_str::<JsonPublish<'_>>(line).expect("the tests are JSON").draft(3_600_000, 1000)
    }

    #[test]
    fn data_in_json_is_text_json_or_binary() {
        let draft = from_json(r#"{"channel":"a","data":"x\ny"}"#).unwrap();
        assert_eq!((&*draft.data, draft.format, draft.media_type), (&b"x\ny"[..], Format::Text, None));
        let draft = from_json(r#"{"channel":"a","data":{"b": [1]}}"#).unwrap();
        assert_eq!((&*draft.data, draft.format), (&br#"{"b": [1]}"#[..], Format::Json));
        let draft = from_json(r#"{"channel":"a","data":"x","content_type":"application/json"}"#).unwrap();
        assert_eq!((&*draft.data, draft.format), (&br#""x""#[..], Format::Json));
        let draft = from_json(r#"{"channel":"a","data_base64":"AAE=","content_type":"image/png"}"#).unwrap();
        assert_eq!((&*draft.data, draft.format), (&[0_u8, 1][..], Format::Binary));
        assert_eq!(draft.media_type.as_deref(), Some("image/png"));
    }

    #[test]
    fn what_is_not_right_is_refused_with_a_sentence() {
        for (line, word) in [
            (r#"{"data":1}"#, "channel"),
            (r#"{"channel":"a"}"#, "data"),
            (r#"{"channel":"a","data":1,"data_base64":""}"#, "not both"),
            (r#"{"channel":"a","data_base64":"*"}"#, "base64"),
            (r#"{"channel":"/a","data":1}"#, "slash"),
            (r#"{"channel":"a","data":1,"event":"open"}"#, "event"),
            (r#"{"channel":"a","data":1,"event":"holdline:x"}"#, "event"),
            (r#"{"channel":"a","data":1,"event":"a\nb"}"#, "control"),
            (r#"{"channel":"a","data":1,"event":""}"#, "event"),
            (r#"{"channel":"a","data":1,"ttl":0}"#, "ttl"),
            (r#"{"channel":"a","data":1,"ttl":3601}"#, "ttl"),
            (r#"{"channel":"a","data":1,"ttl":1.5}"#, "ttl"),
            (r#"{"channel":"a","data":1,"retain":2}"#, "retain"),
            (r#"{"channel":"a","data":1,"retain":false,"key":"k"}"#, "key"),
            (r#"{"channel":"a","data":1,"content_type":"x"}"#, "media type"),
        ] {
            let problem = from_json(line).expect_err(line);
            assert_eq!(problem.status, 400);
            assert!(problem.detail.contains(word), "{line}: {}", problem.detail);
        }
    }

    #[test]
    fn json_is_checked_and_nested_at_most_128_deep() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(check_json(nested(128).as_bytes()).is_ok());
        assert!(check_json(nested(129).as_bytes()).is_err());
        assert!(check_json(nested(200_000).as_bytes()).is_err());
        assert!(check_json(format!("[\"{}\"]", "[\\\"".repeat(500)).as_bytes()).is_ok());
        for bad in ["", "{", "1 2", "nul", "\"a\nb\"", "\u{feff}1"] {
            assert!(check_json(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
