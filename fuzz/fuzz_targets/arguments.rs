#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| holdline::testing::fuzz::arguments(data));
