//! Where a further count is expected, given counts like it.

use crate::special::upper_gamma;
use crate::{Interval, Moments, normal_quantile, student_quantile};

/// Halvings of the bracket in which a quantile is sought; more than a float has bits.
const HALVINGS: u32 = 80;

/// The interval that holds one further count with probability `confidence`, from a sample of such counts; `None`
/// below two.
///
/// Small counts are skewed, so a symmetric interval is too short above. The count is taken as gamma distributed with
/// the mean of the sample and its variance times `1 + 1/n`, half a unit is added at each end because counts are
/// whole, and what is left to either side of the mean is stretched by the ratio of Student's quantile to the normal
/// one, because the variance is an estimate. A sample that does not vary gives a point.
pub fn count_prediction(counts: &[f64], confidence: f64) -> Option<Interval> {
    let moments = Moments::of(counts);
    let (mean, n) = (moments.mean()?, counts.len() as f64);
    let variance = moments.variance()? * (1.0 + 1.0 / n);
    if mean <= 0.0 || variance <= 0.0 {
        return Some(Interval {
            low: mean,
            high: mean,
        });
    }
    let (shape, scale) = (mean * mean / variance, variance / mean);
    let p = 0.5 + confidence / 2.0;
    let stretch = student_quantile(p, n - 1.0) / normal_quantile(p);
    let above = scale * gamma_quantile(shape, 1.0 - p) + 0.5 - mean;
    let below = mean + 0.5 - scale * gamma_quantile(shape, p);
    Some(Interval {
        low: (mean - stretch * below).max(0.0),
        high: mean + stretch * above,
    })
}

/// The value that a gamma variable of this shape and scale 1 exceeds with probability `upper`.
fn gamma_quantile(shape: f64, upper: f64) -> f64 {
    let (mut low, mut high) = (0.0, shape + 1.0);
    while upper_gamma(shape, high) > upper {
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if upper_gamma(shape, middle) > upper {
            low = middle
        } else {
            high = middle
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_exponential_are_logarithms() {
        for upper in [0.9, 0.5, 0.01, 1e-6] {
            let found = gamma_quantile(1.0, upper);
            assert!((found + libm::log(upper)).abs() < 1e-9, "{upper}: {found}");
        }
    }

    #[test]
    fn a_small_count_reaches_further_up_than_down() {
        // Forty counts with the mean and variance of a Poisson variable of mean 3.7; that variable exceeds 12 with
        // probability 1.0e-4 and 9 with 4.4e-3, so the 99.9 % interval ends between the two and beyond.
        let counts: Vec<f64> = (0..40_i32)
            .map(|i| f64::from([1, 2, 2, 3, 3, 4, 4, 5, 6, 7][i as usize % 10]))
            .collect();
        let interval = count_prediction(&counts, 0.999).expect("forty counts");
        assert!(interval.high > 10.0 && interval.high < 16.0, "{interval:?}");
        assert_eq!(interval.low, 0.0);
    }

    #[test]
    fn a_large_count_is_nearly_symmetric() {
        let counts: Vec<f64> = (0..100_i32)
            .map(|i| 1000.0 + 30.0 * f64::from(i % 11 - 5) / 3.2)
            .collect();
        let interval = count_prediction(&counts, 0.95).expect("a hundred counts");
        let mean = counts.iter().sum::<f64>() / 100.0;
        let (above, below) = (interval.high - mean, mean - interval.low);
        assert!((above / below - 1.0).abs() < 0.06, "{interval:?}");
    }

    #[test]
    fn what_does_not_vary_is_a_point_and_one_value_says_nothing() {
        assert_eq!(
            count_prediction(&[7.0, 7.0], 0.999),
            Some(Interval { low: 7.0, high: 7.0 })
        );
        assert_eq!(count_prediction(&[7.0], 0.999), None);
    }
}
