//! Close codes and the payload of a close frame (RFC 6455 sections 5.5.1 and 7.4).  Law: what `encode_close`
//! writes, `parse_close_payload` reads.  Knows nothing of when a connection closes.

use super::frame::{Opcode, frame};
use core::fmt;

/// Why a connection ends.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// Done.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// The server ends, or the page was left.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// A kind of message that is not taken here.
    pub const UNSUPPORTED: CloseCode = CloseCode(1003);
    /// Text that is not UTF-8.
    pub const INVALID_PAYLOAD: CloseCode = CloseCode(1007);
    /// A limit.
    pub const POLICY: CloseCode = CloseCode(1008);
    /// A message over the bound.
    pub const TOO_BIG: CloseCode = CloseCode(1009);
    /// The server's own fault.
    pub const INTERNAL_ERROR: CloseCode = CloseCode(1011);
    /// Overload; come back later.
    pub const TRY_AGAIN: CloseCode = CloseCode(1013);
    /// The token is past its end; come back with a new one.
    pub const TOKEN_EXPIRED: CloseCode = CloseCode(4001);
    /// Not allowed, or disconnected by an operator; do not come back.
    pub const NOT_ALLOWED: CloseCode = CloseCode(4003);
    /// The channel was deleted.
    pub const CHANNEL_CLOSED: CloseCode = CloseCode(4004);
    /// Messages were lost and this subprotocol cannot say so.
    pub const GAP: CloseCode = CloseCode(4010);

    /// May this code stand in a close frame? 1004, 1005, 1006 and 1015 never do; 1012 to 1014 are registered
    /// since the RFC; 3000 to 4999 are for libraries and applications.
    #[must_use]
    pub const fn is_sendable(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is wrong with the payload of a close frame.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CloseError {
    /// One byte is no code.
    HalfACode,
    /// A code that must not be sent.
    BadCode,
    /// The reason is not UTF-8.
    BadReason,
}

impl CloseError {
    /// The code to answer with.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            CloseError::HalfACode | CloseError::BadCode => CloseCode::PROTOCOL_ERROR,
            CloseError::BadReason => CloseCode::INVALID_PAYLOAD,
        }
    }

    /// What was wrong, for the log and the peer.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            CloseError::HalfACode => "a close frame's payload is one byte long",
            CloseError::BadCode => "a close code that must not be sent",
            CloseError::BadReason => "a close reason that is not UTF-8",
        }
    }
}

/// Reads the payload of a close frame: nothing, or a code and a reason (which may be empty).
///
/// # Errors
/// Half a code, a code that must not be sent, a reason that is not UTF-8.
pub fn parse_close_payload(payload: &[u8]) -> Result<Option<(CloseCode, &str)>, CloseError> {
    if payload.is_empty() {
        return Ok(None);
    }
    let (code, reason) = payload.split_first_chunk().ok_or(CloseError::HalfACode)?;
    let code = CloseCode(u16::from_be_bytes(*code));
    if !code.is_sendable() {
        return Err(CloseError::BadCode);
    }
    let reason = core::str::from_utf8(reason).map_err(|_| CloseError::BadReason)?;
    Ok(Some((code, reason)))
}

/// Writes a whole close frame from server to client. A reason over 123 bytes is cut before the character that
/// would not fit.
pub fn encode_close(code: CloseCode, reason: &str, out: &mut Vec<u8>) {
    debug_assert!(code.is_sendable(), "{code} must not be sent");
    let reason = cut(reason, REASON_MAX);
    let mut payload = [0; REASON_MAX + 2];
    let (start, rest) = payload.split_at_mut(2);
    start.copy_from_slice(&code.0.to_be_bytes());
    rest[..reason.len()].copy_from_slice(reason.as_bytes());
    frame(Opcode::Close, &payload[..2 + reason.len()], out);
}

/// As many whole characters as `max` bytes hold.
fn cut(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

/// A control payload less the code, in bytes.
const REASON_MAX: usize = crate::limits::CONTROL_PAYLOAD_MAX - 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_nothing_or_a_code_and_a_reason() {
        assert_eq!(parse_close_payload(b""), Ok(None));
        assert_eq!(parse_close_payload(b"\x03\xe8"), Ok(Some((CloseCode::NORMAL, ""))));
        assert_eq!(parse_close_payload(b"\x0f\xa1bye"), Ok(Some((CloseCode::TOKEN_EXPIRED, "bye"))));
        for (bad, error, answer) in [
            (&b"\x03"[..], CloseError::HalfACode, CloseCode::PROTOCOL_ERROR),
            (b"\x03\xed", CloseError::BadCode, CloseCode::PROTOCOL_ERROR),
            (b"\x03\xe8\xce\xba\xe1\xbd", CloseError::BadReason, CloseCode::INVALID_PAYLOAD),
        ] {
            assert_eq!(parse_close_payload(bad), Err(error), "{bad:x?}");
            assert_eq!(error.close_code(), answer);
        }
    }

    #[test]
    fn only_registered_and_private_codes_may_be_sent() {
        let sendable: Vec<u16> = (0..=u16::MAX).filter(|&code| CloseCode(code).is_sendable()).collect();
        let expected: Vec<u16> = (1000..=1003).chain(1007..=1014).chain(3000..=4999).collect();
        assert_eq!(sendable, expected);
    }

    #[test]
    fn what_is_written_reads_back_and_a_long_reason_is_cut_at_a_character() {
        let long = "é".repeat(100);
        for (reason, told) in
            [("", ""), ("over", "over"), (&long, &long[..122]), (&long[..124], &long[..122])]
        {
            let mut out = Vec::new();
            encode_close(CloseCode::GAP, reason, &mut out);
            assert_eq!(out[0], 0x88);
            assert_eq!(usize::from(out[1]), out.len() - 2);
            assert_eq!(parse_close_payload(&out[2..]), Ok(Some((CloseCode::GAP, told))));
        }
        let mut out = Vec::new();
        encode_close(CloseCode::POLICY, &"x".repeat(200), &mut out);
        assert_eq!(out.len(), 127, "125 bytes are used to the last");
    }
}
