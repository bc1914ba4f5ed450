//! Faults from outside: killed processes, disks that fill up, files that are torn; what was finished is kept.
#![allow(
    clippy::disallowed_methods,
    reason = "when a process is killed depends on how long it takes; no result does"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::files::{files, root, text};
use crate::support::program::{Folder, Outcome, finish, limited};

const SWEEP: &str = "\
sweep: faults
scenario: SCENARIO
set: { until: 120 blocks }
factors:
  - { path: protocol.sampling.flat_rate, values: [5 %, 20 %, 40 %] }
  - { path: population.swapper.strategy.model_swapper.rate, values: [20 %, 100 %] }
replicates: 4
outputs: [checked_share, cheated]
";

/// The sweep's file: 24 cells.
fn sweep_file(folder: &Folder) -> String {
    let scenario = root()
        .join("scenarios/smoke/two-swappers.yaml")
        .display()
        .to_string();
    let file = folder.write("sweep.yaml", &SWEEP.replace("SCENARIO", &format!("'{scenario}'")));
    file.display().to_string()
}

fn results(place: &Path) -> Vec<String> {
    ["plan.json", "results.csv", "responses.csv"]
        .map(|name| text(&place.join(name)))
        .into()
}

fn sweep(file: &str, place: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stakeout"));
    command
        .args(["sweep", file, "--threads", "1", "--out"])
        .arg(place);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Names that only a process at work may have used.
fn leftovers(place: &Path) -> Vec<PathBuf> {
    let is_left = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(".tmp-"))
    };
    files(place, &[".json", ".csv"])
        .into_iter()
        .filter(is_left)
        .collect()
}

/// One sweep, killed again and again at times between its first and its last write, then finished.
fn kill_rounds(rounds: u64) {
    let folder = Folder::new();
    let file = sweep_file(&folder);
    let whole = folder.path().join("whole");
    let started = std::time::Instant::now();
    assert!(sweep(&file, &whole).status().expect("it starts").success());
    let (expected, span) = (results(&whole), started.elapsed());
    let (mut killed, mut word) = (0, 12_345_u64);
    for round in 0..rounds {
        let place = folder.path().join(format!("killed-{round}"));
        // Up to three kills a round, each later than the last write that the one before can have made.
        for _ in 0..=(round % 3) {
            let mut child = sweep(&file, &place).spawn().expect("it starts");
            word = word
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let share = (word >> 40) as f64 / (1_u64 << 24) as f64;
            std::thread::sleep(Duration::from_secs_f64(span.as_secs_f64() * share));
            killed += u64::from(child.try_wait().expect("it can be asked").is_none());
            let _ = child.kill();
            child.wait().expect("it ends");
        }
        assert!(
            sweep(&file, &place).status().expect("it starts").success(),
            "round {round}"
        );
        assert!(
            results(&place) == expected,
            "round {round}: other bytes than a sweep that was left alone"
        );
        assert_eq!(leftovers(&place), Vec::<PathBuf>::new(), "round {round}");
        std::fs::remove_dir_all(&place).expect("removed");
    }
    println!("{rounds} rounds, {killed} processes killed at work, nothing lost");
    assert!(
        killed * 3 >= rounds,
        "only {killed} were still at work when they were killed"
    );
}

#[test]
fn a_sweep_killed_at_any_moment_ends_with_the_bytes_of_one_left_alone() {
    kill_rounds(6);
}

#[test]
#[ignore = "fifty rounds, some minutes"]
fn fifty_rounds_of_kills_lose_nothing() {
    kill_rounds(50);
}

#[test]
fn torn_and_flipped_files_of_a_sweep_are_found_and_made_again() {
    let folder = Folder::new();
    let file = sweep_file(&folder);
    let place = folder.path().join("place");
    assert!(sweep(&file, &place).status().expect("it starts").success());
    let expected = results(&place);
    let mut word = 99_u64;
    for (number, path) in files(&place.join("cells"), &[".json"]).iter().enumerate() {
        let mut bytes = std::fs::read(path).expect("a cell");
        word = word
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let at = (word >> 33) as usize % bytes.len();
        match number % 3 {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << (word >> 61),
            _ => bytes = vec![0; bytes.len()],
        }
        std::fs::write(path, bytes).expect("written");
    }
    for name in ["results.csv", "responses.csv"] {
        std::fs::write(place.join(name), "torn").expect("written");
    }
    let mut again = sweep(&file, &place);
    let outcome = finish(take_messages(&mut again)).expect(0);
    assert!(outcome.err.contains("24 cells run, 0 found"), "{}", outcome.err);
    assert!(results(&place) == expected, "cells made again give other bytes");
}

/// The command, with its streams kept.
fn take_messages(command: &mut Command) -> Command {
    let mut fresh = Command::new(command.get_program());
    fresh.args(command.get_args()).stdin(Stdio::null());
    fresh
}

/// Runs the program where no file may grow beyond so many blocks of 512 bytes: what a disk does that is full. The signal
/// that goes with it is ignored, so that the program sees the error.
#[cfg(unix)]
fn on_a_small_disk(blocks: u64, folder: &Path, arguments: &[&str]) -> Outcome {
    let limits = format!("trap '' XFSZ; ulimit -f {blocks}; exec");
    limited(&limits, folder, arguments)
}

#[test]
#[cfg(unix)]
fn a_disk_that_is_full_at_any_length_leaves_no_part_of_a_run() {
    let folder = Folder::new();
    let scenario = root()
        .join("scenarios/smoke/two-swappers.yaml")
        .display()
        .to_string();
    let arguments = [
        "run",
        &scenario,
        "--set",
        "until=60 blocks",
        "--event-log",
        "--no-twins",
        "--out",
        "runs",
    ];
    let (mut refused, mut length) = (0, 0);
    loop {
        let outcome = on_a_small_disk(length, folder.path(), &arguments);
        if outcome.code == 0 {
            break;
        }
        refused += 1;
        assert_eq!(
            outcome.code, 4,
            "{length} blocks: {}\n{}",
            outcome.out, outcome.err
        );
        assert!(outcome.err.contains("error:"), "{}", outcome.err);
        let runs = folder.path().join("runs");
        let seeds = files(&runs, &["manifest.json"]);
        let is_hidden = |path: &&PathBuf| {
            let below = path.strip_prefix(&runs).expect("it lies below");
            below
                .components()
                .any(|part| part.as_os_str().to_string_lossy().starts_with('.'))
        };
        let visible: Vec<_> = seeds.iter().filter(|path| !is_hidden(path)).collect();
        assert!(
            visible.is_empty(),
            "{length} blocks: part of a run is there: {visible:?}"
        );
        length += if length < 40 { 4 } else { 24 };
        assert!(length < 100_000, "it never fits");
    }
    assert!(refused >= 5, "only {refused} lengths were too short");
    let run = files(&folder.path().join("runs"), &["manifest.json"]).remove(0);
    let run = run.parent().expect("a folder").display().to_string();
    let mut verify = Command::new(env!("CARGO_BIN_EXE_stakeout"));
    verify
        .args(["audit", "verify", &run, "--files"])
        .arg(root().join("scenarios/smoke"));
    finish(verify).expect(0);
}

#[test]
#[cfg(unix)]
fn a_disk_that_is_full_during_a_sweep_loses_no_finished_cell() {
    let folder = Folder::new();
    let file = sweep_file(&folder);
    let whole = folder.path().join("whole");
    assert!(sweep(&file, &whole).status().expect("it starts").success());
    let mut refused = 0;
    for blocks in [0, 1, 2, 4, 8, 16, 32] {
        let outcome = on_a_small_disk(blocks, folder.path(), &["sweep", &file, "--out", "place"]);
        refused += u64::from(outcome.code == 4);
        assert!(
            matches!(outcome.code, 0 | 4),
            "{blocks} blocks: {}\n{}",
            outcome.code,
            outcome.err
        );
    }
    assert!(refused >= 2, "no length was too short");
    let place = folder.path().join("place");
    assert!(sweep(&file, &place).status().expect("it starts").success());
    assert!(results(&place) == results(&whole));
    assert_eq!(leftovers(&place), Vec::<PathBuf>::new());
}

#[test]
#[cfg(unix)]
fn a_folder_that_may_not_be_written_is_an_input_output_error() {
    // Root may write anywhere, so the folder is one that holds no files: that of a process.
    let folder = Folder::new();
    let file = sweep_file(&folder);
    for out in ["/proc/self", "/dev/null", "/dev/null/x"] {
        for words in [
            vec![
                "run",
                "scenarios/smoke/two-swappers.yaml",
                "--set",
                "until=5 blocks",
                "--no-twins",
            ],
            vec!["sweep", &file],
        ] {
            let mut command = crate::support::program::command();
            command.args(&words).args(["--out", out]);
            finish(command).expect(4);
        }
    }
}
