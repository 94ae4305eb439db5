//! Channel names and ids, fed arbitrary text.

use crate::channel_name::ChannelName;
use crate::message::{ClientId, MessageId};

/// Law: a text is a channel name, a message id or the id of a client if and only if a naive reader says so; each prints
/// as it was read; ids stand in the order of their numbers, with one before and one after each.
///
/// Message ids are looked at two by two, line by line.
pub fn names(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let name = ChannelName::parse(text);
    assert_eq!(name.is_ok(), is_name(text), "{name:?}");
    match &name {
        Ok(name) => assert_eq!((&**name, name.to_string()), (text, text.to_owned())),
        Err(error) => assert!(!error.detail().is_empty()),
    }
    client(text);
    let mut last = MessageId::ZERO;
    for line in text.lines() {
        if let Some(id) = message(line) {
            assert_eq!(last.cmp(&id), number(last).cmp(&number(id)));
            last = id;
        }
    }
}

/// One segment after another, with a slash between them.
fn is_name(text: &str) -> bool {
    const PLAIN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~:@+-";
    let is_segment = |segment: &str| {
        let is_dots = segment == "." || segment == "..";
        !segment.is_empty() && !is_dots && segment.chars().all(|c| PLAIN.contains(c))
    };
    text.split('/').all(is_segment) && text.len() <= 255 && !text.starts_with('@')
}

/// Sixteen characters of base64url are twelve bytes, and have one spelling.
fn client(text: &str) {
    let id = text.parse::<ClientId>();
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    assert_eq!(id.is_ok(), text.len() == 16 && is_plain);
    if let Ok(id) = id {
        assert_eq!(id.to_string(), text);
    }
}

fn message(text: &str) -> Option<MessageId> {
    let naive = text.split_once('-').and_then(|(ms, seq)| Some(MessageId::new(decimal(ms)?, decimal(seq)?)));
    let id = text.parse::<MessageId>().ok();
    assert_eq!(id, naive, "{text:?}");
    let id = id?;
    assert_eq!(id.to_string().parse(), Ok(id));
    if id != MessageId::MAX {
        assert_eq!(number(id.successor()), number(id) + 1);
        assert_eq!(id.successor().predecessor(), id);
    }
    if id != MessageId::ZERO {
        assert_eq!(id.predecessor().successor(), id);
    }
    Some(id)
}

/// Digit by digit.
fn decimal(text: &str) -> Option<u64> {
    let mut number: u64 = 0;
    for c in text.chars() {
        let digit = "0123456789".find(c)?;
        number = number.checked_mul(10)?.checked_add(digit as u64)?;
    }
    (!text.is_empty()).then_some(number)
}

fn number(id: MessageId) -> u128 {
    u128::from(id.ms) << 64 | u128::from(id.seq)
}
