//! What publishers were told of what they sent.  Law: what was acknowledged is in the log once, with the id that was
//! told; what was refused for good is not there; what may have been done is there at most once.

use super::truth::Truth;
use crate::message::MessageId;
use std::collections::BTreeMap;

/// A payload that was sent; each is sent by one publisher only, and again only under the same idempotency key.
pub type Payload = Vec<u8>;

/// What is known of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    /// Nobody was told anything, or only that it may be there.
    Perhaps,
    /// It is there.
    Acknowledged { channel: String, id: MessageId },
    /// It is not there.
    Refused,
}

/// Every payload ever sent.
#[derive(Default)]
pub struct Ledger {
    known: BTreeMap<Payload, Known>,
    made: u64,
    /// By question: which answer was said to have won.
    answered: BTreeMap<String, u64>,
    /// Bytes of the largest payload in its widest encoding.
    widest: usize,
}

impl Ledger {
    /// A number that no payload had before.
    pub fn next_number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// A payload leaves.
    pub fn sent(&mut self, payload: &[u8]) {
        self.known.entry(payload.to_vec()).or_insert(Known::Perhaps);
    }

    /// A payload is made.
    pub fn made(&mut self, payload: &[u8]) {
        self.widest = self.widest.max(widest(payload));
    }

    /// Bytes of the largest payload in its widest encoding.
    pub fn widest(&self) -> usize {
        self.widest
    }

    /// The server says under which id it is in the log.
    pub fn acknowledged(
        &mut self,
        truth: &Truth,
        channel: &str,
        payload: &[u8],
        id: MessageId,
    ) -> Result<(), String> {
        let record = truth.record(channel, id).ok_or_else(|| format!("{channel}: {id} is not in the log"))?;
        if record.data != payload {
            return Err(format!("{channel}: {id} is something else"));
        }
        let now = Known::Acknowledged { channel: channel.to_owned(), id };
        match self.known.insert(payload.to_vec(), now.clone()) {
            Some(Known::Perhaps) | None => {}
            Some(before) if before == now => {}
            Some(before) => return Err(format!("first {before:?}, then {now:?}")),
        }
        self.is_once(truth, payload)
    }

    /// The server says that the answer `number` to `ask` was the first; is it the only one?
    pub fn has_answered(&mut self, ask: &str, number: u64) -> bool {
        *self.answered.entry(ask.to_owned()).or_insert(number) == number
    }

    /// The server says that it did not do it and will not.
    pub fn refused(&mut self, payload: &[u8]) {
        self.known.insert(payload.to_vec(), Known::Refused);
    }

    /// Holds everything against the log.
    pub fn check(&self, truth: &Truth) -> Result<(), String> {
        for (payload, known) in &self.known {
            self.is_once(truth, payload)?;
            let count = truth.count_of(payload);
            match known {
                Known::Perhaps => {}
                Known::Acknowledged { channel, id } if count == 0 => {
                    return Err(format!("{channel}: {id} was acknowledged and is nowhere"));
                }
                Known::Refused if count > 0 => return Err(format!("{payload:?} was refused and is there")),
                Known::Acknowledged { .. } | Known::Refused => {}
            }
        }
        Ok(())
    }

    fn is_once(&self, truth: &Truth, payload: &[u8]) -> Result<(), String> {
        match truth.count_of(payload) {
            0 | 1 => Ok(()),
            count => Err(format!("{} was published once and is there {count} times", payload.escape_ascii())),
        }
    }
}

/// A script escapes what could end it as `\u003c`; what is no text is in base64.
fn widest(payload: &[u8]) -> usize {
    let is_escaped = |byte: &&u8| !byte.is_ascii_graphic() && **byte != b' ' || b"<>&\"\\".contains(byte);
    match core::str::from_utf8(payload) {
        Ok(_) => payload.len() + 5 * payload.iter().filter(is_escaped).count(),
        Err(_) => payload.len() + payload.len() / 3 + 4,
    }
}
