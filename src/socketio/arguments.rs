//! What an event or an acknowledgement carries: a JSON array, an event's with its name first.  Law: the values are as
//! they were spelled.

use super::error::PacketError;
use super::json;
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The names that clients and servers keep for themselves. The reference takes an event of such a name for an attack.
pub const RESERVED_EVENTS: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// An event.
#[derive(Clone, Debug)]
pub struct Arguments<'a> {
    /// Its name; a number as it is spelled.
    pub event: Cow<'a, str>,
    /// What comes with it.
    pub values: Vec<&'a RawValue>,
}

impl<'a> Arguments<'a> {
    /// Reads the data of an event, whose depth was looked at before.
    ///
    /// # Errors
    /// It is not an array that begins with a name.
    pub fn of_event(json: &'a str) -> Result<Arguments<'a>, PacketError> {
        let mut values = values(json)?;
        if values.is_empty() {
            return Err(PacketError::Data);
        }
        let event = event_name(values.remove(0).get())?;
        Ok(Arguments { event, values })
    }

    /// Reads the data of an acknowledgement, likewise: its values.
    ///
    /// # Errors
    /// It is not an array.
    pub fn of_ack(json: &'a str) -> Result<Vec<&'a RawValue>, PacketError> {
        values(json)
    }

    /// Could [`Arguments::of_event`] read it? Keeps nothing.
    pub(super) fn check(json: &str) -> Result<(), PacketError> {
        let Array { first } = serde_json::from_str(json).map_err(refusal)?;
        event_name(first.ok_or(PacketError::Data)?.get()).map(|_| ())
    }

    /// Could [`Arguments::of_ack`] read it? Keeps nothing.
    pub(super) fn check_ack(json: &str) -> Result<(), PacketError> {
        serde_json::from_str(json).map(|Array { .. }| ()).map_err(refusal)
    }
}

fn values(json: &str) -> Result<Vec<&RawValue>, PacketError> {
    serde_json::from_str(json).map_err(refusal)
}

fn refusal(error: serde_json::Error) -> PacketError {
    if error.is_data() { PacketError::Data } else { PacketError::Json }
}

fn event_name(spelled: &str) -> Result<Cow<'_, str>, PacketError> {
    if spelled.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Ok(Cow::Borrowed(spelled));
    }
    let name = json::string(spelled).ok_or(PacketError::Data)?;
    if RESERVED_EVENTS.contains(&&*name) { Err(PacketError::ReservedEvent) } else { Ok(name) }
}

/// An array of which only the first value is kept.
struct Array<'a> {
    first: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Array<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct First;
        impl<'de> Visitor<'de> for First {
            type Value = Option<&'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
                let first = array.next_element()?;
                while array.next_element::<IgnoredAny>()?.is_some() {}
                Ok(first)
            }
        }
        Ok(Array { first: from.deserialize_seq(First)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_name_and_its_values_as_they_are_spelled() {
        let cases: [(&str, &str, &[&str]); 9] = [
            (r#"["a"]"#, "a", &[]),
            (r#" [ "a" , 1 ] "#, "a", &["1"]),
            (r#"["a",{"b": [1.0]},"c",null]"#, "a", &[r#"{"b": [1.0]}"#, r#""c""#, "null"]),
            (r#"["",1]"#, "", &["1"]),
            (r#"["\u0061\n"]"#, "a\n", &[]),
            (r#"["Connect"]"#, "Connect", &[]),
            (r#"["message"]"#, "message", &[]),
            ("[7,8]", "7", &["8"]),
            ("[-1e999]", "-1e999", &[]),
        ];
        for (json, event, values) in cases {
            let read = Arguments::of_event(json).expect(json);
            assert_eq!(read.event, event, "{json}");
            assert_eq!(read.values.iter().map(|value| value.get()).collect::<Vec<_>>(), values, "{json}");
            assert_eq!(Arguments::check(json), Ok(()), "{json}");
        }
        let plain = Arguments::of_event(r#"["plain"]"#).expect("an event");
        assert!(matches!(plain.event, Cow::Borrowed(_)), "what is plain is not copied");
    }

    #[test]
    fn what_is_no_event_is_told() {
        use PacketError::*;
        let cases = [
            ("", Json),
            ("[", Json),
            ("[\"a\",]", Json),
            ("[\"a\"] 1", Json),
            ("[1,{]}", Json),
            ("[]", Data),
            ("{}", Data),
            ("\"a\"", Data),
            ("[null]", Data),
            ("[[\"a\"]]", Data),
            ("[\"\\udc00\"]", Data),
        ];
        for (json, error) in cases {
            assert_eq!(Arguments::of_event(json).map(|read| read.event), Err(error), "{json}");
            assert_eq!(Arguments::check(json), Err(error), "{json}");
        }
        for name in RESERVED_EVENTS {
            let json = format!("[\"{name}\"]");
            assert_eq!(Arguments::check(&json), Err(ReservedEvent));
            assert_eq!(Arguments::of_event(&json).map(|read| read.event), Err(ReservedEvent));
        }
    }

    #[test]
    fn an_acknowledgement_is_its_values() {
        let cases: [(&str, Result<&[&str], PacketError>); 6] = [
            ("[]", Ok(&[])),
            ("[1, \"connect\"]", Ok(&["1", "\"connect\""])),
            ("[null,[[]]]", Ok(&["null", "[[]]"])),
            ("{}", Err(PacketError::Data)),
            ("1", Err(PacketError::Data)),
            ("[1", Err(PacketError::Json)),
        ];
        for (json, expected) in cases {
            let values = Arguments::of_ack(json);
            let values = values.map(|values| values.iter().map(|value| value.get()).collect::<Vec<_>>());
            assert_eq!(
                Arguments::check_ack(json),
                values.as_ref().map(|_| ()).map_err(|error| *error),
                "{json}"
            );
            assert_eq!(
                values.as_deref(),
                expected.as_ref().map(|values| &values[..]).map_err(|error| error),
                "{json}"
            );
        }
    }
}
