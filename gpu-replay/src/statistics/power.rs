//! How many tokens a decision takes.
//!
//! **Invariant.** Sizes are in model tokens, powers in probabilities; closed forms are for independent positions,
//! measured curves are read where they cross.

use stakeout_statistics::normal_cdf;

/// Tokens for a one-sided test of a mean: `((z_{1-α}·σ₀ + z_{1-β}·σ₁)/(μ₁ - μ₀))²`.
pub fn tokens_for_mean_shift(z_alpha: f64, z_beta: f64, sigma: (f64, f64), shift: f64) -> f64 {
    let ratio = (z_alpha * sigma.0 + z_beta * sigma.1) / shift;
    ratio * ratio
}

/// Tokens after which the likelihood ratio against a known substitute reaches `1/α` on average: `ln(1/α)/KL`,
/// the divergence in nats a token.
pub fn tokens_for_divergence(alpha: f64, divergence: f64) -> f64 {
    -libm::log(alpha) / divergence
}

/// Area under the curve of means over `tokens` normal positions: `Φ(√N·(μ₁ - μ₀)/√(σ₀² + σ₁²))`.
pub fn auc_of_means(shift: f64, sigma_honest: f64, sigma_substitute: f64, tokens: f64) -> f64 {
    let spread = (sigma_honest * sigma_honest + sigma_substitute * sigma_substitute).sqrt();
    normal_cdf(tokens.sqrt() * shift / spread)
}

/// Tokens at which a measured power curve reaches `target`: the first crossing, linear in the logarithm of the
/// length. The first length if it is reached there already; `None` if never.
pub fn tokens_to_reach(curve: &[(usize, f64)], target: f64) -> Option<f64> {
    let first = curve.first()?;
    if first.1 >= target {
        return Some(first.0 as f64);
    }
    let crossing = curve.windows(2).find(|pair| pair[1].1 >= target)?;
    let ((from, low), (to, high)) = (crossing[0], crossing[1]);
    let share = (target - low) / (high - low);
    let (from, to) = (libm::log(from as f64), libm::log(to as f64));
    Some(libm::exp(from + share * (to - from)))
}

/// Answers that are looked at before a test is called hopeless.
const ANSWERS_MAX: u64 = 2000;

/// Independent answers until a count of failures tells a rate `p1` from a rate `p0`: the fewest n for which some
/// count is reached by honest executors with a probability of `alpha` at most and by the other with `power` at
/// least. Exact binomial tails; `None` beyond 2,000 answers, or where `p1` is not above `p0`.
pub fn answers_to_tell(p0: f64, p1: f64, alpha: f64, power: f64) -> Option<u64> {
    if p1 <= p0 {
        return None;
    }
    let mut critical = 1;
    (1..=ANSWERS_MAX).find(|n| {
        while critical <= *n && at_least(*n, p0, critical) > alpha {
            critical += 1;
        }
        critical <= *n && at_least(*n, p1, critical) >= power
    })
}

/// P(Bin(n, p) >= count), `count >= 1`.
fn at_least(n: u64, p: f64, count: u64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return if p >= 1.0 { 1.0 } else { 0.0 };
    }
    let real = |value: u64| value as f64;
    let ln_choose =
        libm::lgamma(real(n) + 1.0) - libm::lgamma(real(count) + 1.0) - libm::lgamma(real(n - count) + 1.0);
    let mut term = libm::exp(ln_choose + real(count) * libm::log(p) + real(n - count) * libm::log1p(-p));
    let mut sum = 0.0;
    for at in count..=n {
        sum += term;
        term *= real(n - at) / real(at + 1) * p / (1.0 - p);
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// n = 1 needs certainty; .1 against .5 by hand: P(Bin(10, .1) >= 4) = .0128, P(Bin(11, .1) >= 4) = .0185,
    /// P(Bin(12, .1) >= 5) = .0043 and P(Bin(14, .5) >= 5) = .9102 (tables of the binomial law).
    #[test]
    fn the_fewest_answers_are_those_of_the_binomial_tables() {
        assert!((at_least(10, 0.1, 4) - 0.0128).abs() < 5e-5);
        assert!((at_least(14, 0.5, 5) - 0.9102).abs() < 5e-5);
        assert_eq!(answers_to_tell(0.01, 1.0, 0.01, 0.9), Some(1));
        assert_eq!(answers_to_tell(0.1, 0.5, 0.01, 0.9), Some(14));
        assert_eq!(answers_to_tell(0.2, 0.2, 0.01, 0.9), None);
        assert_eq!(answers_to_tell(0.2, 0.2001, 0.01, 0.9), None);
    }

    /// llama.cpp's divergences for LLaMA-3-8B (perplexity tool, Wikitext-2) in tokens of a likelihood ratio.
    #[test]
    fn published_divergences_give_the_published_ladder_of_tokens() {
        for (divergence, at_percent, at_ten_thousandth) in [
            (0.001355, 3399.0, 6797.0),
            (0.005452, 845.0, 1689.0),
            (0.031273, 147.0, 295.0),
            (0.071940, 64.0, 128.0),
            (0.445132, 10.0, 21.0),
        ] {
            assert!((tokens_for_divergence(1e-2, divergence) - at_percent).abs() < 1.0);
            assert!((tokens_for_divergence(1e-4, divergence) - at_ten_thousandth).abs() < 1.0);
        }
    }

    /// Half the shift takes four times the tokens: mixing within an answer at a share of one half.
    #[test]
    fn diluting_a_mean_costs_the_square() {
        let whole = tokens_for_mean_shift(2.326, 1.282, (1.0, 1.2), 0.5);
        let half = tokens_for_mean_shift(2.326, 1.282, (1.0, 1.2), 0.25);
        assert!((half / whole - 4.0).abs() < 1e-12);
    }

    #[test]
    fn a_crossing_is_read_between_the_measured_lengths() {
        let curve = [(8, 0.2), (32, 0.8), (128, 1.0)];
        assert!((tokens_to_reach(&curve, 0.5).expect("crosses") - 16.0).abs() < 1e-9);
        assert_eq!(tokens_to_reach(&curve, 0.1), Some(8.0));
        assert_eq!(tokens_to_reach(&curve[..2], 0.9), None);
        assert_eq!(tokens_to_reach(&[], 0.5), None);
    }
}
