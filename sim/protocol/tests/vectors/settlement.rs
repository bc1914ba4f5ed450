//! Cases of `tests/vectors/settlement/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::missed_work::passes_missed_work_test;
use stakeout_protocol::settlement::{
    ForfeitsTo, LegacySubsidyParams, RewardParams, RewardRule, SettlementCap, SettlementError,
    SettlementInput, compute_epoch_reward, compute_issuable, compute_legacy_subsidy, settle_epoch,
};
use stakeout_protocol::status::Status;
use stakeout_protocol::units::{Amount, EpochIndex, Fraction, Weight};

fn params() -> RewardParams {
    RewardParams {
        initial: Amount::from_gnk(323_000),
        decay_per_epoch: "0.9995251127946402".parse().unwrap(),
        genesis_epoch: EpochIndex::new(1),
        forfeits_to: ForfeitsTo::Governance,
        power_cap: SettlementCap::ByHosts,
        supply_cap: None,
        rule: RewardRule::Decay,
    }
}

pub fn check(file: &str, document: &Value) {
    for case in cases(document) {
        match file {
            "epoch_reward" | "epoch_reward_mainnet" => {
                let params = decaying_params(case);
                let epoch = EpochIndex::new(1 + integer(case, "epochs_since_genesis") as u32);
                assert_eq!(
                    compute_epoch_reward(&params, epoch),
                    amount(case, "reward"),
                    "{case}"
                );
            }
            "epoch_settlement" => check_settlement(case),
            "mainnet_epoch_56" => check_mainnet(case),
            "legacy_subsidy" => check_subsidy(case),
            _ => unknown("settlement", file),
        }
    }
}

fn decaying_params(case: &Value) -> RewardParams {
    RewardParams {
        initial: amount(case, "initial"),
        decay_per_epoch: decimal(case, "decay"),
        ..params()
    }
}

fn check_settlement(case: &Value) {
    let hosts: Vec<SettlementInput> = array(case, "hosts").iter().map(input).collect();
    let supply_cap = case.get("supply_cap").map(coins);
    let params = RewardParams {
        supply_cap,
        ..params()
    };
    let issued = case.get("issued_before").map_or(Amount::ZERO, coins);
    let reward = compute_issuable(&params, amount(case, "epoch_reward"), issued);
    let settlement = settle_epoch(&params, reward, &hosts);
    for (payout, expected) in settlement.payouts.iter().zip(array(case, "hosts")) {
        assert_eq!(payout.reward, amount(expected, "reward"), "{case}");
        assert_eq!(payout.work_coins, amount(expected, "work_coins"), "{case}");
        let is_error = matches!(payout.error(), Some(SettlementError::NegativeBalance { .. }));
        assert_eq!(is_error, expected.get("error").is_some(), "{case}");
    }
    assert_eq!(settlement.totals.governance, amount(case, "governance"), "{case}");
    assert_eq!(settlement.totals.burned, Amount::ZERO);
}

fn input(host: &Value) -> SettlementInput {
    SettlementInput {
        weight: weight(host, "weight"),
        confirmation_weight: host.get("confirmation").map(|value| Weight::new(whole(value))),
        raw_weight: host
            .get("raw")
            .map_or(Weight::ZERO, |value| Weight::new(whole(value))),
        status: match host.get("status").and_then(Value::as_str) {
            None => Status::Active,
            Some("INVALID") => Status::Invalid,
            Some("INACTIVE") => Status::Inactive,
            Some(other) => panic!("unknown status `{other}`"),
        },
        balance: host.get("balance").map_or(Amount::ZERO, coins),
        passes_missed_test: host.get("missed").is_none_or(|_| passes(host)),
        claims: true,
    }
}

fn passes(host: &Value) -> bool {
    let (served, missed) = (integer(host, "served"), integer(host, "missed"));
    let p0 = Fraction::from_permille(integer(host, "p0_permille") as u32);
    passes_missed_work_test(missed, served + missed, p0).unwrap()
}

fn check_mainnet(case: &Value) {
    let params = RewardParams {
        genesis_epoch: EpochIndex::new(integer(case, "genesis_epoch") as u32),
        ..decaying_params(case)
    };
    let reward = compute_epoch_reward(&params, EpochIndex::new(integer(case, "epoch") as u32));
    assert_eq!(reward, amount(case, "epoch_reward"));
    let host = |weight| SettlementInput {
        weight,
        confirmation_weight: None,
        raw_weight: Weight::ZERO,
        status: Status::Active,
        balance: Amount::ZERO,
        passes_missed_test: true,
        claims: true,
    };
    let hosts: Vec<SettlementInput> = weights(case, "weights").into_iter().map(host).collect();
    let settlement = settle_epoch(&params, reward, &hosts);
    assert_eq!(
        settlement.payouts[integer(case, "host_index") as usize].reward,
        amount(case, "reward")
    );
}

fn check_subsidy(case: &Value) {
    let params = LegacySubsidyParams {
        rate: Fraction::from_percent(90),
        cutoff: Fraction::from_percent(5),
        decrease: Fraction::from_percent(20),
    };
    let (supply, paid) = (amount(case, "supply"), amount(case, "paid_before"));
    let result = compute_legacy_subsidy(
        &params,
        supply,
        paid,
        fraction(case, "rate"),
        amount(case, "work"),
    );
    assert_eq!(result.subsidy, amount(case, "subsidy"), "{case}");
    assert_eq!(
        result.is_cutoff_crossed,
        flag(case, "is_cutoff_crossed"),
        "{case}"
    );
}
