//! Sizes and times as people write them: `4M`, `15s`.  Law: `parse(show(n)) == n`.

/// What a number on the command line counts.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Size,
    /// Milliseconds.
    Time,
}

const SIZES: &[(&str, u64)] = &[("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10), ("", 1)];
const TIMES: &[(&str, u64)] = &[("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
const COUNTS: &[(&str, u64)] = &[("", 1)];

impl Unit {
    /// The suffixes with what they stand for, largest first.
    fn suffixes(self) -> &'static [(&'static str, u64)] {
        match self {
            Unit::Count => COUNTS,
            Unit::Size => SIZES,
            Unit::Time => TIMES,
        }
    }

    /// How the value is called in the help.
    pub fn value_name(self) -> &'static str {
        match self {
            Unit::Count => "N",
            Unit::Size => "SIZE",
            Unit::Time => "TIME",
        }
    }

    /// What would be right.
    fn advice(self) -> &'static str {
        match self {
            Unit::Count => "write a whole number, such as 1000",
            Unit::Size => "write a whole number of bytes, or one with K, M or G, such as 64K",
            Unit::Time => "write a whole number with ms, s, m or h, such as 15s",
        }
    }

    /// Reads a number with its suffix. A time of 0 needs none. The error says what would be right.
    pub fn parse(self, text: &str) -> Result<u64, &'static str> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, suffix) = text.split_at(digits);
        if self == Unit::Time && text == "0" {
            return Ok(0);
        }
        let found = self.suffixes().iter().find(|(name, _)| suffix_fits(self, name, suffix));
        let value = found.and_then(|(_, factor)| number.parse::<u64>().ok()?.checked_mul(*factor));
        value.ok_or(self.advice())
    }

    /// Writes a number with the largest suffix that leaves it whole.
    pub fn show(self, value: u64) -> String {
        let whole = self.suffixes().iter().find(|(_, factor)| value != 0 && value.is_multiple_of(*factor));
        match whole {
            Some((name, factor)) => format!("{}{name}", value / factor),
            None => "0".to_owned(),
        }
    }
}

/// Sizes may be written small; of times, `m` and `M` would be two things.
fn suffix_fits(unit: Unit, name: &str, suffix: &str) -> bool {
    name == suffix || (unit == Unit::Size && name.eq_ignore_ascii_case(suffix))
}

#[cfg(test)]
mod tests {
    use super::Unit::{self, *};

    #[test]
    fn numbers_are_read_with_their_suffix() {
        let cases: &[(Unit, &str, u64)] = &[
            (Count, "0", 0),
            (Count, "1000", 1000),
            (Size, "12", 12),
            (Size, "64K", 65_536),
            (Size, "4m", 4 << 20),
            (Size, "2G", 2 << 30),
            (Time, "0", 0),
            (Time, "0s", 0),
            (Time, "250ms", 250),
            (Time, "15s", 15_000),
            (Time, "2m", 120_000),
            (Time, "1h", 3_600_000),
        ];
        for &(unit, text, value) in cases {
            assert_eq!(unit.parse(text), Ok(value), "{text}");
            assert_eq!(unit.parse(&unit.show(value)), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_told_what_would_be_right() {
        for (unit, texts) in [
            (Count, &["", "-1", "+1", "1K", "1.5", "ten", "99999999999999999999"][..]),
            (Size, &["", "K", "1KB", "1.5M", "1 K", "18014398509481984K", "1s"][..]),
            (Time, &["", "15", "s", "1M", "1.5s", "1d", "-1s", "99999999999999999h"][..]),
        ] {
            for text in texts {
                assert_eq!(unit.parse(text), Err(unit.advice()), "{unit:?} {text:?}");
            }
        }
    }
}
