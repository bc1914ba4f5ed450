//! S2: with the sampler's noise known to both sides, how far was the chosen token from the promised choice.
//!
//! The sampler's contract is the Gumbel-max rule ([`sampler`](crate::sampler)): the token with the largest
//! `log p + g` is drawn, `g` standard Gumbel noise keyed by answer, position and token. The margin of a token is how
//! much it falls short of the winner (DiFR, arXiv 2511.20621). An honest executor's choice is the replayed one except
//! where two candidates nearly tie; one that prefills the promised model after generating with another can repair
//! the log-probabilities, but not the choices. Here is how often two laws choose alike.
//!
//! **Invariant.** A probability of agreement is between zero and one, and one for equal laws under shared noise.

/// Where a margin is cut off, nats: a choice that the promised sampling law excludes.
pub const MARGIN_MAX: f64 = 30.0;

/// Probability that two independent draws, one from each law, are the same token: `Σ p·q`.
pub fn match_independent(p: &[f32], q: &[f32]) -> f64 {
    p.iter().zip(q).map(|(p, q)| f64::from(*p) * f64::from(*q)).sum()
}

/// Probability that two Gumbel-max draws under the same noise are the same token:
///
/// ```text
/// Σ_v 1 / Σ_w max(p_w/p_v, q_w/q_v)
/// ```
///
/// Its complement lies between the total variation TV and 2·TV/(1 + TV). Tokens are sorted by q/p, so that the inner
/// sum is a sum of p below v and of q from v on: V·log V steps and not V².
pub fn match_shared(p: &[f32], q: &[f32]) -> f64 {
    let mut cells: Vec<(f64, f64)> = p
        .iter()
        .zip(q)
        .map(|(p, q)| (f64::from(*p), f64::from(*q)))
        .collect();
    cells.retain(|(p, q)| *p > 0.0 || *q > 0.0);
    // Cross-multiplied, so that a probability of zero needs no case of its own.
    cells.sort_by(|a, b| (a.1 * b.0).total_cmp(&(b.1 * a.0)));
    let mut below = 0.0;
    let mut from_here: f64 = cells.iter().map(|(_, q)| q).sum();
    let mut sum = 0.0;
    for (p, q) in cells {
        if p > 0.0 && q > 0.0 {
            sum += 1.0 / (below / p + from_here / q);
        }
        below += p;
        from_here -= q;
    }
    sum.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::standard_normal;
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

    use super::*;
    use crate::sampler::{Law, Noise};

    const DRAWS: u32 = 100_000;

    fn law(which: u64, size: u64) -> Law {
        let key = StreamKey::derive(RootSeed(17), 0, Purpose(1));
        let logits: Vec<f32> = (0..size)
            .map(|id| 2.0 * standard_normal(key.draw(which, id)) as f32)
            .collect();
        Law::of_logits(&logits)
    }

    /// 100,000 draws: a share of standard error at most .00158 leaves 5.5 of them with chance 4e-8 each.
    #[test]
    fn draws_of_two_laws_agree_as_the_closed_forms_say() {
        let (p, q) = (law(1, 12), law(2, 12));
        let (mut shared, mut independent) = (0u32, 0u32);
        let (noise, other) = (Noise::new(3, 0), Noise::new(4, 0));
        for draw in 0..DRAWS {
            let honest = noise.winner(&p, draw).0;
            shared += u32::from(honest == noise.winner(&q, draw).0);
            independent += u32::from(honest == other.winner(&q, draw).0);
        }
        let is_near = |count: u32, expected: f64| {
            let error = (expected * (1.0 - expected) / f64::from(DRAWS)).sqrt();
            (f64::from(count) / f64::from(DRAWS) - expected).abs() < 5.5 * error
        };
        assert!(is_near(shared, match_shared(&p.probs, &q.probs)));
        assert!(is_near(independent, match_independent(&p.probs, &q.probs)));
    }

    #[test]
    fn the_sorted_sum_is_the_double_sum() {
        for which in 0..50 {
            let (p, q) = (law(2 * which, 15).probs, law(2 * which + 1, 15).probs);
            let ratio = |v: usize, w: usize| f64::from((p[w] / p[v]).max(q[w] / q[v]));
            let double: f64 = (0..15)
                .map(|v| 1.0 / (0..15).map(|w| ratio(v, w)).sum::<f64>())
                .sum();
            assert!((match_shared(&p, &q) - double).abs() < 1e-5);
        }
        assert!((match_shared(&[0.5, 0.5, 0.0], &[0.0, 0.5, 0.5]) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(match_shared(&[1.0, 0.0], &[0.0, 1.0]), 0.0);
    }

    #[test]
    fn mismatches_under_shared_noise_lie_between_the_bounds_of_total_variation() {
        for which in 0..200 {
            let (p, q) = (law(2 * which, 9).probs, law(2 * which + 1, 9).probs);
            let tv = 0.5
                * p.iter()
                    .zip(&q)
                    .map(|(p, q)| f64::from((p - q).abs()))
                    .sum::<f64>();
            let mismatch = 1.0 - match_shared(&p, &q);
            assert!(tv <= mismatch + 1e-6 && mismatch <= 2.0 * tv / (1.0 + tv) + 1e-6);
        }
        let p = law(0, 9).probs;
        assert!((match_shared(&p, &p) - 1.0).abs() < 1e-6);
    }
}
