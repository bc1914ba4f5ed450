//! Cases of `tests/vectors/devshard/`.

use super::support::{Case, check_cases, expect, unknown_table};
use serde_json::Value;
use stakeout_protocol::devshard::{
    SessionSlots, compute_executor_slot, compute_fixed_probability, compute_required_validations,
    compute_signatures_needed, derive_seed, is_decided, is_validator_of,
};

pub fn check(table: &str, document: &Value) {
    check_cases("devshard", table, document, check_case);
}

fn check_case(table: &str, case: &Case) -> Result<(), String> {
    match table {
        "fixed_probability" => {
            let unsigned = |key| case.integer(key).unsigned_abs();
            let fixed = compute_fixed_probability(unsigned("numerator"), unsigned("denominator"));
            expect("the probability", fixed, case.count("fixed"))
        }
        "required_validations" => {
            let required = compute_required_validations(case.integer("sum").unsigned_abs());
            expect("the number", required, u128::from(case.count("required")))
        }
        "seed" => {
            let bytes: Vec<u8> = (0..case.text("signature").len() / 2)
                .map(|at| u8::from_str_radix(&case.text("signature")[2 * at..2 * at + 2], 16).unwrap())
                .collect();
            expect("the seed", i128::from(derive_seed(&bytes)), case.integer("seed"))
        }
        "validators" => check_validators(case),
        "session" => {
            let slots = case.count("slots") as u32;
            expect(
                "the executor",
                u64::from(compute_executor_slot(case.count("nonce"), slots)),
                case.count("executor"),
            )?;
            expect(
                "signatures",
                u64::from(compute_signatures_needed(slots)),
                case.count("signatures"),
            )?;
            let decides = (0..=slots).find(|&votes| is_decided(votes, slots)).map(u64::from);
            expect("votes that decide", decides, Some(case.count("decides")))
        }
        _ => unknown_table(table),
    }
}

fn check_validators(case: &Case) -> Result<(), String> {
    let slots = SessionSlots {
        own: case.count("own") as u32,
        executor: case.count("executor") as u32,
        total: case.count("total") as u32,
    };
    let (seed, rate) = (case.integer("seed") as i64, case.count("rate"));
    let checks = |inference: &u64| is_validator_of(seed, *inference, rate, slots);
    let count = (1..=case.count("inferences")).filter(checks).count() as u64;
    if (case.count("least")..=case.count("most")).contains(&count) {
        Ok(())
    } else {
        Err(format!("{count} inferences are checked"))
    }
}
