//! 15,000 readers arrive at once, over a mix of transports; then one message reaches each of them once.

use crate::crowd::Crowd;
use crate::member::MIX;
use crate::report::{Report, percentile};
use crate::told::payload;
use crate::trial::Trial;
use std::time::Instant;

const READERS: usize = 15_000;
const MEMORY_MAX: u64 = 128 << 20;

pub fn check(report: &mut Report) {
    report.tried(format_args!(
        "{READERS} connections at once: WebSocket, SSE, ndjson and long polls; then two messages to all"
    ));
    let mut trial = Trial::start(&["--heartbeat", "10m", "--max-wait", "10m"]);
    let mut crowd = Crowd::new();
    let began = Instant::now();
    crowd.arrive(trial.server.address(), &MIX, READERS, 0, None);
    let asked = began.elapsed();
    crowd.await_all_in();
    trial.await_figure("readers", READERS as u64);
    report.held(format_args!(
        "all are in: connecting was begun for all within {:.2} s, the slowest was in after {:.2} s",
        asked.as_secs_f64(),
        began.elapsed().as_secs_f64()
    ));
    // The second message would show what came twice, or late.
    for number in 0..2 {
        let began = Instant::now();
        trial.begin_publish(&payload(number, 64));
        let mut times = Vec::new();
        crowd.read_through(number, |_| times.push(began.elapsed().as_secs_f64() * 1e3));
        trial.published();
        report.held(format_args!(
            "message {number} reached all {READERS}, each once: median after {:.0} ms, the slowest after {:.0} ms",
            percentile(&times, 0.5),
            percentile(&times, 1.0)
        ));
    }
    drop(crowd);
    trial.end(report, MEMORY_MAX);
}
