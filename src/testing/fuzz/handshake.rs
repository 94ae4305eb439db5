//! Opening handshakes, fed arbitrary fields.

use super::offers;
use crate::http::syntax;
use crate::ws::deflate::negotiate;
use crate::ws::{Handshake, HandshakeError, Upgrade};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::collections::BTreeSet;

/// Law: a handshake is accepted if and only if a list of everything that is wrong with it (RFC 6455 section 4.2.1, each
/// rule looked at by itself) is empty; what is refused is refused for something on the list; the subprotocol chosen is
/// one that was asked for and is spoken. Compression is agreed on as a naive reader agrees on it.
///
/// The first byte: bit 0 clear, the method is GET; bit 1 clear, the version is 1.1. Each further line is a field, its
/// name before the first colon. Values that no head can bring are left out.
pub fn handshake(data: &[u8]) {
    let Some((&start, lines)) = data.split_first() else { return };
    let fields: Vec<(String, &[u8])> = lines.split(|&b| b == b'\n').filter_map(field).collect();
    let (is_get, is_http11) = (start & 1 == 0, start & 2 == 0);
    let of_name = |name| fields.iter().filter(move |(own, _)| own == name).map(|(_, value)| *value);
    let upgrade = Upgrade { is_get, is_http11, fields: of_name };
    let found = Found { is_get, is_http11, fields: &fields };
    let wrong = found.wrong();
    let offers = || of_name("sec-websocket-extensions");
    assert_eq!(negotiate(offers()).map(|agreed| agreed.to_string()), offers::answer(offers()));
    assert_eq!(upgrade.is_asked(), !wrong.contains(&HandshakeError::MissingUpgrade));
    match upgrade.check() {
        Ok(handshake) => {
            assert!(wrong.is_empty(), "accepted in spite of {wrong:?}");
            check_accepted(&handshake, &found);
        }
        Err(error) => {
            assert!(wrong.contains(&error), "{error:?} is not among {wrong:?}");
            assert!([400, 405, 426].contains(&error.status()) && !error.detail().is_empty());
        }
    }
}

fn field(line: &[u8]) -> Option<(String, &[u8])> {
    let colon = line.iter().position(|&b| b == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let name = core::str::from_utf8(name).ok()?.to_ascii_lowercase();
    value.iter().all(|&b| syntax::is_field_byte(b)).then_some((name, value))
}

fn check_accepted(handshake: &Handshake<'_>, found: &Found<'_>) {
    let asked = found.elements("sec-websocket-protocol");
    assert_eq!(handshake.protocols, asked);
    assert_eq!(handshake.accept().len(), 28, "twenty bytes in base64");
    let spoken = ["holdline.v1", "holdline.raw"];
    let wanted = asked.iter().find(|name| spoken.contains(&&***name)).map(|name| &**name);
    match handshake.choose(&spoken) {
        Ok(chosen) => assert_eq!(chosen, wanted),
        Err(error) => {
            assert_eq!(error, HandshakeError::UnknownProtocol);
            assert!(wanted.is_none() && !asked.is_empty());
        }
    }
}

/// What came, as a naive reader sees it.
struct Found<'a> {
    is_get: bool,
    is_http11: bool,
    fields: &'a [(String, &'a [u8])],
}

impl Found<'_> {
    /// Every rule that is broken.
    fn wrong(&self) -> Vec<HandshakeError> {
        use HandshakeError as E;
        let asked = self.elements("sec-websocket-protocol");
        let is_asked = self.count("sec-websocket-protocol") > 0;
        let distinct: BTreeSet<&String> = asked.iter().collect();
        let are_tokens = asked.iter().all(|name| syntax::is_token(name.as_bytes()));
        let keys = self.count("sec-websocket-key");
        let rules = [
            (E::NotGet, self.is_get),
            (E::OldHttp, self.is_http11),
            (E::MissingUpgrade, self.has("upgrade", "websocket")),
            (E::MissingConnectionUpgrade, self.has("connection", "upgrade")),
            (E::BadVersion, self.values("sec-websocket-version") == ["13"]),
            (E::MissingKey, keys > 0),
            (E::BadKey, keys == 0 || matches!(&*self.values("sec-websocket-key"), [key] if is_nonce(key))),
            (
                E::BadProtocol,
                are_tokens
                    && distinct.len() == asked.len()
                    && asked.len() <= 32
                    && (!is_asked || !asked.is_empty()),
            ),
        ];
        rules.into_iter().filter(|&(_, is_kept)| !is_kept).map(|(error, _)| error).collect()
    }

    fn count(&self, name: &str) -> usize {
        self.fields.iter().filter(|(own, _)| own == name).count()
    }

    /// The values of a field, without the blanks around them.
    fn values(&self, name: &str) -> Vec<String> {
        let own = self.fields.iter().filter(|(own, _)| own == name);
        own.map(|(_, value)| String::from_utf8_lossy(value).trim_matches([' ', '\t']).to_owned()).collect()
    }

    /// A list may stand in one field or in many.
    fn elements(&self, name: &str) -> Vec<String> {
        let joined = self.values(name).join(",");
        let elements = joined.split(',').map(|element| element.trim_matches([' ', '\t']).to_owned());
        elements.filter(|element| !element.is_empty()).collect()
    }

    fn has(&self, name: &str, token: &str) -> bool {
        self.elements(name).iter().any(|element| element.to_lowercase() == token)
    }
}

/// Sixteen bytes in base64; bits to spare do not matter.
fn is_nonce(key: &str) -> bool {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
    GeneralPurpose::new(&STANDARD, config).decode(key).is_ok_and(|nonce| nonce.len() == 16)
}
