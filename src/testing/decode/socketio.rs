//! The client's side of Socket.IO 5: packets, attachments, and what holdline says by events (the contract's section 6).
//! Law: attachments are numbered in their order, each stands once, and nothing comes between a packet and them.

use super::Heard;
use super::envelope::notice_of;
use super::incoming::shown;
use super::object::{Members, message_id};
use super::poll::problem;
use crate::message::MessageId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

/// What events of holdline itself begin with.
const OWN_EVENTS: &str = "holdline:";

/// What a packet is; binary or not is told by its attachments.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A namespace is joined.
    Connect,
    /// A namespace is left.
    Disconnect,
    /// Something happens.
    Event,
    /// An event is acknowledged.
    Ack,
    /// A namespace is not joined.
    ConnectError,
}

/// One whole packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What it is.
    pub kind: Kind,
    /// Where it belongs.
    pub namespace: String,
    /// By which it is acknowledged.
    pub id: Option<u64>,
    /// JSON, with `{"$base64":"…"}` for each attachment.
    pub data: Option<String>,
    /// What was attached.
    pub attachments: Vec<Vec<u8>>,
}

/// Puts packets and their attachments together.
#[derive(Debug, Default)]
pub struct PacketReader {
    /// One that waits for so many attachments.
    partial: Option<(Packet, usize)>,
}

/// One argument of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A JSON value that is not a string.
    Json(String),
    /// A string.
    Text(String),
    /// An attachment, alone.
    Binary(Vec<u8>),
}

/// What an event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A message.
    Message {
        /// Its id, by which the client goes on.
        id: MessageId,
        /// Where it was published; `None`: the namespace's own channel.
        channel: Option<String>,
        /// Its name.
        event: String,
        /// What it says.
        arguments: Vec<Argument>,
    },
    /// A message of a channel that was read from further back; the client does not go on from there.
    Replayed {
        /// Where it was published.
        channel: String,
        /// Its name.
        event: String,
        /// What it says.
        arguments: Vec<Argument>,
    },
    /// A question.
    Question {
        /// By which it is answered.
        number: u64,
        /// Where it was asked; `None`: the namespace's own channel.
        channel: Option<String>,
        /// It is of a channel that was read from further back.
        replay: bool,
        /// Its name.
        event: String,
        /// What it asks.
        arguments: Vec<Argument>,
    },
    /// A notice.
    Notice(Heard),
    /// What was said without an acknowledgement was not done: the status that others get.
    Refused(u16),
}

impl PacketReader {
    /// A text message came: a packet, if it is whole.
    pub fn text(&mut self, text: &str) -> Result<Option<Packet>, String> {
        if self.partial.is_some() {
            return Err(format!("text where an attachment is due: {}", shown(text.as_bytes())));
        }
        let (packet, attachments) =
            header(text).ok_or_else(|| format!("no packet of a server: {}", shown(text.as_bytes())))?;
        check(&packet).map_err(|error| format!("{error}: {}", shown(text.as_bytes())))?;
        match attachments {
            None => Ok(Some(packet)),
            Some(0) => Err(format!("binary without attachments: {}", shown(text.as_bytes()))),
            Some(count) => {
                self.partial = Some((packet, count));
                Ok(None)
            }
        }
    }

    /// A binary message came: a packet, if that was its last attachment.
    pub fn binary(&mut self, bytes: Vec<u8>) -> Result<Option<Packet>, String> {
        let (mut packet, count) = self.partial.take().ok_or("an attachment of nothing")?;
        packet.attachments.push(bytes);
        if packet.attachments.len() < count {
            self.partial = Some((packet, count));
            return Ok(None);
        }
        packet.data = Some(folded(packet.data.as_deref().unwrap_or_default(), &packet.attachments)?);
        Ok(Some(packet))
    }
}

/// What stands in a text message, and how many attachments it announces.
fn header(text: &str) -> Option<(Packet, Option<usize>)> {
    let rest = text.get(1..)?;
    let (kind, is_binary) = match text.as_bytes()[0] {
        b'0' => (Kind::Connect, false),
        b'1' => (Kind::Disconnect, false),
        b'2' => (Kind::Event, false),
        b'3' => (Kind::Ack, false),
        b'4' => (Kind::ConnectError, false),
        b'5' => (Kind::Event, true),
        b'6' => (Kind::Ack, true),
        _ => return None,
    };
    let (attachments, rest) = match is_binary {
        true => rest.split_once('-').map(|(count, rest)| (count.parse().ok(), rest))?,
        false => (None, rest),
    };
    if is_binary && attachments.is_none() {
        return None;
    }
    let (namespace, rest) = match rest.starts_with('/') {
        true => rest.split_once(',')?,
        false => ("/", rest),
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (id, data) = rest.split_at(digits);
    let id = if id.is_empty() { None } else { Some(id.parse().ok()?) };
    let data = if data.is_empty() { None } else { Some(data.to_owned()) };
    Some((Packet { kind, namespace: namespace.to_owned(), id, data, attachments: Vec::new() }, attachments))
}

fn check(packet: &Packet) -> Result<(), String> {
    let data = packet.data.as_deref().unwrap_or_default();
    let is_right = match packet.kind {
        Kind::Connect | Kind::ConnectError => packet.id.is_none() && data.starts_with('{'),
        Kind::Disconnect => packet.id.is_none() && data.is_empty(),
        Kind::Event => data.starts_with("[\""),
        Kind::Ack => packet.id.is_some() && data.starts_with('['),
    };
    if !is_right {
        return Err(format!("{:?} does not look like this", packet.kind));
    }
    match packet.kind {
        Kind::Disconnect => Ok(()),
        _ => serde_json::from_str::<serde_json::Value>(data).map(|_| ()).map_err(|error| error.to_string()),
    }
}

const PLACEHOLDER: &str = r#"{"_placeholder":true,"num":"#;

/// Puts `{"$base64":"…"}` where the attachments belong.
fn folded(json: &str, attachments: &[Vec<u8>]) -> Result<String, String> {
    let wrong = |what: &str| format!("{what}: {}", shown(json.as_bytes()));
    let (mut out, mut rest, mut next) = (String::new(), json, 0);
    while let Some(at) = outside_strings(rest, PLACEHOLDER) {
        let (before, placeholder) = rest.split_at(at);
        let (number, behind) =
            placeholder[PLACEHOLDER.len()..].split_once('}').ok_or_else(|| wrong("a placeholder"))?;
        if number != next.to_string() {
            return Err(wrong("attachments out of order"));
        }
        let bytes = attachments.get(next).ok_or_else(|| wrong("an attachment that is not there"))?;
        out += before;
        out += &format!(r#"{{"$base64":"{}"}}"#, STANDARD.encode(bytes));
        (rest, next) = (behind, next + 1);
    }
    match next == attachments.len() {
        true => Ok(out + rest),
        false => Err(wrong("an attachment that has no place")),
    }
}

/// Where `mark` stands in JSON outside of strings; it begins with a brace.
fn outside_strings(json: &str, mark: &str) -> Option<usize> {
    let (mut in_string, mut is_escaped) = (false, false);
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string && json[at..].starts_with(mark) => return Some(at),
            _ => {}
        }
    }
    None
}

impl Packet {
    /// What an event or an acknowledgement says.
    pub fn values(&self) -> Result<Vec<&RawValue>, String> {
        let data = self.data.as_deref().unwrap_or_default();
        serde_json::from_str(data).map_err(|error| format!("{error}: {}", shown(data.as_bytes())))
    }

    /// What an event tells.
    pub fn told(&self) -> Result<Told, String> {
        let wrong = |what: &str| {
            let data = self.data.as_deref().unwrap_or_default().as_bytes();
            format!("{what}: {} … {}", shown(data), shown(&data[data.len().saturating_sub(60)..]))
        };
        let values = self.values()?;
        let (event, mut rest) = values.split_first().ok_or_else(|| wrong("no event"))?;
        let event: String = serde_json::from_str(event.get()).map_err(|error| wrong(&error.to_string()))?;
        if let Some(kind) = event.strip_prefix(OWN_EVENTS) {
            let ([object], None) = (rest, self.id) else { return Err(wrong("a notice is one object")) };
            let mut members = Members::parse(object.get())?;
            if kind == "error" {
                let (status, _) = problem(members.raw("error")?.get())?;
                return members.end().map(|()| Told::Refused(status));
            }
            return notice_of(kind, members).map(Told::Notice);
        }
        let mut replayed = None;
        if let Some((last, before)) = rest.split_last()
            && let Some(channel) = replayed_in(last.get())
        {
            (replayed, rest) = (Some(channel), before);
        }
        let mut id = None;
        if self.id.is_none() && replayed.is_none() {
            let (offset, before) = rest.split_last().ok_or_else(|| wrong("no offset"))?;
            let text: String = serde_json::from_str(offset.get()).map_err(|_| wrong("no offset"))?;
            (id, rest) = (Some(message_id(&text)?), before);
        }
        let mut channel = None;
        if replayed.is_none()
            && let Some((last, before)) = rest.split_last()
            && let Some(name) = channel_of(last.get())
            && !before.is_empty()
        {
            (channel, rest) = (Some(name), before);
        }
        let arguments: Vec<Argument> =
            rest.iter().map(|value| self.argument(value.get())).collect::<Result<_, _>>()?;
        Ok(match (self.id, id, replayed) {
            (Some(number), _, replayed) => {
                let replay = replayed.is_some();
                Told::Question { number, channel: channel.or(replayed), replay, event, arguments }
            }
            (None, Some(id), _) => Told::Message { id, channel, event, arguments },
            (None, None, Some(channel)) => Told::Replayed { channel, event, arguments },
            (None, None, None) => return Err(wrong("neither a message nor a question")),
        })
    }

    fn argument(&self, json: &str) -> Result<Argument, String> {
        if json.starts_with('"') {
            return serde_json::from_str(json).map(Argument::Text).map_err(|error| error.to_string());
        }
        let alone = self.attachments.iter().find(|bytes| json == alone(bytes));
        Ok(alone.map_or_else(|| Argument::Json(json.to_owned()), |bytes| Argument::Binary(bytes.clone())))
    }
}

/// How a text says what would be an attachment.
pub fn alone(bytes: &[u8]) -> String {
    format!(r#"{{"$base64":"{}"}}"#, STANDARD.encode(bytes))
}

/// The object that names the channel of a message that is not the namespace's own.
fn channel_of(json: &str) -> Option<String> {
    let mut members = Members::parse(json).ok()?;
    let channel = members.get("channel").ok()?;
    members.end().ok().map(|()| channel)
}

/// The object that marks a message as older than what the client has seen.
fn replayed_in(json: &str) -> Option<String> {
    let mut members = Members::parse(json).ok()?;
    let (channel, replay): (String, bool) = (members.get("channel").ok()?, members.get("replay").ok()?);
    members.end().ok().filter(|()| replay).map(|()| channel)
}

/// The payload that arguments are, and whether it is JSON: one is itself, several are an array.
pub fn payload(arguments: &[Argument]) -> (Vec<u8>, bool) {
    match arguments {
        [Argument::Json(json)] => (json.clone().into_bytes(), true),
        [Argument::Text(text)] => (text.clone().into_bytes(), false),
        [Argument::Binary(bytes)] => (bytes.clone(), false),
        several => {
            let texts: Vec<String> = several.iter().map(as_json).collect();
            (format!("[{}]", texts.join(",")).into_bytes(), true)
        }
    }
}

fn as_json(argument: &Argument) -> String {
    match argument {
        Argument::Json(json) => json.clone(),
        Argument::Text(text) => serde_json::Value::from(text.clone()).to_string(),
        Argument::Binary(bytes) => alone(bytes),
    }
}

/// A client's packet, without its attachments: the digit of its type is one of 0 to 6.
pub fn packet(kind: u8, attachments: usize, namespace: &str, id: Option<u64>, data: &str) -> String {
    let mut out = format!("4{kind}");
    if matches!(kind, 5 | 6) {
        out += &format!("{attachments}-");
    }
    if namespace != "/" {
        out += &format!("{namespace},");
    }
    out += &id.map_or_else(String::new, |id| id.to_string());
    out + data
}

#[cfg(test)]
mod tests;
