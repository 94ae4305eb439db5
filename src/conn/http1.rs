//! One request after another (RFC 9112): a head, then its body whole.  Law: however the bytes are cut, the events
//! are the same. Knows no routes and keeps no bytes but those of a body: what it leaves of the input is the
//! caller's to keep, and to hand in again with more behind it.
//!
//! ```text
//! Head --(whole head)--> Event::Head --expect_body--> Body --(whole body)--> Event::Body --> Head
//!                             \--(no body)---------------------------------------------------^
//! ```

use crate::http::{BodyDecoder, BodyError, Decoded, Framing, HeadError, HeadScanner};
use crate::ws::Payload;

/// Where in a request the connection is.
pub enum Http1 {
    /// Before or in a head.
    Head(HeadScanner),
    /// In a body that the server has asked for.
    Body(Box<Body>),
}

/// A body on its way.
pub struct Body {
    decoder: BodyDecoder,
    collected: Vec<u8>,
    /// Bytes that it may have.
    max: usize,
}

/// Something whole.
pub enum HttpEvent<'i> {
    /// The bytes of a head, to be parsed by [`crate::http::parse`].
    Head(&'i [u8]),
    /// The body that was asked for.
    Body(Payload<'i>),
}

/// Why a request cannot be read on. The connection must close after the answer.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum HttpRefusal {
    /// The head is wrong.
    Head(HeadError),
    /// The framing of the body is wrong.
    Body(BodyError),
    /// The body is larger than asked for.
    TooLarge,
}

impl HttpRefusal {
    /// The status to answer with.
    pub fn status(self) -> u16 {
        match self {
            Self::Head(error) => error.status(),
            Self::Body(error) => error.status(),
            Self::TooLarge => 413,
        }
    }

    /// What was wrong and what would be right.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Head(error) => error.detail(),
            Self::Body(error) => error.detail(),
            Self::TooLarge => "the body is larger than this server takes",
        }
    }
}

impl Default for Http1 {
    fn default() -> Self {
        Http1::Head(HeadScanner::default())
    }
}

impl Http1 {
    /// Takes the next event off the front of `input`. `None`: more must come. In a body all input is taken; of an
    /// incomplete head nothing is, and it must be handed in again from its beginning.
    pub fn next<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        head_max: usize,
    ) -> Result<Option<HttpEvent<'i>>, HttpRefusal> {
        match self {
            Http1::Head(scanner) => {
                let Some(len) = scanner.find_end(input, head_max).map_err(HttpRefusal::Head)? else {
                    return Ok(None);
                };
                *scanner = HeadScanner::default();
                Ok(Some(HttpEvent::Head(split_front(input, len))))
            }
            Http1::Body(body) => {
                let whole = split_front(input, input.len());
                let (payload, rest) = body.take(whole)?;
                // What the body did not take goes back: requests behind it.
                *input = rest;
                if payload.is_some() {
                    *self = Http1::default();
                }
                Ok(payload.map(HttpEvent::Body))
            }
        }
    }

    /// The head that was just yielded has a body, which may have so many bytes.
    ///
    /// # Errors
    /// The length that was announced is larger.
    pub fn expect_body(&mut self, framing: Framing, max: usize) -> Result<(), HttpRefusal> {
        if matches!(framing, Framing::Length(length) if length > max as u64) {
            return Err(HttpRefusal::TooLarge);
        }
        let decoder = BodyDecoder::new(framing);
        *self = Http1::Body(Box::new(Body { decoder, collected: Vec::new(), max }));
        Ok(())
    }

    /// Is a body being waited for?
    pub fn is_in_body(&self) -> bool {
        matches!(self, Http1::Body(_))
    }

    /// Bytes of a body held.
    pub fn held_bytes(&self) -> usize {
        match self {
            Http1::Head(_) => 0,
            Http1::Body(body) => body.collected.capacity(),
        }
    }
}

impl Body {
    /// Takes what of `input` is the body's: the whole body, if it is complete, and the rest of the input.
    fn take<'i>(&mut self, input: &'i mut [u8]) -> Result<(Option<Payload<'i>>, &'i mut [u8]), HttpRefusal> {
        let before = input.len();
        let mut left: &[u8] = input;
        let mut only = None;
        let done = loop {
            let at = before - left.len();
            match self.decoder.decode(&mut left).map_err(HttpRefusal::Body)? {
                None => break false,
                Some(Decoded::End) => break true,
                Some(Decoded::Data(data)) => {
                    self.check_room(data.len())?;
                    // A body that lies whole in the input is not copied.
                    if self.collected.is_empty() && self.decoder.is_done() {
                        only = Some((at, data.len()));
                    } else {
                        self.collected.extend_from_slice(data);
                    }
                }
            }
        };
        self.check_room(0)?;
        let taken = before - left.len();
        let (own, rest) = input.split_at_mut(taken);
        if !done {
            return Ok((None, rest));
        }
        let payload = match only {
            Some((at, len)) => Payload::Borrowed(&own[at..at + len]),
            None => Payload::Owned(core::mem::take(&mut self.collected)),
        };
        Ok((Some(payload), rest))
    }

    /// Is there room for `len` bytes more and what is known to follow them? A chunk that says it is too large need not
    /// be waited for.
    fn check_room(&self, len: usize) -> Result<(), HttpRefusal> {
        let known = self.decoder.announced().saturating_add((self.collected.len() + len) as u64);
        if known > self.max as u64 { Err(HttpRefusal::TooLarge) } else { Ok(()) }
    }
}

/// Takes the first `len` bytes off `input`.
fn split_front<'i>(input: &mut &'i mut [u8], len: usize) -> &'i mut [u8] {
    let (front, rest) = core::mem::take(input).split_at_mut(len);
    *input = rest;
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `pieces` as a connection does, with what is left over kept in front of what comes next.
    fn feed(pieces: &[&[u8]], body_max: usize) -> Vec<String> {
        let (mut machine, mut left, mut log) = (Http1::default(), Vec::new(), Vec::new());
        for piece in pieces {
            left.extend_from_slice(piece);
            let mut bytes = core::mem::take(&mut left);
            let mut input = &mut bytes[..];
            loop {
                match machine.next(&mut input, 1000) {
                    Ok(None) => break,
                    Ok(Some(HttpEvent::Body(body))) => log.push(format!("body {:?}", str_of(&body))),
                    Ok(Some(HttpEvent::Head(head))) => {
                        let (mut storage, text) = (crate::http::storage(), str_of(head).to_owned());
                        let head = crate::http::parse(head, &mut storage, 1000).expect("the heads are right");
                        log.push(format!("head {text:?}"));
                        if head.framing.has_body() && machine.expect_body(head.framing, body_max).is_err() {
                            log.push("too large".into());
                            return log;
                        }
                    }
                    Err(refusal) => {
                        log.push(format!("{} {}", refusal.status(), refusal.detail()));
                        return log;
                    }
                }
            }
            left = input.to_vec();
        }
        log
    }

    fn str_of(bytes: &[u8]) -> &str {
        core::str::from_utf8(bytes).expect("the tests are text")
    }

    #[test]
    fn the_events_do_not_depend_on_how_the_bytes_are_cut() {
        let wire = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\
            POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: v\r\n\r\n\
            POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n\
            GET /d HTTP/1.1\r\nHost: h\r\n\r\n";
        let expected = feed(&[wire], 100);
        assert_eq!(expected.len(), 6, "{expected:?}");
        assert_eq!((&*expected[1], &*expected[3]), ("body \"hello\"", "body \"abc\""));
        crate::testing::laws::every_split(wire, |pieces| assert_eq!(feed(pieces, 100), expected));
    }

    #[test]
    fn a_body_over_its_bound_is_refused_before_it_is_held() {
        let announced = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n";
        assert_eq!(feed(&[announced], 5).pop().as_deref(), Some("too large"));
        let chunked =
            b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n";
        crate::testing::laws::every_split(chunked, |pieces| {
            assert!(feed(pieces, 5).pop().is_some_and(|last| last.starts_with("413")));
        });
    }

    #[test]
    fn a_chunk_size_counts_when_its_line_is_whole() {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (body, status) in [
            ("59=", "400"),
            ("59;=", "400"),
            ("59\r\r", "400"),
            ("59\r\n", "413"),
            ("3\r\nabc\r\n3\r\n!", "413"),
        ] {
            crate::testing::laws::every_split((head.to_owned() + body).as_bytes(), |pieces| {
                let last = feed(pieces, 5).pop();
                assert!(last.as_ref().is_some_and(|last| last.starts_with(status)), "{body:?} {last:?}");
            });
        }
    }
}
