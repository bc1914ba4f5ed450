//! Cases of `tests/vectors/collateral/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::collateral::{
    CollateralAccount, CollateralParams, SlashReason, SlashedTo, compute_effective_weight,
};
use stakeout_protocol::units::{Decimal, EpochIndex, Fraction};

fn params(per_weight: Decimal) -> CollateralParams {
    CollateralParams {
        base_ratio: Fraction::from_percent(20),
        per_weight,
        grace_epochs: 180,
        slash_invalid: Fraction::from_percent(20),
        slash_downtime: Fraction::from_percent(10),
        slashed_to: SlashedTo::Governance,
        unbonding_epochs: 1,
        unbond_before_slash: true,
    }
}

pub fn check(file: &str, document: &Value) {
    for case in cases(document) {
        match file {
            "effective_weight" => {
                let params = params(decimal(case, "per_weight"));
                let epoch = EpochIndex::new(integer(case, "epoch") as u32);
                let effective = compute_effective_weight(
                    &params,
                    weight(case, "weight"),
                    amount(case, "collateral"),
                    epoch,
                );
                assert_eq!(effective, weight(case, "effective"), "{case}");
            }
            "slash" => check_slashes(case),
            _ => unknown("collateral", file),
        }
    }
}

fn check_slashes(case: &Value) {
    let mut account = CollateralAccount::new();
    account.deposit(amount(case, "deposit"));
    for slash in array(case, "slashes") {
        let reason = match text(slash, "reason") {
            "downtime" => SlashReason::Downtime,
            "invalid" => SlashReason::Invalid,
            other => panic!("unknown reason `{other}`"),
        };
        let required = amount(case, "required");
        let slashed = account.slash(&params(Decimal::ONE), reason, required, EpochIndex::new(200));
        assert_eq!(slashed.total(), amount(slash, "slashed"), "{case}");
        assert_eq!(account.total(), amount(slash, "left"), "{case}");
    }
}
