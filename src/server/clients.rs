//! Clients: what is done to one from outside (API: Clients).  Law: a client's session changes its streams, and is never
//! logged; its id opens nothing but what operators may do.

use super::Server;
use super::connection::{ConnId, Proto};
use super::drafts::object;
use super::park::owned_by;
use super::problem::Problem;
use super::publish::{Wanted, Writing};
use super::reading::checked_session;
use super::reply::Reply;
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::hub::ReaderId;
use crate::message::{ClientId, Cursor};
use serde::Deserialize;
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
        let all = self.hub.owners(client).map(|(reader, owner)| (reader, owned_by(owner)));
        let is_stream =
            |id: &ConnId| self.conns.get(*id).is_some_and(|conn| matches!(conn.proto, Proto::Stream(_)));
        all.filter(|(_, id)| is_stream(id)).collect()
    }
}

fn names(texts: &[Cow<'_, str>]) -> Result<BTreeSet<ChannelName>, Problem> {
    texts.iter().map(|text| ChannelName::parse(text).map_err(Problem::from)).collect()
}

fn no_stream() -> Problem {
    Problem::new(404, "this session has no stream (sse, ndjson or iframe) whose channels could be changed")
}
