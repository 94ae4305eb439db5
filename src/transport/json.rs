//! JSON texts (RFC 8259) written straight into the output.  Law: what is written is one JSON value on one line that
//! means what was given, and under [`Escape::Script`] nothing in it can end a script element or a line of script.
//! Knows nothing of messages.

use memchr::memmem;

/// Where the JSON will stand.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Where a JSON parser reads it.
    Plain,
    /// Inside a script: `<`, `>`, `&`, U+2028 and U+2029 as escapes of four hexadecimal digits.
    Script,
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes `text` as a JSON string.
pub fn string(out: &mut Vec<u8>, text: &str, escape: Escape) {
    out.push(b'"');
    escaped(out, text.as_bytes(), &STRING_ATTENTION, escape, |out, byte| match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => unicode_escape(out, u16::from(byte)),
    });
    out.push(b'"');
}

/// Writes `json`, which [`is_json`] has accepted, byte for byte, but CR and LF as spaces: in JSON they stand only
/// between tokens. The escapes of [`Escape::Script`] too keep its meaning: what they replace stands only in strings.
pub fn value(out: &mut Vec<u8>, json: &[u8], escape: Escape) {
    if let (Escape::Script, Ok(text)) = (escape, core::str::from_utf8(json))
        && may_set_prototype(json)
    {
        out.extend_from_slice(b"JSON.parse(");
        string(out, text, escape);
        out.push(b')');
        return;
    }
    escaped(out, json, &VALUE_ATTENTION, escape, |out, _| out.push(b' '));
}

/// Is this one JSON value in UTF-8?
pub fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<&serde_json::value::RawValue>(bytes).is_ok()
}

/// In a script `{"__proto__":1}` sets a prototype, and twice that is a syntax error which would cost a reader the
/// whole script; in JSON it is a member like others. Escapes may spell the name as well: `_`, `p`, `r`, `o`, `t` are
/// U+005F to U+0074.
fn may_set_prototype(json: &[u8]) -> bool {
    let spelled = |name: &[u8]| memmem::find(json, name).is_some();
    spelled(b"__proto__") || spelled(b"\\u005") || spelled(b"\\u006") || spelled(b"\\u007")
}

/// Copies `bytes`; those that `attention` names go through `replace`, those that a script must not hold through
/// their escape.
fn escaped(
    out: &mut Vec<u8>,
    bytes: &[u8],
    attention: &[bool; 256],
    escape: Escape,
    replace: impl Fn(&mut Vec<u8>, u8),
) {
    out.reserve(bytes.len());
    let mut copied = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let script = escape == Escape::Script && SCRIPT_ATTENTION[usize::from(byte)];
        let length = match (attention[usize::from(byte)], script) {
            (false, false) => 0,
            (true, _) => 1,
            (false, true) => script_length(&bytes[at..]),
        };
        if length == 0 {
            at += 1;
            continue;
        }
        out.extend_from_slice(&bytes[copied..at]);
        match &bytes[at..at + length] {
            [0xE2, 0x80, last] => unicode_escape(out, 0x2000 | u16::from(last & 0x3F)),
            _ if script => unicode_escape(out, u16::from(byte)),
            _ => replace(out, byte),
        }
        at += length;
        copied = at;
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// Bytes of what must be escaped at the front of `rest`; 0 if it is another character that begins alike.
fn script_length(rest: &[u8]) -> usize {
    match rest {
        [b'<' | b'>' | b'&', ..] => 1,
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => 3,
        _ => 0,
    }
}

fn unicode_escape(out: &mut Vec<u8>, unit: u16) {
    let digit = |shift: u16| HEX[usize::from(unit >> shift & 15)];
    out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}

/// RFC 8259 section 7: quotation mark, reverse solidus, and the control characters.
static STRING_ATTENTION: [bool; 256] = {
    let mut table = table(b"\"\\");
    let mut control = 0;
    while control < 0x20 {
        table[control] = true;
        control += 1;
    }
    table
};
static VALUE_ATTENTION: [bool; 256] = table(b"\r\n");
/// U+2028 and U+2029 begin with E2.
static SCRIPT_ATTENTION: [bool; 256] = table(b"<>&\xE2");

const fn table(bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut index = 0;
    while index < bytes.len() {
        table[bytes[index] as usize] = true;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::check::{parse_script, written};
    use super::*;

    #[test]
    fn strings_are_escaped_as_their_place_asks() {
        let cases = [
            ("", r#""""#, r#""""#),
            ("a\"b\\c/", r#""a\"b\\c/""#, r#""a\"b\\c/""#),
            (
                "\n\r\t\u{8}\u{c}\u{0}\u{1f}\u{7f}",
                "\"\\n\\r\\t\\u0008\\u000c\\u0000\\u001f\u{7f}\"",
                "\"\\n\\r\\t\\u0008\\u000c\\u0000\\u001f\u{7f}\"",
            ),
            ("</script>&", r#""</script>&""#, r#""\u003c/script\u003e\u0026""#),
            ("\u{2028}\u{2029}", "\"\u{2028}\u{2029}\"", r#""\u2028\u2029""#),
            ("\u{2027}\u{202a}â€😀", "\"\u{2027}\u{202a}â€😀\"", "\"\u{2027}\u{202a}â€😀\""),
        ];
        for (text, plain, script) in cases {
            assert_eq!(written(|out| string(out, text, Escape::Plain)), plain);
            assert_eq!(written(|out| string(out, text, Escape::Script)), script);
        }
    }

    #[test]
    fn a_value_stays_byte_for_byte_but_for_line_ends() {
        let cases = [
            ("{\"b\":1.50,\"a\":[ 1e5,\ttrue]}", "{\"b\":1.50,\"a\":[ 1e5,\ttrue]}"),
            ("[1,\r\n2,\n3\r]", "[1,  2, 3 ]"),
            ("\"\\n\\u000a</script>\u{2028}\"", "\"\\n\\u000a</script>\u{2028}\""),
        ];
        for (json, expected) in cases {
            assert!(is_json(json.as_bytes()));
            assert_eq!(written(|out| value(out, json.as_bytes(), Escape::Plain)), expected);
        }
        let json = "\"\\n</script>\\\\<\u{2028}&\"";
        let expected = r#""\n\u003c/script\u003e\\\u003c\u2028\u0026""#;
        assert_eq!(written(|out| value(out, json.as_bytes(), Escape::Script)), expected);
    }

    #[test]
    fn what_a_script_would_take_for_a_prototype_is_parsed_as_json() {
        let plain = r#"{"__proto__":1,"__proto__":2}"#;
        assert_eq!(written(|out| value(out, plain.as_bytes(), Escape::Plain)), plain);
        let expected = r#"JSON.parse("{\"__proto__\":1,\"__proto__\":2}")"#;
        assert_eq!(written(|out| value(out, plain.as_bytes(), Escape::Script)), expected);
        for spelled in [r#"{"\u005f_proto__":1}"#, r#"{"__\u0070roto__":1}"#, r#"{"__pro\u0074o_\u005F":1}"#]
        {
            let script = written(|out| value(out, spelled.as_bytes(), Escape::Script));
            assert!(script.starts_with("JSON.parse("), "{spelled}");
            assert_eq!(parse_script(&script), parse_script(&format!("JSON.parse({spelled:?})")));
        }
        let harmless = r#"{"proto":"\u00e9"}"#;
        assert_eq!(written(|out| value(out, harmless.as_bytes(), Escape::Script)), harmless);
    }

    #[test]
    fn only_one_whole_value_in_utf8_is_json() {
        for good in ["1", " [] ", "\"\\ud800\"", "{\"a\":{}}", "\t\r\n1\n"] {
            assert!(is_json(good.as_bytes()), "{good:?}");
        }
        let bad: [&[u8]; 10] = [
            b"",
            b" ",
            b"{",
            b"1 2",
            b"NaN",
            b"\"\n\"",
            b"'a'",
            b"\"\xff\"",
            b"\xEF\xBB\xBF1",
            b"1});alert(1)//",
        ];
        for bad in bad {
            assert!(!is_json(bad), "{:?}", String::from_utf8_lossy(bad));
        }
        let deep = [vec![b'['; 1 << 20], vec![b']'; 1 << 20]].concat();
        is_json(&deep); // must not exhaust the stack
    }
}
