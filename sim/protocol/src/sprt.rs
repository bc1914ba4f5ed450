//! Wald's sequential probability ratio test, as the network runs it: a sum of logarithms against one
//! upper threshold.
//!
//! ```text
//! L = f·ln(p1/p0) + s·ln((1-p1)/(1-p0))     flagged when L >= H
//! ```
//!
//! Invariant: steps and thresholds are integers of 10^-12, so the hot path adds and compares. A sum
//! that would leave 64 bits stays at the end of the range. Reference: gonka-ai/gonka
//! x/inference/calculations/sprt.go. Page: docs/spec/status.md.

use crate::units::{Decimal, Fraction};

/// Parts of a [`Decimal`] in one step unit.
const PARTS_PER_UNIT: i128 = 1_000_000;

/// The two hypotheses and the threshold of one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SprtParams {
    /// The failure rate of a good participant.
    pub p0: Fraction,
    /// The failure rate of a bad participant.
    pub p1: Fraction,
    /// The log-likelihood ratio at which a participant counts as bad.
    pub h: Decimal,
}

/// A rate of zero or one, whose logarithm does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("both rates of a sequential test lie strictly between 0 and 1, not {p0} and {p1}")]
pub struct SprtError {
    /// The good rate given.
    pub p0: Fraction,
    /// The bad rate given.
    pub p1: Fraction,
}

/// A test with its logarithms worked out, in units of 10^-12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sprt {
    step_failure: i64,
    step_pass: i64,
    threshold: i64,
    floor: i64,
}

impl Sprt {
    /// The test of these parameters; with a floor, the sum never falls below it.
    ///
    /// The network has no floor, so passes bank credit. A floor of zero is Page's CUSUM.
    ///
    /// # Errors
    /// When a rate is zero or one.
    pub fn new(params: &SprtParams, floor: Option<Decimal>) -> Result<Self, SprtError> {
        let SprtParams { p0, p1, h } = *params;
        let is_inside = |rate: Fraction| rate > Fraction::ZERO && rate < Fraction::ONE;
        if !is_inside(p0) || !is_inside(p1) {
            return Err(SprtError { p0, p1 });
        }
        Ok(Self {
            step_failure: to_units(compute_log_ratio(p1, p0)),
            step_pass: to_units(compute_log_ratio(p1.complement(), p0.complement())),
            threshold: to_units(h),
            floor: floor.map_or(i64::MIN, to_units),
        })
    }

    /// What a failure adds, in 10^-12.
    #[must_use]
    pub const fn step_failure(&self) -> i64 {
        self.step_failure
    }

    /// What a pass adds, in 10^-12; negative in a test that can tell good from bad.
    #[must_use]
    pub const fn step_pass(&self) -> i64 {
        self.step_pass
    }

    /// The sum after a failure.
    #[must_use]
    pub const fn after_failure(&self, llr: i64) -> i64 {
        self.raise_to_floor(llr.saturating_add(self.step_failure))
    }

    /// The sum after a pass.
    #[must_use]
    pub const fn after_pass(&self, llr: i64) -> i64 {
        self.raise_to_floor(llr.saturating_add(self.step_pass))
    }

    /// The sum after `times` passes. A sum that meets the floor with the first pass stays there where passes lower it,
    /// and one that rises meets it with the first alone.
    #[must_use]
    pub const fn after_passes(&self, llr: i64, times: u32) -> i64 {
        if times == 0 {
            return llr;
        }
        let others = self.step_pass.saturating_mul(times as i64 - 1);
        self.raise_to_floor(self.after_pass(llr).saturating_add(others))
    }

    /// Whether this sum condemns.
    #[must_use]
    pub const fn is_condemned(&self, llr: i64) -> bool {
        llr >= self.threshold
    }

    /// Whether this sum clears: the network computes it and does nothing with it.
    #[must_use]
    pub const fn is_cleared(&self, llr: i64) -> bool {
        llr <= self.threshold.saturating_neg()
    }

    const fn raise_to_floor(&self, llr: i64) -> i64 {
        if llr < self.floor { self.floor } else { llr }
    }

    /// The smallest number of failures among `judged` answers that condemns without a floor.
    ///
    /// ```text
    /// f = ⌈(H - n·b)/(a - b)⌉      a: step of a failure, b: of a pass
    /// ```
    ///
    /// `None` when even `judged` failures do not.
    #[must_use]
    pub fn compute_failures_to_condemn(&self, judged: u64) -> Option<u64> {
        let (a, b) = (i128::from(self.step_failure), i128::from(self.step_pass));
        let missing = i128::from(self.threshold) - i128::from(judged) * b;
        if missing <= 0 {
            return Some(0);
        }
        let spread = a - b;
        if spread <= 0 {
            return None;
        }
        let failures = u64::try_from((missing + spread - 1) / spread).ok()?;
        (failures <= judged).then_some(failures)
    }

    /// The failure rate at which the sum has no drift: a steadier cheat below it is never condemned
    /// but by chance.
    ///
    /// ```text
    /// -b/(a - b)
    /// ```
    ///
    /// `None` in a test whose hypotheses are the same.
    #[must_use]
    pub fn compute_zero_drift_rate(&self) -> Option<Fraction> {
        let spread = i128::from(self.step_failure) - i128::from(self.step_pass);
        if spread == 0 {
            return None;
        }
        Some(Decimal::from_ratio(-i128::from(self.step_pass), spread).clamp_to_fraction())
    }
}

fn compute_log_ratio(numerator: Fraction, denominator: Fraction) -> Decimal {
    (Decimal::from(numerator) / Decimal::from(denominator)).ln()
}

/// To the nearest 10^-12; a threshold beyond the range becomes its end, which is never reached by a
/// sum that starts at zero and has room for millions of failures.
fn to_units(value: Decimal) -> i64 {
    let half = PARTS_PER_UNIT / 2 * value.parts().signum();
    let units = (value.parts() + half) / PARTS_PER_UNIT;
    units.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sprt(p0: u32, p1: u32, h: i64, floor: Option<Decimal>) -> Sprt {
        let (p0, p1) = (Fraction::from_percent(p0), Fraction::from_percent(p1));
        Sprt::new(
            &SprtParams {
                p0,
                p1,
                h: Decimal::from_integer(h),
            },
            floor,
        )
        .unwrap()
    }

    #[test]
    fn the_failures_that_condemn_are_the_first_to_reach_the_threshold() {
        let test = sprt(5, 18, 40, None);
        for judged in [32u64, 50, 360, 1_650] {
            let llr = |failures: u64| {
                let passed = (0..judged - failures).fold(0, |llr, _| test.after_pass(llr));
                (0..failures).fold(passed, |llr, _| test.after_failure(llr))
            };
            let failures = test.compute_failures_to_condemn(judged).unwrap();
            assert!(test.is_condemned(llr(failures)) && !test.is_condemned(llr(failures - 1)));
        }
        assert_eq!(test.compute_failures_to_condemn(31), None);
    }

    #[test]
    fn a_floor_takes_the_credit_of_the_past_away() {
        let (open, floored) = (sprt(5, 20, 4, None), sprt(5, 20, 4, Some(Decimal::ZERO)));
        let failures_after_passes = |test: &Sprt| {
            let mut llr = (0..1_000).fold(0, |llr, _| test.after_pass(llr));
            let mut failures = 0;
            while !test.is_condemned(llr) {
                llr = test.after_failure(llr);
                failures += 1;
            }
            failures
        };
        assert_eq!(failures_after_passes(&open), 127);
        assert_eq!(failures_after_passes(&floored), 3);
    }

    #[test]
    fn many_passes_at_once_are_as_many_passes() {
        for floor in [None, Some(Decimal::ZERO), Some(Decimal::from_integer(-3))] {
            // In the last, passes speak for the bad hypothesis.
            for test in [
                sprt(5, 20, 4, floor),
                sprt(98, 99, 100, floor),
                sprt(20, 5, 4, floor),
            ] {
                for start in [-40_000_000_000_000, -1, 0, 2_500_000_000_000] {
                    let mut one_by_one = start;
                    for times in 0..60 {
                        assert_eq!(
                            test.after_passes(start, times),
                            one_by_one,
                            "{floor:?} {start} {times}"
                        );
                        one_by_one = test.after_pass(one_by_one);
                    }
                }
            }
        }
    }

    #[test]
    fn a_test_of_equal_hypotheses_never_moves() {
        let test = sprt(99, 99, 1_000_000_000, None);
        assert_eq!((test.step_failure(), test.step_pass()), (0, 0));
        assert_eq!(test.compute_zero_drift_rate(), None);
        assert_eq!(test.compute_failures_to_condemn(1_000_000), None);
    }

    #[test]
    fn a_rate_without_a_logarithm_is_refused() {
        let h = Decimal::from_integer(4);
        for (p0, p1) in [(0, 20), (5, 0), (100, 20), (5, 100)] {
            let params = SprtParams {
                p0: Fraction::from_percent(p0),
                p1: Fraction::from_percent(p1),
                h,
            };
            assert!(Sprt::new(&params, None).is_err());
        }
    }

    #[test]
    fn a_sum_at_the_end_of_the_range_stays_there() {
        let test = sprt(5, 20, 4, None);
        assert_eq!(test.after_failure(i64::MAX), i64::MAX);
        assert_eq!(test.after_pass(i64::MIN), i64::MIN);
    }
}
