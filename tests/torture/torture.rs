//! Load and faults against the release binary: what no single test would do to it, all at once. `tests/torture/run`
//! starts this; each check prints what was tried and what held.
//! Law: a check fails on loss, on a crash, and on anything that the server does not give back; never by a clock that
//! a busy machine could slow down.

#[path = "../../benches/kit/mod.rs"]
mod kit;
#[allow(dead_code, unused_imports, reason = "the integration tests use the rest")]
#[path = "../support/mod.rs"]
mod support;

mod burst;
mod crowd;
mod descriptors;
mod half_open;
mod killed;
mod member;
mod puppet;
mod report;
mod slow_readers;
mod slowloris;
mod told;
mod trial;
mod unread;

use report::Report;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// After this long without what is awaited a check fails. Nothing is measured by it.
const HANG: Duration = Duration::from_secs(120);

/// A check, by its name.
type Check = (&'static str, fn(&mut Report));

/// Every check, in the order they run in.
const CHECKS: [Check; 7] = [
    ("burst", burst::check),
    ("descriptors", descriptors::check),
    ("slow-readers", slow_readers::check),
    ("slowloris", slowloris::check),
    ("half-open", half_open::check),
    ("unread", unread::check),
    ("killed", killed::check),
];

fn main() -> ExitCode {
    puppet::be_it_if_asked();
    // `cargo bench` adds an option of its own.
    let named: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let names: Vec<&str> = match named.first().map(String::as_str) {
        Some("all") => CHECKS.iter().map(|(name, _)| *name).collect(),
        _ => named.iter().map(String::as_str).collect(),
    };
    if let Some(unknown) = names.iter().find(|name| !CHECKS.iter().any(|(known, _)| known == *name)) {
        eprintln!("torture: there is no check {unknown}; there are: {}", all_names());
        return ExitCode::from(2);
    }
    if names.is_empty() {
        println!("torture: nothing asked for; tests/torture/run runs: {}", all_names());
        return ExitCode::SUCCESS;
    }
    // Fewer descriptors than are wanted are told by the check that wants them.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    println!("{}", kit::machine::describe());
    let rows: Vec<Row> = CHECKS.iter().filter(|(name, _)| names.contains(name)).map(run).collect();
    print_table(&rows)
}

fn all_names() -> String {
    CHECKS.map(|(name, _)| name).join(", ")
}

/// How a check came out.
struct Row {
    name: &'static str,
    passed: bool,
    took: Duration,
    peak_bytes: u64,
}

fn run(&(name, check): &Check) -> Row {
    println!("\n== {name}");
    let began = Instant::now();
    let mut report = Report::default();
    let outcome = catch_unwind(AssertUnwindSafe(|| check(&mut report)));
    if outcome.is_err() {
        println!("FAILED  as told above");
    }
    Row { name, passed: outcome.is_ok(), took: began.elapsed(), peak_bytes: report.peak_bytes }
}

fn print_table(rows: &[Row]) -> ExitCode {
    println!("\n| check | outcome | seconds | peak RSS of the server |\n| --- | --- | ---: | ---: |");
    for row in rows {
        let outcome = if row.passed { "passed" } else { "FAILED" };
        let (took, peak) = (row.took.as_secs_f64(), report::mebibytes(row.peak_bytes));
        println!("| {} | {outcome} | {took:.1} | {peak} |", row.name);
    }
    let passed = rows.iter().filter(|row| row.passed).count();
    println!("\n{passed} passed, {} failed", rows.len() - passed);
    if passed == rows.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
