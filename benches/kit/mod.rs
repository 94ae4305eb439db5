//! What the benchmarks share: the server as a process of its own, a crowd of readers, and the kernel's counters.
//! Law: a delivery counts when its reader has read it; nothing is inferred from what was sent.

#![allow(dead_code, reason = "each benchmark uses its part")]

pub mod bare;
pub mod crowd;
pub mod machine;
pub mod process;
pub mod sessions;
pub mod strace;
pub mod usage;

use std::time::Duration;

/// Long enough that only a hang takes longer.
pub const HANG: Duration = Duration::from_secs(60);
/// Stands once in each payload, and nowhere in any framing around it: how deliveries are counted.
pub const MARK: u8 = b'^';
/// The channel that everybody reads.
pub const CHANNEL: &str = "bench";

/// A payload of 64 bytes with one [`MARK`].
pub fn payload(number: usize) -> String {
    format!("{}{number:0>63}", MARK as char)
}

/// Messages as lines for `POST /publish`.
pub fn lines(count: usize) -> String {
    (0..count).map(|n| format!("{{\"channel\":\"{CHANNEL}\",\"data\":\"{}\"}}\n", payload(n))).collect()
}

/// Was this started by `cargo bench`? `cargo test --benches` starts the same programs without its flag, and they
/// have nothing to test.
pub fn is_wanted() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// The middle of `values`.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

/// `median (smallest to largest)`, rounded to `digits`.
pub fn spread(values: &[f64], digits: usize) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{:.digits$} ({least:.digits$} to {most:.digits$})", median(values))
}

/// A number that the command line names, such as `--rounds 7`.
pub fn option(name: &str, default: usize) -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    match (arguments.next(), arguments.next()) {
        (Some(_), Some(value)) => value.parse().unwrap_or_else(|_| panic!("{name} wants a number")),
        (Some(_), None) => panic!("{name} wants a number"),
        (None, _) => default,
    }
}
