//! One long series in place of many runs: where its start ends, and how sure its mean is.

use crate::{Interval, Moments, mean_interval};

/// Where the warm-up of a series ends, by MSER-5 (White 1997, "An effective truncation heuristic for bias reduction in
/// simulation output"): of all truncations to groups of five, the one whose remaining mean has the least standard
/// error. A minimum in the second half means that the series never settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmUp {
    /// Values to leave out.
    pub dropped: usize,
    /// The best truncation lies in the first half; otherwise the series is too short to say.
    pub has_settled: bool,
}

/// Values in a group.
const GROUP: usize = 5;

/// Finds the warm-up of a series; none below 20 values.
pub fn find_warm_up(series: &[f64]) -> Option<WarmUp> {
    if series.len() < 4 * GROUP {
        return None;
    }
    let means: Vec<f64> = series
        .chunks_exact(GROUP)
        .map(|group| group.iter().sum::<f64>() / GROUP as f64)
        .collect();
    let count = means.len();
    // From the end towards the start, so that each truncation adds one value to a running sum.
    let mut moments = Moments::new();
    let mut best = (f64::INFINITY, 0);
    for start in (0..count).rev() {
        moments.push(means[start]);
        let left = (count - start) as f64;
        // Very short tails have no variance to speak of.
        if count - start >= GROUP {
            let score = moments.variance().unwrap_or(0.0) * (left - 1.0) / (left * left);
            if score <= best.0 {
                best = (score, start);
            }
        }
    }
    Some(WarmUp {
        dropped: best.1 * GROUP,
        has_settled: best.1 * 2 <= count,
    })
}

/// The mean of a correlated series by batch means: `batches` equal stretches, whose means are taken as independent.
/// A remainder that fills no batch is left out at the start. `None` for fewer than two batches or values.
pub fn batch_means(series: &[f64], batches: usize, confidence: f64) -> Option<(f64, Interval)> {
    let size = series.len().checked_div(batches).filter(|&size| size > 0)?;
    let used = &series[series.len() - size * batches..];
    let mut moments = Moments::new();
    used.chunks_exact(size)
        .for_each(|batch| moments.push(batch.iter().sum::<f64>() / size as f64));
    Some((moments.mean()?, mean_interval(&moments, confidence)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Uniforms;
    use stakeout_kernel::streams::StreamKey;

    #[test]
    fn a_start_that_is_off_is_cut_and_a_level_series_is_not() {
        let mut uniforms = Uniforms::new(StreamKey::from_raw(1), 0);
        let late: Vec<f64> = (0..1_000)
            .map(|i| if i < 100 { 50.0 } else { 0.0 } + uniforms.unit())
            .collect();
        let found = find_warm_up(&late).unwrap();
        assert!(
            found.has_settled && (100..=130).contains(&found.dropped),
            "{found:?}"
        );
        let level: Vec<f64> = (0..1_000).map(|_| uniforms.unit()).collect();
        assert!(find_warm_up(&level).unwrap().dropped < 500);
        let rising: Vec<f64> = (0..1_000).map(f64::from).collect();
        assert!(!find_warm_up(&rising).unwrap().has_settled);
        assert_eq!(find_warm_up(&level[..19]), None);
    }

    /// An AR(1) series with coefficient 0.9: 500 series of 5,000 values, 20 batches, 95 %. The count of covered means
    /// is binomial; below 440 of 500 (with the loss that the correlation left between batches allows) or at 499 and
    /// above has probability below 1e-6.
    #[test]
    fn batch_means_cover_the_mean_of_a_correlated_series() {
        let mut covered = 0;
        for round in 0..500 {
            let mut uniforms = Uniforms::new(StreamKey::from_raw(2), round);
            let mut value = 0.0;
            let series: Vec<f64> = (0..5_000)
                .map(|_| {
                    value = 0.9 * value + uniforms.unit() - 0.5;
                    value
                })
                .collect();
            covered += u32::from(batch_means(&series, 20, 0.95).unwrap().1.contains(0.0));
        }
        assert!((440..499).contains(&covered), "{covered}");
    }
}
