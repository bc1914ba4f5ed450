//! Cases of `tests/vectors/schedules/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::schedules::baseline::{FilecoinParams, compute_simple_minted};
use stakeout_protocol::schedules::decay::{DecayParams, compute_emission};
use stakeout_protocol::schedules::ethereum::{compute_base_reward, compute_yearly_issuance};
use stakeout_protocol::schedules::halving::{
    HalvingParams, SupplyHalvingParams, compute_emission_by_supply, compute_supply_before,
};
use stakeout_protocol::schedules::net_emission::{NetEmissionParams, compute_net_emission};
use stakeout_protocol::units::Amount;

pub fn check(file: &str, document: &Value) {
    assert_eq!(file, "totals");
    for case in cases(document) {
        let drop = case.get("drop").and_then(Value::as_u64).unwrap_or(0) as u32;
        let found = compute(case["quantity"].as_str().expect("a quantity")) / 10_i128.pow(drop);
        assert_eq!(
            found.to_string(),
            case["value"].as_str().expect("a value"),
            "{case}"
        );
    }
}

fn compute(quantity: &str) -> i128 {
    let million = |count: u128| count * 10_u128.pow(15);
    let filecoin = FilecoinParams::mainnet();
    let helium = NetEmissionParams::helium();
    let amount = match quantity {
        "bitcoin supply in satoshi" => compute_supply_before(&HalvingParams::bitcoin(), u64::MAX),
        "filecoin simple minting of epoch 0 in attoFIL" => compute_simple_minted(&filecoin, 1),
        "filecoin simple minting of twenty years in attoFIL" => {
            compute_simple_minted(&filecoin, 20 * 1_051_200)
        }
        "ethereum base reward at 30 million in gwei" => return compute_base_reward(million(30)) as i128,
        "ethereum base reward at 1 million in gwei" => return compute_base_reward(million(1)) as i128,
        "ethereum yearly issuance at 34 million in gwei" => compute_yearly_issuance(million(34)),
        "bittensor emission after 15.75 million" => {
            compute_emission_by_supply(&SupplyHalvingParams::bittensor(), Amount::from_gnk(15_750_000))
        }
        "helium re-issue limit of the first epoch" => {
            compute_net_emission(&helium, 0, Amount::from_base_units(1 << 90))
                - compute_net_emission(&helium, 0, Amount::ZERO)
        }
        "io.net first hour" => compute_emission(&DecayParams::io_net(), 0, Amount::ZERO),
        other => panic!("nobody computes {other}"),
    };
    amount.base_units()
}
