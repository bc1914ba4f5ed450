//! The doors of `fuzz/`, tried on the compiler that everybody has: the corpus, and mutations of it by number.
//!
//! `cargo fuzz` finds inputs by coverage (`fuzz/README.md`); what it found lives in `fuzz/corpus/` and comes here again.
//! A failure names door and number, and `STAKEOUT_FUZZ=DOOR:NUMBER` tries that input alone.
#![allow(
    clippy::disallowed_methods,
    reason = "an input that hangs is found by the clock; no result depends on it"
)]

#[path = "../../fuzz/src/doors.rs"]
mod doors;
#[path = "../../fuzz/src/mutate.rs"]
mod mutate;

use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use doors::{DOORS, Door};

use crate::support::files::{files, root, shown};
use crate::support::program::{Folder, command};

/// Looks at one input, five seconds apart, after which it counts as a hang. Time in which the whole process was stopped
/// is one look, so that a stop is no hang.
const PATIENCE: u32 = 12;

/// A finished run of one short epoch, with or without an event log: some kilobytes a file.
fn run_directory(folder: &Folder, name: &str, more: &[&str]) -> PathBuf {
    let out = folder.path().join(name);
    let mut run = command();
    run.args([
        "run",
        "scenarios/smoke/two-swappers.yaml",
        "--set",
        "protocol.geometry.length=30 blocks",
        "--set",
        "until=30 blocks",
        "--set",
        "demand.rate=0.05 /s",
        "--no-twins",
        "--out",
    ]);
    let status = run
        .arg(&out)
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("the program starts").success());
    let manifest = files(&out, &["manifest.json"]).remove(0);
    manifest.parent().expect("a folder").to_path_buf()
}

/// What a door is tried with: shipped files of its kind, a run's own files, and what was found before.
fn corpus(door: &str, folder: &Folder) -> Vec<Vec<u8>> {
    let shipped = |below: &str, what: &str| -> Vec<PathBuf> {
        let found = files(&root().join("scenarios").join(below), &[".yaml", ".csv"]);
        found
            .into_iter()
            .filter(|path| std::fs::read_to_string(path).is_ok_and(|text| text.contains(what)))
            .collect()
    };
    let mut paths = match door {
        "scenario" => [
            shipped("smoke", ""),
            shipped("attacks", ""),
            shipped("networks", "preset"),
        ]
        .concat(),
        "sweep" => shipped("sweeps", "\nsweep:"),
        "solve" => shipped("sweeps", "\nsolve:"),
        "game" => shipped("sweeps", "\ngame:"),
        "world" => [
            shipped("worlds", ""),
            shipped("schedules", ""),
            shipped("markets", ""),
        ]
        .concat(),
        "calibration" => shipped("calibration", ""),
        "trace-csv" => Vec::new(),
        "manifest" => vec![run_directory(folder, "plain", &[]).join("manifest.json")],
        "rows" => vec![run_directory(folder, "plain", &[]).join("participants.parquet")],
        _ => vec![run_directory(folder, "logged", &["--event-log"]).join("events.parquet")],
    };
    let found = root().join("fuzz/corpus").join(door);
    if found.is_dir() {
        paths.extend(files(&found, &[""]));
    }
    assert!(!paths.is_empty(), "the door {door} has no corpus");
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", shown(path))))
        .collect()
}

/// What is being tried, and how often it was looked at.
static CURRENT: Mutex<Option<(String, u32)>> = Mutex::new(None);

/// Ends the process with the input's name when one takes too long: what hangs cannot be asked to stop.
fn watch() {
    static STARTED: std::sync::Once = std::sync::Once::new();
    STARTED.call_once(|| {
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(Duration::from_secs(5));
                let mut current = CURRENT.lock().expect("nobody panics here");
                if let Some((what, looks)) = current.as_mut() {
                    *looks += 1;
                    if *looks > PATIENCE {
                        eprintln!("{what} hangs");
                        std::process::exit(101);
                    }
                }
            }
        });
    });
}

/// A door with its corpus and its folder.
struct Trial {
    door: Door,
    corpus: Vec<Vec<u8>>,
    folder: Folder,
}

impl Trial {
    fn new(door: Door) -> Self {
        let folder = Folder::new();
        let corpus = corpus(door.0, &folder);
        if door.0 == "rows" {
            let run = run_directory(&folder, "rows", &[]);
            for file in files(&run, &[""]) {
                let name = file.file_name().expect("a name");
                std::fs::copy(&file, folder.path().join(name)).expect("copied");
            }
        }
        watch();
        Trial { door, corpus, folder }
    }

    /// Tries one input; says whether it was accepted.
    fn input(&self, what: &str, bytes: &[u8]) -> bool {
        let (name, door) = self.door;
        let what = format!("door {name}, {what}");
        *CURRENT.lock().expect("nobody panics here") = Some((what.clone(), 0));
        let folder: &Path = self.folder.path();
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| door(bytes, folder)));
        *CURRENT.lock().expect("nobody panics here") = None;
        outcome.unwrap_or_else(|_| panic!("{what} panics; STAKEOUT_FUZZ={name}:NUMBER tries it alone"))
    }

    fn mutation(&self, number: u64) -> bool {
        let bytes = mutate::input(&self.corpus, number);
        self.input(&format!("mutation {number}"), &bytes)
    }
}

/// A number that was written down gives its input for good, however fast inputs are made.
#[test]
fn an_input_is_the_same_function_of_its_number_as_ever() {
    let corpus: Vec<Vec<u8>> = vec![
        b"a: 1\nb: [2, {c: '3', d: [ 4 ,5]}] # e\nf:\n  - g:   \n  - :h: x,y\n\n".to_vec(),
        (0..3_000_u32).map(|at| (at * at % 251) as u8).collect(),
        b"id,name\n1,one\n2,two\n".repeat(60),
        b"{".to_vec(),
    ];
    let mut hasher = blake3::Hasher::new();
    for number in 0..20_000 {
        let bytes = mutate::input(&corpus, number);
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
        for (from, to) in mutate::values(&bytes[..bytes.len().min(4_096)]) {
            hasher.update(&[from as u8, to as u8]);
        }
    }
    let found = hasher.finalize().to_hex();
    assert_eq!(&found[..16], "0c31503e2f0ecc69");
}

/// Mutations of each door in the suite; expensive doors get fewer.
fn tries(door: &str) -> u64 {
    match door {
        "scenario" | "trace-csv" | "trace-parquet" => 300,
        "calibration" | "rows" | "event-log" => 300,
        _ => 1_000,
    }
}

#[test]
fn the_corpus_and_its_mutations_end_in_an_answer_at_every_door() {
    for door in DOORS {
        let trial = Trial::new(door);
        let mut accepted = 0;
        for (number, bytes) in trial.corpus.iter().enumerate() {
            accepted += u64::from(trial.input(&format!("corpus file {number}"), bytes));
        }
        let tries = tries(door.0);
        for number in 0..tries {
            accepted += u64::from(trial.mutation(number));
        }
        println!(
            "{}: {} inputs, {accepted} accepted",
            door.0,
            trial.corpus.len() as u64 + tries
        );
        assert!(
            accepted > 0 || door.0 == "trace-parquet",
            "door {}: nothing gets in",
            door.0
        );
    }
}

#[test]
fn every_value_of_a_file_replaced_by_every_hostile_one_ends_in_an_answer() {
    let mut tried = 0;
    for door in DOORS
        .into_iter()
        .filter(|(name, _)| ["sweep", "solve", "game", "world", "scenario"].contains(name))
    {
        let trial = Trial::new(door);
        // One file of each kind is enough: every key is read by one function.
        let bytes = &trial.corpus[0];
        // What a scenario's door accepts is run, so it gets every sixth, another one at each place.
        let step = if door.0 == "scenario" { 6 } else { 1 };
        for (place, (from, to)) in mutate::values(bytes).into_iter().enumerate() {
            for value in mutate::HOSTILE.iter().skip(place % step).step_by(step) {
                let changed = [&bytes[..from], value.as_bytes(), &bytes[to..]].concat();
                trial.input(&format!("`{value}` at byte {from}"), &changed);
                tried += 1;
            }
        }
    }
    println!("{tried} hostile values");
    assert!(tried > 2_000, "only {tried} values were tried");
}

/// An environment variable: it chooses what is tried, and no result depends on it.
fn asked(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[test]
#[ignore = "hammers for STAKEOUT_FUZZ_SECONDS from mutation STAKEOUT_FUZZ_FROM on, or tries STAKEOUT_FUZZ=DOOR:NUMBER"]
fn hammer() {
    if let Some((door, number)) = asked("STAKEOUT_FUZZ")
        .as_deref()
        .and_then(|one| one.split_once(':'))
    {
        let found = DOORS.into_iter().find(|(name, _)| *name == door).expect("a door");
        let trial = Trial::new(found);
        let number = number.parse().expect("a number");
        println!(
            "{}",
            String::from_utf8_lossy(&mutate::input(&trial.corpus, number))
        );
        println!("accepted: {}", trial.mutation(number));
        return;
    }
    let number = |name: &str, default: u64| asked(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (seconds, from) = (
        number("STAKEOUT_FUZZ_SECONDS", 60),
        number("STAKEOUT_FUZZ_FROM", 1_000_000),
    );
    let share = Duration::from_secs(seconds) / DOORS.len() as u32;
    let mut total = 0;
    for door in DOORS {
        let trial = Trial::new(door);
        let (since, mut tried, mut accepted) = (Instant::now(), 0, 0);
        while since.elapsed() < share {
            accepted += u64::from(trial.mutation(from + tried));
            tried += 1;
        }
        println!("{}: {tried} inputs from {from} on, {accepted} accepted", door.0);
        total += tried;
    }
    println!("{total} inputs, no panic, no hang");
}
