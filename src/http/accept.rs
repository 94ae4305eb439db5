//! Content negotiation (RFC 9110 section 12.5.1).  Law: what is malformed in `Accept` counts as not there; no `Accept`
//! at all accepts everything.

use super::syntax::{is_token, list, parameter, split_outside_quotes};

/// How welcome a media type is: 0 (not at all) to 1000.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quality(pub u16);

impl Quality {
    /// Not acceptable.
    pub const NONE: Quality = Quality(0);
    /// As welcome as can be.
    pub const FULL: Quality = Quality(1000);

    /// Is it acceptable at all?
    pub fn is_acceptable(self) -> bool {
        self > Quality::NONE
    }
}

/// How welcome `media_type` (`type/subtype`) is to a client that sent these `Accept` values. The most specific range
/// decides; parameters of ranges are not looked at.
pub fn accepts<'a>(values: impl Iterator<Item = &'a [u8]>, media_type: &str) -> Quality {
    let mut seen = false;
    let mut best = (Specificity::Nothing, Quality::NONE);
    for element in values.inspect(|_| seen = true).flat_map(list) {
        let Some(range) = Range::parse(element) else { continue };
        let Some(specificity) = range.matches(media_type) else { continue };
        // Of two equally specific ranges the more welcoming one counts.
        best = best.max((specificity, range.quality));
    }
    if seen { best.1 } else { Quality::FULL }
}

/// Do these `Accept` values name `media_type` itself, not only through `*`, with a quality above 0?
pub fn names<'a>(values: impl Iterator<Item = &'a [u8]>, media_type: &str) -> bool {
    values
        .flat_map(list)
        .filter_map(Range::parse)
        .any(|range| range.matches(media_type) == Some(Specificity::Exact) && range.quality.is_acceptable())
}

/// Does a client that sent these `Accept` values want something, and none of `media_types`? `values` gives them each
/// time. Who only says what it does not want may get anything (RFC 9110 section 12.5.1).
pub fn refuses<'a, I: Iterator<Item = &'a [u8]>>(values: impl Fn() -> I, media_types: &[&str]) -> bool {
    let mut ranges = values().flat_map(list).filter_map(Range::parse);
    let wants_something = ranges.any(|range| range.quality.is_acceptable());
    wants_something && !media_types.iter().any(|media_type| accepts(values(), media_type).is_acceptable())
}

#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Nothing,
    All,
    Type,
    Exact,
}

/// An element of `Accept`.
struct Range<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
    quality: Quality,
}

impl<'a> Range<'a> {
    fn parse(element: &'a [u8]) -> Option<Self> {
        let mut parts = split_outside_quotes(element, b';');
        let mut names = parts.next()?.splitn(2, |&b| b == b'/');
        let (kind, subtype) = (names.next()?, names.next()?);
        if !is_token(kind) || !is_token(subtype) || (kind == b"*" && subtype != b"*") {
            return None;
        }
        let weight = parts.filter_map(parameter).find(|(name, _)| name.eq_ignore_ascii_case(b"q"));
        let quality = match weight {
            None => Quality::FULL,
            Some((_, text)) => parse_quality(text)?,
        };
        Some(Range { kind, subtype, quality })
    }

    fn matches(&self, media_type: &str) -> Option<Specificity> {
        let (kind, subtype) = media_type.split_once('/')?;
        if self.kind == b"*" {
            return Some(Specificity::All);
        }
        if !self.kind.eq_ignore_ascii_case(kind.as_bytes()) {
            return None;
        }
        if self.subtype == b"*" {
            return Some(Specificity::Type);
        }
        self.subtype.eq_ignore_ascii_case(subtype.as_bytes()).then_some(Specificity::Exact)
    }
}

/// `0` or `1` with up to three decimals, at most 1 (RFC 9110 section 12.4.2).
fn parse_quality(text: &[u8]) -> Option<Quality> {
    let (whole, decimals) = match text {
        [whole @ (b'0' | b'1')] => (whole, &b""[..]),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] => (whole, decimals),
        _ => return None,
    };
    if decimals.len() > 3 || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let padded = decimals.iter().copied().chain(core::iter::repeat(b'0')).take(3);
    let value = padded.fold(u16::from(whole - b'0'), |sum, digit| sum * 10 + u16::from(digit - b'0'));
    (value <= 1000).then_some(Quality(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<'a>(fields: &[&'a str]) -> impl Iterator<Item = &'a [u8]> {
        fields.iter().map(|field| field.as_bytes()).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn the_most_specific_range_decides() {
        let sse = "text/event-stream";
        let cases: [(&[&str], u16); 17] = [
            (&[], 1000),
            (&[""], 0),
            (&["text/event-stream"], 1000),
            (&["Text/Event-Stream; charset=utf-8"], 1000),
            (&["*/*"], 1000),
            (&["text/*;q=0.5"], 500),
            (&["text/html, */*;q=0.1"], 100),
            (&["text/event-stream;q=0, */*"], 0),
            (&["text/event-stream;q=0.1, text/*;q=0.9"], 100),
            (&["text/html", "text/event-stream;q=0.25"], 250),
            (&["application/json"], 0),
            (&["text/event-stream;q=1.000"], 1000),
            (&["text/event-stream;q=1.001"], 0),
            (&["text/event-stream;q=0.1234"], 0),
            (&["text/event-stream;q=high"], 0),
            (&["*/event-stream"], 0),
            (&[r#"text/html;a=", text/event-stream;""#], 0),
        ];
        for (fields, expected) in cases {
            assert_eq!(accepts(values(fields), sse), Quality(expected), "{fields:?}");
        }
    }

    #[test]
    fn who_wants_something_else_refuses() {
        let ours = ["application/json", "text/event-stream"];
        let cases: [(&[&str], bool); 12] = [
            (&[], false),
            (&[""], false),
            (&["*"], false),
            (&["json, image/png;q=high"], false),
            (&["*/*"], false),
            (&["image/png, */*;q=0.001"], false),
            (&["text/*"], false),
            (&["image/png", "application/json"], false),
            (&["image/png"], true),
            (&["image/png", "text/html;level=1"], true),
            (&["application/json;q=0, text/event-stream;q=0.0, */*"], true),
            (&["*/*;q=0"], false),
        ];
        for (fields, expected) in cases {
            assert_eq!(refuses(|| values(fields), &ours), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_type_is_named_only_by_itself() {
        let cases: [(&[&str], bool); 8] = [
            (&[], false),
            (&["*/*"], false),
            (&["text/*"], false),
            (&["text/event-stream"], true),
            (&["*/*, TEXT/EVENT-STREAM;Q=0.001"], true),
            (&["text/event-stream;q=0"], false),
            (&["text/html", "text/event-stream"], true),
            (&["text/event-stream-2"], false),
        ];
        for (fields, expected) in cases {
            assert_eq!(names(values(fields), "text/event-stream"), expected, "{fields:?}");
        }
    }
}
