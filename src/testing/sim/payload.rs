//! What is published: payloads that are told apart by a number, of every kind and many lengths.

use super::ledger::Ledger;
use crate::testing::decode::socketio::alone;
use crate::testing::dice::Dice;

/// A payload and what it is called.
#[derive(Clone, Debug)]
pub struct Payload {
    /// Its bytes.
    pub data: Vec<u8>,
    /// Its `Content-Type`, if it needs one.
    pub content_type: Option<&'static str>,
}

impl Payload {
    /// A new one, now and then longer than `max` bytes.
    pub fn throw(ledger: &mut Ledger, dice: &mut Dice, max: usize) -> Self {
        let number = ledger.next_number();
        let length = if dice.one_in(60) { 90_000 } else { dice.below(max) };
        let payload = match dice.below(4) {
            0 => Payload {
                data: json(number, dice, length).into_bytes(),
                content_type: Some("application/json"),
            },
            1 => {
                let mut data = format!("{number}:").into_bytes();
                data.extend((0..length).map(|_| dice.below(256) as u8));
                // So that it is no text.
                data.push(0xff);
                Payload { data, content_type: None }
            }
            _ => Payload { data: Self::text(number, dice, length).into_bytes(), content_type: None },
        };
        ledger.made(&payload.data);
        payload
    }

    /// A text for a WebSocket command.
    pub fn throw_text(ledger: &mut Ledger, dice: &mut Dice, max: usize) -> String {
        let number = ledger.next_number();
        let length = dice.below(max);
        let text = Self::text(number, dice, length);
        ledger.made(text.as_bytes());
        text
    }

    fn text(number: u64, dice: &mut Dice, length: usize) -> String {
        format!("{number} {}", fill(dice, length))
    }
}

/// Mostly an object; now and then with bytes in it, as those who speak Socket.IO get them, or nothing but bytes.
fn json(number: u64, dice: &mut Dice, length: usize) -> String {
    let bytes = alone(&[number.to_string().as_bytes(), &[0xff; 2][..dice.below(3)]].concat());
    match dice.below(8) {
        0 => bytes,
        1 => format!(r#"{{"n":{number},"bytes":[{bytes},{bytes}]}}"#),
        _ => format!(r#"{{"n":{number},"fill":"{}"}}"#, fill(dice, length)),
    }
}

/// Text that compresses well, or badly, without what JSON must escape.
fn fill(dice: &mut Dice, length: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz </script>&0123456789";
    if dice.one_in(2) {
        return "ha ".repeat(length / 3);
    }
    (0..length).map(|_| char::from(*dice.pick(LETTERS))).collect()
}
