//! Cases of `tests/vectors/claims/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::claims::{ClaimRule, is_claim_accepted};
use stakeout_protocol::units::Fraction;

pub fn check(file: &str, document: &Value) {
    assert_eq!(file, "rules");
    for case in cases(document) {
        let p0 = Fraction::from_permille(integer(case, "p0_permille") as u32);
        let rules = [
            ("none", ClaimRule::None),
            ("all_or_nothing", ClaimRule::AllOrNothing),
            ("binomial", ClaimRule::BinomialTest { p0 }),
        ];
        for (name, rule) in rules {
            let is_accepted = is_claim_accepted(rule, integer(case, "required"), integer(case, "missed"));
            assert_eq!(is_accepted, flag(case, name), "{name} in {case}");
        }
    }
}
