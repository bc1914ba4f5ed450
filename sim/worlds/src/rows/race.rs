//! Proof of work: races, difficulty, selfish mining.
//!
//! Invariant: the double spend is judged by the exact law; the white paper's Poisson table is an approximation that
//! only its own formula has to reproduce.

use stakeout_engine::oracle::{Observation, Parameter, Parameters};
use stakeout_protocol::markets::difficulty::{RetargetParams, compute_next_target};

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
    title: "The white paper's table of catching up (its Poisson approximation)",
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

const CONFIRMATIONS: Check = Check {
    id: "confirmations",
    catalogue: &[38, 39],
    title: "Confirmations for a risk below 0.1 %, by the exact law and by the white paper, q from 10 % to 35 %",
    source: "Nakamoto 2008, section 11; Grunspan, Perez-Marco 2018",
    kind: Kind::Exact,
    parameters: none,
    expected: |_| {
        let exact = [6.0, 9.0, 13.0, 20.0, 32.0, 58.0];
        let paper = [5.0, 8.0, 11.0, 15.0, 24.0, 41.0];
        let names = [
            "exact, q 0.10",
            "exact, q 0.15",
            "exact, q 0.20",
            "exact, q 0.25",
            "exact, q 0.30",
            "exact, q 0.35",
            "paper, q 0.10",
            "paper, q 0.15",
            "paper, q 0.20",
            "paper, q 0.25",
            "paper, q 0.30",
            "paper, q 0.35",
        ];
        let values = exact.into_iter().chain(paper);
        Ok(names
            .into_iter()
            .zip(values)
            .map(|(name, value)| stakeout_engine::oracle::Figure::new(name, value))
            .collect())
    },
    observe: |_, _| {
        let shares = [0.10, 0.15, 0.20, 0.25, 0.30, 0.35];
        let needed =
            |law: fn(f64, u32) -> f64, q: f64| (1..).find(|z| law(q, *z) < 0.001).map_or(0.0, f64::from);
        Ok(shares
            .iter()
            .map(|q| needed(compute_race, *q))
            .chain(shares.iter().map(|q| needed(compute_white_paper, *q)))
            .collect())
    },
};

const DIFFICULTY: Check = Check {
    id: "difficulty",
    catalogue: &[40],
    title: "The mean interval at constant hash rate: a period is measured one interval short",
    source: "1209600/2014 s; bitcoin/bitcoin src/pow.cpp",
    kind: Kind::Chance,
    parameters: none,
    expected: |_| figures([("seconds", 1_209_600.0 / 2_014.0)]),
    observe: |_, o| {
        let (params, mut dice) = (RetargetParams::bitcoin(), Dice::new(o.seed, 41));
        let start = 1_u128 << 64;
        let (mut target, mut seconds, mut blocks) = (start, 0.0, 0.0);
        let periods = (o.size / 2_016).max(1) + 4;
        for period in 0..periods {
            let mean = 600.0 * start as f64 / target as f64;
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
