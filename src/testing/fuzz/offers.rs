//! What is offered in `Sec-WebSocket-Extensions`, and the answer, by a naive reader (RFC 7692 section 7.1).

use super::lists::{blankless, elements};
use std::collections::BTreeMap;

/// Offers that are looked at.
const OFFERS_MAX: usize = 16;

/// The answer to the first offer that can be kept.
pub fn answer<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    let offers =
        values.flat_map(elements).filter(|parts| parts.len() > 1 || !blankless(&parts[0]).is_empty());
    offers.take(OFFERS_MAX).find_map(|parts| kept(&parts))
}

fn kept(parts: &[Vec<u8>]) -> Option<String> {
    if blankless(&parts[0]) != b"permessage-deflate" {
        return None;
    }
    let mut parameters: BTreeMap<String, Option<String>> = BTreeMap::new();
    for part in &parts[1..] {
        let (name, value) = match part.iter().position(|&b| b == b'=') {
            Some(at) => (&part[..at], Some(plain(blankless(&part[at + 1..]))?)),
            None => (&part[..], None),
        };
        let name = String::from_utf8(blankless(name).to_vec()).ok()?;
        if parameters.insert(name, value).is_some() {
            return None;
        }
    }
    let mut answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover".to_owned();
    for name in ["server_no_context_takeover", "client_no_context_takeover"] {
        if parameters.remove(name).flatten().is_some() {
            return None;
        }
    }
    if let Some(bits) = parameters.remove("server_max_window_bits") {
        let bits = bits.filter(|bits| ["9", "10", "11", "12", "13", "14", "15"].contains(&&**bits))?;
        answer.push_str(&format!("; server_max_window_bits={bits}"));
    }
    if let Some(bits) = parameters.remove("client_max_window_bits") {
        let bits = bits.unwrap_or_else(|| "15".to_owned());
        if !["8", "9", "10", "11", "12", "13", "14", "15"].contains(&&*bits) {
            return None;
        }
        answer.push_str(&format!("; client_max_window_bits={bits}"));
    }
    parameters.is_empty().then_some(answer)
}

/// A value without its quotes.
fn plain(value: &[u8]) -> Option<String> {
    let mut text = String::from_utf8(value.to_vec()).ok()?;
    if text.starts_with('"') {
        let mut inner = String::new();
        let mut characters = text[1..].chars();
        loop {
            match characters.next()? {
                '"' => break,
                '\\' => inner.push(characters.next()?),
                other => inner.push(other),
            }
        }
        if characters.next().is_some() {
            return None;
        }
        text = inner;
    }
    Some(text)
}
