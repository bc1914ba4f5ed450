//! Distances between two aligned distributions.
//!
//! **Invariant.** All are zero on equal distributions and finite on any; the sums are over the listed tokens and
//! the tail.

use crate::artifact::TopK;

use super::position::Aligned;

/// The largest Jensen-Shannon divergence: ln 2, in nats.
pub const JENSEN_SHANNON_MAX: f64 = std::f64::consts::LN_2;
/// Where a single absolute difference of log-probabilities is cut off, in nats.
pub const MAE_CLIP: f64 = 5.0;
/// Probabilities below this are taken as this where they are divided by.
const FLOOR: f64 = 1e-7;

/// Jensen-Shannon divergence in nats, 0 to ln 2: S1's distance of one position. Bounded and symmetric, so that
/// neither a probability of zero nor a near-certain token can dominate an answer.
pub fn jensen_shannon(at: &Aligned) -> f64 {
    let half_term = |p: f64, middle: f64| {
        if p > 0.0 {
            0.5 * p * libm::log(p / middle)
        } else {
            0.0
        }
    };
    let sum: f64 = pairs(at)
        .map(|(p, q)| {
            let middle = 0.5 * (p + q);
            half_term(p, middle) + half_term(q, middle)
        })
        .sum();
    sum.clamp(0.0, JENSEN_SHANNON_MAX)
}

/// Divergence of the reported from the replayed distribution, `Σ q ln(q/p)` in nats, probabilities floored at
/// 1e-7 as published tables do.
pub fn kullback_leibler(at: &Aligned) -> f64 {
    let term = |(p, q): (f64, f64)| {
        if q > 0.0 {
            q * libm::log(q.max(FLOOR) / p.max(FLOOR))
        } else {
            0.0
        }
    };
    pairs(at).map(term).sum::<f64>().max(0.0)
}

/// Half the sum of absolute differences, 0 to 1: a lower bound of the full total variation.
pub fn total_variation(at: &Aligned) -> f64 {
    0.5 * pairs(at).map(|(p, q)| (p - q).abs()).sum::<f64>()
}

/// `1 - Σ √(p·q)`, 0 to 1. The error of any test on N positions is at most `(Σ √(p·q))^N`.
pub fn hellinger_squared(at: &Aligned) -> f64 {
    (1.0 - pairs(at).map(|(p, q)| (p * q).sqrt()).sum::<f64>()).clamp(0.0, 1.0)
}

/// Mean absolute difference of log-probabilities over the first `agreed` reported tokens in nats, each clipped: the
/// measure of the ladder in gonka-ai/gonka issue 1199. A token that the replay does not list is taken at the least
/// that it lists.
pub fn mean_absolute_error(reported: &TopK, replayed: &TopK, agreed: usize) -> f64 {
    let least = replayed
        .log_probs
        .last()
        .map_or(f64::NEG_INFINITY, |value| f64::from(*value));
    let difference = |(id, value): (&u32, &f32)| {
        let reported = f64::from(*value);
        let replayed = replayed.log_prob(*id).map_or(reported.min(least), f64::from);
        let gap = (reported - replayed).abs();
        if gap.is_nan() { MAE_CLIP } else { gap.min(MAE_CLIP) }
    };
    let pairs = reported.ids.iter().zip(&reported.log_probs).take(agreed);
    let count = pairs.len();
    if count == 0 {
        MAE_CLIP
    } else {
        pairs.map(difference).sum::<f64>() / count as f64
    }
}

fn pairs(at: &Aligned) -> impl Iterator<Item = (f64, f64)> + '_ {
    at.reported.iter().copied().zip(at.replayed.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(p: f64, q: f64) -> Aligned {
        Aligned {
            reported: vec![p, 1.0 - p],
            replayed: vec![q, 1.0 - q],
        }
    }

    #[test]
    fn distances_match_their_closed_forms_on_a_coin() {
        let at = two(0.25, 0.5);
        assert!((total_variation(&at) - 0.25).abs() < 1e-15);
        let kl = 0.5 * libm::log(2.0) + 0.5 * libm::log(0.5 / 0.75);
        assert!((kullback_leibler(&at) - kl).abs() < 1e-15);
        let entropy = |p: f64| -p * libm::log(p) - (1.0 - p) * libm::log(1.0 - p);
        let js = entropy(0.375) - 0.5 * (entropy(0.25) + entropy(0.5));
        assert!((jensen_shannon(&at) - js).abs() < 1e-15);
        let affinity = (0.125f64).sqrt() + (0.375f64).sqrt();
        assert!((hellinger_squared(&at) - (1.0 - affinity)).abs() < 1e-15);
    }

    #[test]
    fn disjoint_distributions_are_at_the_bounds() {
        let at = two(0.0, 1.0);
        assert!((jensen_shannon(&at) - JENSEN_SHANNON_MAX).abs() < 1e-15);
        assert_eq!((total_variation(&at), hellinger_squared(&at)), (1.0, 1.0));
        assert!(kullback_leibler(&at).is_finite());
    }

    /// Le Cam and Pinsker tie the distances together, whatever the pair.
    #[test]
    fn the_known_inequalities_hold_on_a_grid() {
        for i in 1..40 {
            for j in 1..40 {
                let at = two(f64::from(i) / 40.0, f64::from(j) / 40.0);
                let (tv, h2) = (total_variation(&at), hellinger_squared(&at));
                assert!(h2 <= tv + 1e-12 && tv <= (h2 * (2.0 - h2)).sqrt() + 1e-12);
                assert!(tv <= (0.5 * kullback_leibler(&at)).sqrt() + 1e-12);
                assert!(jensen_shannon(&at) <= tv * JENSEN_SHANNON_MAX + 1e-12);
            }
        }
    }

    #[test]
    fn one_absurd_claim_moves_the_mean_error_by_no_more_than_the_clip() {
        let list = |ids: &[u32], log_probs: &[f32]| TopK {
            ids: ids.to_vec(),
            log_probs: log_probs.to_vec(),
            tail: 0.0,
        };
        let replayed = list(&[0, 1], &[-0.1, -3.0]);
        let absurd = list(&[0, 1], &[-0.1, f32::NEG_INFINITY]);
        assert!((mean_absolute_error(&absurd, &replayed, 5) - MAE_CLIP / 2.0).abs() < 1e-6);
        let absurd = list(&[0, 9], &[-0.1, f32::NAN]);
        assert!((mean_absolute_error(&absurd, &replayed, 5) - MAE_CLIP / 2.0).abs() < 1e-6);
        assert_eq!(mean_absolute_error(&list(&[], &[]), &replayed, 5), MAE_CLIP);
    }
}
