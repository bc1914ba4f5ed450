//! The consecutive rule: so many failures in a row.

/// The expected number of answers until `streak` failures in a row, `(1 - p^k)/((1 - p) p^k)`; infinite where nothing
/// fails. Panics unless the rate lies in [0, 1] and the streak is above zero.
pub fn mean_until_streak(streak: u32, failure_rate: f64) -> f64 {
    check(streak, failure_rate);
    if failure_rate >= 1.0 {
        return f64::from(streak);
    }
    let power = libm::pow(failure_rate, f64::from(streak));
    (1.0 - power) / ((1.0 - failure_rate) * power)
}

/// The probability of `streak` failures in a row somewhere among `answers`. Panics as [`mean_until_streak`] does.
pub fn streak_by(streak: u32, failure_rate: f64, answers: u64) -> f64 {
    check(streak, failure_rate);
    let length = streak as usize;
    // Probabilities by the length of the run that is open.
    let mut open = vec![0.0; length];
    open[0] = 1.0;
    let mut convicted = 0.0;
    for _ in 0..answers {
        let passed = open.iter().sum::<f64>() * (1.0 - failure_rate);
        convicted += open[length - 1] * failure_rate;
        for run in (1..length).rev() {
            open[run] = open[run - 1] * failure_rate;
        }
        open[0] = passed;
    }
    convicted
}

fn check(streak: u32, failure_rate: f64) {
    assert!((0.0..=1.0).contains(&failure_rate), "a rate lies between 0 and 1");
    assert!(streak > 0, "a streak has a length");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_match_the_closed_form_and_the_table() {
        for (rate, mean) in [(0.05, 3_368_420.0), (0.2, 3_905.0), (0.5, 62.0), (1.0, 5.0)] {
            assert!((mean_until_streak(5, rate) / mean - 1.0).abs() < 1e-6, "{rate}");
        }
        assert_eq!(mean_until_streak(5, 0.0), f64::INFINITY);
    }

    #[test]
    fn probabilities_match_the_table() {
        for (rate, answers, expected) in [
            (0.05, 1_000, 2.96e-4),
            (0.05, 10_000, 2.96e-3),
            (0.1, 100, 8.65e-4),
            (0.1, 10_000, 0.0860),
            (0.2, 100, 0.0244),
            (0.2, 1_000, 0.225),
            (0.5, 100, 0.810),
        ] {
            let seen = streak_by(5, rate, answers);
            assert!((seen / expected - 1.0).abs() < 3e-3, "{rate} {answers}: {seen}");
        }
        // The mean is the sum of the tails.
        let tails: f64 = (0..3_000).map(|n| 1.0 - streak_by(5, 0.5, n)).sum();
        assert!((tails - 62.0).abs() < 1e-9, "{tails}");
    }
}
