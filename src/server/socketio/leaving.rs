//! Leaving a namespace: by the client, by an operator, because its channels were closed, or with the connection.
//! Law: only who is lost with its connection is remembered; whoever leaves or is taken out begins anew.

use super::recovery::Away;
use super::{Socket, Talk};
use crate::base::time::Now;
use crate::hub::ReaderId;
use crate::server::Server;
use crate::server::engine::SessionId;
use crate::socketio::Kind;
use crate::transport::socketio::namespace_of;

impl Server {
    /// The client leaves.
    pub(super) fn leave_namespace(&mut self, now: Now, id: SessionId, reader: ReaderId) {
        if let Some(pid) = self.drop_socket(id, reader).map(|socket| socket.pid) {
            self.recoveries.present.remove(&pid);
            self.hub.lose(reader, now.at);
        }
    }

    /// Takes the client out of a namespace. It does not come back of itself.
    pub(in crate::server) fn expel(&mut self, now: Now, id: SessionId, reader: ReaderId) {
        let socket = self.sessions.get(id).and_then(|session| session.talk.socket(reader));
        let Some(namespace) = socket.map(|socket| namespace_of(&socket.channel)) else { return };
        self.say_packet_in(id, &namespace, Kind::Disconnect, "");
        if let Some(session) = self.sessions.get_mut(id) {
            session.talk.has_expelled = true;
        }
        self.leave_namespace(now, id, reader);
    }

    /// May packets for a namespace that the client was taken out of still be on their way?
    pub(super) fn was_expelled(&self, id: SessionId) -> bool {
        self.sessions.get(id).is_some_and(|session| session.talk.has_expelled)
    }

    fn drop_socket(&mut self, id: SessionId, reader: ReaderId) -> Option<Socket> {
        let talk = &mut self.sessions.get_mut(id)?.talk;
        let at = talk.sockets.iter().position(|socket| socket.reader == reader)?;
        let socket = talk.sockets.remove(at);
        self.tally.open.socket_io -= 1;
        Some(socket)
    }

    /// The session is over, and all its namespaces with it.
    pub(in crate::server) fn leave_all(&mut self, now: Now, talk: Talk) {
        self.incoming_bytes -= talk.counted_bytes;
        self.tally.open.socket_io -= talk.sockets.len();
        for socket in talk.sockets {
            self.remember(now, socket);
        }
    }

    fn remember(&mut self, now: Now, socket: Socket) {
        let mut extras = socket.extras;
        // Those that were closed are its channels no more.
        extras.retain(|name, _| self.hub.has_channel(socket.reader, name));
        self.hub.lose(socket.reader, now.at);
        let until = now.at + self.settings.session_grace_ms;
        let Socket { channel, pid, unproven, .. } = socket;
        self.recoveries.put(pid, Away { channel, extras, unproven }, until);
        self.recoveries.let_go(now.at, self.settings.max_remembered);
    }
}
