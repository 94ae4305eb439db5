//! Moves the bytes of ONE connection between its link and the server, within a share.
//! Law: nobody holds the loop, and a socket is read until it would block or is read on with next turn.
//! Knows no mio, no clock and no other connection, so the simulator runs it too.

use super::link::Link;
use crate::base::time::Now;
use crate::limits::SHARE_BYTES;
use crate::server::{ConnId, Server, Slices};
use std::io::ErrorKind;

/// What is known of one connection's link. `ended` implies `end_seen`.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    /// The peer's end is announced: a short read is not yet all there is.
    pub end_seen: bool,
    /// A read gave 0. It would do so for ever: never read again, or the loop spins.
    pub ended: bool,
    /// Our side is closed: what still comes is thrown away.
    pub discard: bool,
    /// The link takes no more until it says that it is writable.
    pub blocked: bool,
}

/// How reading came to a stop.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing there at present; readiness will be announced.
    Drained,
    /// The share is used up and more may be there: read on next turn.
    More,
    /// The server wants no bytes of this connection for now.
    Paused,
    /// The peer sends no more.
    Ended,
    /// The link broke; the server has let go of the connection.
    Lost,
}

/// How writing came to a stop.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Flushing {
    /// Nothing left to say.
    Done,
    /// The share is used up: flush again next turn.
    More,
    /// The link takes no more; it will be announced when it does.
    Blocked,
    /// The link broke; the server has let go of the connection.
    Lost,
}

/// Reads what is there, at most a share, and hands it to the server.
pub fn read(
    server: &mut Server,
    now: Now,
    id: ConnId,
    link: &mut impl Link,
    wire: &mut Wire,
    buffer: &mut [u8],
) -> Reading {
    let mut taken = 0;
    while !wire.ended {
        if !wire.discard && !server.wants_read(id) {
            if wire.end_seen {
                server.handle_hang_up(now, id);
            }
            return Reading::Paused;
        }
        if taken >= SHARE_BYTES {
            return Reading::More;
        }
        match link.read(buffer) {
            Ok(0) => {
                wire.end_seen = true;
                wire.ended = true;
                server.handle_end(now, id);
            }
            Ok(n) => {
                taken += n;
                if !wire.discard {
                    server.handle_bytes(now, id, &mut buffer[..n]);
                }
                // A stream's short read empties it: what comes later is a new edge. An end that was
                // announced together with these bytes is not.
                if n < buffer.len() && !wire.end_seen {
                    return Reading::Drained;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Reading::Drained,
            Err(_) => {
                server.handle_lost(now, id);
                return Reading::Lost;
            }
        }
    }
    Reading::Ended
}

/// Writes what the server has to say on this connection, at most about a share, and compresses no more than that for it.
pub fn flush(server: &mut Server, now: Now, id: ConnId, link: &mut impl Link, wire: &mut Wire) -> Flushing {
    wire.blocked = false;
    let mut given = 0;
    let compressed = server.compressed_bytes();
    while given < SHARE_BYTES && server.compressed_bytes() - compressed < SHARE_BYTES as u64 {
        let mut slices = Slices::new();
        server.slices(now, id, &mut slices);
        let offered: usize = slices.as_slice().iter().map(|slice| slice.len()).sum();
        if offered == 0 {
            return Flushing::Done;
        }
        let n = match link.write_vectored(slices.as_slice()) {
            Ok(n) => n,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(_) => {
                server.handle_lost(now, id);
                return Flushing::Lost;
            }
        };
        given += n;
        let more = n > 0 && server.handle_sent(now, id, n);
        if n < offered {
            // A short write means a full socket: trying again would only cost a system call.
            wire.blocked = true;
            server.handle_blocked(now, id);
            return Flushing::Blocked;
        }
        if !more {
            return Flushing::Done;
        }
    }
    Flushing::More
}
