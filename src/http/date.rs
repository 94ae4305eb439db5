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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_imf_fixdates_of_the_second() {
        let mut cache = DateCache::default();
        let cases = [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_777_999, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_778_000, "Sun, 06 Nov 1994 08:49:38 GMT"),
            (784_111_776_999, "Sun, 06 Nov 1994 08:49:36 GMT"),
            (1_709_164_800_000, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (u64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ];
        for (unix_ms, expected) in cases {
            assert_eq!(cache.at(unix_ms), expected);
            assert_eq!(cache.at(unix_ms), expected, "from the cache");
        }
        assert_eq!(http_date(784_111_777).to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn a_second_is_formatted_once() {
        let mut cache = DateCache::default();
        cache.at(5_000);
        cache.text.push('!');
        assert!(cache.at(5_999).ends_with('!'));
        assert!(!cache.at(6_000).ends_with('!'));
    }
}
