//! Sequential tests of conduct: exact programmes against the integer tests driven by chance.
//!
//! Invariant: the formula is an exact programme of `stakeout-statistics`; the observation drives the protocol's own
//! integers.

use stakeout_engine::oracle::{Observation, Parameter, Parameters};
use stakeout_protocol::sprt::{Sprt, SprtParams};
use stakeout_protocol::status::is_above_deviations;
use stakeout_protocol::units::{Decimal, Fraction};
use stakeout_statistics::sequential::{
    Boundaries, RatioSteps, SprtAudit, ZRule, audit_sprt, mean_until_streak, wald_error, z_flagged_by,
};

use crate::check::{Check, Expected, Kind, Observed, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    SPRT_BOTH,
    SPRT_CODE,
    SPRT_DOWNTIME,
    SPRT_WALD,
    SPRT_RARE,
    ZERO_DRIFT,
    BANKED_CREDIT,
    Z_RULE,
    FAILURE_RUN,
    CHEATER_TO_INVALID,
];

fn steps(p: &Parameters) -> RatioSteps {
    RatioSteps::between(p.get("p0"), p.get("p1"))
}

/// What a failure and a pass move the sum by, and the drift at a failure rate.
fn moves(p: &Parameters) -> (f64, f64, impl Fn(f64) -> f64) {
    let up = libm::log(p.get("p1") / p.get("p0"));
    let down = -libm::log((1.0 - p.get("p1")) / (1.0 - p.get("p0")));
    (up, down, move |rate: f64| rate * up - (1.0 - rate) * down)
}

fn audit_both(p: &Parameters, rate: f64) -> SprtAudit {
    audit_sprt(steps(p), Boundaries::both(p.get("h")), rate, None)
}

fn audit_open(p: &Parameters, limit: u32) -> SprtAudit {
    audit_sprt(
        steps(p),
        Boundaries::upper_only(p.get("h")),
        p.get("rate"),
        Some(u64::from(limit)),
    )
}

fn rule(p: &Parameters) -> Sprt {
    let fraction = |name: &str| Fraction::from_parts(libm::round(p.get(name) * 1e12) as u64 * 1_000_000);
    let params = SprtParams {
        p0: fraction("p0"),
        p1: fraction("p1"),
        h: Decimal::from_parts(libm::round(p.get("h") * 1e9) as i128 * 1_000_000_000),
    };
    Sprt::new(&params, None).expect("rates inside (0, 1)")
}

fn is_test(oracle: &'static str, p: &Parameters) -> Result<(), stakeout_engine::oracle::OracleError> {
    let [p0, p1, h] = ["p0", "p1", "h"].map(|name| p.get(name));
    let holds = 0.001 <= p0 && p0 < p1 && p1 <= 0.999 && (0.5..=50.0).contains(&h);
    require(
        oracle,
        holds,
        "0.001 <= p0 < p1 <= 0.999 and 0.5 <= h <= 50 have to hold",
    )
}

fn test_parameters(p0: f64, p1: f64, rate: f64) -> Vec<Parameter> {
    vec![
        Parameter::probability("p0", p0),
        Parameter::probability("p1", p1),
        Parameter::positive("h", 4.0),
        Parameter::probability("rate", rate),
    ]
}

/// Drives the rule: the share that reached the threshold, and the mean number of judgements.
fn drive(
    rule: &Sprt,
    o: Observation,
    purpose: u8,
    rate: f64,
    limit: u64,
    has_floor: bool,
    lives: u64,
) -> (f64, f64) {
    let mut dice = Dice::new(o.seed, purpose);
    let (mut failed, mut judgements) = (0_u64, 0_u64);
    for _ in 0..lives {
        let mut level = 0;
        for _ in 0..limit {
            judgements += 1;
            level = if dice.chance(rate) {
                rule.after_failure(level)
            } else {
                rule.after_pass(level)
            };
            if rule.is_condemned(level) {
                failed += 1;
                break;
            }
            if has_floor && rule.is_cleared(level) {
                break;
            }
        }
    }
    (failed as f64 / lives as f64, judgements as f64 / lives as f64)
}

const ENDLESS: u32 = 6_000;

fn expect_both(p: &Parameters) -> Expected {
    is_test("sprt", p)?;
    let audit = audit_both(p, p.get("rate"));
    figures([
        ("share convicted", audit.convicted),
        ("mean judgements", audit.mean_answers),
    ])
}

fn observe_both(p: &Parameters, o: Observation, purpose: u8) -> Observed {
    let (failed, judgements) = drive(
        &rule(p),
        o,
        purpose,
        p.get("rate"),
        u64::from(ENDLESS),
        true,
        (o.size / 20).max(1),
    );
    Ok(vec![failed, judgements])
}

const SPRT_BOTH: Check = Check {
    id: "sprt",
    catalogue: &[25],
    title: "The sequential test where both boundaries end it",
    source: "Wald 1945; exact programme",
    kind: Kind::Chance,
    parameters: || test_parameters(0.05, 0.20, 0.05),
    expected: expect_both,
    observe: |p, o| observe_both(p, o, 30),
};

const SPRT_DOWNTIME: Check = Check {
    id: "sprt-downtime",
    catalogue: &[30],
    title: "The sequential test of missed requests",
    source: "Wald 1945; exact programme",
    kind: Kind::Chance,
    parameters: || test_parameters(0.10, 0.20, 0.14),
    expected: expect_both,
    observe: |p, o| observe_both(p, o, 31),
};

const SPRT_CODE: Check = Check {
    id: "sprt-without-floor",
    catalogue: &[26],
    title: "The same as the network runs it: passes bank credit without end; convicted within n judgements",
    source: "gonka-ai/gonka x/inference/calculations/sprt.go; exact programme",
    kind: Kind::Chance,
    parameters: || {
        let mut all = test_parameters(0.05, 0.20, 0.11);
        let limit: (&str, fn(f64) -> bool) = ("a whole number from 1 to 5000", |value| {
            value.fract() == 0.0 && (1.0..=5_000.0).contains(&value)
        });
        all.push(Parameter::ranged("n", 1_000.0, limit));
        all
    },
    expected: |p| {
        is_test("sprt-without-floor", p)?;
        figures([("share convicted", audit_open(p, p.count("n")).convicted)])
    },
    observe: |p, o| {
        let lives = (o.size / 50).max(1);
        let (failed, _) = drive(
            &rule(p),
            o,
            32,
            p.get("rate"),
            u64::from(p.count("n")),
            false,
            lives,
        );
        Ok(vec![failed])
    },
};

const SPRT_WALD: Check = Check {
    id: "sprt-wald",
    catalogue: &[27],
    title: "Wald's approximations, Ville's bound, and the exact value below it",
    source: "Wald 1945; Ville 1939",
    kind: Kind::Computed(1e-9),
    parameters: || test_parameters(0.05, 0.20, 0.05),
    expected: |p| {
        is_test("sprt-wald", p)?;
        let (alpha, h) = (wald_error(p.get("h")), p.get("h"));
        let (_, _, drift) = moves(p);
        figures([
            ("share of the honest convicted, approximately", alpha),
            (
                "judgements of an honest host, approximately",
                (2.0 * alpha - 1.0) * h / drift(p.get("p0")),
            ),
            (
                "judgements of a bad host, approximately",
                (1.0 - 2.0 * alpha) * h / drift(p.get("p1")),
            ),
            ("exact share above Ville's bound", 0.0),
        ])
    },
    observe: |p, _| {
        // Wald's equations solved: the sum is taken to end on the boundaries themselves.
        let h = p.get("h");
        let (over, under) = (libm::exp(h), libm::exp(-h));
        let alpha = (1.0 - under) / (over - under);
        let bad = (1.0 - over) / (under - over);
        let (_, _, drift) = moves(p);
        let mean = |rate: f64, convicted: f64| (2.0 * convicted - 1.0) * h / drift(rate);
        let exact = audit_both(p, p.get("p0")).convicted;
        Ok(vec![
            alpha,
            mean(p.get("p0"), alpha),
            mean(p.get("p1"), bad),
            (exact - under).max(0.0),
        ])
    },
};

const SPRT_RARE: Check = Check {
    id: "sprt-rare",
    catalogue: &[28],
    title: "The chance that an honest host of failure rate p is convicted in an epoch, by importance sampling",
    source: "exact programme; Siegmund 1976 for the estimate",
    kind: Kind::Chance,
    parameters: || test_parameters(0.05, 0.20, 0.01),
    expected: |p| {
        is_test("sprt-rare", p)?;
        require(
            "sprt-rare",
            p.get("rate") >= 1e-4 && p.get("rate") < 0.1,
            "rate has to lie from 1e-4 to below 0.1",
        )?;
        figures([("chance in 1000 judgements", audit_open(p, 1_000).convicted)])
    },
    observe: |p, o| {
        // Drawn at a rate above the zero of the drift, and weighed by the likelihood ratio.
        let (rule, mut dice) = (rule(p), Dice::new(o.seed, 33));
        let (rate, tilted) = (p.get("rate"), p.get("p1"));
        let (fail, pass) = (rate / tilted, (1.0 - rate) / (1.0 - tilted));
        let lives = (o.size / 10).max(1);
        let mut sum = 0.0;
        for _ in 0..lives {
            let (mut level, mut weight) = (0, 1.0);
            for _ in 0..1_000 {
                if dice.chance(tilted) {
                    level = rule.after_failure(level);
                    weight *= fail;
                } else {
                    level = rule.after_pass(level);
                    weight *= pass;
                }
                if rule.is_condemned(level) {
                    sum += weight;
                    break;
                }
            }
        }
        Ok(vec![sum / lives as f64])
    },
};

const ZERO_DRIFT: Check = Check {
    id: "zero-drift",
    catalogue: &[29],
    title: "The failure rate at which the sequential test has no direction",
    source: "-ln((1-p1)/(1-p0))/(ln(p1/p0) - ln((1-p1)/(1-p0)))",
    kind: Kind::Computed(1e-11),
    parameters: || test_parameters(0.05, 0.20, 0.05),
    expected: |p| {
        is_test("zero-drift", p)?;
        let (up, down, _) = moves(p);
        figures([("rate", down / (up + down))])
    },
    observe: |p, _| {
        let found = rule(p).compute_zero_drift_rate().expect("p0 is below p1");
        Ok(vec![found.parts() as f64 / 1e18])
    },
};

const BANKED_CREDIT: Check = Check {
    id: "banked-credit",
    catalogue: &[26],
    title: "Failures that a record of n passes pays for before the test without a floor convicts",
    source: "ceil((h + n down)/up)",
    kind: Kind::Exact,
    parameters: || {
        let mut all = test_parameters(0.05, 0.20, 0.05);
        all.push(Parameter::count("passes", 1_000));
        all
    },
    expected: |p| {
        is_test("banked-credit", p)?;
        let (up, down, _) = moves(p);
        figures([("failures", libm::ceil((p.get("h") + p.get("passes") * down) / up))])
    },
    observe: |p, _| {
        let rule = rule(p);
        let mut level = (0..p.count("passes")).fold(0, |level, _| rule.after_pass(level));
        let mut failures = 0.0;
        while !rule.is_condemned(level) {
            level = rule.after_failure(level);
            failures += 1.0;
        }
        Ok(vec![failures])
    },
};

/// Judgements before the rule of one deviation speaks.
const RAMP: u32 = 10;

const Z_RULE: Check = Check {
    id: "z-rule",
    catalogue: &[31],
    title: "A host judged after every check by one standard deviation: convicted within n checks",
    source: "gonka-ai/gonka x/inference/calculations/status.go (August 2025); exact programme",
    kind: Kind::Chance,
    parameters: || {
        let limit: (&str, fn(f64) -> bool) = ("a whole number from 10 to 2000", |value| {
            value.fract() == 0.0 && (10.0..=2_000.0).contains(&value)
        });
        vec![
            Parameter::probability("p0", 0.05),
            Parameter::probability("rate", 0.05),
            Parameter::ranged("n", 100.0, limit),
        ]
    },
    expected: |p| {
        require(
            "z-rule",
            (0.001..=0.999).contains(&p.get("p0")),
            "p0 has to lie from 0.001 to 0.999",
        )?;
        let rule = ZRule {
            expected: p.get("p0"),
            deviations: 1.0,
            first: u64::from(RAMP),
        };
        let by = z_flagged_by(rule, p.get("rate"), u64::from(p.count("n")));
        figures([("share convicted", by.last().copied().unwrap_or(0.0))])
    },
    observe: |p, o| {
        let p0 = Fraction::from_parts(libm::round(p.get("p0") * 1e12) as u64 * 1_000_000);
        let mut dice = Dice::new(o.seed, 34);
        let lives = (o.size / 10).max(1);
        let mut convicted = 0_u64;
        for _ in 0..lives {
            let (mut passed, mut failed) = (0, 0);
            for judged in 1..=p.count("n") {
                if dice.chance(p.get("rate")) {
                    failed += 1;
                } else {
                    passed += 1;
                }
                if judged >= RAMP && is_above_deviations(p0, passed, failed, 1) {
                    convicted += 1;
                    break;
                }
            }
        }
        Ok(vec![convicted as f64 / lives as f64])
    },
};

const FAILURE_RUN: Check = Check {
    id: "failure-run",
    catalogue: &[32],
    title: "Trials until k failures in a row",
    source: "(1 - p^k)/((1-p) p^k)",
    kind: Kind::Chance,
    parameters: || vec![Parameter::count("k", 5), Parameter::probability("p", 0.5)],
    expected: |p| {
        let run = libm::pow(p.get("p"), p.get("k"));
        require(
            "failure-run",
            run > 1e-4 && run < 1.0,
            "p^k has to lie between 1e-4 and 1",
        )?;
        figures([("mean trials", mean_until_streak(p.count("k"), p.get("p")))])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 35);
        let lives = (o.size / 50).max(1);
        let mut trials = 0_u64;
        for _ in 0..lives {
            let mut run = 0;
            while run < p.count("k") {
                run = if dice.chance(p.get("p")) { run + 1 } else { 0 };
                trials += 1;
            }
        }
        Ok(vec![trials as f64 / lives as f64])
    },
};

const CHEATER_TO_INVALID: Check = Check {
    id: "cheater-to-invalid",
    catalogue: &[33],
    title: "Requests until the sequential test convicts who fails a share of its checks at rate q",
    source: "mean judgements of the exact programme over q; 3/q where every check fails",
    kind: Kind::Chance,
    parameters: || {
        let mut all = test_parameters(0.05, 0.20, 1.0);
        all.push(Parameter::probability("q", 0.01));
        all
    },
    expected: |p| {
        is_test("cheater-to-invalid", p)?;
        let holds = p.get("rate") >= 0.3 && p.get("q") >= 1e-3;
        require(
            "cheater-to-invalid",
            holds,
            "rate has to be at least 0.3 and q at least 0.001",
        )?;
        figures([(
            "mean requests",
            audit_both(p, p.get("rate")).mean_answers / p.get("q"),
        )])
    },
    observe: |p, o| {
        let (rule, mut dice) = (rule(p), Dice::new(o.seed, 36));
        let lives = (o.size / 20).max(1);
        let mut requests = 0.0;
        for _ in 0..lives {
            let mut level = 0;
            while !rule.is_condemned(level) && !rule.is_cleared(level) {
                requests += dice.geometric(p.get("q"));
                level = if dice.chance(p.get("rate")) {
                    rule.after_failure(level)
                } else {
                    rule.after_pass(level)
                };
            }
        }
        Ok(vec![requests / lives as f64])
    },
};
