//! What a reading request asks for, taken from its query and fields.  Law: the same parameters mean the same on
//! every transport; what cannot be understood is refused, but for a `Last-Event-ID`, which an EventSource repeats.

use super::problem::Problem;
use crate::channel_name::ChannelName;
use crate::http::{Head, Query, accept, conditional, prefer_wait};
use crate::hub::Start;
use crate::limits::{BATCH_MESSAGES_DEFAULT, BATCH_MESSAGES_MAX, CHANNELS_PER_REQUEST_MAX, CLIENT_NAME_MAX};
use crate::message::Cursor;
use crate::transport::{Transport, jsonp};

/// A reading request.
#[derive(Clone, Debug)]
pub struct Reading {
    /// By what the channels are read.
    pub transport: Transport,
    /// At least one.
    pub channels: Vec<ChannelName>,
    /// Where to begin.
    pub start: Start,
    /// Where to begin came by `If-None-Match`, so nothing new is a 304.
    pub by_etag: bool,
    /// Most messages in a batch.
    pub limit: usize,
    /// Seconds to be held.
    pub wait_s: u64,
    /// The wait came by `Prefer`.
    pub by_prefer: bool,
    /// Whole envelopes (SSE).
    pub envelope: bool,
    /// The session that the client says it is.
    pub session: Option<String>,
    /// What the client calls itself.
    pub name: Option<String>,
    /// It wants to be told who comes and goes.
    pub watches: bool,
    /// The page that may receive (iframe).
    pub origin: Option<String>,
}

/// The query of a reading request, sorted by name; the first of each name counts.
#[derive(Default)]
pub struct Parameters {
    channels: Vec<String>,
    transport: Option<String>,
    callback: Option<String>,
    last_event_id: Option<String>,
    since: Option<String>,
    last: Option<String>,
    limit: Option<String>,
    wait: Option<String>,
    envelope: Option<String>,
    session: Option<String>,
    origin: Option<String>,
    name: Option<String>,
    presence: Option<String>,
}

/// What a reader can choose from by `Accept`.
const CHOSEN_BY_ACCEPT: [&str; 3] = ["application/json", "text/event-stream", "application/x-ndjson"];

impl Parameters {
    /// Sorts `query`. Names that are not known are left alone.
    pub fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let mut found = Parameters::default();
        for pair in Query::pairs(query.unwrap_or_default()) {
            let (name, value) = pair?;
            let value = value.into_owned();
            let slot = match &*name {
                "channel" => {
                    found.channels.push(value);
                    continue;
                }
                "transport" => &mut found.transport,
                "callback" => &mut found.callback,
                "lastEventId" | "lastEventID" | "last_event_id" | "Last-Event-ID" => &mut found.last_event_id,
                "since" => &mut found.since,
                "last" => &mut found.last,
                "limit" => &mut found.limit,
                "wait" => &mut found.wait,
                "envelope" => &mut found.envelope,
                "session" => &mut found.session,
                "origin" => &mut found.origin,
                "name" => &mut found.name,
                "presence" => &mut found.presence,
                _ => continue,
            };
            // Empty counts as absent.
            if slot.is_none() && !value.is_empty() {
                *slot = Some(value);
            }
        }
        Ok(found)
    }

    /// The function to call, if this is JSONP and its name is one.
    pub fn callback(&self) -> Result<Option<Box<str>>, Problem> {
        match &self.callback {
            None => Ok(None),
            Some(name) if jsonp::is_callback(name) => Ok(Some(name.as_str().into())),
            Some(_) => Err(Problem::bad(
                "callback is a JavaScript name, or up to 8 with dots between them, of at most 128 bytes",
            )),
        }
    }

    /// The function to call, if nothing says that this is another transport.
    pub fn jsonp_callback(&self) -> Option<Box<str>> {
        let is_other = self.transport.as_ref().is_some_and(|name| name != Transport::Jsonp.name());
        self.callback().ok().flatten().filter(|_| !is_other)
    }

    /// By what to read: the first rule that fits wins (API: Reading).
    pub fn transport(&self, head: &Head<'_, '_>, is_upgrade: bool) -> Result<Transport, Problem> {
        let by_accept = |media_type| accept::names(head.headers.all("accept"), media_type);
        if let Some(name) = &self.transport {
            return Transport::parse(name).ok_or_else(|| {
                Problem::bad("transport is one of poll, long-poll, jsonp, iframe, sse, ndjson, websocket")
            });
        }
        Ok(match () {
            () if is_upgrade => Transport::WebSocket,
            () if self.callback.is_some() => Transport::Jsonp,
            () if by_accept("text/event-stream") => Transport::Sse,
            () if by_accept("application/x-ndjson") => Transport::Ndjson,
            () if accept::refuses(|| head.headers.all("accept"), &CHOSEN_BY_ACCEPT) => {
                return Err(Problem::new(
                    406,
                    "Accept leaves out application/json, text/event-stream and application/x-ndjson, and there is \
                     nothing else to choose by it",
                ));
            }
            () if self.wait(head)?.0 > 0 => Transport::LongPoll,
            () => Transport::Poll,
        })
    }

    /// Everything else. `path_channel`: the channel that the path names.
    pub fn reading(
        self,
        head: &Head<'_, '_>,
        transport: Transport,
        path_channel: Option<ChannelName>,
        wait_max_s: u64,
    ) -> Result<Reading, Problem> {
        let (wait_s, by_prefer) = self.wait(head)?;
        let (start, by_etag) = self.start(head)?;
        let limit = self.number("limit", self.limit.as_deref())?.unwrap_or(BATCH_MESSAGES_DEFAULT);
        if self
            .name
            .as_ref()
            .is_some_and(|name| name.len() > CLIENT_NAME_MAX || name.contains(char::is_control))
        {
            return Err(Problem::bad("name has at most 128 bytes and no control characters"));
        }
        let channels = self.channels(path_channel)?;
        let envelope = switch("envelope", self.envelope.as_deref())?.unwrap_or(channels.len() > 1);
        let watches = switch("presence", self.presence.as_deref())?.unwrap_or(false);
        // Asked for by name without saying how long: as long as may be.
        let named_long = transport == Transport::LongPoll && wait_s == 0 && self.wait.is_none() && !by_prefer;
        let wait_s = if named_long { wait_max_s } else { wait_s.min(wait_max_s) };
        Ok(Reading {
            transport,
            channels,
            start,
            by_etag,
            limit,
            wait_s: if transport == Transport::Poll { 0 } else { wait_s },
            by_prefer,
            envelope,
            session: checked_session(self.session)?,
            name: self.name,
            watches,
            origin: self.origin,
        })
    }

    fn channels(&self, path_channel: Option<ChannelName>) -> Result<Vec<ChannelName>, Problem> {
        let mut channels: Vec<ChannelName> = path_channel.into_iter().collect();
        for name in &self.channels {
            channels.push(ChannelName::parse(name)?);
        }
        match channels.len() {
            0 => Err(Problem::bad("name a channel: /channels/NAME or /channels?channel=NAME")),
            1..=CHANNELS_PER_REQUEST_MAX => Ok(channels),
            _ => Err(Problem::bad("a request reads at most 64 channels; open another for the rest")),
        }
    }

    /// Seconds to be held, none if nobody says, and whether `Prefer` said so.
    fn wait(&self, head: &Head<'_, '_>) -> Result<(u64, bool), Problem> {
        Ok(self.asked_wait(head)?.unwrap_or_default())
    }

    /// Seconds to be held, if the request says, and whether `Prefer` said so.
    pub fn asked_wait(&self, head: &Head<'_, '_>) -> Result<Option<(u64, bool)>, Problem> {
        if let Some(text) = &self.wait {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            // More digits than fit are still a number, and cut to the longest wait.
            return match digits {
                true => Ok(Some((text.parse().unwrap_or(u64::MAX), false))),
                false => Err(Problem::bad("wait is a whole number of seconds")),
            };
        }
        Ok(prefer_wait(head.headers.all("prefer")).map(|seconds| (seconds, true)))
    }

    /// Where to begin, and whether `If-None-Match` said so.
    fn start(&self, head: &Head<'_, '_>) -> Result<(Start, bool), Problem> {
        let field = head.headers.get("last-event-id").filter(|value| !value.is_empty());
        if let Some(value) = field.or(self.last_event_id.as_deref().map(str::as_bytes)) {
            return Ok((last_event_id(value), false));
        }
        if let Some(since) = &self.since {
            return Ok((parse_since(since)?, false));
        }
        if let Some(last) = self.number("last", self.last.as_deref())? {
            return Ok((Start::Last(last), false));
        }
        let tag = head.headers.only("if-none-match").and_then(conditional::single_cursor_tag);
        match tag.and_then(|tag| tag.parse::<Cursor>().ok()) {
            Some(cursor) => Ok((Start::After(cursor), true)),
            None => Ok((Start::Now, false)),
        }
    }

    fn number(&self, name: &str, text: Option<&str>) -> Result<Option<usize>, Problem> {
        let Some(text) = text else { return Ok(None) };
        match text.parse::<usize>() {
            Ok(number @ 1..=BATCH_MESSAGES_MAX) if text.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Some(number))
            }
            _ => Err(Problem::bad(format!("{name} is a number from 1 to {BATCH_MESSAGES_MAX}"))),
        }
    }
}

fn switch(name: &str, value: Option<&str>) -> Result<Option<bool>, Problem> {
    match value {
        None => Ok(None),
        Some("0") => Ok(Some(false)),
        Some("1") => Ok(Some(true)),
        Some(_) => Err(Problem::bad(format!("{name} is 0 or 1"))),
    }
}

/// Never an error, for an EventSource would repeat it for ever.
fn last_event_id(value: &[u8]) -> Start {
    let cursor = core::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    cursor.map_or(Start::Lost, Start::After)
}

/// Reads `since`: an id, `now`, `start`, Unix milliseconds or an RFC 3339 time.
pub fn parse_since(text: &str) -> Result<Start, Problem> {
    if let Ok(cursor) = text.parse::<Cursor>() {
        return Ok(Start::After(cursor));
    }
    match text {
        "now" => return Ok(Start::Now),
        "start" => return Ok(Start::Beginning),
        _ => {}
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map(Start::Time).map_err(|_| since_problem());
    }
    // In a query a plus sign is a space, also in the offset of a time.
    let time = text.replace(' ', "+").parse::<jiff::Timestamp>().map_err(|_| since_problem())?;
    u64::try_from(time.as_millisecond()).map(Start::Time).map_err(|_| since_problem())
}

fn since_problem() -> Problem {
    Problem::bad("since is a message id (MS-SEQ), now, start, a number of milliseconds or an RFC 3339 time")
}

/// A session that a client chose or was given.
pub fn checked_session(session: Option<String>) -> Result<Option<String>, Problem> {
    let is_good = |text: &String| {
        (22..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    match session {
        Some(text) if !is_good(&text) => Err(Problem::bad("session is 22 to 64 of A-Z a-z 0-9 - and _")),
        session => Ok(session),
    }
}
