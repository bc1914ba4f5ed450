//! Thresholds and curves from finitely many scores.
//!
//! Invariant: scores are uniform or exponential where only their order matters.

use stakeout_engine::oracle::{Allowed, Observation, Parameter, Parameters};
use stakeout_statistics::{clopper_pearson, stopping};

use crate::check::{Check, Kind, Observed, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    ORDER_THRESHOLD,
    CONFORMAL,
    TAIL_QUANTILE,
    AREA_ERROR,
    PARTIAL_AREA,
    ALL_DETECTED,
];

/// Up to so many scores: each round sorts them.
const SCORES: Allowed = ("a whole number from 2 to 5000", |value| {
    value.fract() == 0.0 && (2.0..=5_000.0).contains(&value)
});

const ORDER_THRESHOLD: Check = Check {
    id: "order-threshold",
    catalogue: &[],
    title: "The k-th largest of m honest scores as threshold: its false alarms, and how surely they stay below a level",
    source: "Beta(k, m - k + 1): mean k/(m + 1); below the level with P(Bin(m, level) >= k)",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::ranged("m", 500.0, SCORES),
            Parameter::count("k", 2),
            Parameter::probability("level", 0.01),
        ]
    },
    expected: |p| {
        let (m, k, level) = (p.get("m"), p.get("k"), p.get("level"));
        require(
            "order-threshold",
            k <= m.min(100.0),
            "k has to be at most m and 100",
        )?;
        require(
            "order-threshold",
            level > 0.0 && level < 1.0,
            "level has to lie between 0 and 1",
        )?;
        let mut term = libm::exp(m * libm::log1p(-level));
        let mut fewer = 0.0;
        for hits in 0..p.count("k") {
            fewer += term;
            term *= (m - f64::from(hits)) / f64::from(hits + 1) * level / (1.0 - level);
        }
        figures([
            ("mean false alarms", k / (m + 1.0)),
            ("share of thresholds below the level", 1.0 - fewer),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 140);
        let (m, k) = (p.count("m") as usize, p.count("k") as usize);
        let rounds = (o.size / m as u64).max(50);
        let (mut sum, mut below) = (0.0, 0_u64);
        let mut scores = vec![0.0; m];
        for _ in 0..rounds {
            scores.iter_mut().for_each(|score| *score = dice.unit());
            let (_, threshold, _) = scores.select_nth_unstable_by(m - k, f64::total_cmp);
            sum += 1.0 - *threshold;
            below += u64::from(1.0 - *threshold <= p.get("level"));
        }
        Ok(vec![sum / rounds as f64, below as f64 / rounds as f64])
    },
};

const CONFORMAL: Check = Check {
    id: "conformal",
    catalogue: &[],
    title: "The rank of a score among m honest ones is a p-value, whatever the law of the scores",
    source: "P((1 + how many are as large)/(m + 1) <= a) = floor(a (m + 1))/(m + 1)",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::ranged("m", 30.0, SCORES),
            Parameter::probability("alarm", 0.1),
        ]
    },
    expected: |p| {
        let m = p.get("m");
        figures([(
            "share of alarms",
            libm::floor(p.get("alarm") * (m + 1.0)) / (m + 1.0),
        )])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 141);
        let (m, alarm) = (p.count("m"), p.get("alarm"));
        let rounds = (o.size / u64::from(m)).max(50);
        let mut alarms = 0_u64;
        for _ in 0..rounds {
            let score = dice.exponential(1.0);
            let larger = (0..m).filter(|_| dice.exponential(1.0) >= score).count();
            alarms += u64::from((1 + larger) as f64 <= libm::floor(alarm * f64::from(m + 1)));
        }
        Ok(vec![alarms as f64 / rounds as f64])
    },
};

const TAIL_QUANTILE: Check = Check {
    id: "tail-quantile",
    catalogue: &[],
    title: "A threshold far in the tail of a generalised Pareto law: how many of the scores beyond u pass it",
    source: "t = u + b/x ((a/z)^-x - 1), u + b ln(z/a) without shape x; Pickands 1975",
    kind: Kind::Chance,
    parameters: || {
        let order: Allowed = ("a whole number from 2 to 50", |value| {
            value.fract() == 0.0 && (2.0..=50.0).contains(&value)
        });
        let share: Allowed = ("a number from 0.005 to 1", |value| (0.005..=1.0).contains(&value));
        vec![
            // One over the shape.
            Parameter::ranged("order", 5.0, order),
            Parameter::ranged("share", 0.1, share),
        ]
    },
    expected: |p| {
        figures([
            ("share beyond the threshold", p.get("share")),
            ("share beyond it, no shape", p.get("share")),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 142);
        let (shape, share) = (1.0 / p.get("order"), p.get("share"));
        let far = (libm::pow(share, -shape) - 1.0) / shape;
        let near = -libm::log(share);
        let rounds = (o.size / 4).max(1);
        let mut beyond = [0_u64; 2];
        for _ in 0..rounds {
            // An exponential excess whose rate is a gamma variable, the sum of `order` waits, is a Pareto excess.
            let rate: f64 = (0..p.count("order")).map(|_| dice.exponential(shape)).sum();
            beyond[0] += u64::from(dice.exponential(1.0) > far * rate);
            beyond[1] += u64::from(dice.exponential(1.0) > near);
        }
        Ok(beyond.map(|count| count as f64 / rounds as f64).into())
    },
};

const AREA_ERROR: Check = Check {
    id: "area-error",
    catalogue: &[],
    title: "The area under a curve from n scores of either kind: its mean and its variance over samples",
    source: "Hanley, McNeil 1982: Q1 = A/(2 - A), Q2 = 2 A^2/(1 + A), exact for exponential scores; 0.0050 at 200 and 0.99",
    kind: Kind::Chance,
    parameters: || {
        let area: Allowed = ("a number from 0.55 to 0.99", |value| {
            (0.55..=0.99).contains(&value)
        });
        vec![
            Parameter::ranged("n", 20.0, SCORES),
            Parameter::ranged("area", 0.8, area),
        ]
    },
    expected: |p| {
        let (a, n) = (p.get("area"), p.get("n"));
        let (q1, q2) = (a / (2.0 - a), 2.0 * a * a / (1.0 + a));
        let variance = (a * (1.0 - a) + (n - 1.0) * (q1 - a * a) + (n - 1.0) * (q2 - a * a)) / (n * n);
        figures([("mean", a), ("variance times n", variance * n)])
    },
    observe: observe_area,
};

fn observe_area(p: &Parameters, o: Observation) -> Observed {
    let mut dice = Dice::new(o.seed, 143);
    let (n, area) = (p.count("n") as usize, p.get("area"));
    // P(honest < swapped) = rate of the honest over both rates.
    let mean = area / (1.0 - area);
    let rounds = (o.size / n as u64).max(100);
    let (mut sum, mut squares) = (0.0, 0.0);
    let (mut honest, mut swapped) = (vec![0.0; n], vec![0.0; n]);
    for _ in 0..rounds {
        honest.iter_mut().for_each(|score| *score = dice.exponential(1.0));
        swapped
            .iter_mut()
            .for_each(|score| *score = dice.exponential(mean));
        honest.sort_unstable_by(f64::total_cmp);
        let below: usize = swapped
            .iter()
            .map(|score| honest.partition_point(|other| other < score))
            .sum();
        let seen = below as f64 / (n * n) as f64;
        sum += seen;
        squares += (seen - area) * (seen - area);
    }
    Ok(vec![sum / rounds as f64, squares / rounds as f64 * n as f64])
}

const PARTIAL_AREA: Check = Check {
    id: "partial-area",
    catalogue: &[],
    title: "The area under a curve up to few false alarms, scaled so that chance is one half and certainty one",
    source: "McClish 1989: (1 + (A - m)/(M - m))/2, m = a^2/2, M = a; for TPR = FPR^k, A = a^(k+1)/(k+1)",
    kind: Kind::Chance,
    parameters: || {
        let power: Allowed = ("a number from 0.01 to 1", |value| (0.01..=1.0).contains(&value));
        let range: Allowed = ("a number from 0.0001 to 0.5", |value| {
            (1e-4..=0.5).contains(&value)
        });
        vec![
            Parameter::ranged("k", 0.1, power),
            Parameter::ranged("up_to", 0.01, range),
        ]
    },
    expected: |p| {
        let area = |k: f64| libm::pow(p.get("up_to"), k + 1.0) / (k + 1.0);
        figures([
            ("scaled area", scale_area(p.get("up_to"), area(p.get("k")))),
            ("scaled area of chance", 0.5),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 144);
        let upto = p.get("up_to");
        let mut area = |k: f64| {
            // An honest score among the highest, by its rank, and one of the substitute's, whose rank is u^(1/k).
            let above = (0..o.size)
                .filter(|_| {
                    let rank = upto * dice.unit();
                    libm::pow(dice.unit(), 1.0 / k) < rank
                })
                .count();
            upto * above as f64 / o.size as f64
        };
        let (seen, chance) = (area(p.get("k")), area(1.0));
        Ok(vec![scale_area(upto, seen), scale_area(upto, chance)])
    },
};

fn scale_area(upto: f64, area: f64) -> f64 {
    let (least, most) = (0.5 * upto * upto, upto);
    0.5 * (1.0 + (area - least) / (most - least))
}

const ALL_DETECTED: Check = Check {
    id: "all-detected",
    catalogue: &[],
    title: "All of m substitutes were detected: the least power that this proves",
    source: "0.05^(1/m) one-sided, 0.025^(1/m) of both sides; Clopper, Pearson 1934; 0.985 and 0.982 at 200",
    kind: Kind::Computed(1e-9),
    parameters: || vec![Parameter::count("m", 200)],
    expected: |p| {
        figures([
            ("one-sided", libm::pow(0.05, 1.0 / p.get("m"))),
            ("two-sided", libm::pow(0.025, 1.0 / p.get("m"))),
        ])
    },
    observe: |p, _| {
        let m = u64::from(p.count("m"));
        Ok(vec![
            1.0 - stopping::bound_without_hits(m, 0.95),
            clopper_pearson(m, m, 0.95).low,
        ])
    },
};
