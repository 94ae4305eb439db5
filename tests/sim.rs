//! Thousands of seeds of the simulator. A seed that fails is printed and replays with `HOLDLINE_SEED=N`;
//! `HOLDLINE_SEEDS=N` runs so many of them, `HOLDLINE_FIRST_SEED=N` begins elsewhere.

use holdline::testing::sim;
use std::env;
use std::thread;

/// What a plain `cargo test` runs; `tests/run` runs more, optimized.
const SEEDS: u64 = 100;

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
    thread::scope(|scope| {
        for worker in 0..workers {
            let seeds = (first..first + count).filter(move |seed| seed % workers == worker);
            scope.spawn(move || {
                for seed in seeds {
                    let outcome = std::panic::catch_unwind(|| sim::run(seed));
                    match outcome {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => panic!("{error}\nHOLDLINE_SEED={seed} plays it again"),
                        Err(panic) => {
                            eprintln!("HOLDLINE_SEED={seed} plays it again");
                            std::panic::resume_unwind(panic);
                        }
                    }
                }
            });
        }
    });
    println!("{count} seeds from {first} on");
}
