//! 5,000 readers that read nothing, and 100 good ones on the same channel: the good ones keep their latency. Beside
//! it, in turn, a server that has the good ones only. Slow ones that wake are told everything, or a gap.

use crate::crowd::Crowd;
use crate::kit::crowd::Wire;
use crate::kit::usage;
use crate::member::Via;
use crate::report::{Report, mebibytes, percentile};
use crate::told::payload;
use crate::trial::Trial;
use std::ops::Range;
use std::time::Instant;

const SLOW: usize = 5_000;
const GOOD: usize = 100;
/// Receive buffers of the slow ones.
const RECEIVE_BYTES: usize = 16 << 10;
/// What blocks the slow ones: messages of this size, until their sockets are full.
const FILL_BYTES: usize = 64 << 10;
const FILL_MESSAGES: u64 = 64;
/// What latency is measured with.
const BYTES: usize = 256;
const ROUNDS: usize = 20;
const MESSAGES_A_ROUND: usize = 25;
/// Published at once before the slow ones wake, and then all that is retained: whoever was full is told a gap, and
/// reads on in runs of messages that are larger than its socket.
const BURST: u64 = 100;
const BURST_BYTES: usize = 2048;
/// The slow ones may cost so many times as much, or so many milliseconds if that is more.
const RATIO_MAX: f64 = 10.0;
const GRACE_MS: f64 = 250.0;
const MEMORY_MAX: u64 = 96 << 20;
/// What the kernel counts memory in.
const PAGE_BYTES: u64 = 4096;
const WIRES: [Via; 3] = [Via::Stream(Wire::WebSocket), Via::Stream(Wire::Sse), Via::Stream(Wire::Ndjson)];

/// A server with its readers.
struct Side {
    trial: Trial,
    crowd: Crowd,
    number: u64,
    times: Vec<f64>,
}

impl Side {
    fn start() -> Side {
        let retained = BURST.to_string();
        let flags = ["--write-timeout", "10m", "--heartbeat", "10m", "--retain-messages", &retained];
        let mut side =
            Side { trial: Trial::start(&flags), crowd: Crowd::new(), number: 0, times: Vec::new() };
        side.join(GOOD, None);
        side
    }

    fn join(&mut self, count: usize, receive_buffer: Option<usize>) -> Range<usize> {
        let who = self.crowd.arrive(self.trial.server.address(), &WIRES, count, self.number, receive_buffer);
        self.crowd.await_all_in();
        who
    }

    /// Publishes one message and waits until all who are awake have it; takes the time of each.
    fn publish(&mut self, bytes: usize) {
        let Side { trial, crowd, number, times } = self;
        let began = Instant::now();
        trial.begin_publish(&payload(*number, bytes));
        crowd.read_through(*number, |_| times.push(began.elapsed().as_secs_f64() * 1e3));
        crowd.numbers.insert(trial.published(), *number);
        *number += 1;
    }

    /// Publishes many in one request, so that they stand behind each other in what readers are sent.
    fn publish_burst(&mut self) {
        let numbers = self.number..self.number + BURST;
        let payloads: Vec<String> = numbers.clone().map(|number| payload(number, BURST_BYTES)).collect();
        let ids = self.trial.publish_all(&payloads);
        self.crowd.numbers.extend(ids.into_iter().zip(numbers));
        self.number += BURST;
        self.crowd.read_through(self.number - 1, |_| {});
    }
}

pub fn check(report: &mut Report) {
    report.tried(format_args!(
        "{SLOW} readers that read nothing, with small receive buffers, beside {GOOD} good ones"
    ));
    let (mut alone, mut beside) = (Side::start(), Side::start());
    let slow = beside.join(SLOW, Some(RECEIVE_BYTES));
    beside.crowd.put_to_sleep(slow.clone());
    let before = usage::tcp_pages();
    (0..FILL_MESSAGES).for_each(|_| beside.publish(FILL_BYTES));
    let pages = usage::tcp_pages().saturating_sub(before);
    tell(report, "while the slow ones are filled", &std::mem::take(&mut beside.times));
    report.held(format_args!(
        "{FILL_MESSAGES} messages of 64 KiB fill them with {} in the kernel, of which a socket could take up to 4 MiB",
        mebibytes(pages * PAGE_BYTES)
    ));

    for _ in 0..ROUNDS {
        (0..MESSAGES_A_ROUND).for_each(|_| alone.publish(BYTES));
        (0..MESSAGES_A_ROUND).for_each(|_| beside.publish(BYTES));
    }
    tell(report, "without them", &alone.times);
    tell(report, "beside them, in turn", &beside.times);
    for share in [0.5, 0.99] {
        let [without, with] = [&alone.times, &beside.times].map(|times| percentile(times, share));
        let allowed = (without * RATIO_MAX).max(GRACE_MS);
        assert!(with <= allowed, "percentile {share}: {with} ms, {allowed} ms are allowed");
    }
    report.held("the good ones were told everything, each once and in order");

    beside.publish_burst();
    let woken = Instant::now();
    beside.crowd.wake(slow.clone());
    beside.crowd.read_through(beside.number - 1, |_| {});
    let gaps = beside.crowd.gaps(slow);
    let blocked = gaps.iter().filter(|gaps| **gaps > 0).count();
    report.held(format_args!(
        "the slow ones woke and were told everything within {:.1} s, {blocked} of them with a gap notice where \
         something was missing",
        woken.elapsed().as_secs_f64()
    ));
    assert!(blocked * 10 >= SLOW * 9, "they were not slow: only {blocked} were ever blocked");
    assert!(beside.crowd.gaps(0..GOOD).iter().all(|gaps| *gaps == 0), "a good one has a gap");
    for Side { trial, crowd, .. } in [alone, beside] {
        drop(crowd);
        trial.end(report, MEMORY_MAX);
    }
}

fn tell(report: &mut Report, when: &str, times: &[f64]) {
    report.held(format_args!(
        "latency of the good ones {when}: median {:.2} ms, p99 {:.2} ms, most {:.2} ms",
        percentile(times, 0.5),
        percentile(times, 0.99),
        percentile(times, 1.0)
    ));
}
