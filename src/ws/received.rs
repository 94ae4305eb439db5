//! What comes out of a connection.  Law: a value borrows the input, never the machine that found it.  Knows
//! nothing of how it was found.

use super::close::{CloseCode, CloseError};
use super::deflate::InflateError;
use super::frame::FrameError;
use super::utf8::Utf8Error;
use core::ops::Deref;
use std::borrow::Cow;

/// The two kinds of message.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8, which has been checked.
    Text,
    /// Any bytes.
    Binary,
}

/// Something whole that the peer sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received<'i> {
    /// A message, from one frame or many.
    Message { kind: Kind, data: Payload<'i> },
    /// To be answered by a pong with the same payload, at most 125 bytes.
    Ping(Payload<'i>),
    /// An answer to a ping, or a sign of life.
    Pong(Payload<'i>),
    /// The peer closes; it may have said why. Nothing comes after it.
    Close(Option<(CloseCode, Cow<'i, str>)>),
}

/// Bytes where they arrived, or assembled from several reads, or inflated.
#[derive(Clone, Debug)]
pub enum Payload<'i> {
    /// In the receive buffer.
    Borrowed(&'i [u8]),
    /// Assembled, or inflated.
    Owned(Vec<u8>),
}

impl Payload<'_> {
    /// The bytes by themselves; copies what is borrowed.
    #[must_use]
    pub fn into_owned(self) -> Vec<u8> {
        match self {
            Payload::Borrowed(bytes) => bytes.to_vec(),
            Payload::Owned(bytes) => bytes,
        }
    }
}

impl Deref for Payload<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Payload::Borrowed(bytes) => bytes,
            Payload::Owned(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Payload<'_> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// Equal bytes are equal payloads, wherever they are.
impl PartialEq for Payload<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
impl Eq for Payload<'_> {}

/// How the peer broke the protocol, or a bound.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ReceiveError {
    /// A header that the RFC forbids.
    Frame(FrameError),
    /// A client must mask its frames.
    Unmasked,
    /// A continuation, but nothing has begun.
    NothingToContinue,
    /// A new message before the last one ended.
    MessageWithinMessage,
    /// Over the bound for messages.
    TooBig,
    /// Text that is not UTF-8.
    InvalidUtf8,
    /// A close frame whose payload is wrong.
    Close(CloseError),
    /// A compressed message that cannot be inflated, or is over the bound then.
    Inflate(InflateError),
}

impl ReceiveError {
    /// The code to close with.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            ReceiveError::Frame(error) => error.close_code(),
            ReceiveError::Close(error) => error.close_code(),
            ReceiveError::Inflate(error) => error.close_code(),
            ReceiveError::Unmasked | ReceiveError::NothingToContinue | ReceiveError::MessageWithinMessage => {
                CloseCode::PROTOCOL_ERROR
            }
            ReceiveError::TooBig => CloseCode::TOO_BIG,
            ReceiveError::InvalidUtf8 => CloseCode::INVALID_PAYLOAD,
        }
    }

    /// What was wrong, for the log and the peer; short enough for a close frame.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            ReceiveError::Frame(error) => error.detail(),
            ReceiveError::Close(error) => error.detail(),
            ReceiveError::Inflate(error) => error.detail(),
            ReceiveError::Unmasked => "a frame without a mask",
            ReceiveError::NothingToContinue => "a continuation of nothing",
            ReceiveError::MessageWithinMessage => "a message began before the last one ended",
            ReceiveError::TooBig => "a message over the bound",
            ReceiveError::InvalidUtf8 => "text that is not UTF-8",
        }
    }
}

impl From<FrameError> for ReceiveError {
    fn from(error: FrameError) -> Self {
        ReceiveError::Frame(error)
    }
}

impl From<CloseError> for ReceiveError {
    fn from(error: CloseError) -> Self {
        ReceiveError::Close(error)
    }
}

impl From<InflateError> for ReceiveError {
    fn from(error: InflateError) -> Self {
        ReceiveError::Inflate(error)
    }
}

impl From<Utf8Error> for ReceiveError {
    fn from(_: Utf8Error) -> Self {
        ReceiveError::InvalidUtf8
    }
}
