//! An e-process for failed checks: a test that may be looked at after every check.
//!
//! ```text
//! E(f, s) = (1/K)·Σ_k (p_k/p0)^f·((1-p_k)/(1-p0))^s        convicts when E >= 1/level
//! ```
//!
//! f, s: failed and passed checks of the epoch; p_k: bad rates above p0. Under a true failure rate of at most
//! p0, E is a supermartingale that starts at one, so that it ever reaches 1/level with a chance of at most
//! `level` (Ville 1939). Invariant: the decision depends on the counts alone, not on their order. Reference:
//! Ramdas, Gruenwald, Vovk, Shafer 2023; Waudby-Smith and Ramdas, arXiv 2010.09686.

use crate::sprt::{Sprt, SprtParams};
use crate::units::{Decimal, Fraction};

/// Bad rates that the mixture bets on; those at or below the good rate are left out.
const BAD_RATES_PERCENT: [u32; 5] = [10, 20, 35, 60, 90];
/// Parts of a [`Decimal`] in 10^-12, the unit of a sequential test's steps.
const PARTS_PER_UNIT: i128 = 1_000_000;

/// The test, with its logarithms taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EProcess {
    /// What a failure and a pass add to the logarithm of each bet, 10^-12.
    bets: [(i64, i64); BAD_RATES_PERCENT.len()],
    count: usize,
    /// Number of bets over the level.
    threshold: Decimal,
    /// Its logarithm, 10^-12.
    log_threshold: i64,
}

impl EProcess {
    /// The test of a good rate at a level; a level of zero convicts nobody.
    #[must_use]
    pub fn new(p0: Fraction, level: Fraction) -> Self {
        let mut bets = [(0, 0); BAD_RATES_PERCENT.len()];
        let mut count = 0;
        for percent in BAD_RATES_PERCENT {
            let params = SprtParams {
                p0,
                p1: Fraction::from_percent(percent),
                h: Decimal::ONE,
            };
            if params.p1 <= p0 {
                continue;
            }
            if let Ok(bet) = Sprt::new(&params, None) {
                bets[count] = (bet.step_failure(), bet.step_pass());
                count += 1;
            }
        }
        let is_usable = level > Fraction::ZERO && count > 0;
        let threshold = if is_usable {
            let one = i128::from(Fraction::ONE.parts());
            Decimal::from_ratio(count as i128 * one, i128::from(level.parts()))
        } else {
            Decimal::ZERO
        };
        Self {
            bets,
            count: if is_usable { count } else { 0 },
            threshold,
            log_threshold: if is_usable {
                to_units(threshold.ln())
            } else {
                i64::MAX
            },
        }
    }

    /// Whether so many passed and failed checks condemn.
    #[must_use]
    pub fn is_condemned(&self, passed: u32, failed: u32) -> bool {
        let bets = &self.bets[..self.count];
        let logs = bets.iter().map(|&(failure, pass)| {
            i128::from(failure) * i128::from(failed) + i128::from(pass) * i128::from(passed)
        });
        let mut wealth = Decimal::ZERO;
        for log in logs {
            if log >= i128::from(self.log_threshold) {
                return true;
            }
            // Below e^-40 a bet adds less than the last digit of a decimal.
            if log > -40 * 1_000_000_000_000 {
                wealth = wealth + Decimal::from_parts(log * PARTS_PER_UNIT).exp();
            }
        }
        self.count > 0 && wealth >= self.threshold
    }
}

fn to_units(log: Decimal) -> i64 {
    i64::try_from(log.parts() / PARTS_PER_UNIT).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(level_percent: u32) -> EProcess {
        EProcess::new(Fraction::from_percent(5), Fraction::from_percent(level_percent))
    }

    /// The fewest failures in a row that condemn.
    fn streak(level_permille: u32) -> u32 {
        let test = EProcess::new(Fraction::from_percent(5), Fraction::from_permille(level_permille));
        (1..100).find(|&failed| test.is_condemned(0, failed)).unwrap()
    }

    #[test]
    fn a_smaller_level_asks_for_more_evidence() {
        // A failure multiplies the bets by 2, 4, 7, 12 and 18: their mean is 8.6 after one, 107.4 after two
        // and 1,595 after three.
        assert_eq!([200, 100, 10, 1].map(streak), [1, 2, 2, 3]);
        assert!(!EProcess::new(Fraction::from_percent(5), Fraction::ZERO).is_condemned(0, u32::MAX));
    }

    #[test]
    fn passes_never_condemn_and_failures_never_acquit() {
        let test = test(1);
        for passed in 0..2_000 {
            assert!(!test.is_condemned(passed, 0));
        }
        for passed in [0, 10, 100, 1_000] {
            let first = (0..1_000)
                .find(|&failed| test.is_condemned(passed, failed))
                .unwrap();
            assert!((first..first + 50).all(|failed| test.is_condemned(passed, failed)));
        }
    }

    // Ville's inequality, exactly: the chance that an honest participant at the good rate is ever condemned
    // within 400 checks, by dynamic programming over the counts in parts of 10^12.
    #[test]
    fn an_honest_participant_is_condemned_with_at_most_the_level() {
        const ONE: u128 = 1_000_000_000_000_000;
        let test = test(1);
        let mut alive = vec![ONE];
        let mut condemned = 0_u128;
        for judged in 1..=400_u32 {
            let mut next = vec![0_u128; judged as usize + 1];
            for (failed, mass) in alive.iter().enumerate() {
                next[failed] += mass * 95 / 100;
                next[failed + 1] += mass * 5 / 100;
            }
            for (failed, mass) in next.iter_mut().enumerate() {
                if test.is_condemned(judged - failed as u32, failed as u32) {
                    condemned += std::mem::take(mass);
                }
            }
            alive = next;
        }
        assert!(condemned > ONE / 1_000, "{condemned}");
        assert!(condemned <= ONE / 100, "{condemned}");
    }
}
