//! `stakeout solve`, `compare`, `game` and `exact`: an answer, and that it does not depend on how it was computed.

use crate::support::program::{Folder, stakeout};

const BASE: &str = "scenario: SCENARIO\nset: { until: 300 blocks, protocol.rewards.initial: 100 GNK, hardware.h100.cost: 400 GNK/h }\n";

fn file(folder: &Folder, name: &str, rest: &str) -> String {
    let scenario = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/smoke/two-swappers.yaml");
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
        each: true\n\
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
    // A menu of one attack is that attack.
    let whole = &answer["floor"][1];
    assert_eq!(
        (&row["menu"], &whole["menu"]),
        (&"bold".into(), &"whole menu".into())
    );
    assert_eq!(row["deters from"], whole["deters from"]);
    // A host that always swaps is convicted when everything is checked, and loses its reward.
    assert!(row["deters from"].is_string(), "{row}");
    let judged = answer["The search"].as_array().expect("the search is a list");
    assert_eq!(
        (judged[0]["parameter"].as_str(), judged[0]["verdict"].as_str()),
        (Some("100 %"), Some("deterred"))
    );
    assert_eq!(judged[0]["menu verdict"], "deterred");
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
    for part in [
        "seems to be a sweep",
        "`stakeout sweep scenarios/sweeps/sampling-floor.yaml` takes it",
    ] {
        assert!(mistake.err.contains(part), "{}", mistake.err);
    }
    assert!(!mistake.err.contains("unknown key"), "{}", mistake.err);
}

/// The closed form's p* = s/(d (F + S)) with s 0.8, d 0.95, F 1 and a forfeit of S fees.
#[test]
fn the_cheapest_combination_is_that_of_the_closed_form() {
    let folder = Folder::new();
    let network =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/sweeps/proof-of-sampling-ring.yaml");
    let question = format!(
        "solve: floor-and-forfeit\nscenario: '{}'\n\
         set: {{ population.honest.count: 10, population.ring.count: 1 }}\n\
         parameter: {{ path: protocol.sampling.flat_rate, range: {{ from: 1 %, to: 40 %, scale: log }} }}\n\
         tolerance: 30 %\n\
         across:\n  name: forfeit in fees\n  levels:\n\
         \x20   - {{ name: '2.5', set: {{ protocol.dispute.bounty: 0.00125 GNK }} }}\n\
         \x20   - {{ name: '20', set: {{ protocol.dispute.bounty: 0.01 GNK }} }}\n\
         \x20   - {{ name: '160', set: {{ protocol.dispute.bounty: 0.08 GNK }} }}\n\
         cheapest: {{ figures: {{ checked_share: 1 }}, levels: [0.00375, 0.03, 0.24] }}\n\
         attacks:\n  - {{ name: swaps, set: {{ population.ring.strategy: {{ vouching_ring: {{ substitute: found-95 }} }} }} }}\n\
         honest: {{ population.ring.strategy: honest }}\n\
         epsilon: 0.01 %\nreplicates: {{ floor: 8, ceiling: 16 }}\n",
        network.display()
    );
    let file = folder.write("forfeit.yaml", &question).display().to_string();
    let place = out(&folder, "place");
    let answer = stakeout(["solve", &file, "--out", &place, "--format", "json"])
        .expect(0)
        .json();
    let percent = |value: &serde_json::Value| -> f64 {
        let text = value.as_str().and_then(|text| text.strip_suffix(" %"));
        text.and_then(|number| number.parse().ok()).expect("a percentage")
    };
    let rows = answer["floor-and-forfeit"].as_array().expect("a row a level");
    // 0.8/(0.95 * 3.5) and 0.8/(0.95 * 21); at 161 every rate of the range deters.
    for (row, exact) in rows.iter().zip([24.06, 4.01]) {
        let (below, from) = (percent(&row["not below"]), percent(&row["deters from"]));
        assert!(below < exact && exact < from, "{exact} and {row}");
    }
    assert_eq!(percent(&rows[2]["deters from"]), 1.0);
    // p* + 0.0015 S is least at S = sqrt(s/(0.0015 d)) - F = 22.7: the level at 20, and surely so.
    let cheapest = answer["The cheapest combination"]
        .as_array()
        .expect("a row a level");
    let verdicts: Vec<_> = cheapest
        .iter()
        .map(|row| (row["across"].as_str(), row["cheapest"].as_str()))
        .collect();
    assert_eq!(verdicts[1], (Some("20"), Some("yes")), "{cheapest:?}");
    for other in [&cheapest[0], &cheapest[2]] {
        assert!(
            other["more from"].as_f64().is_some_and(|more| more > 0.0),
            "{other}"
        );
    }
}

#[test]
fn a_comparison_pairs_replicates_and_says_what_differs() {
    let shown = stakeout([
        "compare",
        "scenarios/smoke/two-swappers.yaml",
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
    stakeout(["compare", "scenarios/smoke/two-swappers.yaml"]).expect(2);
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

fn game(folder: &Folder, name: &str) -> serde_json::Value {
    let path = format!("scenarios/sweeps/{name}.yaml");
    stakeout(["game", &path, "--out", &out(folder, name), "--format", "json"])
        .expect(0)
        .json()
}

fn number(row: &serde_json::Value, column: &str) -> f64 {
    row[column]
        .as_f64()
        .unwrap_or_else(|| panic!("{column} of {row}"))
}

#[test]
fn known_games_come_out_at_the_command_line() {
    let folder = Folder::new();
    let hawks = game(&folder, "hawk-dove");
    let shares: Vec<f64> = hawks["Equilibria"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| number(row, "first: hawk"))
        .filter(|share| *share > 0.0 && *share < 1.0)
        .collect();
    assert!(
        matches!(shares[..], [share] if (share - 2.0 / 3.0).abs() < 1e-9),
        "{shares:?}"
    );
    for rest in hawks["Where the replicator dynamics end"]
        .as_array()
        .expect("a list")
    {
        assert!((number(rest, "hawk") - 2.0 / 3.0).abs() < 1e-3, "{rest}");
    }
    let inspection = game(&folder, "inspection");
    let found = inspection
        .as_array()
        .unwrap_or_else(|| inspection["Equilibria"].as_array().expect("a list"));
    assert_eq!(found.len(), 1);
    assert!(
        (number(&found[0], "second: inspect") - 0.8 / 10.8).abs() < 1e-9,
        "{found:?}"
    );
    assert!(
        (number(&found[0], "first: violate") - 0.05).abs() < 1e-9,
        "{found:?}"
    );
    for row in game(&folder, "rock-paper-scissors")
        .as_object()
        .expect("tables")
        .iter()
        .filter(|(title, _)| title.starts_with("Long-run"))
        .flat_map(|(_, rows)| rows.as_array().expect("a list"))
    {
        assert!((number(row, "share") - 1.0 / 3.0).abs() < 1e-9, "{row}");
    }
}

/// What Gambit's manual says of a strategic game in payoff form, and nothing more: a prologue of quoted names, then a number a
/// player and outcome, the first player's strategy fastest.
struct Strategic {
    players: usize,
    strategies: Vec<Vec<String>>,
    payoffs: Vec<f64>,
}

fn read_strategic(text: &str) -> Strategic {
    let rest = text
        .strip_prefix("NFG 1 R ")
        .expect("the format and its version come first");
    let mut words: Vec<String> = Vec::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => words.push(format!(
                "\"{}",
                characters.by_ref().take_while(|c| *c != '"').collect::<String>()
            )),
            '{' | '}' => words.push(character.to_string()),
            c if c.is_whitespace() => {}
            c => {
                let more: String = characters.by_ref().take_while(|c| !c.is_whitespace()).collect();
                words.push(format!("{c}{more}"));
            }
        }
    }
    let mut words = words.into_iter().peekable();
    assert!(
        words.next().is_some_and(|title| title.starts_with('"')),
        "the title"
    );
    assert_eq!(words.next().as_deref(), Some("{"));
    let players = words.by_ref().take_while(|word| word != "}").count();
    assert_eq!(words.next().as_deref(), Some("{"));
    let mut strategies = Vec::new();
    while words.next().as_deref() == Some("{") {
        let names = words.by_ref().take_while(|word| word != "}");
        strategies.push(names.map(|name| name[1..].to_string()).collect::<Vec<_>>());
    }
    let payoffs: Vec<f64> = words
        .map(|word| word.parse().expect("a payoff is a number"))
        .collect();
    assert_eq!(strategies.len(), players);
    let outcomes: usize = strategies.iter().map(Vec::len).product();
    assert_eq!(payoffs.len(), outcomes * players);
    Strategic {
        players,
        strategies,
        payoffs,
    }
}

#[test]
fn another_reader_finds_every_payoff_of_the_gambit_file_where_it_belongs() {
    let folder = Folder::new();
    game(&folder, "inspection");
    let text =
        std::fs::read_to_string(folder.path().join("inspection/game.nfg")).expect("the export is written");
    let read = read_strategic(&text);
    assert_eq!(read.players, 2);
    assert_eq!(read.strategies, [["violate", "comply"], ["inspect", "trust"]]);
    // Outcome (row, column) is at column * rows + row; violate against inspect, comply against inspect, and so on.
    assert_eq!(read.payoffs, [-10.0, 0.8, 0.0, -0.2, 0.8, -3.0, 0.0, 0.0]);
    let mine = "game: grows\nplayers: 4\nreduced: 4\nplayer: { weight: 100, models: Qwen3-32B, hardware: h100 }\n\
        strategies:\n  - { name: honest, strategy: honest }\n\
        candidates:\n  - { name: bold, strategy: { model_swapper: { rate: 100 % } } }\n  - { name: idle, strategy: free_rider }\n\
        replicates: 2\n";
    let path = file(&folder, "grows.yaml", mine);
    let tables = stakeout(["game", &path, "--out", &out(&folder, "grows"), "--format", "json"])
        .expect(0)
        .json();
    // Nothing checks whether a host serves at all here, so not serving joins; a bold swapper is convicted.
    let rounds = tables["Best responses"].as_array().expect("rounds are a list");
    let joined: Vec<&str> = rounds
        .iter()
        .filter(|row| row["joins"] == "joins")
        .filter_map(|row| row["candidate"].as_str())
        .collect();
    assert_eq!(joined, ["idle"], "{rounds:?}");
    let text = std::fs::read_to_string(folder.path().join("grows/game.nfg")).expect("the export is written");
    let read = read_strategic(&text);
    assert_eq!(
        (read.players, read.strategies[3].as_slice()),
        (4, ["honest".to_string(), "idle".to_string()].as_slice())
    );
    // All four honest is the first outcome, and the unit of the payoffs is what each then earns.
    let first = read.payoffs[..4].iter().sum::<f64>() / 4.0;
    assert!((first - 1.0).abs() < 1e-9, "{first}");
}

/// Runs where Python has pygambit; elsewhere the reader above stands alone (docs/experiments.md has what Gambit said).
#[test]
fn gambit_itself_reads_the_export_and_finds_the_same_equilibria_and_regrets() {
    let tool = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/check_gambit.py");
    let games = ["hawk-dove", "inspection", "rock-paper-scissors"];
    let found = std::process::Command::new("python3")
        .arg(tool)
        .arg(env!("CARGO_BIN_EXE_stakeout"))
        .args(games.map(|name| format!("scenarios/sweeps/{name}.yaml")))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let Ok(found) = found else {
        eprintln!("no Python: Gambit was not asked");
        return;
    };
    let said = String::from_utf8_lossy(&found.stdout);
    match found.status.code() {
        Some(77) => eprintln!("{said}"),
        code => assert_eq!(code, Some(0), "{said}{}", String::from_utf8_lossy(&found.stderr)),
    }
}

#[test]
fn a_phase_diagram_has_a_row_a_combination() {
    let folder = Folder::new();
    let question = "game: phases\nplayers: 3\nreduced: 3\nplayer: { weight: 100, models: Qwen3-32B, hardware: h100 }\n\
        strategies:\n  - { name: honest, strategy: honest }\n  - { name: idle, strategy: free_rider }\n\
        across:\n  - { path: protocol.missed_work.enabled, values: [true, false] }\n  - { path: demand.rate, values: [0.5 /s, 1 /s] }\n\
        replicates: 2\n";
    let path = file(&folder, "phases.yaml", question);
    let rows = stakeout([
        "game",
        &path,
        "--out",
        &out(&folder, "phases"),
        "--format",
        "json",
    ])
    .expect(0)
    .json();
    let rows = rows
        .as_array()
        .unwrap_or_else(|| rows["Who survives"].as_array().expect("a list"))
        .clone();
    let survivors: Vec<&str> = rows.iter().filter_map(|row| row["survivors"].as_str()).collect();
    assert_eq!(survivors, ["honest", "honest", "idle", "idle"], "{rows:?}");
}

/// Proof of sampling with a ring that has three tenths of the checks: swapping loses from s/(d (1 - r)(F + S)) =
/// 0.8/(0.95 * 0.7 * 11) = 10.936 % on. Fixed seeds; both ends of the bracket lie within 0.3 points.
#[test]
fn the_threshold_of_proof_of_sampling_is_found_in_the_network_within_three_tenths_of_a_point() {
    let folder = Folder::new();
    let shipped = std::fs::read_to_string("scenarios/sweeps/proof-of-sampling.yaml").expect("it is shipped");
    let kept = |line: &&str| {
        let other_levels = ["name: \"0\"", "name: \"0.1\"", "name: \"0.5\""];
        !other_levels.iter().any(|level| line.contains(level))
    };
    let scenario =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/sweeps/proof-of-sampling-ring.yaml");
    let question: Vec<&str> = shipped.lines().filter(kept).collect();
    let question = question.join("\n").replace(
        "proof-of-sampling-ring.yaml",
        &format!("'{}'", scenario.display()),
    );
    let path = folder.write("threshold.yaml", &question).display().to_string();
    let answer = stakeout([
        "solve",
        &path,
        "--out",
        &out(&folder, "found"),
        "--format",
        "json",
    ])
    .expect(0)
    .json();
    let row = &answer["proof-of-sampling"][0];
    for end in ["deters from", "not below"] {
        let text = row[end]
            .as_str()
            .unwrap_or_default()
            .trim_end_matches(" %")
            .to_string();
        let found: f64 = text.parse().unwrap_or_else(|_| panic!("{end} of {row}"));
        assert!((found - 10.936).abs() < 0.3, "{end}: {found}");
    }
}
