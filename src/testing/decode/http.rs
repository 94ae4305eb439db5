//! The responses of one connection, in order (RFC 9112).  Law: each byte belongs to a response that was asked for, and
//! where a body ends is never guessed at.

use super::head::ResponseHead;
use super::incoming::{Incoming, shown};
use std::collections::VecDeque;

/// Bytes of a head before which its blank line must have come.
const HEAD_MAX: usize = 64 << 10;
/// Characters of a chunk's size: any 64-bit number.
const SIZE_DIGITS_MAX: usize = 16;

/// One thing read off a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpPart {
    /// A 100: the body is asked for. The response is still to come.
    Continue,
    /// A response begins.
    Head(ResponseHead),
    /// A piece of its body as it came, without its framing, never empty.
    Body(Vec<u8>),
    /// It is whole; the next may begin.
    End,
    /// After a 101: [`ResponseReader::into_rest`] speaks another protocol.
    Switched,
}

/// Reads what the server writes on one connection.
#[derive(Debug, Default)]
pub struct ResponseReader {
    incoming: Incoming,
    /// For each request without an answer: was only the head asked for?
    asked: VecDeque<bool>,
    state: State,
    /// This response is the last one.
    is_last: bool,
    /// A 100 came for the response that is still to come.
    is_continued: bool,
}

/// Where the reader stands in a response.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    /// So many bytes are left of a body with a length.
    Length(u64),
    ChunkSize,
    /// So many bytes are left of a chunk's data.
    Chunk(u64),
    /// The line end behind a chunk's data; whether it was the last chunk.
    ChunkEnd(bool),
    UntilClose,
    /// The end is still to be told.
    Whole,
    /// The 101 is still to be told.
    Switching,
    Switched,
    /// Behind the last response.
    Over,
}

impl ResponseReader {
    /// A request was sent, or part of one; `head_only` if its method is HEAD.
    pub fn expect(&mut self, head_only: bool) {
        self.asked.push_back(head_only);
    }

    /// Requests without a whole head of an answer.
    pub fn unanswered(&self) -> usize {
        self.asked.len()
    }

    /// The server wrote `bytes`.
    pub fn push(&mut self, bytes: &[u8]) {
        self.incoming.push(bytes);
    }

    /// What comes next; `None` until more was pushed.
    pub fn next_part(&mut self) -> Result<Option<HttpPart>, String> {
        loop {
            match self.state {
                State::Head => return self.head(),
                State::Length(left) => {
                    return Ok(self.data(left, |left| match left {
                        0 => State::Whole,
                        left => State::Length(left),
                    }));
                }
                State::Chunk(left) => {
                    return Ok(self.data(left, |left| match left {
                        0 => State::ChunkEnd(false),
                        left => State::Chunk(left),
                    }));
                }
                State::UntilClose => return Ok(self.data(u64::MAX, |_| State::UntilClose)),
                State::ChunkSize | State::ChunkEnd(_) => {
                    if !self.chunk_line()? {
                        return Ok(None);
                    }
                }
                State::Whole => {
                    self.state = if self.is_last { State::Over } else { State::Head };
                    return Ok(Some(HttpPart::End));
                }
                State::Switching => {
                    self.state = State::Switched;
                    return Ok(Some(HttpPart::Switched));
                }
                State::Switched => return Ok(None),
                State::Over if self.incoming.is_empty() => return Ok(None),
                State::Over => return Err(self.wrong("bytes behind the last response")),
            }
        }
    }

    /// Reads until nothing is left that is whole.
    pub fn all(&mut self) -> Result<Vec<HttpPart>, String> {
        let mut parts = Vec::new();
        while let Some(part) = self.next_part()? {
            parts.push(part);
        }
        Ok(parts)
    }

    /// The connection has ended: nothing may be cut off. A body without a length is whole by that.
    pub fn finish(&self) -> Result<(), String> {
        match self.state {
            State::Switched => Ok(()),
            State::Head | State::UntilClose | State::Over if self.incoming.is_empty() => Ok(()),
            state => Err(self.wrong(&format!("the connection ended within a response ({state:?})"))),
        }
    }

    /// What came and was not read yet.
    pub fn unread(&self) -> &[u8] {
        self.incoming.rest()
    }

    /// What came behind a 101.
    pub fn into_rest(self) -> Vec<u8> {
        self.incoming.into_rest()
    }

    fn head(&mut self) -> Result<Option<HttpPart>, String> {
        const BEGIN: &[u8] = b"HTTP/1.1 ";
        let rest = self.incoming.rest();
        if !BEGIN.iter().zip(rest).all(|(expected, byte)| expected == byte) {
            return Err(self.wrong("no response begins like this"));
        }
        let Some(head) = self.incoming.take_before(b"\r\n\r\n") else {
            return if self.incoming.rest().len() > HEAD_MAX {
                Err(self.wrong("a head without an end"))
            } else {
                Ok(None)
            };
        };
        let head = ResponseHead::parse(head).map_err(|error| self.incoming.error(error))?;
        if head.status == 100 {
            return self.interim(&head);
        }
        let Some(head_only) = self.asked.pop_front() else {
            return Err(self.wrong(&format!("a response nobody asked for: {head:?}")));
        };
        self.is_continued = false;
        self.is_last = head.lists("Connection", "close");
        self.state = body_of(&head, head_only).map_err(|error| self.incoming.error(error))?;
        Ok(Some(HttpPart::Head(head)))
    }

    fn interim(&mut self, head: &ResponseHead) -> Result<Option<HttpPart>, String> {
        if !head.fields.is_empty() {
            return Err(self.wrong(&format!("a 100 with fields: {head:?}")));
        }
        if self.asked.is_empty() || core::mem::replace(&mut self.is_continued, true) {
            return Err(self.wrong("a 100 nobody waits for"));
        }
        Ok(Some(HttpPart::Continue))
    }

    /// A piece of at most `left` bytes of data; `then` is the state after so many are left.
    fn data(&mut self, left: u64, then: impl FnOnce(u64) -> State) -> Option<HttpPart> {
        let piece = self.incoming.take(usize::try_from(left).unwrap_or(usize::MAX)).to_vec();
        if piece.is_empty() {
            return None;
        }
        self.state = then(left - piece.len() as u64);
        Some(HttpPart::Body(piece))
    }

    /// Takes the line before or behind a chunk's data (RFC 9112 section 7.1); `false` if it has not come yet.
    /// Extensions and trailers are errors: nobody asked for them.
    fn chunk_line(&mut self) -> Result<bool, String> {
        let rest = self.incoming.rest();
        let line_max = if self.state == State::ChunkSize { SIZE_DIGITS_MAX } else { 0 };
        let Some(at) = rest.iter().position(|&b| b == b'\r') else {
            return if rest.len() > line_max { Err(self.wrong("no line end of a chunk")) } else { Ok(false) };
        };
        if rest.get(at + 1).is_some_and(|&b| b != b'\n') {
            return Err(self.wrong("a bare CR at a chunk"));
        }
        if rest.len() < at + 2 {
            return Ok(false);
        }
        self.state = match self.state {
            State::ChunkEnd(is_last) if at == 0 => {
                if is_last {
                    State::Whole
                } else {
                    State::ChunkSize
                }
            }
            State::ChunkEnd(_) => return Err(self.wrong("bytes behind a chunk's data, or a trailer")),
            _ => match size(&rest[..at]) {
                Some(0) => State::ChunkEnd(true),
                Some(size) => State::Chunk(size),
                None => return Err(self.wrong("a chunk's size is hex digits and nothing else")),
            },
        };
        self.incoming.take(at + 2);
        Ok(true)
    }

    fn wrong(&self, what: &str) -> String {
        self.incoming.error(format_args!("{what}: {}", shown(self.incoming.rest())))
    }
}

/// What follows a head (RFC 9112 section 6.3).
fn body_of(head: &ResponseHead, head_only: bool) -> Result<State, String> {
    let status = head.status;
    let (length, coding) = (head.field("Content-Length"), head.field("Transfer-Encoding"));
    match (length, coding) {
        (Some(_), Some(_)) => return Err(format!("a length and a coding: {head:?}")),
        (_, Some(coding)) if coding != "chunked" => return Err(format!("an unknown coding: {head:?}")),
        (None, None) => {}
        _ if status < 200 || status == 204 => return Err(format!("a {status} has no content: {head:?}")),
        _ => {}
    }
    if status == 101 {
        return if head_only { Err("a 101 to a HEAD".to_owned()) } else { Ok(State::Switching) };
    }
    if status < 200 {
        return Err(format!("an interim response nobody knows: {head:?}"));
    }
    let length =
        length.map(|text| decimal(text).ok_or_else(|| format!("no length: {head:?}"))).transpose()?;
    if head_only || matches!(status, 204 | 304) {
        return Ok(State::Whole);
    }
    match length {
        Some(0) => Ok(State::Whole),
        Some(length) => Ok(State::Length(length)),
        None if coding.is_some() => Ok(State::ChunkSize),
        None if head.lists("Connection", "close") => Ok(State::UntilClose),
        None => Err(format!("a body without length, chunks or close: {head:?}")),
    }
}

fn decimal(text: &str) -> Option<u64> {
    let is_plain = text == "0" || (text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

/// Zeros may stand in front.
fn size(digits: &[u8]) -> Option<u64> {
    let is_plain = digits.len() <= SIZE_DIGITS_MAX && digits.iter().all(u8::is_ascii_hexdigit);
    let text = core::str::from_utf8(digits).ok().filter(|_| is_plain)?;
    u64::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests;
