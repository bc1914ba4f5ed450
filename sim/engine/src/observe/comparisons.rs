//! `comparisons.json`: what a run was set beside, kept with it for reports.
//!
//! **Invariant.** It says nothing about the run itself: without it every figure of the run is still there.

use serde::Serialize;

use super::recorded::Comparison;
use super::results_error::ResultsError;
use super::run_archive::RunDirectory;
use crate::experiment::shorter_history::ShorterHistory;
use crate::experiment::twins::TwinLine;

/// Name of the file in a run directory.
pub const COMPARISONS_FILE: &str = "comparisons.json";
/// Largest file that is read, bytes.
const COMPARISONS_MAX: u64 = 64 << 20;

/// What a run was set beside.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Comparisons<'a> {
    /// Simulated figures beside recorded ones, for a scenario that has a record.
    pub recorded: Option<&'a Comparison>,
    /// Owners that do not follow the rules, beside the same run with that owner alone made honest.
    pub honest_twins: &'a [TwinLine],
    /// Whether a shorter stored history explains what the record shows above the simulation.
    pub shorter_histories: &'a [ShorterHistory],
    /// Parameters that were set and had no effect.
    pub warnings: &'a [String],
}

impl Comparisons<'_> {
    /// There is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recorded.is_none()
            && self.honest_twins.is_empty()
            && self.shorter_histories.is_empty()
            && self.warnings.is_empty()
    }
}

impl RunDirectory {
    /// The file as JSON, if the run has one (docs/results.md describes it).
    ///
    /// # Errors
    /// A file that the manifest names and that is missing, too large or malformed.
    pub fn comparisons(&self) -> Result<Option<serde_json::Value>, ResultsError> {
        if !self
            .manifest()
            .files
            .iter()
            .any(|file| file.name == COMPARISONS_FILE)
        {
            return Ok(None);
        }
        let text = self.read_file(COMPARISONS_FILE, COMPARISONS_MAX)?;
        let value = serde_json::from_slice(&text).map_err(|error| ResultsError::Broken {
            path: self.path().join(COMPARISONS_FILE),
            reason: error.to_string(),
        })?;
        Ok(Some(value))
    }
}
