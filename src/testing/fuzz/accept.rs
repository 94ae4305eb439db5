//! `Accept`, fed arbitrary values.

use super::lists::{blankless, elements};
use crate::http::accept::{self, Quality};
use crate::http::syntax::{is_field_byte, is_token};

/// What is asked for.
const TYPES: [&str; 5] =
    ["text/event-stream", "application/json", "text/html", "application/x-ndjson", "image/png"];

/// Law: a type is as welcome as a naive reader of the same values finds it, who cuts them in one pass; lists may stand
/// in one field or in many, in any order, with nonsense between them. Who wants something, and nothing of ours, refuses.
///
/// Each line is a value of the field.
pub fn accept(data: &[u8]) {
    let values: Vec<&[u8]> =
        data.split(|&b| b == b'\n').filter(|value| value.iter().all(|&b| is_field_byte(b))).collect();
    let ranges: Vec<Range> =
        values.iter().flat_map(|value| elements(value)).filter_map(|e| range(&e)).collect();
    let mut turned = values.clone();
    turned.reverse();
    let mut disturbed: Vec<&[u8]> = values.iter().flat_map(|value| [b",;q=2, /", *value]).collect();
    disturbed.push(b"text/html;q=x, \"text/event-stream");
    for wanted in TYPES {
        let quality = accept::accepts(values.iter().copied(), wanted);
        let expected = if values.is_empty() { 1000 } else { welcome(&ranges, wanted) };
        assert_eq!(quality, Quality(expected), "{wanted}");
        assert_eq!(accept::accepts(turned.iter().copied(), wanted), quality, "in another order");
        if !values.is_empty() {
            assert_eq!(accept::accepts(disturbed.iter().copied(), wanted), quality, "with nonsense");
        }
        let is_named = ranges.iter().any(|range| specificity(range, wanted) == 3 && range.thousandths > 0);
        assert_eq!(accept::names(values.iter().copied(), wanted), is_named, "{wanted}");
    }
    let wants_something = ranges.iter().any(|range| range.thousandths > 0);
    for ours in [&TYPES[..2], &TYPES] {
        let is_refused = wants_something && ours.iter().all(|wanted| welcome(&ranges, wanted) == 0);
        assert_eq!(accept::refuses(|| values.iter().copied(), ours), is_refused, "{ours:?}");
    }
}

/// One range of types.
struct Range {
    kind: String,
    subtype: String,
    thousandths: u16,
}

/// The most specific range decides; of two that are equally so, the better one.
fn welcome(ranges: &[Range], wanted: &str) -> u16 {
    let fitting = |level| ranges.iter().filter(move |range| specificity(range, wanted) == level);
    let level = (1..=3).rev().find(|&level| fitting(level).next().is_some());
    level.and_then(|level| fitting(level).map(|range| range.thousandths).max()).unwrap_or(0)
}

/// 3: the type itself; 2: any of its kind; 1: anything; 0: something else.
fn specificity(range: &Range, wanted: &str) -> u8 {
    let name = format!("{}/{}", range.kind, range.subtype);
    let (kind, _) = wanted.split_once('/').expect("the types are types");
    match name {
        _ if name == wanted => 3,
        _ if name == format!("{kind}/*") => 2,
        _ if name == "*/*" => 1,
        _ => 0,
    }
}

/// `type/subtype`, and the first parameter that is called `q`.
fn range(parts: &[Vec<u8>]) -> Option<Range> {
    let name = blankless(&parts[0]);
    let slash = name.iter().position(|&b| b == b'/')?;
    let (kind, subtype) = (&name[..slash], &name[slash + 1..]);
    if !is_token(kind) || !is_token(subtype) || (kind == b"*" && subtype != b"*") {
        return None;
    }
    let weight = parts[1..].iter().find_map(|part| {
        let equals = part.iter().position(|&b| b == b'=')?;
        let is_weight = blankless(&part[..equals]).eq_ignore_ascii_case(b"q");
        is_weight.then(|| blankless(&part[equals + 1..]))
    });
    let lower = |text: &[u8]| String::from_utf8_lossy(text).to_lowercase();
    let thousandths = weight.map_or(Some(1000), thousandths)?;
    Some(Range { kind: lower(kind), subtype: lower(subtype), thousandths })
}

/// `0`, `0.` or `0.5`, with at most three digits, or `1`, `1.` and zeros.
fn thousandths(text: &[u8]) -> Option<u16> {
    let text = core::str::from_utf8(text).ok()?;
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = decimals.len() <= 3 && decimals.bytes().all(|b| b.is_ascii_digit());
    match whole {
        "0" if is_number => format!("{decimals:0<3}").parse().ok(),
        "1" if is_number && decimals.bytes().all(|b| b == b'0') => Some(1000),
        _ => None,
    }
}
