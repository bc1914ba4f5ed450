//! Thresholds from the honest sample alone: valid at any sample size, whatever the law of the scores.
//!
//! The rank of a new honest score among m honest ones is uniform, so rejecting above the r-th largest has a
//! false-positive rate of r/(m+1) on average, and the rate itself follows Beta(r, m-r+1) (Vovk et al. on
//! conformal prediction; Wilks 1941 on tolerance limits). The largest of a sample is the case r = 1: a threshold
//! "that no honest answer exceeded" promises 1/(m+1), not zero.
//!
//! **Invariant.** A threshold is an order statistic; an answer is rejected strictly above it.

use stakeout_statistics::clopper_pearson;

/// Conformal p-value of `score`: `(1 + #{honest >= score}) / (m + 1)`. `honest` is sorted, rising.
pub fn conformal_p(honest: &[f64], score: f64) -> f64 {
    let below = honest.partition_point(|value| *value < score);
    (1 + honest.len() - below) as f64 / (honest.len() + 1) as f64
}

/// Rank from above of the threshold for a false-positive rate `alpha`: `⌊α·(m+1)⌋`. `None` if the sample is too
/// small for one: then the tail has to be modelled ([`Tail`](super::Tail)).
pub fn conformal_rank(m: usize, alpha: f64) -> Option<usize> {
    let rank = (alpha * (m + 1) as f64 + 1e-9) as usize;
    (rank > 0).then_some(rank.min(m))
}

/// The threshold for a false-positive rate `alpha`, from honest scores sorted rising.
pub fn conformal_threshold(honest: &[f64], alpha: f64) -> Option<f64> {
    conformal_rank(honest.len(), alpha).map(|rank| honest[honest.len() - rank])
}

/// What the false-positive rate of an order statistic may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FalsePositiveLaw {
    /// Its expectation, r/(m+1).
    pub mean: f64,
    /// What it stays below with 95 % confidence.
    pub upper: f64,
}

/// Law of the false-positive rate of a threshold at the `rank`-th largest of `m` independent honest scores.
/// Panics unless `1 <= rank <= m`.
pub fn false_positive_law(m: usize, rank: usize) -> FalsePositiveLaw {
    assert!(
        1 <= rank && rank <= m,
        "a rank counts from one to the sample's size"
    );
    FalsePositiveLaw {
        mean: rank as f64 / (m + 1) as f64,
        // The 95 % quantile of Beta(r, m-r+1) is the upper Clopper-Pearson bound of r - 1 events in m.
        upper: clopper_pearson(rank as u64 - 1, m as u64, 0.90).high,
    }
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::unit_open;
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

    use super::*;

    /// The largest of m honest scores, as studies take it.
    #[test]
    fn the_sample_maximum_promises_one_in_m_plus_one() {
        for (m, mean, upper) in [
            (40, 0.0244, 0.0722),
            (200, 0.00498, 0.01487),
            (1000, 0.000999, 0.00299),
            (6000, 0.000167, 0.000499),
        ] {
            let law = false_positive_law(m, 1);
            assert!(
                (law.mean / mean - 1.0).abs() < 5e-3 && (law.upper / upper - 1.0).abs() < 5e-3,
                "{law:?}"
            );
            assert!((law.upper - (1.0 - libm::pow(0.05, 1.0 / m as f64))).abs() < 1e-12);
        }
        // A one-percent promise kept with 95 % confidence takes 299 honest scores at least.
        assert!(false_positive_law(298, 1).upper > 0.01 && false_positive_law(299, 1).upper < 0.01);
    }

    #[test]
    fn p_values_count_the_honest_scores_that_are_as_large() {
        let honest = [1.0, 2.0, 2.0, 3.0];
        let p: Vec<f64> = [0.5, 2.0, 2.5, 9.0]
            .map(|score| conformal_p(&honest, score))
            .to_vec();
        assert_eq!(p, [1.0, 0.8, 0.4, 0.2]);
        assert_eq!(conformal_threshold(&honest, 0.2), Some(3.0));
        assert_eq!(conformal_threshold(&honest, 0.1), None);
        assert_eq!(conformal_rank(99, 0.01), Some(1));
    }

    /// 20,000 samples of 99: a share of standard error .00154 at 5 % leaves 6 of them with chance 2e-9.
    #[test]
    fn a_new_honest_score_is_rejected_as_often_as_promised() {
        let key = StreamKey::derive(RootSeed(31), 0, Purpose(1));
        let mut rejected = 0u32;
        for run in 0..20_000u64 {
            let draw = |at: u64| -libm::log(unit_open(key.draw(run, at)));
            let mut honest: Vec<f64> = (0..99).map(draw).collect();
            honest.sort_by(f64::total_cmp);
            let threshold = conformal_threshold(&honest, 0.05).expect("large enough");
            rejected += u32::from(draw(99) > threshold);
        }
        assert!(
            (f64::from(rejected) / 20_000.0 - 0.05).abs() < 0.0093,
            "{rejected}"
        );
    }
}
