//! JSON that stands inside a script: JSONP's argument and what an iframe posts.  Law: nothing in it can end the script or
//! a line of it, nor set a prototype; without its escapes it is the JSON that other transports carry.

use super::incoming::shown;

/// What must not stand in a script as it is, with the escape that stands for it.
const ESCAPES: [(char, &str); 5] =
    [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];
/// Stands around the string that holds a value whose names a script would take for more than names.
const PARSE_CALL: &str = "JSON.parse(";

/// The plain JSON of `expression`. The five escapes are taken for the script's even where a payload had them itself.
pub fn plain_json(expression: &str) -> Result<String, String> {
    let wrong = |what: &str| format!("{what} in {}", shown(expression.as_bytes()));
    if expression.contains(['\r', '\n']) || expression.contains(ESCAPES.map(|(c, _)| c)) {
        return Err(wrong("what a script must not hold"));
    }
    let mut out = String::new();
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            let string = string(rest).ok_or_else(|| wrong("a string without its end"))?;
            rest = &rest[string.len()..];
            if rest.trim_start().starts_with(':') && text_of(string)? == "__proto__" {
                return Err(wrong("a name that sets a prototype"));
            }
            out.push_str(&unescaped(string));
        } else if let Some(argument) = rest.strip_prefix(PARSE_CALL) {
            let string = string(argument).ok_or_else(|| wrong("JSON.parse takes one string"))?;
            rest = argument[string.len()..]
                .strip_prefix(')')
                .ok_or_else(|| wrong("JSON.parse takes one string"))?;
            let json = text_of(string)?;
            serde_json::from_str::<&serde_json::value::RawValue>(&json).map_err(|e| wrong(&e.to_string()))?;
            // Line ends stand between tokens; other transports have spaces there.
            out.push_str(&json.replace(['\r', '\n'], " "));
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(out)
}

/// The JSON string that `text` begins with, quotation marks included.
fn string(text: &str) -> Option<&str> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return text.starts_with('"').then(|| &text[..=at]),
            _ => {}
        }
    }
    None
}

fn text_of(string: &str) -> Result<String, String> {
    serde_json::from_str(string).map_err(|error| format!("{error} in {}", shown(string.as_bytes())))
}

/// A string without the escapes of scripts. A backslash and what follows it belong together.
fn unescaped(string: &str) -> String {
    let mut out = String::new();
    let mut rest = string;
    while let Some(at) = rest.find('\\') {
        let (front, escape) = rest.split_at(at);
        out.push_str(front);
        let known = ESCAPES.iter().find(|(_, spelled)| escape.starts_with(spelled));
        let taken = match known {
            Some((c, spelled)) => {
                out.push(*c);
                spelled.len()
            }
            None => {
                let len = 1 + escape[1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&escape[..len]);
                len
            }
        };
        rest = &escape[taken..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_its_escapes_it_is_plain_json() {
        let cases = [
            (r#"{"a":[1,"b"]}"#, r#"{"a":[1,"b"]}"#),
            (r#""\u003c/script\u003e\u0026\u2028\u2029""#, "\"</script>&\u{2028}\u{2029}\""),
            (r#""\\u003c\\\u003c\"\u003C""#, r#""\\u003c\\<\"\u003C""#),
            (
                r#"{"data":JSON.parse("{\"__proto__\":1,\r\n\"a\":\"\u003c\"}"),"b":2}"#,
                r#"{"data":{"__proto__":1,  "a":"<"},"b":2}"#,
            ),
            (r#""JSON.parse(""#, r#""JSON.parse(""#),
            (r#"{"a":"__proto__"}"#, r#"{"a":"__proto__"}"#),
        ];
        for (expression, json) in cases {
            assert_eq!(plain_json(expression).as_deref(), Ok(json), "{expression}");
        }
    }

    #[test]
    fn what_a_script_must_not_hold_is_an_error() {
        let expressions = [
            "\"<\"",
            "\">\"",
            "\"&\"",
            "\"\u{2028}\"",
            "\"\u{2029}\"",
            "[\n1]",
            "\"a",
            "\"a\\\"",
            r#"{"__proto__":1}"#,
            r#"{"\u005f_proto__" : 1}"#,
            r#"JSON.parse("{")"#,
            r#"JSON.parse("1""#,
            r#"JSON.parse(1)"#,
            r#"JSON.parse("1","2")"#,
        ];
        for expression in expressions {
            assert!(plain_json(expression).is_err(), "{expression:?}");
        }
    }
}
