//! Epoch 56 of the real network: what its record says, the simulation gives.
//!
//! Replicates of the recorded trace under the network's own parameters. The draws are fixed by the scenario's
//! seed, so the test cannot fail by chance; the intervals hold 99.9 % of single runs.

use serde_json::Value;

use crate::support::program::{Folder, command, finish};

/// Hosts with fewer inferences have counts too small to say much.
const INFERENCES_MIN: u64 = 300;

fn result() -> Value {
    let folder = Folder::new();
    let mut run = command();
    run.args([
        "run",
        "scenarios/networks/gonka-mainnet-epoch56.yaml",
        "--format",
        "json",
        "--out",
    ])
    .arg(folder.path());
    finish(run).expect(0).json()
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn the_recorded_epoch_comes_out_of_its_parameters() {
    let result = result();
    let recorded = &result["recorded"];

    for height in recorded["heights"].as_array().expect("heights") {
        assert_eq!(height["simulated"], height["recorded"], "{height}");
    }

    let participants = result["participants"].as_array().expect("participants");
    assert_eq!(participants.len(), 26);
    let h03 = participants.iter().find(|host| host["id"] == "h03").expect("h03");
    assert_eq!(h03["weight"], 37778);
    assert_eq!(h03["reward"], "38627452617213");
    assert!(
        participants.iter().all(|host| host["work_coins"] == "0"),
        "the price was 0 until epoch 90"
    );

    for group in recorded["requests_by_weight"].as_array().expect("groups") {
        assert!(
            number(&group["p_value"]) > 0.001,
            "requests do not follow weight: {group}"
        );
    }

    let mut outside = Vec::new();
    for host in recorded["hosts"].as_array().expect("hosts") {
        let figures = host["figures"].as_array().expect("figures");
        let inferences = figures.iter().find(|figure| figure["figure"] == "inferences");
        if inferences.is_none_or(|figure| number(&figure["recorded"]) < INFERENCES_MIN as f64) {
            continue;
        }
        for figure in figures {
            let (low, high) = (number(&figure["interval"][0]), number(&figure["interval"][1]));
            let recorded = number(&figure["recorded"]);
            if recorded < low || recorded > high {
                outside.push(format!("{} {}", host["id"], figure["figure"]));
            }
        }
    }
    assert_eq!(outside, ["\"h01\" \"validated\""], "h01 alone deviates");

    let explained = &result["shorter_histories"];
    assert_eq!(explained.as_array().map(Vec::len), Some(1), "{explained}");
    let fitting = number(&explained[0]["fitting_epochs"]);
    assert!(
        (18.0..=24.0).contains(&fitting),
        "about 21 stored epochs explain h01, found {fitting}"
    );
    assert!(
        number(&explained[0]["with_fitting"]["z"]).abs() < 3.3,
        "{explained}"
    );
}
