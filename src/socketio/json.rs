//! JSON read token by token (RFC 8259).  Law: each byte is looked at once or twice, nothing recurses, and texts that are
//! no JSON give some tokens and never a panic; whether a text is JSON is for serde_json to say ([`check`]).

use super::error::PacketError;
use crate::limits::JSON_DEPTH_MAX;
use core::ops::Range;
use memchr::memchr2;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A token, by its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// `{` at this place.
    ObjectStart(usize),
    /// `}` before this place.
    ObjectEnd(usize),
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// The name of a member, with its quotation marks.
    Name(Range<usize>),
    /// A string, number, `true`, `false` or `null`.
    Scalar(Range<usize>),
}

/// The tokens of a text.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    /// The tokens of `json`.
    #[must_use]
    pub fn of(json: &'a str) -> Self {
        Tokens { text: json.as_bytes(), at: 0 }
    }

    fn string(&mut self, start: usize) -> Token {
        let end = string_end(self.text, start + 1);
        self.at = end;
        let next = self.text[end..].iter().find(|byte| !is_blank(**byte));
        if next == Some(&b':') { Token::Name(start..end) } else { Token::Scalar(start..end) }
    }

    fn literal(&mut self, start: usize) -> Token {
        let ends =
            |byte: &u8| is_blank(*byte) || matches!(byte, b',' | b']' | b'}' | b'{' | b'[' | b'"' | b':');
        let rest = &self.text[start..];
        self.at = start + rest.iter().position(ends).unwrap_or(rest.len());
        Token::Scalar(start..self.at)
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let between = |byte: &u8| is_blank(*byte) || matches!(byte, b',' | b':');
        let start = self.at + self.text.get(self.at..)?.iter().position(|byte| !between(byte))?;
        self.at = start + 1;
        Some(match self.text[start] {
            b'{' => Token::ObjectStart(start),
            b'}' => Token::ObjectEnd(self.at),
            b'[' => Token::ArrayStart,
            b']' => Token::ArrayEnd,
            b'"' => self.string(start),
            _ => self.literal(start),
        })
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The place after the quotation mark that ends the string whose inside begins at `at`.
fn string_end(text: &[u8], mut at: usize) -> usize {
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// What a string means that is given with its quotation marks; `None` if it is no string, or none of Unicode: escapes
/// may spell half a surrogate pair.
#[must_use]
pub fn string(spelled: &str) -> Option<Cow<'_, str>> {
    let inside = spelled.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        return serde_json::from_str(spelled).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inside))
}

/// Is the string that is given with its quotation marks this `name`?
#[must_use]
pub fn means(spelled: &str, name: &str) -> bool {
    // Most are neither escaped nor of its length.
    match spelled.contains('\\') {
        true => string(spelled).is_some_and(|text| text == name),
        false => spelled.len() == name.len() + 2 && spelled[1..].starts_with(name),
    }
}

/// `text` without the blanks around it, if it is JSON and not nested too deeply.
///
/// # Errors
/// It is not.
pub fn check(text: &str) -> Result<&RawValue, PacketError> {
    let value: &RawValue = serde_json::from_str(text).map_err(|_| PacketError::Json)?;
    // serde_json does not recurse where nothing is kept, so depth is looked at by itself.
    let mut depth = 0_usize;
    for token in Tokens::of(value.get()) {
        match token {
            Token::ObjectStart(_) | Token::ArrayStart => depth += 1,
            Token::ObjectEnd(_) | Token::ArrayEnd => depth = depth.saturating_sub(1),
            Token::Name(_) | Token::Scalar(_) => {}
        }
        if depth > JSON_DEPTH_MAX {
            return Err(PacketError::TooDeep);
        }
    }
    Ok(value)
}
