//! An HTTP response as it came, and what tests ask of it.

use serde_json::Value;

/// Status line and header fields.
#[derive(Clone, Debug)]
pub struct Head {
    pub version: String,
    pub status: u16,
    pub fields: Vec<(String, String)>,
}

/// A whole response.
#[derive(Clone, Debug)]
pub struct Response {
    pub head: Head,
    pub body: Vec<u8>,
}

impl Head {
    /// Reads a head, blank line included, by the letter of RFC 9112.
    pub fn parse(text: &str) -> Head {
        let mut lines = text.strip_suffix("\r\n\r\n").expect("a whole head").split("\r\n");
        let status_line = lines.next().expect("split gives one");
        let mut words = status_line.splitn(3, ' ');
        let version = words.next().expect("split gives one").to_owned();
        assert!(matches!(&*version, "HTTP/1.1" | "HTTP/1.0"), "status line {status_line:?}");
        let status = words.next().and_then(|word| word.parse().ok());
        let status = status.unwrap_or_else(|| panic!("status line {status_line:?}"));
        assert!(words.next().is_some(), "no space behind the status in {status_line:?}");
        Head { version, status, fields: lines.map(field).collect() }
    }

    /// The value of the only field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut all = self.fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let first = all.next().map(|(_, value)| value.as_str());
        assert!(all.next().is_none(), "{name} is there twice: {self:?}");
        first
    }

    /// Whether the comma list in field `name` has `token`.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        let fields = self.fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        fields.flat_map(|(_, value)| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
    }

    /// The media type without parameters.
    pub fn media_type(&self) -> &str {
        self.field("Content-Type").unwrap_or("").split(';').next().unwrap_or("").trim()
    }
}

fn field(line: &str) -> (String, String) {
    let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no colon in {line:?}"));
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    assert!(!name.is_empty() && name.bytes().all(is_token), "no field name: {line:?}");
    assert!(value.bytes().all(|b| b == b'\t' || (b >= 0x20 && b != 0x7f)), "bad bytes in {line:?}");
    (name.to_owned(), value.trim_matches([' ', '\t']).to_owned())
}

impl Response {
    /// The value of the only field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.field(name)
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a UTF-8 body")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e} in {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// Fails the test unless the status is `status`.
    #[track_caller]
    pub fn expect(self, status: u16) -> Response {
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!(self.head.status, status, "{:?} {body}", self.head);
        self
    }

    /// Fails the test unless this is a problem (RFC 9457) of `status`; returns its detail.
    #[track_caller]
    pub fn problem(self, status: u16) -> String {
        let this = self.expect(status);
        assert_eq!(this.head.media_type(), "application/problem+json", "{:?}", this.head);
        problem_detail(&this.json(), status)
    }
}

/// Checks the members of a problem object; returns its detail.
#[track_caller]
pub fn problem_detail(problem: &Value, status: u16) -> String {
    assert_eq!(problem["type"], "about:blank", "{problem}");
    assert_eq!(problem["status"], status, "{problem}");
    assert!(problem["title"].as_str().is_some_and(|t| !t.is_empty()), "{problem}");
    let detail = problem["detail"].as_str().unwrap_or("");
    assert!(detail.len() > 4, "a problem says what was wrong: {problem}");
    detail.to_owned()
}
