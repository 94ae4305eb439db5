//! What an event or an ack carries: JSON values, and byte strings.  Law: the text is a JSON array, always; where a byte
//! string belongs stands `{"_placeholder":true,"num":N}`, as on the wire.

use serde::Serialize;
use serde_json::value::RawValue;

/// A list of arguments.
///
/// ```
/// use holdline::handler::Arguments;
///
/// let arguments = Arguments::default().text("hi").value(&[1, 2])?.bytes(*b"\x00\xff");
/// assert_eq!(arguments.json(), r#"["hi",[1,2],{"_placeholder":true,"num":0}]"#);
/// let values = arguments.values();
/// assert_eq!(serde_json::from_str::<String>(values[0].get())?, "hi");
/// assert_eq!(arguments.bytes_of(values[2]), Some(&b"\x00\xff"[..]));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    json: String,
    attachments: Vec<Box<[u8]>>,
}

impl Default for Arguments {
    fn default() -> Self {
        Arguments { json: "[]".to_owned(), attachments: Vec::new() }
    }
}

/// Where a byte string belongs.
#[derive(serde::Deserialize, Serialize)]
struct Placeholder {
    #[serde(rename = "_placeholder")]
    is_placeholder: bool,
    num: usize,
}

impl Arguments {
    /// What came: values with placeholders in them, and the byte strings.
    pub fn received<'v>(values: impl IntoIterator<Item = &'v RawValue>, attachments: Vec<Box<[u8]>>) -> Self {
        let list = values.into_iter().fold(Arguments::default(), Arguments::raw);
        Arguments { attachments, ..list }
    }

    /// One more: whatever can be JSON.
    ///
    /// # Errors
    /// It cannot, as a map whose keys are no strings.
    pub fn value(self, value: &(impl Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        Ok(self.push(&serde_json::to_string(value)?))
    }

    /// One more: a JSON value as it stands. A placeholder in it means a byte string of these arguments; if they have no
    /// such one, and others, they are not sent, for clients take that for the end of the connection.
    #[must_use]
    pub fn raw(self, value: &RawValue) -> Self {
        self.push(value.get())
    }

    /// One more: a text.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        let json = serde_json::to_string(text).expect("a text can be JSON");
        self.push(&json)
    }

    /// One more: a byte string.
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Box<[u8]>>) -> Self {
        let placeholder = Placeholder { is_placeholder: true, num: self.attachments.len() };
        self.attachments.push(bytes.into());
        self.value(&placeholder).expect("a placeholder can be JSON")
    }

    fn push(mut self, json: &str) -> Self {
        self.json.pop();
        if self.json.len() > 1 {
            self.json.push(',');
        }
        self.json.push_str(json);
        self.json.push(']');
        self
    }

    /// All as one JSON array.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// All as one JSON array behind the name of their event.
    pub fn json_of_event(&self, event: &str) -> String {
        let mut json = Arguments::default().text(event).json;
        json.pop();
        if self.json.len() > "[]".len() {
            json.push(',');
        }
        json.push_str(&self.json[1..]);
        json
    }

    /// One by one.
    pub fn values(&self) -> Vec<&RawValue> {
        serde_json::from_str(&self.json).expect("it is always a JSON array")
    }

    /// The byte strings, as placeholders number them.
    pub fn attachments(&self) -> &[Box<[u8]>] {
        &self.attachments
    }

    /// The byte string for which a value stands, if it stands for one.
    pub fn bytes_of(&self, value: &RawValue) -> Option<&[u8]> {
        let placeholder: Placeholder = serde_json::from_str(value.get()).ok()?;
        let attachment = self.attachments.get(placeholder.num).filter(|_| placeholder.is_placeholder)?;
        Some(attachment)
    }

    /// Bytes of all.
    pub(super) fn len(&self) -> usize {
        self.json.len() + self.attachments.iter().map(|bytes| bytes.len()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_a_json_array_with_and_without_the_event() {
        let cases = [
            (Arguments::default(), "[]", r#"["e\"v"]"#),
            (Arguments::default().text("a\n"), r#"["a\n"]"#, r#"["e\"v","a\n"]"#),
            (
                Arguments::default().text("").bytes(*b"x").bytes(*b"y"),
                r#"["",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
                r#"["e\"v","",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
            ),
        ];
        for (arguments, json, of_event) in cases {
            assert_eq!(arguments.json(), json);
            assert_eq!(arguments.json_of_event("e\"v"), of_event);
        }
    }

    #[test]
    fn what_came_goes_back_byte_for_byte() {
        let text = r#"[ 1.50 ,{"a": [{"_placeholder":true,"num":0}]}, "\u00e9"]"#;
        let values: Vec<&RawValue> = serde_json::from_str(text).unwrap();
        let arguments = Arguments::received(values, vec![Box::from(*b"x")]);
        assert_eq!(arguments.json(), r#"[1.50,{"a": [{"_placeholder":true,"num":0}]},"\u00e9"]"#);
        assert_eq!(arguments.values().len(), 3);
        assert_eq!(arguments.len(), arguments.json().len() + 1);
    }

    #[test]
    fn only_a_placeholder_stands_for_bytes() {
        let arguments = Arguments::default().bytes(*b"x");
        let cases = [
            (r#"{"_placeholder":true,"num":0}"#, Some(&b"x"[..])),
            (r#"{"_placeholder":true,"num":1}"#, None),
            (r#"{"_placeholder":true,"num":-1}"#, None),
            (r#"{"_placeholder":false,"num":0}"#, None),
            (r#"{"num":0}"#, None),
            (r#"[{"_placeholder":true,"num":0}]"#, None),
            ("null", None),
        ];
        for (json, bytes) in cases {
            let value: &RawValue = serde_json::from_str(json).unwrap();
            assert_eq!(arguments.bytes_of(value), bytes, "{json}");
        }
    }
}
