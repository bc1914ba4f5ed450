//! The cap on open disputes.

use crate::support::{Case, check_cases, expect, unknown_table};
use serde_json::Value;
use stakeout_protocol::dispute::{DisputeParams, OnNoQuorum, VoterRule, compute_invalidation_cap};
use stakeout_protocol::units::{Fraction, Weight};

/// A weight total that every share of the vectors divides.
const TOTAL: u64 = 1_000;

pub fn check(file: &str, document: &Value) {
    check_cases("dispute", file, document, check_case);
}

fn check_case(table: &str, case: &Case) -> Result<(), String> {
    if table != "invalidation_cap" {
        return unknown_table(table);
    }
    let params = DisputeParams {
        quorum: Fraction::from_percent(50),
        period_seconds: 240,
        voters: VoterRule::Group,
        executor_may_vote: true,
        opener_must_be_drawn: false,
        on_no_quorum: OnNoQuorum::StayOpen,
        open_limit: case.count("limit"),
        open_curve: case.count("curve"),
        open_min: u32::try_from(case.count("min")).unwrap(),
        open_sample_seconds: 120,
    };
    let share = case.fraction("weight_share").parts() / (Fraction::ONE.parts() / TOTAL);
    let cap = compute_invalidation_cap(
        &params,
        Weight::new(share),
        Weight::new(TOTAL),
        case.reputation("reputation"),
        case.count("inferences"),
    );
    if case.has("at_least") {
        let range = case.count("at_least")..=case.count("at_most");
        expect(
            "the cap is in the asserted range",
            range.contains(&u64::from(cap)),
            true,
        )?;
    }
    expect("the cap", u64::from(cap), case.count("cap"))
}
