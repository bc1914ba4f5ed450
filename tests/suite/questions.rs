//! What a question for `stakeout solve` is about: a folder that holds another one, an edited scenario, the twin that is asked
//! for.

use std::path::Path;

use crate::support::files::{root, text};
use crate::support::program::{Folder, stakeout};
use crate::support::question::{answer, solve};

/// An attack that only chooses leaves its strategy to the scenario's file: that another one stands there makes another
/// question, and an end of what may be chosen that no scenario takes is refused before anything is written.
#[test]
fn a_question_about_a_scenario_that_was_edited_is_another_one() {
    let folder = Folder::new();
    let network = text(&root().join("scenarios/attacks/model-swap.yaml"));
    let with = |strategy: &str| {
        let edited = network.replace("strategy: model_swapper", &format!("strategy: {strategy}"));
        assert_ne!(edited, network);
        folder.write("network.yaml", &edited);
    };
    let ask = |to: &str, place: &str| {
        let question = format!(
            "solve: edited\nscenario: network.yaml\n\
             parameter: {{ path: protocol.sampling.flat_rate, range: {{ from: 1 %, to: 2 % }} }}\ntolerance: 90 %\n\
             attacks:\n  - name: swaps\n\
             \x20   tune: {{ path: population.mallory.strategy.model_swapper.rate, range: {{ from: 1 %, to: {to} }} }}\n\
             tuning: {{ places: 2, replicates: 1, rounds: 0 }}\n\
             honest: {{ population.mallory.strategy: honest }}\nreplicates: {{ floor: 2, ceiling: 2 }}\n"
        );
        solve(&folder, "edited.yaml", &question, place)
    };
    with("{ model_swapper: { substitute: smaller } }");
    ask("100 %", "place").expect(0);
    ask("100 %", "place").expect(0);
    with("{ model_swapper: { substitute: int4 } }");
    let refused = ask("100 %", "place").expect(4).err;
    assert!(refused.contains("holds another plan"), "{refused}");
    ask("101 %", "free").expect(3);
    assert!(!folder.path().join("free/plan.json").exists());
}

#[test]
fn a_folder_with_another_question_or_game_is_refused_with_the_way_out() {
    let folder = Folder::new();
    let network = root().join("scenarios/attacks/model-swap.yaml");
    let question = |name: &str, tolerance: &str| {
        let text = format!(
            "# why\nsolve: floor\nscenario: '{}'\n\
             parameter: {{ path: protocol.sampling.flat_rate, range: {{ from: 1 %, to: 100 %, scale: log }} }}\n\
             tolerance: {tolerance}\n\
             attacks:\n  - {{ name: bold, set: {{ population.mallory.strategy: {{ model_swapper: {{ rate: 100 % }} }} }} }}\n\
             honest: {{ population.mallory.strategy: honest }}\nreplicates: {{ floor: 2, ceiling: 2 }}\n",
            network.display()
        );
        folder.write(name, &text).display().to_string()
    };
    let place = folder.path().join("place").display().to_string();
    let (first, second) = (question("first.yaml", "90 %"), question("second.yaml", "80 %"));
    stakeout(["solve", &first, "--out", &place]).expect(0);
    let kept = text(&folder.path().join("place/frontier.csv"));
    stakeout(["solve", &first, "--out", &place]).expect(0);
    let refused = stakeout(["solve", &second, "--out", &place]).expect(4).err;
    for part in ["holds another plan", "--extend", "--out"] {
        assert!(refused.contains(part), "{refused}");
    }
    assert_eq!(text(&folder.path().join("place/frontier.csv")), kept);
    // A question that cannot be asked takes no folder.
    let wrong = question("wrong.yaml", "70 %");
    let spelt = text(Path::new(&wrong)).replace("rate: 100 %", "rat: 100 %");
    folder.write("wrong.yaml", &spelt);
    let free = folder.path().join("free");
    stakeout(["solve", &wrong, "--out", &free.display().to_string()]).expect(3);
    assert!(!free.join("plan.json").exists());
    // The other kinds refuse it, too, and are refused by it.
    let game = |payoff: &str| {
        let text = format!("game: floor\nstrategies: [a, b]\npayoffs: [[{payoff}, 2], [3, 1]]\n");
        folder
            .write(&format!("game-{payoff}.yaml"), &text)
            .display()
            .to_string()
    };
    stakeout(["game", &game("0"), "--out", &place]).expect(4);
    stakeout(["sweep", "scenarios/sweeps/sampling-floor.yaml", "--out", &place]).expect(4);
    stakeout(["solve", &second, "--out", &place, "--extend"]).expect(0);
    stakeout(["solve", &first, "--out", &place]).expect(4);
    let games = folder.path().join("games").display().to_string();
    stakeout(["game", &game("0"), "--out", &games]).expect(0);
    let refused = stakeout(["game", &game("5"), "--out", &games]).expect(4).err;
    assert!(refused.contains("--extend"), "{refused}");
    stakeout(["game", &game("5"), "--out", &games, "--extend"]).expect(0);
}

/// An attacker that goes by one name at a time has the hardware of one host; its twin is one honest host, as `attacks` has it.
#[test]
fn a_question_judges_against_the_twin_that_its_scenario_asks_for() {
    let ask = |twin: &str| {
        let found = answer(
            "names",
            "scenarios/attacks/model-swap.yaml",
            &format!(
                "parameter: {{ path: protocol.sampling.flat_rate, range: {{ from: 1 %, to: 2 % }} }}\ntolerance: 90 %\n\
                 attacks:\n  - {{ name: returns, set: {{ {twin}population.mallory.strategy: {{ whitewasher: {{ rate: 1 ppm }} }} }} }}\n\
                 honest: {{ population.mallory.strategy: honest }}\nreplicates: {{ floor: 2, ceiling: 2 }}\n"
            ),
        );
        found["The search"][0]["gain"].as_f64().expect("a gain")
    };
    // It swaps next to nothing: beside one honest host it gains nothing, beside two it has lost half.
    assert!(
        ask("attack.twin: alone, ").abs() < 0.02,
        "{}",
        ask("attack.twin: alone, ")
    );
    assert!(ask("") < -0.4);
}
