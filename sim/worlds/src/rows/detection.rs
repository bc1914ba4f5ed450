//! Who is checked, how often, and what that catches.
//!
//! Invariant: sampling goes through the kernel's subset sampler and the protocol's rates, as in a run.

use stakeout_engine::oracle::{Allowed, Observation, Parameter, Parameters};
use stakeout_kernel::sample::{SubsetSampler, WeightedIndex};
use stakeout_protocol::sampling::{
    SamplingParams, SamplingRule, compute_rate_floor, compute_target_rate, compute_unchecked_probability,
};
use stakeout_protocol::sharing::compute_shares;
use stakeout_protocol::units::{Amount, Decimal, Fraction, Reputation, Weight};
use stakeout_statistics::goodness_of_fit;

use crate::check::{Check, Expected, Kind, Observed, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    MISSED_DETECTION,
    SAMPLES_NEEDED,
    SELECTION,
    SELECTION_RULE,
    FEE_DILUTION,
    RATE_BY_TRAFFIC,
    COUPON,
    TWO_DRAWS,
    DRAW_FREQUENCY,
    RATE_BY_REPUTATION,
    DUES,
    CHURN,
];

const MISSED_DETECTION: Check = Check {
    id: "missed-detection",
    catalogue: &[13, 14],
    title: "A cheater at rate x caught within n requests; the first catch, and the cheats before it",
    source: "geometric law",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::probability("x", 0.2),
            Parameter::probability("q", 0.01),
            Parameter::probability("d", 1.0),
            Parameter::count("n", 1_000),
        ]
    },
    expected: |p| {
        let rate = p.get("x") * p.get("q") * p.get("d");
        require("missed-detection", rate > 1e-5, "x q d has to be above 1e-5")?;
        figures([
            ("caught within n", 1.0 - libm::pow(1.0 - rate, p.get("n"))),
            ("requests to the first catch", 1.0 / rate),
            ("cheats to the first catch", p.get("x") / rate),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 20);
        let [x, q, d] = ["x", "q", "d"].map(|name| p.get(name));
        let lives = (o.size / 50).max(1);
        let (mut caught, mut requests, mut cheats) = (0_u64, 0_u64, 0_u64);
        for _ in 0..lives {
            for request in 1_u64.. {
                let is_cheat = dice.chance(x);
                cheats += u64::from(is_cheat);
                if is_cheat && dice.chance(q) && dice.chance(d) {
                    requests += request;
                    caught += u64::from(request <= u64::from(p.count("n")));
                    break;
                }
            }
        }
        let mean = |sum: u64| sum as f64 / lives as f64;
        Ok(vec![mean(caught), mean(requests), mean(cheats)])
    },
};

const SAMPLES_NEEDED: Check = Check {
    id: "samples-needed",
    catalogue: &[15],
    title: "Checks needed to see an offence of rate p with confidence C: the closed form against counting",
    source: "ceil(ln(1-C)/ln(1-p)); 299, 59 and 29 at 95 % are the tabled values",
    kind: Kind::Exact,
    parameters: || vec![Parameter::probability("p", 0.01)],
    expected: |p| {
        require(
            "samples-needed",
            (1e-5..1.0).contains(&p.get("p")),
            "p has to lie from 1e-5 to below 1",
        )?;
        let need = |confidence: f64| libm::ceil(libm::log1p(-confidence) / libm::log1p(-p.get("p")));
        figures([
            ("at 95 %", need(0.95)),
            ("at 99 %", need(0.99)),
            ("at 99.9 %", need(0.999)),
        ])
    },
    observe: |p, _| {
        let count = |missed: f64| {
            let (mut unseen, mut checks) = (1.0, 0.0);
            while unseen > missed {
                unseen *= 1.0 - p.get("p");
                checks += 1.0;
            }
            checks
        };
        Ok(vec![count(0.05), count(0.01), count(0.001)])
    },
};

/// Weights of the validators of an answer: equal ones, or 5:3:2 where three are asked for with `skewed`.
fn weights(p: &Parameters) -> Vec<u64> {
    if p.get("skewed") == 1.0 {
        vec![500, 300, 200]
    } else {
        vec![1_000; p.count("n") as usize]
    }
}

fn selection_parameters() -> Vec<Parameter> {
    let flag: (&str, fn(f64) -> bool) = ("0 for n equal weights, 1 for 0.5, 0.3, 0.2", |value| {
        value == 0.0 || value == 1.0
    });
    let target: (&str, fn(f64) -> bool) = ("a number from 0.001 to 10", |value| {
        (0.001..=10.0).contains(&value)
    });
    vec![
        Parameter::count("n", 10),
        Parameter::ranged("target", 1.0, target),
        Parameter::ranged("skewed", 0.0, flag),
    ]
}

fn selection_probabilities(p: &Parameters) -> Vec<f64> {
    let weights = weights(p);
    let total: u64 = weights.iter().sum();
    weights
        .iter()
        .map(|weight| (p.get("target") * *weight as f64 / total as f64).min(1.0))
        .collect()
}

fn expect_selection(p: &Parameters) -> Expected {
    let chances = selection_probabilities(p);
    figures([
        (
            "checked by anybody",
            1.0 - chances.iter().map(|chance| 1.0 - chance).product::<f64>(),
        ),
        ("mean number of checks", chances.iter().sum()),
    ])
}

const SELECTION: Check = Check {
    id: "selection",
    catalogue: &[16],
    title: "Independent sampling at a target: a target of one check is not one check at least",
    source: "1 - prod(1 - t w/W); gonka-ai/gonka x/inference/calculations/should_validate.go",
    kind: Kind::Chance,
    parameters: selection_parameters,
    expected: expect_selection,
    observe: |p, o| {
        let weights = weights(p);
        let sampler = SubsetSampler::new(&weights);
        let scale = p.get("target") / weights.iter().sum::<u64>() as f64;
        let plan = sampler.plan(scale, None);
        let (key, mut chosen) = (Dice::key(o.seed, 21), Vec::new());
        let (mut any, mut all) = (0_u64, 0_u64);
        for answer in 0..o.size {
            chosen.clear();
            sampler.select_into(&plan, key, answer, &mut chosen);
            any += u64::from(!chosen.is_empty());
            all += chosen.len() as u64;
        }
        Ok(vec![any as f64 / o.size as f64, all as f64 / o.size as f64])
    },
};

const SELECTION_RULE: Check = Check {
    id: "selection-rule",
    catalogue: &[16],
    title: "The same by the integer rule of the protocol, an executor without weight beside the validators",
    source: "1 - prod(1 - t w/W)",
    kind: Kind::Computed(1e-12),
    parameters: selection_parameters,
    expected: |p| Ok(vec![expect_selection(p)?.swap_remove(0)]),
    observe: |p, _| {
        let mut weights: Vec<Weight> = weights(p).into_iter().map(Weight::new).collect();
        weights.push(Weight::ZERO);
        let target = Decimal::from_parts(libm::round(p.get("target") * 1e12) as i128 * 1_000_000);
        let unchecked = compute_unchecked_probability(&weights, weights.len() - 1, target);
        Ok(vec![1.0 - unchecked.parts() as f64 / 1e18])
    },
};

const FEE_DILUTION: Check = Check {
    id: "fee-dilution",
    catalogue: &[17],
    title: "What an executor keeps of a fee shared equally with n validators of probability p each",
    source: "E[1/(1+V)] = (1 - (1-p)^(n+1))/((n+1) p)",
    kind: Kind::Chance,
    parameters: || vec![Parameter::count("n", 10), Parameter::probability("p", 0.1)],
    expected: |p| {
        let (n, chance) = (p.get("n"), p.get("p"));
        require(
            "fee-dilution",
            chance > 0.0 && n <= 10_000.0,
            "p has to be above 0 and n at most 10000",
        )?;
        let kept = (1.0 - libm::pow(1.0 - chance, n + 1.0)) / ((n + 1.0) * chance);
        figures([("part kept", kept)])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 22);
        let fee = Amount::from_gnk(1);
        let mut kept = 0.0;
        let answers = (o.size / 5).max(1);
        for _ in 0..answers {
            let validators = (0..p.count("n")).filter(|_| dice.chance(p.get("p"))).count();
            let (share, _) = compute_shares(fee, validators + 1);
            kept += share.base_units() as f64 / fee.base_units() as f64;
        }
        Ok(vec![kept / answers as f64])
    },
};

/// The sampling rule of the network at its launch values.
fn sampling() -> SamplingParams {
    SamplingParams {
        rule: SamplingRule::Reputation,
        rate_min: Fraction::from_percent(1),
        rate_max: Decimal::ONE,
        rate_halfway: Fraction::from_percent(5),
        traffic_full: 10_000,
        traffic_min: 100,
        flat_rate: Fraction::ZERO,
        at_least_one_for_newcomers: false,
    }
}

fn to_real(value: Decimal) -> f64 {
    value.parts() as f64 / 1e18
}

/// Per cent, whole.
const PERCENT: Allowed = ("a whole number from 1 to 100", |value| {
    value.fract() == 0.0 && (1.0..=100.0).contains(&value)
});
/// Requests at which traffic is full; its quarters are asked about.
const FULL_TRAFFIC: Allowed = ("a whole multiple of four from 4 to 1000000", |value| {
    value % 4.0 == 0.0 && (4.0..=1e6).contains(&value)
});

const RATE_BY_TRAFFIC: Check = Check {
    id: "rate-by-traffic",
    catalogue: &[18],
    title: "The least sampling rate falls with traffic, in three pieces",
    source: "gonka-ai/gonka x/inference/calculations/min_validation_average.go",
    kind: Kind::Computed(1e-15),
    parameters: || {
        vec![
            Parameter::count("requests", 2_550),
            Parameter::count("start", 100),
            Parameter::ranged("full", 10_000.0, FULL_TRAFFIC),
            Parameter::ranged("halfway", 5.0, PERCENT),
            Parameter::ranged("least", 1.0, PERCENT),
        ]
    },
    expected: |p| {
        let (start, full) = (p.get("start"), p.get("full"));
        require(
            "rate-by-traffic",
            start < full / 2.0,
            "start has to lie below half of full",
        )?;
        let (halfway, least) = (p.get("halfway") / 100.0, p.get("least") / 100.0);
        require(
            "rate-by-traffic",
            least <= halfway,
            "least must not lie above halfway",
        )?;
        let line = |x: f64, (from, high): (f64, f64), (to, low): (f64, f64)| {
            high + (low - high) * ((x - from) / (to - from)).clamp(0.0, 1.0)
        };
        let rate = |requests: f64| {
            let middle = full / 2.0;
            if requests < middle {
                line(requests, (start, 1.0), (middle, halfway))
            } else {
                line(requests, (middle, halfway), (full, least))
            }
        };
        figures([
            ("at the start", rate(start)),
            ("one request later", rate(start + 1.0)),
            ("at the requests set", rate(p.get("requests"))),
            ("at half of full traffic", rate(full / 2.0)),
            ("at three quarters", rate(full * 0.75)),
            ("at full traffic", rate(full)),
        ])
    },
    observe: |p, _| {
        let params = SamplingParams {
            rate_min: Fraction::from_percent(p.count("least")),
            rate_halfway: Fraction::from_percent(p.count("halfway")),
            traffic_min: p.get("start") as u64,
            traffic_full: p.get("full") as u64,
            ..sampling()
        };
        let (start, full) = (params.traffic_min, params.traffic_full);
        let traffic = [
            start,
            start + 1,
            p.get("requests") as u64,
            full / 2,
            full / 4 * 3,
            full,
        ];
        Ok(traffic
            .map(|requests| to_real(compute_rate_floor(&params, requests)))
            .into())
    },
};

const COUPON: Check = Check {
    id: "coupon-collector",
    catalogue: &[19],
    title: "Random assignments until every one of n hosts had one, and hosts that had one after n",
    source: "n H_n; n(1 - (1-1/n)^n)",
    kind: Kind::Chance,
    parameters: || {
        let hosts: (&str, fn(f64) -> bool) = ("a whole number from 1 to 10000", |value| {
            value.fract() == 0.0 && (1.0..=1e4).contains(&value)
        });
        vec![Parameter::ranged("n", 50.0, hosts)]
    },
    expected: |p| {
        let n = p.get("n");
        let harmonic: f64 = (1..=p.count("n")).map(|k| 1.0 / f64::from(k)).sum();
        figures([
            ("assignments", n * harmonic),
            (
                "hosts after n assignments",
                n * (1.0 - libm::pow(1.0 - 1.0 / n, n)),
            ),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 23);
        let n = p.count("n") as usize;
        let rounds = (o.size / (4 * n as u64)).max(1);
        let (mut draws, mut covered) = (0_u64, 0_u64);
        for _ in 0..rounds {
            let (mut seen, mut found, mut drawn) = (vec![false; n], 0, 0);
            while found < n {
                let host = dice.below(n as u64) as usize;
                found += usize::from(!seen[host]);
                seen[host] = true;
                drawn += 1;
                if drawn == n {
                    covered += found as u64;
                }
            }
            draws += drawn as u64;
        }
        Ok(vec![draws as f64 / rounds as f64, covered as f64 / rounds as f64])
    },
};

const TWO_DRAWS: Check = Check {
    id: "two-draws",
    catalogue: &[20],
    title: "Two different validators drawn by weight of three: who is among them",
    source: "w_i + sum w_j w_i/(1 - w_j)",
    kind: Kind::Chance,
    parameters: || {
        [("w1", 5), ("w2", 3), ("w3", 2)]
            .map(|(name, weight)| Parameter::count(name, weight))
            .into()
    },
    expected: |p| {
        let weights = ["w1", "w2", "w3"].map(|name| p.get(name));
        let w = weights.map(|weight| weight / weights.iter().sum::<f64>());
        // The second is drawn again until it is another: of one that nearly always comes first that takes for ever.
        let is_even = w.iter().all(|weight| *weight <= 0.999);
        require("two-draws", is_even, "no weight may be above 99.9 % of all")?;
        let both = |i: usize| {
            w[i] + (0..3)
                .filter(|j| *j != i)
                .map(|j| w[j] * w[i] / (1.0 - w[j]))
                .sum::<f64>()
        };
        figures([
            ("the first", both(0)),
            ("the second", both(1)),
            ("the third", both(2)),
        ])
    },
    observe: |p, o| {
        let weights = ["w1", "w2", "w3"].map(|name| u64::from(p.count(name)));
        let (mut dice, index) = (Dice::new(o.seed, 24), WeightedIndex::new(&weights));
        let mut counts = [0_u64; 3];
        for _ in 0..o.size {
            let first = index.pick(dice.word());
            let mut second = index.pick(dice.word());
            while second == first {
                second = index.pick(dice.word());
            }
            counts[first] += 1;
            counts[second] += 1;
        }
        Ok(counts.map(|count| count as f64 / o.size as f64).into())
    },
};

const DRAW_FREQUENCY: Check = Check {
    id: "draw-frequency",
    catalogue: &[21],
    title: "Draws by weight pass a chi-square test whose p-value is uniform",
    source: "Pearson 1900",
    kind: Kind::Chance,
    parameters: || vec![Parameter::count("draws", 500)],
    expected: |_| {
        figures([
            ("mean p-value", 0.5),
            ("mean square of the p-value", 1.0 / 3.0),
            ("share of p-values below 0.05", 0.05),
        ])
    },
    observe: observe_frequencies,
};

fn observe_frequencies(p: &Parameters, o: Observation) -> Observed {
    // Many cells and many draws, so that the p-value is nearly continuous.
    let weights: Vec<u64> = (1..=8).map(|k| 10 + k * k).collect();
    let total: u64 = weights.iter().sum();
    let (mut dice, index) = (Dice::new(o.seed, 25), WeightedIndex::new(&weights));
    let draws = u64::from(p.count("draws")).max(200);
    let expected: Vec<f64> = weights
        .iter()
        .map(|weight| draws as f64 * *weight as f64 / total as f64)
        .collect();
    let rounds = (o.size / draws).max(20);
    let mut sums = [0.0; 3];
    for _ in 0..rounds {
        let mut counts = vec![0_u64; weights.len()];
        for _ in 0..draws {
            counts[index.pick(dice.word())] += 1;
        }
        let fit = goodness_of_fit(&counts, &expected, 0).expect("eight cells with counts");
        let below = if fit.p_value < 0.05 { 1.0 } else { 0.0 };
        for (sum, value) in sums
            .iter_mut()
            .zip([fit.p_value, fit.p_value * fit.p_value, below])
        {
            *sum += value / rounds as f64;
        }
    }
    Ok(sums.into())
}

const RATE_BY_REPUTATION: Check = Check {
    id: "rate-by-reputation",
    catalogue: &[22],
    title: "The sampling rate falls with reputation under full traffic",
    source: "1 - (1 - least) reputation/100; gonka-ai/gonka x/inference/calculations/should_validate.go",
    kind: Kind::Computed(1e-15),
    parameters: || {
        vec![
            Parameter::ranged("reputation", 50.0, PERCENT),
            Parameter::ranged("least", 1.0, PERCENT),
        ]
    },
    expected: |p| {
        let rate = |reputation: f64| 1.0 - (1.0 - p.get("least") / 100.0) * reputation / 100.0;
        figures([
            ("at 0", rate(0.0)),
            ("at the reputation set", rate(p.get("reputation"))),
            ("at 90", rate(90.0)),
            ("at 100", rate(100.0)),
        ])
    },
    observe: |p, _| {
        let params = SamplingParams {
            rate_min: Fraction::from_percent(p.count("least")),
            ..sampling()
        };
        let at = |reputation: u8| {
            let full = params.traffic_full;
            to_real(compute_target_rate(&params, full, Reputation::new(reputation)))
        };
        Ok([0, p.get("reputation") as u8, 90, 100].map(at).into())
    },
};

fn rate_at(reputation: u8) -> f64 {
    to_real(compute_target_rate(
        &sampling(),
        10_000,
        Reputation::new(reputation),
    ))
}

/// The reputation after so many epochs served without a miss, of so many that make it full, as the launch network rounds it.
fn reputation_after(epochs: u32, full: u32) -> u8 {
    (u64::from(epochs.min(full)) * 100 / u64::from(full)) as u8
}

const DUES: Check = Check {
    id: "newcomer-dues",
    catalogue: &[22, 23],
    title: "Checks a newcomer pays for before its reputation is full",
    source: "sum over the first E epochs of 1 - 0.99 floor(100 e/E)/100; floors by 99 (E - 1)/2 + (gcd(100, E) - 1)/2",
    kind: Kind::Computed(1e-10),
    parameters: || vec![Parameter::count("epochs", 30)],
    expected: |p| {
        let full = p.get("epochs");
        let common = (1..=100_u32)
            .filter(|part| 100 % part == 0 && p.count("epochs") % part == 0)
            .max();
        let hundredths = (99.0 * (full - 1.0) + f64::from(common.unwrap_or(1)) - 1.0) / 2.0;
        let dues = full - 0.99 * hundredths / 100.0;
        figures([
            ("full-check epochs until full", dues),
            ("mean rate until full", dues / full),
            ("mean rate of twice as many", (dues + 0.01 * full) / (2.0 * full)),
        ])
    },
    observe: |p, _| {
        let full = p.count("epochs");
        let sum = |epochs: u32| {
            (0..epochs)
                .map(|epoch| rate_at(reputation_after(epoch, full)))
                .sum::<f64>()
        };
        let (once, twice) = (sum(full), sum(2 * full));
        Ok(vec![once, once / f64::from(full), twice / f64::from(2 * full)])
    },
};

const CHURN: Check = Check {
    id: "churn",
    catalogue: &[24],
    title: "The network's mean sampling rate where hosts live L epochs on average",
    source: "sum of (1-1/L)^a rate(a)/L over ages a",
    kind: Kind::Chance,
    parameters: || vec![Parameter::count("life", 30)],
    expected: |p| {
        let stays = 1.0 - 1.0 / p.get("life");
        let mut mean = 0.0;
        let mut alive = 1.0 - stays;
        for age in 0..30 {
            mean += alive * (1.0 - 0.99 * f64::from(reputation_after(age, 30)) / 100.0);
            alive *= stays;
        }
        figures([("mean rate", mean + libm::pow(stays, 30.0) * 0.01)])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 26);
        let leaves = 1.0 / p.get("life");
        // The age of a host met at any time is geometric from zero.
        let mut age = dice.geometric(leaves) - 1.0;
        let mut sum = 0.0;
        for _ in 0..o.size {
            sum += rate_at(reputation_after(age.min(30.0) as u32, 30));
            age = if dice.chance(leaves) { 0.0 } else { age + 1.0 };
        }
        Ok(vec![sum / o.size as f64])
    },
};
