//! What a cheater gains and loses: catches, slopes, patience, and the inspector who announces its rate.
//!
//! Invariant: gains are in the same money as savings and stakes, an epoch at a time.

use stakeout_engine::oracle::{Allowed, Figure, Parameter, Parameters};
use stakeout_protocol::sprt::{Sprt, SprtParams};
use stakeout_protocol::units::{Decimal, Fraction};
use stakeout_statistics::games::Bimatrix;
use stakeout_statistics::sequential::{RatioSteps, zero_drift_rate};

use crate::check::{Check, Kind, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    CAUGHT_OR_ACCUSED,
    GAIN_SLOPE,
    TOLERATED_GAIN,
    SAMPLING_GRID,
    PATIENCE,
    LEADERSHIP,
    DETECTOR_MIX,
];

const ANSWERS: Allowed = ("a whole number from 1 to 10000", |value| {
    value.fract() == 0.0 && (1.0..=10_000.0).contains(&value)
});

const CAUGHT_OR_ACCUSED: Check = Check {
    id: "caught-or-accused",
    catalogue: &[],
    title: "One strike and out: who fakes a part of n answers and is caught, or accused of an honest one",
    source: "1 - (1 - p (f d + (1 - f) a))^n",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::ranged("n", 100.0, ANSWERS),
            Parameter::probability("p", 0.1),
            Parameter::probability("f", 0.2),
            Parameter::probability("d", 0.9),
            Parameter::probability("alarm", 0.005),
        ]
    },
    expected: |p| {
        let [f, d, alarm] = ["f", "d", "alarm"].map(|name| p.get(name));
        let strike = p.get("p") * (f * d + (1.0 - f) * alarm);
        figures([(
            "convicted in the epoch",
            1.0 - libm::pow(1.0 - strike, p.get("n")),
        )])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 160);
        let [check, f, d, alarm] = ["p", "f", "d", "alarm"].map(|name| p.get(name));
        let epochs = (o.size / u64::from(p.count("n"))).max(50);
        let convicted = (0..epochs)
            .filter(|_| {
                (0..p.count("n")).any(|_| {
                    let fails = if dice.chance(f) { d } else { alarm };
                    dice.chance(check) && dice.chance(fails)
                })
            })
            .count();
        Ok(vec![convicted as f64 / epochs as f64])
    },
};

const GAIN_SLOPE: Check = Check {
    id: "gain-slope",
    catalogue: &[],
    title: "An epoch's gain by the part faked: its slope at nothing, its shape, and the loss that deters every part",
    source: "G = f n s - (1 - (1 - f p d)^n) L: G'(0) = n (s - p d L), convex, so L = n s/(1 - (1 - p d)^n) deters all",
    kind: Kind::Computed(1e-5),
    parameters: || {
        vec![
            Parameter::ranged("n", 1_000.0, ANSWERS),
            Parameter::probability("p", 0.01),
            Parameter::probability("d", 0.9),
            Parameter::positive("saving", 0.2),
            Parameter::positive("loss", 150.0),
        ]
    },
    expected: |p| {
        let [n, saving, loss] = ["n", "saving", "loss"].map(|name| p.get(name));
        let strike = p.get("p") * p.get("d");
        require("gain-slope", strike > 0.0, "p and d have to be above zero")?;
        figures([
            ("slope at nothing", n * (saving - strike * loss)),
            ("parts that earn more than both ends", 0.0),
            (
                "loss that deters every part",
                n * saving / (1.0 - libm::pow(1.0 - strike, n)),
            ),
        ])
    },
    observe: |p, _| {
        let [n, saving, loss] = ["n", "saving", "loss"].map(|name| p.get(name));
        let strike = p.get("p") * p.get("d");
        let gain = |part: f64, loss: f64| {
            let caught = -libm::expm1(n * libm::log1p(-part * strike));
            part * n * saving - caught * loss
        };
        let step = 1e-9;
        let ends = gain(0.0, loss).max(gain(1.0, loss));
        let inside = (1..1_000)
            .filter(|part| gain(f64::from(*part) / 1_000.0, loss) > ends + 1e-9)
            .count();
        // The least loss at which no part on a grid gains anything, by halving.
        let is_deterred = |loss: f64| (1..=200).all(|part| gain(f64::from(part) / 200.0, loss) <= 0.0);
        let (mut low, mut high) = (0.0, 1e12);
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if is_deterred(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(vec![gain(step, loss) / step, inside as f64, high])
    },
};

const TOLERATED_GAIN: Check = Check {
    id: "tolerated-gain",
    catalogue: &[],
    title: "What a sequential test lets its best cheater keep: the part without drift, of every answer's saving",
    source: "f n s with f = (p0 - a)/(d - a); zero drift of 5 % against 18 %",
    kind: Kind::Computed(1e-6),
    parameters: || {
        vec![
            Parameter::ranged("n", 1_000.0, ANSWERS),
            Parameter::ranged(
                "d",
                0.92,
                ("a number from 0.2 to 1", |value| (0.2..=1.0).contains(&value)),
            ),
            Parameter::ranged(
                "alarm",
                0.005,
                ("a number from 0 to 0.1", |value| (0.0..=0.1).contains(&value)),
            ),
            Parameter::positive("saving", 0.2),
        ]
    },
    expected: |p| {
        let zero = zero_drift_rate(RatioSteps::between(0.05, 0.18));
        let part = (zero - p.get("alarm")) / (p.get("d") - p.get("alarm"));
        figures([("gain of an epoch", part * p.get("n") * p.get("saving"))])
    },
    observe: |p, _| {
        let params = SprtParams {
            p0: Fraction::from_percent(5),
            p1: Fraction::from_percent(18),
            h: Decimal::from_integer(4),
        };
        // The steps of the network's own test, and the part whose mean step is nothing.
        let rule = Sprt::new(&params, None).expect("rates inside (0, 1)");
        let (up, down) = (rule.after_failure(0) as f64, rule.after_pass(0) as f64);
        let fails = -down / (up - down);
        let part = (fails - p.get("alarm")) / (p.get("d") - p.get("alarm"));
        Ok(vec![part * p.get("n") * p.get("saving")])
    },
};

/// A part of the validators that collude.
const COLLUDING: Allowed = ("a number from 0 to 0.9", |value| (0.0..=0.9).contains(&value));

/// Colluding share, reward and stake, in the unit of the cost: the published table's, and those set.
fn grid(p: &Parameters) -> [(f64, f64, f64); 8] {
    [
        (0.0, 1.0, 0.0),
        (0.1, 1.0, 10.0),
        (0.1, 2.0, 10.0),
        (0.1, 1.0, 100.0),
        (0.1, 1.2, 120.0),
        (0.33, 1.0, 100.0),
        (0.5, 1.0, 100.0),
        (p.get("ring"), p.get("reward"), p.get("stake")),
    ]
}

const SAMPLING_GRID: Check = Check {
    id: "posp-grid",
    catalogue: &[],
    title: "Proof of sampling: the rate that deters, by colluding share, reward and stake in costs of an answer",
    source: "p* = C/((1 - r)(R + S))",
    kind: Kind::Computed(1e-6),
    parameters: || {
        vec![
            Parameter::positive("cost", 1.0),
            Parameter::ranged("ring", 0.25, COLLUDING),
            Parameter::positive("reward", 1.5),
            Parameter::positive("stake", 50.0),
        ]
    },
    expected: |p| {
        let named = |(ring, reward, stake): (f64, f64, f64)| {
            let rate = p.get("cost") / ((1.0 - ring) * (reward + stake));
            Figure::new(format!("{ring}, {reward}, {stake}"), rate.min(1.0))
        };
        Ok(grid(p).map(named).into())
    },
    observe: |p, _| {
        let cost = p.get("cost");
        let threshold = |(ring, reward, stake): (f64, f64, f64)| {
            // A cheater pays no cost; checked by a stranger, it gets no reward and loses its stake.
            let gap = |rate: f64| {
                let caught = rate * (1.0 - ring);
                ((1.0 - caught) * reward - caught * stake) - (reward - cost)
            };
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..60 {
                let middle = (low + high) / 2.0;
                if gap(middle) > 0.0 {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            high
        };
        Ok(grid(p).map(threshold).into())
    },
};

const PATIENCE: Check = Check {
    id: "lost-income",
    catalogue: &[],
    title: "Who is caught loses the epoch, the stake and every later epoch: the patience at which faking gains nothing",
    source: "f n s = P (n R + S + delta pi/(1 - delta)), P the chance of a catch in the epoch",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::ranged("n", 100.0, ANSWERS),
            Parameter::probability("strike", 0.01),
            Parameter::probability("f", 0.2),
            Parameter::positive("saving", 0.5),
            Parameter::positive("stake", 10.0),
            Parameter::positive("income", 10.0),
        ]
    },
    expected: |p| {
        compute_patience(p)?;
        figures([("gain of faking, in savings", 0.0)])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 161);
        let delta = compute_patience(p)?;
        let [f, strike] = ["f", "strike"].map(|name| p.get(name));
        let lives = (o.size / u64::from(p.count("n"))).max(50);
        let saved = f * p.get("n") * p.get("saving");
        let mut lost = 0.0;
        for _ in 0..lives {
            let is_caught = (0..p.count("n")).any(|_| dice.chance(f * strike));
            // A life goes on with chance delta after every epoch.
            let epochs = dice.geometric(1.0 - delta) - 1.0;
            if is_caught {
                lost += p.get("stake") + epochs * p.get("income");
            }
        }
        Ok(vec![(saved - lost / lives as f64) / saved])
    },
};

/// The patience at which both sides are equal; the epoch's own reward is part of the stake.
fn compute_patience(p: &Parameters) -> Result<f64, stakeout_engine::oracle::OracleError> {
    let [n, f, strike] = ["n", "f", "strike"].map(|name| p.get(name));
    let caught = 1.0 - libm::pow(1.0 - f * strike, n);
    let future = (f * n * p.get("saving") / caught - p.get("stake")) / p.get("income");
    let is_inside = future > 0.0 && future < 1e4;
    require(
        "lost-income",
        is_inside,
        "what is saved has to be worth more than the stake, and not all of eternity",
    )?;
    Ok(future / (1.0 + future))
}

const LEADERSHIP: Check = Check {
    id: "leadership",
    catalogue: &[],
    title: "An inspector who announces its rate is better off than one who plays at the same time",
    source: "-c g/(g + F) against -l c/(b + l); Avenhaus, von Stengel, Zamir 2002",
    kind: Kind::Computed(1e-9),
    parameters: || {
        vec![
            Parameter::positive("g", 0.8),
            Parameter::positive("f", 10.0),
            Parameter::positive("c", 0.2),
            Parameter::positive("b", 1.0),
            Parameter::positive("l", 3.0),
        ]
    },
    expected: |p| {
        let [g, f, c, b, l] = ["g", "f", "c", "b", "l"].map(|name| p.get(name));
        require(
            "leadership",
            c < b + l,
            "an inspection has to be worth its cost where there is a violation",
        )?;
        let (leads, plays) = (-c * g / (g + f), -l * c / (b + l));
        figures([("as leader", leads), ("at the same time", plays)])
    },
    observe: |p, _| {
        let [g, f, c, b, l] = ["g", "f", "c", "b", "l"].map(|name| p.get(name));
        let inspector = vec![vec![b - c, -c], vec![-l, 0.0]];
        let inspected = vec![vec![-f, 0.0], vec![g, 0.0]];
        let value = Bimatrix::new(inspector, inspected).equilibria();
        let plays = value.first().map_or(f64::NAN, |equilibrium| equilibrium.value.0);
        // The least announced rate at which a violation gains nothing, by halving.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..100 {
            let middle = (low + high) / 2.0;
            if (1.0 - middle) * g - middle * f > 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(vec![-c * high, plays])
    },
};

const DETECTOR_MIX: Check = Check {
    id: "detector-mix",
    catalogue: &[],
    title: "Two detectors against two attacks: how often to run the one that the worse attack does not evade",
    source: "von Neumann 1928: value (ad - bc)/(a + d - b - c), weight of the second (a - b)/(a + d - b - c)",
    kind: Kind::Computed(1e-9),
    parameters: || {
        vec![
            // Power of the first detector against either attack, then of the second.
            Parameter::probability("a", 0.95),
            Parameter::probability("b", 0.01),
            Parameter::probability("c", 0.6),
            Parameter::probability("d", 0.9),
        ]
    },
    expected: |p| {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| p.get(name));
        require(
            "detector-mix",
            a > c && d > b && a > b && d > c,
            "each detector has to be the better one against one attack, and the attacks differ",
        )?;
        let all = a + d - b - c;
        figures([
            ("power against the worse attack", (a * d - b * c) / all),
            ("weight of the second", (a - b) / all),
        ])
    },
    observe: |p, _| {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| p.get(name));
        let power = vec![vec![a, b], vec![c, d]];
        let evaded = vec![vec![-a, -b], vec![-c, -d]];
        let found = Bimatrix::new(power, evaded).equilibria();
        let (value, weight) = found.first().map_or((f64::NAN, f64::NAN), |equilibrium| {
            (equilibrium.value.0, equilibrium.row[1])
        });
        Ok(vec![value, weight])
    },
};
