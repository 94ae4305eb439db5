//! Request bodies (RFC 9112 section 6), decoded as they arrive.  Law: the data does not depend on how the input is
//! split, a body takes not one byte of what follows it, and a decoder that failed stays failed.

use super::chunk::ChunkDecoder;
use super::framing::Framing;

/// Takes the framing off one body.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum BodyDecoder {
    /// So many bytes are to come; at least one.
    Length(u64),
    /// Chunks are to come.
    Chunked(ChunkDecoder),
    /// All is read, or there was nothing to read.
    Done,
    /// What came is no body.
    Failed(BodyError),
}

/// A piece of a body.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Decoded<'i> {
    /// At least one byte of data.
    Data(&'i [u8]),
    /// There is no more; what is left of the input belongs to the next request.
    End,
}

/// Why a body cannot be read. Where the next request begins is unknown then: the connection closes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// A chunk size that is not hexadecimal digits.
    ChunkSize,
    /// A chunk size beyond 64 bits.
    ChunkTooLarge,
    /// Something else than CR LF after a chunk or its size.
    ChunkEnd,
    /// A malformed chunk extension.
    Extension,
    /// A malformed trailer field.
    Trailer,
    /// More chunk extensions and trailers than allowed.
    TooManyExtras,
}

impl BodyError {
    /// The status to answer with.
    pub fn status(self) -> u16 {
        match self {
            Self::ChunkSize | Self::ChunkEnd | Self::Extension | Self::Trailer => 400,
            Self::ChunkTooLarge => 400,
            Self::TooManyExtras => 431,
        }
    }

    /// What was wrong and what would be right.
    pub fn detail(self) -> &'static str {
        match self {
            Self::ChunkSize => "a chunk begins with its size, in hexadecimal digits",
            Self::ChunkTooLarge => "a chunk size has at most 16 hexadecimal digits",
            Self::ChunkEnd => "a chunk, and its size, end with CR LF",
            Self::Extension => "a chunk extension is ; name, or ; name = value",
            Self::Trailer => "a trailer field is a name, a colon and a value, and ends with CR LF",
            Self::TooManyExtras => "the chunk extensions and trailer fields are too long",
        }
    }
}

impl BodyDecoder {
    /// A decoder for one body.
    pub fn new(framing: Framing) -> Self {
        match framing {
            Framing::None | Framing::Length(0) => BodyDecoder::Done,
            Framing::Length(length) => BodyDecoder::Length(length),
            Framing::Chunked => BodyDecoder::Chunked(ChunkDecoder::default()),
        }
    }

    /// Takes the next piece from the front of `input`. `None`: all of `input` is taken and more must come.
    pub fn decode<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Decoded<'i>>, BodyError> {
        match self {
            BodyDecoder::Done => Ok(Some(Decoded::End)),
            BodyDecoder::Failed(error) => Err(*error),
            BodyDecoder::Length(_) if input.is_empty() => Ok(None),
            BodyDecoder::Length(left) => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                let (data, rest) = input.split_at(length);
                *input = rest;
                *left -= length as u64;
                if *left == 0 {
                    *self = BodyDecoder::Done;
                }
                Ok(Some(Decoded::Data(data)))
            }
            BodyDecoder::Chunked(chunks) => match chunks.decode(input) {
                Ok(Some(data)) => Ok(Some(Decoded::Data(data))),
                Ok(None) if chunks.is_done() => {
                    *self = BodyDecoder::Done;
                    Ok(Some(Decoded::End))
                }
                Ok(None) => Ok(None),
                Err(error) => {
                    *self = BodyDecoder::Failed(error);
                    Err(error)
                }
            },
        }
    }

    /// Bytes that are known to come: the rest of the body, or of the chunk at hand.
    pub fn announced(&self) -> u64 {
        match self {
            BodyDecoder::Length(left) => *left,
            BodyDecoder::Chunked(chunks) => chunks.announced(),
            BodyDecoder::Done | BodyDecoder::Failed(_) => 0,
        }
    }

    /// Is the whole body read? `true` from the start if there is none.
    pub fn is_done(&self) -> bool {
        matches!(self, BodyDecoder::Done)
    }
}

const _: () = assert!(size_of::<BodyDecoder>() <= 32, "it stands in every connection that sends a body");

#[cfg(test)]
mod tests;
