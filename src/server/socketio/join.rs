//! Joining a namespace (CONNECT).  Law: whoever comes back with its pid and its offset gets what it missed before it is
//! told that it has joined, with the same sid and pid; if something of that is lost, or nothing is remembered of it, it
//! is told by another pid.

use super::recovery::{Away, Pid};
use super::{Socket, channel_of};
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::engineio;
use crate::hub::{Guest, ReaderId, Start, SubscribeError};
use crate::limits::CLIENT_NAME_MAX;
use crate::message::Cursor;
use crate::server::Server;
use crate::server::command::error_member;
use crate::server::engine::SessionId;
use crate::server::owner::Owner;
use crate::server::presence::tag_of;
use crate::server::problem::Problem;
use crate::server::reading::{checked_session, parse_since};
use crate::socketio::{Kind, Packet, Received};
use crate::transport::Transport;
use crate::transport::socketio::namespace_of;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What a client says of itself when it joins. Members that are no texts are the application's own.
struct Auth {
    members: Map<String, Value>,
}

impl Auth {
    fn parse(json: Option<&str>) -> Self {
        let members = json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        Auth { members }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    fn start(&self) -> Result<Start, Problem> {
        self.text("since").map_or(Ok(Start::Now), parse_since)
    }

    fn session(&self) -> Result<Option<String>, Problem> {
        checked_session(self.text("session").map(str::to_owned))
    }

    fn name(&self) -> Result<Option<&str>, Problem> {
        let name = self.text("name");
        match name.is_some_and(|name| name.len() > CLIENT_NAME_MAX || name.contains(char::is_control)) {
            true => Err(Problem::bad("name has at most 128 bytes and no control characters")),
            false => Ok(name),
        }
    }

    fn watches(&self) -> bool {
        self.members.get("presence").is_some_and(|value| value == &Value::Bool(true))
    }
}

impl Server {
    /// A client wants to join a namespace.
    pub(super) fn join(&mut self, now: Now, id: SessionId, received: &Received) {
        let auth = Auth::parse(received.data.as_deref());
        let channel = match channel_of(&received.namespace) {
            Some(name) => ChannelName::parse(name).map_err(Problem::from),
            None => Err(Problem::bad("the namespace of the channel main is /")),
        };
        let channel = match channel {
            Ok(channel) => channel,
            Err(problem) => return self.refuse_join(id, received, "Invalid namespace", &problem),
        };
        if let Err(problem) = self.try_join(now, id, channel, &auth) {
            self.refuse_join(id, received, &problem.detail, &problem);
        }
    }

    fn refuse_join(&mut self, id: SessionId, received: &Received, message: &str, problem: &Problem) {
        let message = Value::from(message);
        let error = error_member(problem);
        let data = error.split_once(':').map_or("null", |(_, value)| value);
        let data = format!(r#"{{"message":{message},"data":{data}}}"#);
        self.say_packet_in(id, &received.namespace, Kind::ConnectError, &data);
    }

    /// Counts that a namespace is joined; `false`: that was often enough until the next ping is answered.
    fn may_join(&mut self, id: SessionId) -> bool {
        let most = self.settings.max_subscriptions;
        let Some(session) = self.sessions.get_mut(id) else { return false };
        session.talk.joins += 1;
        session.talk.joins <= most
    }

    fn try_join(
        &mut self,
        now: Now,
        id: SessionId,
        channel: ChannelName,
        auth: &Auth,
    ) -> Result<(), Problem> {
        let room = self.settings.max_subscriptions.saturating_sub(self.channels_of_session(id));
        if room == 0 {
            return Err(SubscribeError::SubscriptionLimit.into());
        }
        if !self.may_join(id) {
            return Err(Problem::new(429, "a connection may not join and leave that often; wait a minute"));
        }
        let chosen = auth.session()?;
        let pid = auth.text("pid").and_then(|text| Some((text, Pid::parse(text)?)));
        // Whoever says that it is somebody else does not come back.
        let pid = pid.filter(|(_, pid)| chosen.as_deref().is_none_or(|chosen| chosen == pid.session));
        let session = pid.as_ref().map(|(_, pid)| pid.session.to_owned()).or(chosen);
        let identity = self.identify(session);
        let (name, watches) = (auth.name()?, auth.watches());
        let offset = pid.as_ref().map(|(_, pid)| offset_of(auth).unwrap_or(pid.position));
        let start = match offset {
            Some(offset) => Start::After(offset),
            None => auth.start()?,
        };
        let away = pid.as_ref().and_then(|(text, _)| self.take_away(now, id, text));
        let away = away.filter(|away| {
            let has_all =
                away.unproven == Cursor::ZERO || offset.is_some_and(|offset| offset > away.unproven);
            *away.channel == *channel && has_all && away.extras.len() < room
        });
        self.hub.check_client(identity.client)?;
        let owner = Owner::Session(id).pack();
        let mut channels = vec![channel.clone()];
        let extras = away.map(|away| away.extras);
        let names = extras.iter().flat_map(|extras| extras.keys());
        channels.extend(names.filter_map(|name| ChannelName::parse(name).ok()));
        let reader = self.hub.subscribe(owner, Some(identity.client), &channels, start, now.unix_ms)?;
        for (name, begun) in extras.iter().flatten() {
            self.hub.skip(reader, name, *begun);
        }
        self.hub.introduce(reader, Guest { tag: tag_of(Transport::SocketIo), name, watches }, now.unix_ms);
        let cursor = self.hub.cursor(reader);
        let is_recovered = extras.is_some() && !self.hub.has_lost(reader);
        let known = pid.map(|(text, _)| text).filter(|_| is_recovered);
        let pid = match known {
            Some(text) => text.into(),
            None => self.draw_pid(cursor, &identity.session),
        };
        let key = self.rng.digest(b"namespace", channel.as_bytes());
        let key = u64::from_le_bytes(*key.first_chunk().expect("16 bytes begin with 8"));
        let joins_at = is_recovered.then(|| self.hub.newest());
        self.recoveries.present.insert(pid.clone(), (id, reader));
        let Some(session) = self.sessions.get_mut(id) else { return Ok(()) };
        session.join_by = None;
        let channel = (&*channel).into();
        let extras = extras.unwrap_or_default();
        let unproven = Cursor::ZERO;
        let socket =
            Socket { channel, key, reader, identity, pid, extras, unproven, joins_at, is_unread: true };
        session.talk.sockets.push(socket);
        self.tally.open.socket_io += 1;
        self.arm_session(id);
        if !is_recovered {
            self.say_joined(id, reader);
        }
        self.mark_unread(id, reader);
        Ok(())
    }

    /// What is remembered of a socket. If it is still there its session ends, unless that is the session `id` itself: a
    /// client that lost one of its namespaces alone would not know.
    fn take_away(&mut self, now: Now, id: SessionId, pid: &str) -> Option<Away> {
        match self.recoveries.present.get(pid) {
            Some((session, _)) if *session == id => return None,
            Some((session, _)) => self.end_session(now, *session, &engineio::Packet::Close),
            None => {}
        }
        self.recoveries.take(pid)
    }

    fn draw_pid(&mut self, cursor: Cursor, session: &str) -> Box<str> {
        Pid::write(&URL_SAFE_NO_PAD.encode(self.rng.bytes()), cursor, session)
    }

    /// Something that was missed is lost after all: the client must not take itself for recovered.
    pub(super) fn redraw_pid(&mut self, id: SessionId, reader: ReaderId) {
        let cursor = self.hub.cursor(reader);
        let socket = self.sessions.get(id).and_then(|session| session.talk.socket(reader));
        let Some(session) = socket.map(|socket| socket.identity.session.clone()) else { return };
        let pid = self.draw_pid(cursor, &session);
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(socket) = session.talk.socket_mut(reader) else { return };
        let before = core::mem::replace(&mut socket.pid, pid.clone());
        self.recoveries.present.remove(&before);
        self.recoveries.present.insert(pid, (id, reader));
    }

    /// The client is told that it has joined.
    fn say_joined(&mut self, id: SessionId, reader: ReaderId) {
        let Some((namespace, data)) = self.joined(id, reader) else { return };
        self.say_packet_in(id, &namespace, Kind::Connect, &data);
    }

    /// What it is told: namespace and data.
    pub(super) fn joined(&self, id: SessionId, reader: ReaderId) -> Option<(Cow<'static, str>, String)> {
        let socket = self.sessions.get(id)?.talk.socket(reader)?;
        let (client, pid) = (socket.identity.client, &socket.pid);
        Some((namespace_of(&socket.channel), format!(r#"{{"sid":"{client}","pid":"{pid}"}}"#)))
    }

    /// Says a packet without attachments.
    pub(in crate::server) fn say_packet_in(
        &mut self,
        id: SessionId,
        namespace: &str,
        kind: Kind,
        data: &str,
    ) {
        let data = Some(data).filter(|data| !data.is_empty());
        let none: &[&[u8]] = &[];
        self.say_event(id, &Packet { kind, attachments: 0, namespace, id: None, data }, none);
    }
}

/// The last event that the client has seen.
fn offset_of(auth: &Auth) -> Option<Cursor> {
    auth.text("offset")?.parse().ok()
}
