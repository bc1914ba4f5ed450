//! Time to an event when not everybody has had it yet: the estimator of Kaplan and Meier (1958), with the variance of
//! Greenwood and an interval on the scale of log(-log S), which never leaves [0, 1].

use crate::interval::check_confidence;
use crate::{Interval, normal_quantile};

/// One subject: how long it was watched, and whether the event ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Time of the event or of the end of watching, in any unit.
    pub time: u64,
    /// The event happened; otherwise watching ended.
    pub has_event: bool,
}

/// The curve after one time at which events happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Time of the events.
    pub time: u64,
    /// Subjects still watched just before.
    pub at_risk: u64,
    /// Events at this time.
    pub events: u64,
    /// Share of subjects expected to be without the event after this time.
    pub survival: f64,
    /// Its interval; a point where the curve is 0 or 1.
    pub interval: Interval,
}

/// The curve, one step a time with an event. Panics unless `confidence` is strictly between 0 and 1.
pub fn kaplan_meier(subjects: &[Subject], confidence: f64) -> Vec<Step> {
    check_confidence(confidence);
    let z = normal_quantile(0.5 + confidence / 2.0);
    let mut sorted = subjects.to_vec();
    sorted.sort_unstable();
    let (mut survival, mut greenwood) = (1.0, 0.0);
    let mut steps = Vec::new();
    let mut at_risk = sorted.len() as u64;
    for group in sorted.chunk_by(|a, b| a.time == b.time) {
        let events = group.iter().filter(|subject| subject.has_event).count() as u64;
        if events > 0 {
            let (d, n) = (events as f64, at_risk as f64);
            survival *= 1.0 - d / n;
            if events < at_risk {
                greenwood += d / (n * (n - d));
            }
            steps.push(Step {
                time: group[0].time,
                at_risk,
                events,
                survival,
                interval: interval(survival, greenwood, z),
            });
        }
        at_risk -= group.len() as u64;
    }
    steps
}

fn interval(survival: f64, greenwood: f64, z: f64) -> Interval {
    if survival <= 0.0 || survival >= 1.0 {
        return Interval {
            low: survival,
            high: survival,
        };
    }
    let log = libm::log(survival);
    let spread = z * greenwood.sqrt() / log.abs();
    Interval {
        low: libm::pow(survival, libm::exp(spread)),
        high: libm::pow(survival, libm::exp(-spread)),
    }
}

/// The first time at which at most half are without the event; none while more than half are.
pub fn median_survival(steps: &[Step]) -> Option<u64> {
    steps
        .iter()
        .find(|step| step.survival <= 0.5)
        .map(|step| step.time)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The 6-MP arm of Freireich and others 1963 (21 patients, 9 relapses), the standard example: S(6) = 0.8571,
    /// S(10) = 0.7529, S(23) = 0.4482; standard error at 6 weeks 0.0764.
    #[test]
    fn the_leukaemia_trial_comes_out() {
        let relapses = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let subjects: Vec<Subject> = relapses
            .iter()
            .map(|&time| Subject {
                time,
                has_event: true,
            })
            .chain(censored.iter().map(|&time| Subject {
                time,
                has_event: false,
            }))
            .collect();
        let steps = kaplan_meier(&subjects, 0.95);
        let expected = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482];
        assert_eq!(steps.len(), expected.len());
        for (step, survival) in steps.iter().zip(expected) {
            assert!((step.survival - survival).abs() < 6e-5, "{step:?}");
            assert!(step.interval.contains(survival));
        }
        // Interval at six weeks on the log(-log) scale, as R's survfit(conf.type = "log-log") prints it.
        assert!(
            (steps[0].interval.low - 0.620).abs() < 6e-4 && (steps[0].interval.high - 0.952).abs() < 6e-4
        );
        assert_eq!(median_survival(&steps), Some(23));
        assert_eq!(median_survival(&steps[..3]), None);
    }
}
