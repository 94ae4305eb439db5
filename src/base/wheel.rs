//! A hashed timer wheel: one timer for each index, coarse ticks.  Law: a timer fires once, never before its time
//! and within one tick after it.  Knows not what a timer means.

use super::time::Millis;

/// Milliseconds of a tick: heartbeats and timeouts need no finer.
pub const TICK_MS: u64 = 32;
const SLOTS: usize = 4096;
const NIL: u32 = u32::MAX;

/// Timers, each named by an index of the caller's.
pub struct Wheel {
    /// First entry of each slot's list.
    heads: Vec<u32>,
    /// Which slots hold something, a bit each.
    occupied: [u64; SLOTS / 64],
    entries: Vec<Entry>,
    /// All ticks up to this one were expired.
    tick: u64,
    armed: usize,
}

#[derive(Copy, Clone)]
struct Entry {
    prev: u32,
    next: u32,
    /// The tick at which it fires, cut to 32 bits (four years of ticks); meaningless unless armed.
    due: u32,
}

const _: () = assert!(size_of::<Entry>() <= 12, "an idle connection got heavier");

/// Stands for `prev` where no timer is set.
const UNSET: u32 = u32::MAX - 1;
const IDLE: Entry = Entry { prev: UNSET, next: NIL, due: 0 };

impl Entry {
    fn is_armed(&self) -> bool {
        self.prev != UNSET
    }
}

impl Default for Wheel {
    fn default() -> Self {
        Wheel { heads: vec![NIL; SLOTS], occupied: [0; SLOTS / 64], entries: Vec::new(), tick: 0, armed: 0 }
    }
}

impl Wheel {
    /// Sets the timer of `index` to fire at `at`, or within a tick after it.
    pub fn arm(&mut self, index: usize, at: Millis) {
        self.cancel(index);
        if self.entries.len() <= index {
            self.entries.resize(index + 1, IDLE);
        }
        // Rounded up, so that it is never early; at least the next tick, because this one is over.
        let due = at.0.div_ceil(TICK_MS).max(self.tick + 1) as u32;
        self.link(index as u32, due);
        self.armed += 1;
    }

    /// Takes the timer of `index` back, if it is set.
    pub fn cancel(&mut self, index: usize) {
        if self.entries.get(index).is_some_and(Entry::is_armed) {
            self.unlink(index as u32);
            self.armed -= 1;
        }
    }

    /// How many timers are set.
    pub fn armed(&self) -> usize {
        self.armed
    }

    /// Appends the index of every timer that is due at `now` to `out`.
    pub fn expire(&mut self, now: Millis, out: &mut Vec<u32>) {
        let target = now.0 / TICK_MS;
        if target <= self.tick {
            return;
        }
        // One whole turn visits every slot; more would visit them again.
        let first = self.tick + 1;
        let count = (target - self.tick).min(SLOTS as u64);
        self.tick = target;
        for tick in first..first + count {
            self.expire_slot(tick as usize % SLOTS, target as u32, out);
        }
    }

    /// When to call [`Wheel::expire`] next. Never later than the first timer that is due.
    pub fn next(&self) -> Option<Millis> {
        if self.armed == 0 {
            return None;
        }
        let first = (self.tick as usize + 1) % SLOTS;
        let slot = self.occupied_from(first).or_else(|| self.occupied_from(0))?;
        let ahead = (slot + SLOTS - first) % SLOTS + 1;
        Some(Millis((self.tick + ahead as u64) * TICK_MS))
    }

    fn expire_slot(&mut self, slot: usize, target: u32, out: &mut Vec<u32>) {
        let mut at = self.heads[slot];
        while at != NIL {
            let entry = self.entries[at as usize];
            // The same slot also holds timers of later turns of the wheel.
            if entry.due <= target {
                self.unlink(at);
                self.armed -= 1;
                out.push(at);
            }
            at = entry.next;
        }
    }

    /// The first slot from `from` to the end that holds something.
    fn occupied_from(&self, from: usize) -> Option<usize> {
        let first = self.occupied[from / 64] & (u64::MAX << (from % 64));
        let rest = self.occupied[from / 64 + 1..].iter().copied();
        let words = core::iter::once(first).chain(rest).enumerate();
        let (ahead, word) = words.into_iter().find(|(_, word)| *word != 0)?;
        Some((from / 64 + ahead) * 64 + word.trailing_zeros() as usize)
    }

    fn link(&mut self, index: u32, due: u32) {
        let slot = due as usize % SLOTS;
        let next = self.heads[slot];
        self.entries[index as usize] = Entry { prev: NIL, next, due };
        if next != NIL {
            self.entries[next as usize].prev = index;
        }
        self.heads[slot] = index;
        self.occupied[slot / 64] |= 1 << (slot % 64);
    }

    fn unlink(&mut self, index: u32) {
        let Entry { prev, next, due, .. } = self.entries[index as usize];
        let slot = due as usize % SLOTS;
        match prev {
            NIL => self.heads[slot] = next,
            prev => self.entries[prev as usize].next = next,
        }
        if next != NIL {
            self.entries[next as usize].prev = prev;
        }
        if self.heads[slot] == NIL {
            self.occupied[slot / 64] &= !(1 << (slot % 64));
        }
        self.entries[index as usize] = IDLE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    fn expired(wheel: &mut Wheel, now: u64) -> Vec<u32> {
        let mut out = Vec::new();
        wheel.expire(Millis(now), &mut out);
        out.sort_unstable();
        out
    }

    #[test]
    fn a_timer_fires_once_and_not_before_its_time() {
        let mut wheel = Wheel::default();
        wheel.arm(3, Millis(100));
        assert_eq!(expired(&mut wheel, 99), [0u32; 0]);
        assert_eq!(wheel.next(), Some(Millis(128)));
        assert_eq!(expired(&mut wheel, 128), [3]);
        assert_eq!(expired(&mut wheel, 100_000), [0u32; 0]);
        assert_eq!((wheel.armed(), wheel.next()), (0, None));
    }

    #[test]
    fn a_timer_set_anew_or_taken_back_does_not_fire() {
        let mut wheel = Wheel::default();
        wheel.arm(0, Millis(50));
        wheel.arm(0, Millis(500));
        wheel.arm(1, Millis(50));
        wheel.cancel(1);
        assert_eq!(expired(&mut wheel, 400), [0u32; 0]);
        assert_eq!(expired(&mut wheel, 600), [0]);
    }

    #[test]
    fn the_wheel_agrees_with_a_sorted_list() {
        let mut rng = Rng::new([7; 32]);
        let (mut wheel, mut list, mut now) = (Wheel::default(), vec![None::<u64>; 64], 0);
        for _ in 0..20_000 {
            let index = rng.below(64) as usize;
            match rng.below(4) {
                0 => {
                    wheel.cancel(index);
                    list[index] = None;
                }
                1 => {
                    // Far ones pass over several turns of the wheel.
                    let reach = if rng.below(8) == 0 { 900_000 } else { 3_000 };
                    let at = now + rng.below(reach);
                    wheel.arm(index, Millis(at));
                    list[index] = Some(at);
                }
                _ => {
                    now += rng.below(400);
                    for fired in expired(&mut wheel, now) {
                        let at = list[fired as usize].take().expect("only set timers fire");
                        assert!(at <= now);
                    }
                    let late = list.iter().flatten().find(|at| **at + 2 * TICK_MS <= now);
                    assert_eq!(late, None, "at {now}");
                }
            }
            assert_eq!(wheel.armed(), list.iter().flatten().count());
            let first = list.iter().flatten().min();
            assert!(wheel.next().is_none_or(|next| {
                first.is_some_and(|at| next.0 < at + 2 * TICK_MS || next.0 <= now + 2 * TICK_MS)
            }));
        }
    }
}
