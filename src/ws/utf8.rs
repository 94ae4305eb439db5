//! Text checked as it arrives (RFC 6455 section 8.1, RFC 3629).  Law: the outcome does not depend on how the
//! text was cut, and the first byte that no continuation can mend is an error at once.  Knows nothing of frames.

/// The text is not UTF-8.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Utf8Error;

/// Checks a text that comes in pieces.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Utf8Stream {
    /// The beginning of a character whose end has not come; `len` bytes of it count, at most three.
    carry: [u8; 3],
    len: u8,
}

impl Utf8Stream {
    /// Nothing of a text.
    #[must_use]
    pub const fn new() -> Self {
        Utf8Stream { carry: [0; 3], len: 0 }
    }

    /// Checks the next piece.
    ///
    /// # Errors
    /// The text so far is the beginning of no UTF-8 text.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), Utf8Error> {
        let rest = if self.len == 0 { piece } else { self.complete(piece)? };
        let Err(error) = simdutf8::compat::from_utf8(rest) else { return Ok(()) };
        match error.error_len() {
            Some(_) => Err(Utf8Error),
            None => self.keep(&rest[error.valid_up_to()..]),
        }
    }

    /// Tells that the text ends here.
    ///
    /// # Errors
    /// It ends within a character.
    pub fn finish(self) -> Result<(), Utf8Error> {
        if self.len == 0 { Ok(()) } else { Err(Utf8Error) }
    }

    /// Completes the carried character as far as `piece` goes and returns what follows it.
    fn complete<'p>(&mut self, piece: &'p [u8]) -> Result<&'p [u8], Utf8Error> {
        let had = usize::from(self.len);
        let want = character_len(self.carry[0]).saturating_sub(had).min(piece.len());
        let (more, rest) = piece.split_at(want);
        let mut character = [0; 4];
        character[..had].copy_from_slice(&self.carry[..had]);
        character[had..had + want].copy_from_slice(more);
        let character = &character[..had + want];
        self.len = 0;
        match core::str::from_utf8(character) {
            Ok(_) => Ok(rest),
            Err(error) if error.error_len().is_none() => self.keep(character).map(|()| rest),
            Err(_) => Err(Utf8Error),
        }
    }

    fn keep(&mut self, start: &[u8]) -> Result<(), Utf8Error> {
        // An unfinished character has at most three bytes.
        self.carry.get_mut(..start.len()).ok_or(Utf8Error)?.copy_from_slice(start);
        self.len = start.len() as u8;
        Ok(())
    }
}

/// How many bytes a character has that begins with `first`, which has been found to begin one of several.
fn character_len(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the first byte stands after which nothing helps, by the definition: one byte at a time against std.
    fn fails_at(text: &[u8]) -> Option<usize> {
        (1..=text.len()).find(|&n| core::str::from_utf8(&text[..n]).is_err_and(|e| e.error_len().is_some()))
    }

    const TEXTS: &[&[u8]] = &[
        b"",
        b"plain",
        "κόσμε \u{0} \u{7f} \u{80} \u{7ff} \u{800} \u{ffff} \u{10000} \u{10ffff} \u{d7ff} \u{e000}"
            .as_bytes(),
        "a long text of more than sixty-four bytes, so that the vectors are used: ééééééééééé €€€€€ 𝄞𝄞𝄞𝄞"
            .as_bytes(),
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64",
        b"\xce\xba\xf4\x90\x80\x80x",
        b"\x80",
        b"ab\xbf",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xc2",
        b"\xc2\xc2",
        b"\xe0\x80\x80",
        b"\xe0\x9f\xbf",
        b"\xe2\x82",
        b"\xe2\x28\xa1",
        b"\xe2\x82\x28",
        b"\xed\xa0\x80\xed\xb0\x80",
        b"\xf0\x80\x80\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xf0\x9d\x84",
        b"\xf0\x9d\x84\x28",
        b"\xf4\x8f\xbf\xbf\xf4\x90",
        b"\xf5\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe",
        b"\xff\xff",
    ];

    #[test]
    fn each_text_fails_at_the_byte_that_spoils_it() {
        for text in TEXTS {
            let mut stream = Utf8Stream::default();
            let failed = (0..text.len()).find(|&i| stream.feed(&text[i..=i]).is_err()).map(|i| i + 1);
            assert_eq!(failed, fails_at(text), "{text:x?}");
        }
    }

    #[test]
    fn the_outcome_does_not_depend_on_the_cuts() {
        for text in TEXTS {
            let valid = core::str::from_utf8(text).is_ok();
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let mut stream = Utf8Stream::default();
                    let outcome = stream
                        .feed(&text[..first])
                        .and_then(|()| stream.feed(&text[first..second]))
                        .and_then(|()| stream.feed(&text[second..]))
                        .and_then(|()| stream.finish());
                    assert_eq!(outcome.is_ok(), valid, "{text:x?} cut at {first} and {second}");
                }
            }
        }
    }

    #[test]
    fn every_character_passes_in_single_bytes_and_none_may_be_missing() {
        let mut bytes = [0; 4];
        for character in '\u{0}'..=char::MAX {
            let mut stream = Utf8Stream::default();
            let bytes = character.encode_utf8(&mut bytes).as_bytes();
            for (i, byte) in bytes.iter().enumerate() {
                assert_eq!(stream.finish().is_ok(), i == 0);
                assert_eq!(stream.feed(&[*byte]), Ok(()), "{character:?}");
            }
            assert_eq!(stream.finish(), Ok(()), "{character:?}");
        }
    }
}
