//! An estimate with its interval, as evidence prints it.
//!
//! **Invariant.** The interval holds the estimate, and is 95 % unless a field says otherwise.

use serde::Serialize;
use stakeout_calibration::Rate;

use crate::statistics::{ClusterCount, clustered_rate};

/// An estimated quantity with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Answers behind it.
    pub n: u64,
}

impl Estimate {
    /// The rate of a yes among answers that carry their prompt's number. `None` without an answer.
    pub(super) fn rate(answers: impl IntoIterator<Item = (u32, bool)>) -> Option<Estimate> {
        let rate = clustered_rate(&counts(answers))?;
        Some(Estimate {
            value: rate.estimate,
            low: rate.interval.low.min(rate.estimate),
            high: rate.interval.high.max(rate.estimate),
            n: rate.trials,
        })
    }

    /// The form in a calibration file.
    pub(super) fn as_rate(self) -> Rate {
        Rate {
            estimate: self.value,
            low: self.low,
            high: self.high,
            n: self.n,
        }
    }
}

/// Answers counted by prompt, in the order of the prompts' numbers.
pub(super) fn counts(answers: impl IntoIterator<Item = (u32, bool)>) -> Vec<ClusterCount> {
    let mut by_prompt = std::collections::BTreeMap::<u32, ClusterCount>::new();
    for (prompt, is_hit) in answers {
        let count = by_prompt.entry(prompt).or_default();
        count.trials += 1;
        count.hits += u64::from(is_hit);
    }
    by_prompt.into_values().collect()
}
