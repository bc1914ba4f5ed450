//! What a newcomer tripped on: patterns, names half remembered, arms that are the same, files of another kind.

use crate::support::files::root;
use crate::support::program::{Folder, command, finish, stakeout};

/// A results folder with two runs of the first scenario, cut short, the second of them written last.
fn two_runs() -> Folder {
    let folder = Folder::new();
    for seed in ["7", "8"] {
        let mut run = command();
        run.arg("run")
            .arg(root().join("scenarios/first.yaml"))
            .args(["--until", "300 blocks", "--no-twins", "--seed", seed])
            .current_dir(folder.path());
        finish(run).expect(0);
    }
    folder
}

#[test]
fn latest_is_the_run_that_was_written_last_and_a_pattern_that_matched_two_is_told_so() {
    let folder = two_runs();
    let asked = |arguments: &[&str]| {
        let mut asked = command();
        asked.args(arguments).current_dir(folder.path());
        finish(asked)
    };
    let page = asked(&["report", "latest"]).expect(0).out;
    assert!(page.trim().ends_with("seed-8/report.html"), "{page}");
    let group = std::fs::read_dir(folder.path().join("runs"))
        .expect("a results folder")
        .next();
    let group = group.expect("a run").expect("a folder").path();
    let [one, two] = ["seed-7", "seed-8"].map(|seed| group.join(seed).display().to_string());
    let refused = asked(&["report", &one, &two]).expect(2).err;
    assert!(
        refused.contains("write `latest`") && refused.contains(&two),
        "{refused}"
    );
    let refused = asked(&["report", "runs"]).expect(3).err;
    assert!(refused.contains("a folder of runs"), "{refused}");
    let missing = asked(&["report", "elsewhere/latest"]);
    assert_ne!(missing.code, 0, "{}", missing.err);
}

#[test]
fn the_table_of_hosts_says_which_test_convicted_each_and_coins_are_gnk() {
    let folder = Folder::new();
    let out = folder.path().display().to_string();
    let shown = stakeout(["run", "scenarios/first.yaml", "--no-twins", "--out", &out])
        .expect(0)
        .out;
    assert!(shown.contains("convicted by"), "{shown}");
    let tests = ["consecutive failures", "statistical invalidations"];
    let convicted = |line: &&str| {
        line.starts_with("swapper-00") && tests.iter().any(|test| line.trim_end().ends_with(test))
    };
    assert_eq!(shown.lines().filter(convicted).count(), 2, "{shown}");
    assert!(
        shown.contains("Profit by strategy (GNK)") && !shown.contains("base units"),
        "{shown}"
    );
}

#[test]
fn two_arms_that_are_the_same_scenario_are_refused() {
    let refused = stakeout([
        "compare",
        "scenarios/first.yaml",
        "--with",
        "protocol.sampling.flat_rate=5 %",
    ]);
    let refused = refused.expect(2).err;
    assert!(refused.contains("both arms are the same scenario"), "{refused}");
}

#[test]
fn a_name_half_remembered_is_answered_with_those_that_resemble_it() {
    for (arguments, offered) in [
        (&["validate", "--only", "posp"][..], "posp-threshold"),
        (&["worlds", "btcoin"], "bitcoin"),
        (&["attacks", "laundrer"], "launderer"),
    ] {
        let refused = stakeout(arguments.iter().copied()).expect(2).err;
        assert!(refused.contains(&format!("`{offered}`")), "{refused}");
        assert!(
            refused.lines().count() < 4 && !refused.contains("checking"),
            "{refused}"
        );
    }
}

#[test]
fn a_calibration_that_is_run_is_called_a_calibration() {
    let refused = stakeout(["run", "scenarios/calibration/demo-large.yaml"])
        .expect(3)
        .err;
    assert!(refused.contains("no scenario but a calibration"), "{refused}");
}

#[test]
fn the_pictures_that_there_are_can_be_listed_in_every_form() {
    let folder = two_runs();
    let asked = |arguments: &[&str]| {
        let mut asked = command();
        asked.args(["plot", "latest"]).args(arguments);
        asked.current_dir(folder.path());
        finish(asked)
    };
    let listed = asked(&["--list", "--format", "json"]).expect(0).json();
    let names: Vec<_> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["name"])
        .collect();
    assert!(names.iter().any(|name| *name == "flow"), "{listed}");
    let table = asked(&["--list"]).expect(0).out;
    assert!(table.contains("Pictures") && table.contains("flow"), "{table}");
    asked(&["--picture", "flow", "-o", "x.svg", "--format", "json"]).expect(2);
}

#[test]
fn a_shipped_file_that_is_asked_for_elsewhere_is_told_where_it_lies() {
    let folder = Folder::new();
    for arguments in [
        ["solve", "scenarios/sweeps/cheapest-floor.yaml"],
        ["run", "scenarios/networks/gonka-sprt.yaml"],
    ] {
        let mut asked = command();
        asked.args(arguments).current_dir(folder.path());
        let refused = finish(asked).expect(4).err;
        assert!(refused.contains("comes with the sources"), "{refused}");
    }
    let mut asked = command();
    asked.args(["run", "mine.yaml"]).current_dir(folder.path());
    let refused = finish(asked).expect(4).err;
    assert!(!refused.contains("comes with the sources"), "{refused}");
}
