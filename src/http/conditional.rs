//! Conditional requests (RFC 9110 section 13).  Law: a condition that is malformed counts as not there, so that the
//! whole answer is sent.

use super::syntax::{list, trim_ows};
use core::time::Duration;
use std::time::UNIX_EPOCH;

/// What stands between the quotes of the one tag in `value`; `None` for several, for `*` and for no tag. A `W/` before it
/// is ignored. This is how a poller brings its cursor back.
pub fn single_cursor_tag(value: &[u8]) -> Option<&str> {
    let mut tags = list(value);
    let tag = tags.next()?;
    if tags.next().is_some() {
        return None;
    }
    str::from_utf8(opaque(tag)?).ok()
}

/// Does `If-None-Match` hold `etag` (with its quotes), compared weakly, or `*`? Then the client has it already.
pub fn if_none_match(value: &[u8], etag: &str) -> bool {
    let Some(own) = opaque(etag.as_bytes()) else { return false };
    trim_ows(value) == b"*" || list(value).any(|tag| opaque(tag) == Some(own))
}

/// Has the client what was last changed at `modified_unix_s`, by its `If-Modified-Since`?
pub fn is_unmodified_since(value: &[u8], modified_unix_s: u64) -> bool {
    parse_date(value).is_some_and(|since| modified_unix_s <= since)
}

/// Does `If-Range` still name what is there, so that a part of it may be sent? Tags are compared strongly, dates exactly
/// (RFC 9110 section 13.1.5).
pub fn if_range(value: &[u8], etag: &str, modified_unix_s: u64) -> bool {
    let value = trim_ows(value);
    if opaque(value).is_some() {
        return !value.starts_with(b"W/") && value == etag.as_bytes();
    }
    parse_date(value) == Some(modified_unix_s)
}

/// What stands between the quotes of an entity tag, weak or strong (RFC 9110 section 8.8.3).
fn opaque(tag: &[u8]) -> Option<&[u8]> {
    let [b'"', inner @ .., b'"'] = tag.strip_prefix(b"W/").unwrap_or(tag) else { return None };
    let good = |&b: &u8| b == b'!' || (b'#'..=b'~').contains(&b) || b >= 0x80;
    inner.iter().all(good).then_some(inner)
}

/// Seconds since 1970 of an HTTP date in any of its three forms.
fn parse_date(value: &[u8]) -> Option<u64> {
    let text = str::from_utf8(trim_ows(value)).ok()?;
    let time = httpdate::parse_http_date(text).ok()?;
    time.duration_since(UNIX_EPOCH).ok().as_ref().map(Duration::as_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_as_exactly_one_tag() {
        let cases = [
            (r#""1-0""#, Some("1-0")),
            (r#"W/"1-0""#, Some("1-0")),
            (r#" "1-0" ,"#, Some("1-0")),
            (r#""""#, Some("")),
            (r#""1-0", "2-0""#, None),
            ("*", None),
            ("1-0", None),
            ("", None),
            (r#""1-0"#, None),
            (r#"w/"1-0""#, None),
            (r#""1 0""#, None),
        ];
        for (value, expected) in cases {
            assert_eq!(single_cursor_tag(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn tags_match_weakly_in_any_place_of_the_list() {
        let cases = [
            (r#""a""#, true),
            (r#"W/"a""#, true),
            (r#""x", W/"a" , "y""#, true),
            ("*", true),
            (r#""b""#, false),
            (r#""A""#, false),
            ("a", false),
            ("", false),
            (r#""x", *"#, false),
        ];
        for (value, expected) in cases {
            assert_eq!(if_none_match(value.as_bytes(), r#""a""#), expected, "{value}");
            assert_eq!(if_none_match(value.as_bytes(), r#"W/"a""#), expected, "{value}");
        }
    }

    /// 1994-11-06T08:49:37Z.
    const THEN: u64 = 784_111_777;

    #[test]
    fn dates_come_in_three_forms_and_malformed_ones_do_not_count() {
        let forms =
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"];
        for text in forms {
            assert!(is_unmodified_since(text.as_bytes(), THEN), "{text}");
            assert!(is_unmodified_since(text.as_bytes(), THEN - 1), "{text}");
            assert!(!is_unmodified_since(text.as_bytes(), THEN + 1), "{text}");
        }
        for text in
            ["", "now", "784111777", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 \u{e4}"]
        {
            assert!(!is_unmodified_since(text.as_bytes(), 0), "{text}");
        }
    }

    #[test]
    fn a_range_goes_on_only_from_the_very_same_thing() {
        let cases = [
            (r#""a""#, true),
            (r#"W/"a""#, false),
            (r#""b""#, false),
            ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            ("Sun, 06 Nov 1994 08:49:38 GMT", false),
            ("a", false),
            ("", false),
        ];
        for (value, expected) in cases {
            assert_eq!(if_range(value.as_bytes(), r#""a""#, THEN), expected, "{value}");
        }
        assert!(!if_range(br#"W/"a""#, r#"W/"a""#, THEN), "a weak tag says nothing about bytes");
    }
}
