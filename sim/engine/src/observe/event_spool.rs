//! Event logs on their way to a run directory: each replicate streams into a file of a hidden folder beside
//! it, and the finished files move in with the others.
//!
//! **Invariant.** What is kept in memory is bounded, however long the run. What a writer that was killed left
//! behind is cleared by the next one.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::cast::Cast;
use super::events_in_order::EventsInOrder;
use super::log_thread::LogThread;
use super::manifest::{EventLogEntry, FileEntry};
use super::results_error::ResultsError;
use super::storage::{Entry, Sink, Storage};
use crate::audit::log_writer::{LogIdentity, LogWriter};
use crate::run::EventSink;

/// Name of a replicate's log in a run directory.
pub fn events_file(replicate: u32) -> String {
    match replicate {
        0 => "events.parquet".to_string(),
        _ => format!("events-{replicate}.parquet"),
    }
}

/// Where the logs of one run are written until the run is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spool {
    directory: PathBuf,
}

/// A log whose last event has been written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedLog {
    /// Where it lies until the run directory is written.
    pub path: PathBuf,
    /// The file, as the manifest describes it.
    pub file: FileEntry,
    /// The chain, as the manifest describes it.
    pub log: EventLogEntry,
}

/// A log under way.
pub struct SpooledLog {
    path: PathBuf,
    name: String,
    replicate: u32,
    thread: LogThread<Box<dyn Sink>>,
}

impl Spool {
    /// An empty folder for logs.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn create(directory: PathBuf, storage: &dyn Storage) -> Result<Self, ResultsError> {
        let found = storage.entry(&directory);
        if ResultsError::wrap("look at", &directory, found)? == Entry::Directory {
            ResultsError::wrap("remove", &directory, storage.remove_directory(&directory))?;
        }
        ResultsError::wrap("create", &directory, storage.create_directories(&directory))?;
        Ok(Self { directory })
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Opens the log of a replicate.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn open(
        &self,
        cast: &Cast,
        replicate: u32,
        storage: &dyn Storage,
    ) -> Result<SpooledLog, ResultsError> {
        let name = events_file(replicate);
        let path = self.directory.join(&name);
        let sink = ResultsError::wrap("create", &path, storage.create_file(&path))?;
        let identity = LogIdentity {
            scenario_hash: cast.hash.clone(),
            seed: cast.seed,
            replicate,
        };
        let writer = LogWriter::create(sink, &identity);
        let thread = writer.map_err(as_io).and_then(LogThread::start);
        let thread = ResultsError::wrap("write", &path, thread)?;
        Ok(SpooledLog {
            path,
            name,
            replicate,
            thread,
        })
    }

    /// Removes the folder; what is left in it belonged to replicates that were interrupted.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn clear(&self, storage: &dyn Storage) -> Result<(), ResultsError> {
        let removed = storage.remove_directory(&self.directory);
        ResultsError::wrap("remove", &self.directory, removed)
    }
}

impl SpooledLog {
    /// Writes what is left of the log and forces it onto the disk.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn finish(self) -> Result<FinishedLog, ResultsError> {
        let (path, name) = (self.path, self.name);
        let closed = self.thread.finish().and_then(|(mut sink, head)| {
            sink.flush()?;
            sink.sync()?;
            Ok(head)
        });
        let head = ResultsError::wrap("write", &path, closed)?;
        Ok(FinishedLog {
            log: EventLogEntry {
                replicate: self.replicate,
                file: name.clone(),
                events: head.events,
                head: head.head,
            },
            file: FileEntry {
                name,
                bytes: head.bytes,
                blake3: head.blake3,
            },
            path,
        })
    }
}

impl EventSink for SpooledLog {
    fn accept(&mut self, events: &mut EventsInOrder) -> Result<(), ResultsError> {
        ResultsError::wrap("write", &self.path, self.thread.accept(events))
    }
}

/// The operating system's error where there is one.
pub(super) fn as_io(error: parquet::errors::ParquetError) -> io::Error {
    match error {
        parquet::errors::ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => *source,
            Err(source) => io::Error::other(source),
        },
        other => io::Error::other(other),
    }
}
