//! Cases of `tests/vectors/poc/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::poc::{
    AcceptanceThreshold, ConfirmationEvent, PocParams, PocTally, compute_confirmation_ratio,
    compute_confirmation_weight, compute_slot_count, compute_voting_slot, is_accepted,
    is_confirmation_failed,
};
use stakeout_protocol::units::{Decimal, Fraction, Weight};

fn params() -> PocParams {
    PocParams {
        scale: Decimal::ONE,
        acceptance: AcceptanceThreshold::TwoThirds,
        confirmation_tolerance: Fraction::from_permille(909),
        confirmation_ratio_min: Fraction::from_percent(50),
        confirmations_per_epoch: Decimal::ONE,
    }
}

pub fn check(file: &str, document: &Value) {
    for case in cases(document) {
        match file {
            "acceptance" => {
                let threshold = match text(case, "threshold") {
                    "half" => AcceptanceThreshold::Half,
                    "two_thirds" => AcceptanceThreshold::TwoThirds,
                    other => panic!("no threshold {other}"),
                };
                let tally = PocTally {
                    valid: weight(case, "valid"),
                    invalid: weight(case, "invalid"),
                    total: weight(case, "total"),
                };
                let accepted = is_accepted(threshold, &tally, case["guardians"].as_bool());
                assert_eq!(accepted, flag(case, "is_accepted"), "{case}");
            }
            "confirmation_ratio" => {
                let ratio =
                    compute_confirmation_ratio(&params(), weight(case, "reading"), weight(case, "expected"));
                let nine_places = ratio.parts() / 1_000_000_000 * 1_000_000_000;
                assert_eq!(nine_places, fraction(case, "ratio").parts(), "{case}");
                assert_eq!(
                    is_confirmation_failed(&params(), ratio),
                    flag(case, "is_failed"),
                    "{case}"
                );
            }
            "confirmation_weight" => {
                let event = |event: &Value| ConfirmationEvent {
                    preserved: Weight::new(whole(&event[0])),
                    measured: Weight::new(whole(&event[1])),
                };
                let events: Vec<ConfirmationEvent> = array(case, "events").iter().map(event).collect();
                let confirmed = compute_confirmation_weight(weight(case, "initial"), &events);
                assert_eq!(confirmed, weight(case, "weight"), "{case}");
            }
            "slot_count" => {
                let count = compute_slot_count(
                    integer(case, "scale"),
                    integer(case, "total"),
                    integer(case, "slots"),
                );
                assert_eq!(count, integer(case, "count"), "{case}");
            }
            "voting_slot" => {
                let place = compute_voting_slot(
                    text(case, "app_hash"),
                    text(case, "participant"),
                    text(case, "model"),
                    integer(case, "index") as u32,
                    weight(case, "total"),
                );
                assert_eq!(place, case["place"].as_u64(), "{case}");
            }
            _ => unknown("poc", file),
        }
    }
}
