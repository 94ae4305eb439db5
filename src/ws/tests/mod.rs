//! What the parts of the folder do together.

mod autobahn;
mod bounds;
mod compressed;
mod random;
mod receiver;
mod splits;
mod tungstenite;

use super::{
    CloseCode, Header, Inflater, Kind, Opcode, Payload, ReceiveError, Received, Receiver, encode_header, mask,
};
use std::borrow::Cow;

/// The bound for messages where a test does not speak of it.
const MAX: usize = 1 << 20;

/// What came of an input: all that was received, and how it ended if it did.
type Outcome = (Vec<Received<'static>>, Option<ReceiveError>);

/// A client's frame with a mask that shows when it is off by one.
fn client_frame(is_final: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    masked(Header { is_final, rsv1: false, opcode, mask: None, len: 0 }, payload)
}

/// A frame with this header, but for mask and length.
fn masked(header: Header, payload: &[u8]) -> Vec<u8> {
    let key = [0x11, 0x82, 0xf3, 0x04];
    let mut out = Vec::new();
    encode_header(Header { mask: Some(key), len: payload.len() as u64, ..header }, &mut out);
    let start = out.len();
    out.extend_from_slice(payload);
    let _ = mask::apply(key, &mut out[start..]);
    out
}

/// Lets a new receiver read the parts one after the other, without compression.
fn receive(parts: &[&[u8]], max_message: usize) -> Outcome {
    receive_by(parts, max_message, None)
}

/// Lets a new receiver read the parts one after the other.
fn receive_by(parts: &[&[u8]], max_message: usize, mut inflater: Option<&mut Inflater>) -> Outcome {
    let mut receiver = Receiver::new();
    let mut all = Vec::new();
    for part in parts {
        let mut part = part.to_vec();
        let mut input = &mut part[..];
        loop {
            match receiver.next(&mut input, max_message, inflater.as_deref_mut()) {
                Ok(Some(received)) => all.push(owned(received)),
                Ok(None) => break assert!(input.is_empty(), "all is consumed before it asks for more"),
                Err(error) => {
                    assert_eq!(receiver.held_bytes(), 0, "a dead receiver holds nothing");
                    return (all, Some(error));
                }
            }
        }
    }
    (all, None)
}

/// Pulls until nothing more comes, and sees that all the input was taken.
fn drain(
    receiver: &mut Receiver,
    part: &mut [u8],
    max_message: usize,
    all: &mut Vec<Received<'static>>,
) -> Result<(), ReceiveError> {
    let mut input = part;
    while let Some(received) = receiver.next(&mut input, max_message, None)? {
        all.push(owned(received));
    }
    assert!(input.is_empty(), "the input is consumed before the receiver asks for more");
    Ok(())
}

fn owned(received: Received<'_>) -> Received<'static> {
    let keep = |payload: Payload<'_>| Payload::Owned(payload.into_owned());
    match received {
        Received::Message { kind, data } => Received::Message { kind, data: keep(data) },
        Received::Ping(payload) => Received::Ping(keep(payload)),
        Received::Pong(payload) => Received::Pong(keep(payload)),
        Received::Close(told) => {
            Received::Close(told.map(|(code, reason)| (code, Cow::Owned(reason.into_owned()))))
        }
    }
}

fn text(data: &str) -> Received<'static> {
    Received::Message { kind: Kind::Text, data: Payload::Owned(data.into()) }
}

fn binary(data: &[u8]) -> Received<'static> {
    Received::Message { kind: Kind::Binary, data: Payload::Owned(data.to_vec()) }
}

fn ping(data: &[u8]) -> Received<'static> {
    Received::Ping(Payload::Owned(data.to_vec()))
}

fn pong(data: &[u8]) -> Received<'static> {
    Received::Pong(Payload::Owned(data.to_vec()))
}

fn close(code: CloseCode, reason: &str) -> Received<'static> {
    Received::Close(Some((code, Cow::Owned(reason.to_owned()))))
}
