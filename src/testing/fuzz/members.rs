//! JSON objects as lists of members, each as it is spelled.  Law: nothing is interpreted but the names.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The members of an object in order, also those that come twice.
#[derive(Clone, Debug)]
pub struct Members(pub Vec<(String, Box<RawValue>)>);

impl Members {
    /// Reads one object; `None` if `text` is anything else.
    pub fn parse(text: &str) -> Option<Members> {
        serde_json::from_str(text).ok()
    }

    /// How often `name` comes.
    pub fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(own, _)| own == name).count()
    }

    /// The value of `name` as it is spelled, the first if there are more.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.get())
    }

    /// The value of `name`, if it is a string.
    pub fn string(&self, name: &str) -> Option<String> {
        self.get(name).and_then(|value| serde_json::from_str(value).ok())
    }

    /// The same object spelled in another way: the members from last to first, their names in escapes, blanks between
    /// tokens, and members that nobody knows.
    pub fn spelled_otherwise(&self) -> String {
        let mut text = "\t{ \"\\u0078\" : [{\"type\":\"ping\"},\"}\"]".to_owned();
        for (name, value) in self.0.iter().rev() {
            let name: String = name.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            text.push_str(&format!(" ,\r\n\"{name}\"\t: {} ", value.get()));
        }
        text.push_str(",\"retained\":null}\n ");
        text
    }

    /// The same without these members.
    pub fn without(&self, names: &[&str]) -> Members {
        Members(self.0.iter().filter(|(name, _)| !names.contains(&&**name)).cloned().collect())
    }

    /// Its members as an object.
    pub fn to_json(&self) -> String {
        let members = self
            .0
            .iter()
            .map(|(name, value)| format!("{}:{}", serde_json::Value::from(name.as_str()), value.get()));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Each)
    }
}
