//! Steps and boundaries of the sequential test.

use crate::support::{Case, check_cases, expect, expect_near, to_integer, unknown_table};
use serde_json::Value;
use stakeout_protocol::sprt::{Sprt, SprtParams};
use stakeout_protocol::units::{Decimal, Fraction};

pub fn check(file: &str, document: &Value) {
    check_cases("sprt", file, document, check_case);
}

fn check_case(table: &str, case: &Case) -> Result<(), String> {
    match table {
        "logarithms" => check_logarithms(case),
        "boundaries" => check_boundaries(case),
        "undefined" => {
            let params = SprtParams {
                p0: case.fraction("p0"),
                p1: case.fraction("p1"),
                h: Decimal::ONE,
            };
            expect("the test is refused", Sprt::new(&params, None).is_err(), true)
        }
        "quick_failure" => check_quick_failure(case),
        _ => unknown_table(table),
    }
}

/// Twelve decimals of a step, as units.
fn units(value: Decimal) -> i64 {
    i64::try_from(value.parts() / 1_000_000).unwrap()
}

fn check_logarithms(case: &Case) -> Result<(), String> {
    let params = SprtParams {
        p0: case.fraction("p0"),
        p1: case.fraction("p1"),
        h: Decimal::ONE,
    };
    let test = Sprt::new(&params, None).map_err(|error| error.to_string())?;
    expect(
        "the step of a failure",
        test.step_failure(),
        units(case.decimal("log_failure")),
    )?;
    expect(
        "the step of a pass",
        test.step_pass(),
        units(case.decimal("log_pass")),
    )
}

fn check_boundaries(case: &Case) -> Result<(), String> {
    let params = SprtParams {
        p0: case.fraction("p0"),
        p1: case.fraction("p1"),
        h: case.decimal("h"),
    };
    let test = Sprt::new(&params, None).map_err(|error| error.to_string())?;
    let as_decimal = |step: i64| Decimal::from_ratio(i128::from(step), 1_000_000_000_000);
    let sixth = Decimal::from_ratio(1, 1_000_000);
    expect_near(
        "the step of a failure",
        as_decimal(test.step_failure()),
        case.decimal("log_failure"),
        sixth,
    )?;
    expect_near(
        "the step of a pass",
        as_decimal(test.step_pass()),
        case.decimal("log_pass"),
        sixth,
    )?;
    let streak = case.count("consecutive");
    expect(
        "the streak that condemns",
        test.compute_failures_to_condemn(streak),
        Some(streak),
    )?;
    expect(
        "a shorter streak",
        test.compute_failures_to_condemn(streak - 1),
        None,
    )?;
    let drift: Fraction = test.compute_zero_drift_rate().unwrap();
    // The source prints the rate in percent with two decimals.
    let rounding = Decimal::from_ratio(1, 10_000);
    expect_near(
        "the rate without drift",
        drift.into(),
        case.decimal("zero_drift"),
        rounding,
    )?;
    for row in case.list("judged_failures") {
        let pair: Vec<u64> = row
            .as_array()
            .unwrap()
            .iter()
            .map(|n| to_integer(n).unwrap() as u64)
            .collect();
        expect(
            &format!("failures of {}", pair[0]),
            test.compute_failures_to_condemn(pair[0]),
            Some(pair[1]),
        )?;
    }
    Ok(())
}

fn check_quick_failure(case: &Case) -> Result<(), String> {
    let streak = stakeout_protocol::status::compute_convicting_streak(
        case.fraction("rate"),
        case.fraction("threshold"),
    );
    expect(
        "the streak that convicts",
        streak.map(u64::from),
        Some(case.count("streak")),
    )
}
