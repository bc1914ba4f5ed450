//! `stakeout audit` as a user meets it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::files::root;
use crate::support::program::{Folder, Outcome, command, finish};

/// A logged run of the first smoke scenario, and its directory.
fn logged(changes: &[&str]) -> (Folder, PathBuf) {
    let folder = Folder::new();
    let mut run = command();
    run.args([
        "run",
        "scenarios/smoke/two-swappers.yaml",
        "--event-log",
        "--no-twins",
        "--out",
    ]);
    run.arg(folder.path().join("runs")).args(changes);
    finish(run).expect(0);
    let only = |folder: &Path| {
        let mut entries = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path());
        entries.find(|path| path.is_dir()).expect("a folder in it")
    };
    let run = only(&only(&folder.path().join("runs")));
    (folder, run)
}

fn audit(what: &str, run: &Path, more: &[&str]) -> Outcome {
    let mut audit = command();
    audit.args(["audit", what]).arg(run).args(more);
    finish(audit)
}

#[test]
fn a_run_verifies_by_hashes_balances_and_simulating_again() {
    let (_folder, run) = logged(&["--replicates", "2"]);
    let outcome = audit("verify", &run, &["--format", "json"]).expect(0);
    let findings = outcome.json();
    let findings = findings.as_array().expect("a list");
    for check in ["seal", "file", "chain", "order", "balances", "re-run", "payouts"] {
        assert!(
            findings.iter().any(|finding| finding["check"] == check),
            "{check}"
        );
    }
    let log = |finding: &&serde_json::Value| finding["check"] == "chain";
    assert_eq!(findings.iter().filter(log).count(), 2, "a chain a replicate");
}

#[test]
fn a_page_beside_a_run_s_files_is_no_tampering_and_any_other_file_is() {
    let (_folder, run) = logged(&[]);
    let mut report = command();
    report.arg("report").arg(&run);
    finish(report).expect(0);
    audit("verify", &run, &["--no-rerun"]).expect(0);
    fs::write(run.join("note.txt"), "x").expect("written");
    let outcome = audit("verify", &run, &["--no-rerun", "--format", "json"]).expect(6);
    let unknown =
        |finding: &serde_json::Value| finding["outcome"] == "FAILED" && finding["file"] == "note.txt";
    let findings = outcome.json();
    assert!(
        findings.as_array().expect("a list").iter().any(unknown),
        "{findings}"
    );
}

#[test]
fn a_changed_byte_ends_in_exit_code_six_and_names_file_and_place() {
    let (_folder, run) = logged(&[]);
    for (name, place) in [
        ("events.parquet", 5_000),
        ("summary.json", 100),
        ("epochs.parquet", 50),
    ] {
        let path = run.join(name);
        let whole = fs::read(&path).expect("the file");
        let mut changed = whole.clone();
        changed[place] ^= 4;
        fs::write(&path, changed).expect("written");
        let outcome = audit("verify", &run, &[]).expect(6);
        let named = format!("re-run {name}: at byte {place}:");
        assert!(outcome.err.contains(&named), "{named}\n{}", outcome.err);
        assert!(outcome.err.contains(&format!("file {name}:")), "{}", outcome.err);
        audit("verify", &run, &["--no-rerun"]).expect(6);
        fs::write(&path, whole).expect("written");
    }
    audit("verify", &run, &["--no-rerun"]).expect(0);
}

/// Twenty bits of each file, chosen by a linear congruence: hashes find every one, and name the file.
#[test]
fn a_changed_bit_anywhere_in_a_run_is_found_and_its_file_named() {
    let (_folder, run) = logged(&[]);
    let entries = fs::read_dir(&run).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(paths.len() >= 9, "{paths:?}");
    let mut word = 41_u64;
    for path in paths {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let whole = fs::read(&path).expect("the file");
        for _ in 0..20 {
            word = word
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let (place, bit) = ((word >> 8) as usize % whole.len(), word >> 61);
            let mut changed = whole.clone();
            changed[place] ^= 1 << bit;
            fs::write(&path, changed).expect("written");
            let outcome = audit("verify", &run, &["--no-rerun"]).expect(6);
            assert!(
                outcome.err.contains(&name),
                "{name}, bit {bit} of byte {place}: {}",
                outcome.err
            );
        }
        fs::write(&path, whole).expect("written");
    }
    audit("verify", &run, &["--no-rerun"]).expect(0);
}

#[test]
fn a_participant_is_explained_in_sentences_with_the_rule_of_each() {
    let (_folder, run) = logged(&[]);
    let outcome = audit("explain", &run, &["--participant", "0", "--format", "json"]).expect(0);
    let lines = outcome.json();
    let lines = lines.as_array().expect("a list");
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["kind"].as_str()).collect();
    for kind in ["weight_set", "finished", "rewarded"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    for line in lines {
        let page = line["rule"].as_str().expect("a page");
        assert!(root().join(page).exists(), "{page}");
        assert!(
            line["what happened"].as_str().is_some_and(|text| text.len() > 8),
            "{line}"
        );
    }
    let sum = |field: &str, line: &serde_json::Value| {
        line[field]
            .as_str()
            .and_then(|text| text.parse::<i128>().ok())
            .expect("money is text")
    };
    let changes: i128 = lines.iter().map(|line| sum("change base units", line)).sum();
    let last = lines.last().expect("something happened");
    assert_eq!(changes, sum("wealth base units", last));
    let shown = audit("explain", &run, &["--participant", "0"]).expect(0).out;
    assert!(
        shown.contains("Parameters of these rules")
            && shown.contains("protocol.rewards")
            && !shown.contains("base units"),
        "{shown}"
    );
    let unknown = audit("explain", &run, &["--participant", "nobody"]).expect(2);
    assert!(unknown.err.contains("nobody"), "{}", unknown.err);
}

#[test]
fn two_runs_part_at_the_first_event_that_differs() {
    let (_a, first) = logged(&[]);
    let (_b, same) = logged(&[]);
    let (_c, other) = logged(&["--set", "protocol.sampling.flat_rate='30 %'"]);
    let mut diff = command();
    diff.args(["audit", "diff"])
        .args([&first, &same])
        .args(["--format", "json"]);
    assert_eq!(finish(diff).expect(0).json().as_array().map(Vec::len), Some(0));
    let mut diff = command();
    diff.args(["audit", "diff"])
        .args([&first, &other])
        .args(["--format", "json"]);
    let sides = finish(diff).expect(0).json();
    let sides = sides.as_array().expect("a list");
    let last = |side: &str| {
        let mut of_side = sides.iter().filter(|line| line["run"] == side);
        of_side.next_back().expect("both sides are told").clone()
    };
    assert_eq!(last("first")["event"], last("second")["event"]);
    assert_ne!(last("first")["what"], last("second")["what"]);
}

#[test]
fn a_replay_under_the_same_rule_gains_nobody_anything_and_under_another_it_does() {
    let (_folder, run) = logged(&[]);
    let gained = |change: &str, more: &[&str]| {
        let mut arguments = vec!["--format", "json", "--set", change];
        arguments.extend(more);
        let outcome = audit("replay", &run, &arguments).expect(0).json();
        let rows = outcome.as_array().expect("a list").clone();
        let gain = |row: &serde_json::Value| row["gained base units"].as_str().map(str::to_string);
        rows.iter().filter_map(gain).collect::<Vec<String>>()
    };
    assert!(gained("seed=7", &[]).iter().all(|gain| gain == "0"));
    assert!(
        gained("protocol.rewards.initial='1 GNK'", &[])
            .iter()
            .any(|gain| gain.starts_with('-'))
    );
    // Until the first block nothing has happened that a reward could have changed.
    let early = gained("protocol.rewards.initial='1 GNK'", &["--until", "0"]);
    assert!(early.iter().all(|gain| gain == "0"), "{early:?}");
}

#[test]
fn a_window_opens_in_a_trace_viewer_and_in_process_mining() {
    let (folder, run) = logged(&[]);
    let path = folder.path().join("trace.json");
    let path_text = path.display().to_string();
    audit("trace", &run, &["--to", "600 s", "--out", &path_text]).expect(0);
    let trace: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("events");
    let phase = |wanted: &str| events.iter().filter(|event| event["ph"] == wanted).count();
    assert!(
        phase("b") > 5 && phase("M") > 1 && phase("b") >= phase("e"),
        "{}",
        events.len()
    );
    let begun = |event: &&serde_json::Value| event["ph"] == "e";
    for end in events.iter().filter(begun) {
        assert!(
            events
                .iter()
                .any(|event| event["ph"] == "b" && event["id"] == end["id"])
        );
    }
    // A file that is there is never written over.
    audit("trace", &run, &["--out", &path_text]).expect(4);
    let log = audit("trace", &run, &["--form", "ocel", "--to", "600 s"])
        .expect(0)
        .json();
    let objects: Vec<&str> = log["objects"]
        .as_array()
        .expect("objects")
        .iter()
        .filter_map(|o| o["id"].as_str())
        .collect();
    let types: Vec<&str> = log["eventTypes"]
        .as_array()
        .expect("types")
        .iter()
        .filter_map(|t| t["name"].as_str())
        .collect();
    for event in log["events"].as_array().expect("events") {
        assert!(types.contains(&event["type"].as_str().expect("a type")));
        for related in event["relationships"].as_array().expect("relations") {
            assert!(
                objects.contains(&related["objectId"].as_str().expect("an object")),
                "{related}"
            );
        }
    }
}

#[test]
fn a_run_without_a_log_says_how_to_get_one() {
    let folder = Folder::new();
    let mut run = command();
    run.args(["run", "scenarios/smoke/two-swappers.yaml", "--no-twins", "--out"])
        .arg(folder.path());
    let outcome = finish(run).expect(0);
    let place = outcome
        .out
        .lines()
        .find_map(|line| line.strip_prefix("results "))
        .expect("a place")
        .trim();
    let refused = audit("explain", Path::new(place), &["--participant", "0"]).expect(2);
    assert!(refused.err.contains("--event-log"), "{}", refused.err);
    audit("verify", Path::new(place), &[]).expect(0);
    let mut resumed = command();
    resumed
        .args([
            "run",
            "scenarios/smoke/two-swappers.yaml",
            "--no-twins",
            "--resume",
            "--event-log",
            "--out",
        ])
        .arg(folder.path());
    let refused = finish(resumed).expect(2);
    assert!(refused.err.contains("--replace"), "{}", refused.err);
}

/// Whether Python with what the other verifier needs is there.
fn has_python() -> bool {
    let found = Command::new("python3")
        .args(["-c", "import pyarrow, blake3"])
        .output();
    found.is_ok_and(|found| found.status.success())
}

#[test]
fn the_verifier_in_another_language_agrees() {
    let tool = root().join("tools/verify_log.py");
    let lines = fs::read_to_string(&tool).expect("the tool").lines().count();
    assert!(lines < 150, "{lines} lines");
    if !has_python() {
        eprintln!("no Python with pyarrow and blake3: the other verifier was not run");
        return;
    }
    let (_folder, run) = logged(&["--replicates", "2"]);
    let verify = || {
        Command::new("python3")
            .arg(&tool)
            .arg(&run)
            .output()
            .expect("Python starts")
            .status
            .code()
    };
    assert_eq!(verify(), Some(0));
    let path = run.join("events-1.parquet");
    let mut changed = fs::read(&path).expect("a log");
    changed[5_000] ^= 1;
    fs::write(&path, changed).expect("written");
    assert_eq!(verify(), Some(6));
}

#[test]
#[cfg(unix)]
fn the_other_verifier_says_in_a_line_what_it_lacks() {
    let bare = Command::new("python3")
        .args(["-I", "-S"])
        .arg(root().join("tools/verify_log.py"))
        .arg("run")
        .output();
    let Ok(bare) = bare else {
        eprintln!("no Python: what the other verifier says without its packages was not seen");
        return;
    };
    let said = String::from_utf8_lossy(&bare.stderr);
    assert_eq!((bare.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.contains("pip install pyarrow blake3"), "{said}");
}

#[test]
fn a_run_with_data_files_is_verified_beside_them_and_says_so() {
    let folder = Folder::new();
    let scenario = root().join("scenarios/networks/gonka-mainnet-epoch56.yaml");
    let mut run = command();
    run.arg("run")
        .arg(&scenario)
        .args(["--until", "200 blocks", "--replicates", "1", "--no-twins"]);
    run.current_dir(folder.path());
    finish(run).expect(0);
    let named = fs::read_dir(folder.path().join("runs"))
        .expect("runs")
        .next()
        .expect("one")
        .expect("a folder");
    let place = named.path().join("seed-56");
    let verify = |further: &[&str]| {
        let mut verify = command();
        verify.args(["audit", "verify"]).arg(&place).args(further);
        finish(verify)
    };
    let refused = verify(&[]).expect(2);
    for part in ["--files FOLDER", "gonka-mainnet-epoch56/hosts.csv"] {
        assert!(refused.err.contains(part), "{part}: {}", refused.err);
    }
    let files = scenario.parent().expect("a folder").display().to_string();
    let found = verify(&["--files", &files]).expect(0);
    assert!(!found.out.contains("\\u{"), "{}", found.out);
}
