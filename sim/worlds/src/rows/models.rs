//! A model owned by many: work, audit, collusion, extraction, and shards against whole copies.
//!
//! Invariant: the observation plays what owners and hosts would do; only the formula knows where that ends.

use stakeout_engine::oracle::{Observation, Parameter, Parameters};

use crate::check::{Check, Kind, Observed, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    OWNERSHIP,
    AUDITED_OWNERSHIP,
    COVERAGE,
    EXTRACTION,
    TEAM_SHARES,
    REDUNDANT,
    SHARDED,
];

const OWNERSHIP: Check = Check {
    id: "ownership",
    catalogue: &[59],
    title: "Owners of a model who share its revenue work while there are few of them",
    source: "N* = sqrt(v/c); Holmstrom 1982, moral hazard in teams",
    kind: Kind::Exact,
    parameters: || vec![Parameter::count("v", 1_000_000), Parameter::positive("c", 10.0)],
    expected: |p| {
        let limit = (p.get("v") / p.get("c")).sqrt();
        require(
            "ownership",
            (1.0..1e5).contains(&limit),
            "v/c has to lie from 1 to 1e10",
        )?;
        figures([("owners that still work", libm::floor(limit))])
    },
    observe: |p, _| {
        // An owner's work adds v/N to the revenue, of which it owns 1/N, and costs c.
        let works = |owners: &u32| {
            let n = f64::from(*owners);
            p.get("v") / n / n >= p.get("c")
        };
        Ok(vec![f64::from((1_u32..).take_while(works).last().unwrap_or(0))])
    },
};

const AUDITED_OWNERSHIP: Check = Check {
    id: "audited-ownership",
    catalogue: &[59],
    title: "An audit that takes a faker's share restores work among many owners",
    source: "p = (c - v/N^2)/(v (N-1)/N^2), derived",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::count("v", 1_000_000),
            Parameter::positive("c", 10.0),
            Parameter::count("N", 1_000),
        ]
    },
    expected: |p| {
        let rate = compute_audit(p);
        require(
            "audited-ownership",
            (0.0..=1.0).contains(&rate),
            "the audit rate has to be a probability",
        )?;
        figures([("audit rate", rate), ("gain from faking at that rate", 0.0)])
    },
    observe: |p, o| {
        let (mut dice, rate) = (Dice::new(o.seed, 68), compute_audit(p));
        let [value, cost, n] = ["v", "c", "N"].map(|name| p.get(name));
        // All others work. A faker saves its cost, its part of the revenue is missing, and an audit takes its share.
        let honest = value / n - cost;
        let without = value * (n - 1.0) / n / n;
        let mut sum = 0.0;
        for _ in 0..o.size {
            sum += if dice.chance(rate) { 0.0 } else { without } - honest;
        }
        let kept = sum / o.size as f64;
        Ok(vec![rate + kept / without, kept])
    },
};

fn compute_audit(p: &Parameters) -> f64 {
    let [value, cost, n] = ["v", "c", "N"].map(|name| p.get(name));
    (cost - value / n / n) / (value * (n - 1.0) / n / n)
}

const COVERAGE: Check = Check {
    id: "shard-coverage",
    catalogue: &[59],
    title: "A colluding share f of hosts holds all S shards of a model, each at r hosts",
    source: "(1 - (1-f)^r)^S",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::count("S", 8),
            Parameter::count("r", 3),
            Parameter::probability("f", 0.3),
        ]
    },
    expected: |p| {
        let chance = libm::pow(1.0 - libm::pow(1.0 - p.get("f"), p.get("r")), p.get("S"));
        require(
            "shard-coverage",
            chance > 1e-3,
            "the chance has to be above 0.001 to be observed",
        )?;
        figures([("all shards", chance)])
    },
    observe: observe_coverage,
};

fn observe_coverage(p: &Parameters, o: Observation) -> Observed {
    let mut dice = Dice::new(o.seed, 69);
    let (shards, replicas, share) = (p.count("S"), p.count("r"), p.get("f"));
    let mut is_held = || (0..replicas).filter(|_| dice.chance(share)).count() > 0;
    let all = (0..o.size).filter(|_| (0..shards).all(|_| is_held())).count();
    Ok(vec![all as f64 / o.size as f64])
}

const EXTRACTION: Check = Check {
    id: "extraction",
    catalogue: &[],
    title: "The value at which pulling a model's weights out pays: a part of the cost of training, and the seats",
    source: "V > phi C + seats; phi 0.6 after the abstract of Unextractable Protocol Models (Pluralis)",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::count("training", 1_000),
            Parameter::count("seats", 50),
            Parameter::probability("phi", 0.6),
        ]
    },
    expected: |p| {
        let [cost, seats, phi] = ["training", "seats", "phi"].map(|name| p.get(name));
        figures([
            ("value from which it pays", libm::floor(phi * cost + seats) + 1.0),
            (
                "value if extraction costs as much as training",
                cost + seats + 1.0,
            ),
        ])
    },
    observe: |p, _| {
        let least = |phi: f64| {
            let pays = |value: &u64| *value as f64 - phi * p.get("training") - p.get("seats") > 0.0;
            (0_u64..).find(pays).map_or(f64::NAN, |value| value as f64)
        };
        Ok(vec![least(p.get("phi")), least(1.0)])
    },
};

const TEAM_SHARES: Check = Check {
    id: "team-shares",
    catalogue: &[],
    title: "Compute, data and research share what a model earns: what each share makes its owner do",
    source: "first-order conditions of V = x^a y^b z^c with shares of V; shares in proportion to a, b, c maximise V",
    kind: Kind::Computed(1e-6),
    parameters: || {
        let part: (&str, fn(f64) -> bool) =
            ("a number from 0.05 to 0.3", |value| (0.05..=0.3).contains(&value));
        let share: (&str, fn(f64) -> bool) =
            ("a number from 0.1 to 0.8", |value| (0.1..=0.8).contains(&value));
        vec![
            Parameter::ranged("a", 0.3, part),
            Parameter::ranged("b", 0.2, part),
            Parameter::ranged("c", 0.1, part),
            Parameter::ranged("compute", 0.6, share),
        ]
    },
    expected: |p| {
        let parts = ["a", "b", "c"].map(|name| p.get(name));
        let value = |shares: [f64; 3]| {
            let log: f64 = parts
                .iter()
                .zip(shares)
                .map(|(part, share)| part * libm::log(share * part))
                .sum();
            libm::exp(log / (1.0 - parts.iter().sum::<f64>()))
        };
        let all: f64 = parts.iter().sum();
        let rest = (1.0 - p.get("compute")) / 2.0;
        let given = value([p.get("compute"), rest, rest]);
        let best = parts.map(|part| part / all);
        figures([
            ("earned at the shares given", given),
            ("compute's effort at them", p.get("compute") * parts[0] * given),
            ("earned at the best shares", value(best)),
        ])
    },
    observe: |p, _| {
        let parts = ["a", "b", "c"].map(|name| p.get(name));
        let settle = |shares: [f64; 3]| {
            let mut efforts = [0.1_f64; 3];
            let earned = |efforts: &[f64; 3]| {
                efforts
                    .iter()
                    .zip(parts)
                    .map(|(effort, part)| libm::pow(*effort, part))
                    .product::<f64>()
            };
            for _ in 0..200 {
                let value = earned(&efforts);
                for owner in 0..3 {
                    efforts[owner] = shares[owner] * parts[owner] * value;
                }
            }
            (earned(&efforts), efforts[0])
        };
        let rest = (1.0 - p.get("compute")) / 2.0;
        let given = settle([p.get("compute"), rest, rest]);
        // The best shares by walking downhill from a grid of hundredths.
        let mut best = (0.0_f64, [1.0 / 3.0; 3]);
        let mut step = 0.05;
        while step > 1e-6 {
            let mut found = best;
            for (more, less) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
                let mut shares = best.1;
                shares[more] += step;
                shares[less] -= step;
                if shares.iter().all(|share| *share > 0.0) {
                    let value = settle(shares).0;
                    if value > found.0 {
                        found = (value, shares);
                    }
                }
            }
            if found.0 <= best.0 {
                step /= 2.0;
            }
            best = found;
        }
        Ok(vec![given.0, given.1, best.0])
    },
};

const REDUNDANT: Check = Check {
    id: "redundant-work",
    catalogue: &[],
    title: "Work done r times over, or once and checked at rate q: what each lets through, and what it costs",
    source: "f^r at r times the work; f(1 - q(1-f)) at 1 + q times",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::count("r", 3),
            Parameter::probability("q", 0.1),
            Parameter::probability("f", 0.3),
        ]
    },
    expected: |p| {
        let [r, q, f] = ["r", "q", "f"].map(|name| p.get(name));
        require(
            "redundant-work",
            r <= 20.0 && f > 0.0,
            "r has to be at most 20 and f above 0",
        )?;
        figures([
            ("wrong let through, r times", libm::pow(f, r)),
            ("wrong let through, checked", f * (1.0 - q * (1.0 - f))),
            ("work an answer, checked", 1.0 + q),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 90);
        let [q, f] = ["q", "f"].map(|name| p.get(name));
        let (mut all_lie, mut passed, mut work) = (0_u64, 0_u64, 0_u64);
        for _ in 0..o.size {
            all_lie += u64::from((0..p.count("r")).all(|_| dice.chance(f)));
            let (lies, is_checked) = (dice.chance(f), dice.chance(q));
            work += 1 + u64::from(is_checked);
            passed += u64::from(lies && (!is_checked || dice.chance(f)));
        }
        Ok([all_lie, passed, work]
            .map(|sum| sum as f64 / o.size as f64)
            .into())
    },
};

const SHARDED: Check = Check {
    id: "sharded-model",
    catalogue: &[],
    title: "A model whole on a node, or in S shards on nodes a hop apart: time a token, and being there at all",
    source: "t/S summed is t, plus (S-1) hops; availability A^S",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::count("S", 8),
            Parameter::positive("token_ms", 20.0),
            Parameter::positive("hop_ms", 30.0),
            Parameter::probability("A", 0.98),
        ]
    },
    expected: |p| {
        let [shards, token, hop, up] = ["S", "token_ms", "hop_ms", "A"].map(|name| p.get(name));
        require("sharded-model", shards <= 100.0, "at most 100 shards")?;
        figures([
            ("ms a token in shards", token + (shards - 1.0) * hop),
            ("available in shards", libm::pow(up, shards)),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 91);
        let shards = p.count("S");
        let (mut there, mut time) = (0_u64, 0.0);
        for _ in 0..o.size {
            there += u64::from((0..shards).all(|_| dice.chance(p.get("A"))));
            for shard in 0..shards {
                let hop = if shard == 0 {
                    0.0
                } else {
                    dice.exponential(p.get("hop_ms"))
                };
                time += hop + dice.exponential(p.get("token_ms") / f64::from(shards));
            }
        }
        Ok(vec![time / o.size as f64, there as f64 / o.size as f64])
    },
};
