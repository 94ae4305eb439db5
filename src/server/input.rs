//! What a connection sends, from bytes to requests and messages.  Law: however the bytes are cut, the same is done; of
//! what cannot be taken yet no more is held than the limits allow.

use super::connection::{ConnId, Connection, Proto};
use super::problem::Problem;
use super::publish::{Wanted, Writing};
use super::reply::Reply;
use super::route::Judged;
use super::{OutPiece, Server};
use crate::base::time::Now;
use crate::conn::{HttpEvent, HttpRefusal};
use crate::engineio::Packet;
use crate::http::{CONTINUE, Head, parse, storage};
use crate::ws::CloseCode;

impl Server {
    /// May bytes of this connection be read at present?
    pub fn wants_read(&self, id: ConnId) -> bool {
        self.conns.get(id).is_some_and(|conn| conn.takes_input(self.settings.max_queue))
    }

    /// Bytes came in. All are taken; with none, what was held back is gone on with.
    pub fn handle_bytes(&mut self, now: Now, id: ConnId, bytes: &mut [u8]) {
        self.clock = now;
        self.tally.bytes_in += bytes.len() as u64;
        let Some(conn) = self.conns.get_mut(id) else { return };
        self.current = Some(id);
        conn.is_resting = false;
        if conn.input.is_empty() {
            if !bytes.is_empty() && matches!(&conn.proto, Proto::Http(http) if !http.is_in_body()) {
                // The deadline is for the whole head, from its first byte on.
                conn.at = now.at;
            }
            let mut input = bytes;
            self.take(now, id, &mut input);
            if let Some(conn) = self.conns.get_mut(id) {
                conn.input.keep(input);
            }
        } else {
            let mut held = conn.input.take();
            held.extend_from_slice(bytes);
            let mut input = &mut held[..];
            self.take(now, id, &mut input);
            let left = input.len();
            if let Some(conn) = self.conns.get_mut(id) {
                let taken = held.len() - left;
                if taken > 0 && left > 0 {
                    conn.at = now.at;
                }
                conn.input.put_back(held, taken);
            }
        }
        self.current = None;
        self.count_incoming(now, id);
        self.arm(id);
        self.end_after_peer(now, id);
    }

    /// Takes off `input` whatever the connection can take.
    fn take(&mut self, now: Now, id: ConnId, input: &mut &mut [u8]) {
        loop {
            let queue_max = self.settings.max_queue;
            let Some(conn) = self.conns.get(id) else { return };
            match &conn.proto {
                // Nothing follows an answer without an end: what was sent behind its request is not kept for it.
                Proto::Closing(_) | Proto::Stream(_) => {
                    *input = &mut [];
                    return;
                }
                _ if !conn.takes_input(queue_max) => return,
                Proto::Http(_) => {
                    if !self.take_http(now, id, input) {
                        return;
                    }
                }
                Proto::WebSocket(..) => {
                    self.receive(now, id, input);
                    if input.is_empty() {
                        return;
                    }
                }
                Proto::Waiting(_) | Proto::Parked(_) => return,
            }
        }
    }

    /// Takes one head or body; `false` if more must come.
    fn take_http(&mut self, now: Now, id: ConnId, input: &mut &mut [u8]) -> bool {
        let (head_max, target_max) = (self.settings.max_head, self.settings.max_target);
        let Some(Connection { proto: Proto::Http(http), .. }) = self.conns.get_mut(id) else { return false };
        match http.next(input, head_max) {
            Ok(None) => return false,
            Ok(Some(HttpEvent::Head(bytes))) => {
                let mut storage = storage();
                match parse(bytes, &mut storage, target_max) {
                    Ok(head) => match self.request(now, id, &head) {
                        Judged::Done => {}
                        Judged::Body(writing) => self.expect_body(now, id, &head, writing),
                    },
                    Err(error) => self.refuse_malformed(now, id, HttpRefusal::Head(error).into()),
                }
            }
            Ok(Some(HttpEvent::Body(body))) => {
                if let Some(writing) = self.writing.remove(&id) {
                    self.finish_write(now, id, writing, &body);
                }
            }
            Err(refusal) => self.refuse_refusal(now, id, refusal),
        }
        true
    }

    fn expect_body(&mut self, now: Now, id: ConnId, head: &Head<'_, '_>, writing: Writing) {
        let body_max = self.body_max(&writing);
        let Some(Connection { proto: Proto::Http(http), at, .. }) = self.conns.get_mut(id) else { return };
        if let Err(refusal) = http.expect_body(head.framing, body_max) {
            return self.refuse_writing(now, id, writing, &refusal.into());
        }
        *at = now.at;
        self.writing.insert(id, writing);
        if head.expect_continue {
            self.say(id, OutPiece::Own(CONTINUE.to_vec()));
        }
    }

    fn refuse_refusal(&mut self, now: Now, id: ConnId, refusal: HttpRefusal) {
        match self.writing.contains_key(&id) {
            true => self.refuse_unread(now, id, &refusal.into()),
            false => self.refuse_malformed(now, id, refusal.into()),
        }
    }

    fn refuse_malformed(&mut self, now: Now, id: ConnId, problem: Problem) {
        log::debug!("#{} {} {}", id.index(), problem.status, problem.detail);
        self.refuse(now, id, &Reply::to_malformed(now), &problem);
    }

    /// Keeps count of what incomplete input holds; whoever brings it over the bound goes.
    fn count_incoming(&mut self, now: Now, id: ConnId) {
        if self.recount(id) > 0 && self.incoming_bytes > self.settings.max_incoming {
            log::warn!("--max-incoming is reached: a connection is refused");
            self.refuse_incoming(now, id);
        }
    }

    /// Brings the count of incomplete input up to date; how much this connection holds. What is dropped before the
    /// connection ends must not count until then: its last words may take a while to leave.
    pub(super) fn recount(&mut self, id: ConnId) -> usize {
        let Some(conn) = self.conns.get_mut(id) else { return 0 };
        let held = conn.held_bytes();
        self.incoming_bytes = self.incoming_bytes + held - conn.counted_bytes as usize;
        conn.counted_bytes = u32::try_from(held).unwrap_or(u32::MAX);
        held
    }

    fn refuse_incoming(&mut self, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get(id) else { return };
        match &conn.proto {
            Proto::WebSocket(..) => {
                self.drop_input(id);
                self.close_socket(now, id, CloseCode::TRY_AGAIN, "the server holds as much input as it may");
            }
            Proto::Http(_) => {
                let problem = Problem::new(503, "the server holds as much incomplete input as it may");
                self.refuse_unread(now, id, &problem);
            }
            // Another answer is due before the one that would refuse what is held.
            Proto::Waiting(_) | Proto::Parked(_) | Proto::Stream(_) | Proto::Closing(_) => {
                self.drop_connection(now, id);
            }
        }
    }

    /// Refuses a request of which something is missing, as whoever sent it can read it, and all behind it.
    pub(super) fn refuse_unread(&mut self, now: Now, id: ConnId, problem: &Problem) {
        let writing = self.writing.remove(&id);
        self.drop_input(id);
        match writing {
            Some(writing) => self.refuse_writing(now, id, writing, problem),
            None => self.refuse(now, id, &Reply::to_malformed(now), problem),
        }
        self.recount(id);
    }

    /// Refuses a request whose body will not be read. What its head was refused for comes first: whoever may not
    /// publish is not told how much one may.
    fn refuse_writing(&mut self, now: Now, id: ConnId, writing: Writing, problem: &Problem) {
        let Writing { mut reply, wanted, .. } = writing;
        reply.keep_alive = false;
        match &wanted {
            Wanted::Nothing(first) => self.refuse(now, id, &reply, first),
            Wanted::Packets(session) => {
                self.end_session(now, *session, &Packet::Close);
                self.respond(now, id, &reply, problem.status, &[], Vec::new());
            }
            Wanted::Publish(..)
            | Wanted::Bulk
            | Wanted::Subscriptions(_)
            | Wanted::Ask { .. }
            | Wanted::Answer(..) => {
                self.refuse(now, id, &reply, problem);
            }
        }
    }

    /// The body of a request will not come.
    pub(super) fn forget_writing(&mut self, id: ConnId) {
        if let Some(writing) = self.writing.remove(&id) {
            self.post_lost(self.clock, id, &writing.wanted);
        }
    }

    /// Forgets what was not taken: the connection will end.
    pub(super) fn drop_input(&mut self, id: ConnId) {
        self.forget_writing(id);
        if let Some(conn) = self.conns.get_mut(id) {
            conn.input.take();
        }
    }
}
