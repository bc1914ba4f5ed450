//! The event logs of a finished run, read back.
//!
//! **Invariant.** Nothing is read from a file that is not what the manifest says: a log that was changed or cut is
//! refused before its first row.

use std::collections::BTreeMap;
use std::fs::File;

use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use parquet::record::{Field, Row};

use super::event_spool::events_file;
use super::parquet_source;
use super::results_error::ResultsError;
use super::run_archive::RunDirectory;
use crate::audit::log_entry::LogEntry;
use crate::audit::log_reader::LogReader;

/// Name of the participants' rows in a run directory.
const PARTICIPANTS_FILE: &str = "participants.parquet";

impl RunDirectory {
    /// Whether the run kept a log.
    pub fn has_events(&self) -> bool {
        !self.manifest().event_logs.is_empty()
    }

    /// The log of a replicate, after a look at the file's hash.
    ///
    /// # Errors
    /// A log that is missing, changed since it was written, or not readable.
    pub fn events(&self, replicate: u32) -> Result<LogReader, ResultsError> {
        let name = events_file(replicate);
        let path = self.path().join(&name);
        let broken = |reason: &str| ResultsError::Broken {
            path: path.clone(),
            reason: reason.to_string(),
        };
        if !self
            .manifest()
            .event_logs
            .iter()
            .any(|log| log.replicate == replicate)
        {
            return Err(broken("the run has no such log"));
        }
        if self.changed_files()?.contains(&name) {
            return Err(broken("not the file that the manifest describes"));
        }
        LogReader::open(&path, replicate)
    }

    /// Lines of the log that concern one inference in one replicate, in the log's order.
    ///
    /// # Errors
    /// As [`events`](Self::events).
    pub fn events_of(&self, replicate: u32, inference: u64) -> Result<Vec<LogEntry>, ResultsError> {
        let is_of = |entry: &Result<LogEntry, ResultsError>| match entry {
            Ok(entry) => entry.event.inference == inference,
            Err(_) => true,
        };
        self.events(replicate)?.filter(is_of).collect()
    }

    /// Names of the hosts by their index, as far as the participants' rows of the first epoch give them.
    ///
    /// # Errors
    /// As [`events`](Self::events).
    pub fn host_names(&self) -> Result<BTreeMap<u32, String>, ResultsError> {
        let mut names = BTreeMap::new();
        let mut last = None;
        self.for_each_row(PARTICIPANTS_FILE, |row| {
            let (mut index, mut host) = (None, None);
            for (name, field) in row.get_column_iter() {
                match (name.as_str(), field) {
                    ("participant", Field::UInt(value)) => index = Some(*value),
                    ("host", Field::Str(value)) => host = Some(value.clone()),
                    _ => {}
                }
            }
            // Rows come epoch by epoch: an index that falls back begins the next one.
            if index <= last {
                return false;
            }
            last = index;
            names.extend(index.zip(host));
            true
        })?;
        Ok(names)
    }

    /// Hands the rows of one file to `act` until it returns false.
    fn for_each_row(&self, name: &str, mut act: impl FnMut(&Row) -> bool) -> Result<(), ResultsError> {
        let path = self.path().join(name);
        let broken = |reason: String| ResultsError::Broken {
            path: path.clone(),
            reason,
        };
        if self.changed_files()?.iter().any(|changed| changed == name) {
            return Err(broken("not the file that the manifest describes".to_string()));
        }
        let file = ResultsError::wrap("read", &path, File::open(&path))?;
        let unreadable = |error: ParquetError| broken(error.to_string());
        let reader = parquet_source::open(file, u64::MAX).map_err(unreadable)?;
        for row in reader.get_row_iter(None).map_err(unreadable)? {
            if !act(&row.map_err(unreadable)?) {
                break;
            }
        }
        Ok(())
    }
}
