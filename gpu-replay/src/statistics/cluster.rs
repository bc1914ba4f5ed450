//! A rate estimated from answers that come in clusters: several answers to one prompt fail together.
//!
//! The variance of the ratio is taken between clusters (linearised, Cochran 1977), turned into the number of
//! independent answers that would vary as much, and Wilson's interval is put on that number (Korn and Graubard
//! 1998 do the same with the exact interval).
//!
//! **Invariant.** The effective number never exceeds the answers counted, and without any contrast (no failure, or
//! nothing but) never the clusters.

use stakeout_statistics::{Interval, wilson_of_share};

/// One cluster's count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClusterCount {
    /// Answers that failed.
    pub hits: u64,
    /// Answers.
    pub trials: u64,
}

/// A rate with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusteredRate {
    /// The share of answers that failed.
    pub estimate: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// Answers counted.
    pub trials: u64,
    /// Independent answers that would say as much.
    pub effective: f64,
}

/// The rate over all clusters with a 95 % interval. `None` without an answer.
pub fn clustered_rate(clusters: &[ClusterCount]) -> Option<ClusteredRate> {
    let used: Vec<&ClusterCount> = clusters.iter().filter(|cluster| cluster.trials > 0).collect();
    let trials: u64 = used.iter().map(|cluster| cluster.trials).sum();
    let hits: u64 = used.iter().map(|cluster| cluster.hits).sum();
    if trials == 0 {
        return None;
    }
    let (n, count) = (trials as f64, used.len() as f64);
    let estimate = hits as f64 / n;
    let residual = |cluster: &&ClusterCount| {
        let residual = cluster.hits as f64 - estimate * cluster.trials as f64;
        residual * residual
    };
    let variance = used.iter().map(residual).sum::<f64>() * count / (count - 1.0).max(1.0) / (n * n);
    let effective = if hits == 0 || hits == trials || used.len() < 2 {
        count
    } else {
        (estimate * (1.0 - estimate) / variance).min(n)
    };
    Some(ClusteredRate {
        estimate,
        interval: wilson_of_share(estimate, effective, 0.95),
        trials,
        effective,
    })
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::{normal_quantile, standard_normal, unit_open};
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

    use super::*;

    #[test]
    fn independent_answers_keep_nearly_their_number() {
        let clusters: Vec<ClusterCount> = (0..1000)
            .map(|at| ClusterCount {
                hits: u64::from(at % 20 == 0),
                trials: 1,
            })
            .collect();
        let rate = clustered_rate(&clusters).expect("answers");
        let plain = stakeout_statistics::wilson(50, 1000, 0.95);
        assert!((rate.effective / 1000.0 - 1.0).abs() < 2e-3);
        assert!(
            (rate.interval.low - plain.low).abs() < 1e-4 && (rate.interval.high - plain.high).abs() < 1e-4
        );
    }

    #[test]
    fn answers_that_always_agree_count_once() {
        let clusters: Vec<ClusterCount> = (0..500)
            .map(|at| ClusterCount {
                hits: 8 * u64::from(at % 10 == 0),
                trials: 8,
            })
            .collect();
        let rate = clustered_rate(&clusters).expect("answers");
        assert_eq!(rate.trials, 4000);
        assert!((rate.effective / 500.0 - 1.0).abs() < 5e-3, "{}", rate.effective);
        let none = clustered_rate(&[ClusterCount { hits: 0, trials: 8 }; 100]).expect("answers");
        assert!(none.interval.low == 0.0 && (none.effective - 100.0).abs() < 1e-12);
    }

    /// 20,000 runs of 200 prompts, four answers each, that fail when the prompt's and the answer's noise together
    /// are large (correlation one half, rate .1): standard error .0015 of a coverage of .95 ± .01.
    #[test]
    fn the_interval_covers_a_clustered_rate() {
        let key = StreamKey::derive(RootSeed(61), 0, Purpose(1));
        let limit = normal_quantile(0.9);
        let mut covered = 0u32;
        for run in 0..20_000u64 {
            let clusters: Vec<ClusterCount> = (0..200u64)
                .map(|prompt| {
                    let [first, second] = key.draw2(run, prompt);
                    let shock = standard_normal(first);
                    let words = [
                        second,
                        second.rotate_left(16),
                        second.rotate_left(32),
                        second.rotate_left(48),
                    ];
                    // Four answers from one word: sixteen fresh leading bits each are enough for a rate of .1.
                    let hits = words
                        .iter()
                        .filter(|word| {
                            let own = normal_quantile(unit_open(**word));
                            (shock + own) * std::f64::consts::FRAC_1_SQRT_2 > limit
                        })
                        .count() as u64;
                    ClusterCount { hits, trials: 4 }
                })
                .collect();
            covered += u32::from(clustered_rate(&clusters).expect("answers").interval.contains(0.1));
        }
        let coverage = f64::from(covered) / 20_000.0;
        assert!((coverage - 0.95).abs() < 0.01, "{coverage}");
    }
}
