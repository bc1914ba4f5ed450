//! Contests, entry, concentration and learning.
//!
//! Invariant: the observation iterates what participants would do; only the formula knows where that ends.

use stakeout_engine::oracle::{Observation, Parameter, Parameters};
use stakeout_statistics::concentration::gini;
use stakeout_statistics::games::{PayoffTable, fixation_probability, replicate};

use super::shares::{CONCENTRATION, POWER_CAP};
use crate::check::{Check, Kind, Observed, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    CONTEST,
    UNEQUAL_CONTEST,
    FREE_ENTRY,
    URN,
    CONCENTRATION,
    LAW_OF_SHARES,
    MONOPOLY,
    FIXATION,
    REPLICATOR,
    LEARNER,
    EIGENTRUST,
    POWER_CAP,
    PUBLIC_GOOD,
    MODEL_SPLIT,
];

/// Best responses in turn until nobody moves: an effort for the share `own/all` of a prize.
fn play_contest(prize: f64, costs: &[f64]) -> Vec<f64> {
    let mut efforts = vec![prize / costs.len() as f64 / 4.0; costs.len()];
    for _ in 0..20_000 {
        let mut moved = 0.0_f64;
        for player in 0..costs.len() {
            let others: f64 = efforts.iter().sum::<f64>() - efforts[player];
            let best = ((prize * others / costs[player]).sqrt() - others).max(0.0);
            // Half a step, because full best responses of many players overshoot.
            let next = efforts[player] + (best - efforts[player]) / costs.len() as f64;
            moved = moved.max((next - efforts[player]).abs());
            efforts[player] = next;
        }
        if moved < 1e-13 * prize {
            break;
        }
    }
    efforts
}

const CONTEST: Check = Check {
    id: "contest",
    catalogue: &[56],
    title: "n equal miners spend effort for shares of a reward",
    source: "R (n-1)/n^2 each; Tullock 1980",
    kind: Kind::Computed(1e-6),
    parameters: || {
        vec![
            Parameter::count("n", 10),
            Parameter::positive("R", 100.0),
            Parameter::positive("c", 1.0),
        ]
    },
    expected: |p| {
        let [n, prize, cost] = ["n", "R", "c"].map(|name| p.get(name));
        require(
            "contest",
            (2.0..=100.0).contains(&n),
            "n has to lie from 2 to 100",
        )?;
        figures([
            ("spent in all", prize * (n - 1.0) / n),
            ("profit of one", prize / n / n),
            ("effort of one", prize * (n - 1.0) / n / n / cost),
        ])
    },
    observe: |p, _| {
        let efforts = play_contest(p.get("R"), &vec![p.get("c"); p.count("n") as usize]);
        let all: f64 = efforts.iter().sum();
        Ok(vec![
            all * p.get("c"),
            p.get("R") * efforts[0] / all - p.get("c") * efforts[0],
            efforts[0],
        ])
    },
};

const UNEQUAL_CONTEST: Check = Check {
    id: "unequal-contest",
    catalogue: &[56],
    title: "Miners of costs 1, 1.2, 1.5 and 3: the dearest leaves, the others share by cost",
    source: "total R (k-1)/sum of the k lowest costs; Hillman, Riley 1989",
    kind: Kind::Computed(1e-6),
    parameters: || vec![Parameter::positive("R", 100.0)],
    expected: |p| {
        let total = p.get("R") * 2.0 / 3.7;
        let share = |cost: f64| 1.0 - cost * total / p.get("R");
        figures([
            ("effort in all", total),
            ("share at cost 1", share(1.0)),
            ("share at cost 1.2", share(1.2)),
            ("share at cost 1.5", share(1.5)),
            ("share at cost 3", 0.0),
        ])
    },
    observe: |p, _| {
        let efforts = play_contest(p.get("R"), &[1.0, 1.2, 1.5, 3.0]);
        let all: f64 = efforts.iter().sum();
        let mut values = vec![all];
        values.extend(efforts.iter().map(|effort| effort / all));
        Ok(values)
    },
};

const FREE_ENTRY: Check = Check {
    id: "free-entry",
    catalogue: &[58],
    title: "Hosts enter while the next one's share of the reward covers its cost",
    source: "floor(R P/cost)",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::count("reward", 285_000),
            Parameter::positive("price", 0.5),
            Parameter::positive("cost", 40.0),
        ]
    },
    expected: |p| {
        let hosts = p.get("reward") * p.get("price") / p.get("cost");
        require(
            "free-entry",
            hosts < 1e6,
            "fewer than a million hosts have to fit",
        )?;
        figures([("hosts", libm::floor(hosts)), ("loss of one more", 1.0)])
    },
    observe: |p, _| {
        let income = |hosts: u32| p.get("reward") * p.get("price") / f64::from(hosts);
        let mut hosts = 0_u32;
        while income(hosts + 1) >= p.get("cost") {
            hosts += 1;
        }
        Ok(vec![
            f64::from(hosts),
            f64::from(u8::from(income(hosts + 1) < p.get("cost"))),
        ])
    },
};

const URN: Check = Check {
    id: "urn",
    catalogue: &[60],
    title: "Rewards that compound into stake: the share of a holder of a out of a + b is a martingale with a wide limit",
    source: "Beta(a/r, b/r); Polya 1930",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::positive("a", 10.0),
            Parameter::positive("b", 90.0),
            Parameter::positive("r", 10.0),
        ]
    },
    expected: |p| {
        let [a, b, r] = ["a", "b", "r"].map(|name| p.get(name));
        let (alpha, beta, n) = (a / r, b / r, f64::from(URN_ROUNDS));
        let sum = alpha + beta;
        // After n draws the variance of the share is the limit's, times n/(n + alpha + beta).
        let limit = alpha * beta / (sum * sum * (sum + 1.0));
        figures([
            ("mean share", a / (a + b)),
            ("variance of the share", limit * n / (n + sum)),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 70);
        let urns = (o.size / 50).max(2);
        let (mut sum, mut squares) = (0.0, 0.0);
        let mean = p.get("a") / (p.get("a") + p.get("b"));
        for _ in 0..urns {
            let (mut own, mut all) = (p.get("a"), p.get("a") + p.get("b"));
            for _ in 0..URN_ROUNDS {
                if dice.chance(own / all) {
                    own += p.get("r");
                }
                all += p.get("r");
            }
            let share = own / all;
            sum += share;
            squares += (share - mean) * (share - mean);
        }
        Ok(vec![sum / urns as f64, squares / urns as f64])
    },
};

const URN_ROUNDS: u32 = 1_000;

const LAW_OF_SHARES: Check = Check {
    id: "gini-of-laws",
    catalogue: &[61],
    title: "Gini of lognormal, exponential and uniform wealth",
    source: "2 Phi(sigma/sqrt 2) - 1, 1/2, 1/3",
    kind: Kind::Chance,
    parameters: || vec![Parameter::positive("sigma", 1.0)],
    expected: |p| {
        require(
            "gini-of-laws",
            p.get("sigma") <= 1.5,
            "sigma has to be at most 1.5",
        )?;
        // 2 Phi(sigma/sqrt 2) - 1 = erf(sigma/2).
        figures([
            ("lognormal", libm::erf(p.get("sigma") / 2.0)),
            ("exponential", 0.5),
            ("uniform", 1.0 / 3.0),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 71);
        let n = (o.size as usize).max(1_000);
        let mut of = |draw: &mut dyn FnMut(&mut Dice) -> f64| {
            let values: Vec<f64> = (0..n).map(|_| draw(&mut dice)).collect();
            // The sample's own bias is a factor of (n-1)/n.
            gini(&values) * n as f64 / (n as f64 - 1.0)
        };
        let sigma = p.get("sigma");
        Ok(vec![
            of(&mut |dice| libm::exp(sigma * dice.normal())),
            of(&mut |dice| dice.exponential(1.0)),
            of(&mut |dice| dice.unit()),
        ])
    },
};

const MONOPOLY: Check = Check {
    id: "monopoly",
    catalogue: &[62],
    title: "Linear demand from one seller to many: prices under monopoly and Cournot, and the surplus lost",
    source: "(a + c)/2, (a + n c)/(n + 1); Cournot 1838",
    kind: Kind::Computed(1e-8),
    parameters: || {
        vec![
            Parameter::positive("a", 10.0),
            Parameter::positive("b", 1.0),
            Parameter::positive("c", 2.0),
            Parameter::count("n", 5),
        ]
    },
    expected: |p| {
        let [a, b, c, n] = ["a", "b", "c", "n"].map(|name| p.get(name));
        require(
            "monopoly",
            c < a && n <= 100.0,
            "c has to be below a and n at most 100",
        )?;
        figures([
            ("price of one seller", (a + c) / 2.0),
            ("its quantity", (a - c) / 2.0 / b),
            ("loss of surplus", (a - c) * (a - c) / 8.0 / b),
            ("price of n sellers", (a + n * c) / (n + 1.0)),
        ])
    },
    observe: |p, _| {
        let [a, b, c] = ["a", "b", "c"].map(|name| p.get(name));
        // Sellers answer one another's quantities in turn; price = a - b·quantity.
        let settle = |n: u32| {
            let mut sold = vec![0.0; n as usize];
            for _ in 0..5_000 {
                for own in 0..sold.len() {
                    let others: f64 = sold.iter().sum::<f64>() - sold[own];
                    sold[own] = ((a - c - b * others) / (2.0 * b)).max(0.0);
                }
            }
            sold.iter().sum::<f64>()
        };
        let (alone, many) = (settle(1), settle(p.count("n")));
        let competitive = (a - c) / b;
        Ok(vec![
            a - b * alone,
            alone,
            (competitive - alone) * (a - b * alone - c) / 2.0,
            a - b * many,
        ])
    },
};

const FIXATION: Check = Check {
    id: "fixation",
    catalogue: &[63],
    title: "One mutant of fitness r takes over a population of N",
    source: "(1 - 1/r)/(1 - r^-N); Moran 1958",
    kind: Kind::Chance,
    parameters: || {
        let people: (&str, fn(f64) -> bool) = ("a whole number from 2 to 200", |value| {
            value.fract() == 0.0 && (2.0..=200.0).contains(&value)
        });
        let fitness: (&str, fn(f64) -> bool) =
            ("a number from 0.8 to 3", |value| (0.8..=3.0).contains(&value));
        vec![
            Parameter::ranged("r", 1.1, fitness),
            Parameter::ranged("N", 20.0, people),
        ]
    },
    expected: |p| figures([("takes over", fixation_probability(p.get("r"), p.count("N")))]),
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 72);
        let (r, n) = (p.get("r"), p.get("N"));
        let lives = (o.size / 20).max(1);
        let mut won = 0_u64;
        for _ in 0..lives {
            let mut mutants = 1.0;
            while mutants > 0.0 && mutants < n {
                let is_born = dice.chance(r * mutants / (r * mutants + n - mutants));
                let is_dead = dice.chance(mutants / n);
                mutants += f64::from(u8::from(is_born)) - f64::from(u8::from(is_dead));
            }
            won += u64::from(mutants > 0.0);
        }
        Ok(vec![won as f64 / lives as f64])
    },
};

const REPLICATOR: Check = Check {
    id: "replicator",
    catalogue: &[64],
    title: "Hawks and doves settle at V/C; rock, paper, scissors goes around a third each",
    source: "Maynard Smith 1982; Taylor, Jonker 1978",
    kind: Kind::Computed(1e-2),
    parameters: || vec![Parameter::positive("V", 2.0), Parameter::positive("C", 3.0)],
    expected: |p| {
        let [value, cost] = ["V", "C"].map(|name| p.get(name));
        require(
            "replicator",
            value < cost && cost <= 10.0,
            "V has to be below C and C at most 10",
        )?;
        figures([("hawks", value / cost), ("rock, on average", 1.0 / 3.0)])
    },
    observe: |p, _| {
        let [value, cost] = ["V", "C"].map(|name| p.get(name));
        let fight = vec![vec![(value - cost) / 2.0, value], vec![0.0, value / 2.0]];
        let cycle = vec![vec![0.0, -1.0, 1.0], vec![1.0, 0.0, -1.0], vec![-1.0, 1.0, 0.0]];
        let hawks = replicate(&PayoffTable::of_matrix(&fight), &[0.1, 0.9], 20_000, 0.02);
        let rock = replicate(&PayoffTable::of_matrix(&cycle), &[0.5, 0.3, 0.2], 50_000, 0.02);
        let figure = |found: Option<f64>| found.unwrap_or(f64::NAN);
        Ok(vec![
            figure(hawks.map(|end| end.mix[0])),
            figure(rock.map(|end| end.average[0])),
        ])
    },
};

const LEARNER: Check = Check {
    id: "epsilon-greedy",
    catalogue: &[65],
    title: "What a learner who tries at random one time in so many loses a step, once it knows the better of two",
    source: "e (1 - 1/K) gap",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::probability("e", 0.1),
            Parameter::probability("gap", 0.2),
        ]
    },
    expected: |p| {
        let inside = p.get("gap") <= 0.8 && p.get("gap") >= 0.05 && p.get("e") >= 0.01;
        require(
            "epsilon-greedy",
            inside,
            "gap has to lie from 0.05 to 0.8 and e to be at least 0.01",
        )?;
        figures([("loss a step", p.get("e") * 0.5 * p.get("gap"))])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 73);
        let wins = [0.1, 0.1 + p.get("gap")];
        let (mut tries, mut hits) = ([1.0_f64; 2], [0.5_f64; 2]);
        let warm_up = 20_000 + (400.0 / p.get("e")) as u64;
        let mut lost = 0.0;
        for step in 0..warm_up + o.size {
            let better = usize::from(hits[1] / tries[1] >= hits[0] / tries[0]);
            let arm = if dice.chance(p.get("e")) {
                dice.below(2) as usize
            } else {
                better
            };
            tries[arm] += 1.0;
            hits[arm] += if dice.chance(wins[arm]) { 1.0 } else { 0.0 };
            if step >= warm_up {
                lost += wins[1] - wins[arm];
            }
        }
        Ok(vec![lost / o.size as f64])
    },
};

const EIGENTRUST: Check = Check {
    id: "eigentrust",
    catalogue: &[66],
    title: "Trust of three peers as the walk of a surfer who starts again with chance a",
    source: "t = (1-a) C' t + a p, solved by cofactors; Kamvar, Schlosser, Garcia-Molina 2003",
    kind: Kind::Computed(1e-9),
    parameters: || vec![Parameter::probability("a", 0.1)],
    expected: |p| {
        let a = p.get("a");
        require("eigentrust", a >= 0.01, "a has to be at least 0.01")?;
        // Rows of I - (1-a) C'.
        let at = |row: usize, column: usize| {
            f64::from(u8::from(row == column)) - (1.0 - a) * TRUST_SAID[column][row]
        };
        let minor =
            |r: [usize; 2], c: [usize; 2]| at(r[0], c[0]) * at(r[1], c[1]) - at(r[0], c[1]) * at(r[1], c[0]);
        let others = [[1, 2], [0, 2], [0, 1]];
        let cofactor = |row: usize, column: usize| {
            let sign = if (row + column).is_multiple_of(2) {
                1.0
            } else {
                -1.0
            };
            sign * minor(others[row], others[column])
        };
        let whole: f64 = (0..3).map(|column| at(0, column) * cofactor(0, column)).sum();
        let trust = |peer: usize| (0..3).map(|row| cofactor(row, peer)).sum::<f64>() * a / 3.0 / whole;
        figures([("first", trust(0)), ("second", trust(1)), ("third", trust(2))])
    },
    observe: |p, _| {
        let a = p.get("a");
        let mut trust = [1.0 / 3.0; 3];
        for _ in 0..5_000 {
            let flow = |to: usize| (0..3).map(|from| TRUST_SAID[from][to] * trust[from]).sum::<f64>();
            trust = [0, 1, 2].map(|to| (1.0 - a) * flow(to) + a / 3.0);
        }
        Ok(trust.into())
    },
};

/// What each of three peers says of the others.
const TRUST_SAID: [[f64; 3]; 3] = [[0.0, 0.7, 0.3], [0.5, 0.0, 0.5], [0.9, 0.1, 0.0]];

const PUBLIC_GOOD: Check = Check {
    id: "public-good",
    catalogue: &[68],
    title: "Volunteers: contributions vanish below a return of one, stay above it, or where giving itself is worth the gap",
    source: "Isaac, Walker 1988; warm glow after Andreoni 1990",
    kind: Kind::Exact,
    parameters: || {
        vec![
            Parameter::count("people", 50),
            Parameter::probability("mpcr", 0.6),
        ]
    },
    expected: |p| {
        require("public-good", p.get("mpcr") < 0.999, "mpcr has to be below 0.999")?;
        figures([
            ("share given", 0.0),
            ("share given at a return of 1.01", 1.0),
            ("share given with enough warm glow", 1.0),
            ("share given with too little", 0.0),
        ])
    },
    observe: |p, _| {
        let people = p.count("people") as usize;
        let settle = |value: f64, glow: f64| {
            let mut gives = vec![true; people];
            for round in 0..3 * people {
                let payoff = |given: f64, own: f64| value * given + (glow - 1.0) * own;
                let others = gives.iter().filter(|gives| **gives).count() as f64
                    - f64::from(u8::from(gives[round % people]));
                gives[round % people] = payoff(others + 1.0, 1.0) >= payoff(others, 0.0);
            }
            gives.iter().filter(|gives| **gives).count() as f64 / people as f64
        };
        let mpcr = p.get("mpcr");
        let gap = 1.0 - mpcr;
        Ok(vec![
            settle(mpcr, 0.0),
            settle(1.01, 0.0),
            settle(mpcr, gap + 1e-6),
            settle(mpcr, (gap - 1e-3).max(0.0)),
        ])
    },
};

const MODEL_SPLIT: Check = Check {
    id: "model-split",
    catalogue: &[69],
    title: "A thousand hosts that each go where the next host earns most split over models by revenue",
    source: "Wardrop 1952: equal revenue a host",
    kind: Kind::Computed(2e-3),
    parameters: || {
        vec![
            Parameter::positive("first", 6.0),
            Parameter::positive("second", 3.0),
            Parameter::positive("third", 1.0),
        ]
    },
    expected: |p| {
        let revenues = ["first", "second", "third"].map(|name| p.get(name));
        let sum: f64 = revenues.iter().sum();
        let big = revenues.iter().all(|revenue| revenue / sum >= 0.05);
        require(
            "model-split",
            big,
            "each model needs at least a twentieth of the revenue",
        )?;
        figures([
            ("first", 1e3 * revenues[0] / sum),
            ("second", 1e3 * revenues[1] / sum),
            ("third", 1e3 * revenues[2] / sum),
        ])
    },
    observe: observe_model_split,
};

/// Hosts choose in random order, again and again, knowing where the others are.
fn observe_model_split(p: &Parameters, o: Observation) -> Observed {
    let mut dice = Dice::new(o.seed, 74);
    let revenues = ["first", "second", "third"].map(|name| p.get(name));
    let mut at: Vec<usize> = (0..100_000).map(|_| dice.below(3) as usize).collect();
    let mut counts = [0.0_f64; 3];
    at.iter().for_each(|model| counts[*model] += 1.0);
    for _ in 0..10 * at.len() {
        let host = dice.below(at.len() as u64) as usize;
        counts[at[host]] -= 1.0;
        let earns = |model: usize| revenues[model] / (counts[model] + 1.0);
        let best = (0..3).fold(
            0,
            |best, model| if earns(model) > earns(best) { model } else { best },
        );
        at[host] = best;
        counts[best] += 1.0;
    }
    Ok(counts.map(|count| count / 100.0).into())
}
