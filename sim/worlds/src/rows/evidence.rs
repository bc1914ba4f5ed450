//! What a score proves: matches of sampled tokens, thresholds from finite calibration, error rates in deterrence.
//!
//! Invariant: as everywhere, the observation draws what the formula integrates.

use stakeout_engine::oracle::{Observation, Parameter, Parameters};
use stakeout_protocol::sprt::{Sprt, SprtParams};
use stakeout_protocol::units::{Decimal, Fraction};
use stakeout_statistics::games::Bimatrix;
use stakeout_statistics::sequential::{RatioSteps, audit_cusum, streak_by, zero_drift_rate};

use crate::check::{Check, Kind, Observed, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    TOKEN_MATCH,
    SAMPLE_MAXIMUM,
    TEMPERATURE,
    MEAN_TEST,
    CUSUM,
    STREAK_BY,
    MAJORITY,
    SAFE_FRACTION,
    NOISY_DETERRENCE,
    NOISY_INSPECTION,
    DUES_IN_REWARDS,
];

/// A model's distribution over five tokens, and a substitute's.
const REFERENCE: [f64; 5] = [0.5, 0.2, 0.15, 0.1, 0.05];
const SUBSTITUTE: [f64; 5] = [0.35, 0.3, 0.1, 0.15, 0.1];

/// The law of a model between the reference and the substitute: so much of the way to the latter.
fn substitute(part: f64) -> [f64; 5] {
    std::array::from_fn(|v| (1.0 - part) * REFERENCE[v] + part * SUBSTITUTE[v])
}

const TOKEN_MATCH: Check = Check {
    id: "token-match",
    catalogue: &[],
    title: "Two models draw a token by Gumbel noise: how often it is the same under one seed and under two",
    source: "sum of 1/sum max(p_w/p_v, q_w/q_v); sum of p q; Gumbel-max",
    kind: Kind::Chance,
    parameters: || vec![Parameter::probability("part", 1.0)],
    expected: |p| {
        let substitute = substitute(p.get("part"));
        let shared: f64 = (0..5)
            .map(|v| {
                let worst = (0..5).map(|w| (REFERENCE[w] / REFERENCE[v]).max(substitute[w] / substitute[v]));
                1.0 / worst.sum::<f64>()
            })
            .sum();
        let apart: f64 = REFERENCE.iter().zip(substitute).map(|(p, q)| p * q).sum();
        figures([("one seed", shared), ("two seeds", apart)])
    },
    observe: |p, o| {
        let substitute = substitute(p.get("part"));
        let mut dice = Dice::new(o.seed, 120);
        // The least exponential over its rate is the Gumbel maximum.
        let choose = |noise: &[f64; 5], law: &[f64; 5]| {
            (0..5).fold(0, |best, v| {
                if noise[v] / law[v] < noise[best] / law[best] {
                    v
                } else {
                    best
                }
            })
        };
        let (mut shared, mut apart) = (0_u64, 0_u64);
        for _ in 0..o.size {
            let noise = [(); 5].map(|()| dice.exponential(1.0));
            let other = [(); 5].map(|()| dice.exponential(1.0));
            let token = choose(&noise, &REFERENCE);
            shared += u64::from(token == choose(&noise, &substitute));
            apart += u64::from(token == choose(&other, &substitute));
        }
        Ok(vec![shared as f64 / o.size as f64, apart as f64 / o.size as f64])
    },
};

const SAMPLE_MAXIMUM: Check = Check {
    id: "sample-maximum",
    catalogue: &[],
    title: "A threshold at the largest of m honest scores: the false alarms it leads to",
    source: "Beta(1, m): mean 1/(m+1), 95 % below 1 - 0.05^(1/m)",
    kind: Kind::Chance,
    parameters: || vec![Parameter::count("m", 40)],
    expected: |p| {
        let m = p.get("m");
        require("sample-maximum", m <= 10_000.0, "m has to be at most 10000")?;
        figures([
            ("mean false alarms", 1.0 / (m + 1.0)),
            ("share below the 95 % bound", 0.95),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 121);
        let rounds = (o.size / 40).max(1);
        let bound = 1.0 - libm::pow(0.05, 1.0 / p.get("m"));
        let (mut sum, mut below) = (0.0, 0_u64);
        for _ in 0..rounds {
            let largest = (0..p.count("m")).fold(0.0_f64, |largest, _| largest.max(dice.unit()));
            sum += 1.0 - largest;
            below += u64::from(1.0 - largest <= bound);
        }
        Ok(vec![sum / rounds as f64, below as f64 / rounds as f64])
    },
};

const TEMPERATURE: Check = Check {
    id: "surprise-excess",
    catalogue: &[],
    title: "Tokens drawn at another temperature surprise the model more or less than its entropy says",
    source: "sum of p^(1/T) ln(1/p)/sum of p^(1/T), less the entropy",
    kind: Kind::Chance,
    parameters: || {
        let range: (&str, fn(f64) -> bool) = ("a number from 0.5 to 2", |value| (0.5..=2.0).contains(&value));
        vec![Parameter::ranged("T", 1.1, range)]
    },
    expected: |p| {
        figures([
            ("excess, honest", 0.0),
            ("excess at T", compute_excess(p.get("T"))),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 122);
        let mut mean = |temperature: f64| {
            let weights = REFERENCE.map(|p| libm::pow(p, 1.0 / temperature));
            let all: f64 = weights.iter().sum();
            let mut sum = 0.0;
            for _ in 0..o.size {
                let mut left = dice.unit() * all;
                let token = weights.iter().position(|weight| {
                    left -= weight;
                    left < 0.0
                });
                sum -= libm::log(REFERENCE[token.unwrap_or(4)]);
            }
            sum / o.size as f64 - compute_entropy()
        };
        Ok(vec![mean(1.0), mean(p.get("T"))])
    },
};

fn compute_entropy() -> f64 {
    -REFERENCE.iter().map(|p| p * libm::log(*p)).sum::<f64>()
}

fn compute_excess(temperature: f64) -> f64 {
    let weights = REFERENCE.map(|p| libm::pow(p, 1.0 / temperature));
    let all: f64 = weights.iter().sum();
    let surprise: f64 = weights
        .iter()
        .zip(REFERENCE)
        .map(|(weight, p)| -weight / all * libm::log(p))
        .sum();
    surprise - compute_entropy()
}

const MEAN_TEST: Check = Check {
    id: "mean-test",
    catalogue: &[],
    title: "Tokens for a test of the mean with 1 % false alarms and 90 % power: the power they give",
    source: "((z_a s0 + z_b s1)/(m1 - m0))^2, rounded up",
    kind: Kind::Chance,
    parameters: || {
        let shift: (&str, fn(f64) -> bool) = ("a number from 0.1 to 1", |value| (0.1..=1.0).contains(&value));
        vec![Parameter::ranged("shift", 0.5, shift)]
    },
    expected: |p| {
        let n = compute_tokens(p);
        // Both deviations are one, so that the power at a whole number of tokens is a little above 90 %.
        let z = n.sqrt() * p.get("shift") - Z_99;
        let power = 0.5 * (1.0 + libm::erf(z / std::f64::consts::SQRT_2));
        figures([("false alarms", 0.01), ("power", power)])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 123);
        let n = compute_tokens(p);
        let rounds = (o.size / n as u64).max(200);
        let mut share = |mean: f64| {
            let hits = (0..rounds)
                .filter(|_| {
                    let sum: f64 = (0..n as u64).map(|_| mean + dice.normal()).sum();
                    sum / n.sqrt() > Z_99
                })
                .count();
            hits as f64 / rounds as f64
        };
        Ok(vec![share(0.0), share(p.get("shift"))])
    },
};

/// The normal quantiles of 99 % and of 90 %.
const Z_99: f64 = 2.326_347_874_040_841;
const Z_90: f64 = 1.281_551_565_544_600_4;

fn compute_tokens(p: &Parameters) -> f64 {
    let root = (Z_99 + Z_90) / p.get("shift");
    libm::ceil(root * root)
}

const CUSUM: Check = Check {
    id: "cusum",
    catalogue: &[],
    title: "The sequential test with a floor at zero: answers until it convicts a host that fails more often",
    source: "Page 1954; exact programme; 83.8 at 18 % and 7.9 at 92 %",
    kind: Kind::Chance,
    parameters: || {
        let rate: (&str, fn(f64) -> bool) =
            ("a number from 0.12 to 1", |value| (0.12..=1.0).contains(&value));
        vec![Parameter::ranged("rate", 0.18, rate)]
    },
    expected: |p| {
        let audit = audit_cusum(RatioSteps::between(0.05, 0.18), CUSUM_H, p.get("rate"));
        figures([("mean answers", audit.mean_until_alarm)])
    },
    observe: |p, o| {
        let params = SprtParams {
            p0: Fraction::from_percent(5),
            p1: Fraction::from_percent(18),
            h: Decimal::from_parts((CUSUM_H * 1e9) as i128 * 1_000_000_000),
        };
        let rule = Sprt::new(&params, Some(Decimal::ZERO)).expect("rates inside (0, 1)");
        let mut dice = Dice::new(o.seed, 124);
        let lives = (o.size / 50).max(1);
        let mut answers = 0_u64;
        for _ in 0..lives {
            let mut level = 0;
            while !rule.is_condemned(level) {
                answers += 1;
                level = if dice.chance(p.get("rate")) {
                    rule.after_failure(level)
                } else {
                    rule.after_pass(level)
                };
            }
        }
        Ok(vec![answers as f64 / lives as f64])
    },
};

/// ln 10^4.
const CUSUM_H: f64 = 9.210_340_371_976_184;

const STREAK_BY: Check = Check {
    id: "streak-by",
    catalogue: &[],
    title: "A run of five failures within n answers",
    source: "exact programme; 0.0244 at 20 % and 100 answers",
    kind: Kind::Chance,
    parameters: || vec![Parameter::probability("p", 0.2), Parameter::count("n", 100)],
    expected: |p| {
        require("streak-by", p.get("n") <= 10_000.0, "at most 10000 answers")?;
        figures([("run of five", streak_by(5, p.get("p"), u64::from(p.count("n"))))])
    },
    observe: observe_streak,
};

fn observe_streak(p: &Parameters, o: Observation) -> Observed {
    let mut dice = Dice::new(o.seed, 125);
    let lives = (o.size / 20).max(1);
    let mut seen = 0_u64;
    for _ in 0..lives {
        let mut run = 0;
        for _ in 0..p.count("n") {
            run = if dice.chance(p.get("p")) { run + 1 } else { 0 };
            if run == 5 {
                seen += 1;
                break;
            }
        }
    }
    Ok(vec![seen as f64 / lives as f64])
}

const MAJORITY: Check = Check {
    id: "majority-of-alarms",
    catalogue: &[],
    title: "A majority of v validators with false alarms of 5 % each is wrong far less often, if they err independently",
    source: "binomial; 0.00725 for three, 0.001158 for five; 5 % where they share their noise",
    kind: Kind::Chance,
    parameters: || vec![Parameter::probability("alarm", 0.05)],
    expected: |p| {
        let a = p.get("alarm");
        let (three, both) = (a * a * (3.0 - 2.0 * a), a * a * a);
        figures([
            ("three", three),
            ("five", both * (10.0 - 15.0 * a + 6.0 * a * a)),
            ("three with the same noise", a),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 126);
        let mut counts = [0_u64; 3];
        for _ in 0..o.size {
            counts[0] += u64::from((0..3).filter(|_| dice.chance(p.get("alarm"))).count() > 1);
            counts[1] += u64::from((0..5).filter(|_| dice.chance(p.get("alarm"))).count() > 2);
            let noise = dice.unit();
            counts[2] += u64::from([noise; 3].iter().filter(|noise| **noise < p.get("alarm")).count() > 1);
        }
        Ok(counts.map(|count| count as f64 / o.size as f64).into())
    },
};

const SAFE_FRACTION: Check = Check {
    id: "safe-fraction",
    catalogue: &[],
    title: "The part of its answers a cheater may fake and stay without drift in the sequential test",
    source: "(p0 - a)/(d - a), p0 the rate without drift of 5 % against 18 %: 10.3 %",
    kind: Kind::Computed(1e-9),
    parameters: || {
        vec![
            Parameter::probability("d", 0.92),
            Parameter::probability("alarm", 0.005),
        ]
    },
    expected: |p| {
        let (d, a) = (p.get("d"), p.get("alarm"));
        require(
            "safe-fraction",
            d > 0.2 && a < 0.1,
            "d has to be above 0.2 and alarm below 0.1",
        )?;
        let zero = zero_drift_rate(RatioSteps::between(0.05, 0.18));
        figures([("part", (zero - a) / (d - a))])
    },
    observe: |p, _| {
        // The part at which the mean step of a mixture of faked and honest answers changes sign, by halving.
        let (up, down) = (libm::log(0.18 / 0.05), libm::log(0.95 / 0.82));
        let drift = |part: f64| {
            let fails = part * p.get("d") + (1.0 - part) * p.get("alarm");
            fails * up - (1.0 - fails) * down
        };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if drift(middle) < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(vec![low])
    },
};

const NOISY_DETERRENCE: Check = Check {
    id: "noisy-deterrence",
    catalogue: &[],
    title: "Sampling that deters where checks err both ways: the power less the false alarms is what counts",
    source: "p* = (C - c)/((1 - r)(d - a)(R + S)); 0.0707, 0.0773 and 0.1414 at d - a of 1, 0.915 and 0.5",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::probability("d", 0.92),
            Parameter::probability("alarm", 0.005),
            Parameter::probability("r", 0.1),
            Parameter::positive("saving", 0.7),
            Parameter::positive("loss", 11.0),
        ]
    },
    expected: |p| {
        let rate = compute_noisy_rate(p);
        require(
            "noisy-deterrence",
            rate > 0.0 && rate <= 1.0,
            "the rate has to be a probability",
        )?;
        figures([
            ("cheating over honesty at p*", 0.0),
            ("p*, from the observation", rate),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 127);
        let [d, alarm, r, saving, loss] = ["d", "alarm", "r", "saving", "loss"].map(|name| p.get(name));
        let rate = compute_noisy_rate(p);
        let mut lost = |power: f64| {
            let caught = (0..o.size)
                .filter(|_| dice.chance(rate) && !dice.chance(r) && dice.chance(power))
                .count();
            loss * caught as f64 / o.size as f64
        };
        let gap = lost(d) - lost(alarm);
        Ok(vec![saving - gap, rate * (1.0 + (saving - gap) / saving)])
    },
};

fn compute_noisy_rate(p: &Parameters) -> f64 {
    let [d, alarm, r, saving, loss] = ["d", "alarm", "r", "saving", "loss"].map(|name| p.get(name));
    saving / ((1.0 - r) * (d - alarm) * loss)
}

const NOISY_INSPECTION: Check = Check {
    id: "noisy-inspection",
    catalogue: &[],
    title: "The inspection game with misses and false alarms, by support enumeration",
    source: "p = b/((1-m)(a+b) - f a), q = (e + f F)/(D (1-m) + f F); Avenhaus, von Stengel, Zamir 2002",
    kind: Kind::Computed(1e-9),
    parameters: || {
        vec![
            Parameter::probability("missed", 0.08),
            Parameter::probability("false_alarm", 0.005),
        ]
    },
    expected: |p| {
        let (missed, alarm) = (p.get("missed"), p.get("false_alarm"));
        require(
            "noisy-inspection",
            missed + alarm < 0.5,
            "misses and false alarms below one half together",
        )?;
        figures([
            ("inspects", 1.0 / ((1.0 - missed) * 11.0 - alarm * 10.0)),
            ("violates", (0.2 + alarm) / (4.0 * (1.0 - missed) + alarm)),
        ])
    },
    observe: |p, _| {
        let (missed, alarm) = (p.get("missed"), p.get("false_alarm"));
        // Gain of a violation 1, penalty 10; an inspection costs 0.2, a catch is worth 4, a false alarm costs 1.
        let inspector = vec![vec![4.0 * (1.0 - missed) - 0.2, -0.2 - alarm], vec![0.0, 0.0]];
        let inspected = vec![
            vec![missed - 10.0 * (1.0 - missed), -10.0 * alarm],
            vec![1.0, 0.0],
        ];
        let found = Bimatrix::new(inspector, inspected).equilibria();
        let mixed = found
            .first()
            .map_or((f64::NAN, f64::NAN), |e| (e.row[0], e.column[0]));
        Ok(vec![mixed.0, mixed.1])
    },
};

const DUES_IN_REWARDS: Check = Check {
    id: "dues-in-rewards",
    catalogue: &[],
    title: "What a newcomer pays in epoch rewards where a fully checked answer costs a part of what it earns",
    source: "sum over E epochs of (1 - t/E)(1 - floor) part = (E + 1)(1 - floor) part/2; Friedman, Resnick 2001",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::count("epochs", 30),
            Parameter::probability("floor", 0.01),
            Parameter::probability("part", 0.5),
        ]
    },
    expected: |p| {
        let dues = (p.get("epochs") + 1.0) / 2.0 * (1.0 - p.get("floor")) * p.get("part");
        figures([("epoch rewards", dues)])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 128);
        let (epochs, part) = (p.count("epochs"), p.get("part"));
        let lives = (o.size / u64::from(epochs)).max(1);
        let mut paid = 0.0;
        for _ in 0..lives {
            for epoch in 0..epochs {
                let rate = (1.0 - f64::from(epoch) / f64::from(epochs)) * (1.0 - p.get("floor"));
                paid += if dice.chance(rate) { part } else { 0.0 };
            }
        }
        Ok(vec![paid / lives as f64])
    },
};
