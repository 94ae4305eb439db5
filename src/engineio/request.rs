//! What a request to the path of Engine.IO asks for ("Query parameters"), and how it is refused.  Law: a parameter that
//! is given twice is not guessed at: it is refused as one that is unknown.  Knows no sessions.

use crate::http::Query;
use std::borrow::Cow;

/// How packets are carried.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum TransportName {
    /// Requests of HTTP.
    Polling,
    /// Frames of a WebSocket.
    WebSocket,
}

impl TransportName {
    /// As it stands in queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            TransportName::Polling => "polling",
            TransportName::WebSocket => "websocket",
        }
    }

    fn from_name(name: &str) -> Option<TransportName> {
        [TransportName::Polling, TransportName::WebSocket].into_iter().find(|it| it.name() == name)
    }
}

/// What a query asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// How packets are to be carried.
    pub transport: TransportName,
    /// The session; without it a new one begins.
    pub sid: Option<Cow<'a, str>>,
    /// The protocol's version is 4: whoever begins a session must say so, after that it makes no difference.
    pub is_v4: bool,
}

impl<'a> Asked<'a> {
    /// Reads `query`, the text after the `?`. Parameters of others are the application's.
    ///
    /// # Errors
    /// In this order: the transport is not known; something is malformed; the session is given twice, so that none is
    /// known by it. The version is left to whoever begins a session, for a wrong method is told before it.
    pub fn parse(query: Option<&'a str>) -> Result<Asked<'a>, RequestError> {
        let (mut transport, mut sid, mut version) = (Once::default(), Once::default(), Once::default());
        let mut is_malformed = false;
        for pair in Query::pairs(query.unwrap_or("")) {
            let Ok((name, value)) = pair else {
                is_malformed = true;
                continue;
            };
            match &*name {
                "transport" => transport.put(value),
                "sid" => sid.put(value),
                "EIO" => version.put(value),
                _ => {}
            }
        }
        let transport = transport.one().and_then(|name| TransportName::from_name(&name));
        let transport = transport.ok_or(RequestError::TransportUnknown)?;
        if is_malformed {
            return Err(RequestError::BadRequest);
        }
        if matches!(sid, Once::Many) {
            return Err(RequestError::SidUnknown);
        }
        let sid = sid.one().filter(|sid| !sid.is_empty());
        let is_v4 = version.one().is_some_and(|version| version == "4");
        Ok(Asked { transport, sid, is_v4 })
    }
}

/// A parameter that may be given once.
#[derive(Default)]
enum Once<'a> {
    #[default]
    No,
    One(Cow<'a, str>),
    Many,
}

impl<'a> Once<'a> {
    fn put(&mut self, value: Cow<'a, str>) {
        *self = match self {
            Once::No => Once::One(value),
            Once::One(_) | Once::Many => Once::Many,
        };
    }

    fn one(self) -> Option<Cow<'a, str>> {
        match self {
            Once::One(value) => Some(value),
            Once::No | Once::Many => None,
        }
    }
}

/// Why a request is refused, as the protocol numbers it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// None of the two transports.
    TransportUnknown,
    /// No such session.
    SidUnknown,
    /// A session begins with a GET.
    BadHandshakeMethod,
    /// Anything else that does not fit the session, or is malformed.
    BadRequest,
    /// Not from there.
    Forbidden,
    /// Another version than 4.
    UnsupportedVersion,
}

impl RequestError {
    /// The protocol's number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            RequestError::TransportUnknown => 0,
            RequestError::SidUnknown => 1,
            RequestError::BadHandshakeMethod => 2,
            RequestError::BadRequest => 3,
            RequestError::Forbidden => 4,
            RequestError::UnsupportedVersion => 5,
        }
    }

    /// The status to answer with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            RequestError::Forbidden => 403,
            RequestError::TransportUnknown
            | RequestError::SidUnknown
            | RequestError::BadHandshakeMethod
            | RequestError::BadRequest
            | RequestError::UnsupportedVersion => 400,
        }
    }

    /// The body of the answer, which clients read.
    #[must_use]
    pub const fn json(self) -> &'static str {
        match self {
            RequestError::TransportUnknown => r#"{"code":0,"message":"Transport unknown"}"#,
            RequestError::SidUnknown => r#"{"code":1,"message":"Session ID unknown"}"#,
            RequestError::BadHandshakeMethod => r#"{"code":2,"message":"Bad handshake method"}"#,
            RequestError::BadRequest => r#"{"code":3,"message":"Bad request"}"#,
            RequestError::Forbidden => r#"{"code":4,"message":"Forbidden"}"#,
            RequestError::UnsupportedVersion => r#"{"code":5,"message":"Unsupported protocol version"}"#,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RequestError::*;
    use super::*;

    fn asked(transport: TransportName, sid: Option<&str>) -> Asked<'_> {
        Asked { transport, sid: sid.map(Cow::Borrowed), is_v4: true }
    }

    #[test]
    fn a_query_names_transport_version_and_session() {
        use TransportName::*;
        let cases = [
            ("EIO=4&transport=polling", asked(Polling, None)),
            ("transport=websocket&EIO=4", asked(WebSocket, None)),
            ("EIO=4&transport=polling&t=abc", asked(Polling, None)),
            ("EIO=4&transport=polling&sid=", asked(Polling, None)),
            ("EIO=4&transport=polling&sid=x_-9", asked(Polling, Some("x_-9"))),
            ("%45IO=%34&transport=%70olling&sid=%78", asked(Polling, Some("x"))),
            ("EIO=4&transport=websocket&sid=a%2Bb+c&t=1&t=2", asked(WebSocket, Some("a+b c"))),
            ("transport=polling&sid=x", Asked { is_v4: false, ..asked(Polling, Some("x")) }),
            ("EIO=3&transport=polling&sid=x", Asked { is_v4: false, ..asked(Polling, Some("x")) }),
            ("EIO=4&transport=polling&b64=1", asked(Polling, None)),
            ("EIO=4&transport=polling&b64=", asked(Polling, None)),
        ];
        for (query, expected) in cases {
            assert_eq!(Asked::parse(Some(query)), Ok(expected), "{query}");
        }
        assert!(matches!(
            Asked::parse(Some("EIO=4&transport=polling&sid=plain")),
            Ok(Asked { sid: Some(Cow::Borrowed("plain")), .. })
        ));
    }

    #[test]
    fn refusals_come_in_their_order() {
        let cases = [
            (None, TransportUnknown),
            (Some(""), TransportUnknown),
            (Some("EIO=4"), TransportUnknown),
            (Some("EIO=4&transport="), TransportUnknown),
            (Some("EIO=4&transport=Polling"), TransportUnknown),
            (Some("EIO=4&transport=websockets"), TransportUnknown),
            (Some("EIO=4&transport=webtransport"), TransportUnknown),
            (Some("EIO=4&transport=polling&transport=polling"), TransportUnknown),
            (Some("EIO=3&transport=tobi&sid=x&t=%"), TransportUnknown),
            (Some("EIO=4&transport=%"), TransportUnknown),
            (Some("EIO=4&transport=polling&t=%"), BadRequest),
            (Some("EIO=4&transport=polling&sid=%ff"), BadRequest),
            (Some("EIO=4&transport=polling&sid=%00"), BadRequest),
            (Some("EIO=4&transport=polling&sid=a&sid=a"), SidUnknown),
        ];
        for (query, error) in cases {
            assert_eq!(Asked::parse(query), Err(error), "{query:?}");
        }
    }

    #[test]
    fn the_version_is_4_if_that_is_said_once() {
        let cases = [
            ("", false),
            ("EIO=", false),
            ("EIO=3", false),
            ("EIO=5", false),
            ("EIO=04", false),
            ("EIO=4.0", false),
            ("eio=4", false),
            ("EIO=4&EIO=4", false),
            ("EIO=4", true),
        ];
        for (version, expected) in cases {
            let query = format!("transport=websocket&{version}");
            assert_eq!(Asked::parse(Some(&query)).map(|asked| asked.is_v4), Ok(expected), "{query}");
        }
    }

    #[test]
    fn an_error_knows_its_answer() {
        let all =
            [TransportUnknown, SidUnknown, BadHandshakeMethod, BadRequest, Forbidden, UnsupportedVersion];
        for (error, code) in all.into_iter().zip(0..) {
            assert_eq!(error.code(), code);
            assert_eq!(error.status(), if code == 4 { 403 } else { 400 });
            let body: serde_json::Value = serde_json::from_str(error.json()).expect("a body is JSON");
            assert_eq!(body["code"], code);
            assert!(body["message"].is_string());
        }
    }
}
