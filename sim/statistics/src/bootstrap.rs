//! Intervals for any figure of a sample, by drawing whole replicates again.
//!
//! **Invariant.** The unit that is drawn again is the replicate. Resample number `k` is a function of the key and of
//! `k`, so that more resamples keep the first ones.

use stakeout_kernel::streams::StreamKey;

use crate::interval::check_confidence;
use crate::random::Uniforms;
use crate::{Interval, sample_quantile};

/// The percentile interval of `figure` over `resamples` samples drawn with replacement from `replicates`
/// (Efron and Tibshirani 1993, chapter 13). `None` without a replicate or resample, or where the figure is not a
/// number for a resample. Panics unless `confidence` is strictly between 0 and 1.
pub fn bootstrap<T: Clone>(
    replicates: &[T],
    resamples: u32,
    confidence: f64,
    key: StreamKey,
    mut figure: impl FnMut(&[T]) -> f64,
) -> Option<Interval> {
    check_confidence(confidence);
    if replicates.is_empty() || resamples == 0 {
        return None;
    }
    let mut drawn: Vec<T> = Vec::with_capacity(replicates.len());
    let figures: Vec<f64> = (0..u64::from(resamples))
        .map(|number| {
            let mut uniforms = Uniforms::new(key, number);
            drawn.clear();
            drawn.extend((0..replicates.len()).map(|_| replicates[uniforms.index(replicates.len())].clone()));
            figure(&drawn)
        })
        .collect();
    if figures.iter().any(|value| value.is_nan()) {
        return None;
    }
    let tail = (1.0 - confidence) / 2.0;
    Some(Interval {
        low: sample_quantile(&figures, tail)?,
        high: sample_quantile(&figures, 1.0 - tail)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    /// Means of 40 uniform numbers, 2,000 rounds of 400 resamples: a percentile interval covers a little less than its
    /// 95 %; the binomial count outside [1,810, 1,950] of 2,000 has probability below 1e-6 for any true coverage
    /// between 92.9 % and 95.5 %.
    #[test]
    fn the_percentile_interval_covers() {
        let mut covered = 0;
        for round in 0..2_000 {
            let mut uniforms = Uniforms::new(StreamKey::from_raw(9), round);
            let sample: Vec<f64> = (0..40).map(|_| uniforms.unit()).collect();
            let interval = bootstrap(&sample, 400, 0.95, StreamKey::from_raw(100 + round), mean).unwrap();
            covered += u32::from(interval.contains(0.5));
        }
        assert!((1_810..=1_950).contains(&covered), "{covered}");
    }

    #[test]
    fn nothing_in_nothing_out() {
        let key = StreamKey::from_raw(0);
        assert_eq!(bootstrap(&[], 10, 0.9, key, mean), None);
        assert_eq!(bootstrap(&[1.0, 2.0], 10, 0.9, key, |_| f64::NAN), None);
        assert_eq!(
            bootstrap(&[3.0; 5], 10, 0.9, key, mean),
            Some(Interval { low: 3.0, high: 3.0 })
        );
    }
}
