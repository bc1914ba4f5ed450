//! Distances between laws of tokens, thresholds from finitely many honest scores, and the tokens a test needs.
//!
//! Invariant: laws are drawn anew for every seed where a statement holds for all of them.

use stakeout_engine::oracle::{Allowed, Observation, Parameter, Parameters};
use stakeout_statistics::{normal_cdf, normal_quantile};

use crate::check::{Check, Kind, Observed, figures};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    COUPLING,
    COARSENING,
    AFFINITY,
    TEMPERATURE_TOKENS,
    LIKELIHOOD_TOKENS,
    MIXED_ANSWER,
    AREA_OF_MEANS,
    DETECTION_SLOPE,
    EFFECTIVE_SAMPLE,
];

/// Tokens of a law.
const TOKENS: usize = 8;
/// Tokens that a validator sees one by one; the others are a tail.
const TOP: usize = 3;
/// How many pairs of laws are drawn for a seed.
const PAIRS: Allowed = ("a whole number from 1 to 100000", |value| {
    value.fract() == 0.0 && (1.0..=100_000.0).contains(&value)
});
/// Rounding that a comparison of sums may show.
const ROUNDING: f64 = 1e-12;

type Law = [f64; TOKENS];

/// A law over the tokens, uniform over all of them.
fn draw_law(dice: &mut Dice) -> Law {
    let weights = [(); TOKENS].map(|()| dice.exponential(1.0));
    let all: f64 = weights.iter().sum();
    weights.map(|weight| weight / all)
}

fn sum(p: &[f64], q: &[f64], part: impl Fn(f64, f64) -> f64) -> f64 {
    p.iter().zip(q).map(|(&p, &q)| part(p, q)).sum()
}

fn variation(p: &[f64], q: &[f64]) -> f64 {
    sum(p, q, |p, q| (p - q).abs()) / 2.0
}

fn divergence(p: &[f64], q: &[f64]) -> f64 {
    sum(p, q, |p, q| q * libm::log(q / p))
}

fn affinity(p: &[f64], q: &[f64]) -> f64 {
    sum(p, q, |p, q| (p * q).sqrt())
}

fn jensen_shannon(p: &[f64], q: &[f64]) -> f64 {
    let middle: Vec<f64> = p.iter().zip(q).map(|(p, q)| (p + q) / 2.0).collect();
    (divergence(&middle, p) + divergence(&middle, q)) / 2.0
}

const COUPLING: Check = Check {
    id: "coupling",
    catalogue: &[],
    title: "Tokens drawn from two laws under one seed differ at least as often as the laws, and at most twice that",
    source: "TV <= 1 - sum of 1/sum max(p_w/p_v, q_w/q_v) <= 2 TV/(1 + TV)",
    kind: Kind::Exact,
    parameters: || vec![Parameter::ranged("pairs", 1_000.0, PAIRS)],
    expected: |_| figures([("pairs of laws below", 0.0), ("pairs of laws above", 0.0)]),
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 130);
        let (mut below, mut above) = (0.0, 0.0);
        let pairs = p.count("pairs");
        for _ in 0..pairs {
            let (p, q) = (draw_law(&mut dice), draw_law(&mut dice));
            let same: f64 = (0..TOKENS)
                .map(|v| 1.0 / (0..TOKENS).map(|w| (p[w] / p[v]).max(q[w] / q[v])).sum::<f64>())
                .sum();
            let tv = variation(&p, &q);
            below += f64::from(u8::from(1.0 - same < tv - ROUNDING));
            above += f64::from(u8::from(1.0 - same > 2.0 * tv / (1.0 + tv) + ROUNDING));
        }
        Ok(vec![below, above])
    },
};

const COARSENING: Check = Check {
    id: "coarsening",
    catalogue: &[],
    title: "What a validator sees of two laws, some tokens and a tail, never sets them further apart than they are",
    source: "data processing: variation, divergence, Hellinger and Jensen-Shannon; the last is at most ln 2",
    kind: Kind::Exact,
    parameters: || vec![Parameter::ranged("pairs", 1_000.0, PAIRS)],
    expected: |_| {
        figures([
            ("pairs of laws set further apart", 0.0),
            ("pairs of laws above ln 2", 0.0),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 131);
        let coarsen = |law: &Law| {
            let mut seen = law[..TOP].to_vec();
            seen.push(law[TOP..].iter().sum());
            seen
        };
        let (mut further, mut above) = (0.0, 0.0);
        let pairs = p.count("pairs");
        for _ in 0..pairs {
            let (p, q) = (draw_law(&mut dice), draw_law(&mut dice));
            let (seen_p, seen_q) = (coarsen(&p), coarsen(&q));
            let distances: [fn(&[f64], &[f64]) -> f64; 4] =
                [variation, divergence, |p, q| 1.0 - affinity(p, q), jensen_shannon];
            let is_further = distances
                .iter()
                .any(|distance| distance(&seen_p, &seen_q) > distance(&p, &q) + ROUNDING);
            further += f64::from(u8::from(is_further));
            above += f64::from(u8::from(
                jensen_shannon(&p, &q) > std::f64::consts::LN_2 + ROUNDING,
            ));
        }
        Ok(vec![further, above])
    },
};

/// A model's law over four tokens, and a substitute's.
const REFERENCE: [f64; 4] = [0.5, 0.25, 0.15, 0.1];
const SUBSTITUTE: [f64; 4] = [0.3, 0.3, 0.2, 0.2];

/// A token of a law.
fn draw_token(dice: &mut Dice, law: &[f64; 4]) -> usize {
    let mut left = dice.unit();
    let found = law.iter().position(|p| {
        left -= p;
        left < 0.0
    });
    found.unwrap_or(3)
}

/// ln of how much likelier a token is from the substitute.
fn compute_evidence(token: usize) -> f64 {
    libm::log(SUBSTITUTE[token] / REFERENCE[token])
}

const AFFINITY: Check = Check {
    id: "affinity",
    catalogue: &[],
    title: "The likelihood-ratio test of n tokens: its errors stay below the affinity of the laws to the n-th power",
    source: "Chernoff: (sum of sqrt(p q))^n bounds both errors together; the affinity of n tokens is the product",
    kind: Kind::Chance,
    parameters: || {
        let range: (&str, fn(f64) -> bool) = ("a whole number from 1 to 100", |value| {
            value.fract() == 0.0 && (1.0..=100.0).contains(&value)
        });
        vec![Parameter::ranged("n", 20.0, range)]
    },
    expected: |p| {
        figures([
            ("mean root of the likelihood ratio", compute_bound(p)),
            ("errors above the bound", 0.0),
        ])
    },
    observe: observe_affinity,
};

fn compute_bound(p: &Parameters) -> f64 {
    libm::pow(affinity(&REFERENCE, &SUBSTITUTE), p.get("n"))
}

fn observe_affinity(p: &Parameters, o: Observation) -> Observed {
    let mut dice = Dice::new(o.seed, 132);
    let rounds = (o.size / u64::from(p.count("n"))).max(100);
    let (mut roots, mut errors) = (0.0, 0_u64);
    for _ in 0..rounds {
        let mut walk = |law: &[f64; 4]| -> f64 {
            (0..p.count("n"))
                .map(|_| compute_evidence(draw_token(&mut dice, law)))
                .sum()
        };
        let (honest, swapped) = (walk(&REFERENCE), walk(&SUBSTITUTE));
        roots += libm::exp(honest / 2.0);
        errors += u64::from(honest > 0.0) + u64::from(swapped <= 0.0);
    }
    let above = errors as f64 / rounds as f64 - compute_bound(p);
    Ok(vec![roots / rounds as f64, above.max(0.0)])
}

const TEMPERATURE_TOKENS: Check = Check {
    id: "temperature-tokens",
    catalogue: &[],
    title: "Tokens that tell another temperature at 1 % false alarms and 90 % power, to first order",
    source: "((z_a + z_b)/|T - 1|)^2 over the mean varentropy, rounded up",
    kind: Kind::Exact,
    parameters: || {
        let shift: Allowed = ("a number from 0.05 to 1", |value| (0.05..=1.0).contains(&value));
        let varentropy: Allowed = ("a number from 0.1 to 10", |value| (0.1..=10.0).contains(&value));
        vec![
            Parameter::ranged("shift", 0.2, shift),
            Parameter::ranged("varentropy", 1.5, varentropy),
        ]
    },
    expected: |p| {
        let tokens = |shift: f64, varentropy: f64| {
            let root = (normal_quantile(0.99) + normal_quantile(0.9)) / shift;
            libm::ceil(root * root / varentropy)
        };
        figures([
            ("at 1.1, varentropy 1", tokens(0.1, 1.0)),
            ("at 1.1, varentropy 2", tokens(0.1, 2.0)),
            ("at 0.7, varentropy 1", tokens(0.3, 1.0)),
            ("at the shift set", tokens(p.get("shift"), p.get("varentropy"))),
        ])
    },
    observe: |p, _| {
        // The mean surprise moves by (T - 1) times the varentropy, its variance is the varentropy: the first count of
        // tokens whose test has the power.
        let least = |shift: f64, varentropy: f64| {
            let has_power = |tokens: &u32| {
                let moved = shift * (f64::from(*tokens) * varentropy).sqrt();
                normal_cdf(moved - normal_quantile(0.99)) >= 0.9
            };
            (1..100_000).find(has_power).map_or(f64::NAN, f64::from)
        };
        let set = least(p.get("shift"), p.get("varentropy"));
        Ok(vec![least(0.1, 1.0), least(0.1, 2.0), least(0.3, 1.0), set])
    },
};

const LIKELIHOOD_TOKENS: Check = Check {
    id: "likelihood-tokens",
    catalogue: &[],
    title: "Tokens until a known substitute is told: the evidence at the alarm is the divergence times them",
    source: "Wald's identity: E[tokens] KL = E[evidence at the alarm], which is ln(1/a) and at most one step more",
    kind: Kind::Chance,
    parameters: || {
        let range: (&str, fn(f64) -> bool) =
            ("a number from 1e-6 to 0.5", |value| (1e-6..=0.5).contains(&value));
        vec![Parameter::ranged("alarm", 0.01, range)]
    },
    expected: |_| {
        figures([
            ("evidence at the alarm, over that of its tokens", 1.0),
            ("outside one step above ln(1/a)", 0.0),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 133);
        let level = -libm::log(p.get("alarm"));
        let kl = divergence(&REFERENCE, &SUBSTITUTE);
        let step = (0..4).map(compute_evidence).fold(0.0, f64::max);
        let rounds = (o.size / 60).max(50);
        let (mut evidence, mut tokens, mut outside) = (0.0, 0_u64, 0.0);
        for _ in 0..rounds {
            let mut sum = 0.0;
            while sum < level {
                sum += compute_evidence(draw_token(&mut dice, &SUBSTITUTE));
                tokens += 1;
            }
            outside += f64::from(u8::from(sum > level + step + ROUNDING));
            evidence += sum;
        }
        Ok(vec![evidence / (tokens as f64 * kl), outside])
    },
};

const MIXED_ANSWER: Check = Check {
    id: "mixed-answer",
    catalogue: &[],
    title: "Only a part of an answer's tokens is the substitute's: a test of the mean needs more by its square",
    source: "mean shift f (m1 - m0), hence tokens in proportion to 1/f^2",
    kind: Kind::Computed(1e-9),
    parameters: || {
        let range: (&str, fn(f64) -> bool) =
            ("a number from 0.01 to 1", |value| (0.01..=1.0).contains(&value));
        vec![Parameter::ranged("part", 0.2, range)]
    },
    expected: |p| figures([("times the tokens", 1.0 / (p.get("part") * p.get("part")))]),
    observe: |p, _| {
        // The tokens at which the power is nine in ten, by halving.
        let needed = |shift: f64| {
            let (mut low, mut high) = (1.0_f64, 1e8_f64);
            for _ in 0..200 {
                let middle = (low + high) / 2.0;
                if normal_cdf(middle.sqrt() * shift - normal_quantile(0.99)) < 0.9 {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            high
        };
        Ok(vec![needed(0.5 * p.get("part")) / needed(0.5)])
    },
};

const AREA_OF_MEANS: Check = Check {
    id: "area-of-means",
    catalogue: &[],
    title: "How often the mean score of n tokens of a substitute lies above an honest one's",
    source: "Phi(sqrt(n) (m1 - m0)/sqrt(s0^2 + s1^2))",
    kind: Kind::Chance,
    parameters: || {
        let range: (&str, fn(f64) -> bool) = ("a whole number from 1 to 1000", |value| {
            value.fract() == 0.0 && (1.0..=1_000.0).contains(&value)
        });
        vec![
            Parameter::ranged("n", 16.0, range),
            Parameter::positive("shift", 0.5),
            Parameter::positive("spread", 1.5),
        ]
    },
    expected: |p| {
        let spread = p.get("spread");
        let z = p.get("n").sqrt() * p.get("shift") / (1.0 + spread * spread).sqrt();
        figures([(
            "area under the curve",
            0.5 * (1.0 + libm::erf(z / std::f64::consts::SQRT_2)),
        )])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 134);
        let (n, shift, spread) = (p.count("n"), p.get("shift"), p.get("spread"));
        let rounds = (o.size / u64::from(n)).max(100);
        let mut above = 0_u64;
        for _ in 0..rounds {
            let honest: f64 = (0..n).map(|_| dice.normal()).sum();
            let swapped: f64 = (0..n).map(|_| shift + spread * dice.normal()).sum();
            above += u64::from(swapped > honest);
        }
        Ok(vec![above as f64 / rounds as f64])
    },
};

const DETECTION_SLOPE: Check = Check {
    id: "detection-slope",
    catalogue: &[],
    title: "On probit axes the curve of two normal laws of scores is a line whose slope is the ratio of their spreads",
    source: "z(TPR) = (m1 - m0)/s1 + z(FPR) s0/s1",
    kind: Kind::Chance,
    parameters: || {
        let range: (&str, fn(f64) -> bool) = ("a number from 0.5 to 2", |value| (0.5..=2.0).contains(&value));
        vec![Parameter::ranged("spread", 1.5, range)]
    },
    expected: |p| figures([("slope", 1.0 / p.get("spread"))]),
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 135);
        let thresholds = [0.2, 0.5].map(|alarm| normal_quantile(1.0 - alarm));
        let mut above = [0_u64; 2];
        for _ in 0..o.size {
            let score = 0.5 + p.get("spread") * dice.normal();
            for (count, threshold) in above.iter_mut().zip(thresholds) {
                *count += u64::from(score > threshold);
            }
        }
        let z = above.map(|count| normal_quantile((count as f64 / o.size as f64).clamp(1e-9, 1.0 - 1e-9)));
        Ok(vec![(z[1] - z[0]) / (thresholds[0] - thresholds[1])])
    },
};

const EFFECTIVE_SAMPLE: Check = Check {
    id: "effective-sample",
    catalogue: &[],
    title: "Scores of neighbouring tokens resemble each other: what the mean of n of them is worth",
    source: "AR(1): var n = (1+r)/(1-r) - 2 r (1-r^n)/(n (1-r)^2), which for long answers is n over the effective n",
    kind: Kind::Chance,
    parameters: || {
        let correlation: (&str, fn(f64) -> bool) =
            ("a number from 0 to 0.9", |value| (0.0..=0.9).contains(&value));
        let range: (&str, fn(f64) -> bool) = ("a whole number from 2 to 1000", |value| {
            value.fract() == 0.0 && (2.0..=1_000.0).contains(&value)
        });
        vec![
            Parameter::ranged("r", 0.5, correlation),
            Parameter::ranged("n", 20.0, range),
        ]
    },
    expected: |p| {
        let (r, n) = (p.get("r"), p.get("n"));
        let end = 2.0 * r * (1.0 - libm::pow(r, n)) / (n * (1.0 - r) * (1.0 - r));
        figures([("tokens that count as one", (1.0 + r) / (1.0 - r) - end)])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 136);
        let (r, n) = (p.get("r"), p.count("n"));
        let fresh = (1.0 - r * r).sqrt();
        let rounds = (o.size / u64::from(n)).max(100);
        let mut squares = 0.0;
        for _ in 0..rounds {
            let mut score = dice.normal();
            let mut all = score;
            for _ in 1..n {
                score = r * score + fresh * dice.normal();
                all += score;
            }
            squares += all * all;
        }
        Ok(vec![squares / (rounds as f64 * f64::from(n))])
    },
};
