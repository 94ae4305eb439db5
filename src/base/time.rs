//! Time as a value.  Law: nothing here, or anywhere below `io`, reads a clock.

use core::ops::{Add, Sub};

/// A point on the monotonic clock, in milliseconds since the server started.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Millis {
    /// Milliseconds that passed since `earlier`; 0 if it lies in the future.
    pub fn since(self, earlier: Millis) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<u64> for Millis {
    type Output = Millis;
    fn add(self, ms: u64) -> Millis {
        Millis(self.0.saturating_add(ms))
    }
}

impl Sub<u64> for Millis {
    type Output = Millis;
    fn sub(self, ms: u64) -> Millis {
        Millis(self.0.saturating_sub(ms))
    }
}

/// The two clocks, read once a turn: deadlines follow `at`, message ids and dates follow `unix_ms`.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock.
    pub at: Millis,
    /// Milliseconds since 1970-01-01T00:00:00Z. May step back.
    pub unix_ms: u64,
}
