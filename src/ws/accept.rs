//! The opening handshake (RFC 6455 sections 4.2 and 4.4): is it one, and what answers it.  Law: a request with
//! one thing wrong is refused with the status that says which.  Knows no HTTP parser: it is handed the fields.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// What of a request makes it a handshake. Names are lower case; `fields` gives each value of the field of that
/// name, in order.
#[derive(Copy, Clone, Debug)]
pub struct Upgrade<F> {
    /// The method is GET.
    pub is_get: bool,
    /// The version is HTTP/1.1.
    pub is_http11: bool,
    /// Looks up a field.
    pub fields: F,
}

/// A proper handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake<'a> {
    /// The client's `Sec-WebSocket-Key`.
    pub key: &'a str,
    /// The subprotocols it asks for, the dearest first, none twice.
    pub protocols: Vec<&'a str>,
}

impl<'a, F, I> Upgrade<F>
where
    F: Fn(&'static str) -> I,
    I: Iterator<Item = &'a [u8]>,
{
    /// Does the request ask for a WebSocket at all? If so, what else is wrong with it is [`check`](Self::check)'s
    /// to say; if not, it is an ordinary request.
    pub fn is_asked(&self) -> bool {
        self.has_token("upgrade", "websocket")
    }

    /// Makes every check of section 4.2.1 but those of `Host` and `Origin`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<Handshake<'a>, HandshakeError> {
        if !self.is_get {
            return Err(HandshakeError::NotGet);
        }
        if !self.is_http11 {
            return Err(HandshakeError::OldHttp);
        }
        if !self.has_token("upgrade", "websocket") {
            return Err(HandshakeError::MissingUpgrade);
        }
        if !self.has_token("connection", "upgrade") {
            return Err(HandshakeError::MissingConnectionUpgrade);
        }
        // Before the key: another version may have other keys.
        if self.only("sec-websocket-version") != Ok(Some("13")) {
            return Err(HandshakeError::BadVersion);
        }
        Ok(Handshake { key: self.key()?, protocols: self.protocols()? })
    }

    fn key(&self) -> Result<&'a str, HandshakeError> {
        let key = self.only("sec-websocket-key").map_err(|_| HandshakeError::BadKey)?;
        let key = key.ok_or(HandshakeError::MissingKey)?;
        if is_key(key) { Ok(key) } else { Err(HandshakeError::BadKey) }
    }

    fn protocols(&self) -> Result<Vec<&'a str>, HandshakeError> {
        let mut asked = Vec::new();
        let mut is_there = false;
        for value in (self.fields)("sec-websocket-protocol") {
            is_there = true;
            for token in elements(value) {
                let token = protocol(token).ok_or(HandshakeError::BadProtocol)?;
                if asked.contains(&token) || asked.len() == PROTOCOLS_MAX {
                    return Err(HandshakeError::BadProtocol);
                }
                asked.push(token);
            }
        }
        if is_there && asked.is_empty() { Err(HandshakeError::BadProtocol) } else { Ok(asked) }
    }

    /// Does a comma-separated field hold `token`, in whatever case?
    fn has_token(&self, name: &'static str, token: &str) -> bool {
        (self.fields)(name)
            .any(|value| elements(value).any(|element| element.eq_ignore_ascii_case(token.as_bytes())))
    }

    /// The value of a field that may come once.
    fn only(&self, name: &'static str) -> Result<Option<&'a str>, Doubled> {
        let mut values = (self.fields)(name);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Doubled);
        }
        // What is not ASCII is no key and no version.
        Ok(Some(core::str::from_utf8(value).unwrap_or_default().trim_matches([' ', '\t'])))
    }
}

impl Handshake<'_> {
    /// The value of `Sec-WebSocket-Accept`.
    #[must_use]
    pub fn accept(&self) -> String {
        accept_key(self.key)
    }

    /// The subprotocol to speak: the first asked for that is in `supported`; `None` if none was asked for.
    ///
    /// # Errors
    /// Only unknown ones were asked for.
    pub fn choose<'s>(&self, supported: &[&'s str]) -> Result<Option<&'s str>, HandshakeError> {
        choose(&self.protocols, supported)
    }
}

/// The first of `requested` that is in `supported`; `None` if nothing was requested.
///
/// # Errors
/// None of those requested is supported.
pub fn choose<'s>(requested: &[&str], supported: &[&'s str]) -> Result<Option<&'s str>, HandshakeError> {
    let known = requested.iter().find_map(|asked| supported.iter().find(|name| *name == asked));
    match known {
        Some(name) => Ok(Some(name)),
        None if requested.is_empty() => Ok(None),
        None => Err(HandshakeError::UnknownProtocol),
    }
}

/// The value of `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`.
#[must_use]
pub fn accept_key(key: &str) -> String {
    let digest =
        Sha1::new().chain_update(key).chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
    STANDARD.encode(digest)
}

/// What is wrong with a handshake.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// The method is not GET.
    NotGet,
    /// HTTP/1.0 knows no upgrade.
    OldHttp,
    /// No `Upgrade: websocket`.
    MissingUpgrade,
    /// No `Connection: Upgrade`.
    MissingConnectionUpgrade,
    /// `Sec-WebSocket-Version` is not 13.
    BadVersion,
    /// No `Sec-WebSocket-Key`.
    MissingKey,
    /// A `Sec-WebSocket-Key` that is not sixteen bytes in base64, or two of them.
    BadKey,
    /// A `Sec-WebSocket-Protocol` that is no list of different tokens.
    BadProtocol,
    /// Only subprotocols that are not spoken here.
    UnknownProtocol,
}

impl HandshakeError {
    /// The status to answer with. With 405 goes `Allow: GET`, with 426 `Upgrade: websocket` and
    /// `Sec-WebSocket-Version: 13`.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            HandshakeError::NotGet => 405,
            HandshakeError::MissingUpgrade | HandshakeError::BadVersion => 426,
            HandshakeError::OldHttp
            | HandshakeError::MissingConnectionUpgrade
            | HandshakeError::MissingKey
            | HandshakeError::BadKey
            | HandshakeError::BadProtocol
            | HandshakeError::UnknownProtocol => 400,
        }
    }

    /// What was wrong and what would be right.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            HandshakeError::NotGet => "a WebSocket is opened with GET",
            HandshakeError::OldHttp => "a WebSocket is opened with HTTP/1.1",
            HandshakeError::MissingUpgrade => "a WebSocket is opened with 'Upgrade: websocket'",
            HandshakeError::MissingConnectionUpgrade => "a WebSocket is opened with 'Connection: Upgrade'",
            HandshakeError::BadVersion => "Sec-WebSocket-Version must be 13",
            HandshakeError::MissingKey => "Sec-WebSocket-Key is missing",
            HandshakeError::BadKey => "Sec-WebSocket-Key must be sixteen bytes in base64, once",
            HandshakeError::BadProtocol => "Sec-WebSocket-Protocol must be a list of different tokens",
            HandshakeError::UnknownProtocol => "none of the subprotocols asked for is spoken here",
        }
    }
}

/// A field that may come once came twice.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Doubled;

/// Subprotocols in one handshake: more than any client has, few enough to compare each with each.
const PROTOCOLS_MAX: usize = 32;

/// The elements of a comma-separated list. Empty ones do not count (RFC 9110 section 5.6.1.2).
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// The element as a token.
fn protocol(element: &[u8]) -> Option<&str> {
    core::str::from_utf8(element).ok().filter(|_| is_token(element))
}

/// At least one byte, and all of them such as a token may have (RFC 9110 section 5.6.2).
pub(super) fn is_token(bytes: &[u8]) -> bool {
    let is_tchar = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
    !bytes.is_empty() && bytes.iter().all(is_tchar)
}

/// Sixteen bytes in base64 are 22 characters and `==`. The four bits to spare may be set: the key is no secret,
/// and hand-written clients draw its characters.
fn is_key(key: &str) -> bool {
    let is_base64 = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    key.strip_suffix("==").is_some_and(|chars| chars.len() == 22 && chars.bytes().all(is_base64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: (&str, &str) = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    const VERSION: (&str, &str) = ("sec-websocket-version", "13");
    const UPGRADE: (&str, &str) = ("upgrade", "websocket");
    const CONNECTION: (&str, &str) = ("connection", "Upgrade");

    type Fields = [(&'static str, &'static str)];

    fn check_as(
        is_get: bool,
        is_http11: bool,
        fields: &Fields,
    ) -> Result<Handshake<'static>, HandshakeError> {
        let of_name =
            |name| fields.iter().filter(move |field| field.0 == name).map(|field| field.1.as_bytes());
        Upgrade { is_get, is_http11, fields: of_name }.check()
    }

    fn check(fields: &Fields) -> Result<Handshake<'static>, HandshakeError> {
        check_as(true, true, fields)
    }

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        let handshake = check(&[UPGRADE, CONNECTION, KEY, VERSION]).expect("the example is proper");
        assert_eq!(handshake.accept(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(handshake.protocols.is_empty());
    }

    #[test]
    fn the_answer_is_the_one_that_tungstenite_expects() {
        for key in ["", "x", KEY.1, "AAAAAAAAAAAAAAAAAAAAAA=="] {
            assert_eq!(accept_key(key), tungstenite::handshake::derive_accept_key(key.as_bytes()));
        }
    }

    #[test]
    fn tokens_are_found_in_any_case_in_lists_and_in_repeated_fields() {
        for fields in [
            &[("upgrade", "WebSocket"), ("connection", "keep-alive, UPGRADE"), KEY, VERSION][..],
            &[("upgrade", "h2c, ,\twebsocket "), CONNECTION, KEY, VERSION],
            &[UPGRADE, ("connection", "keep-alive"), ("connection", ",upgrade"), KEY, VERSION],
            &[UPGRADE, CONNECTION, KEY, ("sec-websocket-version", " 13\t")],
        ] {
            assert!(check(fields).is_ok(), "{fields:?}");
        }
    }

    #[test]
    fn each_flaw_has_its_error_and_status() {
        let key = |key| ("sec-websocket-key", key);
        let version = |version| ("sec-websocket-version", version);
        let protocol = |protocol| ("sec-websocket-protocol", protocol);
        use HandshakeError as E;
        let cases: &[(&Fields, HandshakeError, u16)] = &[
            (&[CONNECTION, KEY, VERSION], E::MissingUpgrade, 426),
            (&[("upgrade", "websockets"), CONNECTION, KEY, VERSION], E::MissingUpgrade, 426),
            (&[UPGRADE, KEY, VERSION], E::MissingConnectionUpgrade, 400),
            (&[UPGRADE, ("connection", "close"), KEY, VERSION], E::MissingConnectionUpgrade, 400),
            (&[UPGRADE, CONNECTION, KEY], E::BadVersion, 426),
            (&[UPGRADE, CONNECTION, KEY, version("8")], E::BadVersion, 426),
            (&[UPGRADE, CONNECTION, KEY, version("013")], E::BadVersion, 426),
            (&[UPGRADE, CONNECTION, KEY, version("13, 8")], E::BadVersion, 426),
            (&[UPGRADE, CONNECTION, KEY, VERSION, VERSION], E::BadVersion, 426),
            (&[UPGRADE, CONNECTION, VERSION], E::MissingKey, 400),
            (&[UPGRADE, CONNECTION, KEY, KEY, VERSION], E::BadKey, 400),
            (&[UPGRADE, CONNECTION, key(""), VERSION], E::BadKey, 400),
            (&[UPGRADE, CONNECTION, key("AAAA"), VERSION], E::BadKey, 400),
            (&[UPGRADE, CONNECTION, key("dGhlIHNhbXBsZSBub25jZSE="), VERSION], E::BadKey, 400),
            (&[UPGRADE, CONNECTION, key("dGhlIHNhbXBsZSBub25jZ==="), VERSION], E::BadKey, 400),
            (&[UPGRADE, CONNECTION, key("dGhlIHNhbXBsZSBub25j-Q=="), VERSION], E::BadKey, 400),
            (&[UPGRADE, CONNECTION, key("dGhlIHNhbXBsZSBub25jé=="), VERSION], E::BadKey, 400),
            (&[UPGRADE, CONNECTION, KEY, VERSION, protocol("")], E::BadProtocol, 400),
            (&[UPGRADE, CONNECTION, KEY, VERSION, protocol("a b")], E::BadProtocol, 400),
            (&[UPGRADE, CONNECTION, KEY, VERSION, protocol("é")], E::BadProtocol, 400),
            (&[UPGRADE, CONNECTION, KEY, VERSION, protocol("a, b, a")], E::BadProtocol, 400),
            (&[UPGRADE, CONNECTION, KEY, VERSION, protocol("a"), protocol("a")], E::BadProtocol, 400),
        ];
        for &(fields, error, status) in cases {
            assert_eq!(check(fields), Err(error), "{fields:?}");
            assert_eq!(error.status(), status, "{error:?}");
        }
        let all = &[UPGRADE, CONNECTION, KEY, VERSION];
        assert_eq!(check_as(false, true, all), Err(E::NotGet));
        assert_eq!(E::NotGet.status(), 405);
        assert_eq!(check_as(true, false, all), Err(E::OldHttp));
        assert_eq!(E::OldHttp.status(), 400);
        assert_eq!(E::UnknownProtocol.status(), 400);
    }

    #[test]
    fn the_client_prefers_and_the_server_must_know() {
        let supported = ["holdline.v1", "holdline.raw"];
        let handshake = check(&[
            UPGRADE,
            CONNECTION,
            KEY,
            VERSION,
            ("sec-websocket-protocol", "chat, holdline.raw"),
            ("sec-websocket-protocol", "holdline.v1"),
        ])
        .expect("three different tokens");
        assert_eq!(handshake.protocols, ["chat", "holdline.raw", "holdline.v1"]);
        assert_eq!(handshake.choose(&supported), Ok(Some("holdline.raw")));
        assert_eq!(choose(&[], &supported), Ok(None));
        assert_eq!(choose(&["chat"], &supported), Err(HandshakeError::UnknownProtocol));
        assert_eq!(choose(&["Holdline.V1"], &supported), Err(HandshakeError::UnknownProtocol));
    }

    #[test]
    fn a_list_of_protocols_has_an_end() {
        let checked = |count: usize| {
            let list: Vec<String> = (0..count).map(|i| format!("p{i}")).collect();
            let list = list.join(",");
            let fields = [UPGRADE, CONNECTION, KEY, VERSION, ("sec-websocket-protocol", &list)];
            let of_name =
                |name| fields.iter().filter(move |field| field.0 == name).map(|field| field.1.as_bytes());
            let upgrade = Upgrade { is_get: true, is_http11: true, fields: of_name };
            upgrade.check().map(|handshake| handshake.protocols.len())
        };
        assert_eq!(checked(PROTOCOLS_MAX), Ok(PROTOCOLS_MAX));
        assert_eq!(checked(PROTOCOLS_MAX + 1), Err(HandshakeError::BadProtocol));
    }

    #[test]
    fn a_request_is_only_asked_about_if_it_says_upgrade_websocket() {
        let upgrade = |value: &'static str| Upgrade {
            is_get: true,
            is_http11: true,
            fields: move |name| core::iter::once(if name == "upgrade" { value.as_bytes() } else { b"" }),
        };
        assert!(upgrade("websocket").is_asked());
        assert!(!upgrade("h2c").is_asked());
    }
}
