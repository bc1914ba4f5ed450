//! Alarms over many answers, and over many hosts: what holds however long one looks and however judges depend.
//!
//! Invariant: answers are independent failures and passes; a bound that has to hold counts as zero where it does.

use stakeout_engine::oracle::{Allowed, Observation, Parameter, Parameters};
use stakeout_protocol::sprt::{Sprt, SprtParams};
use stakeout_protocol::units::{Decimal, Fraction};
use stakeout_statistics::sequential::{RatioSteps, audit_cusum};

use crate::check::{Check, Kind, Observed, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    FALSE_ALARM,
    EVIDENCE_RATE,
    EVIDENCE_AT,
    BETTING,
    RESTARTED,
    CONFIDENCE_SEQUENCE,
    SHARED_NOISE,
    FALSE_DISCOVERIES,
    FLEET,
];

/// Failure rates of a good and of a bad host.
const GOOD: f64 = 0.05;
const BAD: f64 = 0.18;

/// How much likelier an answer's outcome is from the bad host.
fn compute_ratio(has_failed: bool) -> f64 {
    if has_failed {
        BAD / GOOD
    } else {
        (1.0 - BAD) / (1.0 - GOOD)
    }
}

/// What a figure lies above its bound: zero where the bound holds.
fn above(value: f64, bound: f64) -> f64 {
    (value - bound).max(0.0)
}

const FALSE_ALARM: Check = Check {
    id: "cusum-false-alarm",
    catalogue: &[],
    title: "The sequential test with a floor at zero: answers until it convicts a host that is good",
    source: "Page 1954, exact programme; at least e^h: Lorden 1971",
    kind: Kind::Chance,
    parameters: || {
        let level: Allowed = ("a number from 1 to 5", |value| (1.0..=5.0).contains(&value));
        vec![Parameter::ranged("h", 3.0, level)]
    },
    expected: |p| {
        let audit = audit_cusum(RatioSteps::between(GOOD, BAD), p.get("h"), GOOD);
        figures([("mean answers", audit.mean_until_alarm), ("short of e^h", 0.0)])
    },
    observe: |p, o| {
        let params = SprtParams {
            p0: Fraction::from_percent(5),
            p1: Fraction::from_percent(18),
            h: Decimal::from_parts(libm::rint(p.get("h") * 1e9) as i128 * 1_000_000_000),
        };
        let rule = Sprt::new(&params, Some(Decimal::ZERO)).expect("rates inside (0, 1)");
        let mut dice = Dice::new(o.seed, 150);
        let lives = (o.size / 100).max(20);
        let mut answers = 0_u64;
        for _ in 0..lives {
            let mut level = 0;
            while !rule.is_condemned(level) {
                answers += 1;
                level = if dice.chance(GOOD) {
                    rule.after_failure(level)
                } else {
                    rule.after_pass(level)
                };
            }
        }
        let mean = answers as f64 / lives as f64;
        Ok(vec![mean, above(libm::exp(p.get("h")), mean)])
    },
};

const EVIDENCE_RATE: Check = Check {
    id: "evidence-rate",
    catalogue: &[],
    title: "What an answer says on average for and against a bad host",
    source: "Kullback, Leibler: 0.109899 of a bad host, 0.075753 of a good one",
    kind: Kind::Chance,
    parameters: || {
        let rate: Allowed = ("a number from 0.001 to 0.999", |value| {
            (0.001..=0.999).contains(&value)
        });
        vec![
            Parameter::ranged("good", GOOD, rate),
            Parameter::ranged("bad", BAD, rate),
        ]
    },
    expected: |p| {
        let between = |p: f64, q: f64| p * libm::log(p / q) + (1.0 - p) * libm::log((1.0 - p) / (1.0 - q));
        figures([
            ("of a bad host", between(p.get("bad"), p.get("good"))),
            ("of a good host", between(p.get("good"), p.get("bad"))),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 151);
        let mut mean = |rate: f64| {
            let failed = (0..o.size).filter(|_| dice.chance(rate)).count() as f64;
            let (good, bad) = (p.get("good"), p.get("bad"));
            let passed = o.size as f64 - failed;
            let sum = failed * libm::log(bad / good) + passed * libm::log((1.0 - bad) / (1.0 - good));
            sum / o.size as f64
        };
        let (bad, good) = (mean(p.get("bad")), mean(p.get("good")));
        Ok(vec![bad, -good])
    },
};

const EVIDENCE_AT: Check = Check {
    id: "evidence-of-failures",
    catalogue: &[],
    title: "Some of n answers failed: the evidence of a mixture, of the best fit and of one alternative against 5 %",
    source: "e of the uniform mixture over worse rates; 4.28, 89.7 and 0.0498 at 25 of 263",
    kind: Kind::Computed(1e-5),
    parameters: || {
        let range: Allowed = ("a whole number from 1 to 1000", |value| {
            value.fract() == 0.0 && (1.0..=1_000.0).contains(&value)
        });
        vec![
            Parameter::ranged("failures", 25.0, range),
            Parameter::ranged("answers", 263.0, range),
        ]
    },
    expected: |p| {
        let (k, n) = (p.get("failures"), p.get("answers"));
        require(
            "evidence-of-failures",
            k < n && k / n > GOOD,
            "more than one failure in twenty, and a pass",
        )?;
        let ratio = |rate: f64| k * libm::log(rate / GOOD) + (n - k) * libm::log((1.0 - rate) / (1.0 - GOOD));
        // Simpson's rule.
        let cells = 20_000;
        let width = (1.0 - GOOD) / f64::from(cells);
        let at = |cell: i32| {
            let weight = if cell % 2 == 1 { 4.0 } else { 2.0 };
            weight * libm::exp(ratio(GOOD + width * f64::from(cell)))
        };
        let inner: f64 = (1..cells).map(at).sum();
        let ends = 1.0;
        figures([
            ("of the mixture", (inner + ends) / (3.0 * f64::from(cells))),
            ("of the best fit", libm::exp(ratio(k / n))),
            ("of 18 %", libm::exp(ratio(BAD))),
        ])
    },
    observe: observe_evidence,
};

/// The mixture as a gambler plays it, answer by answer, with the weights that the answers before have left; the best fit
/// by looking for it; one alternative by the network's own sums.
fn observe_evidence(p: &Parameters, _: Observation) -> Observed {
    let (k, n) = (p.count("failures"), p.count("answers"));
    let cells = 4_000;
    let rate = |cell: i32| GOOD + (1.0 - GOOD) * (f64::from(cell) + 0.5) / f64::from(cells);
    let mut weights: Vec<(f64, f64)> = (0..cells)
        .map(|cell| (rate(cell), 1.0 / f64::from(cells)))
        .collect();
    let mut wealth = 1.0;
    for answer in 0..n {
        let has_failed = answer < k;
        let chance = |rate: f64| if has_failed { rate } else { 1.0 - rate };
        let foreseen: f64 = weights.iter().map(|(rate, weight)| weight * chance(*rate)).sum();
        wealth *= foreseen / chance(GOOD);
        weights
            .iter_mut()
            .for_each(|(rate, weight)| *weight *= chance(*rate) / foreseen);
    }
    let (failures, passes) = (f64::from(k), f64::from(n - k));
    let best = (1..100_000)
        .map(|cell| f64::from(cell) / 100_000.0)
        .map(|rate| failures * libm::log(rate / GOOD) + passes * libm::log((1.0 - rate) / (1.0 - GOOD)))
        .fold(f64::NEG_INFINITY, f64::max);
    let params = SprtParams {
        p0: Fraction::from_percent(5),
        p1: Fraction::from_percent(18),
        h: Decimal::from_integer(4),
    };
    let rule = Sprt::new(&params, None).expect("rates inside (0, 1)");
    let failed = (0..k).fold(0, |level, _| rule.after_failure(level));
    let level = rule.after_passes(failed, n - k);
    Ok(vec![wealth, libm::exp(best), libm::exp(level as f64 / 1e12)])
}

const BETTING: Check = Check {
    id: "betting",
    catalogue: &[],
    title: "A likelihood ratio is a fair bet of a good host, and however long one looks it seldom reaches 1/a",
    source: "Ville 1939: P(ever at or above 1/a) <= a",
    kind: Kind::Chance,
    parameters: || vec![Parameter::ranged("alarm", 0.05, ALARM)],
    expected: |_| {
        figures([
            ("mean after five answers", 1.0),
            ("share that reaches 1/a, above a", 0.0),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 152);
        let rounds = (o.size / 5).max(1);
        let mut sum = 0.0;
        for _ in 0..rounds {
            sum += (0..5).fold(1.0, |bet, _| bet * compute_ratio(dice.chance(GOOD)));
        }
        let lives = (o.size / LOOKS).max(20);
        let reached = (0..lives)
            .filter(|_| {
                let mut bet = 1.0;
                (0..LOOKS).any(|_| {
                    bet *= compute_ratio(dice.chance(GOOD));
                    bet >= 1.0 / p.get("alarm")
                })
            })
            .count();
        let share = reached as f64 / lives as f64;
        // A share this far above its bound would be seen once in ten thousand seeds.
        let noise = 4.0 * (p.get("alarm") / lives as f64).sqrt();
        Ok(vec![sum / rounds as f64, above(share, p.get("alarm") + noise)])
    },
};

/// Answers that a bet is followed for.
const LOOKS: u64 = 200;

/// A chance of a false alarm.
const ALARM: Allowed = ("a number from 0.001 to 0.5", |value| {
    (0.001..=0.5).contains(&value)
});

const RESTARTED: Check = Check {
    id: "restarted-bets",
    catalogue: &[],
    title: "Bets that start anew with every answer, summed: a good host's are worth the answers, whenever one stops",
    source: "Shiryaev 1961, Roberts 1966: R - n is a martingale, so at least 1/a answers to a false alarm",
    kind: Kind::Chance,
    parameters: || vec![Parameter::ranged("alarm", 0.05, ALARM)],
    expected: |_| {
        figures([
            ("sum at the alarm over answers", 1.0),
            ("answers short of 1/a", 0.0),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 153);
        let level = 1.0 / p.get("alarm");
        let lives = (o.size as f64 / (2.5 * level)) as u64;
        let lives = lives.max(50);
        let (mut sums, mut answers) = (0.0, 0_u64);
        for _ in 0..lives {
            let mut sum = 0.0;
            while sum < level {
                sum = (1.0 + sum) * compute_ratio(dice.chance(GOOD));
                answers += 1;
            }
            sums += sum;
        }
        let mean = answers as f64 / lives as f64;
        Ok(vec![sums / answers as f64, above(level, mean)])
    },
};

const CONFIDENCE_SEQUENCE: Check = Check {
    id: "confidence-sequence",
    catalogue: &[],
    title: "An interval that holds at every length at once: the mixture behind it is fair, and sums seldom leave it",
    source: "Robbins 1970: |S| < sqrt((n + r)(ln((n + r)/r) + 2 ln(1/a))) for all n with chance 1 - a",
    kind: Kind::Chance,
    parameters: || vec![Parameter::ranged("alarm", 0.05, ALARM)],
    expected: |_| {
        figures([
            ("mean of the mixture after ten", 1.0),
            ("share that ever leaves, above a", 0.0),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 154);
        let lives = (o.size / LOOKS).max(20);
        let (mut mixture, mut left) = (0.0, 0_u64);
        for _ in 0..lives {
            let (mut sum, mut has_left) = (0.0, false);
            for n in 1..=LOOKS {
                sum += dice.normal();
                let wide = n as f64 + PRIOR;
                let bound = wide * (libm::log(wide / PRIOR) - 2.0 * libm::log(p.get("alarm")));
                has_left |= sum * sum >= bound;
                if n == 10 {
                    mixture += libm::exp(sum * sum / (2.0 * wide)) * (PRIOR / wide).sqrt();
                }
            }
            left += u64::from(has_left);
        }
        let noise = 4.0 * (p.get("alarm") / lives as f64).sqrt();
        Ok(vec![
            mixture / lives as f64,
            above(left as f64 / lives as f64, p.get("alarm") + noise),
        ])
    },
};

/// Weight of the mixture, in answers.
const PRIOR: f64 = 40.0;

const SHARED_NOISE: Check = Check {
    id: "shared-noise",
    catalogue: &[],
    title: "Validators who share a part of their noise: how often a majority of them is wrong",
    source: "beta-binomial with correlation r: 3 m2 - 2 m3 for three, 10 m3 - 15 m4 + 6 m5 for five",
    kind: Kind::Chance,
    parameters: || {
        let correlation: Allowed = ("a number from 0.001 to 0.99", |value| {
            (0.001..=0.99).contains(&value)
        });
        vec![
            Parameter::ranged("alarm", 0.05, ALARM),
            Parameter::ranged("r", 0.2, correlation),
        ]
    },
    expected: |p| {
        let (a, all) = (compute_prior(p), (1.0 - p.get("r")) / p.get("r"));
        // Moments of the beta law.
        let moment = |order: u32| {
            (0..order)
                .map(|k| (a + f64::from(k)) / (all + f64::from(k)))
                .product::<f64>()
        };
        figures([
            ("three", 3.0 * moment(2) - 2.0 * moment(3)),
            ("five", 10.0 * moment(3) - 15.0 * moment(4) + 6.0 * moment(5)),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 155);
        let (a, all) = (compute_prior(p), (1.0 - p.get("r")) / p.get("r"));
        // Polya's urn: who has erred makes the next more likely to.
        let mut wrong = |validators: u32| {
            let mut erred = 0.0;
            for judged in 0..validators {
                erred += f64::from(u8::from(dice.chance((a + erred) / (all + f64::from(judged)))));
            }
            erred > f64::from(validators) / 2.0
        };
        let mut counts = [0_u64; 2];
        for _ in 0..o.size {
            counts[0] += u64::from(wrong(3));
            counts[1] += u64::from(wrong(5));
        }
        Ok(counts.map(|count| count as f64 / o.size as f64).into())
    },
};

/// Errors that the urn begins with.
fn compute_prior(p: &Parameters) -> f64 {
    p.get("alarm") * (1.0 - p.get("r")) / p.get("r")
}

const FALSE_DISCOVERIES: Check = Check {
    id: "false-discoveries",
    catalogue: &[],
    title: "Evidence about many hosts: averages stay fair however judges depend, and few of those convicted are good",
    source: "e-BH: convict the k largest with e >= n/(k a); share of false ones at most a; Wang, Ramdas 2022",
    kind: Kind::Chance,
    parameters: || vec![Parameter::ranged("alarm", 0.1, ALARM)],
    expected: |_| {
        figures([
            ("mean of averages of judges who see the same", 1.0),
            ("share of false convictions, above a", 0.0),
        ])
    },
    observe: observe_discoveries,
};

/// Hosts of whom the first ten are bad, each with thirty answers.
fn observe_discoveries(p: &Parameters, o: Observation) -> Observed {
    const HOSTS: usize = 40;
    const BAD_HOSTS: usize = 10;
    let mut dice = Dice::new(o.seed, 156);
    let rounds = (o.size / 1_000).max(10);
    let (mut averages, mut false_share) = (0.0, 0.0);
    for _ in 0..rounds {
        for _ in 0..200 {
            // Three judges: two see the same five answers, one its own.
            let shared = (0..5).fold(1.0, |e, _| e * compute_ratio(dice.chance(GOOD)));
            let own = (0..5).fold(1.0, |e, _| e * compute_ratio(dice.chance(GOOD)));
            averages += (2.0 * shared + own) / 3.0;
        }
        let mut evidence: Vec<(f64, bool)> = (0..HOSTS)
            .map(|host| {
                let rate = if host < BAD_HOSTS { 0.4 } else { GOOD };
                let e = (0..30).fold(1.0, |e, _| e * compute_ratio(dice.chance(rate)));
                (e, host < BAD_HOSTS)
            })
            .collect();
        evidence.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let is_convicted = |k: &usize| evidence[k - 1].0 >= HOSTS as f64 / (*k as f64 * p.get("alarm"));
        let convicted = (1..=HOSTS).rev().find(is_convicted).unwrap_or(0);
        let good = evidence[..convicted].iter().filter(|(_, is_bad)| !is_bad).count();
        false_share += good as f64 / convicted.max(1) as f64;
    }
    let mean = false_share / rounds as f64;
    Ok(vec![
        averages / (200 * rounds) as f64,
        above(mean, p.get("alarm")),
    ])
}

const FLEET: Check = Check {
    id: "fleet-alarms",
    catalogue: &[],
    title: "Good hosts convicted in an epoch, among all of them",
    source: "hosts times the false alarms of one: 5 at 500 and 1 %",
    kind: Kind::Chance,
    parameters: || {
        let range: Allowed = ("a whole number from 1 to 10000", |value| {
            value.fract() == 0.0 && (1.0..=10_000.0).contains(&value)
        });
        vec![
            Parameter::ranged("hosts", 500.0, range),
            Parameter::ranged("alarm", 0.01, ALARM),
        ]
    },
    expected: |p| figures([("convicted", p.get("hosts") * p.get("alarm"))]),
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 157);
        let hosts = u64::from(p.count("hosts"));
        let epochs = (o.size / hosts).max(20);
        let mut convicted = 0_u64;
        for _ in 0..epochs {
            // From one conviction to the next, host by host.
            let mut host = dice.geometric(p.get("alarm"));
            while host <= hosts as f64 {
                convicted += 1;
                host += dice.geometric(p.get("alarm"));
            }
        }
        Ok(vec![convicted as f64 / epochs as f64])
    },
};
