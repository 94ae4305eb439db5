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

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn text(version: Version, status: u16, write: impl Fn(&mut ResponseBuilder<'_>)) -> String {
        let mut out = b"before".to_vec();
        write(&mut ResponseBuilder::begin(&mut out, version, status, DATE));
        let text = String::from_utf8(out).expect("ASCII");
        text.strip_prefix("before").expect("what was there stays").to_owned()
    }

    #[test]
    fn a_head_is_status_date_fields_and_a_blank_line() {
        let head = text(Version::Http11, 200, |head| {
            head.field("Content-Type", "text/plain")
                .content_length(5)
                .connection(Connection::KeepAlive)
                .finish();
        });
        let expected = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
            Content-Type: text/plain\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(head, expected);
    }

    #[test]
    fn a_written_head_reads_back() {
        let head = text(Version::Http11, 404, |head| {
            head.field("X", format_args!("{}-{}", 1, 2)).chunked().finish();
        });
        let mut fields = [httparse::EMPTY_HEADER; 4];
        let mut response = httparse::Response::new(&mut fields);
        assert_eq!(response.parse(head.as_bytes()), Ok(httparse::Status::Complete(head.len())));
        assert_eq!((response.code, response.reason), (Some(404), Some("Not Found")));
        let seen: Vec<_> = response.headers.iter().map(|field| (field.name, field.value)).collect();
        let expected: [(&str, &[u8]); 3] =
            [("Date", DATE.as_bytes()), ("X", b"1-2"), ("Transfer-Encoding", b"chunked")];
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_connection_field_is_there_where_the_version_does_not_imply_it() {
        use Connection::*;
        use Version::*;
        let cases = [
            (Http11, KeepAlive, ""),
            (Http11, Close, "Connection: close\r\n"),
            (Http11, Upgrade, "Connection: Upgrade\r\n"),
            (Http10, KeepAlive, "Connection: keep-alive\r\n"),
            (Http10, Close, "Connection: close\r\n"),
        ];
        for (version, connection, expected) in cases {
            let head = text(version, 200, |head| {
                head.connection(connection);
            });
            assert_eq!(head, format!("HTTP/1.1 200 OK\r\nDate: {DATE}\r\n{expected}"));
        }
    }

    #[test]
    fn a_status_without_content_has_no_length() {
        for status in [101, 204] {
            let head = text(Version::Http11, status, |head| head.content_length(0).finish());
            assert!(!head.contains("Content-Length"), "{head}");
        }
        let head = text(Version::Http11, 304, |head| head.content_length(7).finish());
        assert!(head.contains("Content-Length: 7"), "304 tells the length that 200 would have");
    }

    #[test]
    fn control_characters_are_left_out_of_values() {
        let mut out = Vec::new();
        push_clean(&mut out, "a\r\nSet-Cookie: b\0\x7f\tc\u{e4}");
        assert_eq!(out, "aSet-Cookie: b\tc\u{e4}".as_bytes());
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "holds no control characters")]
    fn a_line_break_in_a_value_is_our_fault() {
        text(Version::Http11, 200, |head| {
            head.field("Location", "/\r\nX: y");
        });
    }

    #[test]
    fn every_status_of_the_contract_has_a_reason() {
        let contract = [
            100, 101, 200, 202, 204, 206, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 414, 415,
            416, 417, 421, 422, 426, 429, 431, 500, 501, 503, 504, 505,
        ];
        for status in contract {
            assert_ne!(reason(status), reason(0), "{status}");
        }
        assert_eq!(CONTINUE, b"HTTP/1.1 100 Continue\r\n\r\n");
    }
}
