//! Evidence over a host's answers: tests that may be looked at after each one.
//!
//! **Invariant.** Each keeps its promise at every look: a decided Wald test stays decided, and an e-process crosses
//! 1/α with probability at most α however long an honest host serves (Ville 1939).

/// What the evidence says so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandingVerdict {
    /// Not enough evidence.
    Open,
    /// The host is taken to be honest.
    Cleared,
    /// The host is taken to cheat.
    Condemned,
}

/// Wald's sequential probability ratio test of a failure rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sprt {
    fail: f64,
    pass: f64,
    bounds: (f64, f64),
    evidence: f64,
    verdict: StandingVerdict,
}

impl Sprt {
    /// Tests rate `p0` against `p1` with error probabilities `alpha` (an honest host condemned) and `beta`.
    /// Panics unless all are strictly between 0 and 1.
    pub fn new(p0: f64, p1: f64, alpha: f64, beta: f64) -> Sprt {
        let is_probability = |p: f64| p > 0.0 && p < 1.0;
        assert!(
            [p0, p1, alpha, beta].into_iter().all(is_probability),
            "rates and errors are probabilities"
        );
        Sprt {
            fail: libm::log(p1 / p0),
            pass: libm::log((1.0 - p1) / (1.0 - p0)),
            bounds: (libm::log(beta / (1.0 - alpha)), libm::log((1.0 - beta) / alpha)),
            evidence: 0.0,
            verdict: StandingVerdict::Open,
        }
    }

    /// Adds one answer.
    pub fn observe(&mut self, is_failure: bool) -> StandingVerdict {
        if self.verdict == StandingVerdict::Open {
            self.evidence += if is_failure { self.fail } else { self.pass };
            if self.evidence >= self.bounds.1 {
                self.verdict = StandingVerdict::Condemned;
            } else if self.evidence <= self.bounds.0 {
                self.verdict = StandingVerdict::Cleared;
            }
        }
        self.verdict
    }
}

/// Page's cumulative sum with a floor at zero: good history is no credit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cusum {
    fail: f64,
    pass: f64,
    height: f64,
    level: f64,
}

impl Cusum {
    /// Watches for a change of the failure rate from `p0` to `p1`; alarms at `height`, so that an honest host
    /// serves `e^height` answers on average before a false alarm (Lorden 1971).
    pub fn new(p0: f64, p1: f64, height: f64) -> Cusum {
        Cusum {
            fail: libm::log(p1 / p0),
            pass: libm::log((1.0 - p1) / (1.0 - p0)),
            height,
            level: 0.0,
        }
    }

    /// Adds one answer; true on alarm.
    pub fn observe(&mut self, is_failure: bool) -> bool {
        self.level = (self.level + if is_failure { self.fail } else { self.pass }).max(0.0);
        self.level >= self.height
    }
}

/// A betting e-process against a failure rate of at most `p0`: wealth of a gambler who stakes on failures, as a
/// mixture over stakes (Waudby-Smith and Ramdas 2020).
#[derive(Clone, Debug, PartialEq)]
pub struct EProcess {
    p0: f64,
    wealths: Vec<(f64, f64)>,
}

impl EProcess {
    /// The stakes of the mixture are 1/64, 1/32, ... 1/2 of what may be lost on a pass.
    pub fn new(p0: f64) -> EProcess {
        let stake = |power: u32| (1.0 / f64::from(1u32 << power)) / p0;
        EProcess {
            p0,
            wealths: (1..=6).map(|power| (stake(power), 1.0)).collect(),
        }
    }

    /// Adds one answer, a failure or not; gives the e-value so far.
    pub fn observe(&mut self, is_failure: bool) -> f64 {
        let surprise = f64::from(is_failure) - self.p0;
        for (stake, wealth) in &mut self.wealths {
            *wealth *= 1.0 + *stake * surprise;
        }
        self.e_value()
    }

    /// The mean wealth: an honest host reaches 1/α with probability at most α, ever.
    pub fn e_value(&self) -> f64 {
        self.wealths.iter().map(|(_, wealth)| wealth).sum::<f64>() / self.wealths.len() as f64
    }
}

/// Probability of a run of `length` failures in a row within `answers` answers that fail with chance `q`.
pub fn run_probability(q: f64, length: usize, answers: usize) -> f64 {
    // Probability of standing at each run length below the fatal one, and of having reached it.
    let mut standing = vec![0.0; length];
    standing[0] = 1.0;
    let mut reached = 0.0;
    for _ in 0..answers {
        reached += standing[length - 1] * q;
        let passed: f64 = standing.iter().sum::<f64>() * (1.0 - q);
        for at in (1..length).rev() {
            standing[at] = standing[at - 1] * q;
        }
        standing[0] = passed;
    }
    reached
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::unit_closed_open;
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

    use super::*;

    const RUNS: u64 = 20_000;

    fn failures(seed: u64, run: u64, rate: f64) -> impl Iterator<Item = bool> {
        let key = StreamKey::derive(RootSeed(seed), 0, Purpose(1));
        (0..).map(move |at| unit_closed_open(key.draw(run, at)) < rate)
    }

    fn share(count: usize) -> f64 {
        count as f64 / RUNS as f64
    }

    /// 20,000 hosts of each kind. Wald: α' ≤ α/(1 - β) and the two errors sum to at most α + β. Five standard
    /// errors of .0015 are allowed for chance.
    #[test]
    fn the_ratio_test_errs_no_more_than_it_promises() {
        let verdict = |seed: u64, run: u64, rate: f64| {
            let mut test = Sprt::new(0.05, 0.18, 0.05, 0.05);
            failures(seed, run, rate)
                .map(|failure| test.observe(failure))
                .find(|verdict| *verdict != StandingVerdict::Open)
                .expect("ends with certainty")
        };
        let condemned = (0..RUNS)
            .filter(|run| verdict(1, *run, 0.05) == StandingVerdict::Condemned)
            .count();
        let cleared = (0..RUNS)
            .filter(|run| verdict(2, *run, 0.18) == StandingVerdict::Cleared)
            .count();
        assert!(
            share(condemned) <= 0.05 && share(cleared) <= 0.05,
            "{condemned} {cleared}"
        );
    }

    /// 20,000 honest hosts with 1,000 answers each: the wealth of at most 5 % ever reaches 20, of at most 1 % 100.
    #[test]
    fn an_honest_host_rarely_makes_the_gambler_rich() {
        let most = |run: u64| {
            let mut process = EProcess::new(0.05);
            failures(3, run, 0.05)
                .take(1000)
                .map(|f| process.observe(f))
                .fold(0.0, f64::max)
        };
        let most: Vec<f64> = (0..RUNS).map(most).collect();
        let above = |level: f64| share(most.iter().filter(|value| **value >= level).count());
        assert!(
            above(20.0) <= 0.05 && above(100.0) <= 0.01,
            "{} {}",
            above(20.0),
            above(100.0)
        );
    }

    #[test]
    fn a_cheat_makes_the_gambler_rich_within_a_hundred_answers() {
        let mut process = EProcess::new(0.05);
        let reached = failures(4, 0, 0.5)
            .take(100)
            .position(|f| process.observe(f) >= 1e4);
        assert!(reached.is_some());
    }

    /// 10,000 runs: the mean time to a false alarm is e^h at least; its relative standard error is one percent.
    #[test]
    fn the_cumulative_sum_keeps_its_run_length() {
        let height = libm::log(50.0);
        let alarm = |run: u64| {
            let mut watch = Cusum::new(0.05, 0.18, height);
            failures(5, run, 0.05)
                .position(|f| watch.observe(f))
                .expect("alarms with certainty")
                + 1
        };
        let mean = (0..10_000).map(alarm).sum::<usize>() as f64 / 10_000.0;
        assert!(mean >= 50.0, "{mean}");
    }

    #[test]
    fn runs_of_five_failures_are_as_likely_as_published() {
        for (q, expected) in [
            (0.05, [2.9e-5, 2.96e-4, 2.96e-3]),
            (0.1, [8.65e-4, 0.00893, 0.0860]),
            (0.2, [0.0244, 0.225, 0.923]),
            (0.5, [0.810, 1.0, 1.0]),
        ] {
            for (answers, expected) in [100, 1000, 10_000].into_iter().zip(expected) {
                // The first figure is published with two digits.
                assert!(
                    (run_probability(q, 5, answers) / expected - 1.0).abs() < 0.017,
                    "{q} {answers}"
                );
            }
        }
    }
}
