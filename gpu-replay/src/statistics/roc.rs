//! Curves of a threshold: how many honest answers fail for how many substituted ones.
//!
//! **Invariant.** Both rates count answers strictly above the threshold, and fall as it rises; ties between an
//! honest and a substituted score count one half in the area.

use stakeout_statistics::{Interval, normal_quantile};

/// One threshold's rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RocPoint {
    /// Share of honest answers above the threshold.
    pub false_positive: f64,
    /// Share of substituted answers above it.
    pub true_positive: f64,
}

/// The curve from (0, 0) to (1, 1), one point for each distinct score.
pub fn roc(honest: &[f64], substituted: &[f64]) -> Vec<RocPoint> {
    let mut all: Vec<(f64, bool)> = honest.iter().map(|score| (*score, false)).collect();
    all.extend(substituted.iter().map(|score| (*score, true)));
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut false_hits, mut true_hits) = (0usize, 0usize);
    let mut points = vec![RocPoint {
        false_positive: 0.0,
        true_positive: 0.0,
    }];
    for (index, (score, is_substituted)) in all.iter().enumerate() {
        if *is_substituted {
            true_hits += 1
        } else {
            false_hits += 1
        }
        let is_last_of_its_value = all.get(index + 1).is_none_or(|next| next.0 != *score);
        if is_last_of_its_value {
            points.push(RocPoint {
                false_positive: false_hits as f64 / honest.len().max(1) as f64,
                true_positive: true_hits as f64 / substituted.len().max(1) as f64,
            });
        }
    }
    points
}

/// Area under the curve: the probability that a substituted answer scores above an honest one, ties one half.
pub fn auc(honest: &[f64], substituted: &[f64]) -> f64 {
    trapezoid(&roc(honest, substituted), 1.0)
}

/// Standardised area up to a false-positive rate `most`: `½·(1 + (A - m)/(M - m))`, m = most²/2 for a coin's
/// curve and M = most for a perfect one. One half is chance, one is perfect.
pub fn partial_auc(honest: &[f64], substituted: &[f64], most: f64) -> f64 {
    let area = trapezoid(&roc(honest, substituted), most);
    let chance = 0.5 * most * most;
    0.5 * (1.0 + (area - chance) / (most - chance))
}

fn trapezoid(points: &[RocPoint], most: f64) -> f64 {
    let mut area = 0.0;
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        if from.false_positive >= most {
            break;
        }
        let width = to.false_positive.min(most) - from.false_positive;
        let whole = to.false_positive - from.false_positive;
        let rise = if whole > 0.0 {
            (to.true_positive - from.true_positive) * width / whole
        } else {
            0.0
        };
        area += width * (from.true_positive + 0.5 * rise);
    }
    area
}

/// 95 % interval of the area, with DeLong's components (DeLong, DeLong and Clarke-Pearson 1988) summed by
/// cluster (Obuchowski 1997): answers to one prompt err together, honest and substituted ones alike.
///
/// Scores come with the number of their cluster. `None` without scores on both sides.
pub fn auc_interval(honest: &[(usize, f64)], substituted: &[(usize, f64)]) -> Option<Interval> {
    let clusters = honest
        .iter()
        .chain(substituted)
        .map(|(cluster, _)| cluster + 1)
        .max()?;
    if honest.is_empty() || substituted.is_empty() {
        return None;
    }
    let sorted = |scores: &[(usize, f64)]| {
        let mut values: Vec<f64> = scores.iter().map(|(_, score)| *score).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let (low, high) = (sorted(honest), sorted(substituted));
    // Share of `sorted` below `score`, ties one half.
    let below = |sorted: &[f64], score: f64| {
        let under = sorted.partition_point(|value| *value < score);
        let up_to = sorted.partition_point(|value| *value <= score);
        0.5 * (under + up_to) as f64 / sorted.len() as f64
    };
    let area = substituted.iter().map(|(_, s)| below(&low, *s)).sum::<f64>() / substituted.len() as f64;
    let mut sums = vec![0.0; clusters];
    for (cluster, score) in substituted {
        sums[*cluster] += (below(&low, *score) - area) / substituted.len() as f64;
    }
    for (cluster, score) in honest {
        sums[*cluster] += (1.0 - below(&high, *score) - area) / honest.len() as f64;
    }
    let half_width = normal_quantile(0.975) * sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt();
    Some(Interval {
        low: (area - half_width).max(0.0),
        high: (area + half_width).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::standard_normal;
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

    use super::super::auc_of_means;
    use super::*;

    #[test]
    fn areas_of_small_samples_are_counted_pairs() {
        let (honest, substituted) = ([1.0, 2.0, 3.0], [2.0, 4.0]);
        // Pairs won: 2 over 1, ties with 2, loses to 3; 4 over all: (1 + .5 + 3) / 6.
        assert!((auc(&honest, &substituted) - 0.75).abs() < 1e-15);
        assert_eq!(partial_auc(&[0.0; 5], &[1.0; 5], 0.01), 1.0);
        assert!((partial_auc(&[1.0; 5], &[1.0; 5], 0.01) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_coin_has_half_the_area_and_chance_is_half_the_standardised_part() {
        let scores: Vec<f64> = (0..1000).map(f64::from).collect();
        assert!((auc(&scores, &scores) - 0.5).abs() < 1e-12);
        assert!((partial_auc(&scores, &scores, 0.01) - 0.5).abs() < 0.002);
    }

    fn normals(seed: u64, n: u64, shift: f64) -> Vec<f64> {
        let key = StreamKey::derive(RootSeed(seed), 0, Purpose(1));
        (0..n)
            .map(|at| shift + standard_normal(key.draw(at, 0)))
            .collect()
    }

    /// 20,000 on each side: a standard error of .0019 at most (Hanley and McNeil 1982), five and a half of them.
    #[test]
    fn the_area_between_two_normals_matches_its_closed_form() {
        let area = auc(&normals(51, 20_000, 0.0), &normals(52, 20_000, 1.0));
        assert!((area - auc_of_means(1.0, 1.0, 1.0, 1.0)).abs() < 0.0105, "{area}");
    }

    /// 10,000 runs of 60 prompts with 3 honest and 2 substituted answers each, which share their prompt's shock:
    /// standard error .0022; the interval of the clusters covers .95 ± .01, one that ignores them could not.
    #[test]
    fn the_interval_knows_that_answers_to_one_prompt_err_together() {
        let key = StreamKey::derive(RootSeed(53), 0, Purpose(1));
        // Difference of an answer each from two prompts: variance 2·(1 + 1), shift 1.5.
        let truth = auc_of_means(1.5, 2f64.sqrt(), 2f64.sqrt(), 1.0);
        let mut covered = 0u32;
        for run in 0..10_000u64 {
            let normal = |at: u64| standard_normal(key.draw(run, at));
            let (mut honest, mut substituted) = (Vec::new(), Vec::new());
            for prompt in 0..60usize {
                let first = 10 * prompt as u64;
                let shock = normal(first);
                honest.extend((1..4).map(|at| (prompt, shock + normal(first + at))));
                substituted.extend((4..6).map(|at| (prompt, 1.5 + shock + normal(first + at))));
            }
            covered += u32::from(
                auc_interval(&honest, &substituted)
                    .expect("both sides")
                    .contains(truth),
            );
        }
        let coverage = f64::from(covered) / 10_000.0;
        assert!((coverage - 0.95).abs() < 0.01, "{coverage}");
    }
}
