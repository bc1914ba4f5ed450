//! A histogram of whole numbers in logarithmic cells: latencies, lengths, amounts.
//!
//! Values below 128 have a cell each; above, every power of two is cut into 128 cells, so a cell is less
//! than 1/128 of its values wide and a quantile read from its middle is off by less than 0.4 %. The layout is
//! that of HdrHistogram with seven bits.
//!
//! **Invariant.** Counts, sum, minimum and maximum are integers, so merging is exact and independent of order.

const MANTISSA_BITS: u32 = 7;
const CELLS_PER_OCTAVE: usize = 1 << MANTISSA_BITS;

/// Counts of `u64` values in logarithmic cells, with their exact sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogHistogram {
    /// By cell; empty until there is a value.
    counts: Vec<u64>,
    sum: u128,
    /// The least value; of none `u64::MAX`.
    min: u64,
    /// The greatest value; of none 0.
    max: u64,
    /// What lies between them and has its cell in the bits of a double.
    near: Near,
}

/// A range of values, empty at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Near {
    first: u64,
    /// How many there are: one subtraction and one comparison tell that a value is one of them.
    count: u64,
}

impl Default for LogHistogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Near {
    /// No value.
    const NONE: Self = Self { first: 0, count: 0 };
    /// Values from here on have their octave and their place in it as exponent and first bits of a double.
    const FIRST: u64 = 1 << MANTISSA_BITS;
    /// Values up to this are exact as a double.
    const LAST: u64 = (1 << f64::MANTISSA_DIGITS) - 1;

    /// Those from `min` to `max` whose cell is in the bits of a double.
    fn between(min: u64, max: u64) -> Self {
        let (first, last) = (min.max(Self::FIRST), max.min(Self::LAST));
        match last.checked_sub(first) {
            Some(more) => Self {
                first,
                count: more + 1,
            },
            None => Self::NONE,
        }
    }

    #[inline(always)]
    const fn holds(self, value: u64) -> bool {
        value.wrapping_sub(self.first) < self.count
    }

    /// The cell of a value that it could hold.
    #[inline(always)]
    fn cell_of(value: u64) -> usize {
        const SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - MANTISSA_BITS;
        /// What the bits say of the first of them, less its cell.
        const BEFORE: u64 = ((Near::FIRST as f64).to_bits() >> SHIFT) - Near::FIRST;
        ((value.cast_signed() as f64).to_bits() >> SHIFT).wrapping_sub(BEFORE) as usize
    }
}

/// The cell of any value.
fn cell_of(value: u64) -> usize {
    let octave = (63 - (value | 1).leading_zeros()).saturating_sub(MANTISSA_BITS);
    ((octave as usize) << MANTISSA_BITS) + (value >> octave) as usize
}

/// The least value of a cell and how many values it holds.
fn extent_of(cell: usize) -> (u64, u64) {
    let octave = (cell >> MANTISSA_BITS).saturating_sub(1);
    let mantissa = cell - (octave << MANTISSA_BITS);
    ((mantissa as u64) << octave, 1 << octave)
}

impl LogHistogram {
    /// An empty histogram.
    pub const fn new() -> Self {
        Self {
            counts: Vec::new(),
            sum: 0,
            min: u64::MAX,
            max: 0,
            near: Near::NONE,
        }
    }

    /// Counts one value.
    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        if !self.near.holds(value) {
            return self.record_far(value);
        }
        self.count(Near::cell_of(value), value);
    }

    /// Counts one that is not near, or not yet.
    #[inline(never)]
    fn record_far(&mut self, value: u64) {
        self.widen(value, value);
        self.count(cell_of(value), value);
    }

    #[inline(always)]
    fn count(&mut self, cell: usize, value: u64) {
        match self.counts.get_mut(cell) {
            Some(count) => *count += 1,
            None => self.count_beyond(cell),
        }
        self.sum += u128::from(value);
    }

    /// Makes the range hold what lies between `min` and `max`.
    fn widen(&mut self, min: u64, max: u64) {
        (self.min, self.max) = (self.min.min(min), self.max.max(max));
        self.near = Near::between(self.min, self.max);
    }

    /// Counts `value` so many times.
    pub fn record_many(&mut self, value: u64, times: u64) {
        if times == 0 {
            return;
        }
        self.record(value);
        self.counts[cell_of(value)] += times - 1;
        self.sum += u128::from(value) * u128::from(times - 1);
    }

    #[cold]
    fn count_beyond(&mut self, cell: usize) {
        self.counts
            .resize((cell / CELLS_PER_OCTAVE + 1) * CELLS_PER_OCTAVE, 0);
        self.counts[cell] = 1;
    }

    /// Adds all values of another histogram.
    pub fn merge(&mut self, other: &Self) {
        let (Some(min), Some(max)) = (other.min(), other.max()) else {
            return;
        };
        self.widen(min, max);
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.sum += other.sum;
    }

    /// How many values were counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Whether no value was counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The exact sum of the values.
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// The least value, or `None` of an empty histogram.
    pub fn min(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.min)
    }

    /// The greatest value, or `None` of an empty histogram.
    pub fn max(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.max)
    }

    /// The mean, from the exact sum; `None` of an empty histogram.
    pub fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.sum as f64 / self.total() as f64)
    }

    /// The `q`-quantile: the middle of the cell that holds the value of rank `ceil(q * total)`, held inside
    /// the observed range. `None` of an empty histogram. Panics unless `q` is in [0, 1].
    pub fn quantile(&self, q: f64) -> Option<u64> {
        assert!((0.0..=1.0).contains(&q), "a quantile is asked between 0 and 1");
        let total = self.total();
        let rank = ((q * total as f64).ceil() as u64).clamp(1, total.max(1));
        let mut below = 0;
        for (cell, &count) in self.counts.iter().enumerate() {
            below += count;
            if below >= rank {
                let (least, width) = extent_of(cell);
                return Some((least + (width - 1) / 2).clamp(self.min, self.max));
            }
        }
        None
    }

    /// The occupied cells in ascending order: (least value, width, count). For tables and plots.
    pub fn cells(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        let occupied = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        occupied.map(|(cell, &count)| {
            let (least, width) = extent_of(cell);
            (least, width, count)
        })
    }

    /// The counts by cell, without trailing empty octaves: with sum, minimum and maximum, all there is to
    /// write down. The cell numbering is the layout in the module's description.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// A histogram written down earlier. `min` and `max` are ignored if every count is zero.
    pub fn from_parts(counts: Vec<u64>, sum: u128, min: u64, max: u64) -> Self {
        if counts.iter().all(|&count| count == 0) {
            return Self::new();
        }
        Self {
            counts,
            sum,
            min,
            max: max.max(min),
            near: Near::between(min, max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::StreamKey;

    #[test]
    fn every_value_lies_in_its_cell_and_cells_are_narrow() {
        let key = StreamKey::from_raw(61);
        let random = (0..100_000).map(|i| key.draw(i, 0) >> (i % 64));
        for value in random.chain(0..2_000).chain([u64::MAX, 1 << 63, (1 << 63) - 1]) {
            let (least, width) = extent_of(cell_of(value));
            assert!(
                least <= value && value - least < width,
                "{value} is not in {least} + {width}"
            );
            assert!(width == 1 || (width as f64) <= least as f64 / 128.0);
        }
        assert!((1..10_000).all(|v| cell_of(v) == cell_of(v - 1) || cell_of(v) == cell_of(v - 1) + 1));
        for bits in 1..64 {
            for value in [(1 << bits) - 1, 1 << bits, (1 << bits) + 1] {
                assert!(
                    value < 128 || value >> 53 > 0 || cell_of(value) == Near::cell_of(value),
                    "{value}"
                );
            }
        }
    }

    #[test]
    fn the_range_is_that_of_the_values_whatever_they_are_and_in_which_order_they_come() {
        for values in [vec![0], vec![u64::MAX], vec![5, 3, 9, 3], vec![u64::MAX, 0, 7]] {
            let mut histogram = LogHistogram::new();
            assert!(histogram.is_empty() && histogram.min().is_none() && histogram.max().is_none());
            values.iter().for_each(|&value| histogram.record(value));
            let range = (values.iter().min().copied(), values.iter().max().copied());
            assert_eq!((histogram.min(), histogram.max()), range);
            assert_eq!(histogram.total(), values.len() as u64);
            let mut merged = LogHistogram::new();
            merged.merge(&LogHistogram::new());
            merged.merge(&histogram);
            merged.merge(&LogHistogram::new());
            assert_eq!(merged, histogram);
        }
    }

    #[test]
    fn quantiles_are_within_one_percent_and_the_mean_is_exact() {
        let mut histogram = LogHistogram::new();
        (1..=1_000_000_u64)
            .rev()
            .for_each(|value| histogram.record(value));
        for (q, exact) in [(0.0, 1.0), (0.01, 1e4), (0.5, 5e5), (0.95, 9.5e5), (1.0, 1e6)] {
            let seen = histogram.quantile(q).unwrap() as f64;
            assert!((seen / exact - 1.0).abs() < 0.004, "{q}: {seen}");
        }
        assert_eq!(histogram.mean(), Some(500_000.5));
        assert_eq!(
            (histogram.min(), histogram.max(), histogram.total()),
            (Some(1), Some(1_000_000), 1_000_000)
        );
    }

    #[test]
    fn merging_is_recording_together() {
        let (mut a, mut b, mut both) = (LogHistogram::new(), LogHistogram::new(), LogHistogram::new());
        for i in 0..1_000_u64 {
            let value = i * i * i;
            both.record(value);
            if i % 3 == 0 {
                a.record(value)
            } else {
                b.record(value)
            }
        }
        a.merge(&b);
        assert_eq!(a, both);
        assert_eq!(both.cells().map(|(_, _, count)| count).sum::<u64>(), 1_000);
        let copy = LogHistogram::from_parts(both.counts().to_vec(), both.sum(), 0, 999 * 999 * 999);
        assert_eq!(copy, both);
    }

    #[test]
    fn an_empty_histogram_knows_nothing() {
        let mut empty = LogHistogram::new();
        assert_eq!(
            (empty.mean(), empty.quantile(0.5), empty.min()),
            (None, None, None)
        );
        empty.merge(&LogHistogram::new());
        assert_eq!(empty, LogHistogram::from_parts(vec![0; 128], 0, 7, 9));
    }
}
