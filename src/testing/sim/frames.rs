//! How a client's frames look: whole or in fragments, compressed or not, under any mask.  Law: all of them mean the same.

use super::outbox::Outbox;
use crate::testing::decode::deflate::{Windows, deflated};
use crate::testing::decode::websocket::{
    BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, RSV1, TEXT, client_frame,
};
use crate::testing::dice::Dice;

/// Says a message; `deflate` as agreed in the handshake.
pub fn say_message(
    out: &mut Outbox,
    deflate: Option<Windows>,
    payload: &[u8],
    is_text: bool,
    dice: &mut Dice,
) {
    let (bytes, rsv1) = match deflate {
        Some(windows) if dice.one_in(2) => (deflated(payload, windows.client_bits), RSV1),
        _ => (payload.to_vec(), 0),
    };
    let mut first = rsv1 | if is_text { TEXT } else { BINARY };
    let mut rest = &bytes[..];
    while dice.one_in(3) {
        let (fragment, more) = rest.split_at(dice.below(rest.len() + 1));
        out.say(client_frame(first, mask(dice), fragment));
        (first, rest) = (CONTINUATION, more);
        if dice.one_in(4) {
            out.say(client_frame(FIN | PONG, mask(dice), b"in between"));
        }
    }
    out.say(client_frame(FIN | first, mask(dice), rest));
}

/// Asks for a pong.
pub fn say_ping(out: &mut Outbox, dice: &mut Dice) {
    let payload = vec![b'p'; dice.below(126)];
    out.say(client_frame(FIN | PING, mask(dice), &payload));
}

/// Answers a ping.
pub fn say_pong(out: &mut Outbox, payload: &[u8]) {
    out.say(client_frame(FIN | PONG, [9, 8, 7, 6], payload));
}

/// Closes.
pub fn say_close(out: &mut Outbox, dice: &mut Dice) {
    out.say(client_frame(FIN | CLOSE, mask(dice), &1000u16.to_be_bytes()));
}

fn mask(dice: &mut Dice) -> [u8; 4] {
    core::array::from_fn(|_| dice.below(256) as u8)
}
