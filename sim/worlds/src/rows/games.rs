//! Deterrence: what a cheater, a verifier and an inspector expect, and where each turns.
//!
//! Invariant: the observation plays the game; only the formula knows the equilibrium.

use stakeout_engine::oracle::{Parameter, Parameters};
use stakeout_protocol::schedules::split::{Contribution, SplitRule, compute_wash_threshold, split_reward};
use stakeout_protocol::units::{Amount, Fraction};
use stakeout_statistics::games::Bimatrix;

use crate::check::{Check, Kind, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    COMMITTEE, JURY, RUIN, GRINDING, POSP, DEFERRED, EXPELLED, VERIFIER, INSPECTION, JACKPOT, FOLK, WASH,
];

fn odd(name: &'static str, default: f64) -> Parameter {
    let range: (&str, fn(f64) -> bool) = ("an odd number from 1 to 999", |value| {
        value % 2.0 == 1.0 && (1.0..=999.0).contains(&value)
    });
    Parameter::ranged(name, default, range)
}

/// `P(X >= least)` for a binomial X.
fn compute_tail(n: u32, p: f64, least: u32) -> f64 {
    (least..=n)
        .map(|k| {
            let (n, k) = (f64::from(n), f64::from(k));
            let ways = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
            libm::exp(ways) * libm::pow(p, k) * libm::pow(1.0 - p, n - k)
        })
        .sum()
}

const COMMITTEE: Check = Check {
    id: "committee",
    catalogue: &[34],
    title: "A committee of n drawn by weight, or among 100 hosts without replacement, has a colluding majority",
    source: "binomial and hypergeometric laws",
    kind: Kind::Chance,
    parameters: || vec![odd("n", 11.0), Parameter::probability("share", 0.3)],
    expected: |p| {
        let (n, share) = (p.count("n"), p.get("share"));
        let holds = n <= 99 && (0.01..=0.99).contains(&share);
        require(
            "committee",
            holds,
            "n has to be at most 99 and share from 0.01 to 0.99",
        )?;
        let bad = libm::round(100.0 * share);
        let choose = |n: f64, k: f64| {
            if k < 0.0 || k > n {
                return 0.0;
            }
            libm::exp(libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0))
        };
        let size = f64::from(n);
        let without: f64 = (n / 2 + 1..=n)
            .map(|k| {
                choose(bad, f64::from(k)) * choose(100.0 - bad, size - f64::from(k)) / choose(100.0, size)
            })
            .sum();
        figures([
            ("with replacement", compute_tail(n, share, n / 2 + 1)),
            ("without", without),
        ])
    },
    observe: |p, o| {
        let (n, share) = (p.count("n") as usize, p.get("share"));
        let mut dice = Dice::new(o.seed, 60);
        let bad = libm::round(100.0 * share) as usize;
        let (mut with, mut without) = (0_u64, 0_u64);
        let mut hosts: Vec<usize> = (0..100).collect();
        for _ in 0..o.size {
            with += u64::from((0..n).filter(|_| dice.chance(share)).count() > n / 2);
            for seat in 0..n {
                let other = seat + dice.below((100 - seat) as u64) as usize;
                hosts.swap(seat, other);
            }
            without += u64::from(hosts[..n].iter().filter(|host| **host < bad).count() > n / 2);
        }
        Ok(vec![with as f64 / o.size as f64, without as f64 / o.size as f64])
    },
};

const JURY: Check = Check {
    id: "jury",
    catalogue: &[35],
    title: "A majority of n independent verdicts is right",
    source: "Condorcet 1785",
    kind: Kind::Chance,
    parameters: || vec![odd("n", 51.0), Parameter::probability("p", 0.6)],
    expected: |p| {
        let inside = (0.01..=0.99).contains(&p.get("p"));
        require("jury", inside, "p has to lie from 0.01 to 0.99")?;
        figures([(
            "right",
            compute_tail(p.count("n"), p.get("p"), p.count("n") / 2 + 1),
        )])
    },
    observe: |p, o| {
        let (mut dice, n) = (Dice::new(o.seed, 61), p.count("n"));
        let rounds = (o.size / 10).max(1);
        let right = (0..rounds)
            .filter(|_| (0..n).filter(|_| dice.chance(p.get("p"))).count() > n as usize / 2)
            .count();
        Ok(vec![right as f64 / rounds as f64])
    },
};

const RUIN: Check = Check {
    id: "ruin",
    catalogue: &[36],
    title: "A gambler with i of N coins wins all of them",
    source: "(1 - (q/p)^i)/(1 - (q/p)^N); Feller 1968, vol. 1, chapter XIV",
    kind: Kind::Chance,
    parameters: || {
        let coins: (&str, fn(f64) -> bool) = ("a whole number from 1 to 100", |value| {
            value.fract() == 0.0 && (1.0..=100.0).contains(&value)
        });
        vec![
            Parameter::probability("p", 0.49),
            Parameter::ranged("i", 10.0, coins),
            Parameter::ranged("N", 20.0, coins),
        ]
    },
    expected: |p| {
        let [chance, i, n] = ["p", "i", "N"].map(|name| p.get(name));
        let holds = i < n && (0.05..=0.95).contains(&chance) && chance != 0.5;
        require(
            "ruin",
            holds,
            "i has to be below N, p from 0.05 to 0.95 and not 0.5",
        )?;
        let odds = (1.0 - chance) / chance;
        let wins = (1.0 - libm::pow(odds, i)) / (1.0 - libm::pow(odds, n));
        figures([
            ("wins", wins),
            ("mean bets", (i - n * wins) / (1.0 - 2.0 * chance)),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 62);
        let games = (o.size / 50).max(1);
        let (mut wins, mut bets) = (0_u64, 0_u64);
        for _ in 0..games {
            let mut coins = p.count("i");
            while coins > 0 && coins < p.count("N") {
                coins = if dice.chance(p.get("p")) {
                    coins + 1
                } else {
                    coins - 1
                };
                bets += 1;
            }
            wins += u64::from(coins > 0);
        }
        Ok(vec![wins as f64 / games as f64, bets as f64 / games as f64])
    },
};

const GRINDING: Check = Check {
    id: "grinding",
    catalogue: &[71],
    title: "A transfer agent that may draw the executor g times lands on its own share f",
    source: "1 - (1-f)^g",
    kind: Kind::Chance,
    parameters: || vec![Parameter::probability("f", 0.1), Parameter::count("g", 10)],
    expected: |p| {
        require("grinding", p.get("g") <= 1_000.0, "at most 1000 draws")?;
        figures([("lands on its own", 1.0 - libm::pow(1.0 - p.get("f"), p.get("g")))])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 63);
        let own = (0..o.size)
            .filter(|_| (0..p.count("g")).any(|_| dice.chance(p.get("f"))))
            .count();
        Ok(vec![own as f64 / o.size as f64])
    },
};

fn posp_parameters() -> Vec<Parameter> {
    vec![
        Parameter::probability("s", 0.8),
        Parameter::probability("d", 0.95),
        Parameter::positive("F", 1.0),
        Parameter::positive("S", 10.0),
        Parameter::probability("r", 0.3),
        Parameter::count("m", 1),
    ]
}

/// The sampling rate at which cheating and honesty pay the same.
fn compute_posp(p: &Parameters) -> f64 {
    let [s, d, fee, stake, r, m] = ["s", "d", "F", "S", "r", "m"].map(|name| p.get(name));
    s / (d * (1.0 - libm::pow(r, m)) * (fee + stake))
}

const POSP: Check = Check {
    id: "posp-threshold",
    catalogue: &[49],
    title: "Proof of sampling: at p* a cheater gains nothing, and a tenth to either side it gains or loses",
    source: "p* = s/(d (1 - r^m)(F + S)); derived here, compare arXiv 2405.00295",
    kind: Kind::Chance,
    parameters: posp_parameters,
    expected: |p| {
        let threshold = compute_posp(p);
        require(
            "posp-threshold",
            threshold < 0.9,
            "the threshold has to be below 0.9",
        )?;
        let s = p.get("s");
        figures([
            ("gain at p*", 0.0),
            ("gain at 0.9 p*", 0.1 * s),
            ("gain at 1.1 p*", -0.1 * s),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 64);
        let [s, d, fee, stake, r] = ["s", "d", "F", "S", "r"].map(|name| p.get(name));
        let mut gain = |rate: f64| {
            let mut sum = 0.0;
            for _ in 0..o.size {
                sum += s;
                // Checked, and one of the m validators neither colludes nor is fooled.
                if dice.chance(rate) && (0..p.count("m")).any(|_| !dice.chance(r)) && dice.chance(d) {
                    sum -= fee + stake;
                }
            }
            sum / o.size as f64
        };
        let threshold = compute_posp(p);
        Ok(vec![
            gain(threshold),
            gain(0.9 * threshold),
            gain(1.1 * threshold),
        ])
    },
};

fn cheater_parameters(s: f64) -> Vec<Parameter> {
    vec![
        Parameter::probability("s", s),
        Parameter::probability("q", 0.01),
        Parameter::probability("d", 1.0),
        Parameter::count("n", 1_000),
        Parameter::positive("R", 100.0),
        Parameter::positive("x", 0.2),
    ]
}

const DEFERRED: Check = Check {
    id: "deferred-cheater",
    catalogue: &[50],
    title: "A cheater at rate x who loses the epoch's reward at its end",
    source: "G(x) = R (1 - x q d)^n + n x s, derived; convex, so that the ends decide",
    kind: Kind::Chance,
    parameters: || cheater_parameters(0.2),
    expected: |p| {
        let [s, q, d, n, reward, x] = ["s", "q", "d", "n", "R", "x"].map(|name| p.get(name));
        require("deferred-cheater", x <= 1.0, "x has to be at most 1")?;
        let gain = |x: f64| reward * libm::pow(1.0 - x * q * d, n) + n * x * s;
        figures([
            ("gain at x", gain(x)),
            ("gain at half of x", gain(x / 2.0)),
            ("gain at 0", reward),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 65);
        let [s, q, d, reward] = ["s", "q", "d", "R"].map(|name| p.get(name));
        let epochs = (o.size / u64::from(p.count("n")) * 10).max(20);
        let mut gain = |x: f64| {
            let mut sum = 0.0;
            for _ in 0..epochs {
                let mut is_caught = false;
                for _ in 0..p.count("n") {
                    if dice.chance(x) {
                        sum += s;
                        is_caught |= dice.chance(q) && dice.chance(d);
                    }
                }
                sum += if is_caught { 0.0 } else { reward };
            }
            sum / epochs as f64
        };
        Ok(vec![gain(p.get("x")), gain(p.get("x") / 2.0), gain(0.0)])
    },
};

const EXPELLED: Check = Check {
    id: "expelled-cheater",
    catalogue: &[51],
    title: "The same cheater expelled at its first catch: s = q d R is the threshold for every x",
    source: "derived: savings until the catch, the reward if there is none",
    kind: Kind::Chance,
    parameters: || cheater_parameters(0.5),
    expected: |p| {
        let [s, q, d, n, reward, x] = ["s", "q", "d", "n", "R", "x"].map(|name| p.get(name));
        let holds = x <= 1.0 && q > 0.0 && d > 0.0;
        require(
            "expelled-cheater",
            holds,
            "x has to be at most 1, q and d above 0",
        )?;
        let caught = x * q * d;
        let kept = libm::pow(1.0 - caught, n);
        figures([
            ("gain at x", reward * kept + s * x * (1.0 - kept) / caught),
            ("gain at the threshold", reward),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 66);
        let [q, d, reward, x] = ["q", "d", "R", "x"].map(|name| p.get(name));
        let epochs = (o.size / u64::from(p.count("n")) * 10).max(20);
        let mut gain = |s: f64| {
            let mut sum = 0.0;
            for _ in 0..epochs {
                let mut is_caught = false;
                for _ in 0..p.count("n") {
                    if dice.chance(x) {
                        sum += s;
                        if dice.chance(q) && dice.chance(d) {
                            is_caught = true;
                            break;
                        }
                    }
                }
                sum += if is_caught { 0.0 } else { reward };
            }
            sum / epochs as f64
        };
        Ok(vec![gain(p.get("s")), gain(q * d * reward)])
    },
};

const VERIFIER: Check = Check {
    id: "verifiers-dilemma",
    catalogue: &[52],
    title: "A verifier checks only where errors are frequent enough; planted errors keep it at work",
    source: "X* = C/(R + L), e* = C/R; Felten 2019",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::positive("C", 1.0),
            Parameter::positive("R", 10.0),
            Parameter::positive("L", 5.0),
        ]
    },
    expected: |p| {
        require(
            "verifiers-dilemma",
            p.get("C") < p.get("R"),
            "C has to be below R",
        )?;
        figures([
            ("gain from checking at X*", 0.0),
            ("gain from planted errors at e*", 0.0),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 67);
        let [cost, reward, loss] = ["C", "R", "L"].map(|name| p.get(name));
        let (frequent, planted) = (cost / (reward + loss), cost / reward);
        let (mut found, mut paid) = (0.0, 0.0);
        for _ in 0..o.size {
            found += if dice.chance(frequent) { reward + loss } else { 0.0 } - cost;
            paid += if dice.chance(planted) { reward } else { 0.0 } - cost;
        }
        Ok(vec![found / o.size as f64, paid / o.size as f64])
    },
};

const INSPECTION: Check = Check {
    id: "inspection-game",
    catalogue: &[53],
    title: "Inspector and inspected: the mixed equilibrium, by support enumeration",
    source: "p = g/(g + F), x = c/(b + l); Avenhaus, von Stengel, Zamir 2002",
    kind: Kind::Computed(1e-9),
    parameters: || {
        vec![
            Parameter::positive("g", 0.8),
            Parameter::positive("F", 10.0),
            Parameter::positive("c", 0.2),
            Parameter::positive("b", 1.0),
            Parameter::positive("l", 3.0),
        ]
    },
    expected: |p| {
        let [g, fine, c, b, l] = ["g", "F", "c", "b", "l"].map(|name| p.get(name));
        require("inspection-game", c < b + l, "c has to be below b + l")?;
        figures([("inspects", g / (g + fine)), ("violates", c / (b + l))])
    },
    observe: |p, _| {
        let [g, fine, c, b, l] = ["g", "F", "c", "b", "l"].map(|name| p.get(name));
        // Rows: inspect or not; columns: violate or not.
        let game = Bimatrix::new(
            vec![vec![b - c, -c], vec![-l, 0.0]],
            vec![vec![-fine, 0.0], vec![g, 0.0]],
        );
        let found = game.equilibria();
        let mixed = found
            .first()
            .map_or((f64::NAN, f64::NAN), |e| (e.row[0], e.column[0]));
        Ok(vec![mixed.0, mixed.1])
    },
};

const JACKPOT: Check = Check {
    id: "jackpot",
    catalogue: &[54],
    title: "A jackpot that shrinks with every further challenger: halved, a pair of one's own gains nothing, a triple loses",
    source: "k J/d^(k-1); TrueBit incentive layer",
    kind: Kind::Computed(1e-12),
    parameters: || {
        vec![
            Parameter::positive("jackpot", 64.0),
            Parameter::positive("divisor", 2.0),
        ]
    },
    expected: |p| {
        let share = |k: i32| {
            let cut = libm::pow(p.get("divisor"), f64::from(k - 1));
            f64::from(k) * p.get("jackpot") / cut
        };
        figures([
            ("one", share(1)),
            ("two", share(2)),
            ("three", share(3)),
            ("four", share(4)),
            ("five", share(5)),
            ("six", share(6)),
        ])
    },
    observe: |p, _| {
        let (jackpot, divisor) = (p.get("jackpot"), p.get("divisor"));
        let paid = |k: u32| {
            (0..k)
                .map(|_| (1..k).fold(jackpot, |left: f64, _| left / divisor))
                .sum()
        };
        Ok((1..=6).map(paid).collect())
    },
};

const FOLK: Check = Check {
    id: "folk-theorem",
    catalogue: &[55],
    title: "Patience at which one cheat for g is not worth the loss of an income of one for ever",
    source: "delta* = g/(g + 1); Friedman 1971",
    kind: Kind::Computed(1e-8),
    parameters: || vec![Parameter::positive("g", 5.0)],
    expected: |p| {
        let gain = p.get("g");
        require("folk-theorem", gain <= 1_000.0, "g has to be at most 1000")?;
        figures([("patience", gain / (gain + 1.0))])
    },
    observe: |p, _| {
        // The stream of payments added up, the least patience at which it is worth the gain by halving.
        let worth = |patience: f64| {
            let (mut sum, mut weight) = (0.0, 1.0);
            for _ in 0..100_000 {
                weight *= patience;
                sum += weight;
                if weight < 1e-14 {
                    break;
                }
            }
            sum
        };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..50 {
            let middle = (low + high) / 2.0;
            if worth(middle) < p.get("g") {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(vec![high])
    },
};

const WASH: Check = Check {
    id: "wash-trading",
    catalogue: &[57],
    title: "Own share of all work from which buying one's own work pays, by minting per fee; by weight it never does",
    source: "1/(1 + m)",
    kind: Kind::Computed(1e-6),
    parameters: || vec![Parameter::probability("m", 0.9)],
    expected: |p| {
        require("wash-trading", p.get("m") > 0.01, "m has to be above 0.01")?;
        let share = 1.0 / (1.0 + p.get("m"));
        figures([
            ("by work", share),
            ("by the rule", share),
            ("gain by weight", 0.0),
        ])
    },
    observe: |p, _| {
        // Work is assigned by share, so an own coin of fees comes back with the share of the work, and the minted part
        // with it.
        let provider = |work: u64| Contribution {
            work,
            weight: 1,
            utilisation: Fraction::ZERO,
            coverage: Fraction::ZERO,
        };
        let total = 1_000_000_000_u64;
        let back = |own: u64, rule: SplitRule, coins: f64| {
            let pot = Amount::from_base_units((1e9 * coins) as i128);
            let (parts, _) = split_reward(rule, pot, &[provider(own), provider(total - own)]);
            parts[0].base_units() as f64 / 1e9
        };
        let minted = p.get("m");
        let (mut low, mut high) = (1, total - 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if back(middle, SplitRule::Work, 1.0 + minted) < 1.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let rule = compute_wash_threshold(SplitRule::Work, Fraction::from_parts((minted * 1e18) as u64));
        let by_weight = |own: u64| back(own, SplitRule::Weight, minted);
        Ok(vec![
            high as f64 / total as f64,
            rule.map_or(f64::NAN, |share| share.parts() as f64 / 1e18),
            by_weight(total / 2) - by_weight(total / 4),
        ])
    },
};
