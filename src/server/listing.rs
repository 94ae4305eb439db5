//! Which channels there are, in pages (API: `GET /stats/channels`).

use super::Server;
use super::connection::ConnId;
use super::problem::Problem;
use super::reply::Reply;
use crate::base::time::Now;
use crate::http::{Head, Query};
use crate::hub::{Listed, Listing, Wanted};
use crate::limits::{LISTED_CHANNELS_DEFAULT, LISTED_CHANNELS_MAX};
use serde_json::{Value, json};

impl Server {
    /// Answers with the page of channels that the query asks for.
    pub(super) fn answer_channels(
        &mut self,
        now: Now,
        id: ConnId,
        head: &Head<'_, '_>,
        reply: &Reply,
    ) -> Result<(), Problem> {
        let Listing { channels, total, more } = self.hub.list(&wanted(head.target.query)?);
        let channels: Vec<Value> = channels.iter().map(shown).collect();
        let body = json!({ "channels": channels, "total": total, "more": more });
        self.answer_json(now, id, reply, body.to_string(), &[]);
        Ok(())
    }
}

fn shown(channel: &Listed) -> Value {
    json!({
        "channel": &*channel.name,
        "subscribers": channel.subscribers,
        "messages": channel.messages,
        "bytes": channel.bytes,
        "newest": channel.newest.map(|id| id.to_string()),
        "floor": channel.floor.to_string(),
        "closed": channel.is_closed,
    })
}

/// Reads the query. Names that are not known are left alone, and empty counts as absent.
fn wanted(query: Option<&str>) -> Result<Wanted, Problem> {
    let mut wanted = Wanted { limit: LISTED_CHANNELS_DEFAULT, ..Wanted::default() };
    for pair in Query::pairs(query.unwrap_or_default()) {
        let (name, value) = pair?;
        match &*name {
            _ if value.is_empty() => {}
            "prefix" => wanted.prefix = value.into_owned(),
            "after" => wanted.after = Some(value.into_owned()),
            "limit" => wanted.limit = limit(&value)?,
            _ => {}
        }
    }
    Ok(wanted)
}

fn limit(text: &str) -> Result<usize, Problem> {
    match text.parse() {
        Ok(number @ 1..=LISTED_CHANNELS_MAX) if text.bytes().all(|b| b.is_ascii_digit()) => Ok(number),
        _ => Err(Problem::bad(format!("limit is a number from 1 to {LISTED_CHANNELS_MAX}"))),
    }
}
