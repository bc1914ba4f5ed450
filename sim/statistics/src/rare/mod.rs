//! Probabilities too small to wait for: multilevel splitting and importance sampling.
//!
//! **Invariant.** Both methods are unbiased and come with an interval from independent repetitions, so that an
//! estimate that found nothing is told from one that is sure.

mod importance;
mod splitting;

pub use importance::importance_sampling;
pub use splitting::{Branch, Splitting, SplittingEstimate, split};

use crate::{Interval, Moments, mean_interval};

/// A rare probability with its interval and what it cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RareEstimate {
    /// The probability.
    pub probability: f64,
    /// Its interval over repetitions; none below two of them.
    pub interval: Option<Interval>,
    /// Independent repetitions.
    pub repetitions: u32,
}

impl RareEstimate {
    fn of(estimates: &[f64], confidence: f64) -> Self {
        let moments = Moments::of(estimates);
        Self {
            probability: moments.mean().unwrap_or(0.0),
            interval: mean_interval(&moments, confidence).map(|interval| Interval {
                low: interval.low.max(0.0),
                high: interval.high.min(1.0),
            }),
            repetitions: u32::try_from(estimates.len()).unwrap_or(u32::MAX),
        }
    }
}
