//! Laws on 32-bit integers, drawn by table: token counts, service times, delays, scores in fixed point.
//!
//! **Invariant.** At the 4,097 nodes the table holds the law's own quantiles, rounded; between nodes it is a
//! straight line, rounded to the nearest integer. So the distance between the two distribution functions
//! (Kolmogorov-Smirnov) is below 1/4096 for every law, and far smaller for a smooth one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::normal::normal_quantile;

const CELLS: usize = 4_096;
const TAIL_CELLS: usize = 256;
const TAIL_LEVELS: usize = 3;
/// The 95th percentile of the standard normal law.
const NORMAL_P95: f64 = 1.644_853_626_951_472_7;

/// Lognormal laws whose tables are remembered: a sweep asks for the same few in each of its cells, and a table costs five
/// thousand exponentials. The oldest is forgotten first.
const REMEMBERED: usize = 64;
static LOGNORMAL: Mutex<VecDeque<([u64; 2], QuantileTable)>> = Mutex::new(VecDeque::new());

/// A law on `u32`, sampled from one uniform word by inverse distribution function.
///
/// The upper tail is refined three times: the last cell is divided into 256, the last of these again, and
/// once more, so that quantiles up to `1 - 2^-36` have nodes of their own. The largest value is the
/// `1 - 2^-37` quantile. Straight lines under a convex quantile function lift the mean of a lognormal law by
/// less than 6e-4 of itself for sigma up to 1.5 (tested).
///
/// A clone shares the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantileTable {
    nodes: Arc<[u32; CELLS + 1]>,
    tail: Arc<[[u32; TAIL_CELLS + 1]; TAIL_LEVELS]>,
}

/// The point `fraction / 2^32` of the way from `low` to `high`, rounded to nearest.
#[inline(always)]
fn between(low: u32, high: u32, fraction: u32) -> u32 {
    let rise = u64::from(high - low) * u64::from(fraction) + (1 << 31);
    low + (rise >> 32) as u32
}

/// Rounds to the nearest `u32`, saturating at both ends.
fn to_node(value: f64) -> u32 {
    (value + 0.5) as u32
}

impl QuantileTable {
    /// The law whose `p`-quantile is `quantile(p)`, asked at `p` from 0 to `1 - 2^-37`, rounded to integers
    /// and clamped to the range of `u32`. Where the function falls (by rounding) the node is held up.
    pub fn from_quantile_fn(quantile: impl Fn(f64) -> f64) -> Self {
        let mut floor = 0;
        let mut node = |p: f64| {
            floor = floor.max(to_node(quantile(p)));
            floor
        };
        let mut nodes: Box<[u32; CELLS + 1]> = vec![0; CELLS + 1].try_into().expect("the length is given");
        for (i, slot) in nodes.iter_mut().take(CELLS).enumerate() {
            *slot = node(i as f64 / CELLS as f64);
        }
        let mut tail = Box::new([[0; TAIL_CELLS + 1]; TAIL_LEVELS]);
        let mut width = 1.0 / CELLS as f64;
        for level in tail.iter_mut() {
            for (i, slot) in level.iter_mut().take(TAIL_CELLS).enumerate() {
                *slot = node(1.0 - width * (1.0 - i as f64 / TAIL_CELLS as f64));
            }
            width /= TAIL_CELLS as f64;
        }
        let last = node(1.0 - width / 2.0);
        nodes[CELLS] = last;
        tail.iter_mut().for_each(|level| level[TAIL_CELLS] = last);
        Self {
            nodes: nodes.into(),
            tail: tail.into(),
        }
    }

    /// The lognormal law with this median and 95th percentile. Panics unless `0 < median <= p95`.
    pub fn lognormal(median: f64, p95: f64) -> Self {
        assert!(
            median > 0.0 && p95 >= median,
            "a lognormal law needs 0 < median <= 95th percentile"
        );
        Self::lognormal_of(libm::log(median), libm::log(p95 / median) / NORMAL_P95)
    }

    /// The lognormal law with this mean and this standard deviation of its logarithm. Panics unless
    /// `mean > 0` and `sigma >= 0`.
    pub fn lognormal_mean_sigma(mean: f64, sigma: f64) -> Self {
        assert!(
            mean > 0.0 && sigma >= 0.0,
            "a lognormal law needs a mean above zero and a sigma not below"
        );
        Self::lognormal_of(libm::log(mean) - sigma * sigma / 2.0, sigma)
    }

    fn lognormal_of(mu: f64, sigma: f64) -> Self {
        if sigma == 0.0 {
            return Self::constant(to_node(libm::exp(mu)));
        }
        let law = [mu.to_bits(), sigma.to_bits()];
        let made = || LOGNORMAL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, table)) = made().iter().find(|(known, _)| *known == law) {
            return table.clone();
        }
        // The law starts at zero, which is no length or time; the table starts at its 2^-14 quantile.
        let table =
            Self::from_quantile_fn(|p| libm::exp(mu + sigma * normal_quantile(p.max(1.0 / 16_384.0))));
        let mut made = made();
        made.truncate(REMEMBERED - 1);
        made.push_front((law, table.clone()));
        table
    }

    /// The law of an observed sample: order statistics at equal steps, straight lines between them (so
    /// values between two observed ones occur). Panics on an empty sample.
    pub fn empirical(sample: &[u32]) -> Self {
        assert!(
            !sample.is_empty(),
            "an empirical law needs at least one observation"
        );
        let mut sorted = sample.to_vec();
        sorted.sort_unstable();
        let last = sorted.len() - 1;
        Self::from_quantile_fn(|p| {
            let place = p * last as f64;
            let below = (place as usize).min(last);
            let above = (below + 1).min(last);
            let step = f64::from(sorted[above]) - f64::from(sorted[below]);
            f64::from(sorted[below]) + step * (place - below as f64)
        })
    }

    /// Always `value`.
    pub fn constant(value: u32) -> Self {
        Self::from_quantile_fn(|_| f64::from(value))
    }

    /// The integers from `low` to `high`, both included, evenly, to within 1/4096 each. Panics if
    /// `low > high`.
    pub fn uniform(low: u32, high: u32) -> Self {
        assert!(
            low <= high,
            "a uniform law needs its lower end not above its upper end"
        );
        let (from, width) = (f64::from(low) - 0.5, f64::from(high - low) + 1.0);
        Self::from_quantile_fn(|p| (from + width * p).clamp(f64::from(low), f64::from(high)))
    }

    /// A value from 64 uniform bits: 12 choose the cell, 32 the place in it.
    #[inline(always)]
    pub fn sample(&self, word: u64) -> u32 {
        let cell = (word >> 52) as usize;
        if cell == CELLS - 1 {
            return self.sample_tail(word << 12);
        }
        between(self.nodes[cell], self.nodes[cell + 1], (word >> 20) as u32)
    }

    /// A value from 32 uniform bits, where a word is to serve twice. Resolution 2^-32.
    #[inline(always)]
    pub fn sample32(&self, word: u32) -> u32 {
        self.sample(u64::from(word) << 32)
    }

    /// [`sample32`](Self::sample32) of each of the words, which are looked up side by side.
    #[inline(always)]
    pub fn sample32_each<const N: usize>(&self, words: &[u32; N], out: &mut [u32; N]) {
        let nodes = &*self.nodes;
        let mut greatest = 0;
        for (&word, out) in words.iter().zip(&mut *out) {
            let cell = (word >> 20) as usize;
            *out = between(nodes[cell], nodes[cell + 1], word << 12);
            greatest = word.max(greatest);
        }
        // The tail is seldom asked for, and then for one of them.
        if (greatest >> 20) as usize == CELLS - 1 {
            for (&word, out) in words.iter().zip(out) {
                *out = self.sample32(word);
            }
        }
    }

    #[cold]
    fn sample_tail(&self, mut word: u64) -> u32 {
        for (depth, level) in self.tail.iter().enumerate() {
            let cell = (word >> 56) as usize;
            if cell < TAIL_CELLS - 1 || depth == TAIL_LEVELS - 1 {
                return between(level[cell], level[cell + 1], (word >> 24) as u32);
            }
            word <<= 8;
        }
        unreachable!("the last level takes every word")
    }

    /// The smallest and the largest value that can be drawn.
    pub fn range(&self) -> (u32, u32) {
        (self.nodes[0], self.nodes[CELLS])
    }

    /// The exact mean of the table's law, rounding apart: to within 0.5, and usually far better.
    pub fn mean(&self) -> f64 {
        let middle = |pair: &[u32]| (f64::from(pair[0]) + f64::from(pair[1])) / 2.0;
        let mut mean = self.nodes[..CELLS].windows(2).map(middle).sum::<f64>() / CELLS as f64;
        let mut width = 1.0 / CELLS as f64;
        for (depth, level) in self.tail.iter().enumerate() {
            width /= TAIL_CELLS as f64;
            let inner = TAIL_CELLS + usize::from(depth == TAIL_LEVELS - 1);
            mean += level[..inner].windows(2).map(middle).sum::<f64>() * width;
        }
        mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::StreamKey;

    fn lognormal_cdf(x: f64, mu: f64, sigma: f64) -> f64 {
        if x <= 0.0 {
            0.0
        } else {
            0.5 * libm::erfc((mu - libm::log(x)) / (sigma * std::f64::consts::SQRT_2))
        }
    }

    /// The distance in probability between a word and what the exact law calls the value drawn from it,
    /// over a million evenly spaced words: rounding may explain half a unit of the value, no more.
    fn distance(table: &QuantileTable, cdf: impl Fn(f64) -> f64) -> f64 {
        let mut worst: f64 = 0.0;
        for step in 0..1_000_000_u64 {
            let p = (step as f64 + 0.5) / 1e6;
            let value = f64::from(table.sample((p * 18_446_744_073_709_551_616.0) as u64));
            worst = worst.max(cdf(value - 0.5) - p).max(p - cdf(value + 0.5));
        }
        worst
    }

    #[test]
    fn a_law_that_is_asked_for_again_is_the_table_that_was_made_and_many_others_change_nothing() {
        let first = QuantileTable::lognormal(311.0, 2_117.0);
        let again = QuantileTable::lognormal(311.0, 2_117.0);
        assert!(Arc::ptr_eq(&first.nodes, &again.nodes));
        for other in 0..2 * REMEMBERED as u32 {
            QuantileTable::lognormal(500.0 + f64::from(other), 2_117.0);
        }
        let anew = QuantileTable::lognormal(311.0, 2_117.0);
        assert!(!Arc::ptr_eq(&first.nodes, &anew.nodes));
        assert_eq!(first, anew);
        assert!(LOGNORMAL.lock().unwrap().len() <= REMEMBERED);
    }

    #[test]
    fn a_lognormal_table_stays_within_its_error_bound() {
        for (median, p95) in [(200.0, 1_500.0), (40.0, 90.0), (3.0e6, 9.0e6), (2.0, 30.0)] {
            let sigma = libm::log(p95 / median) / NORMAL_P95;
            let table = QuantileTable::lognormal(median, p95);
            let worst = distance(&table, |x| lognormal_cdf(x, libm::log(median), sigma));
            assert!(worst < 1.0 / 4_096.0, "median {median}, p95 {p95}: {worst}");
            assert_eq!(table.sample(1 << 63), median as u32);
        }
        let table = QuantileTable::lognormal(3.0e6, 9.0e6);
        let sigma = libm::log(3.0) / NORMAL_P95;
        let worst = distance(&table, |x| lognormal_cdf(x, libm::log(3.0e6), sigma));
        assert!(worst < 6.2e-5, "{worst}");
    }

    #[test]
    fn a_mean_asked_for_is_the_mean_got() {
        for sigma in [0.0, 0.3, 1.0, 1.5] {
            let table = QuantileTable::lognormal_mean_sigma(50_000.0, sigma);
            let error = table.mean() / 50_000.0 - 1.0;
            assert!(error.abs() < 6e-4, "sigma {sigma}: the mean is off by {error}");
        }
    }

    /// 1,000,000 draws with sd 1.31 means: the standard error is 0.0013, 6 of them are allowed (2e-9).
    #[test]
    fn the_mean_of_draws_is_the_mean_of_the_table() {
        let table = QuantileTable::lognormal_mean_sigma(50_000.0, 1.0);
        let key = StreamKey::from_raw(17);
        let mean = (0..1_000_000)
            .map(|i| f64::from(table.sample(key.draw(i, 0))))
            .sum::<f64>()
            / 1e6;
        assert!(
            (mean / table.mean() - 1.0).abs() < 6.0 * 0.00132,
            "{mean} against {}",
            table.mean()
        );
    }

    #[test]
    fn the_far_tail_has_its_own_quantiles() {
        let table = QuantileTable::lognormal_mean_sigma(50_000.0, 1.0);
        let mu = libm::log(50_000.0) - 0.5;
        for bits in [13, 16, 20, 24, 28, 32, 35] {
            let tail = 1.0 / (1_u64 << bits) as f64;
            let drawn = f64::from(table.sample(((1_u64 << (64 - bits)) - 1).wrapping_neg()));
            let exact = libm::exp(mu - normal_quantile(tail));
            assert!(
                (drawn / exact - 1.0).abs() < 2e-3,
                "2^-{bits}: {drawn} against {exact}"
            );
        }
        assert_eq!(table.sample(u64::MAX), table.range().1);
    }

    #[test]
    fn draws_never_fall_as_the_word_rises() {
        let table = QuantileTable::lognormal(200.0, 1_500.0);
        let steps = (0..=u16::MAX)
            .map(|i| u64::from(i) << 48)
            .chain((0..64).map(|k| !(u64::MAX >> 1 >> k)));
        let mut last = 0;
        for word in steps {
            assert!(table.sample(word) >= last || word == 1 << 63);
            last = table.sample(word);
        }
    }

    #[test]
    fn plain_laws_are_what_they_say() {
        let constant = QuantileTable::constant(77);
        assert!(
            [0, 1 << 63, u64::MAX]
                .iter()
                .all(|&word| constant.sample(word) == 77)
        );
        let uniform = QuantileTable::uniform(10, 13);
        let mut counts = [0_u32; 4];
        for step in 0..40_960_u64 {
            counts[(uniform.sample(step * (u64::MAX / 40_960)) - 10) as usize] += 1;
        }
        assert!(
            counts.iter().all(|&count| count.abs_diff(10_240) <= 10),
            "{counts:?}"
        );
        let empirical = QuantileTable::empirical(&[30, 10, 20]);
        assert_eq!(
            [0, 1 << 62, 1 << 63, u64::MAX].map(|word| empirical.sample(word)),
            [10, 15, 20, 30]
        );
        assert_eq!(QuantileTable::empirical(&[5]).range(), (5, 5));
        for word in (0..=u32::MAX).step_by(65_521).chain([u32::MAX - 1, u32::MAX]) {
            assert_eq!(uniform.sample32(word), uniform.sample(u64::from(word) << 32));
        }
    }

    #[test]
    fn words_that_are_looked_up_side_by_side_give_what_each_gives() {
        let table = QuantileTable::lognormal(200.0, 1_500.0);
        let key = StreamKey::from_raw(2);
        let mut words = [0; 64];
        for (at, word) in (0..).zip(&mut words) {
            *word = key.draw(at, 0) as u32;
        }
        // Of the middle alone, then with both ends of the last cell.
        for last in [0, 0xFFF0_0000, u32::MAX] {
            words[7] = last;
            let mut out = [0; 64];
            table.sample32_each(&words, &mut out);
            assert_eq!(out, words.map(|word| table.sample32(word)));
        }
    }

    #[test]
    fn values_are_pinned() {
        let table = QuantileTable::lognormal(200.0, 1_500.0);
        let key = StreamKey::from_raw(1);
        let drawn: Vec<u32> = (0..8).map(|i| table.sample(key.draw(i, 0))).collect();
        assert_eq!(drawn, [2866, 148, 200, 110, 108, 127, 507, 753]);
        assert_eq!(table.range(), (2, 782_078));
    }
}
