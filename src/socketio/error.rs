//! Why a packet is none.  All are the peer's faults, after which its connection ends.

/// What is wrong with a packet.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum PacketError {
    /// Nothing where a packet should be.
    Empty,
    /// It begins with none of the seven types.
    UnknownType,
    /// The number of attachments is none, or `-` does not follow it.
    Attachments,
    /// More attachments than are taken.
    TooManyAttachments,
    /// The acknowledgement id is greater than JavaScript's numbers are exact, or none is there where one must be.
    Id,
    /// The data is not JSON.
    Json,
    /// JSON that is nested too deeply.
    TooDeep,
    /// JSON, but not what this type carries.
    Data,
    /// An event's name that is reserved.
    ReservedEvent,
    /// A type that only servers send.
    FromServer,
    /// An attachment that no packet waits for.
    BinaryAlone,
    /// Text where an attachment should be.
    TextBetween,
    /// A placeholder of no attachment, or the second of one.
    Placeholder,
    /// With its attachments it is longer than messages may be.
    TooBig,
}

impl PacketError {
    /// Every one.
    pub const ALL: [PacketError; 14] = [
        PacketError::Empty,
        PacketError::UnknownType,
        PacketError::Attachments,
        PacketError::TooManyAttachments,
        PacketError::Id,
        PacketError::Json,
        PacketError::TooDeep,
        PacketError::Data,
        PacketError::ReservedEvent,
        PacketError::FromServer,
        PacketError::BinaryAlone,
        PacketError::TextBetween,
        PacketError::Placeholder,
        PacketError::TooBig,
    ];

    /// What was wrong, for the log and the peer.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            PacketError::Empty => "an empty packet",
            PacketError::UnknownType => "a packet begins with a digit from 0 to 6",
            PacketError::Attachments => "a binary packet says how many attachments follow: 51-[…]",
            PacketError::TooManyAttachments => "more than 10 attachments",
            PacketError::Id => "an acknowledgement id is a number up to 2^53-1, and an ACK has one",
            PacketError::Json => "the data of a packet is JSON (RFC 8259)",
            PacketError::TooDeep => "JSON that is nested more than 128 deep",
            PacketError::Data => "the data does not fit the type of the packet",
            PacketError::ReservedEvent => "the name of an event is one that clients keep for themselves",
            PacketError::FromServer => "only servers send CONNECT_ERROR",
            PacketError::BinaryAlone => "binary data, but no packet waits for an attachment",
            PacketError::TextBetween => "text, but the packet before it waits for an attachment",
            PacketError::Placeholder => "a placeholder names an attachment of its packet, each once",
            PacketError::TooBig => "a packet and its attachments are longer than a message may be",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{ATTACHMENTS_MAX, JSON_DEPTH_MAX};

    #[test]
    fn details_are_distinct_and_name_the_bounds() {
        let details: std::collections::BTreeSet<_> = PacketError::ALL.map(PacketError::detail).into();
        assert_eq!(details.len(), PacketError::ALL.len());
        let named = |error: PacketError, bound: usize| error.detail().contains(&bound.to_string());
        assert!(named(PacketError::TooManyAttachments, ATTACHMENTS_MAX));
        assert!(named(PacketError::TooDeep, JSON_DEPTH_MAX));
    }
}
