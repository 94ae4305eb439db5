//! Socket.IO: deliveries per second of server processor time and memory of an idle session, holdline beside Node's
//! socket.io with the same clients, in turn within one run.
//! `cargo bench --bench socketio [-- --sessions N --rounds N --idle N --warm-up N]`

mod kit;

use kit::process::{LINES, Process, Requests};
use kit::sessions::{self, EVENT, Sessions};
use kit::usage::{Cpu, Memory};
use std::process::Command;
use std::time::Duration;

/// Events in a burst.
const BURST: usize = 100;
/// Longer than `pingInterval`, 25 s by default on both sides.
const PING: Duration = Duration::from_secs(27);
const SETTLE: Duration = Duration::from_secs(1);

fn main() {
    if !kit::is_wanted() {
        return;
    }
    println!("{}", kit::machine::describe());
    let (sessions, rounds) = (kit::option("--sessions", 1000), kit::option("--rounds", 7));
    compare(sessions, rounds);
    measure(kit::option("--idle", 10_000), kit::option("--warm-up", 200));
}

/// Who serves.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Kind {
    Holdline,
    Node,
    /// With connection state recovery, which holdline always has.
    NodeRecovering,
}

const KINDS: [Kind; 3] = [Kind::Holdline, Kind::Node, Kind::NodeRecovering];

impl Kind {
    fn start(self) -> Process {
        if self == Kind::Holdline {
            return Process::holdline(&[]);
        }
        let server = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/node/server.mjs");
        let mut command = Command::new("node");
        command.args(["--expose-gc", server]).env("NODE_ENV", "production");
        if self == Kind::NodeRecovering {
            command.arg("--recovery");
        }
        Process::start(&mut command)
    }

    /// How often something is published in a round: long enough for clocks that tick each 10 ms, and no longer than
    /// needed.
    fn times(self, burst: usize) -> usize {
        match (self, burst) {
            (Kind::Holdline, 1) => 150,
            (Kind::Holdline, _) => 60,
            (_, 1) => 60,
            (_, _) => 2,
        }
    }
}

/// A server and its sessions.
struct Side {
    kind: Kind,
    process: Process,
    sessions: Sessions,
    publisher: Requests,
}

impl Side {
    fn start(kind: Kind) -> Side {
        let process = kind.start();
        let publisher = process.connect();
        Side { kind, process, sessions: Sessions::new(), publisher }
    }

    fn join(&mut self, count: usize) {
        self.sessions.join(self.process.address, count);
        // A connection for requests that was idle meanwhile may be closed.
        self.publisher = self.process.connect();
    }

    /// What it calls itself.
    fn name(&self) -> String {
        let recovery = if self.kind == Kind::NodeRecovering { ", recovery" } else { "" };
        let words: Vec<&str> = self.process.line.split(' ').take(2).collect();
        words.join(" ") + recovery
    }

    /// Publishes `burst` events in one request.
    fn publish(&mut self, burst: usize) {
        let first = self.sessions.published;
        self.sessions.published += burst as u64;
        if burst == 1 {
            let path = format!("/channels/main?event={EVENT}");
            self.publisher.publish_as(&path, "application/json", &sessions::payload(first));
        } else {
            let line = |n| {
                let data = sessions::payload(n);
                format!("{{\"channel\":\"main\",\"event\":\"{EVENT}\",\"data\":{data}}}\n")
            };
            let lines: String = (first..self.sessions.published).map(line).collect();
            self.publisher.publish_as("/publish", LINES, &lines);
        }
    }

    /// Processor time of a round, while the sessions of the others are kept alive.
    fn round(&mut self, burst: usize, others: &mut [Side]) -> Cpu {
        self.publisher = self.process.connect();
        self.sessions.read_for(Duration::ZERO);
        let before = self.process.cpu();
        for _ in 0..self.kind.times(burst) {
            self.publish(burst);
            self.sessions.hear_all(|| keep_alive(others));
        }
        self.process.cpu().since(before)
    }

    fn deliveries(&self, burst: usize) -> f64 {
        (self.sessions.len() * burst * self.kind.times(burst)) as f64
    }
}

/// Answers the pings that came meanwhile.
fn keep_alive(sides: &mut [Side]) {
    for side in sides {
        side.sessions.read_for(Duration::ZERO);
    }
}

fn compare(sessions: usize, rounds: usize) {
    println!(
        "\nDeliveries per second of server CPU to {sessions} Socket.IO sessions, medians of {rounds} rounds (least to most)\n"
    );
    println!("| server | events at once | deliveries | of it in user space | holdline / this |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut sides: Vec<Side> = KINDS.into_iter().map(Side::start).collect();
    for at in 0..sides.len() {
        let (side, others) = turn(&mut sides, at);
        side.join(sessions);
        keep_alive(others);
    }
    for burst in [1, BURST] {
        compare_at(&mut sides, burst, rounds);
    }
}

/// The side whose turn it is, first, and the others.
fn turn(sides: &mut [Side], at: usize) -> (&mut Side, &mut [Side]) {
    let first = sides.iter().position(|side| side.kind == KINDS[at]).expect("each kind has a side");
    sides.swap(0, first);
    sides.split_first_mut().expect("there are three")
}

fn compare_at(sides: &mut [Side], burst: usize, rounds: usize) {
    // Rates and shares of user space by side, then by round. The first round is for warming up.
    let mut rates = vec![vec![]; KINDS.len()];
    let mut user = rates.clone();
    for round in 0..=rounds {
        for at in 0..KINDS.len() {
            let (side, others) = turn(sides, at);
            let cpu = side.round(burst, others);
            if round > 0 {
                rates[at].push(side.deliveries(burst) / cpu.total());
                user[at].push(cpu.user / cpu.total() * 100.0);
            }
        }
    }
    for at in 0..KINDS.len() {
        let ratios: Vec<f64> = rates[0].iter().zip(&rates[at]).map(|(ours, theirs)| ours / theirs).collect();
        println!(
            "| {} | {burst} | {} k/s | {:.0} % | {} |",
            turn(sides, at).0.name(),
            kit::spread(&rates[at], 0),
            kit::median(&user[at]),
            kit::spread(&ratios, 1),
        );
    }
}

fn measure(idle: usize, warm_up: usize) {
    println!(
        "\nBytes of server memory per idle session on WebSocket, over {idle} of them, {warm_up} before\n"
    );
    println!("| server | state | VmRSS | anonymous | private |");
    println!("| --- | --- | ---: | ---: | ---: |");
    for kind in KINDS {
        let mut side = Side::start(kind);
        side.join(warm_up);
        side.publish(1);
        side.sessions.hear_all(|| {});
        let before = side.memory();
        side.join(idle);
        side.tell("connected", before, idle);
        side.publish(1);
        side.sessions.hear_all(|| {});
        side.tell("after one event to all", before, idle);
        side.sessions.read_for(PING);
        side.tell("after a ping to all", before, idle);
    }
}

impl Side {
    /// Memory when everything has settled; Node's without its garbage.
    fn memory(&mut self) -> Memory {
        self.sessions.read_for(SETTLE);
        if self.kind != Kind::Holdline {
            self.process.connect().publish("/collect", "");
            self.sessions.read_for(SETTLE);
        }
        self.publisher = self.process.connect();
        self.process.memory()
    }

    fn tell(&mut self, state: &str, before: Memory, idle: usize) {
        let after = self.memory();
        let each = |before: u64, after: u64| (after as f64 - before as f64) / idle as f64;
        println!(
            "| {} | {state} | {:.0} | {:.0} | {:.0} |",
            self.name(),
            each(before.resident, after.resident),
            each(before.anonymous, after.anonymous),
            each(before.private, after.private),
        );
    }
}
