//! How long a request's body is (RFC 9112 section 6), as a pure table.  Law: whatever two readers could read
//! differently is refused, never guessed at.

use super::head_error::HeadError;
use super::method::Version;
use super::syntax::is_token;

/// How a body ends.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// With the last chunk.
    Chunked,
}

impl Framing {
    /// Is there at least one byte of body or framing to come?
    pub fn has_body(self) -> bool {
        !matches!(self, Framing::None | Framing::Length(0))
    }
}

/// The framing that the values of all `Transfer-Encoding` and `Content-Length` fields of a request ask for.
pub fn of_request<'b>(
    version: Version,
    transfer_encoding: impl Iterator<Item = &'b [u8]>,
    mut content_length: impl Iterator<Item = &'b [u8]>,
) -> Result<Framing, HeadError> {
    let mut transfer_encoding = transfer_encoding.peekable();
    let coded = transfer_encoding.peek().is_some();
    match (coded, content_length.next(), content_length.next()) {
        (true, Some(_), _) => Err(HeadError::LengthAndTransferEncoding),
        (true, None, _) if version == Version::Http10 => Err(HeadError::TransferEncodingIn10),
        (true, None, _) => check_codings(transfer_encoding).map(|()| Framing::Chunked),
        (false, Some(_), Some(_)) => Err(HeadError::LengthRepeated),
        (false, Some(value), None) => parse_length(value).map(Framing::Length),
        (false, None, _) => Ok(Framing::None),
    }
}

/// `chunked` alone and once is understood; a well-formed list with other codings is 501, all else 400. Empty list
/// elements are refused too: some readers take `, chunked` for no coding.
fn check_codings<'b>(values: impl Iterator<Item = &'b [u8]>) -> Result<(), HeadError> {
    let (mut others, mut chunked) = (false, false);
    for coding in values.flat_map(|value| value.split(|&b| b == b',')).map(super::syntax::trim_ows) {
        if chunked || !is_token(coding) {
            return Err(HeadError::TransferEncoding);
        }
        chunked = coding.eq_ignore_ascii_case(b"chunked");
        others |= !chunked;
    }
    if others { Err(HeadError::TransferCodingUnknown) } else { Ok(()) }
}

/// Digits only: no sign, no list, no other base. RFC 9110 section 8.6 would let equal values in a list pass.
fn parse_length(value: &[u8]) -> Result<u64, HeadError> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        let list = value.contains(&b',');
        return Err(if list { HeadError::LengthRepeated } else { HeadError::Length });
    }
    let digits = str::from_utf8(value).map_err(|_| HeadError::Length)?;
    digits.parse().map_err(|_| HeadError::LengthTooLarge)
}
