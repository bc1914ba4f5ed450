//! The doors: a file, a text, and the overrides of a command line.
//!
//! Invariant: bad input is an error with its place, never a panic; a file is measured before it is read.

use std::path::Path;
use std::sync::Arc;

use super::Scenario;
use super::build::Builder;
use super::document::MAX_FILE_BYTES;
use super::error::{Problem, ScenarioErrors, Source};
use super::files::read_bounded;
use super::kind::find_no_scenario;
use super::layers::{Layers, Override};
use super::read::Reader;
use super::values::Values;
use crate::strategy::registry::Registry;

/// Reads, resolves and checks a scenario file.
///
/// # Errors
/// Everything that is wrong with the file, its presets' values and the overrides, at once.
pub fn load(path: &Path, overrides: &[Override], registry: &Registry) -> Result<Scenario, ScenarioErrors> {
    let name = path.display().to_string();
    let bytes =
        read_bounded(path, MAX_FILE_BYTES).map_err(|reason| ScenarioErrors::unreadable(&name, reason))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        let found = format!("byte {valid} (line {line}) is not UTF-8");
        ScenarioErrors::new(vec![Problem::new(&Source::file(&name, "").start(), "", found)])
    })?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    resolve(
        &Source::file(&name, &text),
        &stem_of(&name),
        Some(folder),
        overrides,
        registry,
    )
}

/// Resolves and checks a scenario given as text, which cannot refer to files.
///
/// `name` stands for its file in messages.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn from_str(
    name: &str,
    text: &str,
    overrides: &[Override],
    registry: &Registry,
) -> Result<Scenario, ScenarioErrors> {
    resolve(
        &Source::file(name, text),
        &stem_of(name),
        None,
        overrides,
        registry,
    )
}

/// Resolves and checks a scenario given as text, whose files lie in a folder: a resolved scenario from a
/// run directory, read again beside the files it was made with.
///
/// # Errors
/// Everything that is wrong, at once; also a file whose contents have changed since.
pub fn from_str_in(
    folder: &Path,
    name: &str,
    text: &str,
    overrides: &[Override],
    registry: &Registry,
) -> Result<Scenario, ScenarioErrors> {
    resolve(
        &Source::file(name, text),
        &stem_of(name),
        Some(folder),
        overrides,
        registry,
    )
}

fn stem_of(name: &str) -> String {
    Path::new(name)
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

fn resolve(
    source: &Arc<Source>,
    stem: &str,
    folder: Option<&Path>,
    overrides: &[Override],
    registry: &Registry,
) -> Result<Scenario, ScenarioErrors> {
    let mut layers = Layers::new(Some(source), overrides);
    let has_tree = layers.file.is_some();
    let fallback = source.start();
    let mut reader = Reader {
        registry,
        problems: std::mem::take(&mut layers.problems),
    };
    if !has_tree {
        // What the file would have said is unknown, so nothing is reported as missing from it.
        return Err(ScenarioErrors::new(reader.problems));
    }
    if let Some(problem) = layers.file.as_ref().and_then(find_no_scenario) {
        return Err(ScenarioErrors::new(vec![problem]));
    }
    let values = Values::read(&layers, &mut reader, &fallback);
    if !reader.problems.is_empty() {
        return Err(ScenarioErrors::new(reader.problems));
    }
    let builder = Builder {
        values: &values,
        layers: &layers,
        folder,
        fallback: &fallback,
        problems: Vec::new(),
        files: Vec::new(),
    };
    builder.build(stem).map_err(ScenarioErrors::new)
}

/// What `scenario check` says about a file.
#[derive(Clone, Debug)]
pub struct Report {
    /// The problems, or what the scenario resolves to.
    pub outcome: Result<Summary, ScenarioErrors>,
}

/// A scenario in a few numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Name of the scenario.
    pub name: String,
    /// Hash of what decides a replicate.
    pub hash: String,
    /// Number of hosts.
    pub hosts: usize,
    /// Number of models that hosts serve.
    pub models: usize,
    /// Epochs simulated.
    pub epochs: u32,
    /// Sentences about values without effect.
    pub warnings: Vec<String>,
    /// Assumptions it leans on.
    pub assumptions: Vec<String>,
}

/// Checks a scenario file.
#[must_use]
pub fn check(path: &Path, overrides: &[Override], registry: &Registry) -> Report {
    let outcome = load(path, overrides, registry).map(|scenario| Summary {
        name: scenario.name,
        hash: scenario.hash,
        hosts: scenario.hosts.len(),
        models: scenario.models.len(),
        epochs: scenario.epochs,
        warnings: scenario.warnings,
        assumptions: scenario.assumptions,
    });
    Report { outcome }
}
