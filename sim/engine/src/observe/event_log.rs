//! The event log of a finished run, read back.
//!
//! **Invariant.** Nothing is read from a file that is not what the manifest says: a log that was changed or cut is
//! refused before its first row.

use std::collections::BTreeMap;
use std::fs::File;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use super::results_error::ResultsError;
use super::run_archive::RunDirectory;

/// Name of the log in a run directory.
pub const EVENTS_FILE: &str = "events.parquet";

/// Name of the participants' rows in a run directory.
const PARTICIPANTS_FILE: &str = "participants.parquet";

/// One line of an event log; participants are indices into the scenario's hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Replicate.
    pub replicate: u32,
    /// Block height at which it took effect.
    pub height: u64,
    /// Time since the run's start, nanoseconds.
    pub time_ns: u64,
    /// Name of the kind of event.
    pub kind: String,
    /// Inference concerned.
    pub inference: Option<u64>,
    /// Participant concerned.
    pub participant: Option<u32>,
    /// Counterpart.
    pub other: Option<u32>,
    /// The figure that the kind names.
    pub value: i64,
}

impl RunDirectory {
    /// Whether the run kept a log.
    pub fn has_events(&self) -> bool {
        self.manifest().files.iter().any(|file| file.name == EVENTS_FILE)
    }

    /// Lines of the log that concern one inference in one replicate, in the log's order.
    ///
    /// # Errors
    /// A log that is missing, changed since it was written, or not readable.
    pub fn events_of(&self, replicate: u32, inference: u64) -> Result<Vec<LoggedEvent>, ResultsError> {
        let mut found = Vec::new();
        self.for_each_row(EVENTS_FILE, |row| {
            let event = logged(row);
            if event.inference == Some(inference) && event.replicate == replicate {
                found.push(event);
            }
            true
        })?;
        Ok(found)
    }

    /// Names of the hosts by their index, as far as the participants' rows of the first epoch give them.
    ///
    /// # Errors
    /// As [`events_of`](Self::events_of).
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
        let reader = SerializedFileReader::new(file).map_err(unreadable)?;
        for row in reader.get_row_iter(None).map_err(unreadable)? {
            if !act(&row.map_err(unreadable)?) {
                break;
            }
        }
        Ok(())
    }
}

fn logged(row: &Row) -> LoggedEvent {
    let mut event = LoggedEvent::default();
    for (name, field) in row.get_column_iter() {
        match (name.as_str(), field) {
            ("replicate", Field::UInt(value)) => event.replicate = *value,
            ("height", Field::ULong(value)) => event.height = *value,
            ("time_ns", Field::ULong(value)) => event.time_ns = *value,
            ("kind", Field::Str(value)) => event.kind.clone_from(value),
            ("inference", Field::ULong(value)) => event.inference = Some(*value),
            ("participant", Field::UInt(value)) => event.participant = Some(*value),
            ("other", Field::UInt(value)) => event.other = Some(*value),
            ("value", Field::Long(value)) => event.value = *value,
            _ => {}
        }
    }
    event
}
