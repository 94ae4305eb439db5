//! Packets of Socket.IO and their attachments, in any order.

use crate::socketio::{Assembly, Kind, Packet, PacketError, Received};

/// Law: a packet comes out when its last attachment has come, as a naive list of what came says; at most one is under
/// way; it holds no more than it may; after an error nothing is held.
///
/// The first byte is the bound, in fours of bytes. Then come messages, each up to the next 0xFF: text, or binary after
/// 0xFE.
pub fn assembly(data: &[u8]) {
    let Some((&bound, messages)) = data.split_first() else { return };
    let bytes_max = usize::from(bound) * 4;
    let (mut assembly, mut naive) = (Assembly::default(), Naive::default());
    for message in messages.split(|&byte| byte == 0xff) {
        let (outcome, expected) = match (message.strip_prefix(&[0xfe]), core::str::from_utf8(message)) {
            (Some(bytes), _) => (assembly.binary(bytes, bytes_max), naive.binary(bytes, bytes_max)),
            (None, Ok(text)) => (assembly.text(text, bytes_max), naive.text(text, bytes_max)),
            (None, Err(_)) => continue,
        };
        assert_eq!(outcome, expected);
        assert!(assembly.held_bytes() <= bytes_max);
        assert_eq!(assembly.held_bytes() > 0, naive.waiting.is_some());
        assert!(outcome.is_ok() || assembly.held_bytes() == 0);
    }
}

/// Every message of the packet under way.
#[derive(Default)]
struct Naive {
    waiting: Option<(String, Vec<Vec<u8>>)>,
}

impl Naive {
    fn text(&mut self, text: &str, bytes_max: usize) -> Result<Option<Received>, PacketError> {
        if self.waiting.take().is_some() {
            return Err(PacketError::TextBetween);
        }
        if text.len() > bytes_max {
            return Err(PacketError::TooBig);
        }
        if Packet::decode(text)?.kind == Kind::ConnectError {
            return Err(PacketError::FromServer);
        }
        self.waiting = Some((text.to_owned(), Vec::new()));
        self.whole()
    }

    fn binary(&mut self, bytes: &[u8], bytes_max: usize) -> Result<Option<Received>, PacketError> {
        let (text, parts) = self.waiting.as_mut().ok_or(PacketError::BinaryAlone)?;
        parts.push(bytes.to_vec());
        let packet = Packet::decode(text)?;
        let parts_bytes: usize = parts.iter().map(Vec::len).sum();
        if packet.namespace.len() + packet.data.unwrap_or("").len() + parts_bytes > bytes_max {
            self.waiting = None;
            return Err(PacketError::TooBig);
        }
        self.whole()
    }

    fn whole(&mut self) -> Result<Option<Received>, PacketError> {
        let Some((text, parts)) = self.waiting.take() else { return Ok(None) };
        let packet = Packet::decode(&text)?;
        if parts.len() < packet.attachments {
            self.waiting = Some((text, parts));
            return Ok(None);
        }
        Ok(Some(Received {
            kind: match packet.kind {
                Kind::BinaryEvent => Kind::Event,
                Kind::BinaryAck => Kind::Ack,
                other => other,
            },
            namespace: packet.namespace.into(),
            id: packet.id,
            data: packet.data.map(Box::from),
            attachments: parts.into_iter().map(Vec::into_boxed_slice).collect(),
        }))
    }
}
