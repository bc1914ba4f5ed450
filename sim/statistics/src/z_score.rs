//! How many standard deviations an observation lies from what was expected.

/// `(observed - expected) / deviation`; zero if both agree exactly, infinite if they differ and the deviation
/// is zero.
pub fn z_score(observed: f64, expected: f64, deviation: f64) -> f64 {
    let difference = observed - expected;
    if difference == 0.0 {
        0.0
    } else {
        difference / deviation
    }
}

/// The z-score of `successes` among `trials` against an exact probability.
pub fn proportion_z_score(successes: u64, trials: u64, probability: f64) -> f64 {
    let n = trials as f64;
    z_score(
        successes as f64,
        n * probability,
        (n * probability * (1.0 - probability)).sqrt(),
    )
}

/// The two-sided p-value of a z-score under the normal law.
pub fn normal_p_value(z: f64) -> f64 {
    libm::erfc(z.abs() * std::f64::consts::FRAC_1_SQRT_2)
}

/// The standard normal distribution function.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_and_p_values_match_the_normal_table() {
        assert_eq!(proportion_z_score(60, 100, 0.5), 2.0);
        assert_eq!(
            (z_score(1.0, 1.0, 0.0), z_score(2.0, 1.0, 0.0)),
            (0.0, f64::INFINITY)
        );
        assert!((normal_p_value(1.959_963_984_540_054) - 0.05).abs() < 1e-15);
        assert!((normal_p_value(-3.0) - 0.002_699_796_063_260_19).abs() < 1e-15);
    }
}
