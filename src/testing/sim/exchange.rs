//! A client's HTTP requests on one connection, one behind the other.  Law: each that the server has begun to read gets
//! one answer, in order, unless the server said that it ends, or may refuse.

use super::outbox::Outbox;
use super::truth::Truth;
use crate::base::time::Millis;
use crate::testing::decode::head::ResponseHead;
use crate::testing::decode::http::{HttpPart, ResponseReader};
use crate::testing::driver::World;
use core::ops::Range;
use std::collections::VecDeque;

/// One connection.
pub struct Exchange<R> {
    /// What is said on it.
    pub out: Outbox,
    http: ResponseReader,
    asked: VecDeque<Asked<R>>,
    /// An answer said that it is the last.
    is_ending: bool,
    answer: Option<(ResponseHead, Vec<u8>)>,
}

/// A request that waits for its answer.
pub struct Asked<R> {
    /// The request.
    pub request: R,
    /// When it was made.
    pub at: Millis,
    /// When the server had it whole, and everything before was answered.
    pub held_at: Option<Millis>,
    /// How often the journal had failed before.
    pub failures: u64,
    /// Where it stands in what is said: from the first byte to behind the last.
    bytes: Range<usize>,
}

/// A request with its whole answer.
pub struct Answered<R> {
    /// What was asked.
    pub asked: Asked<R>,
    /// The answer's head.
    pub head: ResponseHead,
    /// The answer's body.
    pub body: Vec<u8>,
}

impl<R> Exchange<R> {
    /// A new connection.
    pub fn connect(world: &mut World) -> Self {
        Exchange {
            out: Outbox::connect(world),
            http: ResponseReader::default(),
            asked: VecDeque::new(),
            is_ending: false,
            answer: None,
        }
    }

    /// Says a request, later.
    pub fn ask(&mut self, world: &World, truth: &Truth, request: R, head: &str, body: &[u8]) {
        let begin = self.out.said();
        self.out.say(head);
        self.out.say(body);
        self.http.expect(false);
        self.asked.push_back(Asked {
            request,
            at: world.now().at,
            held_at: None,
            failures: truth.troubles.journal_failures,
            bytes: begin..self.out.said(),
        });
    }

    /// How many requests have no answer.
    pub fn waiting(&self) -> usize {
        self.asked.len()
    }

    /// The first request without an answer.
    pub fn front(&self) -> Option<&Asked<R>> {
        self.asked.front()
    }

    /// Reads what the server wrote: the answers that are whole.
    pub fn listen(&mut self, world: &mut World) -> Result<Vec<Answered<R>>, String> {
        self.http.push(&world.take_written(self.out.line()));
        let mut answers = Vec::new();
        while let Some(part) = self.http.next_part()? {
            match part {
                HttpPart::Continue | HttpPart::Switched => return Err("nobody asked for this".to_owned()),
                HttpPart::Head(head) => {
                    self.is_ending |= head.lists("Connection", "close");
                    self.answer = Some((head, Vec::new()));
                }
                HttpPart::Body(bytes) => {
                    self.answer.as_mut().expect("a body follows its head").1.extend_from_slice(&bytes);
                }
                HttpPart::End => {
                    let (head, body) = self.answer.take().expect("an end follows its head");
                    let asked = self.asked.pop_front().expect("the reader counts the requests");
                    answers.push(Answered { asked, head, body });
                }
            }
        }
        Ok(answers)
    }

    /// Notes that the server can have held the first request since now, if `is_known`.
    pub fn watch(&mut self, world: &World, is_known: impl FnOnce(&R) -> bool) {
        if let Some(asked) = self.asked.front_mut()
            && !self.out.was_slow
            && world.has_taken(self.out.line(), asked.bytes.end)
            && is_known(&asked.request)
        {
            asked.held_at.get_or_insert(world.now().at);
        }
    }

    /// Has the server ended the connection?
    pub fn is_closed(&self, world: &World) -> bool {
        world.is_closed(self.out.line()) || world.is_write_closed(self.out.line())
    }

    /// May the server end it? Not before it answers what it has begun to read, unless it said so.
    pub fn may_be_cut(&self, world: &World, truth: &Truth) -> bool {
        let begins = |asked: &Asked<R>| world.has_taken(self.out.line(), asked.bytes.start + 1);
        let is_begun = self.asked.front().is_some_and(begins);
        truth.troubles.may_refuse() || self.is_ending || self.out.was_slow || !is_begun
    }
}
