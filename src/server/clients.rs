//! Clients: which there are, and what is done to one from outside (API: Clients).  Law: a client's session changes its
//! streams, and is never logged; its id opens nothing but what operators may do.

use super::Server;
use super::connection::{ConnId, Proto};
use super::drafts::object;
use super::owner::Owner;
use super::presence::transport_name;
use super::problem::Problem;
use super::publish::{Wanted, Writing};
use super::reading::checked_session;
use super::reply::Reply;
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::http::{Head, Query};
use crate::hub::{Known, ReaderId};
use crate::limits::CLIENTS_LISTED_MAX;
use crate::message::{ClientId, Cursor};
use crate::ws::CloseCode;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The body of `POST /clients/{session}/subscriptions`.
#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow, default)]
    add: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    remove: Vec<Cow<'a, str>>,
}

/// `GET /clients`.
#[derive(Serialize)]
struct Listing<'a> {
    clients: Vec<Listed<'a>>,
    count: usize,
}

#[derive(Serialize)]
struct Listed<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    transport: &'static str,
    channels: Vec<&'a str>,
    since_ms: u64,
}

/// What operators do.
impl Server {
    /// Answers `GET /clients`.
    pub(super) fn answer_clients(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &Reply,
    ) -> Result<(), Problem> {
        let mut after = None;
        for pair in Query::pairs(head.target.query.unwrap_or_default()) {
            let (name, value) = pair?;
            if name == "after" && !value.is_empty() && after.is_none() {
                let parsed = value.parse::<ClientId>();
                after = Some(parsed.map_err(|_| Problem::bad("after is the id of the last client listed"))?);
            }
        }
        let list = self.hub.clients(after, CLIENTS_LISTED_MAX);
        let clients = list.into_iter().map(|known| self.listed(now, known)).collect();
        let listing = Listing { clients, count: self.hub.client_total() };
        let body = serde_json::to_string(&listing).unwrap_or_default();
        self.answer_json(now, id, reply, body, &[]);
        Ok(())
    }

    fn listed<'a>(&self, now: Now, known: Known<'a>) -> Listed<'a> {
        let Known { client, name, tag, owner, channels, since_ms } = known;
        // Who has no channel is there for as long as its connection.
        let opened_at = || match Owner::unpack(owner?) {
            Owner::Conn(id) => self.conns.get(id).map(|conn| conn.opened_at),
            Owner::Session(id) => self.sessions.get(id).map(|session| session.opened_at),
        };
        let since_opened = || opened_at().map(|at| now.unix_ms.saturating_sub(now.at.since(at)));
        Listed {
            id: client.to_string(),
            name,
            transport: transport_name(tag),
            channels,
            since_ms: since_ms.or_else(since_opened).unwrap_or(now.unix_ms),
        }
    }

    /// Judges the head of `POST /clients/{id}`.
    pub(super) fn begin_send(
        &self,
        now: Now,
        head: &Head<'_, '_>,
        reply: &mut Reply,
        client: &str,
    ) -> Result<Writing, Problem> {
        let client = self.known(client)?;
        self.begin_publish(now, head, reply, ChannelName::own(client))
    }

    /// `DELETE /clients/{id}`: every connection of the client ends, and it has left.
    pub(super) fn disconnect(
        &mut self,
        now: Now,
        id: ConnId,
        reply: &Reply,
        client: &str,
    ) -> Result<(), Problem> {
        let client = self.known(client)?;
        let all: Vec<(ReaderId, u64)> = self.hub.owners(client).collect();
        for (reader, owner) in all {
            let other = match Owner::unpack(owner) {
                Owner::Conn(id) => id,
                Owner::Session(session) => {
                    self.expel(now, session, reader);
                    continue;
                }
            };
            match self.conns.get(other).map(|conn| &conn.proto) {
                Some(Proto::WebSocket(..)) => {
                    self.close_socket(now, other, CloseCode::NOT_ALLOWED, "disconnected by an operator");
                }
                Some(Proto::Stream(_)) => self.end_stream(now, other, &[]),
                Some(Proto::Parked(_)) => self.end_parked(now, other),
                Some(Proto::Http(_) | Proto::Waiting(_) | Proto::Closing(_)) | None => {}
            }
        }
        self.hub.dismiss(client);
        self.respond(now, id, reply, 204, &[], Vec::new());
        Ok(())
    }

    fn known(&self, client: &str) -> Result<ClientId, Problem> {
        let client = client.parse::<ClientId>().ok().filter(|client| self.hub.knows(*client));
        client.ok_or_else(|| Problem::new(404, "there is no such client, or it was gone for too long"))
    }
}

/// What a client does to its own streams.
impl Server {
    /// Judges the head of `POST /clients/{session}/subscriptions`.
    pub(super) fn begin_subscriptions(
        &self,
        now: Now,
        reply: &mut Reply,
        session: String,
    ) -> Result<Writing, Problem> {
        let session = checked_session(Some(session))?.unwrap_or_default();
        let client = self.client_of(&session);
        if self.streams_of(client).is_empty() {
            return Err(no_stream());
        }
        Ok(Writing::plain(reply.take(now), Wanted::Subscriptions(client)))
    }

    /// The body is there.
    pub(super) fn finish_subscriptions(
        &mut self,
        now: Now,
        id: ConnId,
        reply: &Reply,
        client: ClientId,
        body: &[u8],
    ) {
        match self.change_streams(now, client, body) {
            Ok((since, channels)) => {
                let names: Vec<String> = channels.iter().map(|name| format!("\"{name}\"")).collect();
                let body = format!(r#"{{"since":"{since}","channels":[{}]}}"#, names.join(","));
                self.answer_json(now, id, reply, body, &[]);
            }
            Err(problem) => self.refuse(now, id, reply, &problem),
        }
    }

    /// Changes the channels of all streams of a client, or of none. Where the new ones begin at the earliest, and which
    /// channels the newest stream has.
    fn change_streams(
        &mut self,
        now: Now,
        client: ClientId,
        body: &[u8],
    ) -> Result<(Cursor, Vec<String>), Problem> {
        let change = object::<Change<'_>>(body)
            .map_err(|error| Problem::bad(format!("the body is an object with add and remove: {error}")))?;
        let (add, remove) = (names(&change.add)?, names(&change.remove)?);
        if remove.len() > self.settings.max_subscriptions {
            return Err(Problem::bad("remove names more channels than one connection may have"));
        }
        if let Some(both) = add.intersection(&remove).next() {
            return Err(Problem::bad(format!("{both} cannot be added and removed at once")));
        }
        let [add, remove] = [add, remove].map(Vec::from_iter);
        let streams = self.streams_of(client);
        let newest = streams.first().ok_or_else(no_stream)?.0;
        for (reader, _) in &streams {
            self.hub.check_change(*reader, &add, &remove, now.unix_ms)?;
        }
        let mut since = Cursor::MAX;
        for (reader, stream) in streams {
            since = since.min(self.hub.change(reader, &add, &remove, now.unix_ms)?);
            self.mark_dirty(stream);
        }
        Ok((since, self.hub.channels(newest).map(str::to_owned).collect()))
    }

    /// The live streams of a client, the newest first.
    fn streams_of(&self, client: ClientId) -> Vec<(ReaderId, ConnId)> {
        let is_stream =
            |id: &ConnId| self.conns.get(*id).is_some_and(|conn| matches!(conn.proto, Proto::Stream(_)));
        let stream = |(reader, owner)| match Owner::unpack(owner) {
            Owner::Conn(id) => is_stream(&id).then_some((reader, id)),
            Owner::Session(_) => None,
        };
        self.hub.owners(client).filter_map(stream).collect()
    }
}

fn names(texts: &[Cow<'_, str>]) -> Result<BTreeSet<ChannelName>, Problem> {
    texts.iter().map(|text| ChannelName::parse(text).map_err(Problem::from)).collect()
}

fn no_stream() -> Problem {
    Problem::new(404, "this session has no stream (sse, ndjson or iframe) whose channels could be changed")
}
