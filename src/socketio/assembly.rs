//! A packet and the attachments that come after it.  Law: at most one packet is under way, it holds no more than it may
//! have, and what was announced reserves nothing; after an error nothing is held.

use super::error::PacketError;
use super::packet::{Kind, Packet};

/// A whole packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Never a binary kind: `attachments` tells.
    pub kind: Kind,
    /// Begins with `/`.
    pub namespace: Box<str>,
    /// The id of the acknowledgement that is asked for, or given.
    pub id: Option<u64>,
    /// JSON, with placeholders where the attachments belong.
    pub data: Option<Box<str>>,
    /// In the order in which they came.
    pub attachments: Vec<Box<[u8]>>,
}

/// What has come of the packet that is under way, if one is.
#[derive(Debug, Default)]
pub struct Assembly {
    waiting: Option<Box<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    packet: Received,
    /// At least one.
    attachments_left: usize,
    held_bytes: usize,
}

impl Assembly {
    /// The text of a packet came: it, if no attachments follow. `bytes_max`: of text and attachments together.
    ///
    /// # Errors
    /// It is no packet that a client may send here.
    pub fn text(&mut self, text: &str, bytes_max: usize) -> Result<Option<Received>, PacketError> {
        if self.waiting.take().is_some() {
            return Err(PacketError::TextBetween);
        }
        if text.len() > bytes_max {
            return Err(PacketError::TooBig);
        }
        let packet = Packet::decode(text)?;
        if packet.kind == Kind::ConnectError {
            return Err(PacketError::FromServer);
        }
        let received = Received {
            kind: packet.kind.plain(),
            namespace: packet.namespace.into(),
            id: packet.id,
            data: packet.data.map(Box::from),
            attachments: Vec::new(),
        };
        if packet.attachments == 0 {
            return Ok(Some(received));
        }
        let held_bytes = received.namespace.len() + received.data.as_deref().map_or(0, str::len);
        let waiting = Waiting { packet: received, attachments_left: packet.attachments, held_bytes };
        self.waiting = Some(Box::new(waiting));
        Ok(None)
    }

    /// Binary data came: the packet, if this was its last attachment.
    ///
    /// # Errors
    /// No packet waits for it, or together they are longer than `bytes_max`.
    pub fn binary(&mut self, bytes: &[u8], bytes_max: usize) -> Result<Option<Received>, PacketError> {
        let mut waiting = self.waiting.take().ok_or(PacketError::BinaryAlone)?;
        waiting.held_bytes = waiting.held_bytes.saturating_add(bytes.len());
        if waiting.held_bytes > bytes_max {
            return Err(PacketError::TooBig);
        }
        waiting.packet.attachments.push(bytes.into());
        waiting.attachments_left -= 1;
        if waiting.attachments_left == 0 {
            return Ok(Some(waiting.packet));
        }
        self.waiting = Some(waiting);
        Ok(None)
    }

    /// Bytes of the packet that is under way.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.held_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 100;

    fn received(kind: Kind, data: Option<&str>, attachments: &[&[u8]]) -> Received {
        let attachments = attachments.iter().map(|bytes| Box::from(*bytes)).collect();
        Received { kind, namespace: "/".into(), id: None, data: data.map(Box::from), attachments }
    }

    #[test]
    fn a_packet_without_attachments_is_whole_at_once() {
        let cases = [
            ("0", received(Kind::Connect, None, &[])),
            ("1", received(Kind::Disconnect, None, &[])),
            ("2[\"a\"]", received(Kind::Event, Some("[\"a\"]"), &[])),
            ("50-[\"a\"]", received(Kind::Event, Some("[\"a\"]"), &[])),
            ("31[]", Received { id: Some(1), ..received(Kind::Ack, Some("[]"), &[]) }),
            (
                "60-/x,1[]",
                Received { id: Some(1), namespace: "/x".into(), ..received(Kind::Ack, Some("[]"), &[]) },
            ),
        ];
        let mut assembly = Assembly::default();
        for (text, expected) in cases {
            assert_eq!(assembly.text(text, MAX), Ok(Some(expected)), "{text}");
            assert_eq!(assembly.held_bytes(), 0);
        }
    }

    #[test]
    fn attachments_come_in_their_order() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.text("52-[\"a\"]", MAX), Ok(None));
        assert_eq!(assembly.held_bytes(), 1 + 5, "the namespace and the data");
        assert_eq!(assembly.binary(b"one", MAX), Ok(None));
        assert_eq!(assembly.held_bytes(), 1 + 5 + 3);
        let whole = received(Kind::Event, Some("[\"a\"]"), &[b"one", b""]);
        assert_eq!(assembly.binary(b"", MAX), Ok(Some(whole)));
        assert_eq!(assembly.held_bytes(), 0);
        assert_eq!(assembly.binary(b"", MAX), Err(PacketError::BinaryAlone));
    }

    #[test]
    fn what_comes_out_of_turn_is_told_and_nothing_stays() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.binary(b"x", MAX), Err(PacketError::BinaryAlone));
        assert_eq!(assembly.text("51-[\"a\"]", MAX), Ok(None));
        assert_eq!(assembly.text("2[\"a\"]", MAX), Err(PacketError::TextBetween));
        assert_eq!(assembly.held_bytes(), 0);
        assert_eq!(assembly.binary(b"x", MAX), Err(PacketError::BinaryAlone));
        assert_eq!(assembly.text("4{}", MAX), Err(PacketError::FromServer));
        assert_eq!(assembly.text("2[]", MAX), Err(PacketError::Data));
        assert!(matches!(assembly.text("0", MAX), Ok(Some(_))), "it begins anew");
    }

    #[test]
    fn text_and_attachments_together_are_bounded() {
        let mut assembly = Assembly::default();
        let text = "52-[\"a\"]";
        assert_eq!(assembly.text(text, text.len() - 1), Err(PacketError::TooBig));
        for (last, is_taken) in [(4, true), (5, false)] {
            assert_eq!(assembly.text(text, 20), Ok(None));
            assert_eq!(assembly.binary(&[0; 10], 20), Ok(None));
            let outcome = assembly.binary(&vec![0; last], 20);
            assert_eq!(outcome.is_ok_and(|packet| packet.is_some()), is_taken);
            assert_eq!(assembly.held_bytes(), 0);
        }
    }
}
