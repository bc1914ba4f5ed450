//! `stakeout solve` against attackers that choose: the best values of their own parameters, judged afresh.

use stakeout_engine::observe::run_archive::list_runs;
use stakeout_statistics::sequential::{Boundaries, RatioSteps, audit_sprt};

use crate::support::files::{root, text};
use crate::support::program::Folder;
use crate::support::question::{answer, solve};

fn percent(value: &serde_json::Value) -> f64 {
    let number = value.as_str().and_then(|text| text.strip_suffix(" %"));
    let number = number.and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("{value} is a percentage"))
}

/// A swap saves 0.8 fees and, where it is found, costs eleven: what is gained is in proportion to how much is swapped, so
/// that the best is all below p* = 0.8/(0.95 * 11) = 7.656 % and as little as may be above. Fixed seeds: exact.
#[test]
fn an_attacker_whose_gain_is_linear_swaps_all_below_the_threshold_and_least_above_it() {
    let found = answer(
        "linear",
        "scenarios/sweeps/proof-of-sampling-ring.yaml",
        "set: { population.honest.count: 10, population.ring.count: 1 }\n\
         parameter: { path: protocol.sampling.flat_rate, range: { from: 5 %, to: 12 % } }\n\
         tolerance: 8 %\n\
         attacks:\n  - name: swaps\n    set: { population.ring.strategy: { vouching_ring: { substitute: found-95 } } }\n\
         \x20   tune: { path: population.ring.strategy.vouching_ring.rate, range: { from: 2 %, to: 100 %, scale: log } }\n\
         tuning: { places: 5, replicates: 8, rounds: 1 }\n\
         honest: { population.ring.strategy: honest }\n\
         epsilon: 5 %\nreplicates: { floor: 16, ceiling: 64 }\n",
    );
    let row = &found["linear"][0];
    // All swapped gains 5 % of the honest profit, 586 fees, at 7.58 %; the bracket is 8 % wide.
    let (below, from) = (percent(&row["not below"]), percent(&row["deters from"]));
    assert!(below < 7.88 && 7.28 < from && below > 6.6 && from < 8.4, "{row}");
    let judged = found["The search"].as_array().expect("the search is a list");
    let mut ends = (0, 0);
    for row in judged {
        let (at, tuned) = (percent(&row["parameter"]), percent(&row["tuned to"]));
        if at < 7.0 {
            assert_eq!(tuned, 100.0, "{row}");
            ends.0 += 1;
        } else if at > 8.4 {
            assert_eq!(tuned, 2.0, "{row}");
            ends.1 += 1;
        }
    }
    assert!(ends.0 > 0 && ends.1 > 0, "{judged:?}");
}

/// Facts of the network below in fees: what a swap saves, what an honest answer costs, its answers and its reward.
const SAVED: f64 = 0.8;
const COST: f64 = 8.0 / 9.0;
const RATE: f64 = 0.2;

/// What a swapper of a share `x` gains, as a part of the honest profit, under a sequential test that condemns it for the
/// epoch. A found answer brings no fee. Who is not convicted saves on what it swaps; who is loses its income of the epoch
/// and has paid for what it served. Checks by the exact programme.
fn swappers_gain(x: f64, answers: f64, reward: f64) -> f64 {
    let checks = answers * RATE;
    let ends = Boundaries::upper_only(4.0);
    let audit = audit_sprt(RatioSteps::between(0.05, 0.2), ends, x, Some(checks as u64));
    let honest = answers * (1.0 - COST) + reward;
    let kept = (1.0 - audit.convicted) * (honest + x * answers * (SAVED - RATE));
    let served_until = (audit.mean_answers - checks * (1.0 - audit.convicted)) / RATE;
    (kept - (COST - x * SAVED) * served_until) / honest - 1.0
}

/// Under a sequential test the best share to swap lies inside the range: too little saves nothing, too much is convicted.
#[test]
fn an_attacker_under_a_sequential_test_is_judged_where_theory_says_that_it_does_best() {
    let (demand, seconds) = (4.0, 1000.0 * 5.0);
    let (answers, reward) = (demand * seconds / 11.0, 1.0 / 11.0 / 0.0005);
    let found = answer(
        "sequential",
        "scenarios/sweeps/proof-of-sampling-ring.yaml",
        "set:\n  population.honest.count: 10\n  population.ring.count: 1\n  protocol.dispute.bounty: 0 GNK\n\
         \x20 protocol.geometry.length: 1000 blocks\n\
         \x20 protocol.status: { test: sprt, sprt: { p0: 5 %, p1: 20 %, h: 4 } }\n\
         parameter: { path: protocol.sampling.flat_rate, range: { from: 19 %, to: 20 % } }\n\
         tolerance: 90 %\n\
         attacks:\n  - name: swaps\n    set: { population.ring.strategy: { model_swapper: { substitute: found-100 } } }\n\
         \x20   tune: { path: population.ring.strategy.model_swapper.rate, range: { from: 0.5 %, to: 100 %, scale: log } }\n\
         tuning: { places: 9, replicates: 12, rounds: 2 }\n\
         honest: { population.ring.strategy: honest }\n\
         epsilon: 0.01 %\nreplicates: { floor: 160, ceiling: 160 }\n",
    );
    let judged = found["The search"].as_array().expect("the search is a list");
    let strict = judged
        .iter()
        .find(|row| row["parameter"] == "20 %")
        .expect("the strict end");
    let share = percent(&strict["tuned to"]) / 100.0;
    let gain = |share: f64| swappers_gain(share, answers, reward);
    let most = (0..=200)
        .map(|step| gain(0.005 + 0.0015 * f64::from(step)))
        .fold(f64::NEG_INFINITY, f64::max);
    println!(
        "tuned to {share}: expected {} of {most}, judged {strict}",
        gain(share)
    );
    assert!(share > 0.01 && share < 0.3, "{strict}");
    assert!(gain(share) > 0.9 * most, "{} of {most}: {strict}", gain(share));
    let bound = |key: &str| strict[key].as_f64().expect("a number");
    // Fixed seeds: exact. Were they drawn, 160 replicates would lie 5.2 standard errors off with probability 6e-7 (Student's t,
    // both sides); bounds at 95 % one-sided hold 1.654 of them.
    let error = (bound("to") - bound("gain")) / 1.654;
    assert!(
        (bound("gain") - gain(share)).abs() < 5.2 * error,
        "{} and {strict}",
        gain(share)
    );
}

/// The line names the values that the attacker chose and the replicates that judged it, so that the run shows the gain.
#[test]
#[cfg(unix)]
fn the_line_of_a_tuned_attack_runs_what_was_judged() {
    let found = answer(
        "replayed",
        "scenarios/attacks/model-swap.yaml",
        "parameter: { path: protocol.sampling.flat_rate, range: { from: 1 %, to: 2 % } }\ntolerance: 90 %\n\
         attacks:\n  - name: returns\n    set: { attack.twin: alone, population.mallory.strategy: { whitewasher: { substitute: smaller } } }\n\
         \x20   tune: { path: population.mallory.strategy.whitewasher.rate, range: { from: 1 %, to: 100 %, scale: log } }\n\
         tuning: { places: 3, replicates: 2, rounds: 1 }\n\
         honest: { population.mallory.strategy: honest }\nreplicates: { floor: 6, ceiling: 6 }\n",
    );
    let row = &found["replayed"][0];
    let line = row["replay"].as_str().expect("a line");
    let judged = found["The search"].as_array().expect("the search is a list");
    let open = judged
        .iter()
        .find(|judged| judged["parameter"] == row["not below"])
        .expect("what is not deterred was judged");
    for part in ["--set attack.twin=alone", "whitewasher.rate=", "--replicates 6"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let folder = Folder::new();
    let program = env!("CARGO_BIN_EXE_stakeout");
    let line = line.replacen("stakeout", program, 1);
    let ran = std::process::Command::new("sh")
        .args([
            "-c",
            &format!("{line} --out '{}'", folder.path().join("runs").display()),
        ])
        .current_dir(root())
        .output()
        .expect("a shell runs");
    assert_eq!(
        ran.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let runs = list_runs(&folder.path().join("runs")).expect("the run is kept");
    let twins = text(&runs[0].path.join("comparisons.json"));
    let twins: serde_json::Value = serde_json::from_str(&twins).expect("JSON");
    let twin = &twins["honest_twins"][0];
    let coins = |key: &str| -> f64 {
        let mean = twin[key]["mean"].as_str().expect("money is text");
        mean.parse().expect("a number")
    };
    assert_eq!(twin["gain"]["n"], 6, "{twin}");
    // The mean of the shares, and the share of the means: next to the same where twins earn next to the same.
    let (share, judged) = (
        coins("gain") / coins("honest_profit"),
        open["gain"].as_f64().expect("a share"),
    );
    assert!(
        (share - judged).abs() < 0.02 * judged.abs() + 0.002,
        "{share} and {judged}"
    );
}

/// Counts and ranges on a log scale: what an attacker chooses, a family of the menu and what the question goes across.
#[test]
fn a_range_of_counts_is_searched_in_whole_numbers() {
    let found = answer(
        "counts",
        "scenarios/attacks/model-swap.yaml",
        "set: { population.mallory.strategy: { targeted_swapper: { target: long_answers } } }\n\
         across: { path: population.honest.count, range: { from: 17, to: 20, steps: 3 } }\n\
         parameter: { path: protocol.sampling.flat_rate, range: { from: 1 %, to: 2 % } }\ntolerance: 90 %\n\
         attacks:\n  - name: hugs\n    set: { population.mallory.strategy: { threshold_hugger: { rate: 1 % } } }\n\
         \x20   tune: { path: population.mallory.strategy.threshold_hugger.allowance, range: { from: 1, to: 9, scale: log } }\n\
         \x20 - name: long\n    path: population.mallory.strategy.targeted_swapper.limit\n\
         \x20   range: { from: 1000, to: 1500, steps: 3, scale: log }\n\
         tuning: { places: 9, replicates: 2, rounds: 1 }\n\
         honest: { population.mallory.strategy: honest }\nreplicates: { floor: 2, ceiling: 2 }\n",
    );
    let judged = found["The search"].as_array().expect("the search is a list");
    let cells = |column: &str| -> Vec<&str> {
        let cells = judged.iter().map(|row| row[column].as_str().unwrap_or_default());
        cells.filter(|cell| !cell.is_empty()).collect()
    };
    let tuned = cells("tuned to");
    let is_count = |cell: &&str| cell.parse::<u32>().is_ok_and(|count| (1..=9).contains(&count));
    assert!(!tuned.is_empty() && tuned.iter().all(is_count), "{tuned:?}");
    for (column, told) in [
        ("across", &["17", "18", "20"][..]),
        ("attack", &["hugs", "long 1000", "long 1225", "long 1500"]),
    ] {
        let mut different = cells(column);
        different.sort_unstable();
        different.dedup();
        assert_eq!(different, told, "{column}");
    }
}

/// A misspelt key, a missing range and effort for nothing, each with its place and what was meant.
#[test]
fn what_is_wrong_with_a_tuned_attack_is_told_with_its_place() {
    let folder = Folder::new();
    let network = root().join("scenarios/smoke/two-swappers.yaml");
    let ask = |attack: &str, more: &str| {
        let question = format!(
            "solve: wrong\nscenario: '{}'\nparameter: {{ path: protocol.sampling.flat_rate, range: {{ from: 1 %, to: 100 % }} }}\n\
             honest: {{ population.swapper.strategy: honest }}\n{more}attacks:\n  - {attack}\n",
            network.display()
        );
        solve(&folder, "wrong.yaml", &question, "place").expect(3).err
    };
    let rate = "population.swapper.strategy.model_swapper.rate";
    for (attack, more, told) in [
        (
            format!("{{ name: a, tune: {{ path: {rate}, rnage: {{ from: 1 %, to: 5 % }} }} }}"),
            "",
            ["unknown key `rnage`", "did you mean `range`"],
        ),
        (
            format!("{{ name: a, tune: {{ path: {rate} }} }}"),
            "",
            ["wrong.yaml:6:", "between which values the attacker may choose"],
        ),
        (
            format!("{{ name: a, tnue: {{ path: {rate}, range: {{ from: 1 %, to: 5 % }} }}, set: {{}} }}"),
            "",
            ["unknown key `tnue`", "did you mean `tune`"],
        ),
        (
            format!("{{ name: a, tune: {{ path: {rate}, range: {{ from: 1 %, to: 5 }} }} }}"),
            "",
            ["units", "one unit for both ends"],
        ),
        (
            "{ name: a, set: { population.swapper.strategy: honest } }".to_owned(),
            "tuning: { places: 5 }\n",
            ["no attack with `tune`", "wrong.yaml:5:"],
        ),
        (
            format!("{{ name: a, tune: {{ path: {rate}, range: {{ from: 1 %, to: 5 % }} }} }}"),
            "tuning: { place: 5 }\n",
            ["unknown key `place`", "did you mean `places`"],
        ),
        (
            "{ name: a, tune: { path: population.swapper.strategy.model_swapper.rat, range: { from: 1 %, to: 5 % } } }".to_owned(),
            "",
            ["rat", "did you mean `rate`"],
        ),
    ] {
        let said = ask(&attack, more);
        for part in told {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}
