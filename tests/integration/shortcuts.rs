//! What a short cut would fail: one encoding for many readers, no queue for a slow one, nothing left of those cut off.

use crate::support::client::Client;
use crate::support::process::Server;
use crate::support::reader::{Reader, Told, Via};
use crate::support::socket::Socket;
use crate::support::websocket::Ws;
use crate::support::wire::{CLOSE, FIN, HANDSHAKE, PING, TEXT, frame};
use crate::support::{body::Body, id, script, sse, until};
use holdline::testing::dice::Dice;
use serde_json::Value;
use std::io::Write;

#[test]
fn a_message_is_encoded_once_for_all_readers_of_one_encoding() {
    let server = Server::start(&[]);
    let mut operator = server.connect();
    let cursor = operator.cursor("a");
    let mut readers: Vec<Reader> = [Via::Sse, Via::WebSocket]
        .into_iter()
        .flat_map(|via| (0..50).map(move |_| via))
        .map(|via| Reader::open(&server, via, "a", &cursor))
        .collect();
    until("all have subscribed", || operator.figure("readers") == 100);
    let before = operator.figure("encoded");
    for n in 0..20 {
        let id = operator.publish("a", n.to_string());
        for reader in &mut readers {
            let told = std::iter::repeat_with(|| reader.next()).find(|t| !matches!(t, Told::Position(_)));
            assert_eq!(told, Some(Told::Message { id: id.clone(), data: n.to_string() }));
        }
        assert_eq!(operator.figure("encoded"), before + 2 * (n + 1), "one for SSE, one for WebSocket");
    }
}

#[test]
fn held_polls_share_one_encoding_too() {
    let server = Server::start(&[]);
    let mut operator = server.connect();
    let cursor = operator.cursor("a");
    let mut polls: Vec<Client> = (0..50).map(|_| server.connect()).collect();
    for poll in &mut polls {
        poll.begin("GET", &format!("/channels/a?wait=40&since={cursor}"), &[], b"");
    }
    until("all are held", || operator.figure("parked") == 50);
    let before = operator.figure("encoded");
    let id = operator.publish("a", "x");
    for poll in &mut polls {
        assert_eq!(poll.response().expect(200).json()["messages"][0]["id"], id.as_str());
    }
    assert_eq!(operator.figure("encoded"), before + 1);
}

/// How many messages of [`LARGE`] bytes are published: far more than socket buffers hold.
const MANY: usize = 250;
const LARGE: usize = 64 << 10;

/// What a slow reader of large messages is told: a message's number, or a gap.
enum Piece {
    Message(usize),
    Gap { after: String, resumes: String },
}

/// A payload that shows if any byte of it is missing or another's.
fn payload(n: usize) -> String {
    let mut text = format!("{n}:");
    while text.len() < LARGE {
        text.push(char::from(b'a' + ((text.len() * 7 + n) % 26) as u8));
    }
    text
}

fn number(data: &str) -> usize {
    let n = data.split(':').next().and_then(|n| n.parse().ok()).expect("a number first");
    assert!(data == payload(n), "message {n} is not whole");
    n
}

/// Blocks a reader with a small receive buffer, trims the log past its cursor, and lets it read on.
fn reads_on_after_being_blocked<R>(
    open: impl FnOnce(&Server, Socket, &str) -> R,
    next: impl Fn(&mut R) -> Option<Piece>,
) {
    let server = Server::start(&["--retain-messages", "8", "--write-timeout", "10m"]);
    let mut publisher = server.connect();
    let cursor = publisher.cursor("a");
    let mut reader = open(&server, Socket::tcp_with_receive_buffer(server.address(), 4096), &cursor);
    until("it has subscribed", || publisher.figure("readers") == 1);
    let ids: Vec<String> = (0..MANY).map(|n| publisher.publish("a", payload(n))).collect();

    let mut expected = 0;
    let mut gaps = 0;
    let mut whole_before_a_gap = 0;
    while expected < MANY {
        match next(&mut reader) {
            None => {}
            Some(Piece::Message(n)) => {
                assert_eq!(n, expected, "after {gaps} gaps");
                expected += 1;
                whole_before_a_gap += usize::from(gaps == 0);
            }
            Some(Piece::Gap { after, resumes }) => {
                let last = expected.checked_sub(1).map_or(&cursor, |n| &ids[n]);
                assert_eq!(id(&after), id(last), "the gap begins behind what came");
                let floor = ids.iter().position(|id| *id == resumes).expect("the newest one lost");
                assert!(floor >= expected, "something was lost: {floor}");
                expected = floor + 1;
                gaps += 1;
            }
        }
    }
    assert!(gaps > 0 && whole_before_a_gap > 0, "{gaps} gaps, {whole_before_a_gap} messages before");
}

fn gap(notice: &Value) -> Piece {
    let text = |name: &str| notice[name].as_str().unwrap_or_else(|| panic!("{name} in {notice}")).to_owned();
    Piece::Gap { after: text("after"), resumes: text("resumes") }
}

fn piece_of(envelope: &Value) -> Option<Piece> {
    match envelope["notice"].as_str() {
        Some("gap") => Some(gap(envelope)),
        Some(_) => None,
        None => Some(Piece::Message(number(envelope["data"].as_str().expect("text")))),
    }
}

fn stream(server: &Server, socket: Socket, target: &str, accept: &str) -> Body {
    Client::over(socket, &server.host()).stream(target, &[("Accept", accept)]).1
}

#[test]
fn a_blocked_event_source_reads_on_from_its_cursor() {
    reads_on_after_being_blocked(
        |server, socket, cursor| {
            let mut body =
                stream(server, socket, &format!("/channels/a?since={cursor}"), "text/event-stream");
            sse::opening(&mut body);
            body
        },
        |body| {
            let block = sse::event(body);
            if block.is_notice("gap") {
                return Some(gap(&block.json()));
            }
            (!block.is_notice("position"))
                .then(|| Piece::Message(number(&block.data.expect("an event has data"))))
        },
    );
}

#[test]
fn a_blocked_ndjson_stream_reads_on_from_its_cursor() {
    reads_on_after_being_blocked(
        |server, socket, cursor| {
            stream(server, socket, &format!("/channels/a?since={cursor}"), "application/x-ndjson")
        },
        |body| piece_of(&serde_json::from_str(&body.line().expect("it goes on")).expect("JSON")),
    );
}

#[test]
fn a_blocked_websocket_reads_on_from_its_cursor() {
    reads_on_after_being_blocked(
        |server, socket, cursor| {
            let Socket::Tcp(socket) = socket else { panic!("it is a TCP socket") };
            let mut ws = Ws::connect_over(socket, server, &format!("/channels/a?since={cursor}"), &[]);
            assert_eq!(ws.json()["type"], "welcome");
            ws
        },
        |ws| piece_of(&ws.json()),
    );
}

#[test]
fn a_blocked_iframe_reads_on_from_its_cursor_until_it_is_loaded_anew() {
    let server = Server::start(&["--retain-messages", "2"]);
    let mut publisher = server.connect();
    let cursor = publisher.cursor("a");
    for n in 0..5 {
        publisher.publish("a", payload(n));
    }
    let target = format!("/channels/a?transport=iframe&origin={}&since={cursor}", server.origin());
    let mut page = stream(&server, Socket::tcp_with_receive_buffer(server.address(), 4096), &target, "*/*");
    let told: Vec<Value> =
        std::iter::from_fn(|| script::posted(&mut page)).filter(|v| v["notice"] != "position").collect();
    let kinds: Vec<&str> = told.iter().map(|v| v["notice"].as_str().unwrap_or("message")).collect();
    assert_eq!(kinds, ["gap", "message", "message", "reload"]);
}

/// Valid conversations, each from its first byte to its last.
fn conversations(client: &Client) -> Vec<Vec<u8>> {
    let handshake = client.request("GET", "/channels/a?since=start", &HANDSHAKE, b"");
    let commands = [
        frame(FIN | TEXT, b"{\"type\":\"subscribe\",\"channels\":[\"a\",\"b\"],\"ref\":1}"),
        frame(TEXT, b"{\"type\":\"publish\",\"channel\":"),
        frame(FIN | PING, b"ping"),
        frame(FIN, b"\"b\",\"data\":\"x\",\"ref\":2}"),
        frame(FIN | CLOSE, &1000u16.to_be_bytes()),
    ];
    let chunked = b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n";
    let get = |target: &str, accept: &str| client.request("GET", target, &[("Accept", accept)], b"");
    vec![
        [&[handshake], &commands[..]].concat().concat(),
        [get("/livez", "*/*"), get("/channels/a?last=2", "*/*"), get("/channels/b?wait=30", "*/*")].concat(),
        get("/channels?channel=a&channel=b&since=start", "text/event-stream"),
        get("/channels/a", "application/x-ndjson"),
        [
            client.request("POST", "/channels/a", &[("Idempotency-Key", "k")], b"payload"),
            get("/channels/a?wait=30", "*/*"),
        ]
        .concat(),
        client.request("POST", "/channels/b", &[("Transfer-Encoding", "chunked")], chunked),
    ]
}

#[test]
fn ten_thousand_connections_cut_at_random_bytes_leave_nothing_behind() {
    let server = Server::start(&["--retain-messages", "10"]);
    let mut operator = server.connect();
    let conversations = conversations(&operator);
    for whole in &conversations {
        let mut socket = Socket::tcp(server.address());
        socket.write_all(whole).expect("the server takes it");
        socket.reset();
    }
    let figures = ["connections", "subscribers", "readers", "parked", "timers"];
    until("the warming up is over", || {
        let [connections, subscribers, readers, parked] =
            ["connections", "subscribers", "readers", "parked"].map(|name| operator.figure(name));
        (connections, subscribers, readers, parked) == (1, 0, 0, 0)
    });
    let timers_settle = settled(&mut operator);
    let start: Vec<u64> = figures.iter().map(|name| operator.figure(name)).collect();
    let descriptors = server.descriptors();

    let mut random = Dice::new(0x5eed);
    let (mut readers_seen, mut parked_seen) = (0, 0);
    for round in 0..100 {
        let mut batch: Vec<Socket> = (0..100).map(|_| Socket::tcp(server.address())).collect();
        for socket in &mut batch {
            let whole = &conversations[random.below(conversations.len())];
            // Many are whole, or hardly a poll would ever be held.
            let end = if random.below(4) == 0 { whole.len() } else { random.below(whole.len()) };
            let _ = socket.write_all(&whole[..end]);
        }
        // A reset takes what was not read yet with it, so every other batch is left until the server has read it.
        if round % 2 == 0 {
            parked_seen = parked_seen.max(operator.figure("parked"));
            readers_seen = readers_seen.max(operator.figure("readers"));
        }
        for socket in batch {
            if random.below(2) == 0 {
                socket.reset();
            }
        }
    }
    assert!(readers_seen > 10 && parked_seen > 0, "the cuts met readers: {readers_seen}, {parked_seen}");
    until("all figures are back at the start", || {
        figures.iter().zip(&start).all(|(name, before)| operator.figure(name) <= *before)
    });
    until("all descriptors are closed", || server.descriptors() <= descriptors);
    assert!(timers_settle <= start[4] + 1, "the start was quiet");
    assert_eq!(operator.figure("parked"), 0);
    server.publish("a", "it serves on");
}

/// Waits until the number of timers has not moved for a while, and returns it.
fn settled(operator: &mut Client) -> u64 {
    let mut last = operator.figure("timers");
    let mut same = 0;
    until("the timers settle", || {
        let now = operator.figure("timers");
        same = if now == last { same + 1 } else { 0 };
        last = now;
        same > 60
    });
    last
}
