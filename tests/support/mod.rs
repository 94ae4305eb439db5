//! What the integration tests stand on: the real binary, a raw HTTP/1.1 client, and strict decoders for what it sends.
//!
//! Law: nothing here uses the server's own code, so a mistake in it is not made twice; `testing::decode` is blind to it too. Every wait is for a
//! condition; [`HANG`] only turns a hang into a failure.

pub mod body;
pub mod canned;
pub mod client;
pub mod command;
pub mod process;
pub mod reader;
pub mod relay;
pub mod response;
pub mod script;
pub mod socket;
pub mod sse;
pub mod websocket;
pub mod wire;

use std::thread::sleep;
use std::time::{Duration, Instant};

/// After this long without the awaited byte or condition a test fails. Nothing is measured by it.
pub const HANG: Duration = Duration::from_secs(40);

/// Waits until `condition` holds.
pub fn until(what: &str, condition: impl FnMut() -> bool) {
    assert!(holds_within(HANG, condition), "this never came true: {what}");
}

/// Waits until `condition` holds, but no longer than `hang`.
pub fn holds_within(hang: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + hang;
    while !condition() {
        if Instant::now() > deadline {
            return false;
        }
        sleep(Duration::from_millis(3));
    }
    true
}

/// The first hit of `needle` in `hay`.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

/// Takes `MS-SEQ` apart; anything else fails the test.
pub fn id(text: &str) -> (u64, u64) {
    let digits = |part: &str| {
        assert!(part.bytes().all(|b| b.is_ascii_digit()), "no message id: {text:?}");
        part.parse().unwrap_or_else(|_| panic!("no message id: {text:?}"))
    };
    let (ms, seq) = text.split_once('-').unwrap_or_else(|| panic!("no message id: {text:?}"));
    (digits(ms), digits(seq))
}
