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

/// Bytes of notices that a batch takes also where its bound is lower.
const NOTICE_BYTES_MIN: usize = 64 << 10;

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

    /// Adds a notice. It has room in any case, but may be the last that has.
    pub fn add_notice(&mut self, told: &Notice<'_>) {
        self.gap |= matches!(told, Notice::Gap { .. });
        notice(&mut self.notices, told, self.escape);
        self.full |= self.notices.len() >= self.bytes_max.max(NOTICE_BYTES_MIN);
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

#[cfg(test)]
mod tests {
    use super::super::Encoding;
    use super::super::check::{CLIENT, envelope_of, hostile, parse_line, parse_script, text};
    use super::super::encoded::{EncodedCache, Source};
    use super::super::encoder::Encoder;
    use super::*;

    fn piece_of(encoding: Encoding, messages: &[Message]) -> Piece {
        EncodedCache::new(1 << 20, Encoder::new("", 0))
            .get(Source::of(0, "news"), encoding, messages.iter())
            .expect("not empty")
    }

    fn end(callback: Option<&'static str>) -> BatchEnd<'static> {
        BatchEnd { next: MessageId::new(5, 1), more: false, client: CLIENT, session: "s", callback }
    }

    fn text_of(body: &BatchBody) -> String {
        let bytes: Vec<u8> = body.parts().flatten().copied().collect();
        assert_eq!(bytes.len(), body.len());
        String::from_utf8(bytes).expect("a batch is UTF-8")
    }

    const TAIL: &str = r#""next":"5-1","gap":false,"more":false,"client":"AAAAAAAAAAAAAAAA","session":"s"}"#;

    #[test]
    fn an_empty_batch_still_tells_where_to_go_on() {
        let batch = Batch::new(false, 100, 1000);
        assert!(batch.is_empty() && !batch.is_full());
        assert_eq!(text_of(&batch.finish(&end(None))), format!("{{\"messages\":[],\"notices\":[],{TAIL}"));
        let script = text_of(&Batch::new(true, 100, 1000).finish(&end(Some("a.b"))));
        assert_eq!(script, format!("/**/a.b({{\"messages\":[],\"notices\":[],{TAIL});"));
    }

    #[test]
    fn messages_of_several_pieces_and_notices_stand_in_their_lists() {
        let messages: Vec<_> = (0..3).map(|seq| text(seq, "m")).collect();
        let mut batch = Batch::new(false, 100, 1 << 20);
        assert_eq!(batch.add(&piece_of(Encoding::Poll, &messages[..1])), Some(messages[0].id));
        assert_eq!(batch.add(&piece_of(Encoding::Poll, &messages[1..])), Some(messages[2].id));
        batch.add_notice(&Notice::Gap {
            channel: "a",
            after: MessageId::ZERO,
            resumes: MessageId::new(1, 0),
        });
        batch.add_notice(&Notice::Closed { channel: "b" });
        assert_eq!((batch.messages(), batch.is_full(), batch.is_empty()), (3, false, false));
        let one = |seq| {
            format!(
                r#"{{"id":"1763687000123-{seq}","channel":"news","data":"m","time":"2025-11-21T01:03:20.123Z"}}"#
            )
        };
        let expected = format!(
            concat!(
                r#"{{"messages":[{},{},{}],"notices":[{{"notice":"gap","channel":"a","after":"0-0","#,
                r#""resumes":"1-0"}},{{"notice":"closed","channel":"b"}}],{}"#
            ),
            one(0),
            one(1),
            one(2),
            TAIL.replace("\"gap\":false", "\"gap\":true")
        );
        assert_eq!(text_of(&batch.finish(&end(None))), expected);
    }

    #[test]
    fn hostile_payloads_stay_in_their_place() {
        let (messages, said): (Vec<_>, Vec<_>) = hostile().into_iter().unzip();
        let expected: serde_json::Value =
            messages.iter().zip(&said).map(|(m, said)| envelope_of(m, said)).collect();

        let mut batch = Batch::new(false, 100, 1 << 20);
        batch.add(&piece_of(Encoding::Poll, &messages));
        assert_eq!(parse_line(&text_of(&batch.finish(&end(None))))["messages"], expected);

        let mut batch = Batch::new(true, 100, 1 << 20);
        batch.add(&piece_of(Encoding::Jsonp, &messages));
        let script = text_of(&batch.finish(&end(Some("cb"))));
        let argument = script.strip_prefix("/**/cb(").and_then(|rest| rest.strip_suffix(");"));
        assert_eq!(parse_script(argument.expect("one call"))["messages"], expected);
    }

    #[test]
    fn a_batch_keeps_within_its_bounds_but_for_its_first_message() {
        let messages: Vec<_> = (0..10).map(|seq| text(seq, "0123456789")).collect();
        let each = piece_of(Encoding::Poll, &messages[..1]).len();
        let whole = piece_of(Encoding::Poll, &messages);
        // (messages, bytes) allowed -> messages taken, and is it full
        let cases: [(usize, usize, usize, bool); 10] = [
            (100, 1 << 20, 10, false),
            (10, 1 << 20, 10, true),
            (3, 1 << 20, 3, true),
            (1, 1 << 20, 1, true),
            (100, 10 * each, 10, false),
            (100, 4 * each, 4, true),
            (100, 4 * each - 1, 3, true),
            (100, each - 1, 1, true),
            (100, 0, 1, true),
            (0, 1 << 20, 0, true),
        ];
        for (messages_max, bytes_max, taken, full) in cases {
            let mut batch = Batch::new(false, messages_max, bytes_max);
            let last = batch.add(&whole);
            assert_eq!(last, taken.checked_sub(1).map(|index| messages[index].id));
            assert_eq!((batch.messages(), batch.is_full()), (taken, full), "{messages_max} {bytes_max}");
            if full {
                assert_eq!(batch.add(&whole), None);
            }
        }
    }

    #[test]
    fn notices_fill_a_batch_too() {
        let mut batch = Batch::new(false, 100, NOTICE_BYTES_MIN + 1);
        let mut count = 0;
        while !batch.is_full() {
            batch.add_notice(&Notice::Closed { channel: "a" });
            count += 1;
        }
        let (bytes, each) = (batch.notices.len(), batch.notices.len() / count);
        assert!((NOTICE_BYTES_MIN + 1..=NOTICE_BYTES_MIN + 1 + each).contains(&bytes), "{bytes}");
        assert_eq!(batch.add(&piece_of(Encoding::Poll, &[text(0, "m")])), None);
    }

    #[test]
    fn a_large_message_waits_for_a_batch_of_its_own() {
        let [small, large] = [text(0, "s"), text(1, &"l".repeat(1000))];
        let mut batch = Batch::new(false, 100, 500);
        assert_eq!(batch.add(&piece_of(Encoding::Poll, &[small.clone(), large.clone()])), Some(small.id));
        assert!(batch.is_full());
        let mut batch = Batch::new(false, 100, 500);
        assert_eq!(batch.add(&piece_of(Encoding::Poll, core::slice::from_ref(&large))), Some(large.id));
        assert_eq!((batch.messages(), batch.is_full()), (1, false));
        assert_eq!(batch.add(&piece_of(Encoding::Poll, &[small])), None);
        assert!(batch.is_full());
    }
}
