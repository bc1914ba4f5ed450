//! Wald's sequential probability ratio test, one-sided or two-sided.

use super::LEFT_OPEN;

/// What a failure and a pass add to the sum of log-likelihood ratios, in units of 10^-12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatioSteps {
    /// Added by a failure; above zero.
    pub failure: i64,
    /// Added by a pass; below zero.
    pub pass: i64,
}

impl RatioSteps {
    /// The steps that tell a failure rate `p0` from a higher one `p1`: `ln(p1/p0)` and `ln((1-p1)/(1-p0))`.
    /// Panics unless `0 < p0 < p1 < 1`.
    pub fn between(p0: f64, p1: f64) -> Self {
        assert!(0.0 < p0 && p0 < p1 && p1 < 1.0, "a good rate below a bad one");
        Self {
            failure: units(libm::log(p1 / p0)),
            pass: units(libm::log((1.0 - p1) / (1.0 - p0))),
        }
    }
}

/// A log-likelihood in units of 10^-12, to the nearest.
fn units(value: f64) -> i64 {
    libm::rint(value * 1e12) as i64
}

/// Where the sum ends the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundaries {
    /// At or above this it convicts, in 10^-12.
    pub upper: i64,
    /// At or below this it acquits for good; none where passes bank credit without end.
    pub lower: Option<i64>,
}

impl Boundaries {
    /// `h` to either side.
    pub fn both(h: f64) -> Self {
        Self {
            upper: units(h),
            lower: Some(units(-h)),
        }
    }

    /// Conviction at `h` and no acquittal: what the network runs.
    pub fn upper_only(h: f64) -> Self {
        Self {
            upper: units(h),
            lower: None,
        }
    }
}

/// What a test does to answers that fail independently with one probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SprtAudit {
    /// Probability of conviction.
    pub convicted: f64,
    /// Probability of acquittal.
    pub acquitted: f64,
    /// Expected number of answers until either, or until the horizon.
    pub mean_answers: f64,
    /// Probability that the horizon came first.
    pub open: f64,
}

/// The first passages of the sum: probabilities of conviction and acquittal after exactly `k + 1` answers.
pub(super) struct Passages {
    pub(super) up: Vec<f64>,
    pub(super) down: Vec<f64>,
    pub(super) open: f64,
}

/// Walks the sum until its boundaries, until `horizon` answers, or until next to nothing is open.
pub(super) fn walk(steps: RatioSteps, ends: Boundaries, failure_rate: f64, horizon: u64) -> Passages {
    assert!((0.0..=1.0).contains(&failure_rate), "a rate lies between 0 and 1");
    let sum = |failures: usize, judged: u64| {
        let passes = i128::from(judged) - failures as i128;
        failures as i128 * i128::from(steps.failure) + passes * i128::from(steps.pass)
    };
    // Probabilities by number of failures among the answers so far; only the open states are kept.
    let mut first = 0;
    let mut open = vec![1.0];
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let mut left = 1.0;
    let mut judged = 0_u64;
    while judged < horizon && left > LEFT_OPEN {
        judged += 1;
        let mut next = vec![0.0; open.len() + 1];
        for (offset, probability) in open.iter().enumerate() {
            next[offset] += probability * (1.0 - failure_rate);
            next[offset + 1] += probability * failure_rate;
        }
        let (mut convicted, mut acquitted) = (0.0, 0.0);
        for (offset, probability) in next.iter_mut().enumerate() {
            let at = sum(first + offset, judged);
            if at >= i128::from(ends.upper) {
                convicted += *probability;
                *probability = 0.0;
            } else if ends.lower.is_some_and(|lower| at <= i128::from(lower)) {
                acquitted += *probability;
                *probability = 0.0;
            }
        }
        up.push(convicted);
        down.push(acquitted);
        left -= convicted + acquitted;
        let empty = next.iter().take_while(|p| **p < 1e-300).count();
        let full = next.len() - next.iter().rev().take_while(|p| **p < 1e-300).count();
        first += empty;
        open = next.get(empty..full.max(empty)).unwrap_or_default().to_vec();
        if open.is_empty() {
            break;
        }
    }
    Passages {
        up,
        down,
        open: open.iter().sum(),
    }
}

/// Audits the test on answers that fail with `failure_rate`. Without a `horizon` it goes on until less than
/// [`LEFT_OPEN`] is undecided, which a test without a lower boundary never reaches: there a horizon is needed.
/// Panics unless the rate lies in [0, 1] and the test is bounded one way or the other.
pub fn audit_sprt(steps: RatioSteps, ends: Boundaries, failure_rate: f64, horizon: Option<u64>) -> SprtAudit {
    assert!(
        horizon.is_some() || ends.lower.is_some(),
        "a test that never acquits is audited up to a horizon"
    );
    let passages = walk(steps, ends, failure_rate, horizon.unwrap_or(u64::MAX));
    let mut audit = SprtAudit {
        convicted: 0.0,
        acquitted: 0.0,
        mean_answers: 0.0,
        open: passages.open,
    };
    for (before, (up, down)) in passages.up.iter().zip(&passages.down).enumerate() {
        audit.convicted += up;
        audit.acquitted += down;
        audit.mean_answers += (before + 1) as f64 * (up + down);
    }
    audit.mean_answers += passages.open * passages.up.len() as f64;
    audit
}

/// The failure rate at which the sum has no drift.
pub fn zero_drift_rate(steps: RatioSteps) -> f64 {
    -(steps.pass as f64) / (steps.failure as f64 - steps.pass as f64)
}

/// Wald's approximation to the error of a test with boundaries `h` to either side, `1/(e^h + 1)`.
pub fn wald_error(h: f64) -> f64 {
    1.0 / (libm::exp(h) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(seen: f64, expected: f64, tolerance: f64) {
        assert!((seen - expected).abs() <= tolerance, "{seen} is not {expected}");
    }

    /// Gonka's test at p0 5 %, p1 20 %, H 4, both boundaries absorbing.
    #[test]
    fn error_rates_and_sample_numbers_of_the_two_sided_test() {
        let audit = |rate| audit_sprt(RatioSteps::between(0.05, 0.2), Boundaries::both(4.0), rate, None);
        let honest = audit(0.05);
        close(honest.convicted, 0.011_178_3, 5e-8);
        close(honest.mean_answers, 42.654_7, 5e-5);
        close(honest.convicted + honest.acquitted, 1.0, 1e-12);
        let bad = audit(0.2);
        close(bad.convicted, 0.983_646, 5e-7);
        close(bad.mean_answers, 31.467_5, 5e-5);
        close(audit(0.11).convicted, 0.473_072, 5e-7);
        close(audit(0.11).mean_answers, 77.174, 5e-4);
        close(audit(0.5).mean_answers, 7.899_8, 5e-5);
        close(audit(1.0).mean_answers, 3.0, 1e-12);
    }

    /// The rule as it runs: credit without end, judged over a horizon.
    #[test]
    fn error_rates_of_the_test_that_never_acquits() {
        let audit = |rate, answers| {
            let steps = RatioSteps::between(0.05, 0.2);
            audit_sprt(steps, Boundaries::upper_only(4.0), rate, Some(answers)).convicted
        };
        for (rate, answers, expected) in [
            (0.05, 100, 0.011_085_1),
            (0.05, 1_000, 0.011_361_7),
            (0.08, 5_000, 0.141_86),
            (0.10, 1_000, 0.507_46),
            (0.10, 5_000, 0.536_73),
            (0.11, 100, 0.372_21),
            (0.11, 1_000, 0.765_76),
            (0.11, 5_000, 0.888_86),
            (0.12, 1_000, 0.933_19),
            (0.12, 5_000, 0.998_03),
            (0.2, 100, 0.975_20),
        ] {
            close(audit(rate, answers), expected, 6e-6);
        }
        // Rare convictions of honest hosts with a truer rate: what splitting has to find.
        for (rate, expected) in [(0.01, 7.72e-6), (0.02, 1.50e-4), (0.03, 9.50e-4)] {
            close(audit(rate, 5_000) / expected, 1.0, 6e-3);
        }
    }

    #[test]
    fn walds_bounds_lie_on_their_sides() {
        let steps = RatioSteps::between(0.05, 0.2);
        close(wald_error(4.0), 0.017_986_2, 5e-8);
        let exact = audit_sprt(steps, Boundaries::upper_only(4.0), 0.05, Some(5_000)).convicted;
        assert!(exact < libm::exp(-4.0), "Ville's bound");
        close(zero_drift_rate(steps), 0.110_292, 5e-7);
        close(zero_drift_rate(RatioSteps::between(0.10, 0.20)), 0.145_244, 5e-7);
    }

    #[test]
    fn the_downtime_test_of_the_reference_comes_out() {
        let audit = |rate| audit_sprt(RatioSteps::between(0.1, 0.2), Boundaries::both(4.0), rate, None);
        close(audit(0.1).convicted, 0.014_061_7, 5e-8);
        close(audit(0.1).mean_answers, 107.395, 5e-4);
        close(audit(0.14).convicted, 0.381_353, 5e-7);
        close(audit(0.14).mean_answers, 209.49, 5e-3);
        close(audit(0.2).convicted, 0.982_931, 5e-7);
        close(audit(0.2).mean_answers, 92.803, 5e-4);
    }

    #[test]
    fn a_horizon_leaves_the_rest_open() {
        let audit = audit_sprt(
            RatioSteps::between(0.05, 0.2),
            Boundaries::both(4.0),
            0.05,
            Some(10),
        );
        close(audit.convicted + audit.acquitted + audit.open, 1.0, 1e-12);
        assert!(audit.open > 0.9);
    }
}
