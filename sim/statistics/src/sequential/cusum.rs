//! Page's CUSUM: the sum never falls below zero, and every fall to zero starts it anew.
//!
//! Between two starts it is a two-sided sequential test with its lower boundary at zero, so its run length is a sum of
//! independent excursions, and both figures follow from one of them.

use super::ratio::{Boundaries, Passages, RatioSteps, walk};

/// Run lengths of a CUSUM on answers that fail with one probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CusumAudit {
    /// Expected answers until the alarm.
    pub mean_until_alarm: f64,
    /// Probability that one excursion ends in the alarm.
    pub alarm_per_excursion: f64,
    /// Expected answers of one excursion.
    pub mean_excursion: f64,
}

fn excursion(steps: RatioSteps, h: f64, failure_rate: f64, horizon: u64) -> Passages {
    let ends = Boundaries {
        lower: Some(0),
        ..Boundaries::upper_only(h)
    };
    walk(steps, ends, failure_rate, horizon)
}

/// Audits the alarm at `h`. The mean is infinite where nothing fails.
pub fn audit_cusum(steps: RatioSteps, h: f64, failure_rate: f64) -> CusumAudit {
    let passages = excursion(steps, h, failure_rate, u64::MAX);
    let alarm: f64 = passages.up.iter().sum();
    let mean: f64 = passages
        .up
        .iter()
        .zip(&passages.down)
        .enumerate()
        .map(|(before, (up, down))| (before + 1) as f64 * (up + down))
        .sum();
    CusumAudit {
        mean_until_alarm: mean / alarm,
        alarm_per_excursion: alarm,
        mean_excursion: mean,
    }
}

/// The probability of an alarm within `answers`, by the renewals at zero.
pub fn cusum_alarm_by(steps: RatioSteps, h: f64, failure_rate: f64, answers: usize) -> f64 {
    let Passages { up, down, .. } = excursion(steps, h, failure_rate, answers as u64);
    // starts[n]: the probability that an excursion starts after n answers.
    let mut starts = vec![0.0; answers + 1];
    starts[0] = 1.0;
    let mut alarmed = 0.0;
    for n in 1..=answers {
        for (before, (up, down)) in up.iter().zip(&down).enumerate().take(n) {
            let start = starts[n - before - 1];
            alarmed += start * up;
            starts[n] += start * down;
        }
    }
    alarmed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Uniforms;
    use stakeout_kernel::streams::StreamKey;

    fn steps() -> RatioSteps {
        RatioSteps::between(0.05, 0.18)
    }

    /// Lorden 1971: without a change, the mean run is at least e^h.
    #[test]
    fn the_mean_run_of_an_honest_host_obeys_lordens_bound() {
        for h in [2.0, 4.0, 6.0] {
            let audit = audit_cusum(steps(), h, 0.05);
            assert!(audit.mean_until_alarm >= libm::exp(h), "{h}: {audit:?}");
        }
    }

    /// 4,000 simulated runs at failure rate 18 % and h 4: the mean of the sample lies within five standard errors of
    /// the exact one but with probability 6e-7, and so does the share of alarms within 40 answers.
    #[test]
    fn a_simulated_cusum_agrees() {
        let h = 4.0;
        let (runs, mut lengths, mut early) = (4_000_u32, crate::Moments::new(), 0_u32);
        for run in 0..runs {
            let mut uniforms = Uniforms::new(StreamKey::from_raw(17), u64::from(run));
            let (mut sum, mut length) = (0_i64, 0_u32);
            while sum < 4_000_000_000_000 {
                let step = if uniforms.happens(0.18) {
                    steps().failure
                } else {
                    steps().pass
                };
                sum = (sum + step).max(0);
                length += 1;
            }
            lengths.push(f64::from(length));
            early += u32::from(length <= 40);
        }
        let exact = audit_cusum(steps(), h, 0.18).mean_until_alarm;
        let z = (lengths.mean().unwrap() - exact) / lengths.standard_error().unwrap();
        assert!(z.abs() < 5.0, "{exact} {lengths:?}");
        let within = cusum_alarm_by(steps(), h, 0.18, 40);
        let z = crate::proportion_z_score(u64::from(early), u64::from(runs), within);
        assert!(z.abs() < 5.0, "{within} {early}");
    }

    #[test]
    fn the_alarm_comes_at_once_when_everything_fails() {
        let audit = audit_cusum(steps(), 4.0, 1.0);
        // 4 / ln(0.18/0.05) = 3.12: four failures.
        assert!((audit.mean_until_alarm - 4.0).abs() < 1e-12);
        assert!((cusum_alarm_by(steps(), 4.0, 1.0, 4) - 1.0).abs() < 1e-12);
        assert_eq!(cusum_alarm_by(steps(), 4.0, 1.0, 3), 0.0);
    }
}
