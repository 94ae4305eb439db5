//! The receiving side of one connection (RFC 6455 sections 5.4 to 6.2, RFC 7692 section 6): frames and fragments to
//! messages.
//! Law: how the bytes were cut does not matter, no error waits for bytes that cannot mend it, and between
//! messages nothing is held.  Knows nothing of sockets and sends nothing.
//!
//! ```text
//!              a header is whole            a part of the payload
//!   Between ─────────────────────> Payload ──────┐
//!    │   ^                          │   ^────────┘
//!    v   │                          │ the frame is whole: a control frame or a message comes out,
//!   Head ┘ (rest of the header)     v or a fragment has joined its message
//!                                Between
//! ```

use super::assembly::Assembly;
use super::close::parse_close_payload;
use super::deflate::Inflater;
use super::frame::{HEADER_MAX, Header, Opcode, decode_header};
use super::mask;
use super::received::{Kind, Payload, ReceiveError, Received};
use super::utf8::Utf8Error;
use crate::limits::compressed_max;
use core::mem;
use std::borrow::Cow;

/// Reads what a client sends. Pull with [`Receiver::next`] until it has nothing more.
#[derive(Debug, Default)]
pub struct Receiver {
    /// Only within a frame or a message, and after the last.
    held: Option<Box<Held>>,
}

const _: () = assert!(size_of::<Receiver>() <= 8, "an idle WebSocket got heavier");

/// What must be remembered within a frame or a message.
#[derive(Debug, Default)]
struct Held {
    frame: Frame,
    /// A message has begun, and data frames are continuations.
    message: Option<Assembly>,
}

/// Where in a frame the input ended.
#[derive(Debug, Default)]
enum Frame {
    #[default]
    Between,
    Head(PartialHead),
    Payload(Open),
    /// A close or an error came: nothing counts any more.
    Over,
}

/// The beginning of a header.
#[derive(Copy, Clone, Debug, Default)]
struct PartialHead {
    bytes: [u8; HEADER_MAX],
    len: usize,
}

/// A frame whose payload is arriving.
#[derive(Debug)]
struct Open {
    is_final: bool,
    opcode: Opcode,
    /// Its message is compressed.
    is_compressed: bool,
    /// Turned so that it fits the next byte.
    mask: [u8; 4],
    /// Bytes of payload still to come.
    left: usize,
    /// Earlier parts of a control frame's payload; those of a data frame are in the message.
    control: Vec<u8>,
}

impl Receiver {
    /// At the beginning of a connection.
    #[must_use]
    pub const fn new() -> Self {
        Receiver { held: None }
    }

    /// The next whole thing in `input`, which is consumed from the front and unmasked in place. `None`: all of
    /// the input is consumed and more is needed. After a close or an error the rest is swallowed.
    ///
    /// `max_message`: the most bytes a message may have, over all its fragments, and inflated if it was compressed.
    /// `inflater`: there is one if the handshake agreed on compression, which holds for the whole connection; which
    /// one it is does not matter, for nothing of a connection stays in it.
    ///
    /// # Errors
    /// The peer broke the protocol or the bound; the connection is to be closed with the error's code.
    pub fn next<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        max_message: usize,
        inflater: Option<&mut Inflater>,
    ) -> Result<Option<Received<'i>>, ReceiveError> {
        if self.is_over() {
            *input = &mut [];
            return Ok(None);
        }
        let outcome = self.pull(input, max_message, inflater);
        if matches!(outcome, Err(_) | Ok(Some(Received::Close(_)))) {
            self.held = Some(Box::new(Held { frame: Frame::Over, message: None }));
        } else if self.is_between_messages() {
            self.held = None;
        }
        outcome
    }

    /// Bytes of input held, with their records: zero between messages and after the last.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let Some(held) = self.held.as_ref().filter(|_| !self.is_over()) else { return 0 };
        let message = held.message.as_ref().map_or(0, Assembly::held_bytes);
        let control = if let Frame::Payload(open) = &held.frame { open.control.capacity() } else { 0 };
        size_of::<Held>() + message + control
    }

    fn is_over(&self) -> bool {
        self.held.as_ref().is_some_and(|held| matches!(held.frame, Frame::Over))
    }

    fn is_between_messages(&self) -> bool {
        self.held.as_ref().is_none_or(|held| matches!(held.frame, Frame::Between) && held.message.is_none())
    }

    fn pull<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        max_message: usize,
        mut inflater: Option<&mut Inflater>,
    ) -> Result<Option<Received<'i>>, ReceiveError> {
        while !input.is_empty() {
            let Some(frame) = self.open(input, max_message, inflater.is_some())? else { return Ok(None) };
            let is_compressed = frame.is_compressed;
            let Some(received) = self.read_payload(frame, input)? else { continue };
            return match (received, inflater.as_deref_mut()) {
                (Received::Message { kind, data }, Some(inflater)) if is_compressed => {
                    let data = inflater.inflate(&data, max_message)?;
                    check_whole(kind, &data)?;
                    Ok(Some(Received::Message { kind, data: Payload::Owned(data) }))
                }
                (received, _) => Ok(Some(received)),
            };
        }
        Ok(None)
    }

    /// The frame whose payload comes next in `input`: the one that is held, or a new one.
    fn open(
        &mut self,
        input: &mut &mut [u8],
        max_message: usize,
        rsv1_allowed: bool,
    ) -> Result<Option<Open>, ReceiveError> {
        let mut head = match self.held.as_mut().map(|held| mem::take(&mut held.frame)) {
            Some(Frame::Payload(open)) => return Ok(Some(open)),
            Some(Frame::Head(head)) => head,
            // Who is over does not get here.
            Some(Frame::Between | Frame::Over) | None => PartialHead::default(),
        };
        let before = head.len;
        head.fill(input);
        let Some((header, len)) = decode_header(head.bytes(), rsv1_allowed)? else {
            *input = &mut [];
            self.hold(Frame::Head(head));
            return Ok(None);
        };
        take(input, len - before);
        self.admit(header, max_message).map(Some)
    }

    /// May this frame come here and now?
    fn admit(&self, header: Header, max_message: usize) -> Result<Open, ReceiveError> {
        let Header { is_final, rsv1, opcode, mask, len } = header;
        let mask = mask.ok_or(ReceiveError::Unmasked)?;
        let message = self.held.as_ref().and_then(|held| held.message.as_ref());
        match (opcode, message) {
            (Opcode::Continuation, None) => return Err(ReceiveError::NothingToContinue),
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(ReceiveError::MessageWithinMessage),
            _ => {}
        }
        let left = usize::try_from(len).map_err(|_| ReceiveError::TooBig)?;
        let is_compressed = rsv1 || (!opcode.is_control() && message.is_some_and(Assembly::is_compressed));
        let max = if is_compressed { compressed_max(max_message) } else { max_message };
        if !opcode.is_control() && left > max.saturating_sub(message.map_or(0, Assembly::len)) {
            return Err(ReceiveError::TooBig);
        }
        Ok(Open { is_final, opcode, is_compressed, mask, left, control: Vec::new() })
    }

    /// Takes what `input` has of the payload.
    fn read_payload<'i>(
        &mut self,
        mut frame: Open,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Received<'i>>, ReceiveError> {
        let part = take(input, frame.left);
        frame.mask = mask::apply(frame.mask, part);
        frame.left -= part.len();
        match frame.opcode {
            Opcode::Continuation | Opcode::Text | Opcode::Binary => self.read_data(frame, part),
            Opcode::Close | Opcode::Ping | Opcode::Pong if frame.left > 0 => {
                frame.control.extend_from_slice(part);
                self.hold(Frame::Payload(frame));
                Ok(None)
            }
            Opcode::Close => read_close(frame.joined(part)).map(Some),
            Opcode::Ping => Ok(Some(Received::Ping(frame.joined(part)))),
            Opcode::Pong => Ok(Some(Received::Pong(frame.joined(part)))),
        }
    }

    /// A part of a message: all of it, which is then handed on where it lies, or one to be kept. A message that comes
    /// out of here may have to be inflated.
    fn read_data<'i>(&mut self, frame: Open, part: &'i [u8]) -> Result<Option<Received<'i>>, ReceiveError> {
        let is_last = frame.is_final && frame.left == 0;
        let kind = if frame.opcode == Opcode::Text { Kind::Text } else { Kind::Binary };
        if is_last && self.held.as_ref().is_none_or(|held| held.message.is_none()) {
            if !frame.is_compressed {
                check_whole(kind, part)?;
            }
            return Ok(Some(Received::Message { kind, data: Payload::Borrowed(part) }));
        }
        let held = self.held.get_or_insert_default();
        let message = held.message.get_or_insert(Assembly::new(kind, frame.is_compressed));
        message.push(part, frame.is_final.then_some(frame.left))?;
        if frame.left > 0 {
            held.frame = Frame::Payload(frame);
        }
        match held.message.take_if(|_| is_last) {
            Some(message) => {
                let (kind, data) = message.finish()?;
                Ok(Some(Received::Message { kind, data: Payload::Owned(data) }))
            }
            None => Ok(None),
        }
    }

    fn hold(&mut self, frame: Frame) {
        self.held.get_or_insert_default().frame = frame;
    }
}

impl PartialHead {
    /// Adds as much of `input` as a header can have.
    fn fill(&mut self, input: &[u8]) {
        let n = input.len().min(HEADER_MAX - self.len);
        self.bytes[self.len..self.len + n].copy_from_slice(&input[..n]);
        self.len += n;
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Open {
    /// The whole payload of a control frame, whose last part this is.
    fn joined(mut self, part: &[u8]) -> Payload<'_> {
        if self.control.is_empty() {
            return Payload::Borrowed(part);
        }
        self.control.extend_from_slice(part);
        Payload::Owned(self.control)
    }
}

/// Takes at most `n` bytes from the front of `input`.
fn take<'i>(input: &mut &'i mut [u8], n: usize) -> &'i mut [u8] {
    let n = n.min(input.len());
    let (front, rest) = mem::take(input).split_at_mut(n);
    *input = rest;
    front
}

/// Checks a message that came in one piece, or was inflated: faster than [`super::utf8::Utf8Stream`].
fn check_whole(kind: Kind, data: &[u8]) -> Result<(), Utf8Error> {
    match kind {
        Kind::Text => simdutf8::basic::from_utf8(data).map(|_| ()).map_err(|_| Utf8Error),
        Kind::Binary => Ok(()),
    }
}

fn read_close(payload: Payload<'_>) -> Result<Received<'_>, ReceiveError> {
    let told = match payload {
        Payload::Borrowed(bytes) => {
            parse_close_payload(bytes)?.map(|(code, reason)| (code, Cow::Borrowed(reason)))
        }
        Payload::Owned(bytes) => {
            parse_close_payload(&bytes)?.map(|(code, reason)| (code, Cow::Owned(reason.to_owned())))
        }
    };
    Ok(Received::Close(told))
}
