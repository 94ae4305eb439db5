//! Readers that read nothing while 1 GiB is published to their channel: memory stays flat, and when they wake they
//! are told what they had taken, a gap, and all that is retained.

use crate::kit::CHANNEL;
use crate::report::{Report, mebibytes};
use crate::support::body::Body;
use crate::support::client::Client;
use crate::support::socket::Socket;
use crate::support::websocket::Ws;
use crate::support::{id, sse};
use crate::told::payload;
use crate::trial::Trial;
use serde_json::Value;

const SIZE: usize = 256 << 10;
const MESSAGES: u64 = 4096;
/// Publishers, in turn, each over one connection.
const PUBLISHERS: usize = 4;
const RETAINED: u64 = 8;
/// After this many messages all that grows once has grown.
const WARM: u64 = MESSAGES / 8;
const GROWTH_MAX: u64 = 16 << 20;
const MEMORY_MAX: u64 = 128 << 20;

/// What a reader is told.
enum Piece {
    Message(u64),
    Gap { after: String, resumes: String },
}

/// A reader by any stream; what it is told next that matters.
struct Sleeper {
    name: &'static str,
    next: Box<dyn FnMut() -> Option<Piece>>,
}

pub fn check(report: &mut Report) {
    report.tried(format_args!(
        "{MESSAGES} messages of 256 KiB (1 GiB) by {PUBLISHERS} publishers, while three readers (WebSocket, SSE, \
         ndjson) read nothing and one reads all"
    ));
    let retained = RETAINED.to_string();
    let flags = ["--retain-messages", &retained, "--write-timeout", "10m", "--heartbeat", "10m"];
    let mut trial = Trial::start(&flags);
    let mut sleepers = sleepers(&trial);
    let (mut reader, welcome) = Ws::open(&trial.server, &format!("/channels/{CHANNEL}"));
    let start = welcome["since"].as_str().expect("a welcome says where it begins").to_owned();
    trial.await_figure("readers", 4);

    let mut publishers: Vec<Client> = (0..PUBLISHERS).map(|_| trial.server.connect()).collect();
    let mut ids = Vec::new();
    let mut samples = Vec::new();
    for number in 0..MESSAGES {
        let text = payload(number, SIZE);
        ids.push(publishers[number as usize % PUBLISHERS].publish(CHANNEL, &text));
        let envelope = reader.envelope();
        assert!(envelope["data"] == text.as_str(), "message {number} is another, or not whole");
        if number >= WARM {
            samples.push(trial.resident());
        }
    }
    report.held("who read was told everything, each once and in order");
    let (least, most) = (samples.iter().min().copied(), samples.iter().max().copied());
    let (least, most) = (least.expect("there are samples"), most.expect("there are samples"));
    report.held(format_args!(
        "RSS from message {WARM} on: {} to {}, allowed to move by {}",
        mebibytes(least),
        mebibytes(most),
        mebibytes(GROWTH_MAX)
    ));
    assert!(most - least <= GROWTH_MAX, "memory is not flat");
    for sleeper in &mut sleepers {
        let taken = wake(sleeper, &start, &ids);
        report.held(format_args!(
            "the one by {} woke: {taken} that its socket had taken, a gap of {}, then the {RETAINED} that are retained",
            sleeper.name,
            MESSAGES - RETAINED - taken
        ));
    }
    drop((reader, sleepers, publishers));
    trial.end(report, MEMORY_MAX);
}

/// Reads all there is: messages in order, exactly one gap, the retained ones. How many came before the gap.
fn wake(sleeper: &mut Sleeper, start: &str, ids: &[String]) -> u64 {
    let (mut due, mut before_gap) = (0, None);
    while due < MESSAGES {
        match (sleeper.next)() {
            None => {}
            Some(Piece::Message(number)) => {
                assert_eq!(number, due, "by {}", sleeper.name);
                due += 1;
            }
            Some(Piece::Gap { after, resumes }) => {
                assert!(before_gap.is_none(), "a second gap by {}", sleeper.name);
                let last = due.checked_sub(1).map_or(start, |number| &ids[number as usize]);
                assert_eq!(id(&after), id(last), "the gap begins behind what came");
                let floor = MESSAGES - RETAINED - 1;
                assert_eq!(resumes, ids[floor as usize], "it ends where the retained ones begin");
                before_gap = Some(due);
                due = floor + 1;
            }
        }
    }
    before_gap.unwrap_or_else(|| panic!("no gap by {}: nothing was held back", sleeper.name))
}

/// One by each stream, with little room in the kernel. They have been greeted.
fn sleepers(trial: &Trial) -> Vec<Sleeper> {
    let server = &trial.server;
    let socket = || Socket::tcp_with_receive_buffer(server.address(), 64 << 10);
    let target = format!("/channels/{CHANNEL}");
    let stream =
        |accept: &str| Client::over(socket(), &server.host()).stream(&target, &[("Accept", accept)]).1;
    let mut events = stream("text/event-stream");
    sse::opening(&mut events);
    let mut lines = stream("application/x-ndjson");
    lines.line().expect("it begins with a position");
    let Socket::Tcp(tcp) = socket() else { panic!("it is a TCP socket") };
    let mut ws = Ws::connect_over(tcp, server, &target, &[]);
    assert_eq!(ws.json()["type"], "welcome");
    vec![
        Sleeper { name: "WebSocket", next: Box::new(move || piece(&ws.json())) },
        Sleeper { name: "SSE", next: Box::new(move || event(&mut events)) },
        Sleeper { name: "ndjson", next: Box::new(move || line(&mut lines)) },
    ]
}

fn event(stream: &mut Body) -> Option<Piece> {
    let block = sse::event(stream);
    if block.is_notice("gap") {
        return piece(&block.json());
    }
    (!block.is_notice("position")).then(|| message(&block.data.expect("an event has data")))
}

fn line(stream: &mut Body) -> Option<Piece> {
    let line = stream.line().expect("the stream goes on");
    piece(&serde_json::from_str(&line).expect("a line is JSON"))
}

fn piece(envelope: &Value) -> Option<Piece> {
    let text = |name: &str| envelope[name].as_str().map(str::to_owned).expect("a gap has both ends");
    match envelope["notice"].as_str() {
        Some("gap") => Some(Piece::Gap { after: text("after"), resumes: text("resumes") }),
        Some(_) => None,
        None => Some(message(envelope["data"].as_str().expect("a message has text"))),
    }
}

/// The number of a message, all of whose bytes must be there.
fn message(data: &str) -> Piece {
    let number = data.get(1..11).and_then(|digits| digits.parse().ok()).expect("a number comes first");
    assert!(data == payload(number, SIZE), "message {number} is not whole");
    Piece::Message(number)
}
