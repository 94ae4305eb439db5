//! `Prefer: wait=SECONDS` (RFC 7240 section 4.3).  Law: a preference is never an error; what is malformed counts as not
//! there.

use super::syntax::{list, parameter, saturating_decimal, split_outside_quotes};

/// How many seconds the client would wait. Only the first `wait` counts (RFC 7240 section 2), also if it is malformed.
pub fn prefer_wait<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<u64> {
    let mut preferences = values.flat_map(list).filter_map(|element| {
        let preference = split_outside_quotes(element, b';').next()?;
        Some(parameter(preference).unwrap_or((preference, b"")))
    });
    let (_, seconds) = preferences.find(|(name, _)| name.eq_ignore_ascii_case(b"wait"))?;
    saturating_decimal(unquoted(seconds))
}

fn unquoted(word: &[u8]) -> &[u8] {
    match word {
        [b'"', inner @ .., b'"'] => inner,
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wait_counts_and_a_malformed_one_is_none() {
        let cases: [(&[&str], Option<u64>); 16] = [
            (&[], None),
            (&[""], None),
            (&["wait=10"], Some(10)),
            (&["Wait = 10"], Some(10)),
            (&["wait=\"10\""], Some(10)),
            (&["respond-async, wait=10"], Some(10)),
            (&["respond-async", "wait=10"], Some(10)),
            (&["wait=10; strict"], Some(10)),
            (&["wait=1, wait=2"], Some(1)),
            (&["wait=x, wait=2"], None),
            (&["wait"], None),
            (&["wait="], None),
            (&["wait=-1"], None),
            (&["wait=1.5"], None),
            (&["handling=\"wait=3, wait=4\""], None),
            (&["wait=99999999999999999999999999"], Some(u64::MAX)),
        ];
        for (fields, expected) in cases {
            let values = fields.iter().map(|field| field.as_bytes());
            assert_eq!(prefer_wait(values), expected, "{fields:?}");
        }
    }
}
