//! An HTTP response as it came, and what tests ask of it.

pub use holdline::testing::decode::head::ResponseHead as Head;
use serde_json::Value;

/// A whole response.
#[derive(Clone, Debug)]
pub struct Response {
    pub head: Head,
    pub body: Vec<u8>,
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
