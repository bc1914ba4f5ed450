//! Several tests of one answer, or one test of many hosts, as one decision.
//!
//! **Invariant.** No rule here assumes independence: the smallest p-value is multiplied by the number of tests, and
//! e-values are averaged, which keeps them e-values under any dependence.

/// Smallest p-value times the number of tests, at most one (Bonferroni). One without a test.
pub fn bonferroni(p_values: &[f64]) -> f64 {
    let least = p_values.iter().copied().fold(1.0, f64::min);
    (least * p_values.len().max(1) as f64).min(1.0)
}

/// An e-value from a p-value: `½·p^(-½)`, whose mean under a uniform p is one (Vovk and Wang 2021).
pub fn e_value_of_p(p: f64) -> f64 {
    0.5 / p.max(f64::MIN_POSITIVE).sqrt()
}

/// The mean of e-values: an e-value again under any dependence. One without a value.
pub fn average_e_value(values: &[f64]) -> f64 {
    if values.is_empty() {
        1.0
    } else {
        values.iter().sum::<f64>() / values.len() as f64
    }
}

/// Which of many hypotheses the e-BH rule rejects at false-discovery rate `alpha` (Wang and Ramdas 2022): the k
/// largest, k the most for which the k-th largest e-value is at least K/(k·α). Rejections are positions, rising.
pub fn e_benjamini_hochberg(values: &[f64], alpha: f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]).then(a.cmp(b)));
    let is_enough = |k: &usize| values[order[*k - 1]] >= values.len() as f64 / (*k as f64 * alpha);
    let rejected = (1..=values.len()).rev().find(is_enough).unwrap_or(0);
    let mut rejected = order[..rejected].to_vec();
    rejected.sort_unstable();
    rejected
}

/// Probability that a majority of `validators` independent ones fail an honest answer, each with chance `alpha`.
pub fn false_alarm_of_majority(validators: u32, alpha: f64) -> f64 {
    let term = |hits: u32| {
        let ways = (0..hits).fold(1.0, |ways, at| {
            ways * f64::from(validators - at) / f64::from(at + 1)
        });
        ways * libm::pow(alpha, f64::from(hits)) * libm::pow(1.0 - alpha, f64::from(validators - hits))
    };
    (validators / 2 + 1..=validators).map(term).sum()
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::unit_open;
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

    use super::*;

    #[test]
    fn majorities_of_validators_err_as_published() {
        assert!((false_alarm_of_majority(3, 0.05) - 0.00725).abs() < 1e-12);
        assert!((false_alarm_of_majority(5, 0.05) - 0.001158).abs() < 5e-7);
        assert!((false_alarm_of_majority(1, 0.05) - 0.05).abs() < 1e-15);
    }

    /// 100,000 pairs of equal p-values, the worst dependence for independence-based rules. The rejection rate at
    /// 5 % is at most 5 % (here 2.5 %) for the smallest p, and an average e-value of 20 is rarer than one in 20.
    #[test]
    fn combinations_keep_their_level_under_full_dependence() {
        let key = StreamKey::derive(RootSeed(95), 0, Purpose(1));
        let (mut by_p, mut by_e, mut sum) = (0u32, 0u32, 0.0);
        for draw in 0..100_000 {
            let p = unit_open(key.draw(draw, 0));
            by_p += u32::from(bonferroni(&[p, p]) <= 0.05);
            let e = average_e_value(&[e_value_of_p(p), e_value_of_p(p)]);
            by_e += u32::from(e >= 20.0);
            sum += e.min(500.0);
        }
        // Standard error .0005 of the share .025.
        assert!((f64::from(by_p) / 1e5 - 0.025).abs() < 0.003);
        assert!(by_e < 150, "{by_e}");
        // The mean of ½p^(-½) is one; cut off at 500 it is a thousandth less.
        assert!((sum / 1e5 - 1.0).abs() < 0.05, "{}", sum / 1e5);
    }

    #[test]
    fn the_e_rule_rejects_the_largest_that_clear_their_bar() {
        assert_eq!(e_benjamini_hochberg(&[100.0, 1.0, 45.0, 0.0], 0.05), [0, 2]);
        assert_eq!(
            e_benjamini_hochberg(&[79.0, 1.0, 30.0, 0.0], 0.05),
            Vec::<usize>::new()
        );
        assert_eq!(e_benjamini_hochberg(&[], 0.05), Vec::<usize>::new());
    }

    #[test]
    fn the_smallest_p_is_paid_for() {
        assert!((bonferroni(&[0.01, 0.5, 0.9]) - 0.03).abs() < 1e-15);
        assert_eq!((bonferroni(&[0.7, 0.9]), bonferroni(&[])), (1.0, 1.0));
    }
}
