//! Accepting connections: a budget a turn, and what is done when descriptors run out.
//! Law: the loop never spins. Listeners are edge-triggered, so who waits is remembered until the queue is empty.

use super::link::Socket;
use super::listener::Listener;
use crate::base::time::{Millis, Now};
use crate::server::Peer;
use std::fs::File;
use std::io::{self, ErrorKind};

/// Connections taken from one listener in one turn: a burst is soon in, and those who are in are not forgotten.
const ACCEPTS_PER_TURN: usize = 256;
/// How long accepting rests when there are no descriptors, unless a connection closes before, in milliseconds.
const PAUSE_MS: u64 = 1000;
/// At most one warning in so many milliseconds.
const WARNING_EVERY_MS: u64 = 10_000;

/// All listeners, and the descriptor that is kept for bad times.
pub struct Acceptor {
    doors: Vec<Door>,
    /// Given up when descriptors run out, to accept and close at once: a closed connection is tried again by every
    /// client, one that is left waiting looks like a dead server.
    reserve: Option<File>,
    paused_until: Option<Millis>,
    warned_at: Option<Millis>,
}

struct Door {
    listener: Listener,
    /// Somebody may wait: the queue was not seen empty since the last event.
    waiting: bool,
}

impl Acceptor {
    /// For listeners that are registered already.
    pub fn new(listeners: Vec<Listener>) -> Self {
        let doors = listeners.into_iter().map(|listener| Door { listener, waiting: true }).collect();
        Acceptor { doors, reserve: reserve(), paused_until: None, warned_at: None }
    }

    /// An event came for the listener at `index`.
    pub fn announce(&mut self, index: usize) {
        if let Some(door) = self.doors.get_mut(index) {
            door.waiting = true;
        }
    }

    /// A descriptor became free.
    pub fn released(&mut self) {
        self.paused_until = None;
    }

    /// Closes all listeners; files of unix sockets go with them.
    pub fn stop(&mut self) {
        self.doors.clear();
    }

    /// When [`Acceptor::accept`] has something to do, if it is known to have.
    pub fn poll_timeout(&self) -> Option<Millis> {
        let waiting = self.doors.iter().any(|door| door.waiting);
        waiting.then(|| self.paused_until.unwrap_or_default())
    }

    /// Hands those who wait to `welcome`, within the budget.
    pub fn accept(&mut self, now: Now, mut welcome: impl FnMut(Socket, Peer)) {
        if self.paused_until.is_some_and(|until| now.at < until) {
            return;
        }
        self.paused_until = None;
        if self.reserve.is_none() {
            self.reserve = reserve();
        }
        for (index, door) in self.doors.iter_mut().enumerate() {
            for _ in 0..ACCEPTS_PER_TURN {
                if !door.waiting {
                    break;
                }
                match door.listener.accept() {
                    Ok((socket, address)) => welcome(socket, Peer { address, listener: index }),
                    Err(error) => match Trouble::of(&error) {
                        Trouble::Nobody => door.waiting = false,
                        Trouble::OneGone => {
                            log::debug!("a connection was gone before it was accepted: {error}")
                        }
                        Trouble::Shortage => return self.pause(now, &error),
                    },
                }
            }
        }
    }

    /// Turns away who waits, with the reserve descriptor, and lets accepting rest.
    fn pause(&mut self, now: Now, cause: &io::Error) {
        self.reserve = None;
        let mut refused = 0;
        for door in &mut self.doors {
            for _ in 0..ACCEPTS_PER_TURN {
                match door.listener.accept() {
                    Ok(_) => refused += 1,
                    Err(error) => {
                        door.waiting = !matches!(Trouble::of(&error), Trouble::Nobody);
                        break;
                    }
                }
            }
        }
        self.reserve = reserve();
        // The kernel looks for a descriptor before it looks for a connection, so it may be that nobody waits.
        if refused > 0 || self.doors.iter().any(|door| door.waiting) {
            self.paused_until = Some(now.at + PAUSE_MS);
            self.warn(now, cause, refused);
        }
    }

    fn warn(&mut self, now: Now, cause: &io::Error, refused: usize) {
        if self.warned_at.is_some_and(|at| now.at.since(at) < WARNING_EVERY_MS) {
            return;
        }
        self.warned_at = Some(now.at);
        log::warn!(
            "cannot accept connections ({cause}): {refused} turned away; raise the limit of open files"
        );
    }
}

fn reserve() -> Option<File> {
    File::open("/dev/null").ok()
}

/// What an error of `accept` means.
enum Trouble {
    /// The queue is empty.
    Nobody,
    /// Only the one connection that was next is concerned; it is off the queue.
    OneGone,
    /// Descriptors or memory are short, or it is unknown: trying again at once would spin.
    Shortage,
}

impl Trouble {
    fn of(error: &io::Error) -> Trouble {
        match error.kind() {
            ErrorKind::WouldBlock => Trouble::Nobody,
            ErrorKind::Interrupted
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::PermissionDenied => Trouble::OneGone,
            _ => Trouble::Shortage,
        }
    }
}
