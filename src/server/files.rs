//! Static files, from the request to the last byte.  Law: of a file no more is held than one read; what was announced
//! is sent, or the connection ends. Decides by [`static_files`](super::static_files); `io` opens and reads.

use super::connection::{ConnId, Pending, Proto, Waiting};
use super::problem::Problem;
use super::reply::Reply;
use super::static_files::{self, Asked};
use super::{Action, FileError, Opened, OutPiece, Server, route};
use crate::base::time::Now;
use crate::http::{Head, decode_path};
use core::ops::Range;

/// Bytes of one read.
const READ_BYTES: u64 = 64 << 10;

/// A file that is being sent.
pub struct Transfer {
    path: Box<str>,
    /// Where to redirect to if it is a directory.
    slash: Box<str>,
    conditions: Conditions,
    /// What is still to be read; `None` until the file is open.
    left: Option<Range<u64>>,
    /// A read is under way.
    is_reading: bool,
}

/// The fields that bear on what is sent, until the file is open.
#[derive(Default)]
struct Conditions {
    if_none_match: Option<Box<[u8]>>,
    if_modified_since: Option<Box<[u8]>>,
    range: Option<Box<[u8]>>,
    if_range: Option<Box<[u8]>>,
}

impl Conditions {
    fn of(head: &Head<'_, '_>) -> Self {
        let get = |name| head.headers.get(name).map(Into::into);
        Conditions {
            if_none_match: get("if-none-match"),
            if_modified_since: get("if-modified-since"),
            range: get("range"),
            if_range: get("if-range"),
        }
    }
}

impl Server {
    /// Answers a path that is not the API's: a file, or the console at `/`.
    pub(super) fn open_file(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &mut Reply,
    ) -> Result<(), Problem> {
        let is_root = head.target.path == "/";
        if !self.settings.public {
            if !is_root {
                return Err(route::not_found());
            }
            self.answer_console(now, id, reply);
            return Ok(());
        }
        let path = decode_path(head.target.path)?;
        let Some(path) = static_files::locate(&path) else { return Err(route::not_found()) };
        let transfer = Transfer {
            path: path.clone(),
            slash: static_files::slash_location(head.target.path, head.target.query).into(),
            conditions: Conditions::of(head),
            left: None,
            is_reading: false,
        };
        let waiting = Waiting { reply: reply.take(now), on: Pending::File(transfer) };
        if let Some(conn) = self.conns.get_mut(id) {
            conn.turn_to(Proto::Waiting(Box::new(waiting)), now.at);
        }
        self.actions.push_back(Action::OpenFile { id, path });
        Ok(())
    }

    /// The file is open, or cannot be.
    pub fn handle_opened(&mut self, now: Now, id: ConnId, opened: Result<Opened, FileError>) {
        self.clock = now;
        let Some((reply, transfer)) = self.transfer(id) else { return };
        let reply = reply.clone();
        match opened {
            Ok(file) => self.begin_file(now, id, &reply, file),
            Err(FileError::Directory) => {
                let location = transfer.slash.clone();
                self.take_waiting(now, id);
                self.respond(now, id, &reply, 301, &[("Location", &location)], Vec::new());
            }
            Err(error) => {
                let problem = static_files::refusal(error);
                let has_console = transfer.path.as_ref() == "index.html" && problem.status == 404;
                self.take_waiting(now, id);
                match has_console {
                    true => self.answer_console(now, id, &reply),
                    false => self.refuse(now, id, &reply, &problem),
                }
            }
        }
    }

    fn begin_file(&mut self, now: Now, id: ConnId, reply: &Reply, file: Opened) {
        let Some((_, transfer)) = self.transfer(id) else { return };
        let conditions = core::mem::take(&mut transfer.conditions);
        let asked = Asked {
            method: if reply.head_only { crate::http::Method::Head } else { crate::http::Method::Get },
            if_none_match: conditions.if_none_match.as_deref(),
            if_modified_since: conditions.if_modified_since.as_deref(),
            range: conditions.range.as_deref(),
            if_range: conditions.if_range.as_deref(),
        };
        let plan = static_files::plan(&asked, &transfer.path, file, now.unix_ms / 1000);
        let bytes = plan.send.end - plan.send.start;
        transfer.left = Some(plan.send);
        let fields: Vec<(&str, &str)> = plan.fields.iter().map(|(name, value)| (*name, &**value)).collect();
        if plan.status == 416 {
            self.actions.push_back(Action::CloseFile(id));
            self.take_waiting(now, id);
            return self.refuse(now, id, reply, &static_files::unsatisfiable(file));
        }
        let after = self.after(reply);
        // A 304 has no length, and no body of unknown length either.
        self.write_head(now, id, reply, plan.status, &fields, after, plan.content_length.or(Some(0)));
        self.log_answer(now, id, reply, plan.status, usize::try_from(bytes).unwrap_or(usize::MAX));
        self.continue_file(now, id);
    }

    /// Reads on when everything read before has left.
    pub(super) fn continue_file(&mut self, now: Now, id: ConnId) {
        let Some((_, transfer)) = self.transfer(id) else { return };
        let Some(left) = transfer.left.clone() else { return };
        if transfer.is_reading {
            return;
        }
        if left.is_empty() {
            self.actions.push_back(Action::CloseFile(id));
            let Some(reply) = self.take_waiting(now, id) else { return };
            return self.end_answer(now, id, reply.keep_alive);
        }
        transfer.is_reading = true;
        let len = (left.end - left.start).min(READ_BYTES) as usize;
        self.actions.push_back(Action::ReadFile { id, offset: left.start, len });
    }

    /// What was read of the file. Less than nothing, or nothing where something was announced, ends the connection:
    /// the peer must not take the rest for another answer.
    pub fn handle_file_bytes(&mut self, now: Now, id: ConnId, read: Result<&[u8], FileError>) {
        self.clock = now;
        let Some((_, transfer)) = self.transfer(id) else { return };
        transfer.is_reading = false;
        let bytes = read.unwrap_or_default();
        match &mut transfer.left {
            Some(left) if !bytes.is_empty() => {
                left.start += bytes.len() as u64;
                self.say(id, OutPiece::Own(bytes.to_vec()));
            }
            _ => self.drop_connection(now, id),
        }
    }

    fn transfer(&mut self, id: ConnId) -> Option<(&mut Reply, &mut Transfer)> {
        match &mut self.conns.get_mut(id)?.proto {
            Proto::Waiting(waiting) => match &mut waiting.on {
                Pending::File(transfer) => Some((&mut waiting.reply, transfer)),
                Pending::Journal | Pending::Question { .. } | Pending::Packets(_) => None,
            },
            _ => None,
        }
    }
}
