//! Thousands of seeds of the simulator. A seed that fails is printed and replays with `HOLDLINE_SEED=N`;
//! `HOLDLINE_SEEDS=N` runs so many of them, `HOLDLINE_FIRST_SEED=N` begins elsewhere, `HOLDLINE_FAILURES=N` says after how
//! many failures a worker stops.

use holdline::testing::sim::{self, tally::Tally};
use std::env;
use std::thread;

/// What a plain `cargo test` runs; `tests/run` runs more, optimized.
const SEEDS: u64 = 100;
/// Failures after which a worker stops, unless told otherwise.
const FAILURES: u64 = 5;
/// Seeds in which everything that may happen has happened.
const SEEDS_TELLING: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a number of seeds, or a seed"))
}

#[test]
fn every_seed_keeps_every_invariant() {
    if let Some(seed) = number("HOLDLINE_SEED") {
        let tally = sim::run(seed).unwrap_or_else(|error| panic!("{error}"));
        return println!("{}", tally.lines());
    }
    let first = number("HOLDLINE_FIRST_SEED").unwrap_or(0);
    let count = number("HOLDLINE_SEEDS").unwrap_or(SEEDS);
    let failures_max = number("HOLDLINE_FAILURES").unwrap_or(FAILURES) as usize;
    let workers = thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let (tally, mut failures) = (Tally::default(), Vec::new());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|worker| {
                let seeds = (first + worker..first + count).step_by(workers as usize);
                scope.spawn(move || play(seeds, failures_max))
            })
            .collect();
        for worker in workers {
            let (theirs, failed) = worker.join().expect("a worker catches every panic");
            tally.add(&theirs);
            failures.extend(failed);
        }
    });
    println!("{count} seeds from {first} on:\n{}", tally.lines());
    assert!(failures.is_empty(), "{} of {count} seeds failed\n{}", failures.len(), failures.join("\n\n"));
    if count >= SEEDS_TELLING {
        assert_eq!(tally.missing(), [""; 0], "nothing of this happened in {count} seeds");
    }
}

/// What happened in these seeds, and what those that failed say, up to `failures_max` of them.
fn play(seeds: impl Iterator<Item = u64>, failures_max: usize) -> (Tally, Vec<String>) {
    let tally = Tally::default();
    let failed = seeds.filter_map(|seed| {
        let error = match std::panic::catch_unwind(|| sim::run(seed)) {
            Ok(Ok(one)) => {
                tally.add(&one);
                return None;
            }
            Ok(Err(error)) => error,
            Err(_) => format!("seed {seed} panicked, as shown above"),
        };
        Some(format!("{error}\nHOLDLINE_SEED={seed} plays it again"))
    });
    let failures = failed.take(failures_max).collect();
    (tally, failures)
}
