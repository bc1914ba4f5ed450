//! A histogram for the hot loop, of the same cells as the kernel's.
//!
//! **Invariant.** [`Recorder::into_histogram`] equals the [`LogHistogram`] of the same values (tested).

use stakeout_kernel::histogram::LogHistogram;

const MANTISSA_BITS: u32 = 7;
/// With this bit set, small values fall into the first octave without a comparison.
const CELLS_BELOW: u64 = 1 << MANTISSA_BITS;
/// Enough for every `u64`, and a power of two, so that a masked index needs no check.
const CELLS: usize = 1 << 13;

/// Counts in a fixed array.
#[derive(Clone, Debug)]
pub struct Recorder {
    counts: Box<[u64; CELLS]>,
    sum: u128,
    min: u64,
    max: u64,
}

impl Default for Recorder {
    fn default() -> Self {
        let counts = vec![0; CELLS].try_into().expect("the length is given");
        Self {
            counts,
            sum: 0,
            min: u64::MAX,
            max: 0,
        }
    }
}

impl Recorder {
    /// Counts a batch of values, whose sum stays below 2^64.
    #[inline(always)]
    pub fn record_all(&mut self, values: impl Iterator<Item = u64>) {
        let (mut sum, mut min, mut max) = (0, self.min, self.max);
        for value in values {
            let octave = 63 - (value | CELLS_BELOW).leading_zeros() - MANTISSA_BITS;
            let cell = ((octave as usize) << MANTISSA_BITS) + (value >> octave) as usize;
            self.counts[cell % CELLS] += 1;
            sum += value;
            min = min.min(value);
            max = max.max(value);
        }
        (self.min, self.max) = (min, max);
        self.sum += u128::from(sum);
    }

    /// Adds all values of another recorder.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts.iter()) {
            *mine += theirs;
        }
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The values as the kernel's histogram.
    pub fn into_histogram(self) -> LogHistogram {
        let used = self
            .counts
            .iter()
            .rposition(|&count| count > 0)
            .map_or(0, |last| last + 1);
        LogHistogram::from_parts(self.counts[..used].to_vec(), self.sum, self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakeout_kernel::streams::StreamKey;

    #[test]
    fn it_holds_what_the_kernels_histogram_holds() {
        let key = StreamKey::from_raw(3);
        let (mut ours, mut theirs) = (Recorder::default(), LogHistogram::new());
        let draws = (0..20_000).map(|i| key.draw(i, 0) >> (1 + i % 62));
        for value in draws.chain([0, 1, 127, 128, 255, 256, u64::MAX >> 1]) {
            ours.record_all(std::iter::once(value));
            theirs.record(value);
        }
        let ours = ours.into_histogram();
        assert_eq!(ours.mean(), theirs.mean());
        assert_eq!((ours.min(), ours.max()), (theirs.min(), theirs.max()));
        assert!(ours.cells().eq(theirs.cells()));
    }
}
