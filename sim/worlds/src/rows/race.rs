//! Proof of work: races, difficulty, selfish mining.
//!
//! Invariant: the double spend is judged by the exact law; the white paper's Poisson table is an approximation that
//! only its own formula has to reproduce.

use stakeout_engine::oracle::{Allowed, Figure, Observation, Parameter, Parameters};
use stakeout_protocol::markets::difficulty::{RetargetParams, compute_next_target};
use stakeout_statistics::incomplete_beta;

use crate::check::{Check, Kind, Observed, figures, none, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[RACE, WHITE_PAPER, CONFIRMATIONS, DIFFICULTY, SELFISH];

fn share(name: &'static str, default: f64) -> Parameter {
    let range: (&str, fn(f64) -> bool) = ("a number from 0.01 to 0.49", |value| {
        (0.01..=0.49).contains(&value)
    });
    Parameter::ranged(name, default, range)
}

const RACE: Check = Check {
    id: "double-spend",
    catalogue: &[39],
    title: "An attacker with share q overtakes z confirmations",
    source: "I_{4pq}(z, 1/2); Grunspan, Perez-Marco 2018 (arXiv 1702.02867)",
    kind: Kind::Chance,
    parameters: || {
        let depth: (&str, fn(f64) -> bool) = ("a whole number from 1 to 60", |value| {
            value.fract() == 0.0 && (1.0..=60.0).contains(&value)
        });
        vec![share("q", 0.3), Parameter::ranged("z", 5.0, depth)]
    },
    expected: |p| figures([("chance of success", compute_race(p.get("q"), p.count("z")))]),
    observe: |p, o| {
        let (mut dice, q) = (Dice::new(o.seed, 40), p.get("q"));
        let attempts = (o.size / 5).max(1);
        let mut successes = 0_u64;
        for _ in 0..attempts {
            let (mut honest, mut lead) = (0, 0_i64);
            while honest < p.count("z") {
                if dice.chance(q) {
                    lead += 1;
                } else {
                    lead -= 1;
                    honest += 1;
                }
            }
            // Given up where catching up is less likely than one in 10^14.
            let hopeless = -(32.0 / libm::log((1.0 - q) / q)) as i64 - 1;
            while lead < 0 && lead > hopeless {
                lead += if dice.chance(q) { 1 } else { -1 };
            }
            successes += u64::from(lead >= 0);
        }
        Ok(vec![successes as f64 / attempts as f64])
    },
};

/// `1 - Σ_{k<z} C(k+z-1, k)·(p^z q^k - q^z p^k)`: the finite form of the incomplete beta function.
fn compute_race(q: f64, z: u32) -> f64 {
    let p = 1.0 - q;
    let mut sum = 0.0;
    let mut ways = 1.0;
    for k in 0..z {
        if k > 0 {
            ways *= f64::from(k + z - 1) / f64::from(k);
        }
        let (z, k) = (f64::from(z), f64::from(k));
        sum += ways * (libm::pow(p, z) * libm::pow(q, k) - libm::pow(q, z) * libm::pow(p, k));
    }
    1.0 - sum
}

const WHITE_PAPER: Check = Check {
    id: "white-paper",
    catalogue: &[38],
    title: "The white paper's table of catching up (its Poisson approximation); a record of what was printed, nothing to set",
    source: "Nakamoto 2008, section 11",
    kind: Kind::Computed(5e-8),
    parameters: none,
    expected: |_| {
        figures([
            ("q 0.1, z 1", 0.204_587_3),
            ("q 0.1, z 2", 0.050_977_9),
            ("q 0.1, z 5", 0.000_913_7),
            ("q 0.1, z 10", 0.000_001_2),
            ("q 0.3, z 5", 0.177_352_3),
            ("q 0.3, z 10", 0.041_660_5),
            ("q 0.3, z 25", 0.000_613_2),
        ])
    },
    observe: |_, _| {
        let cases = [
            (0.1, 1),
            (0.1, 2),
            (0.1, 5),
            (0.1, 10),
            (0.3, 5),
            (0.3, 10),
            (0.3, 25),
        ];
        Ok(cases.map(|(q, z)| compute_white_paper(q, z)).into())
    },
};

fn compute_white_paper(q: f64, z: u32) -> f64 {
    let mean = f64::from(z) * q / (1.0 - q);
    let (mut term, mut sum) = (libm::exp(-mean), 0.0);
    for k in 0..=z {
        if k > 0 {
            term *= mean / f64::from(k);
        }
        sum += term * (1.0 - libm::pow(q / (1.0 - q), f64::from(z - k)));
    }
    1.0 - sum
}

/// Confirmations that are tried.
const CONFIRMATIONS_MAX: u32 = 1_000;
/// A risk that both laws tell from their rounding.
const RISK: Allowed = ("a number from 1e-9 to 0.5", |value| (1e-9..=0.5).contains(&value));
/// An attacker's share of the hash rate.
const MINORITY: Allowed = ("a number from 0.01 to 0.4", |value| (0.01..=0.4).contains(&value));

/// Shares of an attacker that confirmations are asked for: the one set, and five larger ones.
fn shares(q: f64) -> [f64; 6] {
    [q, 0.15, 0.20, 0.25, 0.30, 0.35]
}

const CONFIRMATIONS: Check = Check {
    id: "confirmations",
    catalogue: &[38, 39],
    title: "Confirmations for a risk below a bound, by the exact law and by the white paper, q from 10 % to 35 %",
    source: "Nakamoto 2008, section 11; Grunspan, Perez-Marco 2018: I(4pq; z, 1/2)",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::ranged("risk", 0.001, RISK),
            Parameter::ranged("q", 0.1, MINORITY),
        ]
    },
    expected: |p| {
        // The exact law is a regularised incomplete beta function; the white paper's two sums are one of Poisson weights.
        let exact = |q: f64, z: u32| incomplete_beta(f64::from(z), 0.5, 4.0 * q * (1.0 - q));
        let paper = |q: f64, z: u32| {
            let (odds, blocks) = (q / (1.0 - q), f64::from(z));
            let weight = |k: u32| {
                let k = f64::from(k);
                libm::exp(k * libm::log(blocks * odds) - blocks * odds - libm::lgamma(k + 1.0))
            };
            let behind: f64 = (0..=z)
                .map(|k| weight(k) * libm::pow(odds, f64::from(z - k)))
                .sum();
            behind + 1.0 - (0..=z).map(weight).sum::<f64>()
        };
        let laws: [(&str, &dyn Fn(f64, u32) -> f64); 2] = [("exact", &exact), ("paper", &paper)];
        let mut all = Vec::new();
        for (name, law) in laws {
            for q in shares(p.get("q")) {
                let needed = (1..CONFIRMATIONS_MAX).find(|z| law(q, *z) < p.get("risk"));
                let needed = needed.map_or(f64::INFINITY, f64::from);
                all.push(Figure::new(format!("{name}, q {q:.2}"), needed));
            }
        }
        Ok(all)
    },
    observe: |p, _| {
        let needed = |law: fn(f64, u32) -> f64, q: f64| {
            let enough = (1..CONFIRMATIONS_MAX).find(|z| law(q, *z) < p.get("risk"));
            enough.map_or(f64::INFINITY, f64::from)
        };
        let shares = shares(p.get("q"));
        Ok(shares
            .iter()
            .map(|q| needed(compute_race, *q))
            .chain(shares.iter().map(|q| needed(compute_white_paper, *q)))
            .collect())
    },
};

/// Blocks of a period; in a short one the largest factor of a retarget would tell.
const PERIOD: Allowed = ("a whole number from 200 to 100000", |value| {
    value.fract() == 0.0 && (200.0..=1e5).contains(&value)
});
/// Seconds between two blocks; clocks of whole seconds would tell in a short one.
const SPACING: Allowed = ("a whole number from 60 to 86400", |value| {
    value.fract() == 0.0 && (60.0..=86_400.0).contains(&value)
});

const DIFFICULTY: Check = Check {
    id: "difficulty",
    catalogue: &[40],
    title: "The mean interval at constant hash rate: a period is measured one interval short",
    source: "n s/(n - 2): 1209600/2014 s; bitcoin/bitcoin src/pow.cpp",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::ranged("blocks", 2_016.0, PERIOD),
            Parameter::ranged("seconds", 600.0, SPACING),
        ]
    },
    expected: |p| {
        let blocks = p.get("blocks");
        figures([("seconds", blocks * p.get("seconds") / (blocks - 2.0))])
    },
    observe: |p, o| {
        let params = RetargetParams {
            blocks: p.count("blocks"),
            timespan: (p.get("blocks") * p.get("seconds")) as u64,
            ..RetargetParams::bitcoin()
        };
        let mut dice = Dice::new(o.seed, 41);
        let start = 1_u128 << 64;
        let (mut target, mut seconds, mut blocks) = (start, 0.0, 0.0);
        let periods = (o.size / u64::from(params.blocks)).max(1) + 4;
        for period in 0..periods {
            let mean = p.get("seconds") * start as f64 / target as f64;
            let gaps: Vec<f64> = (0..params.blocks).map(|_| dice.exponential(mean)).collect();
            if period >= 4 {
                seconds += gaps.iter().sum::<f64>();
                blocks += f64::from(params.blocks);
            }
            target = compute_next_target(&params, target, gaps[1..].iter().sum::<f64>() as u64);
        }
        Ok(vec![seconds / blocks])
    },
};

const SELFISH: Check = Check {
    id: "selfish-mining",
    catalogue: &[41],
    title: "What a miner earns by holding blocks back, gamma of the others mining on its block in a tie",
    source: "Eyal, Sirer 2014, equation 8",
    kind: Kind::Chance,
    parameters: || vec![share("alpha", 0.4), Parameter::probability("gamma", 0.0)],
    expected: |p| {
        let (a, g) = (p.get("alpha"), p.get("gamma"));
        require("selfish-mining", a <= 0.45, "alpha has to be at most 0.45")?;
        let b = 1.0 - a;
        let numerator = a * b * b * (4.0 * a + g * (1.0 - 2.0 * a)) - a * a * a;
        figures([(
            "share of the blocks",
            numerator / (1.0 - a * (1.0 + (2.0 - a) * a)),
        )])
    },
    observe: observe_selfish,
};

/// The state is the private lead, and whether two branches of one block compete.
fn observe_selfish(p: &Parameters, o: Observation) -> Observed {
    let (alpha, gamma) = (p.get("alpha"), p.get("gamma"));
    let mut dice = Dice::new(o.seed, 42);
    let (mut own, mut others) = (0_u64, 0_u64);
    let (mut lead, mut is_tied) = (0_u64, false);
    for _ in 0..2 * o.size {
        let is_own = dice.chance(alpha);
        match (is_own, is_tied, lead) {
            (true, true, _) => {
                own += 2;
                is_tied = false;
            }
            (true, false, _) => lead += 1,
            (false, true, _) => {
                if dice.chance(gamma) {
                    own += 1;
                    others += 1;
                } else {
                    others += 2;
                }
                is_tied = false;
            }
            (false, false, 0) => others += 1,
            (false, false, 1) => {
                is_tied = true;
                lead = 0;
            }
            (false, false, 2) => {
                own += 2;
                lead = 0;
            }
            (false, false, _) => {
                own += 1;
                lead -= 1;
            }
        }
    }
    Ok(vec![own as f64 / (own + others) as f64])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_race_has_its_tabled_values() {
        for (q, z, tabled) in [
            (0.1, 1, 0.2),
            (0.1, 2, 0.056),
            (0.1, 3, 0.017_12),
            (0.1, 6, 0.000_591_4),
            (0.3, 5, 0.197_617_3),
            (0.3, 10, 0.065_106_7),
        ] {
            let found = compute_race(q, z);
            assert!((found - tabled).abs() < 1e-3 * tabled, "{q} {z}: {found}");
        }
    }
}
