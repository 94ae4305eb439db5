//! Presence on the wire: who is in a channel, and who comes and goes.  Law: whoever asked for it, on whatever
//! transport, is told the same notices; `GET` and the command of a WebSocket give the same object.

use super::Server;
use super::connection::ConnId;
use super::flush::Wire;
use super::problem::Problem;
use super::reading::Reading;
use super::reply::Reply;
use crate::base::time::Now;
use crate::channel_name::ChannelName;
use crate::hub::{ClientReaderLimit, Coming, Guest, Hub, News, ReaderId};
use crate::limits::{CLIENTS_LISTED_MAX, NEWS_MAX};
use crate::message::Notice;
use crate::transport::Transport;
use serde::Serialize;

/// `GET /presence/{channel}`.
#[derive(Serialize)]
struct Listing<'a> {
    channel: &'a str,
    clients: Vec<Listed<'a>>,
    count: usize,
}

#[derive(Serialize)]
struct Listed<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    transport: &'static str,
    since_ms: u64,
}

impl From<ClientReaderLimit> for Problem {
    fn from(_: ClientReaderLimit) -> Self {
        Problem::new(429, "this client has as many connections as one may; each needs a session of its own")
    }
}

impl Server {
    /// Counts a reader among those of its client.
    pub(super) fn introduce(&mut self, now: Now, reader: ReaderId, reading: &Reading, watches: bool) {
        let guest = Guest { tag: tag_of(reading.transport), name: reading.name.as_deref(), watches };
        self.hub.introduce(reader, guest, now.unix_ms);
    }

    /// Answers `GET /presence/{channel}`.
    pub(super) fn answer_presence(&mut self, now: Now, id: ConnId, reply: &Reply, channel: &ChannelName) {
        let body = presence_json(&self.hub, channel);
        self.answer_json(now, id, reply, body, &[]);
    }

    /// Answers the command `presence`.
    pub(super) fn say_presence(&mut self, id: ConnId, reference: &str, channel: &ChannelName) {
        let object = presence_json(&self.hub, channel);
        let members = object.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
        self.say_command_reply(id, reference, members);
    }

    /// Tells a stream or WebSocket who came and who left, if it asked for that.
    pub(super) fn say_news(&mut self, id: ConnId, wire: &Wire) {
        if self.conns.get(id).is_some_and(|conn| conn.queue.len() <= self.settings.max_queue) {
            let mut words = Vec::new();
            self.write_news(wire, &mut words);
            self.say_in_flush(id, words);
        }
    }

    /// Appends who came and who left to what a reader is told.
    pub(super) fn write_news(&mut self, wire: &Wire, words: &mut Vec<u8>) {
        if !self.hub.has_news(wire.reader) {
            return;
        }
        let namespace = wire.within.as_ref().map_or("", |within| &within.channel);
        for news in self.hub.news(wire.reader, NEWS_MAX) {
            wire.encoding.notice(namespace, &notice_of(&news), &self.nonce, words);
        }
        self.hub.take_news(wire.reader);
    }
}

/// What a watcher is told, as a notice.
pub(super) fn notice_of<'a>(news: &News<'a>) -> Notice<'a> {
    match *news {
        News::Changed(channel) => Notice::PresenceChanged { channel },
        News::Coming(Coming { channel, client, name, is_join }) => {
            let (client, name) = (*client, name.as_deref());
            match is_join {
                true => Notice::Join { channel, client, name },
                false => Notice::Leave { channel, client, name },
            }
        }
    }
}

pub(super) fn presence_json(hub: &Hub, channel: &str) -> String {
    let (present, count) = hub.present(channel, CLIENTS_LISTED_MAX);
    let listed = present.into_iter().map(|one| Listed {
        id: one.client.to_string(),
        name: one.name,
        transport: transport_name(one.tag),
        since_ms: one.since_ms,
    });
    serde_json::to_string(&Listing { channel, clients: listed.collect(), count }).unwrap_or_default()
}

/// By which the hub keeps a transport.
pub(super) fn tag_of(transport: Transport) -> u8 {
    Transport::ALL.iter().position(|other| *other == transport).map_or(0, |place| place as u8)
}

/// The name of the transport that the hub keeps by `tag`.
pub(super) fn transport_name(tag: u8) -> &'static str {
    Transport::ALL.get(usize::from(tag)).map_or("", |transport| transport.name())
}
