//! How many independent positions an answer is worth.
//!
//! **Invariant.** The effective length is at least one and at most the length.

/// Correlation of neighbouring values, pooled over series: each series is centred on the mean of all, so that a
/// level that differs between series counts as correlation within them. Zero where nothing varies.
pub fn lag_one<'a>(series: impl IntoIterator<Item = &'a [f64]>) -> f64 {
    let series: Vec<&[f64]> = series.into_iter().collect();
    let count: usize = series.iter().map(|values| values.len()).sum();
    let mean = series.iter().flat_map(|values| values.iter()).sum::<f64>() / count.max(1) as f64;
    let (mut products, mut pairs, mut squares) = (0.0, 0usize, 0.0);
    for values in series {
        squares += values
            .iter()
            .map(|value| (value - mean) * (value - mean))
            .sum::<f64>();
        products += values
            .windows(2)
            .map(|pair| (pair[0] - mean) * (pair[1] - mean))
            .sum::<f64>();
        pairs += values.len().saturating_sub(1);
    }
    if squares <= 0.0 || pairs == 0 {
        return 0.0;
    }
    (products / pairs as f64) / (squares / count as f64)
}

/// `N·(1 - ρ)/(1 + ρ)` for a first-order autoregression with correlation ρ, kept within 1 and N.
pub fn effective_length(length: usize, lag_one: f64) -> f64 {
    let length = length as f64;
    (length * (1.0 - lag_one) / (1.0 + lag_one)).clamp(1.0_f64.min(length), length)
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::standard_normal;
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

    use super::*;

    /// 40,000 steps: standard error √((1 - ρ²)/n) = .004, six of them.
    #[test]
    fn the_correlation_of_an_autoregression_is_recovered() {
        let key = StreamKey::derive(RootSeed(81), 0, Purpose(1));
        let rho = 0.6f64;
        let mut value = 0.0;
        let series: Vec<f64> = (0..40_000)
            .map(|at| {
                value = rho * value + (1.0 - rho * rho).sqrt() * standard_normal(key.draw(at, 0));
                value
            })
            .collect();
        let parts: Vec<&[f64]> = series.chunks(500).collect();
        let seen = lag_one(parts);
        assert!((seen - rho).abs() < 0.024, "{seen}");
        assert!((effective_length(400, rho) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn what_does_not_vary_is_not_correlated() {
        assert_eq!(lag_one([&[1.0, 1.0, 1.0][..]]), 0.0);
        assert_eq!(lag_one([&[][..]]), 0.0);
        assert_eq!(effective_length(10, -0.5), 10.0);
    }
}
