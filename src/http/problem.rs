//! Problem details (RFC 9457): the body of every error.  Law: the title is the status's reason phrase.

use super::response::reason;
use serde::Serialize;

/// The content type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
}

/// `{"type":"about:blank","title":…,"status":…,"detail":…}`; `detail` says what was wrong and what would be right.
pub fn problem_json(status: u16, detail: &str) -> Vec<u8> {
    let problem = Problem { r#type: "about:blank", title: reason(status), status, detail };
    serde_json::to_vec(&problem).expect("strings and a number always serialize")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_json_with_four_members() {
        let expected =
            r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"a \"b\" \u0007"}"#;
        assert_eq!(problem_json(400, "a \"b\" \u{7}"), expected.as_bytes());
    }
}
