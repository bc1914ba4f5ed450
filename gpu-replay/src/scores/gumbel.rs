//! S2: with the sampler's noise known to both sides, how far was the chosen token from the promised choice.
//!
//! The sampler's contract is the Gumbel-max rule: the token with the largest `log p + g` is drawn, `g` standard
//! Gumbel noise keyed by inference, position and token id (Adams and Maddison's "Gumbel-max trick"; the margin is
//! DiFR's statistic, arXiv 2511.20621). An honest executor's choice is the replayed one except where two
//! candidates nearly tie; one that prefills the promised model after generating with another can repair the
//! log-probabilities, but not the choices.
//!
//! **Invariant.** The margin is zero exactly where the replay would have chosen the same token.

/// Where a margin is cut off: a choice outside the promised sampling law.
pub const MARGIN_MAX: f64 = 30.0;

/// Standard Gumbel noise from one uniform word: `-ln(-ln u)`.
pub fn gumbel_noise(word: u64) -> f64 {
    let unit = ((word >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    -libm::log(-libm::log(unit))
}

/// `max over v of (log p_v + g_v) - (log p_x + g_x)`, 0 to [`MARGIN_MAX`]: how much the chosen token x fell short
/// of the choice that the replay makes under the same noise.
///
/// `log_probs` are those of the sampling law (temperature applied, `-inf` where it cuts off); `noise` is asked
/// for tokens that can still win only.
pub fn margin(log_probs: &[f64], noise: impl Fn(u32) -> f64, chosen: u32) -> f64 {
    let Some(own) = log_probs.get(chosen as usize).filter(|value| value.is_finite()) else {
        return MARGIN_MAX;
    };
    let own = own + noise(chosen);
    let best = log_probs
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
        .map(|(id, value)| value + noise(id as u32))
        .fold(own, f64::max);
    (best - own).clamp(0.0, MARGIN_MAX)
}

/// Probability that two independent draws, one from each law, are the same token: `Σ p·q`.
pub fn match_independent(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).map(|(p, q)| p * q).sum()
}

/// Probability that two Gumbel-max draws under the same noise are the same token:
/// `Σ_v 1 / Σ_w max(p_w/p_v, q_w/q_v)`. Its complement lies between the total variation TV and 2·TV/(1+TV).
pub fn match_shared(p: &[f64], q: &[f64]) -> f64 {
    let term = |v: usize| {
        let ratio = |w: usize| (p[w] / p[v]).max(q[w] / q[v]);
        1.0 / (0..p.len()).map(ratio).sum::<f64>()
    };
    (0..p.len())
        .filter(|v| p[*v] > 0.0 && q[*v] > 0.0)
        .map(term)
        .sum()
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

    use super::*;

    const DRAWS: u64 = 200_000;

    fn law(key: StreamKey, which: u64, size: usize) -> Vec<f64> {
        let weights: Vec<f64> = (0..size)
            .map(|id| libm::exp(1.5 * gumbel_noise(key.draw(which, id as u64)).min(4.0)))
            .collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }

    fn chosen(law: &[f64], key: StreamKey, draw: u64) -> usize {
        let value = |id: usize| libm::log(law[id]) + gumbel_noise(key.draw(draw, id as u64));
        (0..law.len())
            .max_by(|a, b| value(*a).total_cmp(&value(*b)))
            .expect("not empty")
    }

    /// 200,000 draws: a share of standard error at most .00112 leaves 5.5 of them with chance 4e-8 each.
    #[test]
    fn draws_follow_the_law_and_match_as_the_closed_forms_say() {
        let key = StreamKey::derive(RootSeed(11), 0, Purpose(1));
        let other = StreamKey::derive(RootSeed(12), 0, Purpose(1));
        let (p, q) = (law(key, 1, 12), law(key, 2, 12));
        let (mut first, mut shared, mut independent) = (0u64, 0u64, 0u64);
        for draw in 100..100 + DRAWS {
            let honest = chosen(&p, key, draw);
            first += u64::from(honest == 0);
            shared += u64::from(honest == chosen(&q, key, draw));
            independent += u64::from(honest == chosen(&q, other, draw));
        }
        let is_near = |count: u64, expected: f64| {
            let error = (expected * (1.0 - expected) / DRAWS as f64).sqrt();
            (count as f64 / DRAWS as f64 - expected).abs() < 5.5 * error
        };
        assert!(is_near(first, p[0]));
        assert!(is_near(shared, match_shared(&p, &q)));
        assert!(is_near(independent, match_independent(&p, &q)));
    }

    #[test]
    fn mismatches_under_shared_noise_lie_between_the_bounds_of_total_variation() {
        let key = StreamKey::derive(RootSeed(13), 0, Purpose(1));
        for which in 0..200 {
            let (p, q) = (law(key, 2 * which, 9), law(key, 2 * which + 1, 9));
            let tv = 0.5 * p.iter().zip(&q).map(|(p, q)| (p - q).abs()).sum::<f64>();
            let mismatch = 1.0 - match_shared(&p, &q);
            assert!(tv <= mismatch + 1e-12 && mismatch <= 2.0 * tv / (1.0 + tv) + 1e-12);
        }
        let p = law(key, 0, 9);
        assert!((match_shared(&p, &p) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_margin_is_zero_exactly_where_the_replay_chooses_the_same() {
        let key = StreamKey::derive(RootSeed(14), 0, Purpose(1));
        let law = law(key, 1, 10);
        let logs: Vec<f64> = law.iter().map(|p| libm::log(*p)).collect();
        for draw in 0..500 {
            let noise = |id: u32| gumbel_noise(key.draw(draw, u64::from(id)));
            let winner = chosen(&law, key, draw);
            for id in 0..10u32 {
                assert_eq!(margin(&logs, noise, id) == 0.0, id as usize == winner);
            }
        }
        assert_eq!(margin(&logs, |_| 0.0, 99), MARGIN_MAX);
        assert_eq!(margin(&[0.0, f64::NEG_INFINITY], |_| 0.0, 1), MARGIN_MAX);
    }
}
