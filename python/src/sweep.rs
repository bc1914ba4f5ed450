//! `stakeout.sweep`: a scenario at many points, kept cell by cell.
//!
//! Invariant: plan, cells and result files are those of `stakeout sweep`; a folder begun by one goes on with the other.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use stakeout_engine::experiment::sweep::analysis;
use stakeout_engine::experiment::sweep::campaign::{self, Monitor, PointCells, Shard};
use stakeout_engine::experiment::sweep::cell::Cell;
use stakeout_engine::experiment::sweep::factor::{Factor, Level, Levels};
use stakeout_engine::experiment::sweep::file::SweepFile;
use stakeout_engine::experiment::sweep::plan::{Plan, ScenarioSource};
use stakeout_engine::experiment::sweep::store::Store;
use stakeout_engine::experiment::sweep::table::{
    estimate, figure_names, responses_csv, results_csv, write_results,
};

use crate::design;
use crate::error::Failed;
use crate::guard::{Stop, interruptible};
use crate::sensitivity;
use crate::strategy;
use crate::table::{Cells, Table};

/// Values by path.
type Set = Vec<(String, String)>;

/// Hears whether to stop.
pub struct Listener<'a>(pub &'a Stop);

impl Monitor for Listener<'_> {
    fn is_stopping(&self) -> bool {
        self.0.is_asked()
    }

    fn expect(&self, _cells: u64) {}

    fn tell(&self, _cell: &Cell) {}
}

/// The cells of a sweep, or of one of its shards.
#[pyclass(frozen, module = "stakeout")]
#[derive(Debug)]
pub struct Sweep {
    plan: Plan,
    points: Vec<PointCells>,
    folder: PathBuf,
    shard: Shard,
    run: u64,
    /// Point, why, and the command that shows it again, of points that were refused and cells that failed.
    failures: Vec<(usize, String, String)>,
}

/// Carries out a sweep. `file` is a sweep file, or a scenario file where `over` or `points` say what differs.
///
/// The package's own `sweep` prepares the arguments: texts as the command line takes them.
#[pyfunction]
#[pyo3(signature = (file, *, over, points, set, replicates, outputs, design, twin, out, extend, shard, threads))]
#[allow(clippy::too_many_arguments, reason = "the keywords of one call in Python")]
pub fn sweep(
    py: Python<'_>,
    file: PathBuf,
    over: Vec<String>,
    points: Option<Vec<Set>>,
    set: Set,
    replicates: Option<u32>,
    outputs: Option<Vec<String>>,
    design: Option<String>,
    twin: Option<bool>,
    out: Option<PathBuf>,
    extend: bool,
    shard: Option<(u32, u32)>,
    threads: Option<u16>,
) -> Result<Sweep, Failed> {
    let mut asked = match &points {
        _ if !over.is_empty() => SweepFile::over(&file, &over)?,
        Some(_) => SweepFile::over(&file, &["seed=1".to_owned()])?,
        None => SweepFile::load(&file)?,
    };
    if let Some(points) = points {
        let listed = points.into_iter().map(Level::of).collect();
        let factor = Factor {
            name: "point".to_owned(),
            levels: Levels::Listed(listed),
        };
        asked.factors = vec![factor];
    }
    asked.set.extend(set);
    if let Some(replicates) = replicates {
        asked.replication.rule.floor = replicates;
        asked.replication.rule.ceiling = replicates;
        asked.replication.rule.precision = None;
    }
    if let Some(outputs) = outputs {
        asked.outputs = outputs;
    }
    if let Some(text) = design {
        asked.design = design::read(&text)?;
    }
    asked.has_twin = twin.unwrap_or(asked.has_twin);
    let shard = match shard {
        None => Shard::WHOLE,
        Some((index, of)) if 1 <= index && index <= of => Shard { index, of },
        Some((index, of)) => {
            return Err(Failed::usage(format!(
                "no part {index} of {of}; parts count from 1"
            )));
        }
    };
    interruptible(py, threads, |stop| {
        carry_out(&asked, out.as_deref(), extend, shard, stop)
    })
}

fn carry_out(
    asked: &SweepFile,
    out: Option<&Path>,
    extend: bool,
    shard: Shard,
    stop: &Stop,
) -> Result<Sweep, Failed> {
    let source = ScenarioSource::read(&asked.scenario)?;
    let registry = strategy::registry();
    let plan = Plan::freeze(asked, &source, &registry)?;
    let folder = out.map_or_else(|| Path::new("sweeps").join(&plan.name), Path::to_path_buf);
    let store = Store::open(&folder)?;
    store.adopt(&plan, extend)?;
    let done = campaign::carry_out(&plan, &source, &registry, &store, shard, &Listener(stop))?;
    if done.is_interrupted {
        stop.check();
    }
    if shard == Shard::WHOLE {
        let front = analysis::front(&plan, &done.points);
        write_results(&plan, &done.points, front.as_ref(), &store)?;
    }
    let failures = analysis::failures(&plan, &done.points, &source);
    let failures = failures
        .into_iter()
        .filter(|(point, ..)| shard.has(*point))
        .collect();
    Ok(Sweep {
        failures,
        plan,
        points: done.points,
        folder,
        shard,
        run: done.run,
    })
}

impl Sweep {
    /// Columns that say which point a row is about: its number, the levels and the seed.
    fn place_columns(&self, rows: &[usize]) -> Vec<(String, Cells)> {
        let mut columns = vec![(
            "point".to_owned(),
            Cells::counts(rows.iter().map(|&point| point as u64)),
        )];
        for (index, factor) in self.plan.factors.iter().enumerate() {
            let labels = rows
                .iter()
                .map(|&point| self.plan.points[point].labels[index].as_str());
            columns.push((factor.clone(), Cells::words(labels)));
        }
        let seeds = rows.iter().map(|&point| self.plan.points[point].seed);
        columns.push(("seed".to_owned(), Cells::counts(seeds)));
        columns
    }

    /// A row a point: mean and interval of these figures.
    fn results_of(&self, names: &[String]) -> Result<Table, Failed> {
        let rows: Vec<usize> = self.points.iter().map(|point| point.point).collect();
        let mut columns = self.place_columns(&rows);
        let count =
            |of: fn(&PointCells) -> usize| Cells::counts(self.points.iter().map(move |p| of(p) as u64));
        columns.push(("replicates".to_owned(), count(|point| point.cells.len())));
        columns.push(("failed".to_owned(), count(PointCells::failed)));
        for name in names {
            let found: Vec<_> = self
                .points
                .iter()
                .map(|point| estimate(point, name, self.plan.confidence))
                .collect();
            let low = found.iter().map(|e| e.interval.map(|i| i.low)).collect();
            let high = found.iter().map(|e| e.interval.map(|i| i.high)).collect();
            columns.push((name.clone(), Cells::Real(found.iter().map(|e| e.mean).collect())));
            columns.push((format!("{name}_low"), Cells::Real(low)));
            columns.push((format!("{name}_high"), Cells::Real(high)));
        }
        Table::new("results", columns)
    }
}

#[pymethods]
impl Sweep {
    /// Name of the plan.
    #[getter]
    fn name(&self) -> &str {
        &self.plan.name
    }

    /// Where the cells are kept.
    #[getter]
    fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// Names of the factors.
    #[getter]
    fn factors(&self) -> Vec<String> {
        self.plan.factors.clone()
    }

    /// Number of points of the plan.
    #[getter]
    fn points(&self) -> usize {
        self.plan.points.len()
    }

    /// Cells that were run now; the others were in the folder.
    #[getter]
    fn cells_run(&self) -> u64 {
        self.run
    }

    /// The part that this is, and of how many.
    #[getter]
    fn shard(&self) -> (u32, u32) {
        (self.shard.index, self.shard.of)
    }

    /// The frozen plan as JSON.
    #[getter]
    fn plan_json(&self) -> String {
        self.plan.to_json()
    }

    /// blake3 of `results.csv` and `responses.csv`: equal digests are equal results, byte for byte.
    #[getter]
    fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(results_csv(&self.plan, &self.points).as_bytes());
        hasher.update(responses_csv(&self.plan, &self.points).as_bytes());
        hasher.finalize().to_hex().to_string()
    }

    /// A row a point: mean and interval of every figure.
    #[getter]
    fn results(&self) -> Result<Table, Failed> {
        self.results_of(&figure_names(&self.points))
    }

    /// A row a point that was refused, and a row a cell that failed: the point, why, and the command that shows it again.
    #[getter]
    fn failures(&self) -> Result<Table, Failed> {
        let rows = || self.failures.iter();
        let columns = vec![
            (
                "point".to_owned(),
                Cells::counts(rows().map(|(point, ..)| *point as u64)),
            ),
            (
                "why".to_owned(),
                Cells::words(rows().map(|(_, why, _)| why.as_str())),
            ),
            (
                "replay".to_owned(),
                Cells::words(rows().map(|(.., replay)| replay.as_str())),
            ),
        ];
        Table::new("failures", columns)
    }

    /// Which factor moves a figure: effects of a `morris` design, shares of the variance of an `indices` design.
    fn sensitivity(&self, figure: &str) -> Result<Table, Failed> {
        sensitivity::table(&self.plan, &self.points, figure)
    }

    /// A row a cell: every figure of every replicate.
    #[getter]
    fn responses(&self) -> Result<Table, Failed> {
        let cells: Vec<(usize, &Cell)> = self
            .points
            .iter()
            .flat_map(|point| point.cells.iter().map(|cell| (point.point, cell)))
            .collect();
        let rows: Vec<usize> = cells.iter().map(|(point, _)| *point).collect();
        let mut columns = self.place_columns(&rows);
        columns.push((
            "replicate".to_owned(),
            Cells::counts(cells.iter().map(|(_, cell)| cell.replicate)),
        ));
        columns.push((
            "digest".to_owned(),
            Cells::words(cells.iter().map(|(_, cell)| cell.digest.as_str())),
        ));
        columns.push((
            "error".to_owned(),
            Cells::Text(cells.iter().map(|(_, cell)| cell.error.clone()).collect()),
        ));
        for name in figure_names(&self.points) {
            let values = cells.iter().map(|(_, cell)| cell.figures.get(&name).copied());
            columns.push((name.clone(), Cells::Real(values.collect())));
        }
        Table::new("responses", columns)
    }

    fn __repr__(&self) -> String {
        let cells: usize = self.points.iter().map(|point| point.cells.len()).sum();
        format!(
            "<stakeout.Sweep {}: {} points, {cells} cells>",
            self.plan.name,
            self.points.len()
        )
    }

    fn _repr_html_(&self) -> Result<String, Failed> {
        Ok(self.results_of(&self.plan.outputs)?._repr_html_())
    }
}
