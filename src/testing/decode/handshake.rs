//! The client's side of the WebSocket handshake (RFC 6455 section 4.1) and of permessage-deflate's negotiation
//! (RFC 7692 section 7.1, the contract's section 10).  Law: an answer that was not offered is an error.

use super::deflate::Windows;
use super::head::ResponseHead;
use core::fmt::Write as _;

/// The key of RFC 6455 section 1.3, whose answer is known.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// Its answer.
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What a client asks for.
#[derive(Copy, Clone, Debug, Default)]
pub struct Handshake<'a> {
    /// Path and query.
    pub target: &'a str,
    /// The value of `Sec-WebSocket-Protocol`.
    pub protocols: Option<&'a str>,
    /// The value of `Sec-WebSocket-Extensions`.
    pub extensions: Option<&'a str>,
    /// Further fields.
    pub fields: &'a [(&'a str, &'a str)],
}

/// What the server agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The subprotocol.
    pub protocol: Option<String>,
    /// Compression, if there is any.
    pub deflate: Option<Windows>,
}

impl Handshake<'_> {
    /// The request.
    pub fn request(&self) -> String {
        let mut out = format!(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n",
            self.target
        );
        let protocols = self.protocols.map(|value| ("Sec-WebSocket-Protocol", value));
        let extensions = self.extensions.map(|value| ("Sec-WebSocket-Extensions", value));
        for (name, value) in protocols.iter().chain(&extensions).chain(self.fields) {
            let _ = write!(out, "{name}: {value}\r\n"); // A String takes every write.
        }
        out + "\r\n"
    }

    /// Checks the answer to it.
    pub fn agreed(&self, head: &ResponseHead) -> Result<Agreed, String> {
        let is_switched = head.status == 101
            && head.lists("Connection", "upgrade")
            && head.field("Upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
            && head.field("Sec-WebSocket-Accept") == Some(ACCEPT);
        if !is_switched {
            return Err(format!("no answer to a handshake: {head:?}"));
        }
        let protocol = head.field("Sec-WebSocket-Protocol");
        let is_offered =
            |name: &str| self.protocols.is_some_and(|list| list.split(',').any(|p| p.trim() == name));
        if protocol.is_some() != self.protocols.is_some() || !protocol.is_none_or(is_offered) {
            return Err(format!("not one of the subprotocols {:?}: {head:?}", self.protocols));
        }
        let deflate = match head.field("Sec-WebSocket-Extensions") {
            None => None,
            Some(answer) => Some(self.windows(answer)?),
        };
        Ok(Agreed { protocol: protocol.map(str::to_owned), deflate })
    }

    /// The windows that `answer` sets, which must fit one of the offers.
    fn windows(&self, answer: &str) -> Result<Windows, String> {
        let wrong = || format!("{answer:?} is no answer to {:?}", self.extensions);
        let parameters = Parameters::parse(answer).ok_or_else(wrong)?;
        let offers = self.extensions.unwrap_or_default().split(',');
        if !offers.filter_map(Parameters::parse).any(|offer| parameters.fits(&offer)) {
            return Err(wrong());
        }
        let bits = |bits: Option<Bits>| if let Some(Bits::Of(bits)) = bits { bits } else { 15 };
        Ok(Windows { server_bits: bits(parameters.server), client_bits: bits(parameters.client) })
    }
}

/// A window's bits as a parameter has them.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Bits {
    /// The parameter stands without a value.
    Any,
    Of(u8),
}

/// The parameters of permessage-deflate.
#[derive(Debug, Default)]
struct Parameters {
    server_no_takeover: bool,
    client_no_takeover: bool,
    server: Option<Bits>,
    client: Option<Bits>,
}

impl Parameters {
    /// `None` if a parameter is unknown, doubled or malformed.
    fn parse(text: &str) -> Option<Self> {
        let mut items = text.split(';').map(str::trim);
        if items.next() != Some("permessage-deflate") {
            return None;
        }
        let mut parameters = Parameters::default();
        for item in items {
            let (name, value) = match item.split_once('=') {
                Some((name, value)) => (name.trim_end(), Some(bits(value.trim_start())?)),
                None => (item, None),
            };
            let is_first = match (name, value) {
                ("server_no_context_takeover", None) => {
                    !core::mem::replace(&mut parameters.server_no_takeover, true)
                }
                ("client_no_context_takeover", None) => {
                    !core::mem::replace(&mut parameters.client_no_takeover, true)
                }
                ("server_max_window_bits", Some(bits)) => parameters.server.replace(Bits::Of(bits)).is_none(),
                ("client_max_window_bits", value) => {
                    parameters.client.replace(value.map_or(Bits::Any, Bits::Of)).is_none()
                }
                _ => false,
            };
            if !is_first {
                return None;
            }
        }
        Some(parameters)
    }

    /// Is this the contract's answer to `offer`? A window of 8 bits is declined: zlib cannot make it.
    fn fits(&self, offer: &Parameters) -> bool {
        let server = match (offer.server, self.server) {
            (Some(Bits::Of(9..=14)), answered) => answered == offer.server,
            (Some(Bits::Of(15)), answered) => matches!(answered, None | Some(Bits::Of(15))),
            (offered, answered) => offered.is_none() && answered.is_none(),
        };
        let client = match (offer.client, self.client) {
            (_, None) => true,
            (Some(Bits::Any), Some(Bits::Of(bits))) => bits >= 9,
            (Some(Bits::Of(offered)), Some(Bits::Of(bits))) => bits >= 9 && bits <= offered,
            (None, Some(_)) | (Some(_), Some(Bits::Any)) => false,
        };
        self.server_no_takeover && self.client_no_takeover && server && client
    }
}

/// 8 to 15 in decimal, without zeros in front, perhaps in quotation marks.
fn bits(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('"').map_or(Some(text), |rest| rest.strip_suffix('"'))?;
    let is_plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|bits| is_plain && (8..=15).contains(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(extra: &str) -> ResponseHead {
        let text = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {ACCEPT}{extra}"
        );
        ResponseHead::parse(text.as_bytes()).expect("a proper head")
    }

    #[test]
    fn a_request_says_what_is_asked_for() {
        let handshake = Handshake {
            target: "/a?b",
            protocols: Some("holdline.v1"),
            extensions: Some("permessage-deflate"),
            fields: &[("Origin", "http://localhost")],
        };
        let request = handshake.request();
        assert!(request.starts_with("GET /a?b HTTP/1.1\r\nHost: localhost\r\n"), "{request}");
        assert!(
            request.ends_with(
                "\r\nSec-WebSocket-Protocol: holdline.v1\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\
                 Origin: http://localhost\r\n\r\n"
            ),
            "{request}"
        );
    }

    #[test]
    fn an_answer_proves_that_the_key_was_read() {
        let handshake = Handshake { target: "/", ..Handshake::default() };
        assert_eq!(handshake.agreed(&answer("")), Ok(Agreed { protocol: None, deflate: None }));
        let mut head = answer("");
        head.status = 200;
        assert!(handshake.agreed(&head).is_err());
        for missing in 0..3 {
            let mut head = answer("");
            head.fields.remove(missing);
            assert!(handshake.agreed(&head).is_err());
        }
        assert!(handshake.agreed(&answer("x")).is_err(), "another key's answer");
    }

    #[test]
    fn a_subprotocol_is_one_of_those_asked_for() {
        let agreed =
            |protocols, extra| Handshake { protocols, ..Handshake::default() }.agreed(&answer(extra));
        let v1 = "\r\nSec-WebSocket-Protocol: holdline.v1";
        let protocol = agreed(Some("other, holdline.v1"), v1).map(|agreed| agreed.protocol);
        assert_eq!(protocol, Ok(Some("holdline.v1".to_owned())));
        for (protocols, extra) in [(None, v1), (Some("holdline.raw"), v1), (Some("holdline.v1"), "")] {
            assert!(agreed(protocols, extra).is_err(), "{protocols:?} {extra}");
        }
    }

    #[test]
    fn windows_are_those_of_an_offer() {
        const NO_TAKEOVER: &str =
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        let cases = [
            ("permessage-deflate", "", Some((15, 15))),
            ("permessage-deflate", "; client_max_window_bits=15", None),
            ("permessage-deflate", "; server_max_window_bits=15", None),
            ("permessage-deflate; client_max_window_bits", "", Some((15, 15))),
            ("permessage-deflate; client_max_window_bits", "; client_max_window_bits=12", Some((15, 12))),
            ("permessage-deflate; client_max_window_bits", "; client_max_window_bits", None),
            ("permessage-deflate; client_max_window_bits", "; client_max_window_bits=8", None),
            ("permessage-deflate; client_max_window_bits=10", "; client_max_window_bits=10", Some((15, 10))),
            ("permessage-deflate; client_max_window_bits=10", "; client_max_window_bits=11", None),
            ("permessage-deflate; server_max_window_bits=9", "; server_max_window_bits=9", Some((9, 15))),
            ("permessage-deflate; server_max_window_bits=\"9\"", "; server_max_window_bits=9", Some((9, 15))),
            ("permessage-deflate; server_max_window_bits=10", "; server_max_window_bits=9", None),
            ("permessage-deflate; server_max_window_bits=10", "", None),
            ("permessage-deflate; server_max_window_bits=15", "", Some((15, 15))),
            ("permessage-deflate; server_max_window_bits=8", "; server_max_window_bits=8", None),
            ("permessage-deflate; server_max_window_bits=8, permessage-deflate", "", Some((15, 15))),
            ("permessage-deflate; unknown, permessage-deflate", "", Some((15, 15))),
            ("permessage-deflate; unknown", "", None),
            ("permessage-deflate; server_no_context_takeover=1", "", None),
            ("permessage-deflate; client_max_window_bits; client_max_window_bits", "", None),
            ("permessage-deflate", "; server_no_context_takeover", None),
            ("permessage-deflate", "; unknown", None),
            ("x-webkit-deflate-frame", "", None),
        ];
        for (offer, extra, windows) in cases {
            let handshake = Handshake { extensions: Some(offer), ..Handshake::default() };
            let head = answer(&format!("\r\nSec-WebSocket-Extensions: {NO_TAKEOVER}{extra}"));
            let got = handshake.agreed(&head).ok().and_then(|agreed| agreed.deflate);
            let expected = windows.map(|(server_bits, client_bits)| Windows { server_bits, client_bits });
            assert_eq!(got, expected, "{offer} -> {extra}");
        }
        let head = answer("\r\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover");
        let handshake = Handshake { extensions: Some("permessage-deflate"), ..Handshake::default() };
        assert!(handshake.agreed(&head).is_err(), "one compressor serves everybody");
        assert!(Handshake::default().agreed(&head).is_err(), "nothing was offered");
    }
}
