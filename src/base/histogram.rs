//! How often a number came, in buckets that are narrow where numbers are small.  Law: what is told of a quantile is at
//! least the number there, at most a quarter more, and never more than the greatest.  Knows not what it counts.

/// Buckets: 4 for each power of two.
const BUCKETS: usize = 4 * 62 + 4;

/// Counts of numbers.
pub struct Histogram {
    counts: [u32; BUCKETS],
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: [0; BUCKETS], max: 0 }
    }
}

impl Histogram {
    /// One more of this number.
    pub fn add(&mut self, number: u64) {
        let count = &mut self.counts[bucket(number)];
        *count = count.saturating_add(1);
        self.max = self.max.max(number);
    }

    /// All that `other` counted too.
    pub fn merge(&mut self, other: &Histogram) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.max = self.max.max(other.max);
    }

    /// The greatest; 0 if there is none.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// At most this are `percent` of 100 of them; 0 if there is none.
    pub fn percentile(&self, percent: u64) -> u64 {
        let total: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        let wanted = (total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return last(index).min(self.max);
            }
        }
        0
    }
}

/// Where a number is counted: by its highest bit and the two behind it.
fn bucket(number: u64) -> usize {
    if number < 4 {
        return number as usize;
    }
    let shift = number.ilog2() - 2;
    (shift as usize) * 4 + (number >> shift) as usize
}

/// The greatest number of a bucket.
fn last(bucket: usize) -> u64 {
    if bucket < 4 {
        return bucket as u64;
    }
    let shift = bucket / 4 - 1;
    (((bucket % 4) as u64 + 4) << shift) + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_lies_in_its_bucket() {
        for number in (0..2000)
            .chain((0..64).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 1]))
            .chain([u64::MAX])
        {
            let index = bucket(number);
            assert!(index < BUCKETS, "{number}");
            assert!(number <= last(index), "{number}");
            assert!(index == 0 || last(index - 1) < number, "{number}");
            assert!(last(index) - number <= number / 4, "{number}: {}", last(index));
        }
    }

    #[test]
    fn percentiles_of_few_and_of_many() {
        let mut times = Histogram::default();
        assert_eq!((times.percentile(50), times.percentile(99), times.max()), (0, 0, 0));
        times.add(1000);
        assert_eq!((times.percentile(50), times.percentile(99), times.max()), (1000, 1000, 1000));
        let mut times = Histogram::default();
        (1..=100).for_each(|number| times.add(number));
        assert_eq!((times.percentile(50), times.percentile(99), times.max()), (55, 100, 100));
        let mut both = Histogram::default();
        both.merge(&times);
        both.add(1 << 40);
        assert_eq!((both.percentile(50), both.percentile(100)), (55, 1 << 40));
    }
}
