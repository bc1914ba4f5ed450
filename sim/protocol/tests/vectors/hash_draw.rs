//! Draws from hashes, bit for bit.

use crate::support::{Case, check_cases, expect, unknown_table};
use serde_json::Value;
use stakeout_protocol::hash_draw::hash_draw;

pub fn check(file: &str, document: &Value) {
    check_cases("hash_draw", file, document, check_draw);
}

pub fn check_draw(table: &str, case: &Case) -> Result<(), String> {
    let tolerance = match table {
        "draws" => 0,
        "named_seeds" => 1,
        _ => return unknown_table(table),
    };
    let seed = i64::try_from(case.integer("seed")).unwrap();
    let draw = hash_draw(seed, case.text("id"));
    if case.has("raw") {
        expect("the raw draw", draw.raw, case.count("raw"))?;
    }
    let (actual, expected) = (i128::from(draw.decimal16()), case.decimal("u").parts() / 100);
    if (actual - expected).abs() <= tolerance {
        Ok(())
    } else {
        expect("the draw in 1e-16", actual, expected)
    }
}
