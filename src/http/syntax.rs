//! The small grammar that all fields share (RFC 9110 section 5.6): tokens, optional whitespace, comma lists, quoted
//! strings.  Law: nothing here allocates, and every slice lies in its input.

/// Is `b` a `tchar`: may it stand in a method, a field name, a token?
pub fn is_tchar(b: u8) -> bool {
    TCHAR[b as usize]
}

/// Is `text` one or more `tchar`?
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&b| is_tchar(b))
}

/// May `b` stand in a field value: anything but control characters, a tab apart (RFC 9110 section 5.5)?
pub fn is_field_byte(b: u8) -> bool {
    b == b'\t' || (b >= b' ' && b != 0x7f)
}

/// `text` without the spaces and tabs around it.
pub fn trim_ows(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// The elements of a comma list: trimmed, the empty ones left out, commas inside quoted strings not counted.
pub fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    split_outside_quotes(value, b',').filter(|element| !element.is_empty())
}

/// `value` cut at each `separator` outside of quoted strings; each part trimmed, empty ones kept.
pub fn split_outside_quotes(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    core::iter::from_fn(move || {
        let text = rest?;
        let end = find_outside_quotes(text, separator);
        rest = text.get(end + 1..);
        Some(trim_ows(text.get(..end).unwrap_or_default()))
    })
}

fn find_outside_quotes(text: &[u8], separator: u8) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, &b) in text.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if b == separator && !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

/// Is `text` a whole quoted string (RFC 9110 section 5.6.4)?
pub fn is_quoted_string(text: &[u8]) -> bool {
    let [b'"', inner @ .., b'"'] = text else { return false };
    let mut bytes = inner.iter();
    while let Some(&b) = bytes.next() {
        let whole = match b {
            b'"' => false,
            b'\\' => bytes.next().is_some_and(|&escaped| is_field_byte(escaped)),
            _ => is_field_byte(b),
        };
        if !whole {
            return false;
        }
    }
    true
}

/// `name` and `value` of `name=value`, both trimmed (RFC 9110 calls the whitespace bad, and asks to take it).
pub fn parameter(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&b| b == b'=')?;
    Some((trim_ows(text.get(..at)?), trim_ows(text.get(at + 1..)?)))
}

/// Digits only, at least one; a number beyond 64 bits becomes the largest.
pub fn saturating_decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0_u64, |sum, b| sum.saturating_mul(10).saturating_add(u64::from(b - b'0'))))
}

static TCHAR: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 128 {
        table[b] = (b as u8).is_ascii_alphanumeric();
        b += 1;
    }
    let others = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_made_of_tchars() {
        for b in 0..=255_u8 {
            let expected = b.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&b);
            assert_eq!(is_tchar(b), expected, "{b:#x}");
        }
        assert!(is_token(b"Sec-WebSocket-Key"));
        assert!(!is_token(b"") && !is_token(b"a b"));
    }

    #[test]
    fn lists_are_cut_at_commas_outside_of_quotes() {
        let cases: [(&str, &[&str]); 7] = [
            ("", &[]),
            (" , ,\t,", &[]),
            ("a", &["a"]),
            (" a ,\tb\t, c d ", &["a", "b", "c d"]),
            (r#"a="x,y", b"#, &[r#"a="x,y""#, "b"]),
            (r#""\",", c"#, &[r#""\",""#, "c"]),
            (r#"a, "never closed, b"#, &["a", r#""never closed, b"#]),
        ];
        for (value, elements) in cases {
            let found: Vec<_> = list(value.as_bytes()).map(|e| str::from_utf8(e).unwrap()).collect();
            assert_eq!(found, elements, "{value:?}");
        }
    }

    #[test]
    fn quoted_strings_are_whole_or_nothing() {
        for good in [r#""""#, r#""a b""#, r#""a\"b""#, "\"a\tb\"", "\"\u{e4}\""] {
            assert!(is_quoted_string(good.as_bytes()), "{good}");
        }
        for bad in ["", "\"", "a", "\"a", "a\"", r#""a"b""#, r#""a\""#, "\"a\nb\"", "\"a\\\n\""] {
            assert!(!is_quoted_string(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn decimals_are_digits_and_stop_at_the_largest() {
        assert_eq!(saturating_decimal(b"0042"), Some(42));
        assert_eq!(saturating_decimal(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(saturating_decimal(b"99999999999999999999999"), Some(u64::MAX));
        for bad in ["", "+1", "-1", "1 ", "0x1", "1.0"] {
            assert_eq!(saturating_decimal(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
