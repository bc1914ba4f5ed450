//! `stakeout.run`: a scenario in, results out.

use std::path::PathBuf;

use pyo3::prelude::*;
use rayon::prelude::*;
use stakeout_engine::observe::cast::Cast;
use stakeout_engine::observe::figure::Number;
use stakeout_engine::observe::frame::RunOutput;
use stakeout_engine::observe::manifest::{Platform, Timing};
use stakeout_engine::observe::recorded::Comparison;
use stakeout_engine::observe::rows::{conviction_columns, epoch_columns, participant_columns};
use stakeout_engine::observe::run_directory::{Contents, IfExists, RunPlace};
use stakeout_engine::observe::storage::Disk;
use stakeout_engine::observe::summary::Summary;
use stakeout_engine::run::{RunOptions, run_unless};
use stakeout_engine::scenario;

use crate::error::Failed;
use crate::figures;
use crate::guard::{Stop, interruptible};
use crate::html;
use crate::scenario::Scenario;
use crate::strategy;
use crate::table::{Cells, Table};

/// A finished run with all its replicates.
#[pyclass(frozen, module = "stakeout")]
#[derive(Debug)]
pub struct Run {
    cast: Cast,
    outputs: Vec<RunOutput>,
    summary: Summary,
    comparison: Option<Comparison>,
    folder: Option<PathBuf>,
}

/// Simulates a scenario and gives its results.
///
/// The bytes of a result do not depend on `threads`. With `out` a run directory is written below that folder, as the
/// command line writes it.
#[pyfunction]
#[pyo3(signature = (scenario, *, replicates = None, seed = None, threads = None, out = None, replace = false))]
pub fn run(
    py: Python<'_>,
    scenario: &Scenario,
    replicates: Option<u32>,
    seed: Option<u64>,
    threads: Option<u16>,
    out: Option<PathBuf>,
    replace: bool,
) -> Result<Run, Failed> {
    let mut more = Vec::new();
    more.extend(replicates.map(|count| ("replicates".to_owned(), count.to_string())));
    more.extend(seed.map(|seed| ("seed".to_owned(), seed.to_string())));
    let changed = if more.is_empty() {
        None
    } else {
        Some(scenario.changed(more)?)
    };
    let checked = &changed.as_ref().unwrap_or(scenario).checked;
    let cast = Cast::from(checked);
    let if_exists = if replace {
        IfExists::Replace
    } else {
        IfExists::Refuse
    };
    // Asked before anything is simulated: a run that may not be written is not worth its time.
    let place = match out {
        Some(out) => {
            let place = RunPlace::new(&out, &cast)?;
            place.plan(if_exists, checked.replicates, &Disk)?;
            Some(place)
        }
        None => None,
    };
    let outputs = interruptible(py, threads, |stop| simulate(checked, stop))?;
    let (summary, comparison) = py.detach(|| {
        let summary = Summary::compute(&cast, &outputs);
        (summary, Comparison::compute(checked, &cast, &outputs))
    });
    let folder = match place {
        Some(place) => Some(write(&place, if_exists, &cast, &outputs, &summary)?),
        None => None,
    };
    Ok(Run {
        cast,
        outputs,
        summary,
        comparison,
        folder,
    })
}

/// Every replicate; several share the threads, a single one is cut into lanes.
fn simulate(scenario: &scenario::Scenario, stop: &Stop) -> Result<Vec<RunOutput>, Failed> {
    let registry = strategy::registry();
    let options = RunOptions {
        parallel: scenario.replicates == 1,
        ..RunOptions::default()
    };
    let one = |replicate: u32| {
        stop.check();
        run_unless(scenario, replicate, &registry, &options, &|| stop.is_asked())
    };
    let outputs = (0..scenario.replicates).into_par_iter().map(one);
    Ok(outputs.collect::<Result<Vec<_>, _>>()?)
}

fn write(
    place: &RunPlace,
    if_exists: IfExists,
    cast: &Cast,
    outputs: &[RunOutput],
    summary: &Summary,
) -> Result<PathBuf, Failed> {
    let platform = Platform {
        os: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        threads: u32::try_from(rayon::current_num_threads()).unwrap_or(u32::MAX),
    };
    let timing = Timing {
        wall_ms: 0,
        started_unix_s: None,
    };
    let contents = Contents {
        cast,
        outputs,
        summary,
        version: env!("CARGO_PKG_VERSION"),
        platform: &platform,
        timing: &timing,
        logs: &[],
    };
    let directory = place.write(if_exists, &contents, &Disk)?;
    Ok(directory.path().to_path_buf())
}

#[pymethods]
impl Run {
    /// Digest over all replicates, lower-case hex: that of the command line for the same scenario and seed.
    #[getter]
    fn digest(&self) -> &str {
        &self.summary.digest
    }

    /// Digest of each replicate.
    #[getter]
    fn digests(&self) -> Vec<String> {
        self.summary.digests.clone()
    }

    /// Name of the scenario.
    #[getter]
    fn scenario(&self) -> &str {
        &self.cast.scenario
    }

    /// Hash of the scenario.
    #[getter]
    fn scenario_hash(&self) -> &str {
        &self.cast.hash
    }

    /// Number of replicates.
    #[getter]
    fn replicates(&self) -> usize {
        self.outputs.len()
    }

    /// The run directory, where one was written.
    #[getter]
    fn folder(&self) -> Option<PathBuf> {
        self.folder.clone()
    }

    /// `summary.json` as Python has it; money is a text of base units.
    #[getter]
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let text = serde_json::to_string(&self.summary).expect("a summary is printable");
        py.import("json")?.call_method1("loads", (text,))
    }

    /// The network's figures with their intervals over replicates.
    #[getter]
    fn figures(&self) -> Result<Table, Failed> {
        figures::network(&self.summary)
    }

    /// What each strategy earned.
    #[getter]
    fn strategies(&self) -> Result<Table, Failed> {
        figures::strategies(&self.summary)
    }

    /// One settled epoch a row.
    #[getter]
    fn epochs(&self) -> Result<Table, Failed> {
        let parts = self.outputs.iter();
        Table::of_parts(
            "epochs",
            parts.map(|output| epoch_columns(output.replicate, &output.epochs)),
        )
    }

    /// One participant in one settled epoch a row.
    #[getter]
    fn participants(&self) -> Result<Table, Failed> {
        let parts = self.outputs.iter().map(|output| {
            let rows: Vec<_> = output.participants.iter().collect();
            participant_columns(&self.cast, output.replicate, &rows)
        });
        Table::of_parts("participants", parts)
    }

    /// One first conviction a row.
    #[getter]
    fn convictions(&self) -> Result<Table, Failed> {
        let parts = self.outputs.iter();
        Table::of_parts(
            "convictions",
            parts.map(|output| conviction_columns(&self.cast, output.replicate, &output.convictions)),
        )
    }

    /// What the real network recorded beside what was simulated, a row a host and figure; nothing where the scenario has
    /// no record. The interval is where one further replicate falls, 999 times in 1,000.
    #[getter]
    fn recorded(&self) -> Result<Option<Table>, Failed> {
        let Some(comparison) = &self.comparison else {
            return Ok(None);
        };
        let rows: Vec<_> = comparison
            .hosts
            .iter()
            .flat_map(|host| host.figures.iter().map(move |figure| (host, figure)))
            .collect();
        let real = |number: Number| match number {
            Number::Plain(value) => value,
            Number::Money(amount) => amount as f64,
        };
        let bound = |end: usize| {
            let bounds = rows
                .iter()
                .map(move |(_, figure)| figure.interval.map(|interval| real(interval[end])));
            Cells::Real(bounds.collect())
        };
        let table = Table::new(
            "recorded",
            vec![
                (
                    "host".to_owned(),
                    Cells::words(rows.iter().map(|(host, _)| host.id.as_str())),
                ),
                (
                    "figure".to_owned(),
                    Cells::words(rows.iter().map(|(_, figure)| figure.figure)),
                ),
                (
                    "recorded".to_owned(),
                    Cells::reals(rows.iter().map(|(_, figure)| real(figure.recorded))),
                ),
                (
                    "simulated_mean".to_owned(),
                    Cells::Real(
                        rows.iter()
                            .map(|(_, figure)| figure.simulated_mean.map(real))
                            .collect(),
                    ),
                ),
                ("low".to_owned(), bound(0)),
                ("high".to_owned(), bound(1)),
                (
                    "exact_replicates".to_owned(),
                    Cells::counts(rows.iter().map(|(_, figure)| figure.exact_replicates as u64)),
                ),
                (
                    "is_exact".to_owned(),
                    Cells::Switch(rows.iter().map(|(_, figure)| figure.is_exact).collect()),
                ),
            ],
        )?;
        Ok(Some(table))
    }

    fn __repr__(&self) -> String {
        let digest = &self.summary.digest;
        format!(
            "<stakeout.Run {}: {} replicates, digest {}>",
            self.cast.scenario,
            self.outputs.len(),
            &digest[..16.min(digest.len())]
        )
    }

    fn _repr_html_(&self) -> Result<String, Failed> {
        let head = html::table(
            &self.cast.scenario,
            &["what", "value"],
            &[
                vec!["digest".to_owned(), self.summary.digest.clone()],
                vec!["seed".to_owned(), self.cast.seed.to_string()],
                vec!["replicates".to_owned(), self.outputs.len().to_string()],
            ],
            "",
        );
        Ok(head + &self.strategies()?._repr_html_())
    }
}
