//! The network's own distance, exactly as deployed: the baseline under test.
//!
//! The rule, its constants and its special cases are those of docs/spec/artifact.md, where it is fixed-point;
//! here it is in doubles, over the same walk. It divides each difference by the size of the log-probabilities,
//! so that rounding in a near-certain token weighs more than a real shift in an uncertain one, and it divides
//! by a hundred positions at least, so that a short answer can't fail.
//!
//! **Invariant.** The validator's candidates alone are walked; the divisor is the executor's.

use crate::artifact::TopK;

/// What the chain adds to each denominator.
pub const DEPLOYED_EPSILON: f64 = 1e-6;
/// Answers count as this many positions at least.
pub const DEPLOYED_LENGTH_MIN: usize = 100;
/// Candidates that production compares.
pub const DEPLOYED_CANDIDATES: usize = 5;

/// Distance of one position, the sum over the validator's first five candidates (not yet divided by k).
///
/// ```text
/// d = Σ ½·|v - o| / (10⁻⁶ + |v| + |o|)      o of a missing token: min₁ - (min₂ - min₁)
/// ```
///
/// The executor's list counts as far as it goes: entries beyond the fifth are looked up as well. One without
/// entries is at the largest distance, one half a candidate.
pub fn deployed_position(reported: &TopK, replayed: &TopK, listed: usize) -> f64 {
    let count = replayed.len().min(DEPLOYED_CANDIDATES);
    let Some(imputed) = imputed(&reported.log_probs[..listed.min(reported.log_probs.len())]) else {
        return 0.5 * count as f64;
    };
    let term = |(id, value): (&u32, &f32)| {
        let place = reported.ids.iter().take(listed).position(|other| other == id);
        let own = f64::from(*value);
        let other = place
            .and_then(|at| reported.log_probs.get(at))
            .map_or(imputed, |o| f64::from(*o));
        let relative = 0.5 * (own - other).abs() / (DEPLOYED_EPSILON + own.abs() + other.abs());
        if relative.is_nan() { 0.5 } else { relative }
    };
    replayed
        .ids
        .iter()
        .zip(&replayed.log_probs)
        .take(count)
        .map(term)
        .sum()
}

/// What a token that isn't listed counts as, from the two lowest that are.
fn imputed(log_probs: &[f32]) -> Option<f64> {
    let mut sorted: Vec<f64> = log_probs.iter().map(|value| f64::from(*value)).collect();
    sorted.sort_by(f64::total_cmp);
    let lowest = *sorted.first()?;
    Some(match sorted.get(1) {
        Some(next) => lowest - (next - lowest),
        None => lowest + 100.0,
    })
}

/// Distance of an answer from the sums of its positions: `Σ d / (max(100, N)·k)`, k the number of candidates at
/// the executor's first position. An answer without positions is at distance zero, as on the chain.
pub fn deployed_distance(positions: &[f64], candidates: usize) -> f64 {
    let divisor = positions.len().max(DEPLOYED_LENGTH_MIN) * candidates.max(1);
    positions.iter().sum::<f64>() / divisor as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ids: &[u32], log_probs: &[f32]) -> TopK {
        TopK {
            ids: ids.to_vec(),
            log_probs: log_probs.to_vec(),
            tail: 0.0,
        }
    }

    /// tests/vectors/artifact/position.json, the page's worked example.
    #[test]
    fn the_worked_example_of_the_page_comes_out() {
        let executor = list(&[0, 1, 2], &[-0.1, -2.0, -4.0]);
        let validator = list(&[0, 1, 3], &[-0.12, -1.9, -4.2]);
        assert!((deployed_position(&executor, &validator, 5) - 0.146_510_133_844_245_88).abs() < 1e-6);
        assert!((deployed_position(&validator, &executor, 5) - 0.177_322_456_086_868_64).abs() < 1e-6);
    }

    /// Rounding in a near-certain token outweighs a visible shift in an uncertain one seventyfold.
    #[test]
    fn low_entropy_drowns_the_signal_in_rounding() {
        let at = |a: f32, b: f32| deployed_position(&list(&[0], &[a]), &list(&[0], &[b]), 5);
        let rounding = at(-1.19e-7, -8.34e-7);
        assert!((rounding - 0.183).abs() < 5e-4, "{rounding}");
        let shift = at(-5.0, -5.05);
        assert!((shift - 0.0025).abs() < 1e-4, "{shift}");
        assert!(rounding > 70.0 * shift);
    }

    /// The largest distance a position can have is one half a candidate: fewer than 100·τ/½ positions pass
    /// whatever they hold. At the launch threshold of Qwen3-235B, .029083 in distance, that is five positions.
    #[test]
    fn an_answer_of_five_positions_passes_whatever_it_claims() {
        let worst = [2.5; 6];
        let allowed = 1.0 - 0.970_917;
        assert!(deployed_distance(&worst[..5], 5) < allowed);
        assert!(deployed_distance(&worst, 5) > allowed);
    }

    /// Sixty positions of a constant distance count as a hundred.
    #[test]
    fn a_short_answer_is_diluted_to_a_hundred_positions() {
        let (short, long) = ([0.25; 60], [0.25; 100]);
        assert!((deployed_distance(&short, 5) - 0.6 * deployed_distance(&long, 5)).abs() < 1e-15);
    }

    /// The divisor counts the executor's candidates: reporting four times as many divides the distance by four.
    #[test]
    fn padding_the_list_shrinks_the_distance_in_proportion() {
        let positions = [0.25; 200];
        let ratio = deployed_distance(&positions, 5) / deployed_distance(&positions, 20);
        assert!((ratio - 4.0).abs() < 1e-12);
    }

    #[test]
    fn an_empty_or_absurd_claim_is_at_the_largest_distance() {
        let validator = list(&[0, 1], &[-1.0, -2.0]);
        let empty = list(&[], &[]);
        assert_eq!(deployed_position(&empty, &validator, 5), 1.0);
        let absurd = list(&[0, 1], &[f32::NAN, f32::NEG_INFINITY]);
        assert_eq!(deployed_position(&absurd, &validator, 5), 1.0);
    }
}
