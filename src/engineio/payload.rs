//! Payloads: the packets of one HTTP body, with the record separator between them.  Law: what is pushed comes out again
//! in order.  Text is not copied.  A packet never holds the separator: JSON has it only as an escape, and base64 not at
//! all.

use super::packet::{Packet, PacketError};

/// What stands between two packets: U+001E.
pub const SEPARATOR: u8 = 0x1e;

/// The packets of `text` in order, until one is wrong: with it they end. An empty text is one packet that is empty,
/// and so is what follows a separator at the end.
pub fn packets(text: &str) -> impl Iterator<Item = Result<Packet<'_>, PacketError>> {
    let mut parts = text.split(char::from(SEPARATOR));
    let mut is_over = false;
    core::iter::from_fn(move || {
        let packet = if is_over { None } else { parts.next().map(Packet::decode) };
        is_over = !matches!(packet, Some(Ok(_)));
        packet
    })
}

/// Appends the separator and `packet`. The separator stands in front of every packet, the first too, so that what was
/// encoded can be joined as it is; whoever sends leaves out the first.
pub fn push(out: &mut Vec<u8>, packet: &Packet<'_>) {
    out.push(SEPARATOR);
    packet.encode(out);
}

#[cfg(test)]
mod tests {
    use super::super::packet::Data;
    use super::*;
    use std::borrow::Cow;

    #[test]
    fn packets_come_in_order_until_one_is_wrong() {
        let text = |text| Ok(Packet::Message(Data::Text(text)));
        let binary = |bytes: &'static [u8]| Ok(Packet::Message(Data::Binary(Cow::Borrowed(bytes))));
        let cases: [(&str, &[Result<Packet<'_>, PacketError>]); 9] = [
            ("4hello", &[text("hello")]),
            ("4a\u{1e}4b", &[text("a"), text("b")]),
            ("4€\u{1e}bAQIDBA==\u{1e}2", &[text("€"), binary(&[1, 2, 3, 4]), Ok(Packet::Ping(""))]),
            ("4\u{1e}4", &[text(""), text("")]),
            ("", &[Err(PacketError::Empty)]),
            ("4a\u{1e}", &[text("a"), Err(PacketError::Empty)]),
            ("\u{1e}4a", &[Err(PacketError::Empty)]),
            ("4a\u{1e}x\u{1e}4b", &[text("a"), Err(PacketError::UnknownType)]),
            ("b?\u{1e}4b", &[Err(PacketError::Base64)]),
        ];
        for (payload, expected) in cases {
            assert_eq!(packets(payload).collect::<Vec<_>>(), expected, "{payload:?}");
        }
    }

    #[test]
    fn nothing_comes_after_the_end() {
        let mut read = packets("x\u{1e}4");
        assert_eq!(read.next(), Some(Err(PacketError::UnknownType)));
        assert_eq!((read.next(), read.next()), (None, None));
    }

    #[test]
    fn what_is_pushed_is_read_without_the_first_separator() {
        let sent = [
            Packet::Open("{}"),
            Packet::Message(Data::Text("[1]")),
            Packet::Message(Data::Binary(Cow::Borrowed(b"\x1e\x1e"))),
            Packet::Noop,
        ];
        let mut out = Vec::new();
        for packet in &sent {
            push(&mut out, packet);
        }
        assert_eq!(out, b"\x1e0{}\x1e4[1]\x1ebHh4=\x1e6");
        let text = core::str::from_utf8(&out[1..]).expect("ASCII");
        assert_eq!(packets(text).collect::<Result<Vec<_>, _>>().as_deref(), Ok(&sent[..]));
    }
}
