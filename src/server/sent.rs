//! What became of what was to be written: bytes that were taken, and a peer that takes no more.  Law: a cursor moves with
//! the bytes that were taken, and a message that was begun is ended before anything else is said.

use super::connection::{ConnId, Proto};
use super::flush::{Staged, is_iframe};
use super::{OutPiece, Server};
use crate::base::time::Now;
use crate::limits::IFRAME_BYTES_MAX;
use crate::message::Notice;

impl Server {
    /// The connection took `count` of the bytes that [`Server::slices`] gave. Is there more to write?
    pub fn handle_sent(&mut self, now: Now, id: ConnId, count: usize) -> bool {
        let staged = core::mem::take(&mut self.staged);
        let queue_max = self.settings.max_queue;
        let Some(conn) = self.conns.get_mut(id) else { return false };
        let was_full = conn.queue.len() > queue_max;
        conn.sent_bytes += count as u64;
        self.tally.bytes_out += count as u64;
        conn.blocked_at = now.at;
        if matches!(conn.proto, Proto::Stream(_)) {
            conn.at = now.at;
        }
        let mut freed = 0;
        let own = self.pool.advance(&mut conn.queue, count, |piece| freed += piece.own_len());
        let has_room_again = was_full && conn.queue.len() <= queue_max;
        self.own_bytes -= freed;
        let is_all_read = self.commit(id, &staged, count - own);
        self.staged = staged;
        self.staged.clear();
        if has_room_again {
            self.resume(id);
        }
        self.after_sent(now, id);
        let has_more = self.conns.get(id).is_some_and(|conn| {
            let news = conn.reader().is_some_and(|reader| self.hub.has_news(reader));
            !conn.queue.is_empty() || news || self.is_talk_unread(id, conn)
        });
        has_more || !is_all_read
    }

    /// Moves the cursor over the messages that were taken. What is left of one that was cut is pinned: copied pieces
    /// would be as large. Is nothing left to read?
    fn commit(&mut self, id: ConnId, staged: &Staged, count: usize) -> bool {
        let Some(conn) = self.conns.get_mut(id) else { return true };
        let Some(reader) = staged.reader else { return true };
        let mut left = count;
        let mut is_whole = true;
        let mut cursor = None;
        for piece in &staged.pieces {
            if left >= piece.len() {
                left -= piece.len();
                self.tally.messages_out += piece.messages() as u64;
                cursor = Some(piece.last);
                continue;
            }
            is_whole = false;
            self.tally.messages_out += piece.messages_begun(left) as u64;
            cursor = piece.last_whole(left).or(cursor);
            if let Some(rest) = piece.rest_of_message(left) {
                cursor = Some(rest.last);
                self.pool.push(&mut conn.queue, OutPiece::Shared(rest));
            }
            break;
        }
        if let (Some(_), Proto::Stream(stream)) = (cursor, &mut conn.proto) {
            stream.is_untold = false;
        }
        if let Some(cursor) = cursor {
            self.hub.advance(reader, cursor);
        }
        match staged.idle_at {
            Some(position) if is_whole => {
                self.settle_at(id, reader, position);
                true
            }
            _ => false,
        }
    }

    /// What follows when everything was said, or much.
    fn after_sent(&mut self, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let was_blocked = core::mem::take(&mut conn.is_blocked);
        self.tally.note_slow(conn, false);
        if was_blocked && matches!(conn.proto, Proto::WebSocket(..)) {
            // Taking something is a sign of life, and only now can a pong be asked for and read.
            conn.at = now.at;
        }
        // What is due next may be due sooner than the end of the time for writing.
        let is_sooner = was_blocked || (matches!(conn.proto, Proto::Http(_)) && conn.queue.is_empty());
        match &mut conn.proto {
            Proto::Closing(_) => self.end_if_said(now, id),
            Proto::Stream(stream) if is_iframe(stream.encoding) && conn.sent_bytes >= IFRAME_BYTES_MAX => {
                let since = self.hub.cursor(stream.reader);
                self.end_stream(now, id, &[Notice::Reload { since }]);
                self.mark_dirty(id);
            }
            Proto::Waiting(_) if conn.queue.is_empty() => {
                self.continue_file(now, id);
                // The file may have ended with what has just left, and the connection with the file.
                self.end_if_said(now, id);
            }
            // The time between two requests may be shorter than that for an answer.
            Proto::Http(_) if conn.queue.is_empty() => self.arm(id),
            _ => {}
        }
        if is_sooner {
            self.arm(id);
        }
    }

    /// The connection takes no more at present.
    pub fn handle_blocked(&mut self, now: Now, id: ConnId) {
        self.staged.clear();
        let Some(conn) = self.conns.get_mut(id) else { return };
        if !conn.is_blocked {
            conn.is_blocked = true;
            conn.blocked_at = now.at;
            self.tally.note_slow(conn, true);
        }
        self.arm(id);
        if self.pinned_bytes() > self.settings.max_pinned {
            log::warn!("--max-pinned is reached: a connection that does not read is dropped");
            self.drop_connection(now, id);
        }
    }

    /// Bytes held for connections that do not take them.
    pub(super) fn pinned_bytes(&self) -> usize {
        self.own_bytes + self.cache.pinned_bytes()
    }
}
