//! Student's t law and the interval it gives for a mean.

use crate::interval::check_confidence;
use crate::special::{incomplete_beta, inverse_incomplete_beta};
use crate::{Interval, Moments};

/// Above this many degrees of freedom the law is inverted from the centre, below from the tail: each where
/// fewer digits cancel.
const FROM_CENTRE_ABOVE: f64 = 20.0;

/// The `p`-quantile of Student's t law with `degrees` degrees of freedom. Panics unless `p` is strictly
/// between 0 and 1 and `degrees` above zero.
pub fn student_quantile(p: f64, degrees: f64) -> f64 {
    check_confidence(p);
    assert!(degrees > 0.0, "Student's law needs degrees of freedom");
    if p == 0.5 {
        return 0.0;
    }
    let both_tails = 2.0 * p.min(1.0 - p);
    // For y = t^2 / (degrees + t^2): P(|T| < t) = I_y(1/2, degrees/2) and P(|T| > t) = I_{1-y}(degrees/2, 1/2).
    let square = if degrees > FROM_CENTRE_ABOVE {
        let y = inverse_incomplete_beta(0.5, degrees / 2.0, 1.0 - both_tails);
        degrees * y / (1.0 - y)
    } else {
        let rest = inverse_incomplete_beta(degrees / 2.0, 0.5, both_tails);
        degrees * (1.0 - rest) / rest
    };
    if p < 0.5 { -square.sqrt() } else { square.sqrt() }
}

/// The two-sided p-value of a t statistic: the probability of one at least as far from zero.
pub fn student_p_value(t: f64, degrees: f64) -> f64 {
    assert!(degrees > 0.0, "Student's law needs degrees of freedom");
    incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + t * t))
}

/// The t interval for the mean of a normal sample; `None` of fewer than two values. Panics unless
/// `confidence` is strictly between 0 and 1.
pub fn mean_interval(moments: &Moments, confidence: f64) -> Option<Interval> {
    check_confidence(confidence);
    let (mean, error) = (moments.mean()?, moments.standard_error()?);
    let factor = student_quantile(0.5 + confidence / 2.0, (moments.count() - 1) as f64);
    Some(Interval::around(mean, factor * error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The usual table of percentage points (Abramowitz and Stegun 1964, table 26.10), with more digits.
    #[test]
    fn quantiles_match_the_table() {
        for (p, degrees, t) in [
            (0.975, 1.0, 12.706_204_736_2),
            (0.975, 2.0, 4.302_652_729_91),
            (0.975, 5.0, 2.570_581_836_61),
            (0.975, 10.0, 2.228_138_851_96),
            (0.995, 10.0, 3.169_272_672_61),
            (0.975, 30.0, 2.042_272_456_30),
            (0.975, 120.0, 1.979_930_405_05),
            (0.95, 1e7, 1.644_853_8),
        ] {
            assert!(
                (student_quantile(p, degrees) / t - 1.0).abs() < 1e-7,
                "{p} {degrees}"
            );
            assert_eq!(student_quantile(0.25, degrees), -student_quantile(0.75, degrees));
            assert!((student_p_value(t, degrees) - 2.0 * (1.0 - p)).abs() < 1e-8);
        }
        // One and two degrees of freedom have closed forms: tan(pi (p - 1/2)) and (2p - 1) / sqrt(2p(1 - p)).
        let cauchy = libm::tan(std::f64::consts::PI * 0.4);
        assert!((student_quantile(0.9, 1.0) - cauchy).abs() < 1e-12);
        assert!((student_quantile(0.9, 2.0) - 0.8 / libm::sqrt(0.18)).abs() < 1e-12);
        assert_eq!(student_quantile(0.5, 3.0), 0.0);
    }

    #[test]
    fn one_value_has_no_interval() {
        assert_eq!(mean_interval(&Moments::of(&[1.0]), 0.95), None);
        let interval = mean_interval(&Moments::of(&[1.0, 3.0]), 0.95).unwrap();
        assert!((interval.half_width() - 12.706_204_736_2).abs() < 1e-9 && interval.contains(2.0));
    }
}
