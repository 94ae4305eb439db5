//! Byte ranges (RFC 9110 section 14).  Law: a range that is sent lies within the length and is not empty; whatever is
//! malformed, or more than one range, gets the whole.

use super::syntax::{saturating_decimal, trim_ows};
use core::ops::Range;

/// What part to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeOutcome {
    /// All of it, with 200.
    Whole,
    /// These bytes, with 206.
    Single(Range<u64>),
    /// Nothing: 416 with `Content-Range: bytes */LEN`.
    Unsatisfiable,
}

/// What the value of `Range` asks for, of something with `len` bytes.
pub fn parse_range(value: &[u8], len: u64) -> RangeOutcome {
    let outcome = byte_range(value).and_then(|(first, last)| match (first, last) {
        (Some(first), last) => from_first(first, last, len),
        (None, last) => last.map(|count| suffix(count, len)),
    });
    outcome.unwrap_or(RangeOutcome::Whole)
}

/// The two numbers of `bytes=A-B`, either of them absent.
fn byte_range(value: &[u8]) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, ranges) = value.split_at_checked(6)?;
    if !unit.eq_ignore_ascii_case(b"bytes=") {
        return None;
    }
    let ranges = trim_ows(ranges);
    let dash = ranges.iter().position(|&b| b == b'-')?;
    Some((number(ranges.get(..dash)?)?, number(ranges.get(dash + 1..)?)?))
}

/// `Some(None)` if `text` is empty, `None` if it is no number. Beyond 64 bits is beyond every length.
fn number(text: &[u8]) -> Option<Option<u64>> {
    if text.is_empty() { Some(None) } else { saturating_decimal(text).map(Some) }
}

fn from_first(first: u64, last: Option<u64>, len: u64) -> Option<RangeOutcome> {
    if last.is_some_and(|last| last < first) {
        return None;
    }
    if first >= len {
        return Some(RangeOutcome::Unsatisfiable);
    }
    let end = last.map_or(len, |last| last.saturating_add(1).min(len));
    Some(RangeOutcome::Single(first..end))
}

/// The last `count` bytes. Of nothing these are nothing, which no 206 can say: the whole then.
fn suffix(count: u64, len: u64) -> RangeOutcome {
    match (count, len) {
        (0, _) => RangeOutcome::Unsatisfiable,
        (_, 0) => RangeOutcome::Whole,
        _ => RangeOutcome::Single(len.saturating_sub(count)..len),
    }
}

#[cfg(test)]
mod tests {
    use super::RangeOutcome::*;
    use super::*;

    #[test]
    fn a_single_range_is_cut_to_the_length() {
        let cases = [
            ("bytes=0-0", 10, Single(0..1)),
            ("bytes=0-9", 10, Single(0..10)),
            ("bytes=3-", 10, Single(3..10)),
            ("bytes=3-99", 10, Single(3..10)),
            ("Bytes= 3-4 ", 10, Single(3..5)),
            ("bytes=-3", 10, Single(7..10)),
            ("bytes=-30", 10, Single(0..10)),
            ("bytes=9-18446744073709551615", 10, Single(9..10)),
            ("bytes=9-99999999999999999999999", 10, Single(9..10)),
            ("bytes=10-", 10, Unsatisfiable),
            ("bytes=10-20", 10, Unsatisfiable),
            ("bytes=99999999999999999999999-", 10, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=-0", 10, Unsatisfiable),
            ("bytes=-5", 0, Whole),
            ("bytes=5-3", 10, Whole),
            ("bytes=5-3", 2, Whole),
            ("bytes=0-1,3-4", 10, Whole),
            ("bytes=-", 10, Whole),
            ("bytes=", 10, Whole),
            ("bytes=a-b", 10, Whole),
            ("bytes=+1-2", 10, Whole),
            ("bytes=--1", 10, Whole),
            ("bytes 0-1", 10, Whole),
            ("lines=0-1", 10, Whole),
            ("", 10, Whole),
        ];
        for (value, len, expected) in cases {
            assert_eq!(parse_range(value.as_bytes(), len), expected, "{value:?} of {len}");
        }
    }
}
