//! The same scenario once more, compared with what lies in the run directory.
//!
//! Invariant: nothing is written. What the run would write is compared byte by byte with what is there, and its
//! events one by one with those in the log. Platform, timing and release are taken from the manifest: they are
//! circumstances, which its seal covers.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::causes::Causes;
use super::log_entry::LogEntry;
use super::log_reader::LogReader;
use crate::observe::cast::Cast;
use crate::observe::event_spool::{FinishedLog, Spool, SpooledLog, events_file};
use crate::observe::events_in_order::EventsInOrder;
use crate::observe::frame::RunOutput;
use crate::observe::manifest::{FileEntry, Manifest};
use crate::observe::replicate_state::ReplicateState;
use crate::observe::results_error::ResultsError;
use crate::observe::run_archive::{MANIFEST_MAX, RunDirectory};
use crate::observe::run_directory::{Contents, MANIFEST_FILE, write_files};
use crate::observe::storage::{Entry, Sink, Storage};
use crate::observe::summary::Summary;
use crate::run::{EventSink, LoggedRunError, RunOptions, run, run_logged, unwatched};
use crate::scenario::Scenario;
use crate::strategy::registry::Registry;

/// Where a file and the same run once more first differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// File name.
    pub file: String,
    /// First byte that differs, from 0.
    pub offset: u64,
    /// What differs.
    pub what: String,
}

/// The first event of a replicate in which log and run differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDifference {
    /// Replicate.
    pub replicate: u32,
    /// Number of the event.
    pub number: u64,
    /// What the log holds there, if it goes that far.
    pub logged: Option<LogEntry>,
    /// What the run does there, if it goes that far.
    pub simulated: Option<LogEntry>,
}

/// What came of simulating a run once more.
#[derive(Debug)]
pub struct Rerun {
    /// Replicates as they are simulated now.
    pub outputs: Vec<RunOutput>,
    /// Files that differ.
    pub differences: Vec<Difference>,
    /// Files that were added to the run afterwards and are not simulated again.
    pub extras: Vec<String>,
    /// Logs that differ, by replicate.
    pub events: Vec<EventDifference>,
}

/// Simulates the replicates of a run once more and compares.
///
/// # Errors
/// A scenario that cannot be run, or files that cannot be read.
pub fn rerun(
    directory: &RunDirectory,
    states: &[ReplicateState],
    scenario: &Scenario,
    registry: &Registry,
) -> Result<Rerun, LoggedRunError> {
    let storage = ComparingStorage::new(directory.path());
    let cast = Cast::from(scenario);
    let options = RunOptions {
        parallel: states.len() == 1,
        ..RunOptions::default()
    };
    let one = |state: &ReplicateState| {
        simulate(
            directory,
            state.replicate,
            scenario,
            &cast,
            registry,
            &options,
            &storage,
        )
    };
    let simulated: Result<Vec<Simulated>, LoggedRunError> = states.par_iter().map(one).collect();
    let (mut outputs, mut logs, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for (output, log, difference) in simulated? {
        outputs.push(output);
        logs.extend(log);
        events.extend(difference);
    }
    let manifest = directory.manifest();
    let contents = Contents {
        cast: &cast,
        outputs: &outputs,
        summary: &Summary::compute(&cast, &outputs),
        version: &manifest.version,
        platform: &manifest.platform,
        timing: &manifest.timing,
        logs: &logs,
    };
    let mut derived = write_files(directory.path(), &contents, &storage)?;
    let is_extra = |file: &&FileEntry| derived.files.iter().all(|known| known.name != file.name);
    let extras: Vec<FileEntry> = manifest.files.iter().filter(is_extra).cloned().collect();
    derived.files.extend(extras.iter().cloned());
    let mut differences = storage.into_differences();
    differences.extend(compare_manifest(directory, &mut derived)?);
    Ok(Rerun {
        outputs,
        differences,
        extras: extras.into_iter().map(|file| file.name).collect(),
        events,
    })
}

/// The manifest that the run would have, with the circumstances and the further files of the one that is there.
fn compare_manifest(
    directory: &RunDirectory,
    derived: &mut Manifest,
) -> Result<Option<Difference>, ResultsError> {
    let stored = directory.read_file(MANIFEST_FILE, MANIFEST_MAX)?;
    let text = derived.sealed().unwrap_or_default().into_bytes();
    let differs = |(old, new): (&u8, &u8)| old != new;
    let common = stored.len().min(text.len());
    let place = stored.iter().zip(&text).position(differs);
    let place = place.or((stored.len() != text.len()).then_some(common));
    Ok(place.map(|place| Difference {
        file: MANIFEST_FILE.to_string(),
        offset: place as u64,
        what: match (stored.get(place), text.get(place)) {
            (Some(old), Some(new)) => format!("byte {old:#04x}, the run gives {new:#04x}"),
            (None, _) => "the file ends, the run goes on".to_string(),
            (_, None) => "the file goes on, the run ends".to_string(),
        },
    }))
}

type Simulated = (RunOutput, Option<FinishedLog>, Option<EventDifference>);

fn simulate(
    directory: &RunDirectory,
    replicate: u32,
    scenario: &Scenario,
    cast: &Cast,
    registry: &Registry,
    options: &RunOptions,
    storage: &ComparingStorage,
) -> Result<Simulated, LoggedRunError> {
    if !directory.has_events() {
        return Ok((run(scenario, replicate, registry, options)?, None, None));
    }
    let spool = Spool::create(directory.path().to_path_buf(), storage)?;
    let mut log = ComparedLog {
        replicate,
        spooled: spool.open(cast, replicate, storage)?,
        stored: LogReader::open(&directory.path().join(events_file(replicate)), replicate).ok(),
        causes: Causes::new(),
        number: 0,
        first: None,
    };
    let output = run_logged(scenario, replicate, registry, options, &mut unwatched, &mut log)?;
    let (finished, difference) = log.finish()?;
    Ok((output, Some(finished), difference))
}

/// A log that is compared while it is written.
struct ComparedLog {
    replicate: u32,
    spooled: SpooledLog,
    /// What is left of the stored log; nothing once it cannot be read or a difference is known.
    stored: Option<LogReader>,
    causes: Causes,
    number: u64,
    first: Option<EventDifference>,
}

impl ComparedLog {
    fn finish(mut self) -> Result<(FinishedLog, Option<EventDifference>), ResultsError> {
        if let Some(Ok(more)) = self.stored.as_mut().and_then(Iterator::next) {
            self.note(Some(more), None);
        }
        Ok((self.spooled.finish()?, self.first))
    }

    fn note(&mut self, logged: Option<LogEntry>, simulated: Option<LogEntry>) {
        self.first = Some(EventDifference {
            replicate: self.replicate,
            number: self.number,
            logged,
            simulated,
        });
        self.stored = None;
    }
}

impl EventSink for ComparedLog {
    fn accept(&mut self, events: &mut EventsInOrder) -> Result<(), ResultsError> {
        for event in events.to_vec() {
            let Some(stored) = &mut self.stored else {
                break;
            };
            let entry = LogEntry {
                event,
                cause: self.causes.next(&event, self.number),
            };
            match stored.next() {
                Some(Ok(logged)) if logged == entry => {}
                Some(Ok(logged)) => self.note(Some(logged), Some(entry)),
                // A log that cannot be decoded is told elsewhere, with its place.
                Some(Err(_)) => self.stored = None,
                None => self.note(None, Some(entry)),
            }
            self.number += 1;
        }
        self.spooled.accept(events)
    }
}

/// Stands in for a disk and compares what is written with what lies in a directory.
struct ComparingStorage {
    directory: PathBuf,
    found: Arc<Mutex<BTreeMap<String, Difference>>>,
}

impl ComparingStorage {
    fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_path_buf(),
            found: Arc::default(),
        }
    }

    fn into_differences(self) -> Vec<Difference> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *found).into_values().collect()
    }
}

impl Storage for ComparingStorage {
    fn create_directories(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn create_file(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name == MANIFEST_FILE {
            return Ok(Box::new(Ignored));
        }
        let stored = match File::open(self.directory.join(&name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => Some(BufReader::new(opened?)),
        };
        Ok(Box::new(ComparingSink {
            name,
            stored,
            offset: 0,
            buffer: Vec::new(),
            found: Arc::clone(&self.found),
        }))
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove_directory(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn entry(&self, _: &Path) -> io::Result<Entry> {
        Ok(Entry::Missing)
    }

    fn lock(&self, _: &Path) -> io::Result<Box<dyn Any>> {
        Ok(Box::new(()))
    }
}

/// A file that is compared in place of being written.
struct ComparingSink {
    name: String,
    stored: Option<BufReader<File>>,
    offset: u64,
    buffer: Vec<u8>,
    found: Arc<Mutex<BTreeMap<String, Difference>>>,
}

impl ComparingSink {
    fn note(&self, offset: u64, what: String) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.entry(self.name.clone()).or_insert(Difference {
            file: self.name.clone(),
            offset,
            what,
        });
    }
}

impl Write for ComparingSink {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let Some(stored) = &mut self.stored else {
            self.note(0, "the file is missing".to_string());
            return Ok(data.len());
        };
        self.buffer.clear();
        stored.take(data.len() as u64).read_to_end(&mut self.buffer)?;
        let first = data.iter().zip(&self.buffer).position(|(new, old)| new != old);
        if let Some(at) = first {
            let what = format!("byte {:#04x}, the run gives {:#04x}", self.buffer[at], data[at]);
            self.note(self.offset + at as u64, what);
        } else if self.buffer.len() < data.len() {
            self.note(
                self.offset + self.buffer.len() as u64,
                "the file ends, the run goes on".to_string(),
            );
        }
        self.offset += data.len() as u64;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for ComparingSink {
    fn sync(&mut self) -> io::Result<()> {
        let mut more = [0];
        if let Some(stored) = &mut self.stored
            && stored.read(&mut more)? > 0
        {
            self.note(self.offset, "the file goes on, the run ends".to_string());
        }
        Ok(())
    }
}

/// Takes what is compared elsewhere: the manifest, which holds what a run cannot give again.
struct Ignored;

impl Write for Ignored {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Ignored {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
