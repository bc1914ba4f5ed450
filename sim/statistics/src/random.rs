//! Uniform numbers for what a method draws itself: resamples, designs, splitting.
//!
//! **Invariant.** A draw is a function of the caller's key, of the thing it is about and of its number among that
//! thing's draws; nothing here keeps a state that another thing's draws could move.

use stakeout_kernel::sample::unit_open;
use stakeout_kernel::streams::{Stream, StreamKey};

/// A sequential reader of uniform numbers about one thing.
#[derive(Clone, Debug)]
pub struct Uniforms {
    stream: Stream,
}

impl Uniforms {
    /// The numbers that `key` has about thing `counter`.
    pub fn new(key: StreamKey, counter: u64) -> Self {
        Self {
            stream: key.stream(counter, 0),
        }
    }

    /// A number strictly between 0 and 1.
    pub fn unit(&mut self) -> f64 {
        unit_open(self.stream.next_word())
    }

    /// An index below `count`, unbiased to within `count / 2^64`. Panics if `count` is zero.
    pub fn index(&mut self, count: usize) -> usize {
        assert!(count > 0, "an index is drawn among one thing or more");
        let wide = u128::from(self.stream.next_word()) * count as u128;
        (wide >> 64) as usize
    }

    /// Whether an event of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Puts the items into an order drawn uniformly (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60,000 draws of 6 values: a chi-square statistic on 5 degrees above 40.9 has probability 1e-7.
    #[test]
    fn indices_are_even() {
        let mut uniforms = Uniforms::new(StreamKey::from_raw(3), 0);
        let mut counts = [0.0; 6];
        (0..60_000).for_each(|_| counts[uniforms.index(6)] += 1.0);
        let statistic: f64 = counts.iter().map(|n| (n - 1e4) * (n - 1e4) / 1e4).sum();
        assert!(statistic < 40.9, "{counts:?}");
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..50).collect();
        Uniforms::new(StreamKey::from_raw(3), 1).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
