//! Comparisons of the launch rule and of the quick test: no logarithm, no square root, no rounding.
//!
//! Invariant: the answers are those of exact arithmetic, so a score of exactly one is not above one.

use crate::units::{Decimal, Fraction};
use num_bigint::BigUint;

/// Half of 3 + √5, in parts of 10^18: the smallest np for which one failure is within one deviation.
const RAMP_UP_MEAN: u128 = 2_618_033_988_749_894_848;
/// Up to here the quick-failure streak is found by exact multiplication, above it by logarithms.
const STREAK_EXACT_MAX: u32 = 512;

/// The answers a newcomer has to give before the z-test speaks.
///
/// ```text
/// min(⌈((3 + √5)/2)/p⌉, cap)
/// ```
///
/// From |1 - np| <= √(np(1-p)): one failure shall not be a deviation of its own.
#[must_use]
pub fn compute_measurements_needed(rate: Fraction, cap: u32) -> u32 {
    if rate.is_zero() {
        return cap;
    }
    let needed = RAMP_UP_MEAN.div_ceil(u128::from(rate.parts()));
    u32::try_from(needed).map_or(cap, |needed| needed.min(cap))
}

/// The shortest run of failures less likely than the threshold: the least N with p^N < threshold.
///
/// `None` when no run is, or the threshold is zero.
#[must_use]
pub fn compute_convicting_streak(rate: Fraction, threshold: Fraction) -> Option<u32> {
    if threshold.is_zero() || rate == Fraction::ONE {
        return None;
    }
    // p^N < t, both in parts of S, is parts(p)^N < parts(t)·S^(N-1).
    let mut power = BigUint::from(1u32);
    let mut bound = BigUint::from(threshold.parts());
    for streak in 1..=STREAK_EXACT_MAX {
        power *= rate.parts();
        if power < bound {
            return Some(streak);
        }
        bound *= Fraction::ONE.parts();
    }
    let ratio = Decimal::from(threshold).ln() / Decimal::from(rate).ln();
    u32::try_from(ratio.floor() + 1).ok()
}

/// Whether the failed share lies strictly more than `deviations` standard deviations above the rate.
///
/// ```text
/// (I/n - p)/√(p(1-p)/n) > z    ⇔    I > np  and  (I - np)² > z²·n·p(1-p)
/// ```
///
/// Never without observations, nor for a rate of zero or one, which have no deviation.
#[must_use]
pub fn is_above_deviations(rate: Fraction, validated: u32, invalidated: u32, deviations: u32) -> bool {
    is_above_deviations_of(rate.lowest_terms(), validated, invalidated, deviations)
}

/// The same for a rate `p/d`, multiplied by d²: `(I·d - n·p)² > z²·n·p·(d - p)`.
pub(super) fn is_above_deviations_of(
    (p, d): (u64, u64),
    validated: u32,
    invalidated: u32,
    deviations: u32,
) -> bool {
    let judged = u128::from(validated) + u128::from(invalidated);
    let observed = u128::from(invalidated) * u128::from(d);
    let expected = judged * u128::from(p);
    if judged == 0 || p == 0 || p == d || observed <= expected {
        return false;
    }
    let excess = observed - expected;
    let variance = u128::from(p) * u128::from(d - p);
    let squared_deviations = u128::from(deviations) * u128::from(deviations);
    let left = excess.checked_mul(excess);
    let right = variance
        .checked_mul(judged)
        .and_then(|product| product.checked_mul(squared_deviations));
    match (left, right) {
        (Some(left), Some(right)) => left > right,
        _ => BigUint::from(excess) * excess > BigUint::from(variance) * judged * squared_deviations,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strict_threshold_is_not_reached_by_equality() {
        let one_in_a_million = Fraction::from_parts(1_000_000_000_000);
        assert_eq!(
            compute_convicting_streak(Fraction::from_percent(5), one_in_a_million),
            Some(5)
        );
        assert_eq!(
            compute_convicting_streak(Fraction::from_percent(1), one_in_a_million),
            Some(4)
        );
        assert_eq!(
            compute_convicting_streak(Fraction::from_percent(5), Fraction::ZERO),
            None
        );
        assert_eq!(compute_convicting_streak(Fraction::ONE, one_in_a_million), None);
        assert_eq!(
            compute_convicting_streak(Fraction::ZERO, one_in_a_million),
            Some(1)
        );
        // 0.99^N < 1e-6 needs N > 1374.6.
        assert_eq!(
            compute_convicting_streak(Fraction::from_percent(99), one_in_a_million),
            Some(1_375)
        );
    }

    #[test]
    fn a_deviation_of_exactly_one_is_no_conviction() {
        // n = 16, p = 1/2: mean 8, deviation 2.
        let half = Fraction::from_percent(50);
        assert!(!is_above_deviations(half, 6, 10, 1));
        assert!(is_above_deviations(half, 5, 11, 1));
        assert!(!is_above_deviations(half, 5, 11, 2));
    }

    #[test]
    fn big_counts_take_the_same_side_as_small_ones() {
        // A rate with no short form forces the wide comparison.
        let odd = Fraction::from_parts(50_000_000_000_000_001);
        for n in [100u32, 10_000, 1_000_000, 1_000_000_000] {
            assert!(!is_above_deviations(odd, n / 20 * 19, n / 20, 1));
            assert!(is_above_deviations(odd, n / 10 * 9, n / 10, 1));
        }
    }
}
