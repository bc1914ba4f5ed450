//! A figure across replicates: mean, number of replicates, interval.
//!
//! **Invariant.** Replicates are the unit of inference: inferences inside one run share a network and are
//! not independent, so an interval compares runs, never rows. With a single replicate there is none.

use serde::{Serialize, Serializer};

use super::intervals::{mean_and_interval, wilson};

/// Confidence level of every interval in a summary.
pub const LEVEL: f64 = 0.95;

/// A number as files hold it: money as a string of base units, anything else as a JSON number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A count, share, time or ratio.
    Plain(f64),
    /// Base units.
    Money(i128),
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => serializer.serialize_f64(*value),
            Self::Money(value) => serializer.collect_str(value),
        }
    }
}

/// A figure across replicates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Unit of mean and interval.
    pub unit: &'static str,
    /// Replicates in which the figure exists.
    pub n: u32,
    /// Mean over these; none without a replicate.
    pub mean: Option<Number>,
    /// Student's t interval of the mean at [`LEVEL`]; none below two replicates.
    pub interval: Option<[Number; 2]>,
}

impl Figure {
    /// A plain figure from one value a replicate; absent values are left out.
    pub fn plain(unit: &'static str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let values: Vec<f64> = values.into_iter().flatten().collect();
        let summary = mean_and_interval(&values);
        Self {
            unit,
            n: count(values.len()),
            mean: summary.map(|s| Number::Plain(s.0)),
            interval: summary.and_then(|s| s.1).map(|bounds| bounds.map(Number::Plain)),
        }
    }

    /// A count from one value a replicate.
    pub fn counted(unit: &'static str, values: impl IntoIterator<Item = u64>) -> Self {
        Self::plain(unit, values.into_iter().map(|v| Some(v as f64)))
    }

    /// Money from one amount a replicate, in base units: the mean is exact and rounded half to even, the
    /// interval to the nearest base unit that a 64-bit float can name.
    pub fn money(values: impl IntoIterator<Item = i128>) -> Self {
        let values: Vec<i128> = values.into_iter().collect();
        // Deviations from the first amount are small, where the amounts themselves may be beyond 2^53.
        let origin = values.first().copied().unwrap_or(0);
        let deviations: Vec<f64> = values.iter().map(|v| v.saturating_sub(origin) as f64).collect();
        let bounds = mean_and_interval(&deviations).and_then(|s| s.1);
        let absolute = |d: f64| Number::Money(origin.saturating_add(libm::rint(d) as i128));
        Self {
            unit: "base units",
            n: count(values.len()),
            mean: (!values.is_empty()).then(|| Number::Money(rounded_mean(&values))),
            interval: bounds.map(|pair| pair.map(absolute)),
        }
    }
}

/// A share of independent trials with its Wilson interval at [`LEVEL`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Proportion {
    /// Trials that had the property.
    pub hits: u64,
    /// Trials.
    pub n: u64,
    /// Their ratio; none without a trial.
    pub share: Option<f64>,
    /// Wilson's score interval; none without a trial.
    pub interval: Option<[f64; 2]>,
}

impl Proportion {
    /// The share of `hits` in `n`; `hits` may not exceed `n`.
    pub fn new(hits: u64, n: u64) -> Self {
        let has_trials = n > 0;
        Self {
            hits,
            n,
            share: has_trials.then(|| hits as f64 / n as f64),
            interval: has_trials.then(|| wilson(hits, n)),
        }
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn rounded_mean(values: &[i128]) -> i128 {
    let (n, sum) = (
        values.len() as i128,
        values.iter().fold(0_i128, |a, v| a.saturating_add(*v)),
    );
    let (whole, rest) = (sum.div_euclid(n), sum.rem_euclid(n));
    match (2 * rest).cmp(&n) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + whole.rem_euclid(2),
    }
}
