//! Envelopes and notices (the contract's "Envelope" and "Notices").  Law: an envelope that breaks the contract in any
//! member is an error, its time and its names included.

use super::Heard;
use super::object::Members;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

/// Event names that clients take for their own.
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
/// From here on RFC 3339 may have no word for the time: 9999-12-30T22:00:00Z.
const LAST_TIME_MS: u64 = 253_402_207_200_000;

/// The message or notice in `text`.
pub fn envelope(text: &str) -> Result<Heard, String> {
    let members = Members::parse(text)?;
    if members.has("notice") { notice(members) } else { message(members, false) }
}

/// The message with these members.
pub fn message(mut members: Members<'_>, replay: bool) -> Result<Heard, String> {
    let id = members.id("id")?;
    let channel: String = members.get("channel")?;
    if !is_channel(&channel) {
        return Err(members.error("no channel's name"));
    }
    let event: Option<String> = members.get_optional("event")?;
    if event.as_deref().is_some_and(|event| !is_event(event)) {
        return Err(members.error("no event's name"));
    }
    let ask: Option<String> = members.get_optional("ask")?;
    if ask.as_deref().is_some_and(|ask| !is_secret(ask)) {
        return Err(members.error("no question's id"));
    }
    let content_type: Option<String> = members.get_optional("content_type")?;
    if content_type.as_deref().is_some_and(|text| !is_content_type(text)) {
        return Err(members.error("no content type that is told"));
    }
    let (data, is_json) = payload(&mut members, content_type.as_deref())?;
    let time: String = members.get("time")?;
    if id.ms < LAST_TIME_MS && time != rfc3339(id.ms) {
        return Err(members.error(format_args!("the time of {id} is {}", rfc3339(id.ms))));
    }
    members.end()?;
    Ok(Heard::Message { id, channel: Some(channel), event, ask, data, is_json, replay })
}

/// The notice with these members.
pub fn notice(mut members: Members<'_>) -> Result<Heard, String> {
    let kind: String = members.get("notice")?;
    notice_of(&kind, members)
}

/// The notice that is called `kind`, with its other members.
pub fn notice_of(kind: &str, mut members: Members<'_>) -> Result<Heard, String> {
    let heard = match kind {
        "gap" => {
            let (after, resumes) = (members.id("after")?, members.id("resumes")?);
            Heard::Gap { channel: channel(&mut members)?, after, resumes }
        }
        "closed" => Heard::Closed { channel: channel(&mut members)? },
        "withdrawn" => {
            let (ask, reason): (String, String) = (members.get("ask")?, members.get("reason")?);
            match &*reason {
                "answered" | "withdrawn" if is_secret(&ask) => {
                    Heard::Withdrawn { ask, is_answered: reason == "answered" }
                }
                _ => return Err(members.error("no question, or no end of one")),
            }
        }
        "join" | "leave" => {
            let (client, name) = (members.client("client")?, members.get_optional("name")?);
            Heard::Coming { channel: channel(&mut members)?, client, name, is_join: kind == "join" }
        }
        "presence-changed" => Heard::PresenceChanged { channel: channel(&mut members)? },
        "position" => Heard::Position { cursor: members.id("cursor")? },
        "shutdown" => Heard::Shutdown { reconnect_ms: members.get("reconnect_ms")? },
        "reload" => Heard::Reload { since: members.id("since")? },
        _ => return Err(members.error("an unknown notice")),
    };
    members.end()?;
    Ok(heard)
}

/// 128 random bits in base64url, without padding.
pub fn is_secret(text: &str) -> bool {
    text.len() == 22 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// May a message have this name?
pub fn is_event(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && !name.chars().any(char::is_control)
        && !name.starts_with("holdline:")
        && !RESERVED_EVENTS.contains(&name)
}

fn channel(members: &mut Members<'_>) -> Result<String, String> {
    let name: String = members.get("channel")?;
    if is_channel(&name) { Ok(name) } else { Err(members.error("no channel's name")) }
}

fn is_channel(name: &str) -> bool {
    let is_named = |b: u8| b.is_ascii_alphanumeric() || b"._~:@+-/".contains(&b);
    name.len() <= 255
        && name.bytes().all(is_named)
        && name.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

/// Where it is one of the two usual types it is left out.
fn is_content_type(text: &str) -> bool {
    text.len() <= 128
        && text.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty())
        && !matches!(text, "application/json" | "text/plain")
}

/// The payload, and whether it is JSON, of a message or an answer.
pub fn payload(members: &mut Members<'_>, content_type: Option<&str>) -> Result<(Vec<u8>, bool), String> {
    match (members.optional("data"), members.optional("data_base64")) {
        (Some(data), None) => value(data, content_type).map_err(|error| members.error(error)),
        (None, Some(data)) => {
            let text: String = serde_json::from_str(data.get()).map_err(|error| members.error(error))?;
            Ok((STANDARD.decode(text).map_err(|error| members.error(error))?, false))
        }
        (None, None) | (Some(_), Some(_)) => Err(members.error("one of data and data_base64 must be there")),
    }
}

fn value(data: &RawValue, content_type: Option<&str>) -> Result<(Vec<u8>, bool), serde_json::Error> {
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    let is_string = data.get().starts_with('"');
    if is_string && !media_type.trim_end().ends_with("+json") {
        let text: String = serde_json::from_str(data.get())?;
        return Ok((text.into_bytes(), false));
    }
    // Reading it whole is what checks it: as raw JSON its strings were skipped over.
    serde_json::from_str::<serde_json::Value>(data.get())?;
    Ok((data.get().into(), true))
}

/// RFC 3339 in UTC with milliseconds, by the calendar of days and the four centuries that repeat for ever.
fn rfc3339(unix_ms: u64) -> String {
    let (ms, s, days) = (unix_ms % 1000, unix_ms / 1000 % 86_400, unix_ms / 86_400_000);
    // Years that begin in March, counted from 0000-03-01: the leap day is the last day of its year.
    let days = days + 719_468;
    let (century4, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = century4 * 400 + year + next_year;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{ms:03}Z", s / 3600, s / 60 % 60, s % 60)
}

#[cfg(test)]
mod tests;
