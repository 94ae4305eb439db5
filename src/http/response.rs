//! Response heads (RFC 9112 section 4), appended to the caller's buffer.  Law: no value can end its line, so no value
//! can add a field or a body.

use super::method::Version;
use super::syntax::{is_field_byte, is_token};
use core::fmt::{self, Write as _};

/// The interim answer that asks for the body (RFC 9110 section 15.2.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What becomes of the connection after a response.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// It stays open for the next request.
    KeepAlive,
    /// It ends with this response.
    Close,
    /// It goes on in another protocol, which the caller names in `Upgrade`.
    Upgrade,
}

/// Writes one response head, line by line.
pub struct ResponseBuilder<'o> {
    out: &'o mut Vec<u8>,
    version: Version,
    status: u16,
}

impl<'o> ResponseBuilder<'o> {
    /// Writes the status line and `Date`. `version` is the request's: the answer always says HTTP/1.1
    /// (RFC 9110 section 2.5), but what it may use depends on it. `date` comes from a
    /// [`DateCache`](super::DateCache).
    pub fn begin(out: &'o mut Vec<u8>, version: Version, status: u16, date: &str) -> Self {
        let mut head = ResponseBuilder { out, version, status };
        head.write(format_args!("HTTP/1.1 {status} {}\r\n", reason(status)));
        head.field("Date", date);
        head
    }

    /// Writes one field. Control characters in `value` are our fault, and left out.
    pub fn field(&mut self, name: &str, value: impl fmt::Display) -> &mut Self {
        debug_assert!(is_token(name.as_bytes()), "a field name is a token: {name:?}");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b": ");
        // Writing into a Vec does not fail; a Display that fails leaves its value short, which is no harm to the head.
        let _ = write!(FieldValue { out: self.out }, "{value}");
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// Writes `Content-Length`, unless the status has no content (1xx and 204, RFC 9110 section 8.6).
    pub fn content_length(&mut self, length: u64) -> &mut Self {
        if self.status < 200 || self.status == 204 {
            debug_assert_eq!(length, 0, "a {} has no content", self.status);
            return self;
        }
        self.field("Content-Length", length)
    }

    /// Writes `Transfer-Encoding: chunked`. Not for HTTP/1.0, where a body of unknown length ends with the
    /// connection.
    pub fn chunked(&mut self) -> &mut Self {
        debug_assert_eq!(self.version, Version::Http11, "HTTP/1.0 knows no chunks");
        self.field("Transfer-Encoding", "chunked")
    }

    /// Writes `Connection` where the request's version does not imply it.
    pub fn connection(&mut self, connection: Connection) -> &mut Self {
        match (connection, self.version) {
            (Connection::KeepAlive, Version::Http11) => self,
            (Connection::KeepAlive, Version::Http10) => self.field("Connection", "keep-alive"),
            (Connection::Close, _) => self.field("Connection", "close"),
            (Connection::Upgrade, _) => self.field("Connection", "Upgrade"),
        }
    }

    /// Writes the blank line.
    pub fn finish(&mut self) {
        self.out.extend_from_slice(b"\r\n");
    }

    fn write(&mut self, text: fmt::Arguments<'_>) {
        let _ = FieldLine(self.out).write_fmt(text);
    }
}

struct FieldLine<'o>(&'o mut Vec<u8>);

impl fmt::Write for FieldLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Takes a value's text and leaves out what may not stand in one.
struct FieldValue<'o> {
    out: &'o mut Vec<u8>,
}

impl fmt::Write for FieldValue<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let clean = text.bytes().all(is_field_byte);
        debug_assert!(clean, "a field value holds no control characters: {text:?}");
        if clean {
            self.out.extend_from_slice(text.as_bytes());
        } else {
            push_clean(self.out, text);
        }
        Ok(())
    }
}

fn push_clean(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().filter(|&b| is_field_byte(b)));
}

/// The reason phrase of a status, which is also the title of its problem (RFC 9110 section 15).
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Unknown",
    }
}
