//! Reputation from a history.

use crate::support::{Case, check_cases, expect, unknown_table};
use serde_json::Value;
use stakeout_protocol::reputation::{
    OnAbsence, OnConviction, PenaltyForm, ReputationParams, compute_reputation,
    compute_reputation_after_absence,
};
use stakeout_protocol::units::{Decimal, Fraction};

pub fn check(file: &str, document: &Value) {
    check_cases("reputation", file, document, check_case);
}

fn check_case(table: &str, case: &Case) -> Result<(), String> {
    match table {
        "history" | "nested" => check_history(case),
        "absence" => check_absence(case),
        _ => unknown_table(table),
    }
}

fn epochs(case: &Case, key: &str) -> u32 {
    u32::try_from(case.count(key)).unwrap()
}

fn check_history(case: &Case) -> Result<(), String> {
    let params = ReputationParams {
        epochs_to_max: epochs(case, "epochs_to_max"),
        miss_cutoff: case.fraction("miss_cutoff"),
        miss_penalty: case.decimal("miss_penalty"),
        penalty_form: match case.text("penalty_form") {
            "sum" => PenaltyForm::Sum,
            "nested" => PenaltyForm::Nested,
            other => return Err(format!("no penalty form is called {other}")),
        },
        on_conviction: OnConviction::Keep,
        on_absence: OnAbsence::Keep,
    };
    let reputation = compute_reputation(&params, epochs(case, "epochs"), &case.decimals("missed"));
    expect("the reputation", reputation, case.reputation("reputation"))
}

fn check_absence(case: &Case) -> Result<(), String> {
    let params = ReputationParams {
        epochs_to_max: epochs(case, "epochs_to_max"),
        miss_cutoff: Fraction::ZERO,
        miss_penalty: Decimal::ONE,
        penalty_form: PenaltyForm::Sum,
        on_conviction: OnConviction::Keep,
        on_absence: match case.text("on_absence") {
            "keep" => OnAbsence::Keep,
            "delete_after" => OnAbsence::DeleteAfter {
                epochs: epochs(case, "after"),
            },
            "half_life" => OnAbsence::HalfLife {
                epochs: epochs(case, "after"),
            },
            other => return Err(format!("no absence rule is called {other}")),
        },
    };
    let standing = case.decimal("standing");
    let reputation = compute_reputation_after_absence(&params, standing, epochs(case, "absent"));
    expect("the reputation", reputation, case.reputation("reputation"))
}
