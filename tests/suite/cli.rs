//! The program as a user meets it: whole commands, their exit codes, and what they say when something is wrong.

use std::process::Stdio;

use crate::support::files::{files, root, shown, smoke, text};
use crate::support::program::{Folder, command, finish, stakeout};

/// A first scenario, as `init` writes it, in a folder of its own.
fn first() -> (Folder, std::path::PathBuf) {
    let folder = Folder::new();
    let mut init = command();
    init.arg("init").current_dir(folder.path());
    finish(init).expect(0);
    let path = folder.path().join("first.yaml");
    assert!(path.exists(), "`init` wrote no first.yaml");
    (folder, path)
}

/// Runs the first scenario into its own folder with further arguments.
fn run_first(arguments: &[&str]) -> (Folder, crate::support::program::Outcome) {
    let (folder, path) = first();
    let mut run = command();
    run.arg("run")
        .arg(&path)
        .args(arguments)
        .current_dir(folder.path());
    (folder, finish(run))
}

#[test]
fn without_arguments_the_first_steps_are_shown() {
    let outcome = stakeout::<[&str; 0], &str>([]).expect(2);
    assert!(outcome.err.contains("stakeout init"), "{}", outcome.err);
}

#[test]
fn every_command_explains_itself_with_an_example_first() {
    for command in [
        "init",
        "run",
        "scenario",
        "trace",
        "validate",
        "worlds",
        "examples",
        "runs",
        "report",
        "plot",
        "manual",
        "completions",
    ] {
        let help = stakeout([command, "--help"]).expect(0).out;
        let example = help.find("stakeout ").expect("an example");
        assert!(
            example < help.find("Usage:").expect("a usage line"),
            "{command}: the example comes late\n{help}"
        );
    }
}

#[test]
fn an_unknown_command_is_a_usage_error_that_offers_the_nearest() {
    let outcome = stakeout(["rum", "x.yaml"]).expect(2);
    assert!(outcome.err.contains("run"), "{}", outcome.err);
    assert!(outcome.out.is_empty());
}

#[test]
fn the_first_scenario_is_at_most_forty_lines_and_runs() {
    let (_folder, path) = first();
    assert!(text(&path).lines().count() <= 40, "the first scenario is long");
    let (folder, outcome) = run_first(&[]);
    let outcome = outcome.expect(0);
    assert!(outcome.out.contains("digest"), "{}", outcome.out);
    assert!(folder.path().join("runs").is_dir(), "no results");
    assert!(
        !outcome.out.contains('\u{1b}') && !outcome.err.contains('\u{1b}'),
        "escapes in a pipe"
    );
}

#[test]
fn init_does_not_overwrite() {
    let (folder, path) = first();
    std::fs::write(&path, "mine").expect("the file can be written");
    let mut again = command();
    again.arg("init").current_dir(folder.path());
    finish(again).expect(4);
    assert_eq!(text(&path), "mine");
}

#[test]
fn a_missing_scenario_is_an_input_error() {
    let outcome = stakeout(["run", "no/such/file.yaml"]).expect(4);
    assert!(outcome.err.contains("no/such/file.yaml"), "{}", outcome.err);
    assert!(outcome.out.is_empty());
}

#[test]
fn a_folder_in_place_of_a_scenario_is_an_error_and_no_panic() {
    let outcome = stakeout(["run", "scenarios"]);
    assert!(
        outcome.code == 4 || outcome.code == 3,
        "{}\n{}",
        outcome.code,
        outcome.err
    );
}

#[test]
fn an_invalid_scenario_gets_all_its_errors_with_line_and_caret() {
    let folder = Folder::new();
    let bad = folder.write("bad.yaml", "name: bad\npreset: minimal\nseeed: 1\nepochs: many\n");
    for words in [
        vec!["run"],
        vec!["scenario", "check"],
        vec!["scenario", "explain"],
    ] {
        let mut run = command();
        run.args(&words).arg(&bad);
        let outcome = finish(run).expect(3);
        let said = format!("{}{}", outcome.out, outcome.err);
        assert!(said.contains("seeed") && said.contains("seed"), "{said}");
        assert!(
            said.contains("epochs") && said.contains('^') && said.contains("bad.yaml:3"),
            "{said}"
        );
    }
}

#[test]
fn an_override_is_applied_and_a_wrong_one_points_at_the_command_line() {
    let (_folder, outcome) = run_first(&["--set", "no.such.key=1"]);
    let outcome = outcome.expect(3);
    assert!(
        outcome.err.contains("no.such.key") && outcome.err.contains("command line"),
        "{}",
        outcome.err
    );
    let (_folder, outcome) = run_first(&["--set", "no_equals_sign"]);
    outcome.expect(2);
    let digest = |seed: &str| {
        let (_folder, outcome) = run_first(&["--seed", seed, "--format", "json"]);
        outcome.expect(0).json()["digest"].clone()
    };
    assert_eq!(digest("7"), digest("7"));
    assert_ne!(digest("7"), digest("8"));
}

#[test]
fn numbers_that_make_no_sense_are_usage_errors() {
    for wrong in [
        ["--threads", "0"],
        ["--replicates", "0"],
        ["--replicates", "many"],
        ["--seed", "-1"],
    ] {
        let (_folder, outcome) = run_first(&wrong);
        assert!(
            outcome.code == 2 || outcome.code == 3,
            "{wrong:?}: {}\n{}",
            outcome.code,
            outcome.err
        );
    }
}

#[test]
fn an_existing_run_is_refused_resumed_or_replaced_as_asked() {
    let (folder, path) = first();
    let run = |arguments: &[&str]| {
        let mut run = command();
        run.arg("run")
            .arg(&path)
            .args(arguments)
            .current_dir(folder.path());
        finish(run)
    };
    run(&[]).expect(0);
    let refused = run(&[]).expect(4);
    assert!(
        refused.err.contains("--resume") && refused.err.contains("--replace"),
        "{}",
        refused.err
    );
    run(&["--resume"]).expect(0);
    run(&["--replace"]).expect(0);
    run(&["--resume", "--replace"]).expect(2);
}

#[test]
fn an_extended_run_has_the_bytes_of_a_run_made_at_once() {
    let (folder, path) = first();
    let run = |out: &str, replicates: &str, more: &[&str]| {
        let mut run = command();
        run.arg("run")
            .arg(&path)
            .args(["--no-twins", "--out", out, "--replicates", replicates])
            .args(more)
            .current_dir(folder.path());
        finish(run)
    };
    run("extended", "2", &[]).expect(0);
    let refused = run("extended", "5", &[]).expect(4);
    assert!(refused.err.contains("--resume"), "{}", refused.err);
    let extended = run("extended", "5", &["--resume", "--threads", "2"]).expect(0);
    run("whole", "5", &["--threads", "1"]).expect(0);
    let bytes = |out: &str| {
        files(&folder.path().join(out), &[".yaml", ".json", ".parquet"])
            .into_iter()
            .filter(|file| !file.ends_with("manifest.json"))
            .map(|file| {
                (
                    file.file_name().map(std::ffi::OsStr::to_owned),
                    std::fs::read(&file).ok(),
                )
            })
            .collect::<Vec<_>>()
    };
    let (some, all) = (bytes("extended"), bytes("whole"));
    assert!(all.len() >= 7, "{} files", all.len());
    for (some, all) in some.iter().zip(&all) {
        assert!(some == all, "{:?} differs from {:?}", some.0, all.0);
    }
    // What is there is printed again as it was the first time.
    let again = run("extended", "5", &["--extend"]).expect(0);
    assert_eq!(again.out, extended.out);
    run("extended", "4", &["--resume"]).expect(4);
}

#[test]
fn json_is_one_object_with_money_as_strings() {
    let (_folder, outcome) = run_first(&["--format", "json"]);
    let result = outcome.expect(0).json();
    assert!(result["digest"].is_string());
    let participants = result["participants"].as_array().expect("participants");
    assert!(!participants.is_empty());
    for participant in participants {
        let keys: Vec<&str> = participant
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        for key in [
            "id",
            "weight",
            "inferences",
            "missed",
            "validated",
            "invalidated",
            "reputation",
            "work_coins",
            "reward",
        ] {
            assert!(keys.contains(&key), "{key} is missing in {keys:?}");
        }
        for money in ["work_coins", "reward"] {
            let text = participant[money].as_str().expect("money is a string");
            text.parse::<i128>().expect("of base units");
        }
    }
    assert!(result["network"].is_object());
}

#[test]
fn a_parameter_without_effect_is_told_and_one_with_effect_is_not() {
    let told = |settings: &[&str]| {
        let mut arguments = vec!["--format", "json", "--no-twins", "--set", "duration=1 epoch"];
        settings
            .iter()
            .for_each(|setting| arguments.extend(["--set", setting]));
        let (_folder, outcome) = run_first(&arguments);
        let outcome = outcome.expect(0);
        let warnings = outcome.json()["warnings"].to_string();
        (warnings, outcome.err)
    };
    // Two swappers are convicted, and nobody has collateral that could be slashed.
    let (warnings, err) = told(&[
        "protocol.dispute.quorum=50 %",
        "protocol.reputation.on_conviction=reset",
        "protocol.collateral.slashed_to=governance",
        "protocol.pricing.zone_low=30 %",
    ]);
    for (path, because) in [
        ("protocol.collateral.slashed_to", "no collateral was slashed"),
        ("protocol.pricing.zone_low", "mode is `fixed`"),
    ] {
        assert!(
            warnings.contains(path) && warnings.contains(because),
            "{warnings}"
        );
        assert!(err.contains(path) && err.contains(because), "{err}");
    }
    for path in ["protocol.dispute.quorum", "on_conviction", "flat_rate"] {
        assert!(!warnings.contains(path), "{path}: {warnings}");
    }
    let (warnings, _) = told(&["protocol.sampling.rule=none", "protocol.dispute.quorum=60 %"]);
    assert!(warnings.contains("protocol.dispute.quorum"), "{warnings}");
    assert!(warnings.contains("no dispute was opened"), "{warnings}");
}

#[test]
fn every_format_is_spoken_and_data_goes_to_standard_output() {
    for format in ["table", "json", "csv", "markdown"] {
        let (_folder, outcome) = run_first(&["--format", format, "--no-twins"]);
        assert!(!outcome.expect(0).out.is_empty(), "{format}");
    }
    let (_folder, outcome) = run_first(&["--format", "yaml"]);
    outcome.expect(2);
}

#[test]
fn a_dry_run_estimates_and_leaves_nothing_behind() {
    let (folder, outcome) = run_first(&["--dry-run"]);
    let outcome = outcome.expect(0);
    for word in ["time", "memory", "disk"] {
        assert!(outcome.out.contains(word), "{word}\n{}", outcome.out);
    }
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn a_run_that_would_not_fit_is_refused_before_it_starts() {
    let (folder, outcome) = run_first(&["--memory-limit", "1 MiB"]);
    let outcome = outcome.expect(5);
    assert!(outcome.err.contains("memory"), "{}", outcome.err);
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn a_results_folder_that_cannot_be_written_is_an_input_output_error() {
    let (folder, _) = first();
    let taken = folder.write("taken", "a file");
    let (_other, outcome) = run_first(&["--out", &taken.display().to_string()]);
    outcome.expect(4);
}

#[test]
fn finished_runs_are_listed() {
    let (folder, outcome) = run_first(&[]);
    outcome.expect(0);
    let mut runs = command();
    runs.args(["runs", "--format", "json"]).current_dir(folder.path());
    let listed = finish(runs).expect(0).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    let empty = Folder::new();
    let mut runs = command();
    runs.arg("runs").current_dir(empty.path());
    finish(runs).expect(0);
}

/// The only run below a folder's `runs`.
fn only_run(folder: &Folder) -> std::path::PathBuf {
    let inside = |path: &std::path::Path| {
        let entries = std::fs::read_dir(path).expect("a folder").flatten();
        let folders = entries.map(|entry| entry.path()).filter(|path| path.is_dir());
        folders.max().expect("a folder in it")
    };
    inside(&inside(&folder.path().join("runs")))
}

#[test]
fn from_init_to_the_first_picture_are_three_commands() {
    let (folder, outcome) = run_first(&["--replicates", "3"]);
    outcome.expect(0);
    let run = only_run(&folder);
    let mut report = command();
    report.arg("report").arg(&run);
    let told = finish(report).expect(0).out;
    let page = std::fs::read_to_string(told.trim()).expect("the page is where the command says");
    assert!(
        page.starts_with("<!doctype html>") && page.contains("<h1>Cheating "),
        "{told}"
    );
    let mut plot = command();
    plot.arg("plot")
        .arg(&run)
        .args(["--picture", "profit", "-o", "profit.png"])
        .current_dir(folder.path());
    finish(plot).expect(0);
    let picture = std::fs::read(folder.path().join("profit.png")).expect("a picture");
    assert!(picture.starts_with(b"\x89PNG"));
}

#[test]
fn two_runs_are_set_beside_each_other_in_every_form() {
    let (folder, outcome) = run_first(&["--replicates", "2"]);
    outcome.expect(0);
    let run = only_run(&folder).display().to_string();
    for (format, sign) in [
        ("table", "checked_share"),
        ("json", "\"difference\": 0.0"),
        ("markdown", "| figure |"),
    ] {
        let told = stakeout(["runs", "compare", &run, &run, "--format", format])
            .expect(0)
            .out;
        assert!(told.contains(sign), "{format}: {told}");
    }
    stakeout(["runs", "compare", &run, "no-such-run"]).expect(4);
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = Folder::new();
    let out = folder.path().join("man").display().to_string();
    let written = stakeout(["manual", "--out", &out]).expect(0).out;
    for command in ["run", "report", "sweep", "runs", "audit-explain"] {
        assert!(written.contains(&format!("stakeout-{command}.1")), "{written}");
    }
    let page = stakeout(["manual", "audit", "explain"]).expect(0).out;
    for part in [
        ".SH SYNOPSIS",
        "\\-\\-participant <NAME> <RUN>",
        ".SH EXAMPLES",
        "\\-\\-epoch 2",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(stakeout(["manual"]).expect(0).out.contains("Exit codes"));
    let unknown = stakeout(["manual", "audit", "explan"]).expect(2).err;
    assert!(unknown.contains("stakeout audit --help"), "{unknown}");
}

#[test]
fn the_life_of_an_inference_can_be_told() {
    let (folder, outcome) = run_first(&["--event-log"]);
    outcome.expect(0);
    let mut groups = std::fs::read_dir(folder.path().join("runs"))
        .expect("results")
        .flatten();
    let group = groups.next().expect("a group").path();
    let run = std::fs::read_dir(&group)
        .expect("runs")
        .flatten()
        .map(|entry| entry.path());
    let run = run.filter(|path| path.is_dir()).max().expect("a run");
    let mut trace = command();
    trace.arg("trace").arg(&run).args(["--inference", "0"]);
    let told = finish(trace).expect(0).out;
    assert!(told.contains("started"), "{told}");
    let mut trace = command();
    trace
        .arg("trace")
        .arg(&run)
        .args(["--inference", "18446744073709551614"]);
    let said = finish(trace);
    assert!(said.code != 0 && said.code != 70, "{}\n{}", said.code, said.err);
}

#[test]
fn a_trace_of_what_is_no_run_is_an_input_error() {
    let folder = Folder::new();
    let mut trace = command();
    trace.arg("trace").arg(folder.path()).args(["--inference", "0"]);
    finish(trace).expect(4);
}

#[test]
fn the_schema_is_json_and_every_key_has_a_description() {
    let schema = stakeout(["scenario", "schema"]).expect(0).json();
    assert!(
        schema["$schema"]
            .as_str()
            .is_some_and(|draft| draft.contains("2020-12")),
        "no draft named"
    );
    assert!(
        schema["properties"]
            .as_object()
            .is_some_and(|properties| properties.len() > 5)
    );
}

#[test]
fn explaining_a_scenario_names_the_origin_of_every_value() {
    let told = stakeout(["scenario", "explain", &shown(&smoke()[0])])
        .expect(0)
        .out;
    assert!(told.contains("protocol.") && told.contains("preset"), "{told}");
}

#[test]
fn every_example_can_be_shown_and_is_the_shipped_file() {
    let listed = stakeout(["examples", "--format", "json"]).expect(0).json();
    let listed = listed.as_array().expect("a list");
    assert!(listed.len() >= 4);
    for example in listed {
        let name = example["name"].as_str().expect("a name");
        let out = stakeout(["examples", "show", name]).expect(0).out;
        let same = files(&root().join("scenarios"), &[".yaml"])
            .iter()
            .any(|path| text(path) == out);
        assert!(same, "{name} is not a shipped file");
    }
    stakeout(["examples", "show", "no-such-example"]).expect(2);
}

#[test]
fn a_command_whose_binary_is_missing_says_how_to_build_it() {
    // The calibrating binary may or may not lie beside this one.
    let outcome = stakeout(["calibrate", "x"]);
    if outcome.code == 4 {
        assert!(
            outcome.err.contains("cargo build --release --package"),
            "{}",
            outcome.err
        );
    }
}

#[test]
fn completions_are_written_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            stakeout(["completions", shell])
                .expect(0)
                .out
                .contains("stakeout"),
            "{shell}"
        );
    }
}

#[test]
fn a_reader_that_closes_the_pipe_ends_the_command_quietly() {
    let mut schema = command();
    schema
        .args(["scenario", "schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = schema.spawn().expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn every_documented_exit_code_is_the_one_in_the_help() {
    let help = stakeout(["--help"]).expect(0).out;
    let page = text(&root().join("docs/exit-codes.md"));
    for code in ["0", "1", "2", "3", "4", "5", "6", "70", "130"] {
        assert!(
            page.contains(&format!("| {code} |")),
            "docs/exit-codes.md lacks {code}"
        );
        assert!(
            help.split(|letter: char| !letter.is_ascii_digit())
                .any(|word| word == code),
            "--help lacks {code}"
        );
    }
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_keeps_what_was_finished() {
    let (folder, path) = first();
    // The signal may come before the program listens or before a replicate is done; then it comes later.
    for wait_ms in [1_000, 3_000, 9_000, 27_000] {
        let mut run = command();
        run.arg("run")
            .arg(&path)
            .args(["--replicates", "30000", "--replace"])
            .current_dir(folder.path());
        let child = run
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(std::time::Duration::from_millis(wait_ms));
        let signalled = std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(signalled.is_ok_and(|status| status.success()));
        let output = child.wait_with_output().expect("the program ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() == Some(130) && said.contains("are kept in") {
            assert!(said.contains("of 30000 replicates"), "{said}");
            assert!(folder.path().join("runs").is_dir());
            return;
        }
    }
    panic!("no interruption was answered with what was finished");
}
