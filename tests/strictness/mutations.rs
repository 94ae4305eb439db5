//! The rows with some bytes changed: nobody says what the answer should be, but it is the same in every split.

use crate::all;
use crate::row::agree;
use holdline::testing::laws;

/// Changed rows; `HOLDLINE_MUTATIONS` asks for more.
const MUTATIONS: usize = 1_000;

#[test]
fn changed_rows_are_read_the_same_however_they_are_cut() {
    let count = std::env::var("HOLDLINE_MUTATIONS").map_or(MUTATIONS, |text| text.parse().expect("a number"));
    let rows = all();
    let samples: Vec<&[u8]> = rows.iter().map(|row| row.bytes()).collect();
    let mut seed = 0;
    laws::mutations(&samples, 3, count, |bytes| {
        seed += 1;
        agree(bytes, seed);
    });
}
