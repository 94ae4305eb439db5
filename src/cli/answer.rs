//! An answer of the server, and what it means for whoever asked.  Law: what somebody answered to a question is never
//! taken for the server's own word.

use super::ending::Ending;
use serde::Deserialize;
use std::time::Duration;
use ureq::http::{HeaderMap, StatusCode};

/// An answer with its whole body.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Success?
    pub fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Is this an answer that waiting mends? What somebody answered to a question is none.
    pub fn is_passing(&self) -> bool {
        matches!(self.status, 408 | 425 | 429 | 502 | 503 | 504) && self.header("holdline-ask").is_none()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// `Retry-After` in seconds; as a date it counts as absent.
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }

    /// The success itself, or the refusal that this answer is.
    pub fn done(self) -> Result<Answer, Ending> {
        if self.is_done() { Ok(self) } else { Err(Ending::Refused(self.problem())) }
    }

    /// What it says went wrong, as a sentence.
    pub fn problem(&self) -> String {
        #[derive(Deserialize, Default)]
        struct Problem {
            #[serde(default)]
            title: String,
            #[serde(default)]
            detail: String,
        }
        let problem: Problem = serde_json::from_slice(&self.body).unwrap_or_default();
        let status = StatusCode::from_u16(self.status).ok();
        let known = status.and_then(|status| status.canonical_reason()).unwrap_or_default();
        let title = if problem.title.is_empty() { known } else { &problem.title };
        let mut sentence = format!("the server answered {} {title}", self.status);
        if !problem.detail.is_empty() {
            sentence += ": ";
            sentence += &problem.detail;
        } else if let Some(place) = self.header("location").filter(|_| (300..400).contains(&self.status)) {
            sentence += &format!(": it has moved to {place}, so give that as --url");
        }
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::HeaderValue;

    #[test]
    fn an_answer_says_what_was_wrong() {
        let answer = |status, body: &str| Answer { status, headers: HeaderMap::new(), body: body.into() };
        let problem =
            r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"ttl is a number"}"#;
        assert_eq!(answer(400, problem).problem(), "the server answered 400 Bad Request: ttl is a number");
        assert_eq!(answer(502, "<html>").problem(), "the server answered 502 Bad Gateway");
        assert_eq!(answer(599, "").problem(), "the server answered 599 ");
    }

    #[test]
    fn what_somebody_answered_is_not_tried_again() {
        let mut answer = Answer { status: 503, headers: HeaderMap::new(), body: Vec::new() };
        assert!(answer.is_passing());
        answer.headers.insert("holdline-ask", HeaderValue::from_static("answered"));
        assert!(!answer.is_passing());
    }
}
