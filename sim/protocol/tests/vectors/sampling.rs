//! Rates, probabilities and decisions of the sampling rule.

use crate::support::{Case, check_cases, expect, expect_near, to_integer, unknown_table};
use serde_json::Value;
use stakeout_protocol::hash_draw::{hash_draw, is_selected};
use stakeout_protocol::sampling::{
    SamplingParams, SamplingRule, compute_rate_floor, compute_target_rate, compute_unchecked_probability,
    compute_validator_probability,
};
use stakeout_protocol::units::{Decimal, Fraction, Weight};

pub fn check(file: &str, document: &Value) {
    check_cases("sampling", file, document, check_case);
}

fn check_case(table: &str, case: &Case) -> Result<(), String> {
    match table {
        "decisions" => check_decision(case),
        "no_others" => check_no_others(case),
        "rate_floor" => expect(
            "the floor",
            compute_rate_floor(&params(case), case.count("traffic")),
            case.decimal("floor"),
        ),
        "rate_floor_mean" => check_mean(case),
        "unchecked" => check_unchecked(case),
        _ => unknown_table(table),
    }
}

fn params(case: &Case) -> SamplingParams {
    SamplingParams {
        rule: SamplingRule::Reputation,
        rate_min: case.fraction("rate_min"),
        rate_max: case.decimal("rate_max"),
        rate_halfway: case.fraction("rate_halfway"),
        traffic_full: case.count("traffic_full"),
        traffic_min: case.count("traffic_min"),
        flat_rate: Fraction::ZERO,
        at_least_one_for_newcomers: false,
    }
}

fn check_decision(case: &Case) -> Result<(), String> {
    let target = compute_target_rate(
        &params(case),
        case.count("traffic"),
        case.reputation("reputation"),
    );
    let (validator, total, executor) = (
        case.weight("validator"),
        case.weight("total"),
        case.weight("executor"),
    );
    let probability = compute_validator_probability(target, validator, total, executor);
    // The source prints seven decimals.
    expect_near(
        "p",
        probability.into(),
        case.decimal("p"),
        Decimal::from_ratio(1, 10_000_000),
    )?;
    let draw = hash_draw(i64::try_from(case.integer("seed")).unwrap(), case.text("id"));
    expect(
        "the decision",
        is_selected(draw, probability),
        case.flag("validate"),
    )
}

fn check_no_others(case: &Case) -> Result<(), String> {
    let (validator, total, executor) = (
        case.weight("validator"),
        case.weight("total"),
        case.weight("executor"),
    );
    let probability = compute_validator_probability(Decimal::ONE, validator, total, executor);
    expect("p", Decimal::from(probability), case.decimal("p"))
}

/// The mean of the floor over a running count, as the traffic basis of an epoch is one.
fn check_mean(case: &Case) -> Result<(), String> {
    let (params, last) = (params(case), case.count("requests"));
    let sum = (1..=last).fold(Decimal::ZERO, |sum, traffic| {
        sum + compute_rate_floor(&params, traffic)
    });
    let mean = sum / Decimal::from_integer(i64::try_from(last).unwrap());
    expect_near("the mean", mean, case.decimal("mean"), case.decimal("tolerance"))
}

fn check_unchecked(case: &Case) -> Result<(), String> {
    let target = case.decimal("target");
    let mut weights: Vec<Weight> = if case.has("equal") {
        vec![Weight::new(1); usize::try_from(case.count("equal")).unwrap()]
    } else {
        let weight = |value| Weight::new(to_integer(value).unwrap() as u64);
        case.list("weights").iter().map(weight).collect()
    };
    let unchecked = if case.has("is_outsider") && case.flag("is_outsider") {
        weights.push(Weight::ZERO);
        compute_unchecked_probability(&weights, weights.len() - 1, target).into()
    } else {
        mean_unchecked(&weights, target)
    };
    expect_near(
        "P(unchecked)",
        unchecked,
        case.decimal("unchecked"),
        case.decimal("tolerance"),
    )
}

/// The mean over executors, each with its share of the answers.
fn mean_unchecked(weights: &[Weight], target: Decimal) -> Decimal {
    let total: Weight = weights.iter().copied().sum();
    weights
        .iter()
        .enumerate()
        .fold(Decimal::ZERO, |mean, (executor, weight)| {
            let share = Decimal::from_ratio(i128::from(weight.get()), i128::from(total.get()));
            mean + Decimal::from(compute_unchecked_probability(weights, executor, target)) * share
        })
}
