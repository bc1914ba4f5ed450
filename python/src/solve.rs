//! `stakeout.solve`: the laxest rule under which no attack of a menu pays.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use stakeout_engine::experiment::cells::Bench;
use stakeout_engine::experiment::solve::cost::combinations;
use stakeout_engine::experiment::solve::file::SolveFile;
use stakeout_engine::experiment::solve::{Frontier, Judged, Solver};
use stakeout_engine::experiment::sweep::plan::ScenarioSource;
use stakeout_engine::experiment::sweep::store::Store;
use stakeout_statistics::PairedDifference;

use crate::error::Failed;
use crate::guard::interruptible;
use crate::strategy;
use crate::sweep::Listener;
use crate::table::{Cells, Table};

/// What a search found.
#[pyclass(frozen, module = "stakeout")]
#[derive(Debug)]
pub struct Solution {
    file: SolveFile,
    frontiers: Vec<Frontier>,
    folder: PathBuf,
}

/// Answers the question of a solve file; its cells are kept in `out`, or `sweeps/NAME` where it is not given. `extend`
/// puts the question in place of another one that the folder holds.
#[pyfunction]
#[pyo3(signature = (file, *, out = None, extend = false, threads = None))]
pub fn solve(
    py: Python<'_>,
    file: PathBuf,
    out: Option<PathBuf>,
    extend: bool,
    threads: Option<u16>,
) -> Result<Solution, Failed> {
    let file = SolveFile::load(&file)?;
    let folder = out.unwrap_or_else(|| Path::new("sweeps").join(&file.name));
    let (file, frontiers) = interruptible(py, threads, |stop| {
        let source = ScenarioSource::read(&file.scenario)?;
        let (registry, store) = (strategy::registry(), Store::open(&folder)?);
        let monitor = Listener(stop);
        let bench = Bench {
            source: &source,
            registry: &registry,
            store: &store,
            monitor: &monitor,
        };
        let solver = Solver::new(file, bench);
        solver.adopt(extend)?;
        let frontiers = solver.solve()?;
        Ok((solver.into_file(), frontiers))
    })?;
    Ok(Solution {
        file,
        frontiers,
        folder,
    })
}

/// The family that was searched for alone, or the whole menu.
fn menu(frontier: &Frontier) -> &str {
    frontier.family.as_deref().unwrap_or("whole menu")
}

impl Solution {
    fn label(&self, value: Option<f64>) -> Option<String> {
        value.map(|value| self.file.parameter.level(value).label)
    }

    /// The values that an attack chose for its own parameters.
    fn tuned_to(&self, judged: Judged<'_>) -> String {
        let attack = &self.file.attacks[judged.attack];
        attack.tuned_to(judged.chosen, |range, value| range.level(value).label)
    }
}

#[pymethods]
impl Solution {
    /// Name of the question.
    #[getter]
    fn name(&self) -> &str {
        &self.file.name
    }

    /// Where the cells are kept.
    #[getter]
    fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// A row a level: from which value on the menu is deterred, what binds there and the price of the network.
    #[getter]
    fn frontier(&self) -> Result<Table, Failed> {
        let found = &self.frontiers;
        let label = |judged: Judged<'_>| self.file.attacks[judged.attack].label.clone();
        let bound: Vec<Option<Judged<'_>>> = found.iter().map(Frontier::binding).collect();
        let real = |of: fn(&stakeout_statistics::deterrence::Gain) -> f64| {
            Cells::Real(
                bound
                    .iter()
                    .map(|bound| bound.map(|binding| of(&binding.gain)))
                    .collect(),
            )
        };
        let text = |of: &dyn Fn(&Frontier) -> Option<String>| Cells::Text(found.iter().map(of).collect());
        let number = |of: fn(&Frontier) -> Option<f64>| Cells::Real(found.iter().map(of).collect());
        let mut columns = vec![
            (
                "across".to_owned(),
                Cells::words(found.iter().map(|frontier| frontier.level.as_str())),
            ),
            ("menu".to_owned(), Cells::words(found.iter().map(menu))),
            (
                "deters_from".to_owned(),
                text(&|frontier| self.label(frontier.threshold.deterred)),
            ),
            (
                "not_below".to_owned(),
                text(&|frontier| self.label(frontier.threshold.not_deterred)),
            ),
            (
                "deters_from_value".to_owned(),
                number(|frontier| frontier.threshold.deterred),
            ),
            (
                "not_below_value".to_owned(),
                number(|frontier| frontier.threshold.not_deterred),
            ),
            (
                "binding_attack".to_owned(),
                Cells::Text(bound.iter().map(|bound| bound.map(label)).collect()),
            ),
            ("gain".to_owned(), real(|gain| gain.mean)),
            ("gain_low".to_owned(), real(|gain| gain.bounds.low)),
            ("gain_high".to_owned(), real(|gain| gain.bounds.high)),
        ];
        for name in &self.file.price {
            let price = found.iter().map(|frontier| {
                let known = frontier.price.iter().find(|(known, _)| known == name);
                known.and_then(|(_, estimate)| estimate.mean)
            });
            columns.push((name.clone(), Cells::Real(price.collect())));
        }
        columns.push((
            "replay".to_owned(),
            Cells::words(found.iter().map(|frontier| frontier.replay.as_str())),
        ));
        if self.file.is_tuned() {
            let chosen = bound
                .iter()
                .map(|bound| bound.map(|judged| self.tuned_to(judged)));
            columns.push(("tuned_to".to_owned(), Cells::Text(chosen.collect())));
        }
        Table::new(&self.file.name, columns)
    }

    /// A row a level that deters: what it costs at the laxest value that does, and how much more than the cheapest.
    /// Empty where the file does not ask for the cheapest.
    #[getter]
    fn cheapest(&self) -> Result<Table, Failed> {
        let found = combinations(&self.frontiers, self.file.demand.confidence);
        let more = |of: fn(&PairedDifference) -> f64| {
            Cells::Real(found.iter().map(|row| row.more.as_ref().map(of)).collect())
        };
        let columns = [
            ("across", Cells::words(found.iter().map(|row| row.level.as_str()))),
            (
                "deters_from_value",
                Cells::reals(found.iter().map(|row| row.value)),
            ),
            ("cost", Cells::reals(found.iter().map(|row| row.cost))),
            ("more", more(|more| more.mean)),
            ("more_low", more(|more| more.interval.low)),
            ("more_high", more(|more| more.interval.high)),
        ];
        let named = columns.map(|(name, cells)| (name.to_owned(), cells));
        Table::new("cheapest", named.into())
    }

    /// Every value and every attack that was judged.
    #[getter]
    fn search(&self) -> Result<Table, Failed> {
        let mut rows = Vec::new();
        for frontier in &self.frontiers {
            for (at, (value, judgement)) in frontier.threshold.judged.iter().enumerate() {
                let whole = judgement.verdict.name();
                for judged in frontier.all_judged(at) {
                    let label = self.file.attacks[judged.attack].label.as_str();
                    rows.push((frontier, *value, whole, label, judged.gain, self.tuned_to(judged)));
                }
            }
        }
        let mut columns = vec![
            (
                "across".to_owned(),
                Cells::words(rows.iter().map(|row| row.0.level.as_str())),
            ),
            (
                "menu".to_owned(),
                Cells::words(rows.iter().map(|row| menu(row.0))),
            ),
            ("value".to_owned(), Cells::reals(rows.iter().map(|row| row.1))),
            (
                "menu_verdict".to_owned(),
                Cells::words(rows.iter().map(|row| row.2)),
            ),
            ("attack".to_owned(), Cells::words(rows.iter().map(|row| row.3))),
            (
                "verdict".to_owned(),
                Cells::words(
                    rows.iter()
                        .map(|row| row.4.verdict(self.file.demand.tolerated).name()),
                ),
            ),
            ("gain".to_owned(), Cells::reals(rows.iter().map(|row| row.4.mean))),
            (
                "gain_low".to_owned(),
                Cells::reals(rows.iter().map(|row| row.4.bounds.low)),
            ),
            (
                "gain_high".to_owned(),
                Cells::reals(rows.iter().map(|row| row.4.bounds.high)),
            ),
            (
                "replicates".to_owned(),
                Cells::counts(rows.iter().map(|row| row.4.replicates)),
            ),
        ];
        if self.file.is_tuned() {
            let tuned = Cells::words(rows.iter().map(|row| row.5.as_str()));
            columns.push(("tuned_to".to_owned(), tuned));
        }
        Table::new("search", columns)
    }

    fn __repr__(&self) -> String {
        format!(
            "<stakeout.Solution {}: {} levels>",
            self.file.name,
            self.frontiers.len()
        )
    }

    fn _repr_html_(&self) -> Result<String, Failed> {
        Ok(self.frontier()?._repr_html_())
    }
}
