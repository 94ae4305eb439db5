//! One way to listen over all seven transports, so that a test can be written once for each of them.

use super::body::Body;
use super::process::Server;
use super::script::{jsonp_argument, posted};
use super::sse;
use super::websocket::Ws;
use serde_json::Value;
use std::collections::VecDeque;

/// The seven transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Poll,
    LongPoll,
    Jsonp,
    Iframe,
    Sse,
    Ndjson,
    WebSocket,
}

impl Via {
    /// All of them.
    pub const ALL: [Via; 7] =
        [Via::Poll, Via::LongPoll, Via::Jsonp, Via::Iframe, Via::Sse, Via::Ndjson, Via::WebSocket];
}

/// What a subscriber is told, whatever the transport.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Message {
        id: String,
        data: String,
    },
    /// Everything up to this cursor was read.
    Position(String),
    /// Any other notice.
    Notice(Value),
}

/// A subscriber to one channel of text messages.
pub struct Reader<'s> {
    server: &'s Server,
    via: Via,
    channel: String,
    /// What else stands in the query, each with its `&`.
    query: String,
    cursor: String,
    line: Option<Line>,
    told: VecDeque<Told>,
}

/// The connection of a stream.
enum Line {
    Body(Body),
    WebSocket(Box<Ws>),
}

impl<'s> Reader<'s> {
    /// Subscribes from `cursor` on. A poll asks only when something is wanted.
    pub fn open(server: &'s Server, via: Via, channel: &str, cursor: &str) -> Reader<'s> {
        Reader::open_as(server, via, channel, cursor, "")
    }

    /// As [`Reader::open`], with more in the query: `&name=value`.
    pub fn open_as(server: &'s Server, via: Via, channel: &str, cursor: &str, query: &str) -> Reader<'s> {
        let line = open(server, via, channel, cursor, query);
        let [channel, cursor, query] = [channel, cursor, query].map(str::to_owned);
        Reader { server, via, channel, query, cursor, line, told: VecDeque::new() }
    }

    /// What comes next.
    pub fn next(&mut self) -> Told {
        loop {
            if let Some(told) = self.told.pop_front() {
                return told;
            }
            match &mut self.line {
                None => self.poll(),
                Some(Line::Body(body)) => self.told.extend(next_of(self.via, body)),
                Some(Line::WebSocket(ws)) => self.told.extend(enveloped(&ws.json())),
            }
        }
    }

    fn poll(&mut self) {
        let Reader { channel, query, cursor, server, .. } = self;
        let target = format!("/channels/{channel}?limit=50&since={cursor}{query}");
        let mut client = server.connect();
        let batch = match self.via {
            Via::LongPoll => client.json(&format!("{target}&wait=20")),
            Via::Jsonp => {
                let referer = format!("{}/page", server.origin());
                let target = format!("{target}&wait=20&callback=got");
                let answer = client.ask("GET", &target, &[("Referer", &referer)], b"");
                jsonp_argument(answer.expect(200).text(), "got")
            }
            _ => client.json(&target),
        };
        let notices = batch["notices"].as_array().expect("a batch has notices");
        self.told.extend(notices.iter().flat_map(enveloped));
        let messages = batch["messages"].as_array().expect("a batch has messages");
        self.told.extend(messages.iter().flat_map(enveloped));
        let next = batch["next"].as_str().expect("a batch has a cursor");
        assert!(super::id(next) >= super::id(&self.cursor), "a cursor went back: {batch}");
        self.cursor = next.to_owned();
        self.told.push_back(Told::Position(next.to_owned()));
    }

    /// Cuts the connection off in the middle of whatever is under way. A poll is cut while it is answered.
    pub fn cut(self) {
        match self.line {
            Some(Line::Body(body)) => body.cut(),
            Some(Line::WebSocket(ws)) => ws.cut(),
            None => {
                let mut client = self.server.connect();
                client.begin("GET", &format!("/channels/{}?since={}", self.channel, self.cursor), &[], b"");
                client.fill();
                client.socket.reset();
            }
        }
    }
}

fn open(server: &Server, via: Via, channel: &str, cursor: &str, query: &str) -> Option<Line> {
    let target = format!("/channels/{channel}?since={cursor}{query}");
    let stream = |target: &str, accept: &str| {
        let (head, body) = server.connect().stream(target, &[("Accept", accept)]);
        assert!(head.lists("Transfer-Encoding", "chunked"), "{head:?}");
        Some(Line::Body(body))
    };
    match via {
        Via::Poll | Via::LongPoll | Via::Jsonp => None,
        Via::Sse => stream(&target, "text/event-stream"),
        Via::Ndjson => stream(&target, "application/x-ndjson"),
        Via::Iframe => stream(&format!("{target}&transport=iframe&origin={}", server.origin()), "text/html"),
        Via::WebSocket => Some(Line::WebSocket(Box::new(Ws::open(server, &target).0))),
    }
}

fn next_of(via: Via, body: &mut Body) -> Option<Told> {
    match via {
        Via::Sse => event(sse::event(body)),
        Via::Ndjson => {
            let line = body.line().expect("the stream goes on");
            enveloped(&serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e} in {line:?}")))
        }
        _ => enveloped(&posted(body).expect("the page goes on")),
    }
}

fn event(block: sse::Block) -> Option<Told> {
    if block.is_notice("position") {
        return block.id.map(Told::Position);
    }
    if block.event.as_deref().is_some_and(|event| event.starts_with("holdline:")) {
        return Some(Told::Notice(block.json()));
    }
    let id = block.id.expect("a message has an id");
    Some(Told::Message { id, data: block.data.expect("an event has data") })
}

fn enveloped(envelope: &Value) -> Option<Told> {
    let text = |name: &str| envelope[name].as_str().map(str::to_owned);
    if envelope["notice"] == "position" {
        return Some(Told::Position(text("cursor").expect("a position has a cursor")));
    }
    if envelope["notice"].is_string() {
        return Some(Told::Notice(envelope.clone()));
    }
    let id = text("id").unwrap_or_else(|| panic!("no id in {envelope}"));
    let data = text("data").unwrap_or_else(|| panic!("no text in {envelope}"));
    Some(Told::Message { id, data })
}
