//! What names a message, a client, a question.  Law: what is written reads back, and nothing else does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::fmt;
use core::ops::RangeInclusive;
use core::str::FromStr;

/// The id of a message, and a position in every channel's log at once: written `MS-SEQ`, compared as numbers.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub ms: u64,
    /// Counts the messages of one millisecond.
    pub seq: u64,
}

/// A position: everything after this id is still to be read. It need not be the id of a message.
pub type Cursor = MessageId;

impl MessageId {
    /// Before every message.
    pub const ZERO: MessageId = MessageId { ms: 0, seq: 0 };
    /// After every message.
    pub const MAX: MessageId = MessageId { ms: u64::MAX, seq: u64::MAX };

    /// The id at `ms` with the counter `seq`.
    pub const fn new(ms: u64, seq: u64) -> Self {
        MessageId { ms, seq }
    }

    /// The next id in order.
    #[must_use]
    pub fn successor(self) -> Self {
        match self.seq.checked_add(1) {
            Some(seq) => MessageId { ms: self.ms, seq },
            None => MessageId { ms: self.ms.saturating_add(1), seq: 0 },
        }
    }

    /// The id before this one in order; [`MessageId::ZERO`] has none before it and stays.
    #[must_use]
    pub fn predecessor(self) -> Self {
        match (self.seq.checked_sub(1), self.ms.checked_sub(1)) {
            (Some(seq), _) => MessageId { ms: self.ms, seq },
            (None, Some(ms)) => MessageId { ms, seq: u64::MAX },
            (None, None) => self,
        }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// The text is not `MS-SEQ` with two unsigned 64-bit decimals.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct MalformedId;

impl FromStr for MessageId {
    type Err = MalformedId;
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let (ms, seq) = text.split_once('-').ok_or(MalformedId)?;
        Ok(MessageId { ms: decimal(ms)?, seq: decimal(seq)? })
    }
}

/// Digits only: `parse` alone would take a plus sign.
fn decimal(text: &str) -> Result<u64, MalformedId> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(MalformedId);
    }
    text.parse().map_err(|_| MalformedId)
}

/// The public name of whoever listens or speaks. It opens nothing.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub [u8; 12]);

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for ClientId {
    type Err = MalformedId;
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let mut bytes = [0; 12];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(12) => Ok(ClientId(bytes)),
            _ => Err(MalformedId),
        }
    }
}

/// 128 random bits that are a right: whoever knows them may do what they are for. Written in base64url.
macro_rules! secret_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
            }
        }

        /// What is written into logs shows no secret.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;
            fn from_str(text: &str) -> Result<Self, MalformedId> {
                let mut bytes = [0; 16];
                match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
                    Ok(16) => Ok($name(bytes)),
                    _ => Err(MalformedId),
                }
            }
        }
    };
}

secret_id! {
    /// Names a question to those who may answer it. It answers and does nothing else.
    AskId
}

secret_id! {
    /// Names a question to whoever asked it. It reads the answer and withdraws the question.
    AskerId
}

impl AskId {
    /// The first 31 bits: the number of the acknowledgement by which a Socket.IO client answers.
    #[must_use]
    pub fn ack_number(self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_be_bytes([a, b, c, d]) >> 1
    }

    /// All ids with that number; `None` if no id has it.
    #[must_use]
    pub fn with_ack_number(number: u32) -> Option<RangeInclusive<AskId>> {
        let id = |front: u32, rest: u8| {
            let mut bytes = [rest; 16];
            bytes[..4].copy_from_slice(&front.to_be_bytes());
            AskId(bytes)
        };
        (number < 1 << 31).then(|| id(number << 1, 0)..=id(number << 1 | 1, 0xff))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_two_plain_decimals() {
        assert_eq!("1763687000123-0".parse(), Ok(MessageId::new(1_763_687_000_123, 0)));
        assert_eq!("18446744073709551615-18446744073709551615".parse(), Ok(MessageId::MAX));
        for bad in
            ["", "-", "1", "1-", "-1", "+1-0", "1-+0", "1-0-0", " 1-0", "1-0 ", "18446744073709551616-0"]
        {
            assert_eq!(bad.parse::<MessageId>(), Err(MalformedId), "{bad:?}");
        }
    }

    #[test]
    fn an_id_is_compared_as_numbers_and_has_neighbours() {
        assert!(MessageId::new(9, 9) < MessageId::new(10, 1));
        let last_of_its_ms = MessageId::new(7, u64::MAX);
        assert_eq!(last_of_its_ms.successor(), MessageId::new(8, 0));
        assert_eq!(MessageId::new(8, 0).predecessor(), last_of_its_ms);
        assert_eq!(MessageId::ZERO.predecessor(), MessageId::ZERO);
    }

    #[test]
    fn a_client_id_reads_back() {
        let id = ClientId(*b"\x00\xff/+holdlin\x80");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("short".parse::<ClientId>(), Err(MalformedId));
    }

    #[test]
    fn an_ask_id_reads_back_and_is_not_shown_by_accident() {
        let id = AskId(*b"\x00\xff/+sixteen bytes".first_chunk().expect("16 bytes"));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), 22);
        assert_eq!(format!("{id:?}"), "AskId(..)");
        for bad in ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAA/"]
        {
            assert_eq!(bad.parse::<AskerId>(), Err(MalformedId), "{bad:?}");
        }
    }

    #[test]
    fn an_ask_id_is_among_those_with_its_number() {
        let id = |front: [u8; 4], rest: u8| AskId(core::array::from_fn(|n| *front.get(n).unwrap_or(&rest)));
        for (front, number) in
            [([0; 4], 0), ([0, 0, 0, 1], 0), ([0, 0, 0, 2], 1), ([0xff, 0xff, 0xff, 0xfe], (1 << 31) - 1)]
        {
            for rest in [0, 0xff] {
                assert_eq!(id(front, rest).ack_number(), number);
                let ids = AskId::with_ack_number(number).expect("31 bits");
                assert!(ids.contains(&id(front, rest)));
                assert_eq!([ids.start(), ids.end()].map(|id| id.ack_number()), [number; 2]);
            }
        }
        assert_eq!(AskId::with_ack_number(1 << 31), None);
        assert_eq!(AskId::with_ack_number(u32::MAX), None);
    }
}
