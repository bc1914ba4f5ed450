//! Whole or not at all: run directories under every failure.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stakeout_kernel::histogram::LogHistogram;

use super::cast::Cast;
use super::event::Event;
use super::event_spool::FinishedLog;
use super::frame::RunOutput;
use super::manifest::{Platform, Timing};
use super::results_error::ResultsError;
use super::run_archive::{RunDirectory, list_runs};
use super::run_directory::{Contents, IfExists, Plan, RunPlace};
use super::sample;
use super::scratch::Scratch;
use super::storage::{Disk, Entry, Sink, Storage};
use super::summary::Summary;
use crate::run::EventSink;

fn write_with(
    root: &Path,
    cast: &Cast,
    outputs: &[RunOutput],
    if_exists: IfExists,
    storage: &dyn Storage,
) -> Result<RunDirectory, ResultsError> {
    write_logged(root, cast, outputs, &[], if_exists, storage)
}

fn write_logged(
    root: &Path,
    cast: &Cast,
    outputs: &[RunOutput],
    logs: &[FinishedLog],
    if_exists: IfExists,
    storage: &dyn Storage,
) -> Result<RunDirectory, ResultsError> {
    let summary = Summary::compute(cast, outputs);
    let platform = Platform {
        os: "any".into(),
        architecture: "any".into(),
        threads: 2,
    };
    let timing = Timing {
        wall_ms: 12,
        started_unix_s: None,
    };
    let contents = Contents {
        cast,
        outputs,
        summary: &summary,
        version: "0.1.0",
        platform: &platform,
        timing: &timing,
        logs,
    };
    RunPlace::new(root, cast)?.write(if_exists, &contents, storage)
}

fn write(root: &Path, replicates: u32, if_exists: IfExists) -> Result<RunDirectory, ResultsError> {
    write_with(
        root,
        &sample::cast(),
        &sample::outputs(replicates),
        if_exists,
        &Disk,
    )
}

/// Every file under a folder with its content.
fn contents_of(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_run_reads_back_as_it_was_written() {
    let scratch = Scratch::new("reads-back");
    let written = write(scratch.path(), 3, IfExists::Refuse).unwrap();
    assert!(written.path().ends_with("sample-00112233aabbccdd/seed-7"));
    let opened = RunDirectory::open(written.path()).unwrap();
    assert_eq!(opened, written);
    assert_eq!(opened.manifest().replicates, 3);
    assert_eq!(opened.scenario().unwrap(), sample::cast().canonical);
    assert_eq!(opened.summary().unwrap()["digest"], opened.manifest().digest);
    assert!(opened.changed_files().unwrap().is_empty());
    let names: Vec<&str> = opened.manifest().files.iter().map(|f| f.name.as_str()).collect();
    let tables = ["epochs.parquet", "participants.parquet", "convictions.parquet"];
    let state = ["replicates.json", "histograms.parquet"];
    assert_eq!(
        names,
        [&["scenario.yaml", "summary.json"], &tables[..], &state].concat()
    );
}

#[test]
fn replicates_read_back_are_those_that_were_simulated() {
    let scratch = Scratch::new("restored");
    let mut outputs = sample::outputs(5);
    // An interrupted run may have finished these and not those between them.
    outputs.remove(2);
    outputs[1].waiting = LogHistogram::new();
    outputs[2].waiting.record_many(u64::MAX, 3);
    let mut rows: Vec<_> = outputs[0].participants.iter().collect();
    rows[3].reward = -5;
    outputs[0].participants = rows.into_iter().collect();
    let run = write_with(scratch.path(), &sample::cast(), &outputs, IfExists::Refuse, &Disk).unwrap();
    assert_eq!(run.outputs().unwrap(), outputs);
}

#[test]
fn a_run_extended_by_replicates_has_the_bytes_of_a_run_made_at_once() {
    let [extended, whole] = ["extended", "at-once"].map(Scratch::new);
    let first = write(extended.path(), 3, IfExists::Refuse).unwrap();
    let mut outputs = first.outputs().unwrap();
    outputs.extend(sample::outputs(7).split_off(3));
    write_with(
        extended.path(),
        &sample::cast(),
        &outputs,
        IfExists::Replace,
        &Disk,
    )
    .unwrap();
    write(whole.path(), 7, IfExists::Refuse).unwrap();
    let files = |scratch: &Scratch| {
        contents_of(scratch.path())
            .into_iter()
            .filter(|(path, _)| !path.ends_with("manifest.json"))
            .map(|(path, bytes)| (path.strip_prefix(scratch.path()).unwrap().to_path_buf(), bytes))
            .collect::<Vec<_>>()
    };
    assert!(files(&extended) == files(&whole), "a file differs");
}

#[test]
fn a_run_that_was_changed_or_keeps_events_is_not_read_back() {
    let scratch = Scratch::new("not-restored");
    let run = write(scratch.path(), 2, IfExists::Refuse).unwrap();
    let file = run.path().join("replicates.json");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replace("\"open\":3", "\"open\":4")).unwrap();
    let error = run.outputs().unwrap_err().to_string();
    assert!(error.contains("replicates.json"), "{error}");
    let cast = sample::cast();
    let spool = RunPlace::new(scratch.path(), &cast)
        .unwrap()
        .spool(&Disk)
        .unwrap();
    let logs = [spool.open(&cast, 0, &Disk).unwrap().finish().unwrap()];
    let outputs = sample::outputs(1);
    let run = write_logged(scratch.path(), &cast, &outputs, &logs, IfExists::Replace, &Disk).unwrap();
    let error = run.outputs().unwrap_err();
    assert!(matches!(error, ResultsError::NotExtendable { .. }), "{error}");
}

#[test]
fn everything_but_the_manifest_is_a_function_of_the_rows() {
    let [a, b] = ["same-a", "same-b"].map(Scratch::new);
    let run = |scratch: &Scratch| {
        let path = write(scratch.path(), 2, IfExists::Refuse)
            .unwrap()
            .path()
            .to_path_buf();
        let mut files = contents_of(&path);
        files.remove(&path.join("manifest.json"));
        files
            .into_iter()
            .map(|(p, c)| (p.strip_prefix(&path).unwrap().to_path_buf(), c))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(&a), run(&b));
}

#[test]
fn event_logs_move_in_with_the_other_files_and_nothing_is_left_of_their_spool() {
    let scratch = Scratch::new("events");
    let cast = sample::cast();
    let place = RunPlace::new(scratch.path(), &cast).unwrap();
    let spool = place.spool(&Disk).unwrap();
    let mut log = spool.open(&cast, 0, &Disk).unwrap();
    log.accept(&mut sample::events().into()).unwrap();
    let logs = [log.finish().unwrap()];
    let outputs = sample::outputs(1);
    let run = write_logged(scratch.path(), &cast, &outputs, &logs, IfExists::Refuse, &Disk).unwrap();
    spool.clear(&Disk).unwrap();
    assert!(run.has_events() && !spool.directory().exists());
    assert_eq!(run.changed_files().unwrap(), Vec::<String>::new());
    let read: Vec<Event> = run.events(0).unwrap().map(|entry| entry.unwrap().event).collect();
    assert_eq!(read, sample::events());
    assert_eq!(run.manifest().event_logs[0].events, read.len() as u64);
}

#[test]
fn an_existing_run_is_refused_resumed_or_replaced_by_choice_alone() {
    let scratch = Scratch::new("choice");
    let place = RunPlace::new(scratch.path(), &sample::cast()).unwrap();
    assert!(matches!(place.plan(IfExists::Refuse, 2, &Disk), Ok(Plan::Run)));
    write(scratch.path(), 2, IfExists::Refuse).unwrap();
    let before = contents_of(scratch.path());

    assert!(matches!(
        place.plan(IfExists::Refuse, 2, &Disk),
        Err(ResultsError::Exists { .. })
    ));
    for choice in [IfExists::Refuse, IfExists::Resume] {
        assert!(matches!(
            write(scratch.path(), 2, choice),
            Err(ResultsError::Exists { .. })
        ));
    }
    assert!(matches!(
        place.plan(IfExists::Resume, 2, &Disk),
        Ok(Plan::Finished(_))
    ));
    assert!(matches!(
        place.plan(IfExists::Resume, 5, &Disk),
        Ok(Plan::Extend(_))
    ));
    let differs = place.plan(IfExists::Resume, 1, &Disk).unwrap_err().to_string();
    assert!(differs.contains("replicates 2, asked for is 1"), "{differs}");
    assert_eq!(
        contents_of(scratch.path()),
        before,
        "nothing above may touch the run"
    );

    assert!(matches!(place.plan(IfExists::Replace, 5, &Disk), Ok(Plan::Run)));
    assert_eq!(
        write(scratch.path(), 5, IfExists::Replace)
            .unwrap()
            .manifest()
            .replicates,
        5
    );
    assert_eq!(
        RunDirectory::open(&place.directory())
            .unwrap()
            .manifest()
            .replicates,
        5
    );
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let long = "a".repeat(65);
    for name in [
        "", "..", "../../x", "/etc", "a/b", "a\\b", "A", "a b", "-rf", ".hidden", "a\0b", "ünsafe", &long,
    ] {
        for hash in [false, true] {
            let mut cast = sample::cast();
            *(if hash { &mut cast.hash } else { &mut cast.scenario }) = name.to_string();
            let refused = RunPlace::new(Path::new("runs"), &cast);
            assert!(
                matches!(refused, Err(ResultsError::UnsafeName(_))),
                "{name:?} was accepted"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_in_place_of_a_run_is_not_followed() {
    let [scratch, elsewhere] = ["link-here", "link-there"].map(Scratch::new);
    let place = RunPlace::new(scratch.path(), &sample::cast()).unwrap();
    let group = place.directory().parent().unwrap().to_path_buf();
    std::os::unix::fs::symlink(elsewhere.path(), &group).unwrap();
    for choice in [IfExists::Refuse, IfExists::Resume, IfExists::Replace] {
        assert!(matches!(
            write(scratch.path(), 1, choice),
            Err(ResultsError::NotADirectory { .. })
        ));
    }
    fs::remove_file(&group).unwrap();
    fs::create_dir(&group).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), place.directory()).unwrap();
    assert!(matches!(
        place.plan(IfExists::Replace, 1, &Disk),
        Err(ResultsError::NotADirectory { .. })
    ));
    assert!(matches!(
        write(scratch.path(), 1, IfExists::Replace),
        Err(ResultsError::NotADirectory { .. })
    ));
    assert!(contents_of(elsewhere.path()).is_empty());
}

#[test]
fn a_changed_byte_is_found() {
    let scratch = Scratch::new("changed");
    let run = write(scratch.path(), 1, IfExists::Refuse).unwrap();
    let file = run.path().join("epochs.parquet");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    fs::remove_file(run.path().join("scenario.yaml")).unwrap();
    assert_eq!(run.changed_files().unwrap(), ["scenario.yaml", "epochs.parquet"]);
}

#[test]
fn a_damaged_manifest_is_an_error_that_names_the_file() {
    let scratch = Scratch::new("damaged");
    let run = write(scratch.path(), 1, IfExists::Refuse).unwrap();
    let file = run.path().join("manifest.json");
    let good = fs::read_to_string(&file).unwrap();
    let newer = good.replace("\"format\": 1", "\"format\": 99");
    let huge = " ".repeat(1 << 21);
    for bad in ["", "{", "[]", &good[..good.len() / 2], &newer, &huge] {
        fs::write(&file, bad).unwrap();
        let error = RunDirectory::open(run.path()).unwrap_err();
        assert!(matches!(error, ResultsError::Broken { .. }), "{error}");
        assert!(error.to_string().contains("manifest.json"), "{error}");
    }
}

#[test]
fn runs_are_listed_by_number_of_the_seed_and_broken_ones_with_their_error() {
    let scratch = Scratch::new("listed");
    for seed in [10, 9, 100] {
        let cast = Cast {
            seed,
            ..sample::cast()
        };
        write_with(
            scratch.path(),
            &cast,
            &sample::outputs(1),
            IfExists::Refuse,
            &Disk,
        )
        .unwrap();
    }
    let group = scratch.path().join("sample-00112233aabbccdd");
    fs::write(group.join("seed-9/manifest.json"), "{").unwrap();
    fs::create_dir(group.join(".seed-3.tmp")).unwrap();
    let listed = list_runs(scratch.path()).unwrap();
    let seeds: Vec<String> = listed
        .iter()
        .map(|l| l.path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(seeds, ["seed-9", "seed-10", "seed-100"]);
    assert_eq!(
        listed.iter().map(|l| l.run.is_ok()).collect::<Vec<_>>(),
        [false, true, true]
    );
}

/// Lets so many operations pass, then fails each further one until told otherwise.
struct Failing {
    left: Arc<AtomicU64>,
    steps: RefCell<u64>,
}

impl Failing {
    fn after(operations: u64) -> Self {
        Self {
            left: Arc::new(AtomicU64::new(operations)),
            steps: RefCell::new(0),
        }
    }

    fn step(&self) -> io::Result<()> {
        *self.steps.borrow_mut() += 1;
        spend(&self.left)
    }
}

fn spend(left: &AtomicU64) -> io::Result<()> {
    match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)) {
        Ok(_) => Ok(()),
        Err(_) => Err(io::Error::new(io::ErrorKind::StorageFull, "no space left")),
    }
}

/// Writes at most 4,000 bytes a call, so that many writes can fail.
struct FailingSink {
    sink: Box<dyn Sink>,
    left: Arc<AtomicU64>,
}

impl Write for FailingSink {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        spend(&self.left)?;
        self.sink.write(&data[..data.len().min(4_000)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl Sink for FailingSink {
    fn sync(&mut self) -> io::Result<()> {
        spend(&self.left)?;
        self.sink.sync()
    }
}

impl Storage for Failing {
    fn create_directories(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.create_directories(path)
    }

    fn create_file(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        self.step()?;
        let sink = Disk.create_file(path)?;
        Ok(Box::new(FailingSink {
            sink,
            left: Arc::clone(&self.left),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        Disk.rename(from, to)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.sync_directory(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.remove_directory(path)
    }

    fn entry(&self, path: &Path) -> io::Result<Entry> {
        self.step()?;
        Disk.entry(path)
    }

    fn lock(&self, directory: &Path) -> io::Result<Box<dyn Any>> {
        self.step()?;
        Disk.lock(directory)
    }
}

/// Fails at the n-th operation for every n, from a fresh folder each time, until one attempt succeeds.
fn fail_everywhere(test: &str, existing: Option<u32>) -> u64 {
    for n in 0.. {
        let scratch = Scratch::new(test);
        let place = RunPlace::new(scratch.path(), &sample::cast()).unwrap();
        if let Some(replicates) = existing {
            write(scratch.path(), replicates, IfExists::Refuse).unwrap();
        }
        let choice = if existing.is_some() {
            IfExists::Replace
        } else {
            IfExists::Refuse
        };
        let storage = Failing::after(n);
        let outcome = write_with(
            scratch.path(),
            &sample::cast(),
            &sample::outputs(2),
            choice,
            &storage,
        );
        let found = RunDirectory::open(&place.directory());
        match outcome {
            Ok(run) => {
                assert_eq!(run.manifest().replicates, 2);
                assert!(found.unwrap().changed_files().unwrap().is_empty());
                if storage.left.load(Ordering::SeqCst) > 0 {
                    return n;
                }
            }
            Err(error) => {
                assert!(
                    error.to_string().contains(&scratch.path().display().to_string()),
                    "{error}"
                );
                assert!(error.to_string().contains("no space left"), "{error}");
                is_whole_after_failure(n, &found, existing, scratch.path());
            }
        }
        // With space again the next attempt clears up and succeeds.
        write(scratch.path(), 3, IfExists::Replace).unwrap();
        let group = place.directory().parent().unwrap().to_path_buf();
        let mut names: Vec<String> = fs::read_dir(group)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, [".lock", "seed-7"], "after failing at operation {n}");
    }
    unreachable!("some number of operations is enough");
}

/// What is there after a failure is the old run or the new one, complete; an old run is at worst set aside.
fn is_whole_after_failure(
    n: u64,
    found: &Result<RunDirectory, ResultsError>,
    existing: Option<u32>,
    root: &Path,
) {
    match found {
        Ok(run) => {
            assert!(
                run.changed_files().unwrap().is_empty(),
                "a part of a run after failing at {n}"
            );
        }
        Err(_) => {
            let aside = root.join("sample-00112233aabbccdd/.seed-7.old");
            assert_eq!(existing.is_some(), aside.exists(), "the old run was lost at {n}");
            if existing.is_some() {
                assert!(
                    RunDirectory::open(&aside)
                        .unwrap()
                        .changed_files()
                        .unwrap()
                        .is_empty()
                );
            }
        }
    }
}

#[test]
fn a_file_added_to_a_run_is_part_of_it_and_a_failure_leaves_the_run_whole() {
    for n in 0.. {
        let scratch = Scratch::new("added");
        let run = write(scratch.path(), 2, IfExists::Refuse).unwrap();
        let place = RunPlace::new(scratch.path(), &sample::cast()).unwrap();
        let storage = Failing::after(n);
        let added = place.add(&run, "comparisons.json", &["twin"], &storage);
        let found = RunDirectory::open(&place.directory()).unwrap();
        assert!(found.changed_files().unwrap().is_empty(), "at operation {n}");
        if let Ok(added) = added {
            assert_eq!(added, found);
            assert_eq!(found.comparisons().unwrap(), Some(serde_json::json!(["twin"])));
            assert!(n > 6, "{n}");
            return;
        }
        place.add(&run, "comparisons.json", &["twin"], &Disk).unwrap();
        write(scratch.path(), 3, IfExists::Replace).unwrap();
        assert_eq!(contents_of(scratch.path()).len(), 9);
    }
}

#[test]
fn no_failing_operation_leaves_part_of_a_run() {
    assert!(fail_everywhere("fail-new", None) > 40);
}

#[test]
fn no_failing_operation_loses_the_run_that_was_there() {
    assert!(fail_everywhere("fail-old", Some(1)) > 40);
}
