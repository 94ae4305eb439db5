//! What the fuzzers start from, and what they found, is replayed on stable Rust, with some thousand random changes.

use holdline::testing::fuzz::{BODIES, Body};
use holdline::testing::laws;
use std::fs;
use std::path::Path;

#[path = "../fuzz/differential.rs"]
mod differential;

/// Changed texts for each body.
const MUTATIONS: usize = 1_000;

/// Every body with its name, also the one that needs more than the library.
fn bodies() -> impl Iterator<Item = (&'static str, Body)> {
    BODIES.into_iter().chain([("differential", differential::differential as Body)])
}

/// The inputs kept for a body, in the order of their names.
fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let files = fs::read_dir(&folder).expect("every body has a corpus");
    let mut inputs: Vec<_> = files
        .map(|file| {
            let path = file.expect("the folder can be read").path();
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a corpus holds files"))
        })
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn every_input_of_the_corpus_keeps_the_law_of_its_body() {
    for (name, body) in bodies() {
        let inputs = corpus(name);
        assert!(!inputs.is_empty(), "{name}");
        for (file, input) in inputs {
            println!("{name}/{file}");
            body(&input);
        }
    }
}

#[test]
fn random_changes_of_the_corpus_keep_it_too() {
    for (seed, (name, body)) in (1..).zip(bodies()) {
        println!("{name}");
        let inputs = corpus(name);
        let samples: Vec<&[u8]> = inputs.iter().map(|(_, input)| &input[..]).collect();
        laws::mutations(&samples, seed, MUTATIONS, |input| {
            body(input);
        });
    }
}
