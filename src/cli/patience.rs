//! How long to go on trying, and how long to wait in between.  Law: waits double from a quarter of a second to 15 s,
//! each cut by up to a half at random; the server's own word for the wait counts in their place.

use super::ending::tell;
use crate::base::rng::Rng;
use crate::base::time::Millis;
use crate::io::clock::Clock;
use std::thread;
use std::time::Duration;

const FIRST_MS: u64 = 250;
const MOST_MS: u64 = 15_000;
/// What a server may ask for: one that says 0 is not to be asked in a flood, and a mistake in a header must not put a
/// script to sleep for a year.
const HINT_MIN: Duration = Duration::from_millis(FIRST_MS);
const HINT_MAX: Duration = Duration::from_secs(60);

/// Until when something is tried.
pub struct Patience {
    clock: Clock,
    until: Option<Millis>,
    failures: u32,
    dice: Rng,
}

impl Patience {
    /// Tries for so long from here on; without a limit for ever.
    pub fn new(limit: Option<Duration>) -> Self {
        let clock = Clock::new();
        let now = clock.now().at;
        let mut seed = [0; 32];
        // Without entropy every client would wait equally long; no more depends on it here.
        let _ = getrandom::fill(&mut seed);
        Patience { clock, until: limit.map(|limit| now + ms(limit)), failures: 0, dice: Rng::new(seed) }
    }

    /// What is left, if there is a limit.
    pub fn left(&self) -> Option<Duration> {
        let now = self.clock.now().at;
        self.until.map(|until| Duration::from_millis(until.since(now)))
    }

    /// Has the time passed?
    pub fn is_over(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    /// What is left, but no more than `most`.
    pub fn at_most(&self, most: Duration) -> Duration {
        self.left().map_or(most, |left| left.min(most))
    }

    /// It worked: the next failure is a first one.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Something failed: waits, for as long as the server says or as becomes the number of failures. The first of
    /// them is told. `false`: no time is left for another try.
    #[must_use]
    pub fn wait(&mut self, why: &str, hint: Option<Duration>) -> bool {
        let pause = match hint {
            Some(hint) => hint.clamp(HINT_MIN, HINT_MAX),
            None => Duration::from_millis(backoff_ms(self.failures, &mut self.dice)),
        };
        self.failures = self.failures.saturating_add(1);
        if self.left().is_some_and(|left| left <= pause) {
            return false;
        }
        if self.failures == 1 {
            tell(&format!("{why}; trying again"));
        }
        thread::sleep(pause);
        true
    }
}

fn backoff_ms(failures: u32, dice: &mut Rng) -> u64 {
    let whole = FIRST_MS.saturating_mul(1 << failures.min(16)).min(MOST_MS);
    whole - dice.below(whole / 2)
}

/// A duration as the clock counts.
fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_are_cut_by_less_than_a_half() {
        let mut dice = Rng::new([7; 32]);
        for (failures, whole) in [(0, 250), (1, 500), (2, 1000), (5, 8000), (6, 15_000), (u32::MAX, 15_000)] {
            let seen: Vec<u64> = (0..100).map(|_| backoff_ms(failures, &mut dice)).collect();
            assert!(seen.iter().all(|wait| (whole / 2 + 1..=whole).contains(wait)), "{failures}: {seen:?}");
            assert!(seen.iter().any(|wait| *wait != seen[0]), "{failures}: they are spread");
        }
    }

    #[test]
    fn a_wait_that_would_outlast_the_limit_is_not_begun() {
        let mut patience = Patience::new(Some(Duration::from_secs(5)));
        assert!(!patience.wait("busy", Some(Duration::from_secs(30))));
        assert!(patience.wait("busy", Some(Duration::ZERO)));
        assert!(!Patience::new(Some(Duration::ZERO)).wait("busy", None));
        assert!(Patience::new(None).left().is_none());
    }
}
