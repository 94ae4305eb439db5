//! Response heads (RFC 9112 section 4).  Law: what a lenient client would mend is an error. Stricter than the RFC:
//! no field stands twice and all is ASCII, for nothing that the server says needs more.

use super::incoming::shown;

/// Status line and header fields of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status.
    pub status: u16,
    /// Names as they came, values without the spaces around them.
    pub fields: Vec<(String, String)>,
}

impl ResponseHead {
    /// Reads the lines of a head, without the blank line.
    pub fn parse(head: &[u8]) -> Result<Self, String> {
        let text =
            core::str::from_utf8(head).map_err(|_| format!("a head that is not UTF-8: {}", shown(head)))?;
        let mut lines = text.split("\r\n");
        let status_line = lines.next().unwrap_or_default();
        let status = status(status_line).ok_or_else(|| format!("status line {status_line:?}"))?;
        let mut head = ResponseHead { status, fields: Vec::new() };
        for line in lines {
            let (name, value) = field(line).ok_or_else(|| format!("field line {line:?}"))?;
            if head.field(name).is_some() {
                return Err(format!("{name} stands twice in {text:?}"));
            }
            head.fields.push((name.to_owned(), value.to_owned()));
        }
        Ok(head)
    }

    /// The value of the field `name`, in any case.
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Does the comma list in the field `name` have `token`, in any case?
    pub fn lists(&self, name: &str, token: &str) -> bool {
        let items = self.field(name).into_iter().flat_map(|value| value.split(','));
        items.map(str::trim).any(|item| item.eq_ignore_ascii_case(token))
    }

    /// The media type without parameters; empty if there is none.
    pub fn media_type(&self) -> &str {
        self.field("Content-Type").and_then(|value| value.split(';').next()).unwrap_or_default().trim()
    }
}

/// `HTTP/1.1 NNN REASON`: the server says its own version, whatever the request's (RFC 9110 section 2.5).
fn status(line: &str) -> Option<u16> {
    let (code, reason) = line.strip_prefix("HTTP/1.1 ")?.split_once(' ')?;
    let is_code = code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit());
    let status = code.parse().ok().filter(|status| (100..600).contains(status))?;
    (is_code && is_value(reason)).then_some(status)
}

fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let is_name = !name.is_empty() && name.bytes().all(is_token);
    (is_name && is_value(value)).then_some((name, value.trim_matches([' ', '\t'])))
}

fn is_value(text: &str) -> bool {
    text.bytes().all(|b| b == b'\t' || (0x20..0x7f).contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_status_and_fields() {
        let head = ResponseHead::parse(
            b"HTTP/1.1 200 OK\r\nConnection: keep-alive, Upgrade\r\ncontent-TYPE:text/html; charset=utf-8\r\nX: \t a b \t",
        )
        .expect("a proper head");
        assert_eq!(head.status, 200);
        assert_eq!((head.field("x"), head.field("y")), (Some("a b"), None));
        assert_eq!(head.media_type(), "text/html");
        assert!(head.lists("connection", "upgrade") && !head.lists("connection", "close"));
        assert_eq!(ResponseHead::parse(b"HTTP/1.1 404 ").map(|head| head.status), Ok(404));
    }

    #[test]
    fn what_a_client_would_have_to_guess_at_is_an_error() {
        let heads: [&[u8]; 19] = [
            b"",
            b"HTTP/1.1 200",
            b"HTTP/1.0 200 OK",
            b"HTTP/1.1  200 OK",
            b"HTTP/1.1 20 OK",
            b"HTTP/1.1 2000 OK",
            b"HTTP/1.1 099 OK",
            b"HTTP/1.1 600 OK",
            b"HTTP/1.1 +20 OK",
            b"HTTP/1.1 200 OK\nA: b",
            b"HTTP/1.1 200 OK\r\nA: b\nC: d",
            b"HTTP/1.1 200 OK\r\nA: b\r c",
            b"HTTP/1.1 200 OK\r\n A: b",
            b"HTTP/1.1 200 OK\r\nA : b",
            b"HTTP/1.1 200 OK\r\n: b",
            b"HTTP/1.1 200 OK\r\nA: \0",
            b"HTTP/1.1 200 OK\r\nA: b\r\na: b",
            b"HTTP/1.1 200 OK\r\nA: \xff",
            b"HTTP/1.1 200 OK\r\nA: \xc3\xa4",
        ];
        for head in heads {
            assert!(ResponseHead::parse(head).is_err(), "{}", shown(head));
        }
    }
}
