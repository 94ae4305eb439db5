//! Polls: a batch at once, or held until there is something to tell.  Law: a held poll is answered once: by a batch
//! that is not empty, by its deadline, or by its peer's going.

use super::connection::{Closing, ConnId, Proto};
use super::owner::Owner;
use super::presence::notice_of;
use super::problem::Problem;
use super::reading::Reading;
use super::reply::Reply;
use super::subscribe::Identity;
use super::{OutPiece, Server};
use crate::base::time::{Millis, Now};
use crate::hub::{Next, ReaderId};
use crate::limits::NEWS_MAX;
use crate::message::{Cursor, Notice};
use crate::transport::encoded::Source;
use crate::transport::poll::{Batch, BatchEnd};
use crate::transport::{Encoding, Transport};

/// A held poll.
pub struct Parked {
    /// Its cursor.
    pub reader: ReaderId,
    /// When it is answered, come what may.
    pub deadline: Millis,
    reply: Reply,
    asked: Asked,
}

impl Parked {
    /// As what it was asked for.
    pub fn transport(&self) -> Transport {
        self.reply.transport.unwrap_or(Transport::LongPoll)
    }
}

/// What the answer must know of the request.
struct Asked {
    identity: Identity,
    by_etag: bool,
    limit: usize,
    /// `Preference-Applied` (RFC 7240 section 3).
    preferred_s: Option<u64>,
    /// Answer also with nothing.
    is_due: bool,
}

/// Everything that one answer says.
struct Gathered {
    batch: Batch,
    next: Cursor,
    has_more: bool,
}

impl Server {
    /// Answers a poll, or holds it.
    pub(super) fn open_poll(
        &mut self,
        now: Now,
        id: ConnId,
        reply: &mut Reply,
        reading: &Reading,
        identity: Identity,
    ) -> Result<(), Problem> {
        let is_held = reading.wait_s > 0 && !reply.head_only && !self.is_draining;
        self.hub.check_client(identity.client)?;
        let (channels, start) = (&reading.channels, reading.start);
        let reader = self.hub.subscribe(
            Owner::Conn(id).pack(),
            Some(identity.client),
            channels,
            start,
            now.unix_ms,
        )?;
        // Who polls without a session and is answered at once is nobody who could be there; who is held, is.
        let is_known = reading.session.is_some() && !reply.head_only;
        if is_known {
            self.introduce(now, reader, reading, reading.watches);
        }
        let asked = Asked {
            identity,
            by_etag: reading.by_etag,
            limit: reading.limit,
            preferred_s: reading.by_prefer.then_some(reading.wait_s),
            is_due: !is_held,
        };
        let mut parked =
            Parked { reader, deadline: now.at + reading.wait_s * 1000, reply: reply.take(now), asked };
        if self.answer_poll(now, id, &mut parked) {
            return Ok(());
        }
        if self.parked >= self.settings.max_parked {
            self.hub.lose(reader, now.at);
            *reply = parked.reply;
            return Err(Problem::new(503, "the server holds as many polls as it may"));
        }
        if !is_known {
            self.introduce(now, reader, reading, reading.watches);
        }
        self.parked += 1;
        if let Some(conn) = self.conns.get_mut(id) {
            conn.turn_to(Proto::Parked(Box::new(parked)), now.at);
        }
        self.count_opened(id);
        self.arm(id);
        Ok(())
    }

    /// Answers the held poll of a connection if there is something to tell.
    pub(super) fn try_parked(&mut self, now: Now, id: ConnId) {
        self.with_parked(now, id, |_| {});
    }

    /// Answers the held poll of a connection with what there is.
    pub(super) fn end_parked(&mut self, now: Now, id: ConnId) {
        self.with_parked(now, id, |parked| parked.asked.is_due = true);
    }

    fn with_parked(&mut self, now: Now, id: ConnId, change: impl FnOnce(&mut Parked)) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if !matches!(conn.proto, Proto::Parked(_)) {
            return;
        }
        // Taken out for the time of looking; it goes back if it stays held.
        let closing = Proto::Closing(Closing { is_write_closed: false });
        let Proto::Parked(mut parked) = core::mem::replace(&mut conn.proto, closing) else { return };
        change(&mut parked);
        if self.gather_is_empty(now, &mut parked) {
            if let Some(conn) = self.conns.get_mut(id) {
                conn.proto = Proto::Parked(parked);
            }
            return;
        }
        self.parked -= 1;
        // What takes nothing is no reader any more.
        if let Some(conn) = self.conns.get_mut(id) {
            self.tally.note_slow(conn, false);
        }
        let was_answered = self.answer_poll(now, id, &mut parked);
        self.count_ended(&Proto::Parked(parked));
        debug_assert!(was_answered, "there was something to tell");
        self.resume(id);
    }

    /// Nothing to tell, and not due either. Moves the cursor over what this reader may not see.
    fn gather_is_empty(&mut self, now: Now, parked: &mut Parked) -> bool {
        if parked.asked.is_due {
            return false;
        }
        let from = self.hub.cursor(parked.reader);
        match self.hub.next(parked.reader, from, now.unix_ms) {
            Next::Idle => {
                let newest = self.hub.newest();
                self.hub.advance(parked.reader, newest);
                self.news_is_empty(parked.reader)
            }
            _ => false,
        }
    }

    /// Nobody but this client itself came or left, as far as it wants to know.
    fn news_is_empty(&mut self, reader: ReaderId) -> bool {
        let is_empty = self.hub.news(reader, NEWS_MAX).is_empty();
        if is_empty {
            self.hub.take_news(reader);
        }
        is_empty
    }

    /// Answers, unless there is nothing to tell and time left.
    fn answer_poll(&mut self, now: Now, id: ConnId, parked: &mut Parked) -> bool {
        let is_jsonp = parked.reply.callback.is_some();
        let Gathered { batch, next, has_more } =
            self.gather(now, parked.reader, is_jsonp, parked.asked.limit);
        if batch.is_empty() && !parked.asked.is_due {
            self.hub.advance(parked.reader, next);
            return false;
        }
        self.hub.lose(parked.reader, now.at);
        self.tally.messages_out += batch.messages() as u64;
        let asked = &parked.asked;
        let etag = format!("\"{next}\"");
        let client = asked.identity.client.to_string();
        let applied = asked.preferred_s.map(|seconds| format!("wait={seconds}"));
        let mut fields = vec![
            ("ETag", etag.as_str()),
            ("Holdline-Client", client.as_str()),
            ("Holdline-Session", asked.identity.session.as_str()),
        ];
        fields.extend(applied.iter().map(|applied| ("Preference-Applied", applied.as_str())));
        if asked.by_etag && batch.is_empty() && !is_jsonp {
            fields.push(("Cache-Control", "no-store"));
            self.respond(now, id, &parked.reply, 304, &fields, Vec::new());
            return true;
        }
        let encoding = if is_jsonp { Encoding::Jsonp } else { Encoding::Poll };
        fields.extend(encoding.response_fields());
        let body = batch.finish(&BatchEnd {
            next,
            more: has_more,
            client: asked.identity.client,
            session: &asked.identity.session,
            callback: parked.reply.callback.as_deref(),
        });
        let mut pieces = vec![OutPiece::Own(body.head)];
        pieces.extend(body.pieces.into_iter().map(OutPiece::Shared));
        pieces.push(OutPiece::Own(body.tail));
        self.respond(now, id, &parked.reply, 200, &fields, pieces);
        true
    }

    /// Reads from the cursor on until a bound of the batch is met or everything is read.
    fn gather(&mut self, now: Now, reader: ReaderId, is_jsonp: bool, limit: usize) -> Gathered {
        let encoding = if is_jsonp { Encoding::Jsonp } else { Encoding::Poll };
        let mut batch = Batch::new(is_jsonp, limit, self.settings.max_batch);
        for news in self.hub.news(reader, NEWS_MAX) {
            batch.add_notice(&notice_of(&news));
        }
        self.hub.take_news(reader);
        let mut from = self.hub.cursor(reader);
        loop {
            let next = self.hub.next(reader, from, now.unix_ms);
            let told = next.told();
            match next {
                Next::Idle => return Gathered { batch, next: self.hub.newest().max(from), has_more: false },
                // What is left to tell comes with the next batch.
                _ if batch.is_full() => return Gathered { batch, next: from, has_more: true },
                Next::Gap { channel, after, resumes, .. } => {
                    self.tally.gaps += 1;
                    batch.add_notice(&Notice::Gap { channel, after, resumes });
                }
                Next::Closed { channel, .. } => batch.add_notice(&Notice::Closed { channel }),
                Next::Withdrawn { ask, end, .. } => batch.add_notice(&Notice::Withdrawn { ask, end }),
                Next::ReplayEnd { .. } => {}
                Next::Run(run) => {
                    let source = Source::of(super::channel_key(run.channel), run.name);
                    let piece = self.cache.get(source, encoding, run.messages.iter());
                    from = piece.and_then(|piece| batch.add(&piece)).unwrap_or(from);
                }
            }
            if let Some(told) = told {
                self.hub.advance(reader, from);
                self.hub.acknowledge(reader, told);
                from = self.hub.cursor(reader);
            }
        }
    }
}

/// Is it a transport of batches?
pub(super) fn is_batch(transport: Transport) -> bool {
    matches!(transport, Transport::Poll | Transport::LongPoll | Transport::Jsonp)
}
