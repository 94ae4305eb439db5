//! The `Date` field (RFC 9110 section 5.6.7).  Law: at most one formatting a second; time is handed in.

use core::fmt::Write as _;
use core::time::Duration;
use httpdate::HttpDate;
use std::time::UNIX_EPOCH;

/// The last second of the year 9999: IMF-fixdate has four digits for the year.
const LAST_SECOND: u64 = 253_402_300_799;

/// The text of the current second.
#[derive(Clone, Debug, Default)]
pub struct DateCache {
    /// The second that `text` says, Unix time.
    second: u64,
    /// Empty until first asked for.
    text: String,
}

impl DateCache {
    /// The IMF-fixdate of `unix_ms`.
    pub fn at(&mut self, unix_ms: u64) -> &str {
        let second = (unix_ms / 1000).min(LAST_SECOND);
        if self.text.is_empty() || second != self.second {
            self.second = second;
            self.text.clear();
            // Writing into a String does not fail.
            let _ = write!(self.text, "{}", http_date(second));
        }
        &self.text
    }
}

/// `unix_s` as an IMF-fixdate, for `Last-Modified`.
pub fn http_date(unix_s: u64) -> HttpDate {
    HttpDate::from(UNIX_EPOCH + Duration::from_secs(unix_s.min(LAST_SECOND)))
}
