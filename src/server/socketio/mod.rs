//! Socket.IO on a session (Socket.IO protocol, revision 5): namespaces are channels, events are messages, and each
//! joined namespace is a reader of the hub.  Law: what the protocol does not allow ends the session, and no other.

mod arguments;
mod commands;
mod events;
mod join;
mod leaving;
mod reading;
mod recovery;

pub(super) use reading::Within;
pub(super) use recovery::Recoveries;

use super::Server;
use super::engine::{SessionId, Site};
use super::subscribe::Identity;
use crate::base::time::Now;
use crate::engineio::Data;
use crate::hub::ReaderId;
use crate::message::Cursor;
use crate::socketio::{Assembly, Kind, Received};
use crate::transport::encoded::Piece;
use crate::transport::socketio::MAIN;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is said on one session.
#[derive(Default)]
pub struct Talk {
    /// The packet whose attachments are on their way.
    assembly: Assembly,
    /// Bytes of it that are counted as incomplete input.
    counted_bytes: usize,
    sockets: Vec<Socket>,
    /// Whose turn it is to be read for.
    turn: usize,
    /// What was read for the GET that is about to be answered.
    gathered: Vec<Piece>,
    /// The client was taken out of a namespace.
    has_expelled: bool,
    /// How often it has joined a namespace since the last ping was answered: what joins is remembered for a while.
    joins: usize,
}

/// A namespace that was joined.
pub struct Socket {
    /// Its own channel.
    channel: Rc<str>,
    /// The same as a number that differs for each name.
    key: u64,
    reader: ReaderId,
    identity: Identity,
    /// By which it is known again.
    pid: Box<str>,
    /// Its other channels, and from where on each of them is read as it comes.
    extras: BTreeMap<Rc<str>, Cursor>,
    /// Up to here it was told what has no id, backlogs and ends of channels: whether that arrived only a later id shows.
    unproven: Cursor,
    /// What it missed comes first, up to here; then it is told that it has joined.
    joins_at: Option<Cursor>,
    /// There may be something to read.
    is_unread: bool,
}

impl Talk {
    fn socket(&self, reader: ReaderId) -> Option<&Socket> {
        self.sockets.iter().find(|socket| socket.reader == reader)
    }

    fn socket_mut(&mut self, reader: ReaderId) -> Option<&mut Socket> {
        self.sockets.iter_mut().find(|socket| socket.reader == reader)
    }

    /// The socket of the namespace with this own channel.
    fn socket_in(&self, channel: &str) -> Option<&Socket> {
        self.sockets.iter().find(|socket| &*socket.channel == channel)
    }

    /// A ping was answered.
    pub(super) fn begin_interval(&mut self) {
        self.joins = 0;
    }

    /// Nothing that was read waits for its answer.
    pub(super) fn is_told(&self) -> bool {
        self.gathered.is_empty()
    }

    /// What was read for the GET that is about to be answered.
    pub(super) fn take_gathered(&mut self) -> Vec<Piece> {
        core::mem::take(&mut self.gathered)
    }

    /// Is there perhaps something to read?
    pub(super) fn is_unread(&self) -> bool {
        self.sockets.iter().any(|socket| socket.is_unread)
    }

    /// The own channels of all its namespaces.
    pub(super) fn channels(&self) -> impl Iterator<Item = &Rc<str>> {
        self.sockets.iter().map(|socket| &socket.channel)
    }
}

/// The channel of a namespace, which need not be a channel's name. The slash alone names the main one: `/main` is
/// another namespace, which has none.
fn channel_of(namespace: &str) -> Option<&str> {
    match namespace.strip_prefix('/') {
        Some("") | None => Some(MAIN),
        Some(MAIN) => None,
        Some(channel) => Some(channel),
    }
}

impl Server {
    /// How many channels all namespaces of a session have together.
    fn channels_of_session(&self, id: SessionId) -> usize {
        let sockets = self.sessions.get(id).map(|session| session.talk.sockets.iter());
        sockets.into_iter().flatten().map(|socket| self.hub.channel_count(socket.reader)).sum()
    }

    /// A message of Engine.IO came. The error: it is none of Socket.IO.
    pub(super) fn hear(&mut self, now: Now, id: SessionId, data: Data<'_>) -> Result<(), ()> {
        let bytes_max = self.settings.max_message;
        let Some(session) = self.sessions.get_mut(id) else { return Ok(()) };
        if let Site::Messages(handler) = session.site {
            self.hand_over_packet(now, id, handler, &data);
            return Ok(());
        }
        let assembly = &mut session.talk.assembly;
        let received = match data {
            Data::Text(text) => assembly.text(text, bytes_max),
            Data::Binary(bytes) => assembly.binary(&bytes, bytes_max),
        };
        let received = received.map_err(|error| log::debug!("socket.io: {}", error.detail()))?;
        self.count_assembly(id)?;
        match received {
            Some(received) => self.take_received(now, id, received),
            None => Ok(()),
        }
    }

    /// Attachments that are on their way count as incomplete input.
    fn count_assembly(&mut self, id: SessionId) -> Result<(), ()> {
        let Some(talk) = self.sessions.get_mut(id).map(|session| &mut session.talk) else { return Ok(()) };
        let held = talk.assembly.held_bytes();
        self.incoming_bytes = self.incoming_bytes + held - talk.counted_bytes;
        talk.counted_bytes = held;
        match held > 0 && self.incoming_bytes > self.settings.max_incoming {
            true => {
                log::warn!("--max-incoming is reached: a session is ended");
                Err(())
            }
            false => Ok(()),
        }
    }

    fn take_received(&mut self, now: Now, id: SessionId, received: Received) -> Result<(), ()> {
        let Some(session) = self.sessions.get(id) else { return Ok(()) };
        if let Site::Namespaces(table) = session.site {
            return self.take_joined(now, id, table, received);
        }
        let socket = channel_of(&received.namespace).and_then(|channel| session.talk.socket_in(channel));
        let reader = socket.map(|socket| socket.reader);
        match (received.kind, reader) {
            (Kind::Connect, None) => self.join(now, id, &received),
            (Kind::Disconnect, Some(reader)) => self.leave_namespace(now, id, reader),
            (Kind::Event | Kind::BinaryEvent, Some(reader)) => self.take_event(now, id, reader, received),
            (Kind::Ack | Kind::BinaryAck, Some(reader)) => self.take_ack(now, id, reader, received),
            // Who was taken out of a namespace may not know it yet.
            (Kind::Event | Kind::BinaryEvent | Kind::Ack | Kind::BinaryAck | Kind::Disconnect, None)
                if self.was_expelled(id) => {}
            (Kind::Connect | Kind::ConnectError, _) | (_, None) => return Err(()),
        }
        Ok(())
    }
}
