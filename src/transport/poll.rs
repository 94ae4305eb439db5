//! Batches for polls and JSONP.  Law: a batch is one JSON object made of a head, pieces of shared encodings, and a
//! tail; it holds whole messages only, in order, within its two bounds but for its first message.
//! Knows nothing of waiting.

use super::encoded::Piece;
use super::envelope::{write_envelope, write_notice};
use super::json::{self, Escape};
use super::jsonp;
use crate::message::{ClientId, Cursor, Message, MessageId, Notice};
use std::io::Write;

/// One message: a comma, which the first of a batch loses, and its envelope.
pub fn message(out: &mut Vec<u8>, channel: &str, message: &Message, escape: Escape) {
    write_envelope(out, ",{", channel, message, escape);
}

/// One notice, with its comma.
pub fn notice(out: &mut Vec<u8>, notice: &Notice<'_>, escape: Escape) {
    write_notice(out, ",{", notice, escape);
}

/// What is gathered for one answer.
pub struct Batch {
    escape: Escape,
    pieces: Vec<Piece>,
    notices: Vec<u8>,
    messages: usize,
    bytes: usize,
    messages_max: usize,
    bytes_max: usize,
    gap: bool,
    full: bool,
}

/// What a batch says besides messages and notices.
#[derive(Copy, Clone, Debug)]
pub struct BatchEnd<'a> {
    /// The id of the last message if `more`, else the position.
    pub next: Cursor,
    /// There is more to read at once.
    pub more: bool,
    /// Who the reader is.
    pub client: ClientId,
    /// By which it proves it.
    pub session: &'a str,
    /// The function to call, for JSONP.
    pub callback: Option<&'a str>,
}

/// A batch ready to be sent: head, pieces, tail.
pub struct BatchBody {
    /// What stands before the messages.
    pub head: Vec<u8>,
    /// The messages, in shared bytes.
    pub pieces: Vec<Piece>,
    /// What stands after the messages.
    pub tail: Vec<u8>,
}

impl Batch {
    /// An empty batch with room for so many messages and bytes of messages; `jsonp` if it will be a script.
    pub fn new(jsonp: bool, messages_max: usize, bytes_max: usize) -> Self {
        Batch {
            escape: if jsonp { Escape::Script } else { Escape::Plain },
            pieces: Vec::new(),
            notices: Vec::new(),
            messages: 0,
            bytes: 0,
            messages_max,
            bytes_max,
            gap: false,
            full: false,
        }
    }

    /// Takes as many messages of `piece` as there is room for and tells the last of them; `None` if there was no
    /// room. The batch [`is_full`](Self::is_full) if it did not take all.
    pub fn add(&mut self, piece: &Piece) -> Option<MessageId> {
        if self.full {
            return None;
        }
        let fitting = piece.first_messages(self.messages_max - self.messages).and_then(|p| self.fit_bytes(p));
        let Some(taken) = fitting else {
            self.full = true;
            return None;
        };
        self.full = taken.last != piece.last || self.messages + taken.messages() == self.messages_max;
        self.messages += taken.messages();
        self.bytes += taken.len();
        let last = taken.last;
        self.pieces.push(taken);
        Some(last)
    }

    /// A message larger than the bound goes alone: it would never go otherwise.
    fn fit_bytes(&self, piece: Piece) -> Option<Piece> {
        let room = self.bytes_max.saturating_sub(self.bytes);
        match piece.within_bytes(room) {
            None if self.messages == 0 => piece.first_messages(1),
            fitting => fitting,
        }
    }

    /// Adds a notice.
    pub fn add_notice(&mut self, told: &Notice<'_>) {
        self.gap |= matches!(told, Notice::Gap { .. });
        notice(&mut self.notices, told, self.escape);
    }

    /// Is there nothing to tell?
    pub fn is_empty(&self) -> bool {
        self.messages == 0 && self.notices.is_empty()
    }

    /// Has it met one of its bounds?
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// How many messages it holds.
    pub fn messages(&self) -> usize {
        self.messages
    }

    /// Makes it ready to be sent.
    pub fn finish(mut self, end: &BatchEnd<'_>) -> BatchBody {
        let mut head = Vec::new();
        if let Some(callback) = end.callback {
            jsonp::open_call(&mut head, callback);
        }
        head.extend_from_slice(b"{\"messages\":[");
        if let Some(first) = self.pieces.first_mut() {
            first.start += 1; // its comma
        }
        BatchBody { head, tail: self.tail(end), pieces: self.pieces }
    }

    fn tail(&self, end: &BatchEnd<'_>) -> Vec<u8> {
        let BatchEnd { next, more, client, .. } = end;
        let gap = self.gap;
        let mut out = b"],\"notices\":[".to_vec();
        out.extend_from_slice(self.notices.get(1..).unwrap_or_default());
        write!(
            out,
            "],\"next\":\"{next}\",\"gap\":{gap},\"more\":{more},\"client\":\"{client}\",\"session\":"
        )
        .expect("a Vec takes every write");
        json::string(&mut out, end.session, self.escape);
        out.push(b'}');
        if end.callback.is_some() {
            jsonp::close_call(&mut out);
        }
        out
    }
}

impl BatchBody {
    /// Bytes in all.
    pub fn len(&self) -> usize {
        self.parts().map(<[u8]>::len).sum()
    }

    /// Never: it has at least a head.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The bytes, in order.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let pieces = self.pieces.iter().map(Piece::bytes);
        core::iter::once(&*self.head).chain(pieces).chain(core::iter::once(&*self.tail))
    }
}
