//! Engine.IO packets (protocol version 4, "Packet encoding"): one digit that says what it is, then what it carries.
//! Law: decode(encode(p)) == p.  Knows nothing of who may send what.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use std::borrow::Cow;

/// What a message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes: a binary frame, or base64 where only text can stand.
    Binary(Cow<'a, [u8]>),
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A session begins.
    Open(&'a str),
    /// It ends.
    Close,
    /// Are you there?
    Ping(&'a str),
    /// I am here.
    Pong(&'a str),
    /// What the session is for.
    Message(Data<'a>),
    /// The client goes on with the other transport.
    Upgrade,
    /// Nothing, so that a held request is answered.
    Noop,
}

/// What is wrong with a packet.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum PacketError {
    /// Nothing where a packet should be.
    Empty,
    /// It begins with none of the seven types.
    UnknownType,
    /// `b`, then what is not base64.
    Base64,
}

impl PacketError {
    /// What was wrong, for the log and the peer.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            PacketError::Empty => "an empty packet",
            PacketError::UnknownType => "a packet begins with a digit from 0 to 6, or with b before base64",
            PacketError::Base64 => "after b comes base64 (RFC 4648 section 4)",
        }
    }
}

impl<'a> Packet<'a> {
    /// Reads a text frame, or one part of a payload. Base64 may stand in both: clients that are told to use it send it
    /// in text frames as well. What follows a packet that carries nothing is left out, as the reference does.
    ///
    /// # Errors
    /// It is no packet.
    pub fn decode(text: &'a str) -> Result<Packet<'a>, PacketError> {
        let Some(&first) = text.as_bytes().first() else { return Err(PacketError::Empty) };
        // The types are ASCII; a longer character is none of them, and its end is not looked for.
        let rest = text.get(1..).unwrap_or("");
        Ok(match first {
            b'0' => Packet::Open(rest),
            b'1' => Packet::Close,
            b'2' => Packet::Ping(rest),
            b'3' => Packet::Pong(rest),
            b'4' => Packet::Message(Data::Text(rest)),
            b'5' => Packet::Upgrade,
            b'6' => Packet::Noop,
            b'b' => Packet::Message(Data::Binary(Cow::Owned(decode_base64(rest)?))),
            _ => return Err(PacketError::UnknownType),
        })
    }

    /// Appends the packet as text. A binary message becomes base64; on a WebSocket that takes binary frames its bytes
    /// are the frame, and this is not asked.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (kind, data) = match self {
            Packet::Open(data) => (b'0', *data),
            Packet::Close => (b'1', ""),
            Packet::Ping(data) => (b'2', *data),
            Packet::Pong(data) => (b'3', *data),
            Packet::Message(Data::Text(data)) => (b'4', *data),
            Packet::Upgrade => (b'5', ""),
            Packet::Noop => (b'6', ""),
            Packet::Message(Data::Binary(bytes)) => return encode_binary(out, bytes),
        };
        out.push(kind);
        out.extend_from_slice(data.as_bytes());
    }
}

/// RFC 4648 section 4. Padding may be left out, as some encoders do, but not a half of it.
fn decode_base64(text: &str) -> Result<Vec<u8>, PacketError> {
    let engine = if text.ends_with('=') { &STANDARD } else { &STANDARD_NO_PAD };
    engine.decode(text).map_err(|_| PacketError::Base64)
}

fn encode_binary(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'b');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    STANDARD.encode_slice(bytes, &mut out[start..]).expect("four characters for each three bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary(bytes: &[u8]) -> Packet<'_> {
        Packet::Message(Data::Binary(Cow::Borrowed(bytes)))
    }

    #[test]
    fn packets_are_a_digit_and_what_they_carry() {
        let cases: [(&str, Packet<'_>); 15] = [
            ("0", Packet::Open("")),
            ("0{}", Packet::Open("{}")),
            ("1", Packet::Close),
            ("2", Packet::Ping("")),
            ("2probe", Packet::Ping("probe")),
            ("3", Packet::Pong("")),
            ("3probe", Packet::Pong("probe")),
            ("4", Packet::Message(Data::Text(""))),
            ("4hello", Packet::Message(Data::Text("hello"))),
            ("4€ \u{1e} \0", Packet::Message(Data::Text("€ \u{1e} \0"))),
            ("5", Packet::Upgrade),
            ("6", Packet::Noop),
            ("b", binary(b"")),
            ("bAQIDBA==", binary(&[1, 2, 3, 4])),
            ("b+/+/", binary(&[0xfb, 0xff, 0xbf])),
        ];
        for (text, packet) in cases {
            assert_eq!(Packet::decode(text), Ok(packet.clone()), "{text:?}");
            let mut out = b"before".to_vec();
            packet.encode(&mut out);
            assert_eq!(out, format!("before{text}").as_bytes(), "appended as it was");
        }
    }

    #[test]
    fn what_follows_a_packet_that_carries_nothing_is_left_out() {
        for (text, packet) in [("1x", Packet::Close), ("5x", Packet::Upgrade), ("6€", Packet::Noop)] {
            assert_eq!(Packet::decode(text), Ok(packet), "{text}");
        }
    }

    #[test]
    fn base64_is_read_with_and_without_padding_and_else_refused() {
        let cases: [(&str, Option<&[u8]>); 14] = [
            ("bAA==", Some(&[0])),
            ("bAA", Some(&[0])),
            ("bAAA=", Some(&[0, 0])),
            ("bAAA", Some(&[0, 0])),
            ("bAA=", None),
            ("bA", None),
            ("bA===", None),
            ("b=", None),
            ("bAAAA=", None),
            ("bAA==AA==", None),
            ("bAB==", None),
            ("b-_-_", None),
            ("bAA A", None),
            ("bAAé", None),
        ];
        for (text, bytes) in cases {
            let expected = bytes.map(binary).ok_or(PacketError::Base64);
            assert_eq!(Packet::decode(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_packet_is_told() {
        let unknown = ["7", "9", "a", "B", " 4", "\u{1e}", "€", "{}", "-1", "\0", "٤"];
        for text in unknown {
            assert_eq!(Packet::decode(text), Err(PacketError::UnknownType), "{text:?}");
        }
        assert_eq!(Packet::decode(""), Err(PacketError::Empty));
        for error in [PacketError::Empty, PacketError::UnknownType, PacketError::Base64] {
            assert!(!error.detail().is_empty());
        }
    }
}
