//! Attachments inside JSON: on the wire of Socket.IO `{"_placeholder":true,"num":N}`, for everybody else
//! `{"$base64":"…"}`.  Law: what is not taken out or put in stays byte for byte; the time is linear.

use super::error::PacketError;
use super::json::{Token, Tokens, means, string};
use crate::limits::{ATTACHMENTS_MAX, JSON_DEPTH_MAX};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use core::ops::Range;
use memchr::memmem;

const PLACEHOLDER: &str = "_placeholder";
const NUMBER: &str = "num";
const BASE64: &str = "$base64";

/// `json` with `{"$base64":"…"}` in place of each placeholder. As the reference has it, other members of a placeholder
/// are lost, of two with one name the second counts, and an attachment need not be named. Without attachments nothing is
/// a placeholder.
///
/// # Errors
/// A placeholder names no attachment, or one that another names: senders number them anew each time, and one long
/// attachment named a thousand times would be a thousand times as long here.
pub fn fold(json: &str, attachments: &[Box<[u8]>]) -> Result<String, PacketError> {
    if attachments.is_empty() {
        return Ok(json.to_owned());
    }
    let mut left: Vec<Option<&[u8]>> = attachments.iter().map(|bytes| Some(&**bytes)).collect();
    let bytes: usize = attachments.iter().map(|bytes| bytes.len()).sum();
    let mut out = String::with_capacity(json.len() + bytes.div_ceil(3) * 4);
    let mut copied = 0;
    for placeholder in placeholders(json)? {
        let bytes = placeholder.names(json).and_then(|number| left.get_mut(number)?.take());
        let bytes = bytes.ok_or(PacketError::Placeholder)?;
        out.push_str(&json[copied..placeholder.whole.start]);
        out.push_str("{\"$base64\":\"");
        STANDARD.encode_string(bytes, &mut out);
        out.push_str("\"}");
        copied = placeholder.whole.end;
    }
    out.push_str(&json[copied..]);
    Ok(out)
}

/// Whoever reads this with so many attachments, can it put one in place of each placeholder? Clients that cannot end
/// their connection.
///
/// # Errors
/// A placeholder names no attachment.
pub fn check(json: &str, count: usize) -> Result<(), PacketError> {
    if count == 0 {
        return Ok(());
    }
    let all_are_there =
        placeholders(json)?.iter().all(|placeholder| placeholder.names(json).is_some_and(|n| n < count));
    if all_are_there { Ok(()) } else { Err(PacketError::Placeholder) }
}

/// A placeholder, by its place and that of its number.
struct Placeholder {
    whole: Range<usize>,
    number: Option<Range<usize>>,
}

impl Placeholder {
    /// Which attachment it names.
    fn names(&self, json: &str) -> Option<usize> {
        json[self.number.clone()?].parse().ok()
    }
}

/// An object that has begun.
#[derive(Default)]
struct Begun {
    start: usize,
    /// How many placeholders were found before it.
    found_before: usize,
    is_placeholder: bool,
    number: Option<Range<usize>>,
}

/// The placeholders in order; none inside another.
fn placeholders(json: &str) -> Result<Vec<Placeholder>, PacketError> {
    let (mut found, mut begun): (Vec<Placeholder>, Vec<Begun>) = (Vec::new(), Vec::new());
    let mut tokens = Tokens::of(json).peekable();
    while let Some(token) = tokens.next() {
        match token {
            Token::ObjectStart(_) if begun.len() == JSON_DEPTH_MAX => return Err(PacketError::TooDeep),
            Token::ObjectStart(start) => {
                begun.push(Begun { start, found_before: found.len(), ..Begun::default() });
            }
            Token::ObjectEnd(end) => {
                let Some(object) = begun.pop().filter(|object| object.is_placeholder) else { continue };
                found.truncate(object.found_before);
                found.push(Placeholder { whole: object.start..end, number: object.number });
            }
            Token::Name(name) => {
                let Some(object) = begun.last_mut() else { continue };
                let value = match tokens.peek() {
                    Some(Token::Scalar(value)) => Some(value.clone()),
                    _ => None,
                };
                if means(&json[name.clone()], PLACEHOLDER) {
                    object.is_placeholder = value.is_some_and(|value| &json[value] == "true");
                } else if means(&json[name], NUMBER) {
                    object.number = value;
                }
            }
            Token::ArrayStart | Token::ArrayEnd | Token::Scalar(_) => {}
        }
    }
    Ok(found)
}

/// `json` with a placeholder in place of each `{"$base64":"…"}`, and what they held; `None` if there is none. An object
/// with other members besides, or with what is not base64, stays. `None` also where a client could not read the
/// outcome: with more attachments than it takes, or where the JSON holds what it would take for a placeholder.
#[must_use]
pub fn unfold(json: &str) -> Option<(String, Vec<Vec<u8>>)> {
    let is_there = |name: &str| memmem::find(json.as_bytes(), name.as_bytes()).is_some();
    if !is_there(BASE64) && !is_there("\\u") {
        return None;
    }
    let found = encoded(json)?;
    if found.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(json.len());
    let (mut attachments, mut copied) = (Vec::with_capacity(found.len()), 0);
    for (whole, bytes) in found {
        out.push_str(&json[copied..whole.start]);
        out.push_str(&format!("{{\"_placeholder\":true,\"num\":{}}}", attachments.len()));
        attachments.push(bytes);
        copied = whole.end;
    }
    out.push_str(&json[copied..]);
    Some((out, attachments))
}

/// The places of objects that are base64, and what they hold; `None` if they cannot be taken out.
fn encoded(json: &str) -> Option<Vec<(Range<usize>, Vec<u8>)>> {
    let (mut found, mut tokens) = (Vec::new(), Tokens::of(json));
    while let Some(token) = tokens.next() {
        match token {
            Token::ObjectStart(start) => {
                let Some((end, bytes)) = encoded_object(json, tokens.clone()) else { continue };
                if found.len() == ATTACHMENTS_MAX {
                    return None;
                }
                found.push((start..end, bytes));
            }
            Token::Name(name) if means(&json[name.clone()], PLACEHOLDER) => return None,
            Token::Name(_) | Token::ObjectEnd(_) | Token::ArrayStart | Token::ArrayEnd | Token::Scalar(_) => {
            }
        }
    }
    Some(found)
}

/// The rest of an object that is base64 and nothing besides: its end and its bytes. Looks at three tokens.
fn encoded_object(json: &str, mut tokens: Tokens<'_>) -> Option<(usize, Vec<u8>)> {
    let Token::Name(name) = tokens.next()? else { return None };
    if !means(&json[name], BASE64) {
        return None;
    }
    let (Token::Scalar(value), Token::ObjectEnd(end)) = (tokens.next()?, tokens.next()?) else { return None };
    let bytes = STANDARD.decode(&*string(&json[value])?).ok()?;
    Some((end, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(attachments: &[&[u8]]) -> Vec<Box<[u8]>> {
        attachments.iter().map(|bytes| Box::from(*bytes)).collect()
    }

    #[test]
    fn placeholders_become_base64_and_nothing_else_changes() {
        let cases = [
            (r#"["a",{"_placeholder":true,"num":0}]"#, r#"["a",{"$base64":"/wA="}]"#),
            (r#"{"num":0,"_placeholder":true}"#, r#"{"$base64":"/wA="}"#),
            ("[\t{ \"_placeholder\" :\r\ntrue , \"num\": 0 } ]", "[\t{\"$base64\":\"/wA=\"} ]"),
            (
                r#"[{"_placeholder":true,"num":1},1.50,{"x":{"_placeholder":true,"num":0}},1e0]"#,
                r#"[{"$base64":""},1.50,{"x":{"$base64":"/wA="}},1e0]"#,
            ),
            (r#"{"\u005fplaceholder":true,"n\u0075m":0}"#, r#"{"$base64":"/wA="}"#),
            (r#"{"_placeholder":true,"num":0,"more":[1,{"b":2}]}"#, r#"{"$base64":"/wA="}"#),
            (r#"{"a":{"_placeholder":true,"num":9},"_placeholder":true,"num":0}"#, r#"{"$base64":"/wA="}"#),
            (r#"{"_placeholder":true,"num":9,"num":0}"#, r#"{"$base64":"/wA="}"#),
            (r#"{"_placeholder":true,"num":00}"#, r#"{"$base64":"/wA="}"#),
            (r#"["_placeholder",true,"num",0]"#, r#"["_placeholder",true,"num",0]"#),
            (r#"{"_placeholder":false,"num":0}"#, r#"{"_placeholder":false,"num":0}"#),
            (r#"{"_placeholder":true,"_placeholder":1}"#, r#"{"_placeholder":true,"_placeholder":1}"#),
            (r#"{"_placeholder":"true","num":0}"#, r#"{"_placeholder":"true","num":0}"#),
            (r#"{"_placeholder":[true],"num":0}"#, r#"{"_placeholder":[true],"num":0}"#),
            (r#"{"_Placeholder":true,"num":0}"#, r#"{"_Placeholder":true,"num":0}"#),
            (r#"{"a":"_placeholder","b":true}"#, r#"{"a":"_placeholder","b":true}"#),
            (r#"["{\"_placeholder\":true,\"num\":0}"]"#, r#"["{\"_placeholder\":true,\"num\":0}"]"#),
            (r#"["\\",{"\"":"\\\""},"}"]"#, r#"["\\",{"\"":"\\\""},"}"]"#),
            (r#"{"\ud800":{"_placeholder":true,"num":0}}"#, r#"{"\ud800":{"$base64":"/wA="}}"#),
            (r#"["€",{"_placeholder":true,"num":0},"é"]"#, r#"["€",{"$base64":"/wA="},"é"]"#),
            ("[]", "[]"),
        ];
        for (json, folded) in cases {
            assert_eq!(fold(json, &boxes(&[b"\xff\0", b""])).as_deref(), Ok(folded), "{json}");
            assert_eq!(fold(json, &[]).as_deref(), Ok(json), "without attachments nothing is a placeholder");
        }
    }

    #[test]
    fn a_placeholder_names_an_attachment_that_no_other_names() {
        let cases = [
            r#"{"_placeholder":true}"#,
            r#"{"_placeholder":true,"num":2}"#,
            r#"{"_placeholder":true,"num":-1}"#,
            r#"{"_placeholder":true,"num":0.5}"#,
            r#"{"_placeholder":true,"num":1e0}"#,
            r#"{"_placeholder":true,"num":"0"}"#,
            r#"{"_placeholder":true,"num":null}"#,
            r#"{"_placeholder":true,"num":[0]}"#,
            r#"{"_placeholder":true,"num":0,"num":{}}"#,
            r#"{"_placeholder":true,"num":99999999999999999999999}"#,
            r#"[{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#,
        ];
        for json in cases {
            assert_eq!(fold(json, &boxes(&[b"a", b"b"])), Err(PacketError::Placeholder), "{json}");
        }
    }

    #[test]
    fn whoever_reads_a_placeholder_must_have_what_it_names() {
        let (first, second) = (r#"{"_placeholder":true,"num":0}"#, r#"{"_placeholder":true,"num":1}"#);
        let cases = [
            (first.to_owned(), 1, true),
            (second.to_owned(), 1, false),
            (second.to_owned(), 0, true),
            (format!("[{second},{first},{second}]"), 2, true),
            (format!("[{first},{{\"a\":{second}}}]"), 1, false),
            (r#"{"_placeholder":true}"#.to_owned(), 1, false),
            (r#"{"_placeholder":true,"num":0.5}"#.to_owned(), 1, false),
            (r#"{"_placeholder":false,"num":7}"#.to_owned(), 1, true),
        ];
        for (json, count, is_readable) in cases {
            assert_eq!(check(&json, count).is_ok(), is_readable, "{json} with {count}");
        }
    }

    #[test]
    fn base64_becomes_attachments_and_nothing_else_changes() {
        let cases: [(&str, &str, &[&[u8]]); 7] = [
            (r#"{"$base64":"/wA="}"#, r#"{"_placeholder":true,"num":0}"#, &[b"\xff\0"]),
            (r#"{"$base64":"\/wA="}"#, r#"{"_placeholder":true,"num":0}"#, &[b"\xff\0"]),
            ("[ {\n\"$base64\" : \"\" } ]", "[ {\"_placeholder\":true,\"num\":0} ]", &[b""]),
            (
                r#"["e",1.0,{"a": {"$base64":"AA=="} ,"b":{"\u0024base64":"AQ=="}}]"#,
                r#"["e",1.0,{"a": {"_placeholder":true,"num":0} ,"b":{"_placeholder":true,"num":1}}]"#,
                &[&[0], &[1]],
            ),
            (r#"{"$base64":{"$base64":"AA=="}}"#, r#"{"$base64":{"_placeholder":true,"num":0}}"#, &[&[0]]),
            (
                r#"[{"$base64":"!"},{"$base64":"AA=="},"$base64"]"#,
                r#"[{"$base64":"!"},{"_placeholder":true,"num":0},"$base64"]"#,
                &[&[0]],
            ),
            (
                r#"["\"{",{"€":{"$base64":"AA=="},"num":0}]"#,
                r#"["\"{",{"€":{"_placeholder":true,"num":0},"num":0}]"#,
                &[&[0]],
            ),
        ];
        for (json, text, attachments) in cases {
            let (unfolded, found) = unfold(json).expect(json);
            assert_eq!(unfolded, text, "{json}");
            assert_eq!(found, attachments, "{json}");
        }
    }

    #[test]
    fn what_is_not_quite_base64_stays() {
        let cases = [
            "",
            "{}",
            "[1]",
            r#""$base64""#,
            r#"{"$base64":"AA"}"#,
            r#"{"$base64":"AA=="#,
            r#"{"$base64":"AB=="}"#,
            r#"{"$base64":"A A="}"#,
            r#"{"$base64":"-_-_"}"#,
            r#"{"$base64":"\ud800"}"#,
            r#"{"$base64":null}"#,
            r#"{"$base64":["AA=="]}"#,
            r#"{"$base64":"AA==","type":"x"}"#,
            r#"{"type":"x","$base64":"AA=="}"#,
            r#"{"$base64":"AA==","$base64":"AA=="}"#,
            r#"{"$Base64":"AA=="}"#,
            r#"["{\"$base64\":\"AA==\"}"]"#,
            r#"["$base64","AA=="]"#,
        ];
        for json in cases {
            assert_eq!(unfold(json), None, "{json}");
        }
    }

    #[test]
    fn nothing_is_taken_out_that_a_client_could_not_put_back() {
        let list = |count| format!("[{}]", vec![r#"{"$base64":"AA=="}"#; count].join(","));
        assert_eq!(unfold(&list(ATTACHMENTS_MAX)).map(|(_, found)| found.len()), Some(ATTACHMENTS_MAX));
        assert_eq!(unfold(&list(ATTACHMENTS_MAX + 1)), None);
        for name in ["_placeholder", "\\u005fplaceholder"] {
            for value in ["true", "1"] {
                let json = format!(r#"[{{"$base64":"AA=="}},{{"{name}":{value},"num":99}}]"#);
                assert_eq!(unfold(&json), None, "{json}");
            }
        }
    }

    #[test]
    fn one_attachment_named_often_does_not_multiply() {
        let json = format!("[{}]", vec![r#"{"_placeholder":true,"num":0}"#; 30_000].join(","));
        assert_eq!(fold(&json, &boxes(&[&[0; 1 << 20]])), Err(PacketError::Placeholder));
    }

    #[test]
    fn each_part_of_a_text_is_looked_at_a_few_times_only() {
        // Whatever would be looked at again for each of its like takes minutes at this length.
        let count = 100_000;
        let hostile = [
            r#"{"$base64":"#.repeat(count),
            format!("[{}1]", r#"{"$base64":"A"},"#.repeat(count)),
            format!("[{}1]", r#"{"$base64":"A","#.repeat(count)),
            "\"".repeat(count),
            "\"\\".repeat(count),
            format!("\"a\"{}", " ".repeat(count)).repeat(3),
            r#"{"_placeholder":true,"num":"#.repeat(count),
            r#"{"_placeholder":true,"_placeholder":true}"#.repeat(count),
            r#""\u005fplaceholder":"#.repeat(count),
            ("{\"".to_owned() + &r"\u005f".repeat(count) + "\":") + &"[".repeat(count),
        ];
        for text in hostile {
            // The outcome for what is no JSON is nobody's concern.
            drop((unfold(&text), fold(&text, &boxes(&[b"x"]))));
        }
    }

    #[test]
    fn deep_json_is_bounded() {
        let nested =
            |depth: usize, inner: &str| format!("{}{inner}{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        let inner = r#"{"_placeholder":true,"num":0}"#;
        assert!(fold(&nested(JSON_DEPTH_MAX - 1, inner), &boxes(&[b"x"])).is_ok());
        assert_eq!(fold(&nested(JSON_DEPTH_MAX, inner), &boxes(&[b"x"])), Err(PacketError::TooDeep));
        assert!(unfold(&nested(100_000, r#"{"$base64":"AA=="}"#)).is_some(), "nothing recurses");
    }
}
