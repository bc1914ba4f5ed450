//! Cases of `tests/vectors/geometry/`.

use super::read::*;
use serde_json::Value;
use stakeout_protocol::geometry::{EpochParams, EpochStages, compute_poc_start, compute_stages};
use stakeout_protocol::units::{EpochIndex, Height};

fn params(case: &Value) -> EpochParams {
    let params = field(case, "params");
    EpochParams {
        length: integer(params, "length"),
        shift: integer(params, "shift") as i64,
        poc_stage: integer(params, "poc_stage"),
        poc_exchange: integer(params, "poc_exchange"),
        poc_validation_delay: integer(params, "poc_validation_delay"),
        poc_validation_duration: integer(params, "poc_validation_duration"),
        set_new_validators_delay: integer(params, "set_new_validators_delay"),
        activation_delay: 2,
        inference_validation_cutoff: 0,
    }
}

pub fn check(file: &str, document: &Value) {
    for case in cases(document) {
        match file {
            "stages" => check_offsets(case),
            "windows" => check_windows(case),
            "mainnet_clock" => {
                let params = EpochParams::mainnet_live();
                let start =
                    compute_poc_start(&params, EpochIndex::new(integer(case, "epoch") as u32)).unwrap();
                let stages = compute_stages(&params, start);
                assert_eq!(start, height(case, "poc_start"), "{case}");
                assert_eq!(
                    stages.set_new_validators,
                    height(case, "set_new_validators"),
                    "{case}"
                );
                assert_eq!(stages.activation, height(case, "activation"), "{case}");
            }
            _ => unknown("geometry", file),
        }
    }
}

fn check_offsets(case: &Value) {
    let params = params(case);
    let start = compute_poc_start(&params, EpochIndex::new(1)).unwrap();
    assert_eq!(start, height(case, "first_poc_start"), "{case}");
    let stages = compute_stages(&params, start);
    let offsets = field(case, "offsets").as_object().unwrap();
    for (name, offset) in offsets {
        assert_eq!(
            stage(&stages, name),
            start.plus(whole(offset)),
            "{name} in {case}"
        );
    }
}

fn stage(stages: &EpochStages, name: &str) -> Height {
    match name {
        "poc_wind_down" => stages.poc_wind_down,
        "poc_end" => stages.poc_end,
        "exchange_deadline" => stages.exchange_deadline,
        "validation_start" => stages.validation_start,
        "validation_wind_down" => stages.validation_wind_down,
        "validation_end" => stages.validation_end,
        "set_new_validators" => stages.set_new_validators,
        "claim" => stages.claim,
        _ => panic!("unknown stage `{name}`"),
    }
}

fn check_windows(case: &Value) {
    let stages = compute_stages(&params(case), height(case, "poc_start"));
    assert_eq!(stages.next_poc_start, height(case, "next_poc_start"), "{case}");
    if case.get("snapshot_window").is_some() {
        let snapshot = stages.delegation_snapshot(integer(case, "snapshot_window"));
        assert_eq!(
            snapshot.map(Height::get),
            integer_or_none(case, "snapshot"),
            "{case}"
        );
    }
    if case.get("height").is_some() {
        let is_inside = stages.is_validation_exchange_window(height(case, "height"));
        assert_eq!(is_inside, flag(case, "is_validation_exchange_window"), "{case}");
    }
}
