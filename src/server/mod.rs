//! A stand-in with the methods of the seam: it answers each request head, so that the loop can be run.

use crate::base::arena::Arena;
use crate::base::id::Id;
use crate::base::time::{Millis, Now};
use crate::limits::Settings;
use std::collections::{HashSet, VecDeque};
use std::io::IoSlice;

pub mod static_files;

pub type ConnId = Id<Conn>;
#[derive(Default)]
pub struct Conn {
    pub input: Vec<u8>,
    pub out: Vec<u8>,
    pub sent: usize,
    pub paused: bool,
    pub ended: bool,
    pub blocked: u32,
    pub close: bool,
    pub file: Option<(u64, u64)>,
}
#[derive(Clone, Debug)]
pub struct Peer {
    pub address: Option<core::net::IpAddr>,
    pub listener: usize,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerInfo {
    pub loopback: bool,
    pub description: String,
}
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub len: u64,
    pub modified_unix_s: u64,
}
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    NotFound,
    Forbidden,
    Directory,
    Io,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Close(ConnId),
    CloseWrite(ConnId),
    Resume(ConnId),
    OpenFile { id: ConnId, path: Box<str> },
    ReadFile { id: ConnId, offset: u64, len: usize },
    CloseFile(ConnId),
    StopAccepting,
    Stop,
}
pub struct Slices<'a> {
    slices: [IoSlice<'a>; 64],
    count: usize,
}
impl<'a> Slices<'a> {
    #[expect(clippy::new_without_default, reason = "stand-in")]
    pub fn new() -> Self {
        Slices { slices: [IoSlice::new(&[]); 64], count: 0 }
    }
    pub fn as_slice(&self) -> &[IoSlice<'a>] {
        &self.slices[..self.count]
    }
    pub fn push(&mut self, bytes: &'a [u8]) {
        self.slices[self.count] = IoSlice::new(bytes);
        self.count += 1;
    }
}

#[derive(Default)]
pub struct Server {
    pub conns: Arena<Conn>,
    dirty: VecDeque<ConnId>,
    actions: VecDeque<Action>,
    pub lost: HashSet<ConnId>,
    pub drain_at: Option<Millis>,
    pub max: usize,
}

impl Server {
    pub fn new(settings: Settings, _: Vec<ListenerInfo>, _: Now, _: [u8; 32]) -> Server {
        Server { max: settings.max_connections, ..Server::default() }
    }
    pub fn handle_accept(&mut self, _: Now, _: Peer) -> Option<ConnId> {
        (self.conns.len() < self.max).then(|| self.conns.insert(Conn::default()))
    }
    pub fn wants_read(&self, id: ConnId) -> bool {
        self.conns.get(id).is_some_and(|conn| !conn.paused)
    }
    pub fn handle_bytes(&mut self, _: Now, id: ConnId, bytes: &mut [u8]) {
        let Server { conns, dirty, actions, .. } = self;
        let Some(conn) = conns.get_mut(id) else { return };
        conn.input.extend_from_slice(bytes);
        while let Some(end) = conn.input.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&conn.input[..end]).into_owned();
            conn.input.drain(..end + 4);
            let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
            let size = path.strip_prefix("/size/").and_then(|n| n.parse().ok()).unwrap_or(5);
            if path == "/hold" {
                conn.paused = true;
                continue;
            }
            if let Some(path) = path.strip_prefix("/f/") {
                conn.paused = true;
                actions.push_back(Action::OpenFile { id, path: path.into() });
                continue;
            }
            conn.close = path == "/close";
            conn.out
                .extend_from_slice(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").as_bytes());
            conn.out.resize(conn.out.len() + size, b'x');
        }
        dirty.push_back(id);
    }
    pub fn handle_end(&mut self, _: Now, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(id) {
            conn.ended = true;
            if conn.out.is_empty() {
                self.close(id);
            }
        }
    }
    pub fn handle_lost(&mut self, _: Now, id: ConnId) {
        self.conns.remove(id);
        self.lost.insert(id);
    }
    fn close(&mut self, id: ConnId) {
        self.conns.remove(id);
        self.actions.push_back(Action::Close(id));
    }
    pub fn poll_dirty(&mut self) -> Option<ConnId> {
        self.dirty.pop_front()
    }
    pub fn slices<'a>(&'a mut self, _: Now, id: ConnId, out: &mut Slices<'a>) {
        let Some(conn) = self.conns.get(id) else { return };
        for piece in conn.out[conn.sent..].chunks(100_000).take(2) {
            out.push(piece);
        }
    }
    pub fn handle_sent(&mut self, _: Now, id: ConnId, n: usize) -> bool {
        let Some(conn) = self.conns.get_mut(id) else { return false };
        conn.sent += n;
        if conn.sent < conn.out.len() {
            return true;
        }
        conn.out = Vec::new();
        conn.sent = 0;
        let (ended, close) = (conn.ended, conn.close);
        if let Some((offset, len)) = conn.file {
            conn.file = (offset < len).then_some((offset, len));
            conn.paused = offset < len;
            self.actions.push_back(match conn.file {
                Some((offset, _)) => Action::ReadFile { id, offset, len: 1 << 16 },
                None => Action::CloseFile(id),
            });
            if !conn.paused {
                self.actions.push_back(Action::Resume(id));
            }
        } else if ended {
            self.close(id);
        } else if close {
            self.actions.push_back(Action::CloseWrite(id));
        }
        false
    }
    pub fn handle_blocked(&mut self, _: Now, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(id) {
            conn.blocked += 1;
        }
    }
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
    pub fn poll_timeout(&self) -> Option<Millis> {
        self.drain_at
    }
    pub fn handle_timeout(&mut self, _: Now) {
        self.actions.push_back(Action::Stop);
    }
    pub fn drain(&mut self, now: Now) {
        self.actions.push_back(Action::StopAccepting);
        self.drain_at = Some(now.at + if self.conns.is_empty() { 0 } else { 2000 });
    }
    pub fn handle_opened(&mut self, _: Now, id: ConnId, opened: Result<Opened, FileError>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let text = match opened {
            Ok(opened) => {
                conn.file = Some((0, opened.len));
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", opened.len)
            }
            Err(error) => {
                conn.paused = false;
                let text = format!("{error:?}");
                self.actions.push_back(Action::Resume(id));
                format!("HTTP/1.1 404 No\r\nContent-Length: {}\r\n\r\n{text}", text.len())
            }
        };
        conn.out.extend_from_slice(text.as_bytes());
        self.dirty.push_back(id);
    }
    pub fn handle_file_bytes(&mut self, _: Now, id: ConnId, bytes: Result<&[u8], FileError>) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let (Ok(bytes), Some((offset, _))) = (bytes, &mut conn.file) else { return self.close(id) };
        if bytes.is_empty() {
            return self.close(id);
        }
        *offset += bytes.len() as u64;
        conn.out.extend_from_slice(bytes);
        self.dirty.push_back(id);
    }
}
