//! Probabilities too small to wait for: multilevel splitting and importance sampling.
//!
//! **Invariant.** Both methods are unbiased and come with an interval from independent repetitions; an estimate that
//! found nothing has none, so that it is told from one that is sure.

mod importance;
mod splitting;

pub use importance::{estimate_from_ratios, importance_sampling};
pub use splitting::{Branch, Splitting, SplittingEstimate, split, split_once};

use crate::{Interval, Moments, mean_interval};

/// A rare probability with its interval and what it cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RareEstimate {
    /// The probability.
    pub probability: f64,
    /// Its interval over repetitions; none below two of them, and none where nothing was found.
    pub interval: Option<Interval>,
    /// Its standard error over repetitions; none where there is no interval.
    pub standard_error: Option<f64>,
    /// Independent repetitions.
    pub repetitions: u32,
}

impl RareEstimate {
    fn of(estimates: &[f64], confidence: f64) -> Self {
        let moments = Moments::of(estimates);
        let probability = moments.mean().unwrap_or(0.0);
        let found = (probability > 0.0).then_some(&moments);
        Self {
            probability,
            interval: found
                .and_then(|moments| mean_interval(moments, confidence))
                .map(|interval| Interval {
                    low: interval.low.max(0.0),
                    high: interval.high.min(1.0),
                }),
            standard_error: found.and_then(Moments::standard_error),
            repetitions: u32::try_from(estimates.len()).unwrap_or(u32::MAX),
        }
    }

    /// How many plain trials would have as small a standard error; none where it is zero or unknown.
    pub fn plain_trials(&self) -> Option<f64> {
        let error = self.standard_error.filter(|error| *error > 0.0)?;
        Some(self.probability * (1.0 - self.probability) / (error * error))
    }
}
