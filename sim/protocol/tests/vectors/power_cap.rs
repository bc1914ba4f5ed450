//! Cases of `tests/vectors/power_cap/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::weights::{apply_power_cap, settlement_cap};

pub fn check(file: &str, document: &Value) {
    for case in cases(document) {
        let cap = fraction(case, "cap");
        match file {
            "caps" | "too_few_hosts" => {
                let mut capped = weights(case, "weights");
                apply_power_cap(&mut capped, cap);
                assert_eq!(capped, weights(case, "capped"), "{case}");
            }
            "settlement_cap" => assert_eq!(settlement_cap(integer(case, "hosts") as usize), cap, "{case}"),
            _ => unknown("power_cap", file),
        }
    }
}
