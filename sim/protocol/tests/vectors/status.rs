//! Status decisions, the launch z-test and its ramp-up.

use crate::support::{Case, check_cases, expect, expect_near, unknown_table};
use serde_json::Value;
use stakeout_protocol::sprt::SprtParams;
use stakeout_protocol::status::{
    InvalidTest, Status, StatusCounters, StatusParams, StatusReason, StatusRule, StreakOnReturn,
    compute_measurements_needed, is_above_deviations,
};
use stakeout_protocol::units::{Decimal, Fraction};

pub fn check(file: &str, document: &Value) {
    check_cases("status", file, document, check_case);
}

fn check_case(table: &str, case: &Case) -> Result<(), String> {
    match table {
        "decisions" => check_decision(case),
        "deviations" => check_deviations(case),
        "measurements_needed" => {
            let cap = u32::try_from(case.count("cap")).unwrap();
            let needed = compute_measurements_needed(case.fraction("rate"), cap);
            expect("the answers needed", u64::from(needed), case.count("needed"))
        }
        _ => unknown_table(table),
    }
}

fn count(case: &Case, key: &str) -> u32 {
    if case.has(key) {
        u32::try_from(case.count(key)).unwrap()
    } else {
        0
    }
}

fn params(case: &Case) -> StatusParams {
    let h = case.decimal("h");
    let is_without = case.has("parameters_absent") && case.flag("parameters_absent");
    StatusParams {
        false_positive_rate: case.fraction("false_positive_rate"),
        quick_failure_threshold: if is_without {
            Fraction::ZERO
        } else {
            case.fraction("quick_failure_threshold")
        },
        invalid_test: if is_without {
            InvalidTest::None
        } else {
            InvalidTest::Sprt {
                p0: case.fraction("false_positive_rate"),
                p1: case.fraction("bad_rate"),
                h,
            }
        },
        downtime: (!is_without).then(|| SprtParams {
            p0: case.fraction("downtime_good"),
            p1: case.fraction("downtime_bad"),
            h,
        }),
        llr_floor: None,
        poc_ratio_min: case.has("poc_ratio_min").then(|| case.fraction("poc_ratio_min")),
        streak_on_return: StreakOnReturn::Reset,
    }
}

fn check_decision(case: &Case) -> Result<(), String> {
    let rule = StatusRule::new(&params(case));
    let mut counters = StatusCounters::default();
    // Failures first and a pass last, so that no run of failures is left but the one given.
    (0..count(case, "invalidated")).for_each(|_| rule.record_failure(&mut counters));
    (0..count(case, "validated")).for_each(|_| rule.record_pass(&mut counters));
    (0..count(case, "served")).for_each(|_| rule.record_served(&mut counters));
    (0..count(case, "missed")).for_each(|_| rule.record_missed(&mut counters));
    counters.consecutive_invalid = count(case, "consecutive_invalid");
    let twelfth = Decimal::from_ratio(1, 1_000_000);
    for (key, llr) in [
        ("llr_invalid", counters.llr_invalid),
        ("llr_missed", counters.llr_missed),
    ] {
        if case.has(key) {
            let llr = Decimal::from_ratio(i128::from(llr), 1_000_000_000_000);
            expect_near(key, llr, case.decimal(key), twelfth)?;
        }
    }
    let poc_ratio = case.has("poc_ratio").then(|| case.fraction("poc_ratio"));
    let (status, reason) = rule.decide(&counters, status_named(case.text("current"))?, poc_ratio);
    expect("the status", status, status_named(case.text("status"))?)?;
    expect("the reason", reason, reason_named(case.text("reason"))?)
}

fn status_named(name: &str) -> Result<Status, String> {
    Ok(match name {
        "RAMPING" => Status::Ramping,
        "ACTIVE" => Status::Active,
        "INVALID" => Status::Invalid,
        "INACTIVE" => Status::Inactive,
        other => return Err(format!("no status is called {other}")),
    })
}

fn reason_named(name: &str) -> Result<StatusReason, String> {
    Ok(match name {
        "none" => StatusReason::None,
        "ramping" => StatusReason::RampingUp,
        "consecutive_failures" => StatusReason::ConsecutiveFailures,
        "statistical_invalidations" => StatusReason::StatisticalInvalidations,
        "downtime" => StatusReason::Downtime,
        "failed_confirmation_poc" => StatusReason::FailedConfirmation,
        "already_set" => StatusReason::AlreadySet,
        "algorithm_error" => StatusReason::AlgorithmError,
        other => return Err(format!("no reason is called {other}")),
    })
}

/// The score is recomputed here from the published formula; the rule only compares squares.
fn check_deviations(case: &Case) -> Result<(), String> {
    let (validated, invalidated) = (count(case, "validated"), count(case, "invalidated"));
    let (rate, z) = (case.fraction("rate"), case.decimal("z"));
    let judged = i128::from(validated + invalidated);
    let p = Decimal::from(rate);
    let variance = p * (Decimal::ONE - p) / Decimal::from_parts(judged * Decimal::ONE.parts());
    let deviation = Decimal::from_ratio(i128::from(invalidated), judged) - p;
    let tolerance = Decimal::from_ratio(1, 1_000_000);
    expect_near(
        "z²",
        z * z,
        deviation * deviation / variance,
        tolerance * Decimal::from_integer(7),
    )?;
    expect("the side of the mean", z.is_negative(), deviation.is_negative())?;
    for limit in 0..5 {
        let is_flagged = is_above_deviations(rate, validated, invalidated, limit);
        expect(
            &format!("z above {limit}"),
            is_flagged,
            z > Decimal::from_integer(i64::from(limit)),
        )?;
    }
    Ok(())
}
