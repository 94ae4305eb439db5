//! How a reader asks for its channels: every transport, every way to name a cursor.  Law: what is asked for is what the
//! contract says it means ([`Begin`]).

use super::account::{Account, Begin};
use super::truth::Truth;
use crate::message::MessageId;
use crate::testing::decode::handshake::Handshake;
use crate::testing::dice::Dice;

type Fields = Vec<(&'static str, String)>;

/// A transport, as far as clients tell them apart.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// A batch at once.
    Poll,
    /// A held batch.
    LongPoll,
    /// A held batch as a script.
    Jsonp,
    /// A page.
    Iframe,
    /// An EventSource.
    Sse,
    /// Lines.
    Ndjson,
    /// `holdline.v1`.
    V1,
    /// `holdline.raw`.
    Raw,
}

impl Via {
    /// All of them.
    pub const ALL: [Via; 8] =
        [Via::Poll, Via::LongPoll, Via::Jsonp, Via::Iframe, Via::Sse, Via::Ndjson, Via::V1, Via::Raw];

    /// Is it a WebSocket?
    pub fn is_socket(self) -> bool {
        matches!(self, Via::V1 | Via::Raw)
    }

    /// Is it answered by a batch, with the connection free for the next?
    pub fn is_batch(self) -> bool {
        matches!(self, Via::Poll | Via::LongPoll | Via::Jsonp)
    }
}

/// The function that a script calls.
pub const CALLBACK: &str = "tell";

/// The page that a hidden iframe tells.
pub const ORIGIN: &str = "http://localhost";

/// One reading request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// By which transport.
    pub via: Via,
    /// From where on.
    pub begin: Begin,
    /// What.
    pub channels: Vec<String>,
    /// SSE whose data is the payload alone.
    pub is_bare: bool,
    /// The response ends with its connection.
    pub is_http10: bool,
    /// When (Unix ms).
    pub asked_ms: u64,
    /// Seconds that the server may take to answer, if it has nothing to say.
    pub wait_s: u64,
    /// Who comes and leaves is told as well.
    pub watches: bool,
    /// The newest id then.
    pub newest: MessageId,
    /// What the handshake offers (RFC 7692).
    pub offer: Option<&'static str>,
}

impl Asked {
    /// Any way to read `channels` at `asked_ms`, by whoever stands at `cursor`.
    pub fn throw(
        asked_ms: u64,
        channels: Vec<String>,
        cursor: Option<MessageId>,
        newest: MessageId,
        dice: &mut Dice,
    ) -> Self {
        let via = match *dice.pick(&Via::ALL) {
            Via::Raw if channels.len() > 1 => Via::V1,
            via => via,
        };
        let begin = match cursor {
            Some(cursor) if via != Via::Raw && !dice.one_in(12) => Begin::After(cursor),
            _ => Self::throw_begin(newest, dice),
        };
        const OFFERS: [Option<&str>; 5] = [
            None,
            Some("permessage-deflate"),
            Some("permessage-deflate; client_max_window_bits"),
            Some("permessage-deflate; server_max_window_bits=9, permessage-deflate"),
            Some("permessage-deflate; server_no_context_takeover; server_max_window_bits=12"),
        ];
        let is_bare = channels.len() == 1 && dice.one_in(2);
        let is_http10 = matches!(via, Via::Sse | Via::Ndjson | Via::Iframe) && dice.one_in(6);
        let wait_s = if via == Via::Poll { 0 } else { 1 + dice.below(40) as u64 };
        let offer = *dice.pick(&OFFERS);
        Asked {
            via,
            begin,
            channels,
            is_bare,
            is_http10,
            asked_ms,
            wait_s,
            watches: dice.one_in(2),
            newest,
            offer,
        }
    }

    fn throw_begin(newest: MessageId, dice: &mut Dice) -> Begin {
        match dice.below(8) {
            0 => Begin::Lost,
            1 | 2 => Begin::Start(newest),
            3 => Begin::Last(1 + dice.below(5), newest),
            4 => Begin::Time(newest.ms.saturating_sub(dice.below(5_000) as u64)),
            5 => Begin::After(
                MessageId::new(newest.ms.saturating_sub(dice.below(3_000) as u64), 0).min(newest),
            ),
            _ => Begin::Now(newest),
        }
    }

    /// What must be told to whoever asked, if the server had it whole when `newest` was the newest id.
    pub fn account(&self, truth: &Truth, newest: MessageId) -> Account {
        Account::open(truth, self.channels.iter().map(|name| &**name), self.begin, newest)
    }

    /// The bytes of the request.
    pub fn request(&self, session: &str, dice: &mut Dice) -> String {
        let mut query = vec![format!("session={session}")];
        query.extend(self.watches.then(|| "presence=1".to_owned()));
        let mut fields = Vec::new();
        let path = match &*self.channels {
            [one] => format!("/channels/{one}"),
            many => {
                query.extend(many.iter().map(|name| format!("channel={name}")));
                "/channels".to_owned()
            }
        };
        self.begin(&mut query, &mut fields, dice);
        self.transport(&mut query, &mut fields, dice);
        let target = format!("{path}?{}", query.join("&"));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
        if self.via.is_socket() {
            return Handshake { target: &target, fields: &fields, ..self.handshake() }.request();
        }
        let version = if self.is_http10 { "1.0" } else { "1.1" };
        let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("GET {target} HTTP/{version}\r\nHost: localhost\r\n{fields}\r\n")
    }

    /// What the handshake asks for.
    pub fn handshake(&self) -> Handshake<'static> {
        let protocol = if self.via == Via::V1 { "holdline.v1" } else { "holdline.raw" };
        Handshake { protocols: Some(protocol), extensions: self.offer, ..Handshake::default() }
    }

    fn begin(&self, query: &mut Vec<String>, fields: &mut Fields, dice: &mut Dice) {
        match self.begin {
            Begin::Now(_) if dice.one_in(2) => {}
            Begin::Now(_) => query.push("since=now".to_owned()),
            Begin::After(cursor) => match dice.below(4) {
                0 => fields.push(("Last-Event-ID", cursor.to_string())),
                1 => query.push(format!("lastEventId={cursor}")),
                2 => fields.push(("If-None-Match", format!("\"{cursor}\""))),
                _ => query.push(format!("since={cursor}")),
            },
            Begin::Lost => match dice.below(2) {
                0 => fields.push(("Last-Event-ID", "seventeen".to_owned())),
                _ => query.push("last_event_id=18446744073709551615-9".to_owned()),
            },
            Begin::Start(_) => query.push("since=start".to_owned()),
            Begin::Last(count, _) => query.push(format!("last={count}")),
            Begin::Time(ms) if dice.one_in(2) => {
                let time = jiff::Timestamp::from_millisecond(ms.cast_signed()).expect("a time of this age");
                query.push(format!("since={time}"));
            }
            Begin::Time(ms) => query.push(format!("since={ms}")),
        }
    }

    fn transport(&self, query: &mut Vec<String>, fields: &mut Fields, dice: &mut Dice) {
        let wait = self.wait_s;
        if self.via.is_batch() && dice.one_in(3) {
            query.push(format!("limit={}", 1 + dice.below(5)));
        }
        match self.via {
            Via::Poll => {}
            Via::LongPoll if dice.one_in(3) => {
                query.push(format!("transport=long-poll&name=somebody&wait={wait}"))
            }
            Via::LongPoll if dice.one_in(2) => fields.push(("Prefer", format!("wait={wait}"))),
            Via::LongPoll => query.push(format!("wait={wait}")),
            Via::Jsonp => {
                query.push(format!("callback={CALLBACK}&wait={wait}"));
                fields.push(("Sec-Fetch-Site", "same-origin".to_owned()));
            }
            Via::Iframe => query.push(format!("transport=iframe&origin={ORIGIN}")),
            Via::Sse => {
                query.push(format!("envelope={}", u8::from(!self.is_bare)));
                fields.push(("Accept", "text/event-stream".to_owned()));
            }
            Via::Ndjson => fields.push(("Accept", "application/x-ndjson".to_owned())),
            Via::V1 | Via::Raw => {}
        }
    }
}
