//! Intervals for a probability from successes among trials.

use crate::Interval;
use crate::interval::check_confidence;
use crate::special::inverse_incomplete_beta;
use stakeout_kernel::sample::normal_quantile;

fn check(successes: u64, trials: u64, confidence: f64) {
    check_confidence(confidence);
    assert!(
        successes <= trials && trials > 0,
        "successes are counted among one trial or more"
    );
}

/// Wilson's score interval: close to its confidence on average, never outside [0, 1]. Panics unless
/// `successes <= trials`, `trials > 0` and `confidence` is strictly between 0 and 1.
pub fn wilson(successes: u64, trials: u64, confidence: f64) -> Interval {
    check(successes, trials, confidence);
    wilson_of_share(successes as f64 / trials as f64, trials as f64, confidence)
}

/// Wilson's score interval of a share `p` seen among `n` trials that need not be a whole number: an effective
/// sample size. Panics unless `confidence` is strictly between 0 and 1.
pub fn wilson_of_share(p: f64, n: f64, confidence: f64) -> Interval {
    check_confidence(confidence);
    let z = normal_quantile(0.5 + confidence / 2.0);
    let scale = 1.0 / (1.0 + z * z / n);
    let centre = (p + z * z / (2.0 * n)) * scale;
    let half_width = z * scale * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let interval = Interval::around(centre, half_width);
    // At the ends the formula gives 0 and 1 exactly but for rounding.
    Interval {
        low: if p == 0.0 { 0.0 } else { interval.low.max(0.0) },
        high: if p == 1.0 { 1.0 } else { interval.high.min(1.0) },
    }
}

/// The exact interval of Clopper and Pearson: its confidence is never below the nominal one. Panics as
/// [`wilson`] does.
pub fn clopper_pearson(successes: u64, trials: u64, confidence: f64) -> Interval {
    check(successes, trials, confidence);
    let tail = (1.0 - confidence) / 2.0;
    let (hits, misses) = (successes as f64, (trials - successes) as f64);
    Interval {
        low: if successes == 0 {
            0.0
        } else {
            inverse_incomplete_beta(hits, misses + 1.0, tail)
        },
        high: if successes == trials {
            1.0
        } else {
            inverse_incomplete_beta(hits + 1.0, misses, 1.0 - tail)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table I of Newcombe 1998, "Two-sided confidence intervals for the single proportion: comparison of
    /// seven methods", Statistics in Medicine 17: score (method 3) and Clopper-Pearson (method 5), 95 %.
    #[test]
    fn intervals_match_the_published_comparison() {
        for (successes, trials, score, exact) in [
            (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
            (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
            (0, 20, (0.0, 0.1611), (0.0, 0.1684)),
            (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
        ] {
            let pairs = [
                (wilson(successes, trials, 0.95), score),
                (clopper_pearson(successes, trials, 0.95), exact),
            ];
            for (seen, (low, high)) in pairs {
                assert!(
                    (seen.low - low).abs() < 5.1e-5 && (seen.high - high).abs() < 5.1e-5,
                    "{seen:?}"
                );
            }
        }
    }

    #[test]
    fn all_successes_mirror_none() {
        for interval in [wilson, clopper_pearson] {
            let (none, all) = (interval(0, 37, 0.99), interval(37, 37, 0.99));
            assert_eq!((none.low, all.high), (0.0, 1.0));
            assert!((none.high + all.low - 1.0).abs() < 1e-12);
        }
        // No success in n trials: 1 - (tail)^(1/n).
        let exact = 1.0 - libm::pow(0.025, 1.0 / 20.0);
        assert!((clopper_pearson(0, 20, 0.95).high - exact).abs() < 1e-12);
    }
}
