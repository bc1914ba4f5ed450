//! The tools of analysis themselves, and the promises of a run: repeatable, blind to names and to units.
//!
//! Invariant: a tool is judged on functions whose answer is known.

use std::num::NonZeroUsize;

use stakeout_engine::oracle::{Allowed, Observation, OracleError, Parameter, Parameters, QueueNetwork};
use stakeout_engine::service::run_network;
use stakeout_protocol::schedules::split::{Contribution, SplitRule, split_reward};
use stakeout_protocol::schedules::yuma::{YumaRound, process_round};
use stakeout_protocol::units::{Amount, Fraction};
use stakeout_statistics::games::{PayoffTable, regret_interval};
use stakeout_statistics::pareto::hypervolume;
use stakeout_statistics::rare::{Branch, Splitting, split};
use stakeout_statistics::sensitivity::{SobolDesign, SobolIndices};
use stakeout_statistics::stopping::{rule_of_three, trials_for_proportion};
use stakeout_statistics::{Moments, mean_interval};

use crate::check::{Check, Kind, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    COMMON_NUMBERS,
    SPLITTING,
    ISHIGAMI,
    G_FUNCTION,
    INTERVAL_COVERAGE,
    SAMPLE_SIZE,
    HYPERVOLUME,
    REGRET,
    DETERMINISM,
    PERMUTATION,
    SCALE,
];

/// A load under which a queue settles within the customers that are watched.
const LOAD: Allowed = ("a number from 0.1 to 0.95", |value| (0.1..=0.95).contains(&value));
/// A part that is neither nothing nor all.
const PART: Allowed = ("a number from 0.01 to 1", |value| (0.01..=1.0).contains(&value));
/// A weight of the G-function: the heavier, the less its input matters.
const WEIGHT: Allowed = ("a number from 0 to 99", |value| (0.0..=99.0).contains(&value));
/// What hawks and doves fight for, beside noise of one.
const STAKES: Allowed = ("a number from 1 to 10", |value| (1.0..=10.0).contains(&value));
/// A share of a mix whose two answers are not near each other in payoff.
const INNER: Allowed = ("a number from 0.05 to 0.95", |value| {
    (0.05..=0.95).contains(&value)
});
/// A few.
const FEW: Allowed = ("a whole number from 2 to 50", |value| {
    value.fract() == 0.0 && (2.0..=50.0).contains(&value)
});
/// Per cent, whole.
const PERCENT: Allowed = ("a whole number from 1 to 99", |value| {
    value.fract() == 0.0 && (1.0..=99.0).contains(&value)
});

const COMMON_NUMBERS: Check = Check {
    id: "common-numbers",
    catalogue: &[72],
    title: "Two queues compared under common random numbers: the difference varies less than between independent ones",
    source: "Law 2015, Simulation Modeling and Analysis, section 11.2",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::ranged("rho", 0.82, LOAD),
            Parameter::ranged("other", 0.8, LOAD),
            Parameter::ranged("part", 0.2, PART),
        ]
    },
    expected: |_| figures([("variance falls below that part", 1.0)]),
    observe: |p, o| {
        let (rho, less) = (p.get("rho"), p.get("other"));
        let wait = |seed: u64, purpose: u8, load: f64| {
            let mut dice = Dice::new(seed, purpose);
            let (mut wait, mut sum) = (0.0_f64, 0.0);
            for _ in 0..5_000 {
                sum += wait;
                wait = (wait + dice.exponential(1.0) - dice.exponential(1.0 / load)).max(0.0);
            }
            sum / 5_000.0
        };
        let differences = |other: u8| -> Moments {
            let values: Vec<f64> = (0..60)
                .map(|pair| {
                    let seed = o.seed.wrapping_mul(1_000).wrapping_add(pair);
                    wait(seed, 80, rho) - wait(seed, other, less)
                })
                .collect();
            Moments::of(&values)
        };
        let variance = |moments: Moments| moments.variance().unwrap_or(f64::NAN);
        let ratio = variance(differences(80)) / variance(differences(81));
        Ok(vec![f64::from(u8::from(ratio < p.get("part")))])
    },
};

const SPLITTING: Check = Check {
    id: "splitting",
    catalogue: &[73],
    title: "A walk of odds rho reaches level L before zero, by multilevel splitting",
    source: "(1/rho - 1)/(1/rho^L - 1); Garvels 2000",
    kind: Kind::Chance,
    parameters: || {
        let level: (&str, fn(f64) -> bool) = ("a whole number from 2 to 40", |value| {
            value.fract() == 0.0 && (2.0..=40.0).contains(&value)
        });
        let odds: (&str, fn(f64) -> bool) =
            ("a number from 0.2 to 0.9", |value| (0.2..=0.9).contains(&value));
        vec![
            Parameter::ranged("rho", 0.5, odds),
            Parameter::ranged("L", 20.0, level),
        ]
    },
    expected: |p| {
        let back = 1.0 / p.get("rho");
        figures([(
            "chance, times rho^-(L-1)",
            compute_climb(p) * libm::pow(back, p.get("L") - 1.0),
        )])
    },
    observe: |p, o| {
        let up = p.get("rho") / (1.0 + p.get("rho"));
        let effort = Splitting {
            paths: (o.size / 50).clamp(50, 5_000) as u32,
            repetitions: 2,
            confidence: 0.99,
        };
        let levels = p.count("L") - 1;
        let key = Dice::key(o.seed, 82);
        let found = split(&1_u32, levels, effort, key, |state, level, uniforms| {
            let mut at = *state;
            loop {
                at = if uniforms.happens(up) { at + 1 } else { at - 1 };
                if at == 0 {
                    return Branch::Ended;
                }
                if at == level + 1 {
                    return Branch::Reached(at);
                }
            }
        });
        Ok(vec![
            found.estimate.probability * libm::pow(1.0 / p.get("rho"), f64::from(levels)),
        ])
    },
};

/// The chance to climb from 1 to L before 0, by the ruin formula.
fn compute_climb(p: &Parameters) -> f64 {
    let back = 1.0 / p.get("rho");
    (back - 1.0) / (libm::pow(back, p.get("L")) - 1.0)
}

/// Indices of a function of the unit cube from so many base rows.
fn sobol_indices(rows: u32, factors: usize, seed: u64, of: impl Fn(&[f64]) -> f64) -> SobolIndices {
    let design = SobolDesign::new(rows, factors, seed as u32);
    let outputs: Vec<f64> = design.points().iter().map(|point| of(point)).collect();
    design.indices(&outputs, 0.95, Dice::key(seed, 83))
}

const ROWS: u32 = 4_096;

const ISHIGAMI: Check = Check {
    id: "ishigami",
    catalogue: &[74],
    title: "Sobol' indices of the Ishigami function",
    source: "Ishigami, Homma 1990; a = 7, b = 0.1",
    kind: Kind::Computed(1e-2),
    parameters: || vec![Parameter::positive("a", 7.0), Parameter::positive("b", 0.1)],
    expected: |p| {
        let (a, b, pi) = (p.get("a"), p.get("b"), std::f64::consts::PI);
        require(
            "ishigami",
            (1.0..=20.0).contains(&a) && b <= 1.0,
            "a from 1 to 20, b at most 1",
        )?;
        let pi4 = pi * pi * pi * pi;
        let first = 0.5 * (1.0 + b * pi4 / 5.0) * (1.0 + b * pi4 / 5.0);
        let second = a * a / 8.0;
        let both = b * b * pi4 * pi4 * (1.0 / 18.0 - 1.0 / 50.0);
        let all = first + second + both;
        figures([
            ("S1", first / all),
            ("S2", second / all),
            ("S3", 0.0),
            ("ST1", (first + both) / all),
            ("ST2", second / all),
            ("ST3", both / all),
        ])
    },
    observe: |p, o| {
        let (a, b) = (p.get("a"), p.get("b"));
        let found = sobol_indices(ROWS, 3, o.seed, |point| {
            let x: Vec<f64> = point
                .iter()
                .map(|u| std::f64::consts::PI * (2.0 * u - 1.0))
                .collect();
            let (first, second) = (libm::sin(x[0]), libm::sin(x[1]));
            first + a * second * second + b * x[2] * x[2] * x[2] * x[2] * first
        });
        let shares = found.first.iter().chain(&found.total).map(|index| index.share);
        Ok(shares.collect())
    },
};

/// The weights of the G-function.
fn weights(p: &Parameters) -> [f64; 6] {
    [p.get("a1"), p.get("a2"), p.get("a3"), 9.0, 99.0, 99.0]
}

const G_FUNCTION: Check = Check {
    id: "g-function",
    catalogue: &[75],
    title: "Sobol' indices of the G-function, three weights to be set and 9, 99, 99",
    source: "Saltelli, Sobol' 1995",
    kind: Kind::Computed(1e-2),
    parameters: || {
        vec![
            Parameter::ranged("a1", 0.0, WEIGHT),
            Parameter::ranged("a2", 1.0, WEIGHT),
            Parameter::ranged("a3", 4.5, WEIGHT),
        ]
    },
    expected: |p| {
        let partial = weights(p).map(|a| 1.0 / 3.0 / ((1.0 + a) * (1.0 + a)));
        let all = partial.iter().map(|part| 1.0 + part).product::<f64>() - 1.0;
        figures([
            ("S1", partial[0] / all),
            ("S2", partial[1] / all),
            ("S3", partial[2] / all),
            ("S4", partial[3] / all),
            ("S5", partial[4] / all),
            ("S6", partial[5] / all),
        ])
    },
    observe: |p, o| {
        let weights = weights(p);
        let found = sobol_indices(ROWS, 6, o.seed, |point| {
            let factor = |(u, a): (&f64, f64)| ((4.0 * u - 2.0).abs() + a) / (1.0 + a);
            point.iter().zip(weights).map(factor).product()
        });
        Ok(found.first.iter().map(|index| index.share).collect())
    },
};

const INTERVAL_COVERAGE: Check = Check {
    id: "coverage",
    catalogue: &[76],
    title: "An interval of n normal values covers their mean as often as it says",
    source: "Student 1908",
    kind: Kind::Chance,
    parameters: || {
        let sizes: Allowed = ("a whole number from 2 to 1000", |value| {
            value.fract() == 0.0 && (2.0..=1e3).contains(&value)
        });
        let levels: Allowed = ("a number from 0.5 to 0.999", |value| {
            (0.5..=0.999).contains(&value)
        });
        vec![
            Parameter::ranged("n", 10.0, sizes),
            Parameter::ranged("confidence", 0.95, levels),
        ]
    },
    expected: |p| figures([("share covered", p.get("confidence"))]),
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 84);
        let (n, confidence) = (p.count("n"), p.get("confidence"));
        let repeats = (o.size / (2 * u64::from(n))).max(1);
        let covered = (0..repeats)
            .filter(|_| {
                let values: Vec<f64> = (0..n).map(|_| 3.0 + 2.0 * dice.normal()).collect();
                mean_interval(&Moments::of(&values), confidence)
                    .is_some_and(|interval| interval.contains(3.0))
            })
            .count();
        Ok(vec![covered as f64 / repeats as f64])
    },
};

const SAMPLE_SIZE: Check = Check {
    id: "sample-size",
    catalogue: &[77],
    title: "Runs for a proportion p within h at 95 %, and the bound after n without a hit",
    source: "z^2 p (1-p)/h^2 with z = 1.959964; rule of three",
    kind: Kind::Exact,
    parameters: || {
        let inside: Allowed = ("a number from 0.001 to 0.999", |value| {
            (1e-3..=0.999).contains(&value)
        });
        vec![
            Parameter::ranged("p", 0.05, inside),
            Parameter::ranged("h", 0.01, inside),
            Parameter::count("n", 3_000),
        ]
    },
    expected: |p| {
        let (share, half) = (p.get("p"), p.get("h"));
        figures([
            (
                "runs",
                libm::ceil(3.841_458_820_694_124 * share * (1.0 - share) / (half * half)),
            ),
            ("bound without a hit", 3.0 / p.get("n")),
        ])
    },
    observe: |p, _| {
        Ok(vec![
            trials_for_proportion(p.get("p"), p.get("h"), 0.95) as f64,
            rule_of_three(u64::from(p.count("n"))),
        ])
    },
};

const HYPERVOLUME: Check = Check {
    id: "hypervolume",
    catalogue: &[78],
    title: "The volume that the front of ZDT1 dominates, up to a corner (r, r)",
    source: "r^2 - 1/3; Zitzler, Deb, Thiele 2000",
    kind: Kind::Computed(1e-4),
    parameters: || {
        let corner: Allowed = ("a number from 1 to 10", |value| (1.0..=10.0).contains(&value));
        vec![Parameter::ranged("r", 1.1, corner)]
    },
    expected: |p| figures([("volume", p.get("r") * p.get("r") - 1.0 / 3.0)]),
    observe: |p, _| {
        let points: Vec<Vec<f64>> = (0..=20_000)
            .map(|k| {
                let x = f64::from(k) / 20_000.0;
                vec![x, 1.0 - x.sqrt()]
            })
            .collect();
        Ok(vec![hypervolume(&points, &[p.get("r"); 2])])
    },
};

const REGRET: Check = Check {
    id: "regret",
    catalogue: &[79],
    title: "The bootstrap interval of a mix's regret from noisy payoffs holds the true one",
    source: "hawk and dove: the better answer's payoff less the mix's own, 1/8 for V = 2, C = 3 and an even mix",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::ranged("V", 2.0, STAKES),
            Parameter::ranged("C", 3.0, STAKES),
            Parameter::ranged("hawks", 0.5, INNER),
        ]
    },
    expected: |_| figures([("covered between 88 and 99 times in 100", 1.0)]),
    observe: |p, o| {
        let (value, cost, hawks) = (p.get("V"), p.get("C"), p.get("hawks"));
        let (both, shared) = ((value - cost) / 2.0, value / 2.0);
        let of_hawk = hawks * both + (1.0 - hawks) * value;
        let of_dove = (1.0 - hawks) * shared;
        let truth = of_hawk.max(of_dove) - (hawks * of_hawk + (1.0 - hawks) * of_dove);
        let mut dice = Dice::new(o.seed, 85);
        let rounds = 200_u64;
        let mut covered = 0_u64;
        for round in 0..rounds {
            let tables: Vec<PayoffTable> = (0..40)
                .map(|_| {
                    let mut noisy = |mean: f64| mean + dice.normal();
                    let rows = vec![vec![noisy(both), noisy(value)], vec![noisy(0.0), noisy(shared)]];
                    PayoffTable::of_matrix(&rows)
                })
                .collect();
            let key = Dice::key(o.seed.wrapping_mul(1_000).wrapping_add(round), 86);
            let interval = regret_interval(&tables, &[hawks, 1.0 - hawks], 200, 0.95, key);
            covered += u64::from(interval.is_some_and(|interval| interval.contains(truth)));
        }
        let share = covered as f64 / rounds as f64;
        Ok(vec![f64::from(u8::from((0.88..=0.99).contains(&share)))])
    },
};

const DETERMINISM: Check = Check {
    id: "determinism",
    catalogue: &[80],
    title: "A network run on one lane and on several gives the same digest",
    source: "docs/determinism.md",
    kind: Kind::Exact,
    parameters: || vec![Parameter::count("lanes", 4)],
    expected: |p| {
        require("determinism", p.get("lanes") <= 64.0, "at most 64 lanes")?;
        figures([("digests that differ", 0.0)])
    },
    observe: |p, o| {
        let network = QueueNetwork {
            hosts: 50,
            slots: 2,
            arrivals_per_second: 1.4,
            service_seconds: 1.0,
            check_rate: Fraction::from_percent(10),
            block_seconds: 5.0,
            validation_delay_seconds: 5.0,
        };
        let network = network.build(Observation {
            seed: o.seed,
            size: o.size.min(5_000),
        });
        let digest = |lanes: usize| -> Result<_, OracleError> {
            let lanes = NonZeroUsize::new(lanes).expect("at least one lane");
            Ok(run_network(&network, 0, lanes)?.digest)
        };
        let is_other = digest(1)? != digest(p.count("lanes") as usize)?;
        Ok(vec![f64::from(u8::from(is_other))])
    },
};

const PERMUTATION: Check = Check {
    id: "permutation",
    catalogue: &[81],
    title: "Renaming miners and validators permutes what a round of consensus and a split hand out, and nothing else",
    source: "symmetry of the rules",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::ranged("validators", 7.0, FEW),
            Parameter::ranged("miners", 5.0, FEW),
            Parameter::ranged("kappa", 50.0, PERCENT),
        ]
    },
    expected: |_| figures([("shares that moved", 0.0)]),
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 87);
        let fraction = |dice: &mut Dice| Fraction::from_parts(dice.below(1_000) * 1_000_000_000_000_000);
        let (validators, miners) = (p.count("validators") as usize, p.count("miners") as usize);
        let stake: Vec<u64> = (0..validators).map(|_| 1 + dice.below(1_000)).collect();
        let weights: Vec<Vec<Fraction>> = (0..validators)
            .map(|_| (0..miners).map(|_| fraction(&mut dice)).collect())
            .collect();
        // Steps of three meet everybody, unless the number is a multiple of three.
        let turn = |k: usize, n: usize| {
            let step = if n.is_multiple_of(3) { 1 } else { 3 };
            (k * step + 1) % n
        };
        let round = |swap: bool| {
            let at = |k: usize, n: usize| if swap { turn(k, n) } else { k };
            process_round(&YumaRound {
                stake: (0..validators).map(|k| stake[at(k, validators)]).collect(),
                weights: (0..validators)
                    .map(|k| {
                        (0..miners)
                            .map(|m| weights[at(k, validators)][at(m, miners)])
                            .collect()
                    })
                    .collect(),
                kappa: Fraction::from_percent(p.count("kappa")),
            })
        };
        let (plain, turned) = (round(false), round(true));
        let moved = (0..miners)
            .filter(|miner| turned.incentive[*miner] != plain.incentive[turn(*miner, miners)])
            .count();
        Ok(vec![moved as f64])
    },
};

const SCALE: Check = Check {
    id: "scale",
    catalogue: &[82],
    title: "So many million times the coins give each exactly that many times its part",
    source: "integer money",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::count("million", 1_000),
            Parameter::ranged("providers", 20.0, FEW),
        ]
    },
    expected: |_| figures([("parts that did not scale", 0.0)]),
    observe: |p, o| {
        let factor = u64::from(p.count("million")) * 1_000_000;
        let mut dice = Dice::new(o.seed, 88);
        let providers: Vec<Contribution> = (0..p.count("providers"))
            .map(|_| Contribution {
                work: dice.below(1_000),
                weight: 1 + dice.below(1_000),
                utilisation: Fraction::ZERO,
                coverage: Fraction::ZERO,
            })
            .collect();
        // A reward that all claims divide, so that no remainder hides the scale.
        let total: u64 = providers.iter().map(|provider| provider.weight).sum();
        let parts = |unit: i128| {
            let reward = Amount::from_base_units(i128::from(total) * unit);
            split_reward(SplitRule::Weight, reward, &providers).0
        };
        let (small, large) = (parts(7), parts(7 * i128::from(factor)));
        let wrong = small
            .iter()
            .zip(&large)
            .filter(|(small, large)| small.times(factor) != **large)
            .count();
        Ok(vec![wrong as f64])
    },
};
