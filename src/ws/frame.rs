//! Frame headers (RFC 6455 section 5.2).  Law: decode(encode(h)) == h; a control frame is final and at most 125
//! bytes; a header is refused at the first byte that shows why.  Knows nothing of messages or who is the server.

use super::close::CloseCode;
use crate::limits::CONTROL_PAYLOAD_MAX;

/// What a frame is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// More of the message that has begun.
    Continuation,
    /// A text message begins.
    Text,
    /// A binary message begins.
    Binary,
    /// The connection ends.
    Close,
    /// Are you there?
    Ping,
    /// I am here.
    Pong,
}

impl Opcode {
    /// Close, ping and pong may come between the fragments of a message.
    #[must_use]
    pub const fn is_control(self) -> bool {
        match self {
            Opcode::Continuation | Opcode::Text | Opcode::Binary => false,
            Opcode::Close | Opcode::Ping | Opcode::Pong => true,
        }
    }

    const fn number(self) -> u8 {
        match self {
            Opcode::Continuation => 0x0,
            Opcode::Text => 0x1,
            Opcode::Binary => 0x2,
            Opcode::Close => 0x8,
            Opcode::Ping => 0x9,
            Opcode::Pong => 0xa,
        }
    }

    const fn from_number(number: u8) -> Option<Opcode> {
        Some(match number {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xa => Opcode::Pong,
            _ => return None,
        })
    }
}

/// What stands before a payload.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The last frame of its message.
    pub is_final: bool,
    /// The first reserved bit, for an extension that was agreed on (compression).
    pub rsv1: bool,
    /// What the frame is.
    pub opcode: Opcode,
    /// Clients mask, servers don't.
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload: what the peer announced, not what is there.
    pub len: u64,
}

/// The longest header in bytes: two, a 64-bit length and a mask.
pub const HEADER_MAX: usize = 14;

/// What is wrong with a header. All are violations of the protocol.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A reserved bit without an extension that gives it a meaning.
    ReservedBits,
    /// Opcodes 3 to 7 and 11 to 15.
    ReservedOpcode,
    /// A control frame that is not final.
    ControlFragmented,
    /// A control frame over 125 bytes.
    ControlTooLong,
    /// A length that a shorter form could hold.
    LengthNotMinimal,
    /// The highest bit of a 64-bit length.
    LengthTooLong,
}

impl FrameError {
    /// The code to answer with.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        CloseCode::PROTOCOL_ERROR
    }

    /// What was wrong, for the log and the peer.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            FrameError::ReservedBits => "a reserved bit is set without an extension",
            FrameError::ReservedOpcode => "a reserved opcode",
            FrameError::ControlFragmented => "a fragmented control frame",
            FrameError::ControlTooLong => "a control frame of more than 125 bytes",
            FrameError::LengthNotMinimal => "a length not written in its shortest form",
            FrameError::LengthTooLong => "a length of more than 63 bits",
        }
    }
}

/// Reads the header that `bytes` begins with: it and its length in bytes; `None`: not whole yet.
/// `rsv1_allowed`: an extension gives the first reserved bit a meaning on the first frame of a message.
///
/// # Errors
/// What section 5 forbids, as soon as the bytes so far show it, so that the answer does not depend on cuts.
pub fn decode_header(bytes: &[u8], rsv1_allowed: bool) -> Result<Option<(Header, usize)>, FrameError> {
    let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
    let (is_final, rsv1, opcode) = decode_first(first, rsv1_allowed)?;
    let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
    let short = second & 0x7f;
    if opcode.is_control() && usize::from(short) > CONTROL_PAYLOAD_MAX {
        return Err(FrameError::ControlTooLong);
    }
    let Some((len, rest)) = decode_len(short, rest)? else { return Ok(None) };
    let (mask, rest) = match (second & MASKED, rest.split_first_chunk()) {
        (0, _) => (None, rest),
        (_, Some((mask, rest))) => (Some(*mask), rest),
        (_, None) => return Ok(None),
    };
    Ok(Some((Header { is_final, rsv1, opcode, mask, len }, bytes.len() - rest.len())))
}

fn decode_first(first: u8, rsv1_allowed: bool) -> Result<(bool, bool, Opcode), FrameError> {
    let (is_final, rsv1) = (first & FINAL != 0, first & RSV1 != 0);
    if first & RSV2_AND_3 != 0 {
        return Err(FrameError::ReservedBits);
    }
    let opcode = Opcode::from_number(first & 0x0f).ok_or(FrameError::ReservedOpcode)?;
    // RFC 7692 section 6: only the first frame of a message says that it is compressed.
    if rsv1 && !(rsv1_allowed && matches!(opcode, Opcode::Text | Opcode::Binary)) {
        return Err(FrameError::ReservedBits);
    }
    if opcode.is_control() && !is_final {
        return Err(FrameError::ControlFragmented);
    }
    Ok((is_final, rsv1, opcode))
}

/// The length whose short form is given, and what follows it.
fn decode_len(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, FrameError> {
    let (len, rest, least) = match short {
        126 => {
            let Some((len, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(*len)), rest, 126)
        }
        127 => {
            let Some((len, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (u64::from_be_bytes(*len), rest, 1 << 16)
        }
        short => (u64::from(short), rest, 0),
    };
    if len >> 63 != 0 {
        return Err(FrameError::LengthTooLong);
    }
    if len < least {
        return Err(FrameError::LengthNotMinimal);
    }
    Ok(Some((len, rest)))
}

/// Writes a header.
pub fn encode_header(header: Header, out: &mut Vec<u8>) {
    let Header { is_final, rsv1, opcode, mask, len } = header;
    debug_assert!(len >> 63 == 0, "a length has 63 bits");
    debug_assert!(
        !opcode.is_control() || is_final && len <= CONTROL_PAYLOAD_MAX as u64,
        "{opcode:?} is short"
    );
    out.push(if is_final { FINAL } else { 0 } | if rsv1 { RSV1 } else { 0 } | opcode.number());
    let masked = if mask.is_some() { MASKED } else { 0 };
    if len < 126 {
        out.push(masked | len as u8);
    } else if let Ok(len) = u16::try_from(len) {
        out.push(masked | 126);
        out.extend_from_slice(&len.to_be_bytes());
    } else {
        out.push(masked | 127);
        out.extend_from_slice(&len.to_be_bytes());
    }
    out.extend_from_slice(mask.as_ref().map_or(&[], |mask| &mask[..]));
}

/// Writes a whole frame from server to client: final, unmasked.
pub fn frame(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    whole_frame(opcode, false, payload, out);
}

/// Writes a whole compressed message from server to client (RFC 7692 section 6.1). `payload` is compressed.
pub fn compressed_frame(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    debug_assert!(matches!(opcode, Opcode::Text | Opcode::Binary), "only messages are compressed");
    whole_frame(opcode, true, payload, out);
}

fn whole_frame(opcode: Opcode, rsv1: bool, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(header_len(payload.len()) + payload.len());
    let len = payload.len() as u64;
    encode_header(Header { is_final: true, rsv1, opcode, mask: None, len }, out);
    out.extend_from_slice(payload);
}

/// How many bytes the header of an unmasked frame has whose payload has `len` bytes.
#[must_use]
pub const fn header_len(len: usize) -> usize {
    match len {
        0..126 => 2,
        126..=0xffff => 4,
        _ => 10,
    }
}

const FINAL: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_AND_3: u8 = 0x30;
const MASKED: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;

    const OPCODES: [Opcode; 6] =
        [Opcode::Continuation, Opcode::Text, Opcode::Binary, Opcode::Close, Opcode::Ping, Opcode::Pong];

    fn every_header() -> impl Iterator<Item = Header> {
        let lens = [0, 1, 125, 126, 127, 0xffff, 0x1_0000, u64::MAX >> 1];
        let masks = [None, Some([1, 2, 3, 0xff])];
        let bits = [(false, false), (false, true), (true, false), (true, true)];
        OPCODES
            .into_iter()
            .flat_map(move |opcode| lens.map(move |len| (opcode, len)))
            .flat_map(move |(opcode, len)| masks.map(move |mask| (opcode, len, mask)))
            .flat_map(move |(opcode, len, mask)| {
                bits.map(|(is_final, rsv1)| Header { is_final, rsv1, opcode, mask, len })
            })
            .filter(|h| !h.opcode.is_control() || h.is_final && h.len <= 125)
            .filter(|h| !h.rsv1 || matches!(h.opcode, Opcode::Text | Opcode::Binary))
    }

    #[test]
    fn a_header_reads_back_and_no_part_of_it_is_one() {
        for header in every_header() {
            let mut bytes = Vec::new();
            encode_header(header, &mut bytes);
            assert!(bytes.len() <= HEADER_MAX);
            for n in 0..bytes.len() {
                assert_eq!(decode_header(&bytes[..n], true), Ok(None), "{header:?} cut at {n}");
            }
            let len = bytes.len();
            bytes.extend_from_slice(b"the payload");
            assert_eq!(decode_header(&bytes, true), Ok(Some((header, len))));
            if header.rsv1 {
                assert_eq!(decode_header(&bytes, false), Err(FrameError::ReservedBits));
            }
        }
    }

    #[test]
    fn what_the_rfc_forbids_is_refused_at_the_byte_that_shows_it() {
        let cases: &[(&[u8], FrameError)] = &[
            (b"\x90", FrameError::ReservedBits),
            (b"\xa1", FrameError::ReservedBits),
            (b"\xc0", FrameError::ReservedBits),
            (b"\xc8", FrameError::ReservedBits),
            (b"\xc9", FrameError::ReservedBits),
            (b"\xff", FrameError::ReservedBits),
            (b"\x83", FrameError::ReservedOpcode),
            (b"\x84", FrameError::ReservedOpcode),
            (b"\x85", FrameError::ReservedOpcode),
            (b"\x86", FrameError::ReservedOpcode),
            (b"\x07", FrameError::ReservedOpcode),
            (b"\x8b", FrameError::ReservedOpcode),
            (b"\x8c", FrameError::ReservedOpcode),
            (b"\x8d", FrameError::ReservedOpcode),
            (b"\x8e", FrameError::ReservedOpcode),
            (b"\x0f", FrameError::ReservedOpcode),
            (b"\x08", FrameError::ControlFragmented),
            (b"\x09", FrameError::ControlFragmented),
            (b"\x0a", FrameError::ControlFragmented),
            (b"\x89\x7e", FrameError::ControlTooLong),
            (b"\x88\xff", FrameError::ControlTooLong),
            (b"\x82\x7e\x00\x7d", FrameError::LengthNotMinimal),
            (b"\x82\xfe\x00\x00", FrameError::LengthNotMinimal),
            (b"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", FrameError::LengthNotMinimal),
            (b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", FrameError::LengthTooLong),
            (b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", FrameError::LengthTooLong),
        ];
        for &(bytes, error) in cases {
            let before = &bytes[..bytes.len() - 1];
            assert_eq!(decode_header(before, true), Ok(None), "{bytes:x?} too early");
            assert_eq!(decode_header(bytes, true), Err(error), "{bytes:x?}");
            let more = [bytes, &[0; 16]].concat();
            assert_eq!(decode_header(&more, true), Err(error), "{bytes:x?} and more");
        }
    }

    #[test]
    fn the_examples_of_the_rfc_come_out() {
        let mut out = Vec::new();
        frame(Opcode::Text, b"Hello", &mut out);
        assert_eq!(out, b"\x81\x05Hello");
        out.clear();
        frame(Opcode::Binary, &[7; 256], &mut out);
        assert_eq!(out[..4], [0x82, 0x7e, 0x01, 0x00]);
        out.clear();
        frame(Opcode::Binary, &[7; 65_536], &mut out);
        assert_eq!(out[..10], [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
        out.clear();
        compressed_frame(Opcode::Text, b"\xf2\x48\xcd\xc9\xc9\x07\x00", &mut out);
        assert_eq!(out, b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00");
    }

    #[test]
    fn the_length_of_a_header_is_known_before() {
        for len in [0, 125, 126, 0xffff, 0x1_0000] {
            let mut out = Vec::new();
            frame(Opcode::Binary, &vec![0; len], &mut out);
            assert_eq!(out.len(), header_len(len) + len);
        }
    }
}
