//! D0 of docs/determinism.md: what must not matter does not.
//!
//! Each test runs the first smoke scenario twice in processes that differ in one thing, and compares the result files
//! byte for byte. `cargo xtask pair` does the same over all smoke scenarios, with everything different at once.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::files::{root, smoke, text};
use crate::support::program::{Folder, command, finish};

/// Files that two equal runs share; the manifest holds what may differ.
const SAME: [&str; 4] = [
    "scenario.yaml",
    "summary.json",
    "epochs.parquet",
    "participants.parquet",
];

/// The folder below `out` that holds a manifest.
fn run_directory(out: &Path) -> PathBuf {
    let mut folders = vec![out.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if folder.join("manifest.json").exists() {
            return folder;
        }
        let entries = std::fs::read_dir(&folder).expect("the results can be listed");
        folders.extend(
            entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.is_dir()),
        );
    }
    panic!("no run directory below {}", out.display());
}

/// Runs a scenario twice, once as it is and once as `change` says, and compares.
fn assert_same(scenario: &Path, change: impl Fn(&mut Command)) {
    let folders = [Folder::new(), Folder::new()];
    let mut digests = Vec::new();
    for (number, folder) in folders.iter().enumerate() {
        let mut run = command();
        run.args(["run", "--format", "json", "--replicates", "2", "--out"])
            .arg(folder.path())
            .arg(scenario);
        if number == 1 {
            change(&mut run);
        } else {
            run.args(["--threads", "1"]);
        }
        digests.push(finish(run).expect(0).json()["digest"].clone());
    }
    assert_eq!(digests[0], digests[1], "{}", scenario.display());
    let [left, right] = folders.each_ref().map(|folder| run_directory(folder.path()));
    for file in SAME {
        let bytes = |folder: &Path| std::fs::read(folder.join(file)).expect("a result file");
        assert!(
            bytes(&left) == bytes(&right),
            "{}: {file} differs",
            scenario.display()
        );
    }
}

#[test]
fn two_or_four_threads_give_the_bytes_of_one() {
    for scenario in smoke() {
        for threads in ["2", "4"] {
            assert_same(&scenario, |run| {
                run.args(["--threads", threads]);
            });
        }
    }
}

#[test]
fn the_event_log_changes_no_other_file() {
    assert_same(&smoke()[0], |run| {
        run.arg("--event-log");
    });
}

#[test]
fn locale_time_zone_and_environment_do_not_matter() {
    assert_same(&smoke()[0], |run| {
        run.env("LC_ALL", "tr_TR.UTF-8")
            .env("LANG", "de_DE")
            .env("TZ", "Pacific/Chatham");
        run.env("RAYON_NUM_THREADS", "3")
            .env("NO_COLOR", "1")
            .env("RUST_LOG", "trace")
            .env_remove("HOME");
    });
}

#[test]
fn the_working_directory_does_not_matter() {
    let elsewhere = Folder::new();
    assert_same(&smoke()[0], |run| {
        run.current_dir(elsewhere.path());
    });
}

#[test]
fn the_order_of_keys_in_a_file_does_not_matter() {
    // The document's own end marker apart, a scenario is a mapping: its top-level blocks may stand in any order.
    let path = root().join("scenarios/smoke/two-swappers.yaml");
    let text = text(&path);
    let mut blocks: Vec<String> = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty())
    {
        if line.starts_with([' ', '-', ']', '}']) {
            let block = blocks.last_mut().expect("a block begins at the margin");
            block.push_str(line);
            block.push('\n');
        } else {
            blocks.push(format!("{line}\n"));
        }
    }
    assert!(
        blocks.len() > 2,
        "the first scenario has too few blocks to turn round"
    );
    blocks.reverse();
    let folder = Folder::new();
    let turned = folder.write("turned.yaml", &blocks.concat());
    let digest = |path: &Path| {
        let out = Folder::new();
        let mut run = command();
        run.args(["run", "--format", "json", "--out"])
            .arg(out.path())
            .arg(path);
        finish(run).expect(0).json()["digest"].clone()
    };
    assert_eq!(digest(&path), digest(&turned));
}
