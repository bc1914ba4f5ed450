//! `stakeout solve`, `compare`, `game` and `exact`: an answer, and that it does not depend on how it was computed.

use crate::support::program::{Folder, stakeout};

const BASE: &str = "scenario: SCENARIO\nset: { until: 300 blocks, protocol.rewards.initial: 100 GNK, hardware.h100.cost: 400 GNK/h }\n";

fn file(folder: &Folder, name: &str, rest: &str) -> String {
    let scenario = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/smoke/first.yaml");
    let base = BASE.replace("SCENARIO", &format!("'{}'", scenario.display()));
    folder.write(name, &format!("{base}{rest}")).display().to_string()
}

fn out(folder: &Folder, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

#[test]
fn the_cheapest_rule_is_a_bracket_with_its_binding_attack_and_a_line_that_replays_it() {
    let folder = Folder::new();
    let question = "solve: floor\n\
        parameter: { path: protocol.sampling.flat_rate, range: { from: 1 %, to: 100 %, scale: log } }\n\
        tolerance: 60 %\n\
        attacks:\n  - { name: bold, set: { population.swapper.strategy: { model_swapper: { rate: 100 % } } } }\n\
        honest: { population.swapper.strategy: honest }\n\
        replicates: { floor: 3, ceiling: 6 }\n";
    let file = file(&folder, "floor.yaml", question);
    let (one, two) = (out(&folder, "one"), out(&folder, "two"));
    let first = stakeout([
        "solve",
        &file,
        "--out",
        &one,
        "--threads",
        "1",
        "--format",
        "json",
    ])
    .expect(0);
    let answer = first.json();
    let row = &answer["floor"][0];
    assert!(
        row["replay"]
            .as_str()
            .is_some_and(|line| line.starts_with("stakeout run ")),
        "{row}"
    );
    assert_eq!(row["binding attack"], "bold");
    // A host that always swaps is convicted when everything is checked, and loses its reward.
    assert!(row["deters from"].is_string(), "{row}");
    let judged = answer["The search"].as_array().expect("the search is a list");
    assert_eq!(
        (judged[0]["parameter"].as_str(), judged[0]["verdict"].as_str()),
        (Some("100 %"), Some("deterred"))
    );
    let second = stakeout([
        "solve",
        &file,
        "--out",
        &two,
        "--threads",
        "2",
        "--format",
        "json",
    ])
    .expect(0);
    assert_eq!(first.out, second.out);
    let mistake = stakeout(["solve", "scenarios/sweeps/sampling-floor.yaml"]).expect(3);
    assert!(mistake.err.contains("every question gives it"), "{}", mistake.err);
}

#[test]
fn a_comparison_pairs_replicates_and_says_what_differs() {
    let shown = stakeout([
        "compare",
        "scenarios/smoke/first.yaml",
        "--with",
        "protocol.sampling.flat_rate=60 %",
        "--set",
        "until=300 blocks",
        "--replicates",
        "4",
        "--figures",
        "checked_share,requests,verification_overhead",
        "--format",
        "json",
    ])
    .expect(0);
    let rows = shown.json();
    let rows = rows.as_array().expect("a table is a list");
    // Requests are the same in both arms, draw by draw, so there is nothing to say about them.
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows[0]["figure"], "checked_share");
    assert_eq!(rows[0]["verdict"], "second is higher");
    assert!(shown.err.contains("common random numbers"), "{}", shown.err);
    stakeout(["compare", "scenarios/smoke/first.yaml"]).expect(2);
}

#[test]
fn a_game_has_payoffs_rests_and_ranks() {
    let folder = Folder::new();
    let game = "game: two\nplayers: 4\nreduced: 2\nplayer: { weight: 100, models: Qwen3-32B, hardware: h100 }\n\
        strategies:\n  - { name: honest, strategy: honest }\n  - { name: bold, strategy: { model_swapper: { rate: 100 % } } }\n\
        replicates: 2\n";
    let file = file(&folder, "two.yaml", game);
    let shown = stakeout(["game", &file, "--out", &out(&folder, "place"), "--format", "json"]).expect(0);
    let tables = shown.json();
    let payoffs = tables["Payoffs"].as_array().expect("payoffs are a list");
    // (0, 2), (1, 1) twice, (2, 0): in the full game 4 bold; 1 honest with 3 bold; 3 honest with 1 bold; 4 honest.
    assert_eq!(payoffs.len(), 4, "{payoffs:?}");
    assert!(
        payoffs[3]["earns"]
            .as_f64()
            .is_some_and(|earned| (earned - 1.0).abs() < 1e-12)
    );
    let nfg = std::fs::read_to_string(folder.path().join("place/game.nfg")).expect("the export is written");
    assert!(nfg.starts_with("NFG 1 R \"two\""), "{nfg}");
}

#[test]
fn exact_error_rates_are_those_of_the_reference() {
    let shown = stakeout([
        "exact", "sprt", "--fails", "5,10", "--checks", "1000", "--format", "json",
    ])
    .expect(0);
    let rows = shown.json();
    let convicted = |row: usize| rows[row]["in 1000 checks"].as_f64().expect("a number");
    assert!(
        (convicted(0) - 0.011_361_7).abs() < 1e-6 && (convicted(1) - 0.507_46).abs() < 1e-5,
        "{rows}"
    );
    assert!(shown.err.contains("11.029 %"), "{}", shown.err);
    stakeout(["exact", "sprt", "--p0", "30", "--p1", "20"]).expect(2);
    let z = stakeout(["exact", "z", "--fails", "5", "--checks", "100", "--format", "csv"]).expect(0);
    assert!(z.out.contains("0.448"), "{}", z.out);
    for test in ["streak", "cusum"] {
        stakeout(["exact", test, "--checks", "50"]).expect(0);
    }
}
