//! The intervals that results print, from the methods of [`stakeout_statistics`].

use super::figure::LEVEL;
use stakeout_statistics::{self as statistics, Interval, Moments};

pub(super) use stakeout_statistics::chi_square_p_value;

/// Mean of the values and, from two values on, Student's t interval of the mean at [`LEVEL`].
pub(super) fn mean_and_interval(values: &[f64]) -> Option<(f64, Option<[f64; 2]>)> {
    let moments = Moments::of(values);
    Some((
        moments.mean()?,
        statistics::mean_interval(&moments, LEVEL).map(bounds),
    ))
}

/// Wilson's score interval of a share at [`LEVEL`]; `n` is positive and `hits` at most `n`.
pub(super) fn wilson(hits: u64, n: u64) -> [f64; 2] {
    bounds(statistics::wilson(hits, n, LEVEL))
}

/// Where one further value of a sample is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Prediction {
    /// Mean of the sample.
    pub mean: f64,
    /// Standard deviation of a further value's distance from that mean: `s * sqrt(1 + 1/n)`.
    pub sd: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// Prediction interval of one further value at `level`, for a roughly normal sample; none below two values.
pub(super) fn prediction(values: &[f64], level: f64) -> Option<Prediction> {
    let moments = Moments::of(values);
    let (mean, n) = (moments.mean()?, values.len() as f64);
    let sd = moments.standard_deviation()? * (1.0 + 1.0 / n).sqrt();
    let half = statistics::student_quantile(0.5 + level / 2.0, n - 1.0) * sd;
    Some(Prediction {
        mean,
        sd,
        low: mean - half,
        high: mean + half,
    })
}

/// As [`prediction`], for counts: small ones reach further up than down.
pub(super) fn count_prediction(values: &[f64], level: f64) -> Option<Prediction> {
    let Interval { low, high } = statistics::count_prediction(values, level)?;
    Some(Prediction {
        low,
        high,
        ..prediction(values, level)?
    })
}

fn bounds(interval: Interval) -> [f64; 2] {
    [interval.low, interval.high]
}
