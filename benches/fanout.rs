//! Fan-out: deliveries per second of server processor time, beside a bare loop that writes the same bytes to as
//! many sockets, in turn within one run.  `cargo bench --bench fanout [-- --readers N --rounds N]`

mod kit;

use kit::bare::Bare;
use kit::crowd::{Crowd, Wire};
use kit::process::{Process, Requests};
use kit::usage::Cpu;

/// Messages in a burst.
const BURST: usize = 100;
/// Times that something is published in a round: long enough for clocks that tick each 10 ms.
const SINGLES_A_ROUND: usize = 150;
const BURSTS_A_ROUND: usize = 60;

fn main() {
    kit::bare::be_it_if_asked();
    if !kit::is_wanted() {
        return;
    }
    println!("{}", kit::machine::describe());
    let (readers, rounds) = (kit::option("--readers", 1000), kit::option("--rounds", 7));
    println!(
        "\nDeliveries per second of server CPU, {readers} readers, medians of {rounds} rounds (least to most)\n"
    );
    println!(
        "| transport | messages at once | holdline | of it in user space | bare loop | holdline / bare loop |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for wire in [Wire::Sse, Wire::WebSocket] {
        for burst in [1, BURST] {
            compare(wire, burst, readers, rounds);
        }
    }
}

/// Holdline and its readers.
struct Holdline {
    process: Process,
    crowd: Crowd,
    publisher: Requests,
}

/// The bare loop and its readers.
struct Rival {
    bare: Bare,
    crowd: Crowd,
    /// What it writes: what holdline wrote to one reader.
    bytes: Vec<u8>,
}

fn compare(wire: Wire, burst: usize, readers: usize, rounds: usize) {
    let mut holdline = Holdline::start(wire, readers);
    let bytes = holdline.sample(burst);
    let mut rival = Rival::start(readers, bytes);
    let times = if burst == 1 { SINGLES_A_ROUND } else { BURSTS_A_ROUND };
    let (mut ours, mut theirs, mut ratios, mut user) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        let a = holdline.round(burst, times);
        let b = rival.round(burst, times);
        let deliveries = (readers * burst * times) as f64 * 1000.0;
        ours.push(deliveries / a.total() / 1e3);
        theirs.push(deliveries / b.total() / 1e3);
        ratios.push(b.total() / a.total());
        user.push(a.user / a.total() * 100.0);
    }
    println!(
        "| {} | {burst} | {} k/s | {:.0} % | {} k/s | {} |",
        wire.name(),
        kit::spread(&ours, 0),
        kit::median(&user),
        kit::spread(&theirs, 0),
        kit::spread(&ratios, 2),
    );
}

impl Holdline {
    fn start(wire: Wire, readers: usize) -> Holdline {
        let process = Process::holdline(&["--heartbeat", "1h"]);
        let mut crowd = Crowd::new();
        crowd.join(process.address, wire, readers);
        let publisher = process.connect();
        Holdline { process, crowd, publisher }
    }

    /// Publishes `burst` messages in one request, and waits until everybody has them.
    fn publish(&mut self, burst: usize) {
        match burst {
            1 => self.publisher.publish("/channels/bench", &kit::payload(0)),
            _ => self.publisher.publish("/publish", &kit::lines(burst)),
        }
        self.crowd.read_each(burst);
    }

    /// The bytes that one reader gets for a burst.
    fn sample(&mut self, burst: usize) -> Vec<u8> {
        self.publish(burst);
        self.crowd.sample = Some(Vec::new());
        self.publish(burst);
        self.crowd.sample.take().expect("it was asked for")
    }

    fn round(&mut self, burst: usize, times: usize) -> Cpu {
        let before = self.process.cpu();
        (0..times).for_each(|_| self.publish(burst));
        self.process.cpu().since(before)
    }
}

impl Rival {
    fn start(readers: usize, bytes: Vec<u8>) -> Rival {
        let mut bare = Bare::start();
        bare.expect(readers);
        let mut crowd = Crowd::new();
        crowd.join(bare.process.address, Wire::Bare, readers);
        let mut rival = Rival { bare, crowd, bytes };
        rival.write();
        rival
    }

    fn write(&mut self) {
        self.bare.write(&self.bytes);
        let count = memchr::memchr_iter(kit::MARK, &self.bytes).count();
        self.crowd.read_each(count);
    }

    fn round(&mut self, burst: usize, times: usize) -> Cpu {
        assert_eq!(memchr::memchr_iter(kit::MARK, &self.bytes).count(), burst, "the sample is a whole burst");
        let before = self.bare.process.cpu();
        (0..times).for_each(|_| self.write());
        self.bare.process.cpu().since(before)
    }
}
