//! Packets (protocol version 5, "Packet encoding"): type, number of attachments, namespace, acknowledgement id, data.
//! Law: decode(encode(p)) == p; what is decoded carries what its type may carry.  Knows nothing of who may send what.

use super::arguments::Arguments;
use super::error::PacketError;
use super::json;
use crate::limits::{ACK_ID_MAX, ATTACHMENTS_MAX};

/// What a packet is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A client comes into a namespace, or is told that it is there.
    Connect,
    /// It leaves, or must.
    Disconnect,
    /// An event with its arguments.
    Event,
    /// What became of an event.
    Ack,
    /// It may not come in.
    ConnectError,
    /// An event with attachments.
    BinaryEvent,
    /// An acknowledgement with attachments.
    BinaryAck,
}

impl Kind {
    const ALL: [Kind; 7] = [
        Kind::Connect,
        Kind::Disconnect,
        Kind::Event,
        Kind::Ack,
        Kind::ConnectError,
        Kind::BinaryEvent,
        Kind::BinaryAck,
    ];

    /// Its packets say how many attachments follow.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        match self {
            Kind::BinaryEvent | Kind::BinaryAck => true,
            Kind::Connect | Kind::Disconnect | Kind::Event | Kind::Ack | Kind::ConnectError => false,
        }
    }

    /// The same without attachments.
    #[must_use]
    pub const fn plain(self) -> Kind {
        match self {
            Kind::BinaryEvent => Kind::Event,
            Kind::BinaryAck => Kind::Ack,
            Kind::Connect | Kind::Disconnect | Kind::Event | Kind::Ack | Kind::ConnectError => self,
        }
    }

    const fn digit(self) -> u8 {
        b'0' + self as u8
    }

    fn from_digit(digit: u8) -> Option<Kind> {
        Kind::ALL.get(usize::from(digit.checked_sub(b'0')?)).copied()
    }
}

/// A packet without its attachments.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What it is.
    pub kind: Kind,
    /// How many attachments follow; 0 where the kind has none.
    pub attachments: usize,
    /// Begins with `/`.
    pub namespace: &'a str,
    /// The id of the acknowledgement that is asked for, or given.
    pub id: Option<u64>,
    /// JSON.
    pub data: Option<&'a str>,
}

impl<'a> Packet<'a> {
    /// Reads the text of a packet.
    ///
    /// # Errors
    /// It is none, or it carries what its type does not.
    pub fn decode(text: &'a str) -> Result<Packet<'a>, PacketError> {
        let (&first, _) = text.as_bytes().split_first().ok_or(PacketError::Empty)?;
        let kind = Kind::from_digit(first).ok_or(PacketError::UnknownType)?;
        let rest = &text[1..];
        let (attachments, rest) = if kind.is_binary() { decode_attachments(rest)? } else { (0, rest) };
        let (namespace, rest) = decode_namespace(rest);
        let (id, rest) = decode_id(rest)?;
        let data = if rest.is_empty() { None } else { Some(json::check(rest)?.get()) };
        check_data(kind, id, data)?;
        Ok(Packet { kind, attachments, namespace, id, data })
    }

    /// Appends the packet, without the type of the Engine.IO message around it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.kind.digit());
        if self.kind.is_binary() {
            out.extend_from_slice(format!("{}-", self.attachments).as_bytes());
        }
        if self.namespace != "/" {
            out.extend_from_slice(self.namespace.as_bytes());
            out.push(b',');
        }
        if let Some(id) = self.id {
            out.extend_from_slice(id.to_string().as_bytes());
        }
        out.extend_from_slice(self.data.unwrap_or("").as_bytes());
    }
}

fn decode_attachments(text: &str) -> Result<(usize, &str), PacketError> {
    let (number, rest) = digits(text);
    let rest = rest.strip_prefix('-').filter(|_| !number.is_empty()).ok_or(PacketError::Attachments)?;
    // A number too long for its type is too many as well.
    match number.parse() {
        Ok(number) if number <= ATTACHMENTS_MAX => Ok((number, rest)),
        Ok(_) | Err(_) => Err(PacketError::TooManyAttachments),
    }
}

/// It ends at the first comma, or with the text; without one it is `/`.
fn decode_namespace(text: &str) -> (&str, &str) {
    if text.starts_with('/') { text.split_once(',').unwrap_or((text, "")) } else { ("/", text) }
}

fn decode_id(text: &str) -> Result<(Option<u64>, &str), PacketError> {
    let (number, rest) = digits(text);
    if number.is_empty() {
        return Ok((None, rest));
    }
    match number.parse() {
        Ok(id) if id <= ACK_ID_MAX => Ok((Some(id), rest)),
        Ok(_) | Err(_) => Err(PacketError::Id),
    }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// Does a packet of this kind carry this? `data` is JSON.
fn check_data(kind: Kind, id: Option<u64>, data: Option<&str>) -> Result<(), PacketError> {
    let begins_with = |bytes: &[u8]| data.is_some_and(|data| bytes.contains(&data.as_bytes()[0]));
    let fits = match kind {
        Kind::Connect => data.is_none() || begins_with(b"{"),
        Kind::Disconnect => data.is_none(),
        Kind::Event | Kind::BinaryEvent => return Arguments::check(data.ok_or(PacketError::Data)?),
        Kind::Ack | Kind::BinaryAck => {
            id.ok_or(PacketError::Id)?;
            return Arguments::check_ack(data.ok_or(PacketError::Data)?);
        }
        Kind::ConnectError => begins_with(b"{\""),
    };
    if fits { Ok(()) } else { Err(PacketError::Data) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet<'a>(kind: Kind, namespace: &'a str, id: Option<u64>, data: Option<&'a str>) -> Packet<'a> {
        Packet { kind, attachments: 0, namespace, id, data }
    }

    fn binary<'a>(attachments: usize, packet: Packet<'a>) -> Packet<'a> {
        Packet { attachments, ..packet }
    }

    #[test]
    fn packets_are_read_and_written_alike() {
        use Kind::*;
        let cases = [
            ("0", packet(Connect, "/", None, None)),
            ("0/admin,", packet(Connect, "/admin", None, None)),
            (r#"0{"sid":"x"}"#, packet(Connect, "/", None, Some(r#"{"sid":"x"}"#))),
            (r#"0/a/b,{"token":","}"#, packet(Connect, "/a/b", None, Some(r#"{"token":","}"#))),
            ("1", packet(Disconnect, "/", None, None)),
            ("1/admin,", packet(Disconnect, "/admin", None, None)),
            (r#"2["foo"]"#, packet(Event, "/", None, Some(r#"["foo"]"#))),
            (r#"2/admin,["bar"]"#, packet(Event, "/admin", None, Some(r#"["bar"]"#))),
            (r#"212["foo"]"#, packet(Event, "/", Some(12), Some(r#"["foo"]"#))),
            ("2[0]", packet(Event, "/", None, Some("[0]"))),
            ("20[-1.5e3, null]", packet(Event, "/", Some(0), Some("[-1.5e3, null]"))),
            (r#"2/a?b=c,1["d,e"]"#, packet(Event, "/a?b=c", Some(1), Some(r#"["d,e"]"#))),
            (r#"2/,["x"]"#, packet(Event, "/", None, Some(r#"["x"]"#))),
            ("3/admin,13[]", packet(Ack, "/admin", Some(13), Some("[]"))),
            ("39007199254740991[1]", packet(Ack, "/", Some(ACK_ID_MAX), Some("[1]"))),
            (r#"4{"message":"no"}"#, packet(ConnectError, "/", None, Some(r#"{"message":"no"}"#))),
            (r#"4/a,"no""#, packet(ConnectError, "/a", None, Some(r#""no""#))),
            (r#"51-["baz",{}]"#, binary(1, packet(BinaryEvent, "/", None, Some(r#"["baz",{}]"#)))),
            (r#"50-["baz"]"#, packet(BinaryEvent, "/", None, Some(r#"["baz"]"#))),
            (r#"510-/a,7["b"]"#, binary(10, packet(BinaryEvent, "/a", Some(7), Some(r#"["b"]"#)))),
            ("62-/admin,456[{}]", binary(2, packet(BinaryAck, "/admin", Some(456), Some("[{}]")))),
        ];
        for (text, expected) in cases {
            assert_eq!(Packet::decode(text), Ok(expected), "{text}");
            let mut out = Vec::new();
            expected.encode(&mut out);
            // The root is written in its shortest form.
            assert_eq!(String::from_utf8_lossy(&out), text.replace("2/,", "2"), "{text}");
        }
    }

    #[test]
    fn what_may_be_spelled_otherwise_is_read_all_the_same() {
        use Kind::*;
        let cases = [
            ("0/admin", packet(Connect, "/admin", None, None)),
            ("1/a/b", packet(Disconnect, "/a/b", None, None)),
            ("0 { } ", packet(Connect, "/", None, Some("{ }"))),
            ("2 [ \"a\" ]\n", packet(Event, "/", None, Some("[ \"a\" ]"))),
            ("2007[\"a\"]", packet(Event, "/", Some(7), Some("[\"a\"]"))),
            ("3/a,1 []", packet(Ack, "/a", Some(1), Some("[]"))),
            ("501-[\"a\"]", binary(1, packet(BinaryEvent, "/", None, Some("[\"a\"]")))),
            ("01{}", packet(Connect, "/", Some(1), Some("{}"))),
            ("0/a,1", packet(Connect, "/a", Some(1), None)),
            ("12", packet(Disconnect, "/", Some(2), None)),
        ];
        for (text, expected) in cases {
            assert_eq!(Packet::decode(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_packet_is_told() {
        use PacketError::*;
        let cases = [
            ("", Empty),
            ("7", UnknownType),
            ("9[]", UnknownType),
            ("-1", UnknownType),
            ("/", UnknownType),
            ("€", UnknownType),
            ("x", UnknownType),
            (" 0", UnknownType),
            ("5", Attachments),
            ("51", Attachments),
            ("5[\"a\"]", Attachments),
            ("5-[\"a\"]", Attachments),
            ("51/a-[\"a\"]", Attachments),
            ("5x-[\"a\"]", Attachments),
            ("51.0-[\"a\"]", Attachments),
            ("51e0-[\"a\"]", Attachments),
            ("5-1-[\"a\"]", Attachments),
            ("5+1-[\"a\"]", Attachments),
            ("5 1-[\"a\"]", Attachments),
            ("511-[\"a\"]", TooManyAttachments),
            ("599999999999999999999999-[\"a\"]", TooManyAttachments),
            ("29007199254740992[\"a\"]", Id),
            ("299999999999999999999999[\"a\"]", Id),
            ("3[]", Id),
            ("61-[]", Id),
            ("3", Id),
            ("31", Data),
            ("31{}", Data),
            ("31\"a\"", Data),
            ("2", Data),
            ("2/a,", Data),
            ("2/a[\"b\"]", Data),
            ("21", Data),
            ("2[]", Data),
            ("2{}", Data),
            ("2\"a\"", Data),
            ("2null", Data),
            ("2[null]", Data),
            ("2[true]", Data),
            ("2[{}]", Data),
            ("2[[\"a\"]]", Data),
            ("2[\"\\ud800\"]", Data),
            ("2[\"connect\"]", ReservedEvent),
            ("2[\"connect_error\",1]", ReservedEvent),
            ("2[\"disconnect\"]", ReservedEvent),
            ("2[\"disconnecting\"]", ReservedEvent),
            ("2[\"newListener\"]", ReservedEvent),
            ("51-[\"removeListener\",{}]", ReservedEvent),
            ("2[\"\\u0063onnect\"]", ReservedEvent),
            ("0[]", Data),
            ("0\"a\"", Data),
            ("0null", Data),
            ("0/admin,\"\"", Data),
            ("1{}", Data),
            ("1/a,[]", Data),
            ("1null", Data),
            ("4", Data),
            ("41", Data),
            ("4[]", Data),
            ("4null", Data),
            ("2[", Json),
            ("2[\"a\"", Json),
            ("2[\"a\",]", Json),
            ("2[\"a\"]x", Json),
            ("2[\"a\"][]", Json),
            ("2['a']", Json),
            ("2[\"a\",01]", Json),
            ("2[\"a\",NaN]", Json),
            ("2[\"a\\x\"]", Json),
            ("2[\"a\u{1}\"]", Json),
            ("2,[\"a\"]", Json),
            ("2 ", Json),
            ("2x", Json),
            ("2-1[\"a\"]", Json),
            ("0{\"a\":}", Json),
        ];
        for (text, error) in cases {
            assert_eq!(Packet::decode(text), Err(error), "{text}");
        }
    }
}
