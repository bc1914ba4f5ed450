//! When a mean is known well enough: the rule that decides how many replicates are run.
//!
//! **Invariant.** The rule looks at whole replicates in their order and at nothing else, so the number it asks for
//! is the same at any number of threads.

use crate::{Moments, mean_interval};

/// How precise the mean has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Precision {
    /// The half-width of its interval, in the unit of the values.
    HalfWidth(f64),
    /// The half-width as a share of the mean's absolute value.
    Relative(f64),
}

/// Replicates are added until the interval is narrow enough, but never fewer than `floor` nor more than `ceiling`.
///
/// A sequential rule looks at the data it stops on, so its interval covers slightly less than its confidence; the
/// floor keeps the loss small (Law and Kelton 1982, "Confidence intervals for steady-state simulations, II").
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoppingRule {
    /// Fewest replicates; at least two, since one has no interval.
    pub floor: u32,
    /// Most replicates.
    pub ceiling: u32,
    /// What is precise enough; none runs `ceiling` replicates whatever they say.
    pub precision: Option<Precision>,
    /// Confidence of the interval that is watched.
    pub confidence: f64,
}

impl StoppingRule {
    /// A fixed number of replicates.
    pub const fn fixed(replicates: u32) -> Self {
        Self {
            floor: replicates,
            ceiling: replicates,
            precision: None,
            confidence: 0.95,
        }
    }

    /// Whether these replicates are enough.
    pub fn is_met(&self, values: &[f64]) -> bool {
        let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
        if count >= self.ceiling {
            return true;
        }
        let Some(precision) = self.precision else {
            return false;
        };
        if count < self.floor.max(2) {
            return false;
        }
        let moments = Moments::of(values);
        let (Some(mean), Some(interval)) = (moments.mean(), mean_interval(&moments, self.confidence)) else {
            return false;
        };
        let allowed = match precision {
            Precision::HalfWidth(width) => width,
            Precision::Relative(share) => share * mean.abs(),
        };
        interval.half_width() <= allowed
    }
}

/// The replicates that pin a probability down to `half_width` with this confidence, by the normal approximation.
/// Panics unless `probability` and `confidence` lie strictly between 0 and 1 and `half_width` is above zero.
pub fn trials_for_proportion(probability: f64, half_width: f64, confidence: f64) -> u64 {
    crate::interval::check_confidence(confidence);
    assert!(
        probability > 0.0 && probability < 1.0 && half_width > 0.0,
        "a probability to be estimated and a width above zero"
    );
    let z = crate::normal_quantile(0.5 + confidence / 2.0);
    libm::ceil(z * z * probability * (1.0 - probability) / (half_width * half_width)) as u64
}

/// The upper bound of a probability after `trials` without a hit, one-sided: `1 - (1 - confidence)^(1/trials)`.
/// Panics if `trials` is zero or `confidence` is not strictly between 0 and 1.
pub fn bound_without_hits(trials: u64, confidence: f64) -> f64 {
    crate::interval::check_confidence(confidence);
    assert!(trials > 0, "a bound needs a trial");
    -libm::expm1(libm::log1p(-confidence) / trials as f64)
}

/// The same by the rule of three, `3/trials`: what is quoted at 95 %.
pub fn rule_of_three(trials: u64) -> f64 {
    assert!(trials > 0, "a bound needs a trial");
    (3.0 / trials as f64).min(1.0)
}

/// Trials without a hit after which the rule of three bounds the probability by `bound`.
pub fn trials_without_hits(bound: f64) -> u64 {
    assert!(bound > 0.0, "a bound above zero");
    libm::ceil(3.0 / bound) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_sample_sizes_come_out() {
        assert_eq!(trials_for_proportion(0.05, 0.01, 0.95), 1_825);
        assert_eq!(trials_without_hits(1e-3), 3_000);
        assert_eq!(rule_of_three(3_000), 1e-3);
        // 299 trials without a hit exclude 1 % at 95 %, 298 do not.
        assert!(bound_without_hits(299, 0.95) < 0.01 && bound_without_hits(298, 0.95) > 0.01);
    }

    #[test]
    fn a_rule_waits_for_its_floor_and_stops_at_its_ceiling() {
        let rule = StoppingRule {
            floor: 4,
            ceiling: 6,
            precision: Some(Precision::Relative(0.01)),
            confidence: 0.95,
        };
        assert!(!rule.is_met(&[5.0, 5.0, 5.0]) && rule.is_met(&[5.0; 4]));
        assert!(!rule.is_met(&[1.0, 9.0, 1.0, 9.0, 1.0]) && rule.is_met(&[1.0, 9.0, 1.0, 9.0, 1.0, 9.0]));
        let wide = StoppingRule {
            precision: Some(Precision::HalfWidth(100.0)),
            ..rule
        };
        assert!(wide.is_met(&[1.0, 9.0, 1.0, 9.0]));
        assert!(!StoppingRule::fixed(3).is_met(&[1.0, 1.0]) && StoppingRule::fixed(3).is_met(&[1.0; 3]));
    }
}
