//! The client's side of a WebSocket (RFC 6455 section 5), behind its handshake.  Law: nothing follows a close, and what
//! the server was not to send (masks, reserved bits, long forms of short lengths, cut characters) is an error.

use super::deflate::{Windows, inflated};
use super::incoming::{Incoming, shown};

/// The bit of a frame that ends its message.
pub const FIN: u8 = 0x80;
/// The bit of a compressed message's first frame.
pub const RSV1: u8 = 0x40;
/// Goes on with a message.
pub const CONTINUATION: u8 = 0;
/// Begins a text message.
pub const TEXT: u8 = 1;
/// Begins a binary message.
pub const BINARY: u8 = 2;
/// Closes.
pub const CLOSE: u8 = 8;
/// Asks for a pong.
pub const PING: u8 = 9;
/// Answers a ping.
pub const PONG: u8 = 10;

/// A whole message or a control frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A text message, out of its fragments and inflated.
    Text(String),
    /// A binary message, likewise.
    Binary(Vec<u8>),
    /// To be answered with the same payload.
    Ping(Vec<u8>),
    /// The answer to a ping.
    Pong(Vec<u8>),
    /// The last frame.
    Close {
        /// Why; `None` if the frame is empty.
        code: Option<u16>,
        /// For people.
        reason: String,
    },
}

/// Reads what a server writes behind its 101.
#[derive(Debug)]
pub struct SocketReader {
    incoming: Incoming,
    deflate: Option<Windows>,
    message: Option<Partial>,
    is_closed: bool,
    compressed: u64,
}

/// A message whose last frame has not come.
#[derive(Debug)]
struct Partial {
    opcode: u8,
    is_compressed: bool,
    payload: Vec<u8>,
}

impl SocketReader {
    /// `deflate` as agreed in the handshake.
    pub fn new(deflate: Option<Windows>) -> Self {
        SocketReader {
            incoming: Incoming::default(),
            deflate,
            message: None,
            is_closed: false,
            compressed: 0,
        }
    }

    /// Messages that came compressed.
    pub fn compressed(&self) -> u64 {
        self.compressed
    }

    /// Has the close frame come?
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// The server wrote `bytes`.
    pub fn push(&mut self, bytes: &[u8]) {
        self.incoming.push(bytes);
    }

    /// The next message or control frame; `None` until more was pushed.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, String> {
        loop {
            if self.is_closed && !self.incoming.is_empty() {
                return Err(self.wrong("bytes behind a close"));
            }
            let Some((first, begin, end)) = self.header()? else { return Ok(None) };
            if self.incoming.rest().len() < end {
                return Ok(None);
            }
            let payload = self.incoming.take(end)[begin..].to_vec();
            let told = self.frame(first, payload).map_err(|error| self.incoming.error(error))?;
            if let Some(frame) = told {
                self.is_closed = matches!(frame, Frame::Close { .. });
                return Ok(Some(frame));
            }
        }
    }

    /// Reads until nothing is left that is whole.
    pub fn all(&mut self) -> Result<Vec<Frame>, String> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next_frame()? {
            frames.push(frame);
        }
        Ok(frames)
    }

    /// The connection has ended: no frame and no message may be cut off.
    pub fn finish(&self) -> Result<(), String> {
        if self.incoming.is_empty() && self.message.is_none() {
            Ok(())
        } else {
            Err(self.wrong("the connection ended within a message"))
        }
    }

    /// The first byte of a frame, where its payload begins, and where it ends.
    fn header(&self) -> Result<Option<(u8, usize, usize)>, String> {
        let rest = self.incoming.rest();
        let Some(&first) = rest.first() else { return Ok(None) };
        self.check_first(first)?;
        let Some(&second) = rest.get(1) else { return Ok(None) };
        let (begin, shortest) = match second {
            0..=125 => (2, 0),
            126 => (4, 126),
            127 => (10, 0x1_0000),
            _ => return Err(self.wrong("a masked frame")),
        };
        if first & 0x08 != 0 && (second > 125 || first & FIN == 0) {
            return Err(self.wrong("a control frame that is long or fragmented"));
        }
        let Some(extended) = rest.get(2..begin) else { return Ok(None) };
        let long = extended.iter().fold(0, |sum: u64, &byte| sum << 8 | u64::from(byte));
        let len = if begin == 2 { u64::from(second) } else { long };
        // Lengths of more than 63 bits are forbidden, and none of more than 32 is meant.
        match usize::try_from(len).ok().filter(|&len| len >= shortest && len <= u32::MAX as usize) {
            Some(len) => Ok(Some((first, begin, begin + len))),
            None => Err(self.wrong("a length that is not in its shortest form, or beyond all bounds")),
        }
    }

    fn check_first(&self, first: u8) -> Result<(), String> {
        let opcode = first & 0x0f;
        let is_rsv1_fine = self.deflate.is_some() && matches!(opcode, TEXT | BINARY);
        if first & 0x30 != 0 || (first & RSV1 != 0 && !is_rsv1_fine) {
            return Err(self.wrong("reserved bits"));
        }
        match (opcode, &self.message) {
            (TEXT | BINARY, None) | (CONTINUATION, Some(_)) | (CLOSE | PING | PONG, _) => Ok(()),
            (TEXT | BINARY, Some(_)) => Err(self.wrong("a message within a message")),
            (CONTINUATION, None) => Err(self.wrong("a continuation of nothing")),
            _ => Err(self.wrong("an unknown opcode")),
        }
    }

    /// What a frame brings; `None` if its message goes on.
    fn frame(&mut self, first: u8, payload: Vec<u8>) -> Result<Option<Frame>, String> {
        match first & 0x0f {
            PING => return Ok(Some(Frame::Ping(payload))),
            PONG => return Ok(Some(Frame::Pong(payload))),
            CLOSE => return close(&payload).map(Some),
            _ => {}
        }
        let message = match self.message.take() {
            Some(mut message) => {
                message.payload.extend_from_slice(&payload);
                message
            }
            None => Partial { opcode: first & 0x0f, is_compressed: first & RSV1 != 0, payload },
        };
        if first & FIN == 0 {
            self.message = Some(message);
            return Ok(None);
        }
        self.whole(message).map(Some)
    }

    fn whole(&mut self, message: Partial) -> Result<Frame, String> {
        let Partial { opcode, is_compressed, mut payload } = message;
        if let (true, Some(windows)) = (is_compressed, self.deflate) {
            self.compressed += 1;
            payload = inflated(&payload, windows.server_bits)?;
        }
        if opcode == BINARY { Ok(Frame::Binary(payload)) } else { text(payload).map(Frame::Text) }
    }

    fn wrong(&self, what: &str) -> String {
        self.incoming.error(format_args!("{what}: {}", shown(self.incoming.rest())))
    }
}

fn close(payload: &[u8]) -> Result<Frame, String> {
    match payload {
        [] => Ok(Frame::Close { code: None, reason: String::new() }),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            // RFC 6455 section 7.4: 1004 is reserved; 1005, 1006 and 1015 never stand in a frame.
            match code {
                1000..=1003 | 1007..=1014 | 3000..=4999 => {
                    Ok(Frame::Close { code: Some(code), reason: text(reason.to_vec())? })
                }
                _ => Err(format!("a close with code {code}")),
            }
        }
        [_] => Err("a close with half a code".to_owned()),
    }
}

fn text(payload: Vec<u8>) -> Result<String, String> {
    String::from_utf8(payload).map_err(|error| format!("text that is not UTF-8: {}", shown(error.as_bytes())))
}

/// A client's frame: `first` is its bits and opcode, the length in its shortest form, the payload masked.
pub fn client_frame(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut out = header(first, 0x80, payload.len());
    out.extend_from_slice(&mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

/// A frame's header without a mask's key; `mask_bit` is 0x80 or 0.
pub fn header(first: u8, mask_bit: u8, len: usize) -> Vec<u8> {
    let mut out = vec![first];
    match len {
        0..=125 => out.push(mask_bit | len as u8),
        126..=0xffff => {
            out.push(mask_bit | 126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            out.push(mask_bit | 127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests;
