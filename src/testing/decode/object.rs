//! JSON objects of which every member is accounted for.  Law: a member that stands twice, or that nobody asked for, is
//! an error, and so is a line end: what the server says is on one line.

use super::Greeting;
use super::incoming::shown;
use crate::message::MessageId;
use core::fmt;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object that were not taken yet.
pub struct Members<'j> {
    text: &'j str,
    left: Vec<(String, &'j RawValue)>,
}

impl<'j> Members<'j> {
    /// Reads one object and nothing else.
    pub fn parse(text: &'j str) -> Result<Self, String> {
        if text.contains(['\r', '\n']) {
            return Err(format!("JSON on more than one line: {}", shown(text.as_bytes())));
        }
        let listed: Listed<'j> =
            serde_json::from_str(text).map_err(|error| format!("{error}: {}", shown(text.as_bytes())))?;
        Ok(Members { text, left: listed.0 })
    }

    /// Is there such a member?
    pub fn has(&self, name: &str) -> bool {
        self.left.iter().any(|(n, _)| n == name)
    }

    /// Takes a member that may be absent.
    pub fn optional(&mut self, name: &str) -> Option<&'j RawValue> {
        let at = self.left.iter().position(|(n, _)| n == name)?;
        Some(self.left.remove(at).1)
    }

    /// Takes a member.
    pub fn raw(&mut self, name: &str) -> Result<&'j RawValue, String> {
        self.optional(name).ok_or_else(|| self.error(format_args!("{name} is missing")))
    }

    /// Takes a member of type `T`.
    pub fn get<T: Deserialize<'j>>(&mut self, name: &str) -> Result<T, String> {
        let json = self.raw(name)?.get();
        serde_json::from_str(json).map_err(|error| self.error(format_args!("{name}: {error}")))
    }

    /// Takes a member of type `T` that may be absent.
    pub fn get_optional<T: Deserialize<'j>>(&mut self, name: &str) -> Result<Option<T>, String> {
        if self.has(name) { self.get(name).map(Some) } else { Ok(None) }
    }

    /// Takes a message id.
    pub fn id(&mut self, name: &str) -> Result<MessageId, String> {
        let text: String = self.get(name)?;
        message_id(&text).map_err(|error| self.error(error))
    }

    /// Takes a client's public name.
    pub fn client(&mut self, name: &str) -> Result<String, String> {
        let client: String = self.get(name)?;
        match client.len() == 16 && client.bytes().all(is_name) {
            true => Ok(client),
            false => Err(self.error("no client's name")),
        }
    }

    /// Takes who the client is.
    pub fn greeting(&mut self) -> Result<Greeting, String> {
        let (client, session): (String, String) = (self.client("client")?, self.get("session")?);
        match (22..=64).contains(&session.len()) && session.bytes().all(is_name) {
            true => Ok(Greeting { client, session }),
            false => Err(self.error("no session")),
        }
    }

    /// Nothing else may be there.
    pub fn end(self) -> Result<(), String> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) => Err(self.error(format_args!("{name} has no meaning here"))),
        }
    }

    /// Says that `what` is wrong with this object.
    pub fn error(&self, what: impl fmt::Display) -> String {
        format!("{what} in {}", shown(self.text.as_bytes()))
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
}

/// A message id, in its one spelling.
pub fn message_id(text: &str) -> Result<MessageId, String> {
    let id = text.parse::<MessageId>().ok().filter(|id| id.to_string() == text);
    id.ok_or_else(|| format!("{text:?} is no message id"))
}

struct Listed<'j>(Vec<(String, &'j RawValue)>);

impl<'de> Deserialize<'de> for Listed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Lister)
    }
}

struct Lister;

impl<'de> Visitor<'de> for Lister {
    type Value = Listed<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut listed: Vec<(String, &RawValue)> = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            if listed.iter().any(|(n, _)| *n == name) {
                return Err(A::Error::custom(format_args!("{name} stands twice")));
            }
            listed.push((name, value));
        }
        Ok(Listed(listed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_taken_once() {
        let mut members =
            Members::parse(r#"{"id":"5-1","n": [1, 2],"s":"a\u0062","none":null}"#).expect("an object");
        assert_eq!(members.id("id"), Ok(MessageId::new(5, 1)));
        assert!(members.id("id").is_err(), "it was taken");
        assert_eq!(members.raw("n").map(RawValue::get), Ok("[1, 2]"));
        assert_eq!(members.get::<String>("s"), Ok("ab".to_owned()));
        assert_eq!(members.get_optional::<String>("t"), Ok(None));
        assert!(members.get_optional::<String>("none").is_err(), "null is not absent");
        assert_eq!(members.end(), Ok(()));
        assert!(Members::parse(r#"{"a":1}"#).and_then(Members::end).is_err());
    }

    #[test]
    fn what_is_not_one_object_on_one_line_is_an_error() {
        let texts = [
            "",
            "{",
            "[]",
            "null",
            "{} {}",
            "{}\n",
            "{\"a\":1,\r\"b\":2}",
            r#"{"a":1,"a":1}"#,
            r#"{"a":01}"#,
        ];
        for text in texts {
            assert!(Members::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_id_has_one_spelling() {
        for text in ["", "5", "5-", "05-1", "5-01", "5-1 ", "+5-1", "5-1-1", "18446744073709551616-0"] {
            assert!(message_id(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_greeting_is_a_client_and_a_session() {
        let greeting = |client: &str, session: &str| {
            let text = format!(r#"{{"client":"{client}","session":"{session}"}}"#);
            Members::parse(&text).and_then(|mut members| members.greeting()).is_ok()
        };
        let (client, session) = ("AAAAAAAAAAAAAA-_", "0123456789012345678901");
        assert!(greeting(client, session));
        for (client, session) in
            [(client, "short"), (client, ""), ("", session), ("AAAAAAAAAAAAAAA/", session)]
        {
            assert!(!greeting(client, session));
        }
    }
}
