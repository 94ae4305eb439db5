//! What a reader makes of an answer, by transport.  Law: whatever the transport, what was heard goes to the account, and
//! the cursor is what the contract says a client goes on from.

use super::account::Account;
use super::asking::{Asked, CALLBACK, ORIGIN, Via};
use super::reader::Place;
use super::socket::Socket;
use super::truth::Truth;
use crate::message::MessageId;
use crate::testing::decode::head::ResponseHead;
use crate::testing::decode::poll::{Batch, Called};
use crate::testing::decode::{Heard, iframe::IframeReader, ndjson::NdjsonReader, sse::SseReader};

/// How the answer to a reading request is understood.
pub enum Ear {
    /// A batch.
    Batch(Box<BatchEar>),
    /// A response without an end.
    Stream(Box<StreamEar>),
    /// Frames.
    Socket(Box<Socket>),
    /// All of its channels were deleted.
    Closed,
    /// The server is full, or ending, or had no patience; the status.
    Refused(u16),
}

/// A batch on its way.
pub struct BatchEar {
    account: Account,
    etag: MessageId,
    /// 304: nothing new.
    is_unchanged: bool,
    body: Vec<u8>,
    /// Whole: the cursor to go on from.
    next: Option<MessageId>,
}

/// A stream.
pub struct StreamEar {
    account: Account,
    wire: Wire,
    cursor: Option<MessageId>,
    client: Option<String>,
    /// The server says that it ends, or that it is to be asked anew.
    is_ending: bool,
}

enum Wire {
    Sse(SseReader),
    Ndjson(NdjsonReader),
    Iframe(IframeReader),
}

impl Ear {
    /// The answer to `asked`, which the server had whole when `newest` was the newest id, begins with `head`.
    pub fn open(
        head: &ResponseHead,
        asked: &Asked,
        newest: MessageId,
        truth: &Truth,
    ) -> Result<Self, String> {
        let mut account = asked.account(truth, newest);
        account.has_heard_until(asked.asked_ms);
        let client = head.field("Holdline-Client").map(str::to_owned);
        if let Some(client) = client.as_ref().and_then(|client| client.parse().ok()) {
            account.is_client(client);
        }
        truth.tally.count_answer(head, asked);
        match (head.status, asked.via) {
            (101, Via::V1 | Via::Raw) => {
                let agreed = asked.handshake().agreed(head)?;
                Ok(Ear::Socket(Box::new(Socket::new(asked, agreed, account, truth))))
            }
            (200 | 304, via) if via.is_batch() && head.field("ETag").is_some() => {
                let etag = head.field("ETag").unwrap_or_default().trim_matches('"');
                let etag = etag.parse().map_err(|_| format!("{etag} is no cursor"))?;
                let is_unchanged = head.status == 304;
                Ok(Ear::Batch(Box::new(BatchEar {
                    account,
                    etag,
                    is_unchanged,
                    body: Vec::new(),
                    next: None,
                })))
            }
            // A script cannot read a status.
            (200, Via::Jsonp) => Ok(Ear::Batch(Box::new(BatchEar {
                account,
                etag: MessageId::ZERO,
                is_unchanged: false,
                body: Vec::new(),
                next: None,
            }))),
            (200, via) if !via.is_batch() && !via.is_socket() => {
                let wire = Wire::new(head, asked)?;
                Ok(Ear::Stream(Box::new(StreamEar { account, wire, cursor: None, client, is_ending: false })))
            }
            (204 | 410, _) => match asked.channels.iter().all(|channel| truth.was_deleted(channel)) {
                true => Ok(Ear::Closed),
                false => Err(format!("{} for channels that were never deleted", head.status)),
            },
            (status @ (408 | 429 | 503), _) => Ok(Ear::Refused(status)),
            (status, _) => Err(format!("{status} {:?}", head.fields)),
        }
    }

    /// What is heard from now on was shown at `unix_ms` or later.
    pub fn has_heard_until(&mut self, unix_ms: u64) {
        match self {
            Ear::Stream(stream) => stream.account.has_heard_until(unix_ms),
            Ear::Socket(socket) => socket.has_heard_until(unix_ms),
            // A batch is made at once, whenever it comes.
            Ear::Batch(_) | Ear::Closed | Ear::Refused(_) => {}
        }
    }

    /// A piece of the body comes.
    pub fn hear(&mut self, truth: &Truth, bytes: &[u8]) -> Result<(), String> {
        match self {
            Ear::Batch(batch) => batch.body.extend_from_slice(bytes),
            Ear::Stream(stream) => {
                if let Some(status) = stream.hear(truth, bytes)? {
                    *self = Ear::Refused(status);
                }
            }
            // A problem, which the tests of the wire read.
            Ear::Closed | Ear::Refused(_) => {}
            Ear::Socket(_) => return Err("a WebSocket has no body".to_owned()),
        }
        Ok(())
    }

    /// The answer is whole.
    pub fn end(&mut self, truth: &Truth, asked: &Asked) -> Result<(), String> {
        match self {
            Ear::Batch(batch) => {
                if let Some(status) = batch.end(truth, asked)? {
                    *self = if status == 410 { Ear::Closed } else { Ear::Refused(status) };
                }
                Ok(())
            }
            Ear::Stream(stream) if !stream.may_end() => Err("the stream ended without a word".to_owned()),
            Ear::Stream(_) | Ear::Closed | Ear::Refused(_) => Ok(()),
            Ear::Socket(_) => Err("a WebSocket does not end like this".to_owned()),
        }
    }

    /// Nothing more is to come at present.
    pub fn is_idle(&self, truth: &Truth) -> Result<(), String> {
        match self {
            Ear::Stream(stream) => match stream.account.misses_its_own(truth) {
                Some(id) if !stream.is_ending => Err(format!("{id}, for it alone, was not heard")),
                _ => stream.account.is_idle(truth),
            },
            Ear::Socket(socket) => socket.is_idle(truth),
            Ear::Batch(_) => Err("a batch was begun and not ended".to_owned()),
            Ear::Closed | Ear::Refused(_) => Ok(()),
        }
    }

    /// Where the reader goes on from; `None` as before.
    pub fn place(&self) -> Option<Place> {
        match self {
            Ear::Batch(batch) => Some(Place {
                cursor: Some(batch.next?),
                channels: batch.account.channels().map(str::to_owned).collect(),
            }),
            Ear::Stream(stream) => Some(Place {
                cursor: Some(stream.cursor?),
                channels: stream.account.channels().map(str::to_owned).collect(),
            }),
            Ear::Socket(socket) => socket.place(),
            Ear::Closed | Ear::Refused(_) => None,
        }
    }

    /// What a stream or WebSocket must still be told.
    pub fn account_mut(&mut self) -> Option<&mut Account> {
        match self {
            Ear::Stream(stream) => Some(&mut stream.account),
            Ear::Socket(socket) => Some(&mut socket.account),
            Ear::Batch(_) | Ear::Closed | Ear::Refused(_) => None,
        }
    }

    /// As [`Ear::account_mut`].
    pub fn account(&self) -> Option<&Account> {
        match self {
            Ear::Stream(stream) => Some(&stream.account),
            Ear::Socket(socket) => Some(&socket.account),
            Ear::Batch(_) | Ear::Closed | Ear::Refused(_) => None,
        }
    }

    /// Its channels, if it is certain that it reads them.
    pub fn certain_channels(&self) -> Vec<&str> {
        match self {
            Ear::Stream(stream) if !stream.is_ending => stream.account.channels().collect(),
            Ear::Socket(socket) => socket.certain_channels().collect(),
            Ear::Stream(_) | Ear::Batch(_) | Ear::Closed | Ear::Refused(_) => Vec::new(),
        }
    }

    /// The reader's public name.
    pub fn client(&self) -> Option<String> {
        match self {
            Ear::Stream(stream) => stream.client.clone(),
            Ear::Socket(socket) => socket.client(),
            Ear::Batch(_) | Ear::Closed | Ear::Refused(_) => None,
        }
    }
}

impl BatchEar {
    fn hear_all(&mut self, truth: &Truth, batch: &Batch) -> Result<(), String> {
        // Notices stand in a list of their own; what they tell was true before the messages were gathered.
        // But the end of a question has a place among the messages.
        let place = |heard: &&Heard| match heard {
            Heard::Message { id, .. } => *id,
            Heard::Withdrawn { ask, .. } => {
                self.account.end_of(truth, ask).map_or(MessageId::MAX, |(_, id)| id)
            }
            _ => MessageId::ZERO,
        };
        let mut all: Vec<&Heard> = batch.heard.iter().collect();
        all.sort_by_cached_key(place);
        for heard in all {
            self.account.hears(truth, heard)?;
        }
        match batch.more {
            true => Ok(()),
            false => self.account.hears(truth, &Heard::Position { cursor: batch.next }),
        }
    }

    /// The body is whole; the status if it is a refusal after all.
    fn end(&mut self, truth: &Truth, asked: &Asked) -> Result<Option<u16>, String> {
        if self.is_unchanged {
            self.next = Some(self.etag);
            return self.account.hears(truth, &Heard::Position { cursor: self.etag }).map(|()| None);
        }
        let batch = match asked.via {
            Via::Jsonp => match Called::parse(&self.body, CALLBACK)? {
                Called::Batch(batch) => batch,
                Called::Refused(status) => return Ok(Some(status)),
            },
            _ => Batch::parse(&self.body)?,
        };
        if batch.next != self.etag {
            return Err(format!("next is {} and the ETag {}", batch.next, self.etag));
        }
        let outcome = self.hear_all(truth, &batch);
        self.next = Some(batch.next);
        outcome.map(|()| None).map_err(|error| format!("{error} in the answer to {asked:?}"))
    }
}

impl StreamEar {
    /// Only one that said so ends, and one without channels.
    pub fn may_end(&self) -> bool {
        self.is_ending || self.account.channels().next().is_none()
    }

    /// The status if it is a refusal after all.
    fn hear(&mut self, truth: &Truth, bytes: &[u8]) -> Result<Option<u16>, String> {
        let all = match &mut self.wire {
            Wire::Sse(sse) => sse.push(bytes)?,
            Wire::Ndjson(ndjson) => ndjson.push(bytes)?,
            Wire::Iframe(iframe) => iframe.push(bytes)?,
        };
        for heard in all {
            match (&heard, self.cursor) {
                (Heard::Refused { status }, None) => return Ok(Some(*status)),
                (Heard::Position { cursor }, None) => {
                    self.account.begins_at(truth, *cursor)?;
                    self.cursor = Some(*cursor);
                    continue;
                }
                (Heard::Message { .. } | Heard::Gap { .. }, None) => {
                    return Err(format!("{heard:?} before the reader knows where it begins"));
                }
                (Heard::Message { id, .. }, Some(_)) => self.cursor = Some(*id),
                (Heard::Position { cursor } | Heard::Reload { since: cursor }, Some(_)) => {
                    self.cursor = Some(*cursor);
                }
                _ => {}
            }
            self.is_ending |= matches!(heard, Heard::Shutdown { .. } | Heard::Reload { .. });
            self.account.hears(truth, &heard)?;
        }
        Ok(None)
    }
}

impl Wire {
    fn new(head: &ResponseHead, asked: &Asked) -> Result<Self, String> {
        Ok(match asked.via {
            Via::Ndjson => Wire::Ndjson(NdjsonReader::default()),
            Via::Iframe => Wire::Iframe(IframeReader::new(head, ORIGIN)?),
            _ => Wire::Sse(SseReader::new(asked.is_bare)),
        })
    }
}
