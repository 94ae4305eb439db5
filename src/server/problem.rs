//! What a request is refused with (API: problem+json, RFC 9457).  Law: `detail` says what was wrong and what would
//! be right.

use crate::channel_name::ChannelNameError;
use crate::conn::HttpRefusal;
use crate::engineio::RequestError;
use crate::http::{HeadError, TargetError};
use crate::hub::SubscribeError;
use crate::journal::JournalDown;
use crate::ws::HandshakeError;
use std::borrow::Cow;

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: u16,
    /// What was wrong and what would be right.
    pub detail: Cow<'static, str>,
    /// A field that this status asks for, such as `Allow`.
    pub field: Option<(&'static str, Cow<'static, str>)>,
    /// It is told as Engine.IO tells it.
    pub engine: Option<RequestError>,
}

/// Seconds after which to try again, where nobody knows better.
pub const RETRY_AFTER_S: u64 = 2;

impl Problem {
    /// A refusal with `status` for the reason `detail`.
    pub fn new(status: u16, detail: impl Into<Cow<'static, str>>) -> Self {
        let problem = Problem { status, detail: detail.into(), field: None, engine: None };
        match status {
            429 | 503 => problem.with("Retry-After", RETRY_AFTER_S.to_string()),
            _ => problem,
        }
    }

    /// The request is malformed.
    pub fn bad(detail: impl Into<Cow<'static, str>>) -> Self {
        Problem::new(400, detail)
    }

    /// The resource knows only the methods `allow`.
    pub fn method(allow: &'static str) -> Self {
        Problem::new(405, format!("this resource knows {allow}")).with("Allow", allow)
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some((name, value.into()));
        self
    }

    /// Is it for waiting to mend? An EventSource must not be told these by status, or it gives up for good.
    pub fn is_passing(&self) -> bool {
        matches!(self.status, 408 | 429 | 500 | 503)
    }
}

impl From<HttpRefusal> for Problem {
    fn from(refusal: HttpRefusal) -> Self {
        Problem::new(refusal.status(), refusal.detail())
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        Problem { engine: Some(error), ..Problem::new(error.status(), error.json()) }
    }
}

impl From<HeadError> for Problem {
    fn from(error: HeadError) -> Self {
        Problem::new(error.status(), error.detail())
    }
}

impl From<TargetError> for Problem {
    fn from(error: TargetError) -> Self {
        Problem::new(error.status(), error.detail())
    }
}

impl From<ChannelNameError> for Problem {
    fn from(error: ChannelNameError) -> Self {
        Problem::bad(error.detail())
    }
}

impl From<SubscribeError> for Problem {
    fn from(error: SubscribeError) -> Self {
        Problem::new(error.status(), error.detail())
    }
}

impl From<JournalDown> for Problem {
    fn from(down: JournalDown) -> Self {
        Problem::new(down.status(), down.detail())
    }
}

impl From<HandshakeError> for Problem {
    fn from(error: HandshakeError) -> Self {
        let problem = Problem::new(error.status(), error.detail());
        match error.status() {
            405 => problem.with("Allow", "GET"),
            426 => problem.with("Sec-WebSocket-Version", "13"),
            _ => problem,
        }
    }
}
