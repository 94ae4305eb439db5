//! Request targets (RFC 9112 section 3.2) and percent-decoding (RFC 3986 section 2.1).  Law: a target is decoded once,
//! by whoever uses it; what is decoded is UTF-8 without NUL.

use super::authority::Authority;
use super::head_error::HeadError;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Where a request goes, still encoded.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Target<'b> {
    /// Begins with `/`, or is `*` (`OPTIONS *`, and CONNECT, which has no path).
    pub path: &'b str,
    /// What follows the first `?`.
    pub query: Option<&'b str>,
    /// Host and port of an absolute target or of CONNECT, well formed.
    pub authority: Option<&'b str>,
}

impl<'b> Target<'b> {
    /// Takes `raw`, visible ASCII without `#`, apart in the form that fits `method`.
    pub(super) fn parse(method: &str, raw: &'b str) -> Result<Self, HeadError> {
        if method == "CONNECT" {
            return Self::authority_form(raw);
        }
        if raw.starts_with('/') {
            return Ok(Self::with_path(raw, None));
        }
        if raw == "*" && method == "OPTIONS" {
            return Ok(Target { path: raw, query: None, authority: None });
        }
        Self::absolute_form(raw)
    }

    fn authority_form(raw: &'b str) -> Result<Self, HeadError> {
        let authority = Authority::parse(raw).ok_or(HeadError::Target)?;
        authority.port.ok_or(HeadError::Target)?;
        Ok(Target { path: "*", query: None, authority: Some(raw) })
    }

    /// An `http` or `https` URL. User information has no business in a request (RFC 9110 section 4.2.4).
    fn absolute_form(raw: &'b str) -> Result<Self, HeadError> {
        let (scheme, rest) = raw.split_once("://").ok_or(HeadError::Target)?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Err(HeadError::Target);
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        Authority::parse(authority).ok_or(HeadError::Target)?;
        Ok(Self::with_path(path, Some(authority)))
    }

    fn with_path(text: &'b str, authority: Option<&'b str>) -> Self {
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (text, None),
        };
        Target { path: if path.is_empty() { "/" } else { path }, query, authority }
    }
}

/// Why a part of a target cannot be decoded.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// A `%` without two hexadecimal digits after it.
    Escape,
    /// What is decoded is not UTF-8.
    Utf8,
    /// What is decoded holds a NUL.
    Nul,
}

impl TargetError {
    /// The status to answer with.
    pub fn status(self) -> u16 {
        400
    }

    /// What was wrong and what would be right.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Escape => "in a URL a % stands before two hexadecimal digits; a % itself is %25",
            Self::Utf8 => "a URL is UTF-8 once it is decoded",
            Self::Nul => "a URL holds no NUL",
        }
    }
}

/// Percent-decodes a path, once. `+` stays what it is.
pub fn decode_path(raw: &str) -> Result<Cow<'_, str>, TargetError> {
    check_escapes(raw.as_bytes())?;
    let decoded = percent_decode_str(raw).decode_utf8().map_err(|_| TargetError::Utf8)?;
    if decoded.contains('\0') { Err(TargetError::Nul) } else { Ok(decoded) }
}

fn check_escapes(mut raw: &[u8]) -> Result<(), TargetError> {
    while let Some(at) = memchr::memchr(b'%', raw) {
        let Some([_, high, low, rest @ ..]) = raw.get(at..) else { return Err(TargetError::Escape) };
        if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
            return Err(TargetError::Escape);
        }
        raw = rest;
    }
    Ok(())
}

/// The pairs of a query as forms have it: `+` is a space, pairs without `=` have an empty value, empty ones are left
/// out.
#[derive(Clone, Debug)]
pub struct Query<'b> {
    rest: &'b str,
}

impl<'b> Query<'b> {
    /// The pairs of `raw`, the text after the `?`, in order.
    pub fn pairs(raw: &'b str) -> Self {
        Query { rest: raw }
    }
}

impl<'b> Iterator for Query<'b> {
    type Item = Result<(Cow<'b, str>, Cow<'b, str>), TargetError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let (pair, rest) = self.rest.split_once('&').unwrap_or((self.rest, ""));
            self.rest = rest;
            if pair.is_empty() {
                continue;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            return Some(decode_form(name).and_then(|name| Ok((name, decode_form(value)?))));
        }
        None
    }
}

fn decode_form(raw: &str) -> Result<Cow<'_, str>, TargetError> {
    if !raw.contains('+') {
        return decode_path(raw);
    }
    let spaced = raw.replace('+', " ");
    decode_path(&spaced).map(|text| Cow::Owned(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::TargetError::*;
    use super::*;

    #[test]
    fn paths_are_decoded_once() {
        let cases = [
            ("/", Ok("/")),
            ("/a+b", Ok("/a+b")),
            ("/a%20b%2Fc%2fd", Ok("/a b/c/d")),
            ("/%c3%A4", Ok("/\u{e4}")),
            ("/%2520", Ok("/%20")),
            ("/%25", Ok("/%")),
            ("/%2e%2E/x", Ok("/../x")),
            ("/%", Err(Escape)),
            ("/%2", Err(Escape)),
            ("/%zz", Err(Escape)),
            ("/%2g", Err(Escape)),
            ("/%+1", Err(Escape)),
            ("/%%32%35", Err(Escape)),
            ("/%ff", Err(Utf8)),
            ("/%c3", Err(Utf8)),
            ("/%c0%af", Err(Utf8)),
            ("/%ed%a0%80", Err(Utf8)),
            ("/%00", Err(Nul)),
            ("/a%00b", Err(Nul)),
        ];
        for (raw, expected) in cases {
            assert_eq!(decode_path(raw).as_deref(), expected.as_ref().copied(), "{raw}");
        }
        assert!(matches!(decode_path("/plain"), Ok(Cow::Borrowed(_))), "what is plain is not copied");
    }

    #[test]
    fn queries_are_pairs_as_forms_have_them() {
        let cases: [(&str, &[(&str, &str)]); 11] = [
            ("", &[]),
            ("&&", &[]),
            ("a", &[("a", "")]),
            ("a=", &[("a", "")]),
            ("=b", &[("", "b")]),
            ("a=b&a=c", &[("a", "b"), ("a", "c")]),
            ("&a=b&&c=d&", &[("a", "b"), ("c", "d")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a+b=c+d%2Be", &[("a b", "c d+e")]),
            ("%61%3D=%26", &[("a=", "&")]),
            ("a=b;c=d?e/f", &[("a", "b;c=d?e/f")]),
        ];
        for (raw, expected) in cases {
            let pairs: Vec<_> = Query::pairs(raw).map(|pair| pair.expect(raw)).collect();
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
            assert_eq!(pairs, expected, "{raw:?}");
        }
    }

    #[test]
    fn a_malformed_pair_is_told_and_the_others_are_read() {
        let pairs: Vec<_> = Query::pairs("a=%&%ff=b&c=%00&d+=+&e=1").collect();
        let pair = |name: &str, value: &str| Ok((Cow::Owned(name.to_owned()), Cow::Owned(value.to_owned())));
        assert_eq!(pairs, [Err(Escape), Err(Utf8), Err(Nul), pair("d ", " "), pair("e", "1")]);
        for error in [Escape, Utf8, Nul] {
            assert_eq!(error.status(), 400);
            assert!(!error.detail().is_empty());
        }
    }
}
