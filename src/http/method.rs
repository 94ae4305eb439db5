//! Methods (RFC 9110 section 9) and versions (RFC 9110 section 2.5) as the server tells them apart.

/// What a request wants done.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Method {
    Get,
    Head,
    Post,
    Delete,
    Options,
    /// A well-formed method that nothing here serves; [`Head::method_text`](super::Head) has its name.
    Other,
}

impl Method {
    /// The method that `token` names. Methods are case-sensitive.
    pub fn from_token(token: &str) -> Method {
        match token {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            _ => Method::Other,
        }
    }
}

/// The HTTP version of a request.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Version {
    Http10,
    /// Or a later minor version.
    Http11,
}
