//! Payloads of Engine.IO, fed arbitrary text.

use super::naive_base64;
use crate::engineio::{Data, Packet, PacketError, payload};
use std::borrow::Cow;

/// Law: a payload gives the packets that a naive reader gives, up to the first that is wrong; text is not copied; what
/// was read and is written again, alone or in a payload, is read as the same.
pub fn engineio(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let packets: Vec<_> = payload::packets(text).collect();
    let mut naive = Vec::new();
    for part in text.split('\u{1e}') {
        naive.push(read(part));
        if naive.last().is_some_and(Result::is_err) {
            break;
        }
    }
    assert_eq!(packets, naive);
    let packets: Vec<Packet<'_>> = packets.into_iter().flatten().collect();
    let mut written = Vec::new();
    for packet in &packets {
        assert!(!matches!(packet, Packet::Message(Data::Binary(Cow::Borrowed(_)))), "base64 is decoded");
        let mut alone = Vec::new();
        packet.encode(&mut alone);
        assert_eq!(Packet::decode(utf8(&alone)).as_ref(), Ok(packet));
        payload::push(&mut written, packet);
    }
    if let Some((first, rest)) = written.split_first() {
        assert_eq!(*first, payload::SEPARATOR);
        let again: Result<Vec<_>, _> = payload::packets(utf8(rest)).collect();
        assert_eq!(again.as_deref(), Ok(&packets[..]));
    }
}

fn read(part: &str) -> Result<Packet<'_>, PacketError> {
    let mut characters = part.chars();
    let first = characters.next().ok_or(PacketError::Empty)?;
    let rest = characters.as_str();
    if first == 'b' {
        let bytes = naive_base64::decode(rest, true).ok_or(PacketError::Base64)?;
        return Ok(Packet::Message(Data::Binary(bytes.into())));
    }
    let kinds = [
        Packet::Open(rest),
        Packet::Close,
        Packet::Ping(rest),
        Packet::Pong(rest),
        Packet::Message(Data::Text(rest)),
        Packet::Upgrade,
        Packet::Noop,
    ];
    let number = first.to_digit(10).ok_or(PacketError::UnknownType)?;
    kinds.into_iter().nth(number as usize).ok_or(PacketError::UnknownType)
}

fn utf8(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).expect("packets are text")
}
