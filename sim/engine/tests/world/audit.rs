//! The audit against runs, forged ones included.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use stakeout_engine::audit::balances::Balances;
use stakeout_engine::audit::causes::Causes;
use stakeout_engine::audit::chain::Chain;
use stakeout_engine::audit::explain::{Question, explain};
use stakeout_engine::audit::log_entry::{LogEntry, NO_CAUSE};
use stakeout_engine::audit::log_reader::LogReader;
use stakeout_engine::audit::log_writer::{LogIdentity, LogWriter};
use stakeout_engine::audit::verify::{Finding, Outcome, verify_by_rerun, verify_files};
use stakeout_engine::observe::cast::Cast;
use stakeout_engine::observe::event::{Event, EventKind};
use stakeout_engine::observe::frame::RunOutput;
use stakeout_engine::observe::manifest::{Platform, Timing};
use stakeout_engine::observe::run_archive::RunDirectory;
use stakeout_engine::observe::run_directory::{Contents, IfExists, RunPlace};
use stakeout_engine::observe::storage::Disk;
use stakeout_engine::observe::summary::Summary;
use stakeout_engine::run::{RunOptions, run, run_logged, unwatched};
use stakeout_engine::scenario::Scenario;

use crate::random::{scenario, strategies};
use crate::support::{network, registry};

/// Random scenarios whose logs are audited.
const CASES: u64 = 120;

fn logged(scenario: &Scenario) -> (RunOutput, Vec<Event>) {
    let options = RunOptions {
        event_log: true,
        lanes: Some(3),
        ..RunOptions::default()
    };
    let mut output = run(scenario, 0, &strategies(), &options).expect("the scenario runs");
    let events = output.events.take().expect("the log was asked for");
    (output, events)
}

#[test]
fn the_log_alone_gives_every_balance_of_random_networks() {
    let mut kinds: BTreeMap<EventKind, u64> = BTreeMap::new();
    for number in 0..CASES {
        let scenario = scenario(number);
        let (output, events) = logged(&scenario);
        let mut balances = Balances::new();
        let accounts = (scenario.hosts.len(), scenario.clients.accounts());
        for (place, event) in events.iter().enumerate() {
            let wrong = balances.book(event, place as u64, accounts.0, accounts.1);
            assert_eq!(wrong, None, "random scenario {number}, {event:?}");
            *kinds.entry(event.kind).or_default() += 1;
        }
        for ((account, stated), derived) in output.balances.iter().zip(balances.totals()) {
            assert_eq!(stated, derived, "random scenario {number}: {account}");
        }
    }
    println!("{kinds:?}");
    let rare = [EventKind::Fined];
    for kind in EventKind::ALL.iter().filter(|kind| !rare.contains(kind)) {
        assert!(
            kinds.contains_key(kind),
            "{CASES} random networks never say {}",
            kind.name()
        );
    }
}

#[test]
fn causes_are_earlier_events_about_the_same_matter() {
    for number in 0..40 {
        let (_, events) = logged(&scenario(number));
        let mut causes = Causes::new();
        for (place, event) in events.iter().enumerate() {
            let cause = causes.next(event, place as u64);
            let parent = (cause != NO_CAUSE).then(|| {
                assert!(cause < place as u64, "{event:?}");
                &events[cause as usize]
            });
            let kind = parent.map(|parent| parent.kind);
            let is_right = match event.kind {
                EventKind::Served => kind == Some(EventKind::Started),
                EventKind::Finished | EventKind::Expired => {
                    matches!(kind, Some(EventKind::Started | EventKind::Served))
                }
                EventKind::Drawn => kind == Some(EventKind::Finished),
                EventKind::Passed | EventKind::Disputed | EventKind::DisputeCapped => {
                    kind == Some(EventKind::Drawn)
                }
                EventKind::Voted => kind == Some(EventKind::Disputed),
                EventKind::Invalidated | EventKind::Revalidated => kind == Some(EventKind::Voted),
                EventKind::Slashed => kind == Some(EventKind::StatusChanged),
                EventKind::WorkSettled | EventKind::Rewarded => kind == Some(EventKind::Issued),
                _ => true,
            };
            assert!(
                is_right,
                "random scenario {number}: {event:?} follows from {parent:?}"
            );
            if let Some(parent) = parent.filter(|_| event.inference != u64::MAX) {
                assert_eq!(parent.inference, event.inference);
            }
        }
    }
}

#[test]
fn each_test_statistic_begins_where_it_ended() {
    let (_, events) = logged(&network(20, 3, 40.0));
    let mut last: BTreeMap<u32, i64> = BTreeMap::new();
    let mut moves = 0;
    for event in &events {
        match event.kind {
            EventKind::EpochBegan => last.clear(),
            EventKind::TestMoved if event.other == 1 => {
                assert_eq!(
                    event.second,
                    last.insert(event.participant, event.value).unwrap_or(0),
                    "{event:?}"
                );
                moves += 1;
            }
            _ => {}
        }
    }
    assert!(moves > 200, "{moves}");
}

/// A folder of its own, removed with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("audit-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a scenario of two replicates into a run directory, with its logs.
fn written(folder: &Folder, scenario: &Scenario) -> RunDirectory {
    let cast = Cast::from(scenario);
    let place = RunPlace::new(&folder.0, &cast).expect("a place");
    let spool = place.spool(&Disk).expect("a spool");
    let (mut outputs, mut logs) = (Vec::new(), Vec::new());
    for replicate in 0..scenario.replicates {
        let mut log = spool.open(&cast, replicate, &Disk).expect("a log");
        let options = RunOptions::default();
        let output = run_logged(
            scenario,
            replicate,
            &registry(),
            &options,
            &mut unwatched,
            &mut log,
        );
        outputs.push(output.expect("the scenario runs"));
        logs.push(log.finish().expect("the log is written"));
    }
    let contents = Contents {
        cast: &cast,
        outputs: &outputs,
        summary: &Summary::compute(&cast, &outputs),
        version: "0.1.0",
        platform: &Platform::default(),
        timing: &Timing::default(),
        logs: &logs,
    };
    let run = place
        .write(IfExists::Refuse, &contents, &Disk)
        .expect("the run is written");
    spool.clear(&Disk).expect("the spool is removed");
    run
}

fn small() -> Scenario {
    Scenario {
        replicates: 2,
        ..network(6, 2, 2.0)
    }
}

fn failures(findings: Vec<Finding>) -> Vec<Finding> {
    findings
        .into_iter()
        .filter(|finding| finding.outcome != Outcome::Passed)
        .collect()
}

fn reopened(run: &RunDirectory) -> RunDirectory {
    RunDirectory::open(run.path()).expect("the manifest can be read")
}

#[test]
fn a_run_verifies_and_a_streamed_log_is_the_log_in_memory() {
    let folder = Folder::new("whole");
    let scenario = small();
    let run = written(&folder, &scenario);
    assert_eq!(
        failures(verify_files(&run, Some(&scenario)).expect("it is readable")),
        vec![]
    );
    assert_eq!(
        failures(verify_by_rerun(&run, &scenario, &registry()).expect("it runs")),
        vec![]
    );
    let options = RunOptions {
        event_log: true,
        lanes: Some(6),
        ..RunOptions::default()
    };
    let output = stakeout_engine::run::run(&scenario, 1, &registry(), &options).expect("it runs");
    let streamed: Vec<Event> = run
        .events(1)
        .expect("a log")
        .map(|entry| entry.expect("an event").event)
        .collect();
    assert_eq!(output.events, Some(streamed));
}

#[test]
fn every_flipped_byte_is_found_and_its_file_named() {
    let folder = Folder::new("flips");
    let scenario = small();
    let run = written(&folder, &scenario);
    let mut names: Vec<String> = run
        .manifest()
        .files
        .iter()
        .map(|file| file.name.clone())
        .collect();
    names.push("manifest.json".to_string());
    for name in names {
        let path = run.path().join(&name);
        let whole = fs::read(&path).expect("the file is there");
        // The first and last bytes, where formats keep their marks, and an even spread between them.
        let step = (whole.len() / 24).max(1);
        let places = (0..whole.len())
            .step_by(step)
            .chain(whole.len().saturating_sub(8)..whole.len());
        for place in places {
            let mut changed = whole.clone();
            changed[place] ^= 1 << (place % 8);
            fs::write(&path, &changed).expect("the file is written");
            // A manifest that is no manifest any more is refused at the door.
            if let Ok(run) = RunDirectory::open(run.path()) {
                let found = verify_files(&run, Some(&scenario)).map(failures);
                let is_named = found
                    .as_ref()
                    .is_ok_and(|found| found.iter().any(|found| found.subject == name));
                assert!(is_named || found.is_err(), "{name}, byte {place}: {found:?}");
            } else {
                assert_eq!(name, "manifest.json");
            }
        }
        fs::write(&path, &whole).expect("the file is written");
    }
}

#[test]
fn simulating_again_names_the_byte_that_was_changed() {
    let folder = Folder::new("again");
    let scenario = small();
    let run = written(&folder, &scenario);
    for (name, place) in [
        ("events-1.parquet", 700),
        ("participants.parquet", 90),
        ("summary.json", 33),
    ] {
        let path = run.path().join(name);
        let whole = fs::read(&path).expect("the file is there");
        let mut changed = whole.clone();
        changed[place] ^= 1;
        fs::write(&path, &changed).expect("the file is written");
        let found = failures(verify_by_rerun(&run, &scenario, &registry()).expect("it runs"));
        let is_named =
            |found: &Finding| found.subject == name && found.detail.contains(&format!("byte {place}:"));
        assert!(found.iter().any(is_named), "{name}: {found:?}");
        fs::write(&path, &whole).expect("the file is written");
    }
}

/// Replaces the log of a replicate by another one with a chain, a file hash and a seal that fit.
fn forge(run: &RunDirectory, change: impl Fn(&mut Vec<Event>)) {
    let log = run.manifest().event_logs[0].clone();
    let path = run.path().join(&log.file);
    let reader = LogReader::open(&path, 0).expect("a log");
    let mut events: Vec<Event> = reader.map(|entry| entry.expect("an event").event).collect();
    change(&mut events);
    let identity = LogIdentity {
        scenario_hash: run.manifest().scenario_hash.clone(),
        seed: run.manifest().seed,
        replicate: 0,
    };
    let mut writer = LogWriter::create(Vec::new(), &identity).expect("a log");
    writer.accept(&events.into()).expect("written");
    let (bytes, head) = writer.finish().expect("written");
    let mut manifest = run.manifest().clone();
    (manifest.event_logs[0].events, manifest.event_logs[0].head) = (head.events, head.head);
    for file in manifest.files.iter_mut().filter(|file| file.name == log.file) {
        (file.bytes, file.blake3) = (bytes.len() as u64, blake3::hash(&bytes).to_hex().to_string());
    }
    fs::write(&path, &bytes).expect("the log is written");
    let text = manifest.sealed().expect("JSON");
    fs::write(run.path().join("manifest.json"), text).expect("the manifest is written");
}

#[test]
fn a_forged_log_with_fitting_hashes_does_not_balance() {
    let folder = Folder::new("forged");
    let scenario = small();
    let run = written(&folder, &scenario);
    forge(&run, |events| {
        let paid = events.iter_mut().find(|event| event.kind == EventKind::Finished);
        paid.expect("an answer was paid").value += 1;
    });
    let run = reopened(&run);
    let found = failures(verify_files(&run, Some(&scenario)).expect("it is readable"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].check == "balances" && found[0].subject == "events.parquet",
        "{found:?}"
    );
}

#[test]
fn a_forged_log_that_balances_is_not_what_the_scenario_gives() {
    let folder = Folder::new("story");
    let scenario = small();
    let run = written(&folder, &scenario);
    let place = std::cell::Cell::new(0);
    forge(&run, |events| {
        let drawn = events
            .iter()
            .position(|event| event.kind == EventKind::Drawn)
            .expect("somebody was drawn");
        events[drawn].value += 1;
        place.set(drawn);
    });
    let run = reopened(&run);
    assert_eq!(
        failures(verify_files(&run, Some(&scenario)).expect("it is readable")),
        vec![]
    );
    let found = failures(verify_by_rerun(&run, &scenario, &registry()).expect("it runs"));
    let named = format!("event {} of replicate 0", place.get());
    assert!(
        found.iter().any(|found| found.detail.starts_with(&named)),
        "{found:?}"
    );
}

#[test]
fn a_stranger_among_the_files_is_named() {
    let folder = Folder::new("stranger");
    let run = written(&folder, &small());
    fs::write(run.path().join("notes.txt"), "left here").expect("written");
    let found = failures(verify_files(&run, Some(&small())).expect("it is readable"));
    assert_eq!(
        found
            .iter()
            .map(|found| found.subject.as_str())
            .collect::<Vec<_>>(),
        ["notes.txt"]
    );
}

#[test]
fn what_is_explained_sums_to_what_was_gained() {
    let scenario = network(12, 3, 20.0);
    let (_, events) = logged(&scenario);
    let accounts = (scenario.hosts.len(), scenario.clients.accounts());
    let names = BTreeMap::new();
    let mut convicted = 0;
    for participant in 0..scenario.hosts.len() as u32 {
        let question = Question {
            participant,
            epoch: None,
            is_detailed: false,
            names: &names,
            accounts,
        };
        let entries = events.iter().map(|event| {
            Ok(LogEntry {
                event: *event,
                cause: NO_CAUSE,
            })
        });
        let lines = explain(entries, question).expect("a log");
        let mut balances = Balances::new();
        for (place, event) in events.iter().enumerate() {
            let _ = balances.book(event, place as u64, accounts.0, accounts.1);
        }
        let told: i128 = lines.iter().map(|line| line.change).sum();
        assert_eq!(told, balances.wealth(participant), "host {participant}");
        for pair in lines.windows(2) {
            assert_eq!(
                pair[0].wealth + pair[1].change,
                pair[1].wealth,
                "host {participant}, {pair:?}"
            );
            assert!(pair[0].event < pair[1].event, "host {participant}, {pair:?}");
        }
        convicted += lines
            .iter()
            .filter(|line| line.sentence.contains("statistical_invalidations"))
            .count();
        for line in &lines {
            let page = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../..")
                .join(line.page);
            assert!(page.exists(), "{}", line.page);
        }
    }
    assert!(convicted > 0, "nobody was convicted");
}

#[test]
fn segments_are_chained_as_the_vectors_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/event_log/chain.json");
    let text = fs::read_to_string(path).expect("the vectors are there");
    let vectors: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let cases = vectors["cases"].as_array().expect("cases");
    assert!(cases.len() >= 4);
    for case in cases {
        let run = &case["run"];
        let replicate = run["replicate"].as_u64().expect("a replicate") as u32;
        let seed = run["seed"].as_str().and_then(|seed| seed.parse().ok());
        let hash = run["scenario_hash"].as_str().expect("a hash");
        let mut chain = Chain::new(hash, seed.expect("a seed"), replicate);
        assert_eq!(case["head"].as_str(), Some(chain.head().to_hex().as_str()));
        let mut file = blake3::Hasher::new();
        for segment in case["segments"].as_array().expect("segments") {
            let hex = segment["stored"].as_str().expect("bytes");
            let stored: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
                .collect();
            file.update(&stored);
            let head = chain.close_segment(file.finalize());
            assert_eq!(segment["head"].as_str(), Some(head.to_hex().as_str()));
            assert_eq!(chain.head(), head);
        }
    }
}
