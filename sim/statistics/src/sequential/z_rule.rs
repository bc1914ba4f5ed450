//! A z-score that is looked at after every answer.

/// Convicts when the failed share lies more than `deviations` standard deviations above `expected`, from `first`
/// answers on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZRule {
    /// The failure rate that counts as honest.
    pub expected: f64,
    /// Standard deviations above it that are tolerated.
    pub deviations: f64,
    /// The first number of answers at which the rule speaks.
    pub first: u64,
}

impl ZRule {
    /// Whether so many failures among so many answers convict.
    fn is_flagged(&self, failures: usize, judged: u64) -> bool {
        if judged < self.first {
            return false;
        }
        let n = judged as f64;
        let excess = failures as f64 - n * self.expected;
        let variance = n * self.expected * (1.0 - self.expected);
        // Equality counts as tolerated, also where rounding blurs it.
        excess > 0.0 && excess * excess > self.deviations * self.deviations * variance * (1.0 + 1e-12)
    }
}

/// The probability that the rule has convicted by each of `1..=horizon` answers, when they fail with `failure_rate`.
/// Panics unless the rate lies in [0, 1].
pub fn z_flagged_by(rule: ZRule, failure_rate: f64, horizon: u64) -> Vec<f64> {
    assert!((0.0..=1.0).contains(&failure_rate), "a rate lies between 0 and 1");
    let mut open = vec![1.0];
    let mut flagged = 0.0;
    (1..=horizon)
        .map(|judged| {
            let mut next = vec![0.0; open.len() + 1];
            for (failures, probability) in open.iter().enumerate() {
                next[failures] += probability * (1.0 - failure_rate);
                next[failures + 1] += probability * failure_rate;
            }
            for (failures, probability) in next.iter_mut().enumerate() {
                if rule.is_flagged(failures, judged) {
                    flagged += *probability;
                    *probability = 0.0;
                }
            }
            // More failures than convict are never open: the vector stays short.
            while next.last() == Some(&0.0) {
                next.pop();
            }
            open = std::mem::take(&mut next);
            flagged
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The launch rule of Gonka: one standard deviation above 5 %, from ten answers on, after every answer.
    #[test]
    fn peeking_convicts_honest_hosts() {
        let rule = ZRule {
            expected: 0.05,
            deviations: 1.0,
            first: 10,
        };
        let honest = z_flagged_by(rule, 0.05, 1_000);
        for (answers, expected) in [
            (10, 0.0861),
            (20, 0.2642),
            (50, 0.3757),
            (100, 0.4484),
            (200, 0.5166),
            (1_000, 0.6431),
        ] {
            assert!(
                (honest[answers - 1] - expected).abs() < 6e-5,
                "{answers}: {}",
                honest[answers - 1]
            );
        }
        assert_eq!(honest[8], 0.0);
        assert!((z_flagged_by(rule, 0.01, 100)[99] - 0.0190).abs() < 6e-5);
        let bad = z_flagged_by(rule, 0.2, 20);
        assert!((bad[9] - 0.6242).abs() < 6e-5 && (bad[19] - 0.9308).abs() < 6e-5);
    }
}
