//! Request heads (RFC 9112 sections 2 to 3): the blank line is looked for from where the last search stopped, then
//! one httparse call, then our strictness.  Law: the same bytes split differently are the same head or the same
//! error. Knows no socket, no route, no limit of its own but the number of fields.

use super::fields::{self, Headers, Storage};
use super::framing::{self, Framing};
use super::head_error::HeadError;
use super::method::{Method, Version};
use super::request_line::{RequestLine, check_method_so_far};
use super::target::Target;
use super::{authority, syntax};
use memchr::{memchr, memchr2};

/// Remembers how far a head was searched, so that a head fed byte by byte is searched once and parsed once.
///
/// `line <= scanned`: the current line begins at `line`, and before `scanned` there is no line break in it.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadScanner {
    line: u32,
    scanned: u32,
}

const _: () = assert!(size_of::<HeadScanner>() <= 8, "it stands in every connection");

impl HeadScanner {
    /// The length of the head with its blank line, once all of it is in `buf`; `None` while it is not.
    ///
    /// `buf` begins at the same byte at each call and only grows. One empty line before the request line is taken as
    /// part of the head (RFC 9112 section 2.2); [`parse`] steps over it. What can no longer become a head is refused
    /// at its first wrong byte, as far as lines and the request line go; the rest is left to [`parse`]. More than
    /// `max_head` bytes without an end are too many.
    pub fn find_end(&mut self, buf: &[u8], max_head: usize) -> Result<Option<usize>, HeadError> {
        let max_head = max_head.min(u32::MAX as usize);
        let window = buf.get(..max_head).unwrap_or(buf);
        if let Some(end) = self.scan(window)? {
            return Ok(Some(end));
        }
        if buf.len() < max_head {
            return Ok(None);
        }
        Err(if self.in_request_line() { HeadError::TargetTooLong } else { HeadError::TooLarge })
    }

    fn scan(&mut self, window: &[u8]) -> Result<Option<usize>, HeadError> {
        loop {
            let line = window.get(self.line as usize..).unwrap_or_default();
            if self.in_request_line() && !self.at_leading_empty_line(line) {
                check_method_so_far(line)?;
            }
            let Some(at) = self.find_line_end(window)? else { return Ok(None) };
            match window.get(self.line as usize..at) {
                Some([]) if !self.in_request_line() => return Ok(Some(at + 2)),
                Some(line) if self.in_request_line() && !line.is_empty() => {
                    RequestLine::parse(line)?;
                }
                _ => {}
            }
            self.line = at as u32 + 2;
            self.scanned = self.line;
        }
    }

    /// Where the CR LF of the current line stands.
    fn find_line_end(&mut self, window: &[u8]) -> Result<Option<usize>, HeadError> {
        let from = self.scanned as usize;
        let Some(at) = memchr2(b'\r', b'\n', window.get(from..).unwrap_or_default()) else {
            self.scanned = window.len() as u32;
            return Ok(None);
        };
        let at = from + at;
        self.scanned = at as u32;
        match window.get(at..) {
            Some([b'\r', b'\n', ..]) => Ok(Some(at)),
            Some([b'\r']) => Ok(None),
            Some([b'\r', ..]) => Err(HeadError::BareCr),
            _ => Err(HeadError::BareLf),
        }
    }

    /// Lines begin at 0, or at 2 after the one empty line; the line after the request line begins beyond.
    fn in_request_line(self) -> bool {
        self.line <= 2
    }

    fn at_leading_empty_line(self, line: &[u8]) -> bool {
        self.line == 0 && matches!(line.first(), Some(b'\r' | b'\n'))
    }
}

/// A request head. Borrows everything from the buffer it was parsed from.
#[derive(Clone, Debug)]
pub struct Head<'h, 'b> {
    pub method: Method,
    /// The method as sent.
    pub method_text: &'b str,
    pub target: Target<'b>,
    /// The target as sent.
    pub raw_target: &'b str,
    pub version: Version,
    pub headers: Headers<'h, 'b>,
    /// The authority of an absolute target, else the `Host` field; well formed (RFC 9112 section 3.2.2).
    pub host: Option<&'b str>,
    /// How long the body is.
    pub framing: Framing,
    /// The peer allows another request after this one.
    pub keep_alive: bool,
    /// The peer waits for `100 Continue` before it sends its body.
    pub expect_continue: bool,
}

/// Takes apart the head that [`HeadScanner::find_end`] has found: `buf` is exactly that many bytes.
///
/// `storage` comes from [`fields::storage`]; a target longer than `max_target` bytes is refused.
pub fn parse<'h, 'b>(
    buf: &'b [u8],
    storage: &'h mut Storage<'b>,
    max_target: usize,
) -> Result<Head<'h, 'b>, HeadError> {
    debug_assert_eq!(
        HeadScanner::default().find_end(buf, usize::MAX),
        Ok(Some(buf.len())),
        "only what find_end has found is parsed"
    );
    let head = buf.strip_prefix(b"\r\n").unwrap_or(buf);
    let line_end = memchr(b'\r', head).ok_or(HeadError::RequestLine)?;
    let (line, fields) = head.split_at(line_end);
    let line = RequestLine::parse(line)?;
    if line.target.len() > max_target {
        return Err(HeadError::TargetTooLong);
    }
    let target = Target::parse(line.method_text, line.target)?;
    let headers = fields::parse(fields.get(2..).unwrap_or_default(), storage)?;
    let host = host_field(line.version, headers)?;
    let framing =
        framing::of_request(line.version, headers.all("transfer-encoding"), headers.all("content-length"))?;
    Ok(Head {
        method: line.method,
        method_text: line.method_text,
        target,
        raw_target: line.target,
        version: line.version,
        headers,
        host: target.authority.or(host),
        framing,
        keep_alive: keeps_alive(line.version, headers),
        expect_continue: expects_continue(line.version, headers)? && framing.has_body(),
    })
}

/// RFC 9112 section 3.2: none is an error in HTTP/1.1, more than one and a malformed one always.
fn host_field<'b>(version: Version, headers: Headers<'_, 'b>) -> Result<Option<&'b str>, HeadError> {
    let mut values = headers.all("host");
    match (values.next(), values.next()) {
        (None, _) if version == Version::Http10 => Ok(None),
        (None, _) => Err(HeadError::HostMissing),
        (Some(_), Some(_)) => Err(HeadError::HostRepeated),
        (Some(value), None) => {
            let text = str::from_utf8(value).map_err(|_| HeadError::HostMalformed)?;
            authority::Authority::parse(text).ok_or(HeadError::HostMalformed)?;
            Ok(Some(text))
        }
    }
}

/// RFC 9112 section 9.3.
fn keeps_alive(version: Version, headers: Headers<'_, '_>) -> bool {
    let says = |option: &str| headers.tokens("connection").any(|token| token.eq_ignore_ascii_case(option));
    !says("close") && (version == Version::Http11 || says("keep-alive"))
}

/// RFC 9110 section 10.1.1; HTTP/1.0 has no expectations, so there the field is ignored.
fn expects_continue(version: Version, headers: Headers<'_, '_>) -> Result<bool, HeadError> {
    if version == Version::Http10 {
        return Ok(false);
    }
    let mut expected = false;
    for element in headers.all("expect").flat_map(syntax::list) {
        if !element.eq_ignore_ascii_case(b"100-continue") {
            return Err(HeadError::Expectation);
        }
        expected = true;
    }
    Ok(expected)
}

#[cfg(test)]
mod tests;
