//! Questions and their ends (API: Asking).

use super::{AskId, AskerId, ClientId, Draft, Format};

/// A question to whoever listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What those who listen get. Its ttl is how long the question lives.
    pub draft: Draft,
    /// By which it is answered.
    pub ask: AskId,
    /// By which the answer is fetched, and the question withdrawn.
    pub asker: AskerId,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The asker's status: 200 to 599.
    pub status: u16,
    /// The body, whole and unchanged.
    pub data: Box<[u8]>,
    /// How the body may be shown inside JSON.
    pub format: Format,
    /// The media type as the answerer gave it.
    pub content_type: Option<Box<str>>,
    /// Who answered, where that is known.
    pub by: Option<ClientId>,
}

/// How a question came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskEnd {
    /// Somebody answered.
    Answered,
    /// Whoever asked took it back, or its channel was deleted.
    Withdrawn,
}

/// What a message in a log has to do with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskRole {
    /// It is the question.
    Question(AskId),
    /// It stands where the question ended, and is shown as a notice.
    End(AskId, AskEnd),
}
