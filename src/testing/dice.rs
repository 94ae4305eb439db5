//! Chance for tests: the same seed throws the same numbers on every machine.

/// A linear congruential generator (Knuth's MMIX constants).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that throw what follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// 0 to `bound - 1`; `bound` is not 0. The high bits are thrown: the low ones have short periods.
    pub fn number(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// As [`Dice::number`], for a place in a list.
    pub fn below(&mut self, bound: usize) -> usize {
        self.number(bound as u64) as usize
    }

    /// True once in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `choices`, of which there is at least one.
    pub fn pick<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    /// Changes the order of `list`.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}
