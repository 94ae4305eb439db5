//! Thousands of seeds of the simulator. A seed that fails is printed and replays with `HOLDLINE_SEED=N`;
//! `HOLDLINE_SEEDS=N` runs so many of them, `HOLDLINE_FIRST_SEED=N` begins elsewhere.

use holdline::testing::sim;
use std::env;
use std::thread;

/// What a plain `cargo test` runs; `tests/run` runs more, optimized.
const SEEDS: u64 = 100;
/// Failures after which a worker stops.
const SHOWN_MAX: usize = 5;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a number of seeds, or a seed"))
}

#[test]
fn every_seed_keeps_every_invariant() {
    if let Some(seed) = number("HOLDLINE_SEED") {
        return sim::run(seed).unwrap_or_else(|error| panic!("{error}"));
    }
    let first = number("HOLDLINE_FIRST_SEED").unwrap_or(0);
    let count = number("HOLDLINE_SEEDS").unwrap_or(SEEDS);
    let workers = thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let failures: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || failures((first + worker..first + count).step_by(workers as usize)))
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker catches every panic")).collect()
    });
    assert!(failures.is_empty(), "{} of {count} seeds failed\n{}", failures.len(), failures.join("\n\n"));
    println!("{count} seeds from {first} on");
}

/// What the seeds that fail say, up to a few.
fn failures(seeds: impl Iterator<Item = u64>) -> Vec<String> {
    let failed = seeds.filter_map(|seed| {
        let error = match std::panic::catch_unwind(|| sim::run(seed)) {
            Ok(outcome) => outcome.err()?,
            Err(_) => format!("seed {seed} panicked, as shown above"),
        };
        Some(format!("{error}\nHOLDLINE_SEED={seed} plays it again"))
    });
    failed.take(SHOWN_MAX).collect()
}
