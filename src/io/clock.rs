//! The clocks: the only place in the crate that reads one.  Everything else is handed [`Now`].

use crate::base::time::{Millis, Now};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Counts from when it was made.
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that stands at 0.
    #[expect(clippy::new_without_default, reason = "starting a clock is an act, not a default")]
    pub fn new() -> Self {
        Clock { start: Instant::now() }
    }

    /// Microseconds since the start, to measure short times by.
    pub fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Both clocks, in milliseconds. The monotonic one is cut, so that a deadline never fires early.
    pub fn now(&self) -> Now {
        let at = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        // A clock before 1970 counts as 1970: ids go on increasing all the same.
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { at: Millis(at), unix_ms: u64::try_from(unix.as_millis()).unwrap_or(u64::MAX) }
    }
}
