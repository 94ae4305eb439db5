//! The chunked transfer coding (RFC 9112 section 7.1), decoded as it arrives.  Law: the data does not depend on how the
//! input is split; what two readers could read differently is an error; nothing is buffered.
//!
//! ```text
//! SizeStart -> Size -> (Extension) -> SizeEnd -> Data -> DataCr -> DataEnd -> SizeStart
//!                                        `-> size 0: TrailerStart -> LastLf -> Done
//!                                            TrailerStart -> TrailerName -> TrailerValue -> TrailerLf -> TrailerStart
//! ```

use super::body::BodyError;
use super::chunk_extension::Extension;
use super::syntax::{is_field_byte, is_tchar};

/// Bytes of chunk extensions and trailers together, in one body: they are thrown away, so more is an attack.
const EXTRAS_MAX: u16 = 8 << 10;

/// Where the decoder stands.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum State {
    /// The first digit of a size comes next.
    SizeStart,
    /// `digits` (1 to 16) of a size are read.
    Size { size: u64, digits: u8 },
    /// In the extensions behind a size.
    Extension { size: u64, state: Extension },
    /// The LF of a size line comes next.
    SizeEnd { size: u64 },
    /// So many bytes of data are to come; at least one.
    Data { left: u64 },
    /// The CR after a chunk's data comes next.
    DataCr,
    /// The LF after a chunk's data comes next.
    DataEnd,
    /// A trailer line, or the CR of the last line, comes next.
    TrailerStart,
    /// In the name of a trailer, after at least one byte.
    TrailerName,
    /// In the value of a trailer.
    TrailerValue,
    /// The LF of a trailer line comes next.
    TrailerLf,
    /// The very last LF comes next.
    LastLf,
    /// All is read.
    Done,
}

/// Decodes one chunked body.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct ChunkDecoder {
    state: State,
    /// Bytes of extensions and trailers that are still allowed.
    extras_left: u16,
}

impl Default for ChunkDecoder {
    fn default() -> Self {
        ChunkDecoder { state: State::SizeStart, extras_left: EXTRAS_MAX }
    }
}

impl ChunkDecoder {
    /// Bytes of data that the chunk at hand announces beyond what was decoded, once the line of its size is whole:
    /// until then it may still be no size at all, and who stops earlier stops elsewhere for another split.
    pub fn announced(&self) -> u64 {
        if let State::Data { left } = self.state { left } else { 0 }
    }

    /// Takes from the front of `input` up to and with the next piece of data. `None`: there is none in it, all of
    /// it is taken, or, if [`is_done`](Self::is_done), all of it that belongs to this body.
    pub fn decode<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<&'i [u8]>, BodyError> {
        while let Some((&b, rest)) = input.split_first() {
            if let State::Data { left } = self.state {
                return Ok(Some(self.take_data(left, input)));
            }
            if self.is_done() {
                return Ok(None);
            }
            self.state = self.step(b)?;
            *input = rest;
        }
        Ok(None)
    }

    /// Is the whole body read, with its trailers?
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    fn take_data<'i>(&mut self, left: u64, input: &mut &'i [u8]) -> &'i [u8] {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let (data, rest) = input.split_at(length);
        *input = rest;
        let left = left - length as u64;
        self.state = if left == 0 { State::DataCr } else { State::Data { left } };
        data
    }

    /// Where one byte of framing leads.
    fn step(&mut self, b: u8) -> Result<State, BodyError> {
        match self.state {
            State::SizeStart => Ok(State::Size { size: hex_digit(b)?, digits: 1 }),
            State::Size { size, digits } => self.step_size(size, digits, b),
            State::Extension { size, state } => self.step_extension(size, state, b),
            State::SizeEnd { size: 0 } => expect(b, b'\n', State::TrailerStart),
            State::SizeEnd { size } => expect(b, b'\n', State::Data { left: size }),
            State::DataCr => expect(b, b'\r', State::DataEnd),
            State::DataEnd => expect(b, b'\n', State::SizeStart),
            State::TrailerStart if b == b'\r' => Ok(State::LastLf),
            State::TrailerStart if is_tchar(b) => self.extra(State::TrailerName),
            State::TrailerName if is_tchar(b) => self.extra(State::TrailerName),
            State::TrailerName if b == b':' => self.extra(State::TrailerValue),
            State::TrailerValue if b == b'\r' => self.extra(State::TrailerLf),
            State::TrailerValue if is_field_byte(b) => self.extra(State::TrailerValue),
            State::TrailerStart | State::TrailerName | State::TrailerValue => Err(BodyError::Trailer),
            State::TrailerLf if b == b'\n' => self.extra(State::TrailerStart),
            State::LastLf if b == b'\n' => Ok(State::Done),
            State::TrailerLf | State::LastLf => Err(BodyError::Trailer),
            State::Data { .. } | State::Done => Ok(self.state),
        }
    }

    fn step_size(&mut self, size: u64, digits: u8, b: u8) -> Result<State, BodyError> {
        match b {
            b'\r' => Ok(State::SizeEnd { size }),
            b';' | b' ' | b'\t' => self.step_extension(size, Extension::Before, b),
            _ if digits == 16 && b.is_ascii_hexdigit() => Err(BodyError::ChunkTooLarge),
            _ => Ok(State::Size { size: size << 4 | hex_digit(b)?, digits: digits + 1 }),
        }
    }

    fn step_extension(&mut self, size: u64, state: Extension, b: u8) -> Result<State, BodyError> {
        if b == b'\r' && state.may_end() {
            return Ok(State::SizeEnd { size });
        }
        let state = state.step(b).ok_or(BodyError::Extension)?;
        self.extra(State::Extension { size, state })
    }

    /// Goes on to `state` with a byte that is thrown away, if one more of those is allowed.
    fn extra(&mut self, state: State) -> Result<State, BodyError> {
        self.extras_left = self.extras_left.checked_sub(1).ok_or(BodyError::TooManyExtras)?;
        Ok(state)
    }
}

fn expect(b: u8, expected: u8, then: State) -> Result<State, BodyError> {
    if b == expected { Ok(then) } else { Err(BodyError::ChunkEnd) }
}

fn hex_digit(b: u8) -> Result<u64, BodyError> {
    char::from(b).to_digit(16).map(u64::from).ok_or(BodyError::ChunkSize)
}
