//! A whole connection of a whole server, fed arbitrary bytes.

use super::wire;
use crate::limits::Settings;
use crate::server::{Action, Stats};
use crate::testing::decode::handshake::Handshake;
use crate::testing::driver::{Line, World};
use crate::testing::laws;

/// Milliseconds that a world is left alone: enough for every timeout, some heartbeats and a lost pong.
const ALONE_MS: u64 = 120_000;
/// Deadlines in that time: each connection has one every 15 s, and messages that die are swept.
const DEADLINES_MAX: usize = 200;
/// Turns in which a slow peer takes few bytes, before it takes all.
const SLOW_TURNS: usize = 256;

/// Law: however the bytes are cut, the server says the same bytes and asks for the same actions; other connections do
/// not notice; when all are gone nothing is left of them.
///
/// Where every answer stands in the order of its request (HTTP, echo) this holds also if the server writes between
/// any two pieces, and, for each connection by itself, if the peer takes only a few bytes at a time. On a channel such a
/// turn may carry messages that a later command would have kept away, so there the frames are checked one by one instead.
///
/// The first byte chooses what the connection speaks ([`Speech`]), the second what becomes of it ([`Fate`]), whether a
/// WebSocket is compressed (bit 6) and whether somebody listens (bit 7), the third is the seed of the splits.
pub fn connection(data: &[u8]) {
    let &[speech, fate, seed, ref payload @ ..] = data else { return };
    let trial = Trial {
        speech: Speech::ALL[usize::from(speech) % Speech::ALL.len()],
        fate: Fate::ALL[usize::from(fate) % Fate::ALL.len()],
        has_listener: fate & 0x80 != 0,
        extensions: (fate & 0x40 != 0).then_some("permessage-deflate; server_max_window_bits=10"),
    };
    let input = trial.input(payload);
    let mut expected = None;
    laws::few_splits(&input, seed.into(), |pieces| {
        let outcome = trial.run(pieces, Pace::OneTurn);
        let expected = expected.get_or_insert_with(|| outcome.clone());
        assert_same(&outcome, expected, pieces.len());
    });
    let Some(expected) = expected else { return };
    for pace in [Pace::TurnByTurn, Pace::FewBytes(1 + usize::from(seed & 63))] {
        let mut outcome = trial.run(&laws::pieces(&input, seed.into()), pace);
        if !trial.speech.is_in_order() || trial.has_listener {
            continue;
        }
        let mut expected = expected.clone();
        if let Pace::FewBytes(_) = pace {
            // Taking bytes is a sign of life, so a slow peer may be let go later than others.
            outcome.actions.sort_by_key(connection_of);
            expected.actions.sort_by_key(connection_of);
        }
        assert_same(&outcome, &expected, 0);
    }
}

/// Whom an action is for.
fn connection_of(action: &Action) -> Option<usize> {
    match action {
        Action::Close(id)
        | Action::CloseWrite(id)
        | Action::Resume(id)
        | Action::CloseFile(id)
        | Action::OpenFile { id, .. }
        | Action::ReadFile { id, .. } => Some(id.index()),
        Action::StopAccepting | Action::Stop => None,
    }
}

/// What the connection speaks.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Speech {
    /// The payload is what is sent.
    Http,
    /// The payload follows a handshake.
    Echo,
    V1,
    Raw,
    /// Each line of the payload is a text frame after a handshake.
    Commands,
}

impl Speech {
    const ALL: [Speech; 5] = [Speech::Http, Speech::Echo, Speech::V1, Speech::Raw, Speech::Commands];

    /// What it begins with, unless it is HTTP and stays so.
    fn handshake(self, extensions: Option<&'static str>) -> Option<Handshake<'static>> {
        let (target, protocols) = match self {
            Speech::Http => return None,
            Speech::Echo => ("/echo", None),
            Speech::V1 | Speech::Commands => ("/channels/a?since=start", Some("holdline.v1")),
            Speech::Raw => ("/channels/a", Some("holdline.raw")),
        };
        Some(Handshake { target, protocols, extensions, ..Handshake::default() })
    }

    fn encode(self, payload: &[u8]) -> Vec<u8> {
        match self {
            Speech::Http | Speech::Echo | Speech::V1 | Speech::Raw => payload.to_vec(),
            Speech::Commands => {
                let mut frames = Vec::new();
                for line in payload.split(|&b| b == b'\n') {
                    wire::text_frame(line, &mut frames);
                }
                frames
            }
        }
    }

    /// Is nothing said but answers, in the order of the requests?
    fn is_in_order(self) -> bool {
        matches!(self, Speech::Http | Speech::Echo)
    }
}

/// What becomes of a connection when all is sent.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// The peer says that nothing more comes.
    Ends,
    /// It breaks.
    Breaks,
    /// Time passes.
    Waits,
    /// The server ends.
    Drains,
}

impl Fate {
    const ALL: [Fate; 4] = [Fate::Ends, Fate::Breaks, Fate::Waits, Fate::Drains];
}

/// How the pieces are fed.
#[derive(Copy, Clone, Debug)]
enum Pace {
    /// All are read before anything is written, as far as the server takes them.
    OneTurn,
    /// One a turn.
    TurnByTurn,
    /// One a turn, and the peer takes so many bytes a turn.
    FewBytes(usize),
}

/// What is tried.
struct Trial {
    speech: Speech,
    fate: Fate,
    /// Somebody listens on the channel.
    has_listener: bool,
    /// What a WebSocket offers.
    extensions: Option<&'static str>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    said: Vec<u8>,
    listener: Vec<u8>,
    actions: Vec<Action>,
}

impl Trial {
    fn handshake(&self) -> Option<Handshake<'static>> {
        self.speech.handshake(self.extensions)
    }

    fn input(&self, payload: &[u8]) -> Vec<u8> {
        let mut input = self.handshake().map_or_else(Vec::new, |handshake| handshake.request().into());
        input.extend(self.speech.encode(payload));
        input
    }

    fn run(&self, pieces: &[&[u8]], pace: Pace) -> Outcome {
        let mut world = World::new(settings());
        world.files = FILES.to_vec();
        let bystander = world.open(&Handshake { target: "/echo", ..Handshake::default() }.request());
        let listener = self.has_listener.then(|| world.open(LISTEN));
        let line = world.connect();
        for piece in pieces {
            world.send(line, piece);
        }
        match pace {
            Pace::OneTurn => world.pieces_per_turn = usize::MAX,
            Pace::TurnByTurn => {}
            Pace::FewBytes(bytes) => crawl(&mut world, line, bytes),
        }
        world.settle();
        check_bystander(&mut world, bystander);
        self.end(&mut world, line);
        if let Some(handshake) = self.handshake() {
            wire::check_frames(world.written(line), &handshake, self.fate == Fate::Breaks);
        }
        for line in [Some(line), Some(bystander), listener].into_iter().flatten() {
            world.reset(line);
        }
        check_nothing_left(&mut world);
        Outcome {
            said: world.written(line).to_vec(),
            listener: listener.map_or_else(Vec::new, |listener| world.written(listener).to_vec()),
            actions: world
                .actions
                .iter()
                .filter(|action| !matches!(action, Action::Resume(_)))
                .cloned()
                .collect(),
        }
    }

    fn end(&self, world: &mut World, line: Line) {
        match self.fate {
            Fate::Ends => {
                world.end(line);
                world.settle();
                assert!(world.is_closed(line), "a peer that has ended is let go");
            }
            Fate::Breaks => world.reset(line),
            Fate::Waits => pass_time(world),
            Fate::Drains => {
                world.drain();
                world.settle();
                pass_time(world);
                assert!(world.actions.contains(&Action::Stop), "a server that was told to end ends");
            }
        }
    }
}

/// Bounds so small that an input meets them.
fn settings() -> Settings {
    Settings {
        echo: true,
        public: true,
        retain_messages: 8,
        retain_bytes: 4096,
        max_message: 512,
        max_batch: 1024,
        max_head: 1024,
        max_target: 256,
        max_queue: 1024,
        max_subscriptions: 8,
        compress_above: 16,
        ..Settings::default()
    }
}

const FILES: [(&str, &[u8]); 3] =
    [("a.txt", b"a file"), ("empty", b""), ("long.bin", &[b'x'; (64 << 10) + 1])];

const LISTEN: &str = "GET /channels/a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";

/// Its echo still comes back.
fn check_bystander(world: &mut World, bystander: Line) {
    let before = world.written(bystander).len();
    let mut frame = Vec::new();
    wire::text_frame(b"still there?", &mut frame);
    world.send(bystander, &frame);
    world.settle();
    assert_eq!(&world.written(bystander)[before..], b"\x81\x0cstill there?", "others do not notice");
}

/// What is long is taken at once after a while, then the peer is as slow as before.
fn crawl(world: &mut World, line: Line, bytes: usize) {
    world.narrow(line, Some(bytes));
    for _ in 0..SLOW_TURNS {
        if !world.turn() {
            return;
        }
    }
    world.narrow(line, None);
    world.settle();
    world.narrow(line, Some(bytes));
}

fn pass_time(world: &mut World) {
    let end = world.now().at + ALONE_MS;
    for _ in 0..DEADLINES_MAX {
        if world.next_deadline().is_none_or(|due| due > end) {
            return;
        }
        world.advance_to_deadline();
        world.settle();
    }
    panic!("the server wants to be woken again and again");
}

/// With the last connection all that is counted goes, and with their age the messages.
fn check_nothing_left(world: &mut World) {
    world.settle();
    let Stats {
        connections, readers, subscribers, parked, timers, pieces, incoming_bytes, pinned_bytes, ..
    } = world.stats();
    let left = [connections, readers, subscribers, parked, timers, pieces, incoming_bytes, pinned_bytes];
    assert_eq!(left, [0; 8], "{:?}", world.stats());
    world.advance(2 * Settings::default().retain_age_ms);
    world.settle();
    let Stats { channels, retained_bytes, .. } = world.stats();
    assert_eq!((channels, retained_bytes), (0, 0), "channels and messages");
}

fn assert_same(outcome: &Outcome, expected: &Outcome, pieces: usize) {
    let (said, wanted) = (wire::comparable(&outcome.said), wire::comparable(&expected.said));
    if said != wanted {
        panic!(
            "cut in {pieces} pieces, it says {}\ninstead of {}",
            said.escape_ascii(),
            wanted.escape_ascii()
        );
    }
    assert_eq!(outcome.listener, expected.listener, "what a listener hears");
    assert_eq!(outcome.actions, expected.actions, "what the world is asked to do");
}
