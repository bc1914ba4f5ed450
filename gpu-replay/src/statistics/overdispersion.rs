//! How strongly failures cluster: a beta-binomial law fitted to counts.
//!
//! **Invariant.** The correlation is at least zero; zero is the binomial law.

use std::collections::BTreeMap;

use super::cluster::ClusterCount;
use super::search::maximise;

/// Turns of each search: they leave a part in ten thousand million of the bracket.
const TURNS: u32 = 48;

/// A fitted beta-binomial law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaBinomial {
    /// Mean failure rate.
    pub rate: f64,
    /// Correlation of two failures of one cluster, `1/(a + b + 1)` of the beta law.
    pub correlation: f64,
    /// Twice the gain in log-likelihood over independence: above 2.7 the correlation is above zero at 5 %.
    pub twice_gain: f64,
}

/// Fits rate and correlation by maximum likelihood. `None` without a failure and a success.
pub fn fit_beta_binomial(clusters: &[ClusterCount]) -> Option<BetaBinomial> {
    let hits: u64 = clusters.iter().map(|cluster| cluster.hits).sum();
    let trials: u64 = clusters.iter().map(|cluster| cluster.trials).sum();
    if hits == 0 || hits == trials {
        return None;
    }
    // Most clusters have the same few counts: each is evaluated once.
    let mut groups = BTreeMap::<(u64, u64), u64>::new();
    for cluster in clusters {
        *groups.entry((cluster.hits, cluster.trials)).or_default() += 1;
    }
    let clusters = &groups;
    let mut rate = hits as f64 / trials as f64;
    let independent = log_likelihood(clusters, rate, 0.0);
    let mut correlation = 0.0;
    // Rate and correlation are nearly orthogonal: a few turns of one-dimensional searches suffice.
    for _ in 0..6 {
        correlation = maximise(0.0, 0.999, TURNS, |rho| log_likelihood(clusters, rate, rho));
        let (low, high) = (rate * 0.2, 1.0 - (1.0 - rate) * 0.2);
        rate = maximise(low, high, TURNS, |p| log_likelihood(clusters, p, correlation));
    }
    let best = log_likelihood(clusters, rate, correlation);
    if best <= independent {
        return Some(BetaBinomial {
            rate: hits as f64 / trials as f64,
            correlation: 0.0,
            twice_gain: 0.0,
        });
    }
    Some(BetaBinomial {
        rate,
        correlation,
        twice_gain: 2.0 * (best - independent),
    })
}

/// Log-likelihood up to a constant, as products that stay finite at zero correlation:
///
/// ```text
/// Π_{r<k} (p(1-ρ) + rρ) · Π_{r<n-k} ((1-p)(1-ρ) + rρ) / Π_{r<n} (1-ρ + rρ)
/// ```
fn log_likelihood(groups: &BTreeMap<(u64, u64), u64>, rate: f64, correlation: f64) -> f64 {
    let product = |start: f64, count: u64| {
        (0..count)
            .map(|r| libm::log(start * (1.0 - correlation) + r as f64 * correlation))
            .sum::<f64>()
    };
    let group = |((hits, trials), count): (&(u64, u64), &u64)| {
        let one = product(rate, *hits) + product(1.0 - rate, trials - hits) - product(1.0, *trials);
        *count as f64 * one
    };
    groups.iter().map(group).sum()
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::{unit_closed_open, unit_open};
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

    use super::*;

    /// Clusters whose rate is Beta(a, b): a beta draw by the order statistics of uniforms.
    fn clusters(seed: u64, count: u64, trials: u64, whole_a: usize, whole_b: usize) -> Vec<ClusterCount> {
        let key = StreamKey::derive(RootSeed(seed), 0, Purpose(1));
        (0..count)
            .map(|cluster| {
                let mut uniforms: Vec<f64> = (0..(whole_a + whole_b - 1) as u64)
                    .map(|at| unit_open(key.draw(cluster, at)))
                    .collect();
                uniforms.sort_by(f64::total_cmp);
                let rate = uniforms[whole_a - 1];
                let draw = |at: u64| u64::from(unit_closed_open(key.draw(cluster, 1000 + at)) < rate);
                ClusterCount {
                    hits: (0..trials).map(draw).sum(),
                    trials,
                }
            })
            .collect()
    }

    /// 4,000 clusters of 10 from Beta(1, 9), rate .1 and correlation 1/11: standard errors about .0023 and .006;
    /// five and a half of them each.
    #[test]
    fn rate_and_correlation_of_a_beta_binomial_are_recovered() {
        let fitted = fit_beta_binomial(&clusters(91, 4000, 10, 1, 9)).expect("failures");
        assert!((fitted.rate - 0.1).abs() < 0.0127, "{fitted:?}");
        assert!((fitted.correlation - 1.0 / 11.0).abs() < 0.033, "{fitted:?}");
        assert!(fitted.twice_gain > 20.0);
    }

    /// 4,000 binomial clusters: the correlation's standard error is near .0024.
    #[test]
    fn independent_failures_have_no_correlation() {
        let key = StreamKey::derive(RootSeed(92), 0, Purpose(1));
        let sample: Vec<ClusterCount> = (0..4000u64)
            .map(|cluster| {
                let hit = |at: u64| u64::from(unit_closed_open(key.draw(cluster, at)) < 0.1);
                ClusterCount {
                    hits: (0..10).map(hit).sum(),
                    trials: 10,
                }
            })
            .collect();
        let fitted = fit_beta_binomial(&sample).expect("failures");
        assert!(fitted.correlation < 0.014, "{fitted:?}");
    }

    #[test]
    fn nothing_failing_has_no_law() {
        assert_eq!(fit_beta_binomial(&[ClusterCount { hits: 0, trials: 9 }; 3]), None);
        assert_eq!(fit_beta_binomial(&[]), None);
    }
}
