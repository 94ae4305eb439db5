//! What a client offers in `Sec-WebSocket-Extensions`, and the answer (RFC 6455 section 9.1, RFC 7692 section 7.1).
//! Law: the first offer that can be kept is taken; one that is malformed, unknown or beyond us is passed over and
//! never an error, for the connection does as well without.  Knows no HTTP parser: it is handed the values.

use super::{NAME, WindowBits};
use crate::ws::accept::is_token;
use core::fmt;

/// What was agreed: neither side takes its context over from one message to the next, whether the client asked for
/// that or not (RFC 7692 sections 7.1.1.1 and 7.1.1.2 let a server say both unasked).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The client bounds our window.
    server_max: Option<WindowBits>,
    /// The client lets us bound its window, 8 to 15: we take it as large as it offers, for we inflate with 15.
    client_max: Option<u8>,
}

impl Agreement {
    /// The window to compress with for this client.
    #[must_use]
    pub fn window(self) -> WindowBits {
        self.server_max.unwrap_or(WindowBits::MAX)
    }
}

/// The value of the answer's `Sec-WebSocket-Extensions`.
impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}; server_no_context_takeover; client_no_context_takeover")?;
        if let Some(bits) = self.server_max {
            write!(f, "; server_max_window_bits={}", bits.get())?;
        }
        if let Some(bits) = self.client_max {
            write!(f, "; client_max_window_bits={bits}")?;
        }
        Ok(())
    }
}

/// Takes the first offer that can be kept. `values`: those of each `Sec-WebSocket-Extensions` field, in order.
#[must_use]
pub fn negotiate<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<Agreement> {
    values
        .flat_map(|value| parts(value, b','))
        .filter(|e| !e.is_empty())
        .take(OFFERS_MAX)
        .find_map(read_offer)
}

/// Offers that are looked at, of any extension: no client has more than three.
const OFFERS_MAX: usize = 16;

/// Reads one element of the list. `None`: it is passed over.
fn read_offer(element: &[u8]) -> Option<Agreement> {
    let mut parts = parts(element, b';');
    if parts.next()? != NAME.as_bytes() {
        return None;
    }
    let mut asked = Asked::default();
    parts.try_for_each(|parameter| asked.read(parameter))?;
    let server_max = match asked.server_max_window_bits {
        Some(bits) => Some(WindowBits::new(bits)?),
        None => None,
    };
    Some(Agreement { server_max, client_max: asked.client_max_window_bits })
}

/// The parameters of one offer.
#[derive(Default)]
struct Asked {
    server_no_context_takeover: Option<()>,
    client_no_context_takeover: Option<()>,
    server_max_window_bits: Option<u8>,
    client_max_window_bits: Option<u8>,
}

impl Asked {
    /// `None`: the parameter is unknown, came before, or has a value that it must not have.
    fn read(&mut self, parameter: &[u8]) -> Option<()> {
        let (name, value) = match parameter.iter().position(|&byte| byte == b'=') {
            Some(at) => {
                (parameter[..at].trim_ascii_end(), Some(unquoted(parameter[at + 1..].trim_ascii_start())?))
            }
            None => (parameter, None),
        };
        match (name, value) {
            (b"server_no_context_takeover", None) => put(&mut self.server_no_context_takeover, ()),
            (b"client_no_context_takeover", None) => put(&mut self.client_no_context_takeover, ()),
            (b"server_max_window_bits", Some(bits)) => {
                put(&mut self.server_max_window_bits, read_bits(&bits)?)
            }
            (b"client_max_window_bits", Some(bits)) => {
                put(&mut self.client_max_window_bits, read_bits(&bits)?)
            }
            // Without a value it only says that the parameter is understood.
            (b"client_max_window_bits", None) => put(&mut self.client_max_window_bits, WindowBits::MAX.get()),
            _ => None,
        }
    }
}

fn put<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// 8 to 15, without leading zeros.
fn read_bits(value: &[u8]) -> Option<u8> {
    match value {
        [digit @ b'8'..=b'9'] => Some(digit - b'0'),
        [b'1', digit @ b'0'..=b'5'] => Some(10 + digit - b'0'),
        _ => None,
    }
}

/// A value, which is a token or a token in quotes.
fn unquoted(value: &[u8]) -> Option<Vec<u8>> {
    let Some(quoted) = value.strip_prefix(b"\"") else { return is_token(value).then(|| value.to_vec()) };
    let mut bytes = quoted.strip_suffix(b"\"")?.iter();
    let mut token = Vec::with_capacity(bytes.len());
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => token.push(*bytes.next()?),
            b'"' => return None,
            byte => token.push(byte),
        }
    }
    is_token(&token).then_some(token)
}

/// The parts of `text` between `separator`s that do not stand in quotes, without the spaces around them.
fn parts(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |&byte| {
        let was_escaped = is_escaped;
        is_escaped = is_quoted && !was_escaped && byte == b'\\';
        is_quoted ^= byte == b'"' && !was_escaped;
        byte == separator && !is_quoted
    })
    .map(<[u8]>::trim_ascii)
}
