//! The request line (RFC 9112 section 3), checked by hand: httparse answers one error for a second space, an unknown
//! version and a malformed one, and lets `#` and bytes beyond ASCII pass.  Law: one space, one space, nothing else.

use super::head_error::HeadError;
use super::method::{Method, Version};
use super::syntax::is_tchar;

/// Longest method, in bytes: the longest registered one has 17. A longer one is 501 (RFC 9112 section 3).
const METHOD_MAX: usize = 32;

/// A request line in its parts.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct RequestLine<'b> {
    pub method: Method,
    pub method_text: &'b str,
    /// Visible ASCII without `#`; its form is not checked yet.
    pub target: &'b str,
    pub version: Version,
}

impl<'b> RequestLine<'b> {
    /// Takes `line`, without its CR LF, apart.
    pub fn parse(line: &'b [u8]) -> Result<Self, HeadError> {
        let mut parts = line.split(|&b| b == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(HeadError::RequestLine);
        };
        check_method_so_far(line)?;
        let version = parse_version(version)?;
        let method_text = ascii(method, is_tchar).ok_or(HeadError::Method)?;
        let target = ascii(target, is_target_byte).ok_or(HeadError::Target)?;
        Ok(RequestLine { method: Method::from_token(method_text), method_text, target, version })
    }
}

/// Refuses what can no longer become a request line, at the first byte that shows it.
pub fn check_method_so_far(line: &[u8]) -> Result<(), HeadError> {
    let start = line.get(..=METHOD_MAX).unwrap_or(line);
    match start.iter().position(|&b| !is_tchar(b)) {
        Some(end) if end > 0 && start.get(end) == Some(&b' ') => Ok(()),
        None if start.len() <= METHOD_MAX => Ok(()),
        None => Err(HeadError::MethodTooLong),
        _ => Err(HeadError::Method),
    }
}

fn parse_version(text: &[u8]) -> Result<Version, HeadError> {
    match text {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        // A later minor version is spoken to as the latest one known (RFC 9110 section 2.5).
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9'] => Ok(Version::Http11),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => Err(HeadError::VersionUnknown),
        _ => Err(HeadError::Version),
    }
}

fn is_target_byte(b: u8) -> bool {
    b.is_ascii_graphic() && b != b'#'
}

fn ascii(bytes: &[u8], allowed: fn(u8) -> bool) -> Option<&str> {
    if bytes.is_empty() || !bytes.iter().all(|&b| allowed(b)) {
        return None;
    }
    str::from_utf8(bytes).ok()
}
