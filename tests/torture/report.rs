//! What a check says while it runs.

use std::fmt::Display;

/// Gathers what the table at the end shows.
#[derive(Default)]
pub struct Report {
    /// The most memory that any server of the check had, in bytes.
    pub peak_bytes: u64,
}

impl Report {
    /// Tells what is being done to the server.
    pub fn tried(&mut self, what: impl Display) {
        println!("tried   {what}");
    }

    /// Tells what was seen to hold.
    pub fn held(&mut self, what: impl Display) {
        println!("held    {what}");
    }

    /// Takes the peak memory of a server.
    pub fn take_peak(&mut self, bytes: u64) {
        self.peak_bytes = self.peak_bytes.max(bytes);
    }
}

/// `1.5 MiB`.
pub fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// The value that `share` (0 to 1) of `values` do not exceed.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1).expect("something was measured");
    sorted[(last as f64 * share).round() as usize]
}
