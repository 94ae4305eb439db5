#![no_main]

#[path = "../differential.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::differential(data));
