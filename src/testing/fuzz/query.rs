//! Queries and paths, fed arbitrary text.

use crate::http::{self, HeadScanner, Query, TargetError, decode_path};

type Pair = Result<(String, String), TargetError>;

/// Law: a query gives the pairs that a naive reader gives, which goes byte by byte; pairs that are spelled anew,
/// each byte as an escape, are the same pairs; a path likewise; what stands in a request line comes out as it went in.
pub fn query(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let pairs: Vec<Pair> = Query::pairs(text).map(owned).collect();
    let naive: Vec<Pair> = text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
    assert_eq!(pairs, naive);
    let whole: Vec<Pair> = pairs.into_iter().filter(Result::is_ok).collect();
    let again: Vec<Pair> = Query::pairs(&spelled(&whole)).map(owned).collect();
    assert_eq!(again, whole);
    assert_eq!(decode_path(text).map(String::from), decode(text.as_bytes()));
    if let Ok(path) = decode_path(text) {
        assert_eq!(decode_path(&escaped(&path)).as_deref(), Ok(&*path));
    }
    target(text);
}

/// The text as the path and query of a request. A line break would begin a field.
fn target(text: &str) {
    if text.contains(['\r', '\n']) {
        return;
    }
    let head = format!("GET /{text} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let found = HeadScanner::default().find_end(head.as_bytes(), head.len() + 1);
    let may_stand = text.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    assert_eq!(found.is_ok(), may_stand, "{found:?}");
    let mut storage = http::storage();
    if may_stand {
        let head = http::parse(head.as_bytes(), &mut storage, text.len() + 1).expect("a head");
        let query = head.target.query.map_or_else(String::new, |query| format!("?{query}"));
        assert_eq!(format!("{}{query}", head.target.path), format!("/{text}"));
        assert!(!head.target.path.contains('?') && head.target.authority.is_none());
    }
}

fn owned<T: Into<String>>(pair: Result<(T, T), TargetError>) -> Pair {
    pair.map(|(name, value)| (name.into(), value.into()))
}

/// `+` is a space before anything is decoded.
fn pair(text: &str) -> Pair {
    let bytes: Vec<u8> = text.bytes().map(|b| if b == b'+' { b' ' } else { b }).collect();
    let equals = bytes.iter().position(|&b| b == b'=');
    let name = decode(&bytes[..equals.unwrap_or(bytes.len())])?;
    Ok((name, decode(equals.map_or(b"", |at| &bytes[at + 1..]))?))
}

fn decode(text: &[u8]) -> Result<String, TargetError> {
    let (mut bytes, mut at) = (Vec::new(), 0);
    while at < text.len() {
        if text[at] != b'%' {
            bytes.push(text[at]);
            at += 1;
            continue;
        }
        let digit = |at| text.get(at).and_then(|&b| char::from(b).to_digit(16)).ok_or(TargetError::Escape);
        bytes.push((digit(at + 1)? * 16 + digit(at + 2)?) as u8);
        at += 3;
    }
    let text = String::from_utf8(bytes).map_err(|_| TargetError::Utf8)?;
    if text.contains('\0') { Err(TargetError::Nul) } else { Ok(text) }
}

fn spelled(pairs: &[Pair]) -> String {
    let pairs = pairs.iter().flatten().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02x}")).collect()
}
