//! What a reader is told, found in the bytes of any stream: numbered messages and gaps.
//! Law: bytes may be cut anywhere, and what is found is the same. Knows nothing of framing: a number that is not
//! whole is a message that is missing.

use crate::kit::MARK;

/// Digits of a number in a payload.
const DIGITS: usize = 10;
/// Stands before the cursor at which a reader goes on behind a gap.
const RESUMES: &[u8] = b"resumes\":\"";

/// One thing told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The message of this number.
    Message(u64),
    /// Messages up to and with the one of this id were lost.
    Gap { resumes: String },
}

/// The payload of a message: its number, filled up to `size` bytes.
pub fn payload(number: u64, size: usize) -> String {
    let mut text = format!("{}{number:0DIGITS$}", char::from(MARK));
    text.extend(std::iter::repeat_n('x', size.saturating_sub(text.len())));
    text
}

/// Finds what is told in the bytes of one reader.
#[derive(Default)]
pub struct Scanner {
    /// The beginning of something that was cut.
    rest: Vec<u8>,
}

impl Scanner {
    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8], mut tell: impl FnMut(Told)) {
        let joined;
        let mut left = match self.rest.is_empty() {
            true => bytes,
            false => {
                joined = [&std::mem::take(&mut self.rest), bytes].concat();
                &joined
            }
        };
        while let Some(at) = memchr::memchr2(MARK, RESUMES[0], left) {
            left = &left[at..];
            match look(left) {
                Look::Told(told, used) => {
                    tell(told);
                    left = &left[used..];
                }
                Look::Nothing => left = &left[1..],
                Look::Cut => {
                    self.rest = left.to_vec();
                    return;
                }
            }
        }
    }
}

enum Look {
    Told(Told, usize),
    Nothing,
    Cut,
}

/// What stands at the beginning of `bytes`, which are not empty.
fn look(bytes: &[u8]) -> Look {
    if bytes[0] == MARK {
        let Some(digits) = bytes.get(1..1 + DIGITS) else { return Look::Cut };
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        return number.map_or(Look::Nothing, |number| Look::Told(Told::Message(number), 1 + DIGITS));
    }
    let Some(behind) = bytes.strip_prefix(RESUMES) else {
        return if RESUMES.starts_with(bytes) { Look::Cut } else { Look::Nothing };
    };
    let Some(end) = memchr::memchr(b'"', behind) else { return Look::Cut };
    let resumes = String::from_utf8_lossy(&behind[..end]).into_owned();
    Look::Told(Told::Gap { resumes }, RESUMES.len() + end)
}
