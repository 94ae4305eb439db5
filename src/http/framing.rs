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

#[cfg(test)]
mod tests {
    use super::HeadError::*;
    use super::Version::*;
    use super::*;
    use crate::http::Version;

    fn framing(version: Version, codings: &[&str], lengths: &[&str]) -> Result<Framing, HeadError> {
        let codings = codings.iter().map(|value| value.as_bytes());
        of_request(version, codings, lengths.iter().map(|value| value.as_bytes()))
    }

    #[test]
    fn the_table_of_framings() {
        type Row<'a> = (Version, &'a [&'a str], &'a [&'a str], Result<Framing, HeadError>);
        let rows: [Row<'_>; 46] = [
            (Http11, &[], &[], Ok(Framing::None)),
            (Http10, &[], &[], Ok(Framing::None)),
            (Http11, &[], &["0"], Ok(Framing::Length(0))),
            (Http10, &[], &["5"], Ok(Framing::Length(5))),
            (Http11, &[], &["0005"], Ok(Framing::Length(5))),
            (Http11, &[], &["18446744073709551615"], Ok(Framing::Length(u64::MAX))),
            (Http11, &[], &["18446744073709551616"], Err(LengthTooLarge)),
            (Http11, &[], &["99999999999999999999999999999999"], Err(LengthTooLarge)),
            (Http11, &[], &["00000000000000000000000000000001"], Ok(Framing::Length(1))),
            (Http11, &[], &[""], Err(Length)),
            (Http11, &[], &["+5"], Err(Length)),
            (Http11, &[], &["-5"], Err(Length)),
            (Http11, &[], &["-0"], Err(Length)),
            (Http11, &[], &["0x5"], Err(Length)),
            (Http11, &[], &["5 5"], Err(Length)),
            (Http11, &[], &["5;"], Err(Length)),
            (Http11, &[], &["5.0"], Err(Length)),
            (Http11, &[], &["\"5\""], Err(Length)),
            (Http11, &[], &["five"], Err(Length)),
            (Http11, &[], &["\u{665}"], Err(Length)),
            (Http11, &[], &["5,5"], Err(LengthRepeated)),
            (Http11, &[], &["5, 6"], Err(LengthRepeated)),
            (Http11, &[], &["5,"], Err(LengthRepeated)),
            (Http11, &[], &["5", "5"], Err(LengthRepeated)),
            (Http11, &[], &["5", "6"], Err(LengthRepeated)),
            (Http10, &[], &["x", "6"], Err(LengthRepeated)),
            (Http11, &["chunked"], &[], Ok(Framing::Chunked)),
            (Http11, &["Chunked"], &[], Ok(Framing::Chunked)),
            (Http10, &["chunked"], &[], Err(TransferEncodingIn10)),
            (Http10, &["gzip"], &[], Err(TransferEncodingIn10)),
            (Http11, &["chunked"], &["5"], Err(LengthAndTransferEncoding)),
            (Http11, &["gzip"], &["x"], Err(LengthAndTransferEncoding)),
            (Http10, &["chunked"], &["5"], Err(LengthAndTransferEncoding)),
            (Http11, &[""], &["5"], Err(LengthAndTransferEncoding)),
            (Http11, &["gzip"], &[], Err(TransferCodingUnknown)),
            (Http11, &["identity"], &[], Err(TransferCodingUnknown)),
            (Http11, &["xchunked"], &[], Err(TransferCodingUnknown)),
            (Http11, &["gzip, chunked"], &[], Err(TransferCodingUnknown)),
            (Http11, &["gzip", "chunked"], &[], Err(TransferCodingUnknown)),
            (Http11, &["chunked, gzip"], &[], Err(TransferEncoding)),
            (Http11, &["chunked, chunked"], &[], Err(TransferEncoding)),
            (Http11, &["chunked", "chunked"], &[], Err(TransferEncoding)),
            (Http11, &["chunked,"], &[], Err(TransferEncoding)),
            (Http11, &["\"chunked\""], &[], Err(TransferEncoding)),
            (Http11, &["chunked;a=b"], &[], Err(TransferEncoding)),
            (Http11, &[""], &[], Err(TransferEncoding)),
        ];
        for (version, codings, lengths, expected) in rows {
            assert_eq!(framing(version, codings, lengths), expected, "{version:?} {codings:?} {lengths:?}");
        }
    }

    #[test]
    fn only_a_body_that_comes_is_a_body() {
        assert!(!Framing::None.has_body() && !Framing::Length(0).has_body());
        assert!(Framing::Length(1).has_body() && Framing::Chunked.has_body());
    }
}
