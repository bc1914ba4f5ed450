//! A checked scenario, and others made from it by changing values.
//!
//! Invariant: a `Scenario` in Python has been checked; every change is checked when it is made.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use stakeout_engine::experiment::sweep::plan::ScenarioSource;
use stakeout_engine::scenario::{self, Override};

use crate::error::Failed;
use crate::html;
use crate::strategy;
use crate::table::{Cells, Table};
use crate::value::{changes, written};

/// A scenario file with what was changed in it.
#[pyclass(frozen, module = "stakeout")]
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's text.
    pub source: ScenarioSource,
    /// What was changed, in order.
    pub set: Vec<(String, String)>,
    /// What it resolves to.
    pub checked: scenario::Scenario,
}

impl Scenario {
    /// Reads and checks a file, as the command line does.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(path: &Path, set: Vec<(String, String)>) -> Result<Self, Failed> {
        let overrides = set
            .iter()
            .map(|(path, value)| Override::set(&format!("{path}={value}")))
            .collect::<Result<Vec<_>, _>>()?;
        let checked = scenario::load(path, &overrides, &strategy::registry())?;
        Ok(Self {
            source: ScenarioSource::read(path)?,
            set,
            checked,
        })
    }

    /// The same file with further changes.
    ///
    /// # Errors
    /// Everything that is wrong then.
    pub fn changed(&self, more: Vec<(String, String)>) -> Result<Self, Failed> {
        let mut set = self.set.clone();
        set.extend(more);
        let checked = self.source.resolve(&set, &strategy::registry())?;
        Ok(Self {
            source: self.source.clone(),
            set,
            checked,
        })
    }
}

#[pymethods]
impl Scenario {
    /// Reads a scenario file. `changes` is a mapping from paths to values.
    #[staticmethod]
    #[pyo3(signature = (path, changes = None))]
    fn load(path: PathBuf, changes: Option<&Bound<'_, PyAny>>) -> Result<Self, Failed> {
        let set = changes.map(self::changes).transpose()?.unwrap_or_default();
        Self::read(&path, set)
    }

    /// The scenario with one value changed.
    fn set(&self, path: String, value: &Bound<'_, PyAny>) -> Result<Self, Failed> {
        self.changed(vec![(path, written(value)?)])
    }

    /// The scenario with values changed: a mapping from paths to values, or keywords in which a double underscore
    /// stands for a dot.
    #[pyo3(signature = (changes = None, **keywords))]
    fn with_(
        &self,
        changes: Option<&Bound<'_, PyAny>>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> Result<Self, Failed> {
        let mut set = changes.map(self::changes).transpose()?.unwrap_or_default();
        for (name, value) in keywords.into_iter().flatten() {
            set.push((name.extract::<String>()?.replace("__", "."), written(&value)?));
        }
        self.changed(set)
    }

    /// The file.
    #[getter]
    fn path(&self) -> PathBuf {
        self.source.path.clone()
    }

    /// What was changed, in order.
    #[getter]
    fn changes(&self) -> Vec<(String, String)> {
        self.set.clone()
    }

    /// Short name.
    #[getter]
    fn name(&self) -> &str {
        &self.checked.name
    }

    /// The question it asks.
    #[getter]
    fn question(&self) -> Option<&str> {
        self.checked.question.as_deref()
    }

    /// Hash of what decides a replicate.
    #[getter]
    fn hash(&self) -> &str {
        &self.checked.hash
    }

    /// Root seed.
    #[getter]
    fn seed(&self) -> u64 {
        self.checked.seed
    }

    /// Independent repetitions.
    #[getter]
    fn replicates(&self) -> u32 {
        self.checked.replicates
    }

    /// Epochs simulated.
    #[getter]
    fn epochs(&self) -> u32 {
        self.checked.epochs
    }

    /// Names of the hosts, in order.
    #[getter]
    fn hosts(&self) -> Vec<&str> {
        self.checked.hosts.iter().map(|host| host.id.as_str()).collect()
    }

    /// Names of the models, in order.
    #[getter]
    fn models(&self) -> Vec<&str> {
        self.checked
            .models
            .iter()
            .map(|model| model.name.as_str())
            .collect()
    }

    /// Sentences about values without effect.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.checked.warnings.clone()
    }

    /// Ids of the assumptions that it leans on.
    #[getter]
    fn assumptions(&self) -> Vec<String> {
        self.checked.assumptions.clone()
    }

    /// The resolved scenario in canonical YAML.
    #[getter]
    fn canonical(&self) -> &str {
        &self.checked.canonical
    }

    /// Every value with where it comes from and its public source.
    fn explain(&self) -> Result<Table, Failed> {
        let values = &self.checked.origins;
        let column = |of: fn(&scenario::ResolvedValue) -> &str| Cells::words(values.iter().map(of));
        Table::new(
            &format!("{} ({})", self.checked.name, self.checked.hash),
            vec![
                ("path".to_owned(), column(|value| &value.path)),
                ("value".to_owned(), column(|value| &value.value)),
                ("origin".to_owned(), column(|value| &value.origin)),
                (
                    "source".to_owned(),
                    Cells::Text(values.iter().map(|value| value.source.clone()).collect()),
                ),
            ],
        )
    }

    fn __repr__(&self) -> String {
        let checked = &self.checked;
        format!(
            "<stakeout.Scenario {} {}: {} hosts, {} epochs>",
            checked.name,
            checked.hash,
            checked.hosts.len(),
            checked.epochs
        )
    }

    fn _repr_html_(&self) -> String {
        let checked = &self.checked;
        let row = |name: &str, value: String| vec![name.to_owned(), value];
        let mut rows = vec![
            row("hash", checked.hash.clone()),
            row("seed", checked.seed.to_string()),
            row("replicates", checked.replicates.to_string()),
            row("epochs", checked.epochs.to_string()),
            row("hosts", checked.hosts.len().to_string()),
            row("models", self.models().join(", ")),
            row("assumptions", checked.assumptions.join(" ")),
        ];
        rows.extend(self.set.iter().map(|(path, value)| row(path, value.clone())));
        html::table(
            &checked.name,
            &["what", "value"],
            &rows,
            checked.question.as_deref().unwrap_or_default(),
        )
    }
}
