//! Payloads, compressed for every window.

use super::wire;
use crate::testing::decode::inflate::inflate as naive;
use crate::testing::laws;
use crate::ws::deflate::{Compressors, InflateError, Inflater, WindowBits};
use crate::ws::{Kind, Received, Receiver};

/// Bytes of a payload: some of the smaller windows.
const PAYLOAD_MAX: usize = 8 << 10;
/// What the sender leaves out (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Law: what is compressed inflates to the same payload, by a reader that goes bit by bit and looks back no further
/// than the window, by our own, and by the receiver, in however many fragments; no message depends on one before it.
///
/// The first byte chooses the window, the second how often the rest is repeated.
pub fn deflate(data: &[u8]) {
    let &[bits, times, ref text @ ..] = data else { return };
    let window = WindowBits::new(9 + bits % 7).expect("9 to 15 are windows");
    let mut payload = text.repeat(1 + usize::from(times % 32));
    payload.truncate(PAYLOAD_MAX);
    let mut compressors = Compressors::new();
    let compressed = compressors.compress(&payload, window).to_vec();
    compressors.compress(b"another message", window);
    assert_eq!(compressors.compress(&payload, window), compressed, "it stands alone");
    let read = naive(&[&compressed[..], &TAIL].concat(), 1 << window.get());
    assert_eq!(read.as_deref(), Ok(&payload[..]));
    let mut inflater = Inflater::new();
    assert_eq!(inflater.inflate(&compressed, payload.len()).as_deref(), Ok(&payload[..]));
    if let Some(less) = payload.len().checked_sub(1) {
        assert_eq!(inflater.inflate(&compressed, less), Err(InflateError::TooBig));
    }
    let mut bytes = Vec::new();
    wire::compressed(false, &laws::pieces(&compressed, bits.into()), &mut bytes);
    let mut input = &mut bytes[..];
    let mut receiver = Receiver::new();
    loop {
        match receiver.next(&mut input, payload.len().max(64), Some(&mut inflater)) {
            Ok(Some(Received::Ping(_))) => {}
            Ok(Some(Received::Message { kind: Kind::Binary, data })) => {
                return assert_eq!(*data, *payload);
            }
            other => panic!("{other:?}"),
        }
    }
}
