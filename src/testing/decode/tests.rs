//! The decoders against the server itself: what it says on each transport is heard. That they refuse what it must not say
//! stands beside each of them.

use super::handshake::Handshake;
use super::head::ResponseHead;
use super::http::{HttpPart, ResponseReader};
use super::iframe::IframeReader;
use super::ndjson::NdjsonReader;
use super::poll::{Batch, Called};
use super::sse::SseReader;
use super::v1::{Reply, V1};
use super::websocket::{FIN, Frame, SocketReader, TEXT, client_frame};
use super::*;
use crate::limits::Settings;
use crate::testing::driver::{Line, World};
use crate::testing::laws;

/// What is published, in order: content type, event, body, and the data that is heard by envelope.
const PUBLISHED: [(&str, &str, &[u8], &[u8]); 7] = [
    ("text/plain", "", b"hello", b"hello"),
    (
        "text/plain",
        "tick",
        b"one\ntwo\n\n<!--<script>&\xe2\x80\xa8",
        b"one\ntwo\n\n<!--<script>&\xe2\x80\xa8",
    ),
    ("application/json", "", b" {\"a\" : [1.50,\r\n\"</script>\"]} ", b"{\"a\" : [1.50,  \"</script>\"]}"),
    (
        "application/json",
        "",
        b"{\"__proto__\":{\"a\":\"\\u003d<\"}}",
        b"{\"__proto__\":{\"a\":\"\\u003d<\"}}",
    ),
    ("application/ld+json", "", b"\"a \\\"b\\\" &\"", b"\"a \\\"b\\\" &\""),
    ("text/html", "", b"", b""),
    ("image/png", "", b"\x89\0\xff\r\n", b"\x89\0\xff\r\n"),
];

/// One connection's answers.
struct Talk<'w> {
    world: &'w mut World,
    line: Line,
    read: usize,
    reader: ResponseReader,
}

impl<'w> Talk<'w> {
    fn new(world: &'w mut World) -> Self {
        let line = world.connect();
        Talk { world, line, read: 0, reader: ResponseReader::default() }
    }

    /// What comes by a request.
    fn ask(&mut self, request: &[u8]) -> Vec<HttpPart> {
        self.reader.expect(request.starts_with(b"HEAD"));
        self.send(request);
        let written = self.written();
        self.reader.push(&written);
        self.reader.all().unwrap_or_else(|error| panic!("{error}, asked for by {}", request.escape_ascii()))
    }

    fn get(&mut self, target: &str, fields: &str) -> Vec<HttpPart> {
        self.ask(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").as_bytes())
    }

    fn post(&mut self, target: &str, content_type: &str, body: &[u8]) {
        let length = body.len();
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
        );
        let (head, body) = answer(&self.ask(&[head.as_bytes(), body].concat()));
        assert_eq!(head.status, 200, "{}", String::from_utf8_lossy(&body));
    }

    fn send(&mut self, bytes: &[u8]) {
        self.world.send(self.line, bytes);
        self.world.settle();
    }

    /// What the server wrote since the last call.
    fn written(&mut self) -> Vec<u8> {
        let written = self.world.written(self.line)[self.read..].to_vec();
        self.read += written.len();
        written
    }
}

/// Head and body of the one answer in `parts`, whole or not.
fn answer(parts: &[HttpPart]) -> (ResponseHead, Vec<u8>) {
    let mut body = Vec::new();
    for part in parts {
        if let HttpPart::Body(piece) = part {
            body.extend_from_slice(piece);
        }
    }
    let Some(HttpPart::Head(head)) = parts.first() else { panic!("{parts:?}") };
    (head.clone(), body)
}

/// A server with everything published on `a`.
fn world() -> World {
    let mut world = World::new(Settings::default());
    let mut publisher = Talk::new(&mut world);
    for (content_type, event, body, _) in PUBLISHED {
        publisher.post(&format!("/channels/a?event={event}"), content_type, body);
    }
    world
}

/// All messages are there, in order, as they were published.
fn check_messages(heard: &[Heard]) {
    let messages: Vec<_> = heard
        .iter()
        .filter_map(|heard| match heard {
            Heard::Message { channel, event, data, .. } => Some((channel, event, data)),
            _ => None,
        })
        .collect();
    assert_eq!(messages.len(), PUBLISHED.len(), "{heard:?}");
    for ((channel, event, data), (content_type, published_event, _, expected)) in
        messages.iter().zip(PUBLISHED)
    {
        assert_eq!(channel.as_deref(), Some("a"));
        assert_eq!(event.as_deref().unwrap_or_default(), published_event);
        assert_eq!(data.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{content_type}");
    }
}

#[test]
fn what_the_server_says_by_polls_is_heard() {
    let mut world = world();
    let mut talk = Talk::new(&mut world);
    let (head, body) = answer(&talk.get("/channels/a?since=start", ""));
    let batch = Batch::parse(&body).expect("a proper batch");
    assert_eq!(head.field("ETag"), Some(&*format!("\"{}\"", batch.next)));
    check_messages(&batch.heard);

    let jsonp = "/channels/a?since=start&callback=a.b";
    let (_, body) = answer(&talk.get(jsonp, "Sec-Fetch-Site: same-origin\r\n"));
    let Ok(Called::Batch(batch)) = Called::parse(&body, "a.b") else { panic!("{body:?}") };
    check_messages(&batch.heard);
    let (_, body) = answer(&talk.get(jsonp, "Sec-Fetch-Site: cross-site\r\n"));
    assert_eq!(Called::parse(&body, "a.b"), Ok(Called::Refused(403)));
}

#[test]
fn what_the_server_says_by_streams_is_heard() {
    const SSE: &str = "Accept: text/event-stream\r\n";
    let mut world = world();
    let (_, body) = answer(&Talk::new(&mut world).get("/channels/a?since=start&envelope=1", SSE));
    let heard = SseReader::new(false).push(&body).expect("a proper stream");
    check_messages(&heard);

    let (_, body) = answer(&Talk::new(&mut world).get("/channels/a?since=start", SSE));
    let heard = SseReader::new(true).push(&body).expect("a proper stream");
    let messages = heard.iter().filter(|heard| matches!(heard, Heard::Message { .. }));
    assert_eq!(messages.count(), PUBLISHED.len());

    let (_, body) =
        answer(&Talk::new(&mut world).get("/channels/a?since=start", "Accept: application/x-ndjson\r\n"));
    check_messages(&NdjsonReader::default().push(&body).expect("a proper stream"));

    let target = "/channels/a?since=start&transport=iframe&origin=http://localhost";
    let (head, body) = answer(&Talk::new(&mut world).get(target, ""));
    let mut page = IframeReader::new(&head, "http://localhost").expect("a proper policy");
    check_messages(&page.push(&body).expect("a proper page"));
}

#[test]
fn what_the_server_says_by_websocket_is_heard() {
    let mut world = world();
    let handshake = Handshake { target: "/channels/a?since=start", ..Handshake::default() };
    let mut talk = Talk::new(&mut world);
    let (head, _) = answer(&talk.ask(handshake.request().as_bytes()));
    let agreed = handshake.agreed(&head).expect("a proper answer");
    let mut socket = SocketReader::new(agreed.deflate);
    socket.push(&core::mem::take(&mut talk.reader).into_rest());
    for command in [
        r#"{"type":"subscribe","channels":["b"],"ref":1}"#,
        r#"{"type":"publish","channel":"b","data":null,"ref":2}"#,
        r#"{"type":"unsubscribe","channels":["b"],"ref":3}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"nonsense"}"#,
    ] {
        talk.send(&client_frame(FIN | TEXT, [1, 2, 3, 4], command.as_bytes()));
    }
    talk.world.drain();
    talk.world.settle();
    let written = talk.written();
    socket.push(&written);
    let mut heard = Vec::new();
    let mut replies = Vec::new();
    let mut others = 0;
    for frame in socket.all().expect("proper frames") {
        let Frame::Text(text) = frame else { continue };
        match V1::parse(&text).expect("a proper frame") {
            V1::Heard(told) => heard.push(told),
            V1::Reply { reply, .. } => replies.push(reply),
            V1::Welcome { .. } | V1::Asked { .. } | V1::Pong { .. } => others += 1,
        }
    }
    assert!(socket.is_closed() && socket.finish().is_ok());
    assert_eq!(others, 2);
    assert!(matches!(
        replies[..],
        [
            Reply::Subscribed { .. },
            Reply::Published { .. },
            Reply::Unsubscribed { .. },
            Reply::Refused { .. }
        ]
    ));
    let [messages @ .., Heard::Message { channel, data, .. }, Heard::Shutdown { .. }] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert_eq!((channel.as_deref(), &**data), (Some("b"), &b"null"[..]));
    check_messages(messages);
}

/// What a decoder makes of bytes that the server would never say does not matter here.
#[test]
fn whatever_comes_ends_in_a_result() {
    let mut world = world();
    let mut samples = Vec::new();
    let iframe = "/channels/a?since=start&transport=iframe&origin=http://localhost";
    let mut policy = None;
    for (target, fields) in [
        ("/channels/a?since=start", ""),
        ("/channels/a?since=start&callback=f", "Sec-Fetch-Site: same-origin\r\n"),
        ("/channels/a?since=start", "Accept: text/event-stream\r\n"),
        ("/channels/a?since=start", "Accept: application/x-ndjson\r\n"),
        (iframe, ""),
    ] {
        let mut talk = Talk::new(&mut world);
        let (head, body) = answer(&talk.get(target, fields));
        samples.push(talk.world.written(talk.line).to_vec());
        samples.push(body);
        policy = Some(head);
    }
    samples.push(client_frame(FIN | TEXT, [0; 4], br#"{"type":"pong","ref":1}"#));
    let head = policy.expect("the iframe came last");
    let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    laws::mutations(&samples, 11, 1500, |bytes| {
        let mut reader = ResponseReader::default();
        reader.expect(false);
        reader.push(bytes);
        let _ = reader.all().and_then(|_| reader.finish());
        let mut socket = SocketReader::new(None);
        socket.push(bytes);
        let _ = socket.all();
        let _ = (Batch::parse(bytes), Called::parse(bytes, "f"));
        let _ = (SseReader::new(true).push(bytes), SseReader::new(false).push(bytes));
        let _ = NdjsonReader::default().push(bytes);
        let _ = IframeReader::new(&head, "http://localhost").map(|mut page| page.push(bytes));
        let _ = V1::parse(&String::from_utf8_lossy(bytes));
    });
}
