//! One row, and what holds for every row.  Laws: however the bytes are cut and however slowly the answers are taken, the
//! same is answered; what is refused says why and ends the connection; nothing behind an end is executed, and nothing is
//! published but what the row says.

use crate::response::{Response, responses};
use holdline::limits::Settings;
use holdline::server::Action;
use holdline::testing::driver::{Line, World};
use holdline::testing::laws;
use serde_json::Value;

/// Bounds of the server that is tried: small, so that rows can meet them.
pub const HEAD_MAX: usize = 1024;
pub const TARGET_MAX: usize = 128;
pub const MESSAGE_MAX: usize = 64;

/// What is sent and what comes of it.
pub struct Row {
    pub name: &'static str,
    /// RFC and section, such as `9112 3.2`.
    pub section: &'static str,
    bytes: Vec<u8>,
    /// The statuses in order, each with `-` if it answers a HEAD; then what becomes of the connection ([`End`]).
    expected: &'static str,
    /// `CHANNEL=DATA` of everything in the log afterwards.
    published: &'static [&'static str],
    /// What stands in the last answer's body.
    says: &'static str,
}

/// What becomes of the connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// `stays`: the next request is answered.
    Stays,
    /// `waits`: what was sent is not whole yet, or is being held.
    Waits,
    /// `opens`: it is a WebSocket that echoes.
    Opens,
    /// `ends`.
    Ends,
}

/// What came of some bytes.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    said: Vec<u8>,
    end: End,
    /// Messages published.
    published: u64,
}

/// How the pieces are fed.
#[derive(Copy, Clone)]
enum Pace {
    /// One a turn, and what is said in between is taken.
    TurnByTurn,
    /// All are read before anything is written.
    OneTurn,
    /// One a turn, and the peer takes three bytes a turn.
    Slowly,
}

/// A row that publishes nothing.
pub fn row(
    name: &'static str,
    section: &'static str,
    bytes: impl Into<Vec<u8>>,
    expected: &'static str,
) -> Row {
    Row { name, section, bytes: bytes.into(), expected, published: &[], says: "" }
}

impl Row {
    /// What is in the log afterwards.
    pub fn publishes(self, published: &'static [&'static str]) -> Row {
        Row { published, ..self }
    }

    /// What the last answer says.
    pub fn says(self, says: &'static str) -> Row {
        Row { says, ..self }
    }

    /// What is sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn statuses(&self) -> Vec<&'static str> {
        let mut words: Vec<_> = self.expected.split(' ').collect();
        words.pop();
        words
    }

    fn end(&self) -> End {
        match self.expected.rsplit(' ').next() {
            Some("stays") => End::Stays,
            Some("waits") => End::Waits,
            Some("opens") => End::Opens,
            Some("ends") => End::Ends,
            other => panic!("{}: {other:?}", self.name),
        }
    }
}

/// Tries each row in every way.
pub fn check(rows: Vec<Row>) {
    check_with(rows, |row, same| laws::every_split(&row.bytes, same));
}

/// As [`check`] for rows with thousands of bytes of one kind in their middle: cut in two at every place of their first
/// and last [`EDGE`] bytes, and in pieces by chance.
pub fn check_long(rows: Vec<Row>) {
    check_with(rows, |row, mut same| {
        assert!(row.bytes.len() > 2 * EDGE, "{} is not long", row.name);
        for at in (1..=EDGE).chain(row.bytes.len() - EDGE..row.bytes.len()) {
            let (front, back) = row.bytes.split_at(at);
            same(&[front, back]);
        }
        for seed in 0..8 {
            laws::few_splits(&row.bytes, seed, &mut same);
        }
    });
}

/// Bytes at each end of a long row that hold all but its filling.
const EDGE: usize = 256;

fn check_with(rows: Vec<Row>, split: impl Fn(&Row, &mut dyn FnMut(&[&[u8]]))) {
    for row in rows {
        let whole = run(&[&row.bytes], Pace::TurnByTurn);
        judge(&row, &whole);
        assert_eq!(log_of(&row.bytes), row.published, "{}", row.name);
        let same = |pieces: &[&[u8]], pace| {
            let outcome = run(pieces, pace);
            assert_eq!(outcome.end, whole.end, "{} in {} pieces", row.name, pieces.len());
            assert_eq!(outcome.published, whole.published, "{} in {} pieces", row.name, pieces.len());
            let [said, expected] = [&outcome, &whole].map(|outcome| String::from_utf8_lossy(&outcome.said));
            assert_eq!(said, expected, "{} in {} pieces", row.name, pieces.len());
        };
        split(&row, &mut |pieces| same(pieces, Pace::TurnByTurn));
        let bytes: Vec<&[u8]> = row.bytes.chunks(1).collect();
        same(&bytes, Pace::OneTurn);
        same(&[&row.bytes], Pace::Slowly);
        same(&bytes, Pace::Slowly);
        if whole.end == End::Ends {
            let behind = publish("smuggled", "x");
            same(&[&row.bytes, &behind], Pace::TurnByTurn);
            same(&[&[&row.bytes[..], &behind].concat()], Pace::OneTurn);
        }
    }
}

/// Tries bytes of which nobody says what comes of them: it is the same in some splits, also if the peer sends its end
/// behind them.
pub fn agree(bytes: &[u8], seed: u64) {
    let whole = run(&[bytes], Pace::TurnByTurn);
    let ended = run_to_end(&[bytes], Pace::TurnByTurn);
    laws::few_splits(bytes, seed, |pieces| {
        for pace in [Pace::TurnByTurn, Pace::OneTurn, Pace::Slowly] {
            assert_eq!(run(pieces, pace), whole, "{} in {} pieces", bytes.escape_ascii(), pieces.len());
        }
        // A stream that is not taken is not waited for when its peer has gone.
        for pace in [Pace::TurnByTurn, Pace::OneTurn] {
            assert_eq!(
                run_to_end(pieces, pace),
                ended,
                "{} in {} pieces",
                bytes.escape_ascii(),
                pieces.len()
            );
        }
    });
}

/// Is it what the row says?
fn judge(row: &Row, outcome: &Outcome) {
    let statuses = row.statuses();
    let finals: Vec<_> = statuses.iter().filter(|status| !status.starts_with('1')).collect();
    let to_head = |n: usize| finals.get(n).is_some_and(|status| status.ends_with('-'));
    let (answers, rest) = responses(&outcome.said, to_head);
    let seen: Vec<String> = answers.iter().map(|answer| answer.head.status.to_string()).collect();
    let wanted: Vec<&str> = statuses.iter().map(|status| status.trim_end_matches('-')).collect();
    let said = String::from_utf8_lossy(&outcome.said);
    assert_eq!(seen, wanted, "{}: {said}", row.name);
    assert_eq!(rest, b"", "{}: nothing but answers", row.name);
    assert_eq!(outcome.end, row.end(), "{}: {said}", row.name);
    for (n, answer) in answers.iter().enumerate() {
        let is_last = n + 1 == answers.len();
        let is_stream = outcome.end == End::Waits && answer.head.field("Transfer-Encoding").is_some();
        let closes = is_last && (outcome.end == End::Ends || is_stream);
        assert_eq!(answer.closes(), closes, "{}: {said}", row.name);
        judge_answer(row.name, answer);
    }
    let last = answers.last().map_or(String::new(), |answer| String::from_utf8_lossy(&answer.body).into());
    assert!(last.contains(row.says), "{}: {last}", row.name);
}

/// What every answer has.
fn judge_answer(name: &str, Response { head, body }: &Response) {
    if head.status == 100 {
        return;
    }
    assert!(head.field("Date").is_some(), "{name}: {head:?}");
    if head.status < 400 {
        return;
    }
    assert_eq!(head.field("Content-Type"), Some("application/problem+json"), "{name}");
    if !body.is_empty() {
        let problem: Value = serde_json::from_slice(body).expect("a problem is JSON");
        assert_eq!(problem["status"], head.status, "{name}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{name}: {problem}");
    }
    let expected = match head.status {
        405 => "Allow",
        426 => "Upgrade",
        503 => "Retry-After",
        _ => return,
    };
    assert!(head.field(expected).is_some(), "{name}: a {} has {expected}", head.status);
}

fn settings() -> Settings {
    Settings {
        echo: true,
        public: true,
        max_head: HEAD_MAX,
        max_target: TARGET_MAX,
        max_message: MESSAGE_MAX,
        ..Settings::default()
    }
}

/// A world with two files and nobody there.
pub fn world() -> World {
    let mut world = World::new(settings());
    world.files = vec![("a.txt", b"a file"), ("sub/index.html", b"<p>")];
    world
}

fn run(pieces: &[&[u8]], pace: Pace) -> Outcome {
    let mut world = world();
    let line = feed(&mut world, pieces, pace);
    let said = world.written(line).to_vec();
    let published = world.stats().published;
    Outcome { end: end_of(&mut world, line), said, published }
}

/// As [`run`], with the peer's end behind the last piece.
fn run_to_end(pieces: &[&[u8]], pace: Pace) -> Outcome {
    let mut world = world();
    let line = world.connect();
    world.pieces_per_turn = if let Pace::OneTurn = pace { usize::MAX } else { 1 };
    for piece in pieces {
        world.send(line, piece);
    }
    world.end(line);
    world.settle();
    assert!(world.is_closed(line), "who has ended is let go");
    Outcome { said: world.written(line).to_vec(), end: End::Ends, published: world.stats().published }
}

/// What is in the log once these bytes were sent.
fn log_of(bytes: &[u8]) -> Vec<String> {
    let mut world = world();
    feed(&mut world, &[bytes], Pace::TurnByTurn);
    log(&mut world)
}

fn feed(world: &mut World, pieces: &[&[u8]], pace: Pace) -> Line {
    let line = world.connect();
    match pace {
        Pace::TurnByTurn => {}
        Pace::OneTurn => world.pieces_per_turn = usize::MAX,
        Pace::Slowly => world.narrow(line, Some(3)),
    }
    for piece in pieces {
        world.send(line, piece);
    }
    world.settle();
    world.narrow(line, None);
    world.settle();
    line
}

/// What is in the channels that rows write to.
pub fn log(world: &mut World) -> Vec<String> {
    let other = world.connect();
    world.send(
        other,
        b"GET /channels?channel=a&channel=smuggled&since=start HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    world.settle();
    let (answers, _) = responses(world.written(other), |_| false);
    let batch: Value = serde_json::from_slice(&answers[0].body).expect("a batch is JSON");
    let messages = batch["messages"].as_array().expect("messages are a list");
    let show = |message: &Value| format!("{}={}", word(&message["channel"]), word(&message["data"]));
    messages.iter().map(show).collect()
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Tries what the connection does with a request and with a frame.
fn end_of(world: &mut World, line: Line) -> End {
    if has_ended(world, line) {
        return End::Ends;
    }
    let before = world.written(line).len();
    if memchr::memmem::find(world.written(line), b"HTTP/1.1 101 ").is_some() {
        world.send(line, b"\x81\x82\0\0\0\0hi");
        world.settle();
        assert_eq!(&world.written(line)[before..], b"\x81\x02hi", "it echoes");
        return End::Opens;
    }
    world.send(line, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    world.settle();
    if world.written(line)[before..].starts_with(b"HTTP/1.1 200 ") { End::Stays } else { End::Waits }
}

/// Has the server closed its side of the only connection that is closed?
pub fn has_ended(world: &World, line: Line) -> bool {
    let closes = |action: &Action| matches!(action, Action::Close(_) | Action::CloseWrite(_));
    world.is_closed(line) || world.actions.iter().any(closes)
}

/// `GET /livez` with these lines behind its `Host`.
pub fn get(fields: &str) -> Vec<u8> {
    format!("GET /livez HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").into_bytes()
}

/// A publish on channel `a` with these lines and this body.
pub fn post(fields: &str, body: &str) -> Vec<u8> {
    format!("POST /channels/a HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}").into_bytes()
}

/// A publish with this chunked body.
pub fn chunked(body: &str) -> Vec<u8> {
    post("Transfer-Encoding: chunked\r\n", body)
}

/// A proper publish.
pub fn publish(channel: &str, data: &str) -> Vec<u8> {
    let length = data.len();
    format!("POST /channels/{channel} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{data}")
        .into()
}

/// A request with this request line.
pub fn line(line: &str) -> Vec<u8> {
    format!("{line}\r\nHost: localhost\r\n\r\n").into_bytes()
}
