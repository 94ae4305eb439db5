//! Media types (RFC 9110 section 8.3.1).  Law: what is parsed may stand in a header field again, byte for byte.

use super::syntax::{is_quoted_string, is_token, parameter, split_outside_quotes};

/// Longest `Content-Type` that a message keeps, in bytes.
pub const MEDIA_TYPE_MAX: usize = 128;

/// A well-formed `Content-Type`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct MediaType<'a> {
    text: &'a str,
    essence: &'a str,
}

impl<'a> MediaType<'a> {
    /// Takes `text`, of which space around it is no part; `None` if it is not `type/subtype` with well-formed parameters,
    /// or too long.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim_matches([' ', '\t']);
        if text.len() > MEDIA_TYPE_MAX {
            return None;
        }
        let mut parts = split_outside_quotes(text.as_bytes(), b';');
        let essence = str::from_utf8(parts.next()?).ok()?;
        let (kind, subtype) = essence.split_once('/')?;
        // Empty parameters are allowed: `text/plain;` (RFC 9110 section 5.6.6).
        let good = is_token(kind.as_bytes())
            && is_token(subtype.as_bytes())
            && parts.all(|part| part.is_empty() || is_parameter(part));
        good.then_some(MediaType { text, essence })
    }

    /// All of it, as sent.
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// `type/subtype`, as sent; compare without case, or with [`is`](Self::is).
    pub fn essence(self) -> &'a str {
        self.essence
    }

    /// Is it `essence`, whatever its parameters?
    pub fn is(self, essence: &str) -> bool {
        self.essence.eq_ignore_ascii_case(essence)
    }

    /// Is it `application/json` or `…+json` (RFC 6839 section 3.1)?
    pub fn is_json(self) -> bool {
        let suffix = self.essence.rsplit_once('+').map(|(_, suffix)| suffix);
        self.is("application/json") || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case("json"))
    }
}

fn is_parameter(text: &[u8]) -> bool {
    parameter(text)
        .is_some_and(|(name, value)| is_token(name) && (is_token(value) || is_quoted_string(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_known_by_its_essence() {
        let cases = [
            ("text/plain", "text/plain", false),
            ("Text/Plain; charset=UTF-8", "Text/Plain", false),
            ("application/json", "application/json", true),
            ("APPLICATION/JSON;a=b", "APPLICATION/JSON", true),
            ("application/cloudevents+JSON", "application/cloudevents+JSON", true),
            ("application/json+xml", "application/json+xml", false),
            ("application/x-ndjson", "application/x-ndjson", false),
            ("text/plain;", "text/plain", false),
            (r#"multipart/form-data; boundary="a;b, \" c""#, "multipart/form-data", false),
        ];
        for (text, essence, json) in cases {
            let parsed = MediaType::parse(text).expect(text);
            assert_eq!((parsed.as_str(), parsed.essence(), parsed.is_json()), (text, essence, json));
            assert!(parsed.is(&essence.to_ascii_lowercase()));
        }
    }

    #[test]
    fn space_around_a_media_type_is_no_part_of_it() {
        let media = MediaType::parse(" text/html; a=b\t").expect("it is one");
        assert_eq!((media.as_str(), media.essence()), ("text/html; a=b", "text/html"));
    }

    #[test]
    fn what_is_no_media_type_is_refused() {
        let longest = format!("a/{}", "b".repeat(MEDIA_TYPE_MAX - 2));
        assert!(MediaType::parse(&longest).is_some());
        let too_long = format!("{longest}b");
        for bad in [
            "",
            "text",
            "text/",
            "/plain",
            "a/b/c",
            "text/plain; charset",
            "text/plain; =x",
            "text/plain; a=",
            "text/plain; a=\"b",
            "text/plain, text/html",
            "te xt/plain",
            "text/pl\u{e4}in",
            "text/plain\r\nx: y",
            too_long.as_str(),
        ] {
            assert_eq!(MediaType::parse(bad), None, "{bad:?}");
        }
    }
}
