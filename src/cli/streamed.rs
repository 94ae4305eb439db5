//! A line of the stream that `sub` follows: an envelope, or a notice.  Law: what is not understood is printed as it is
//! and otherwise passed over, so that a newer server may say more.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One line of ndjson, read as far as it concerns us.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub struct Streamed<'a> {
    #[serde(borrow)]
    pub id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub notice: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub channel: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub event: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub cursor: Option<Cow<'a, str>>,
    pub reconnect_ms: Option<u64>,
}

/// A member that is there, also if it is `null`.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

impl<'a> Streamed<'a> {
    /// Reads a line; `None` if it is no JSON object.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The payload: text and binary as they were published, other JSON as its text.
    pub fn payload(&self) -> Option<Cow<'a, [u8]>> {
        if let Some(text) = &self.data_base64 {
            return STANDARD.decode(&**text).ok().map(Cow::Owned);
        }
        let raw = self.data?.get();
        if !raw.starts_with('"') {
            return Some(Cow::Borrowed(raw.as_bytes()));
        }
        let text: String = serde_json::from_str(raw).ok()?;
        Some(Cow::Owned(text.into_bytes()))
    }

    /// What a notice says, as a sentence; `None` for those that say nothing to people.
    pub fn sentence(&self) -> Option<String> {
        let channel = self.channel.as_deref().unwrap_or_default();
        match self.notice.as_deref()? {
            "gap" => Some(format!("messages in {channel} were lost: they are no longer retained")),
            "closed" => Some(format!("{channel} was closed")),
            "shutdown" => Some("the server is going down".to_owned()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_what_was_published() {
        for (line, payload) in [
            (r#"{"id":"1-0","data":"a\n\u00e4"}"#, Some("a\nä".as_bytes())),
            (r#"{"id":"1-0","data":{"a": 1}}"#, Some(br#"{"a": 1}"#)),
            (r#"{"id":"1-0","data":null}"#, Some(b"null")),
            (r#"{"id":"1-0","data_base64":"/wA="}"#, Some(b"\xff\0")),
            (r#"{"id":"1-0","data_base64":"?"}"#, None),
            (r#"{"id":"1-0"}"#, None),
        ] {
            let parsed = Streamed::parse(line.as_bytes()).expect("an object");
            assert_eq!(parsed.payload().as_deref(), payload, "{line}");
        }
    }

    #[test]
    fn notices_for_people_are_sentences() {
        let sentence = |line: &str| Streamed::parse(line.as_bytes()).and_then(|parsed| parsed.sentence());
        assert!(sentence(r#"{"notice":"gap","channel":"a","after":"1-0","resumes":"2-0"}"#).is_some());
        assert!(sentence(r#"{"notice":"position","cursor":"1-0"}"#).is_none());
        assert!(sentence(r#"{"notice":"something-new"}"#).is_none());
        assert!(sentence(r#"{"id":"1-0","channel":"a","data":"gap"}"#).is_none());
    }
}
