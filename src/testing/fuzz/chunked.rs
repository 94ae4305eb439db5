//! Request bodies, fed arbitrary bytes.

use crate::http::syntax::{is_field_byte, is_tchar};
use crate::http::{BodyDecoder, Decoded, Framing};
use crate::testing::laws;

/// What chunk extensions and trailers may have together, in bytes: longer inputs are not tried.
const EXTRAS_MAX: usize = 8 << 10;

/// Law: however the bytes are cut, a chunked body gives the data, the end and the rest that a naive reader of the whole
/// text finds (RFC 9112 section 7.1); what that one refuses is refused; what is not whole yet is not taken for whole. A
/// body of known length is so many bytes and not one more.
pub fn chunked(data: &[u8]) {
    let Some((&seed, input)) = data.split_first() else { return };
    if input.len() > EXTRAS_MAX {
        return;
    }
    let naive = read(input);
    let length = usize::from(seed);
    laws::few_splits(input, seed.into(), |pieces| {
        let body = decode(Framing::Chunked, pieces);
        assert_eq!(body.data.escape_ascii().to_string(), naive.data.escape_ascii().to_string());
        match naive.end {
            End::Whole { rest } => assert_eq!(body.end, End::Whole { rest }),
            End::Refused => assert_eq!(body.end, End::Refused),
            // A decoder may see earlier than the naive reader that nothing can mend it.
            End::Open { announced } => {
                assert!(body.end == End::Refused || body.end == End::Open { announced }, "{:?}", body.end)
            }
        }
        let known = decode(Framing::Length(length as u64), pieces);
        assert_eq!(known.data, input[..length.min(input.len())]);
        let end = match input.len().checked_sub(length) {
            Some(rest) => End::Whole { rest },
            None => End::Open { announced: (length - input.len()) as u64 },
        };
        assert_eq!(known.end, end);
    });
}

/// What came out of a body.
#[derive(Debug, PartialEq, Eq)]
struct Body {
    data: Vec<u8>,
    end: End,
}

/// How it ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum End {
    /// So many bytes of the input belong to what follows.
    Whole { rest: usize },
    /// More must come; so many bytes of data are announced.
    Open { announced: u64 },
    /// It is no body.
    Refused,
}

fn decode(framing: Framing, pieces: &[&[u8]]) -> Body {
    let (mut decoder, mut data) = (BodyDecoder::new(framing), Vec::new());
    let mut left: usize = pieces.iter().map(|piece| piece.len()).sum();
    for piece in pieces {
        let mut input = *piece;
        loop {
            let before = input.len();
            let decoded = decoder.decode(&mut input);
            left -= before - input.len();
            match decoded {
                Ok(Some(Decoded::Data(more))) => {
                    assert!(!more.is_empty());
                    data.extend_from_slice(more);
                }
                Ok(Some(Decoded::End)) => {
                    assert!(decoder.is_done());
                    return Body { data, end: End::Whole { rest: left } };
                }
                Ok(None) => break assert!(input.is_empty(), "all of the input is taken"),
                Err(error) => {
                    assert!([400, 431].contains(&error.status()) && !error.detail().is_empty());
                    assert_eq!(decoder.decode(&mut &b"0\r\n\r\n"[..]), Err(error), "it stays failed");
                    return Body { data, end: End::Refused };
                }
            }
        }
    }
    // A body that is just whole says so when it is asked again.
    match decoder.is_done() {
        true => Body { data, end: End::Whole { rest: left } },
        false => Body { data, end: End::Open { announced: decoder.announced() } },
    }
}

/// Reads a chunked body line by line.
fn read(input: &[u8]) -> Body {
    let (mut data, mut rest) = (Vec::new(), input);
    let end = loop {
        let size = match line(&mut rest) {
            Line::Whole(line) => size_of_line(line),
            Line::Open => break End::Open { announced: 0 },
            Line::Bad => None,
        };
        match size {
            None => break End::Refused,
            Some(0) => break trailers(rest),
            Some(size) => {
                let present = usize::try_from(size).unwrap_or(usize::MAX).min(rest.len());
                data.extend_from_slice(&rest[..present]);
                rest = &rest[present..];
                match (size - present as u64, rest) {
                    (announced @ 1.., _) => break End::Open { announced },
                    (0, [b'\r', b'\n', ..]) => rest = &rest[2..],
                    (0, [] | [_]) => break End::Open { announced: 0 },
                    (0, _) => break End::Refused,
                }
            }
        }
    };
    Body { data, end }
}

/// Trailer fields, and the empty line behind them.
fn trailers(mut rest: &[u8]) -> End {
    loop {
        match line(&mut rest) {
            Line::Whole([]) => return End::Whole { rest: rest.len() },
            Line::Whole(line) => {
                let name = line.iter().take_while(|&&b| is_tchar(b)).count();
                if name == 0 || line.get(name) != Some(&b':') {
                    return End::Refused;
                }
            }
            Line::Open => return End::Open { announced: 0 },
            Line::Bad => return End::Refused,
        }
    }
}

enum Line<'a> {
    /// Without its CR LF.
    Whole(&'a [u8]),
    Open,
    /// It holds what no line may hold, or ends with LF alone.
    Bad,
}

fn line<'a>(rest: &mut &'a [u8]) -> Line<'a> {
    let Some(end) = rest.iter().position(|&b| b == b'\n') else { return Line::Open };
    let line = &rest[..end];
    *rest = &rest[end + 1..];
    match line {
        [line @ .., b'\r'] if line.iter().all(|&b| is_field_byte(b)) => Line::Whole(line),
        _ => Line::Bad,
    }
}

/// One to sixteen digits, then extensions.
fn size_of_line(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let text = core::str::from_utf8(&line[..digits]).ok().filter(|_| digits <= 16)?;
    let size = u64::from_str_radix(text, 16).ok()?;
    are_extensions(&line[digits..]).then_some(size)
}

/// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`
fn are_extensions(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        let Some(b';') = after_blanks(rest).first() else { return false };
        let begin = after_blanks(&after_blanks(rest)[1..]);
        let name = begin.iter().take_while(|&&b| is_tchar(b)).count();
        if name == 0 {
            return false;
        }
        rest = &begin[name..];
        if let [b'=', value @ ..] = after_blanks(rest) {
            let Some(behind) = after_value(after_blanks(value)) else { return false };
            rest = behind;
        }
    }
    true
}

fn after_blanks(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|b| b" \t".contains(b)).count()..]
}

/// What stands behind a token or a quoted string.
fn after_value(text: &[u8]) -> Option<&[u8]> {
    let [b'"', inner @ ..] = text else {
        let token = text.iter().take_while(|&&b| is_tchar(b)).count();
        return (token > 0).then(|| &text[token..]);
    };
    let mut at = 0;
    loop {
        match inner.get(at)? {
            b'"' => return Some(&inner[at + 1..]),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}
