//! Packets of Socket.IO and what they carry, fed arbitrary text.

use crate::limits::JSON_DEPTH_MAX;
use crate::socketio::{Arguments, Kind, Packet};
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

/// Law: a text is a packet if and only if a naive reader finds one, and the same; written again, it is read as the same;
/// the values of an event stand in its data as they are spelled.
pub fn socketio(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let packet = Packet::decode(text);
    assert_eq!(packet.ok(), read(text), "{packet:?}");
    let Ok(packet) = packet else { return };
    let mut written = Vec::new();
    packet.encode(&mut written);
    let written = core::str::from_utf8(&written).expect("packets are text");
    assert_eq!(Packet::decode(written), Ok(packet));
    match (packet.kind.plain(), packet.data) {
        (Kind::Event, Some(data)) => assert!(Arguments::of_event(data).is_ok()),
        (Kind::Ack, Some(data)) => assert!(Arguments::of_ack(data).is_ok()),
        (Kind::Event | Kind::Ack, None) => panic!("both carry an array"),
        (Kind::Connect | Kind::Disconnect | Kind::ConnectError, _) => {}
        (Kind::BinaryEvent | Kind::BinaryAck, _) => panic!("these are not plain"),
    }
}

/// The packet, read from left to right.
fn read(text: &str) -> Option<Packet<'_>> {
    let kinds = [
        Kind::Connect,
        Kind::Disconnect,
        Kind::Event,
        Kind::Ack,
        Kind::ConnectError,
        Kind::BinaryEvent,
        Kind::BinaryAck,
    ];
    let kind = *kinds.get(text.chars().next()?.to_digit(10)? as usize)?;
    let mut rest = &text[1..];
    let mut attachments = 0;
    if kind.is_binary() {
        let (number, after) = rest.split_once('-')?;
        attachments = decimal(number).filter(|number| (1..=10).contains(number))? as usize;
        rest = after;
    }
    let mut namespace = "/";
    if rest.starts_with('/') {
        namespace = rest.split(',').next()?;
        rest = rest[namespace.len()..].strip_prefix(',').unwrap_or("");
    }
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let id = if digits.is_empty() { None } else { Some(decimal(&digits).filter(|&id| id < 1 << 53)?) };
    rest = &rest[digits.len()..];
    let data = match rest {
        "" => None,
        data => Some(data.trim_matches([' ', '\t', '\r', '\n'])).filter(|data| is_json(data)).map(Some)?,
    };
    let fits = match kind {
        Kind::Connect => data.is_none_or(|data| data.starts_with('{')),
        Kind::Disconnect => data.is_none(),
        Kind::ConnectError => data.is_some_and(|data| data.starts_with(['{', '"'])),
        Kind::Event | Kind::BinaryEvent => event(data?).is_some(),
        Kind::Ack | Kind::BinaryAck => id.is_some() && data?.starts_with('['),
    };
    fits.then_some(Packet { kind, attachments, namespace, id, data })
}

fn decimal(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// JSON that is not nested too deeply, which is counted outside strings.
fn is_json(text: &str) -> bool {
    let (mut depth, mut deepest, mut in_string, mut characters) = (0_i64, 0, false, text.chars());
    while let Some(character) = characters.next() {
        match character {
            '"' => in_string = !in_string,
            '\\' => drop(characters.next()),
            '[' | '{' if !in_string => depth += 1,
            ']' | '}' if !in_string => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    serde_json::from_str::<IgnoredAny>(text).is_ok() && deepest <= JSON_DEPTH_MAX as i64
}

/// The name of an event and its values, each as it is spelled.
fn event(data: &str) -> Option<(String, Vec<Box<RawValue>>)> {
    let mut values: Vec<Box<RawValue>> = serde_json::from_str(data).ok()?;
    if values.is_empty() {
        return None;
    }
    let first = values.remove(0);
    let is_number = first.get().starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    let name = match serde_json::from_str::<Value>(first.get()) {
        _ if is_number => return Some((first.get().to_owned(), values)),
        Ok(Value::String(name)) => name,
        Ok(_) | Err(_) => return None,
    };
    let kept = "connect connect_error disconnect disconnecting newListener removeListener";
    (name.contains(' ') || !kept.split(' ').any(|it| it == name)).then_some((name, values))
}

/// Law: an event's name and values are what a naive reader finds; an acknowledgement's likewise; an array made of them
/// anew holds the same.
pub fn arguments(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let read = Arguments::of_event(text).ok();
    let naive = event(text);
    assert_eq!(read.is_some(), naive.is_some());
    if let (Some(read), Some((name, values))) = (read, naive) {
        assert_eq!(read.event, name);
        assert!(read.values.iter().map(|value| value.get()).eq(values.iter().map(|value| value.get())));
    }
    let naive: Option<Vec<Box<RawValue>>> = serde_json::from_str(text).ok();
    let read = Arguments::of_ack(text).ok();
    assert_eq!(read.is_some(), naive.is_some());
    let Some(read) = read else { return };
    let spelled: Vec<&str> = read.iter().map(|value| value.get()).collect();
    assert!(spelled.iter().copied().eq(naive.iter().flatten().map(|value| value.get())));
    let joined = format!("[ {} ]", spelled.join(" ,\n"));
    let again = Arguments::of_ack(&joined).expect("an array of values");
    assert!(again.iter().map(|value| value.get()).eq(spelled));
}
