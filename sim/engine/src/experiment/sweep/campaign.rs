//! Carrying out a plan: which cells are missing, round by round, on every thread.
//!
//! **Invariant.** How many replicates a point gets depends on its own cells in the order of their numbers, so a result
//! does not depend on which cell was finished first.

use rayon::prelude::*;

use super::SweepError;
use super::cell::{Cell, Making, key, run_cell};
use super::keeper::{Keeper, keeping};
use super::plan::{Plan, Point, ScenarioSource};
use super::store::Store;
use crate::strategy::registry::Registry;

/// One of several parts of a plan that are run apart: points `index - 1`, `index - 1 + of`, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

impl Shard {
    /// The whole plan.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// Whether a point belongs to this part.
    pub fn has(self, point: usize) -> bool {
        point % self.of as usize == self.index as usize - 1
    }
}

/// Who watches, and who may ask to stop.
pub trait Monitor: Sync {
    /// Whether no further cell is to be begun.
    fn is_stopping(&self) -> bool;
    /// Whether cells that are running are to be left unfinished; asked at every block. Who says nothing else leaves them as
    /// soon as no further one is to be begun.
    fn is_cutting(&self) -> bool {
        self.is_stopping()
    }
    /// So many cells more are to be run.
    fn expect(&self, cells: u64);
    /// A cell was run and is kept, or was kept already.
    fn tell(&self, cell: &Cell);
    /// A run was done of which no cell is kept.
    fn tick(&self) {}
}

/// Nobody watches, and nobody asks to stop.
pub struct Unwatched;

impl Monitor for Unwatched {
    fn is_stopping(&self) -> bool {
        false
    }

    fn expect(&self, _cells: u64) {}

    fn tell(&self, _cell: &Cell) {}
}

/// What the cells of a point came to.
#[derive(Clone, Debug, PartialEq)]
pub struct PointCells {
    /// Index of the point in the plan.
    pub point: usize,
    /// Cells in the order of their replicates.
    pub cells: Vec<Cell>,
}

impl PointCells {
    /// Values of one figure, in the order of the replicates; those that lack it are left out.
    pub fn values(&self, figure: &str) -> Vec<f64> {
        self.cells
            .iter()
            .filter_map(|cell| cell.figures.get(figure))
            .copied()
            .collect()
    }

    /// Cells that failed.
    pub fn failed(&self) -> usize {
        self.cells.iter().filter(|cell| cell.error.is_some()).count()
    }
}

/// What a campaign came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// Every point of the shard, in the order of the plan.
    pub points: Vec<PointCells>,
    /// Cells that were run now; the others were in the store.
    pub run: u64,
    /// Someone asked to stop before all was done.
    pub is_interrupted: bool,
}

/// Carries out a plan, or a part of it.
///
/// # Errors
/// The first cell that could not be kept.
pub fn carry_out(
    plan: &Plan,
    source: &ScenarioSource,
    registry: &Registry,
    store: &Store,
    shard: Shard,
    monitor: &dyn Monitor,
) -> Result<Campaign, SweepError> {
    let mut points: Vec<PointCells> = (0..plan.points.len())
        .filter(|&point| shard.has(point) && plan.points[point].error.is_none())
        .map(|point| PointCells {
            point,
            cells: Vec::new(),
        })
        .collect();
    let mut run = 0;
    loop {
        let wanted: Vec<u32> = points
            .iter()
            .map(|point| replicates_wanted(plan, point))
            .collect();
        let missing: u64 = points
            .iter()
            .zip(&wanted)
            .map(|(point, &wanted)| u64::from(wanted) - point.cells.len() as u64)
            .sum();
        if missing == 0 {
            return Ok(Campaign {
                points,
                run,
                is_interrupted: false,
            });
        }
        monitor.expect(missing);
        let counts: Vec<(u64, bool)> = keeping(store, monitor, |keeper| {
            let work = Work {
                plan,
                source,
                registry,
                store,
                monitor,
                keeper,
            };
            let pairs = points.par_iter_mut().zip(&wanted);
            pairs.map(|(point, &wanted)| work.extend(point, wanted)).collect()
        })?;
        run += counts.iter().map(|(run, _)| run).sum::<u64>();
        if counts.iter().any(|(_, is_cut)| *is_cut) {
            return Ok(Campaign {
                points,
                run,
                is_interrupted: true,
            });
        }
    }
}

/// Reads what a store has of a plan, without running anything.
///
/// # Errors
/// [`SweepError::Incomplete`] where a point lacks cells.
pub fn collect(plan: &Plan, stores: &[Store]) -> Result<Vec<PointCells>, SweepError> {
    let mut missing = 0;
    let mut all = Vec::new();
    for (point, planned) in plan.points.iter().enumerate() {
        let Some(scenario) = &planned.scenario else {
            continue;
        };
        let mut found = PointCells {
            point,
            cells: Vec::new(),
        };
        loop {
            let wanted = replicates_wanted(plan, &found) as usize;
            if wanted <= found.cells.len() {
                break;
            }
            let replicate = found.cells.len() as u32;
            let name = key(scenario, planned.seed, replicate, plan.making(&planned.pairing));
            match stores.iter().find_map(|store| store.get(&name)) {
                Some(cell) => found.cells.push(cell),
                None => {
                    missing += wanted - found.cells.len();
                    break;
                }
            }
        }
        all.push(found);
    }
    if missing > 0 {
        return Err(SweepError::Incomplete { missing });
    }
    Ok(all)
}

/// How many replicates a point should have, given those it has: the floor first, then half as many again each time the
/// rule is not met.
fn replicates_wanted(plan: &Plan, point: &PointCells) -> u32 {
    let rule = plan.rule();
    let first = if rule.precision.is_some() {
        rule.floor
    } else {
        rule.ceiling
    };
    let has = u32::try_from(point.cells.len()).unwrap_or(u32::MAX);
    let mut stage = first.max(1);
    loop {
        if has < stage {
            return stage;
        }
        // A point that keeps failing is not worth a ceiling's worth of failures.
        let counted = &point.cells[..stage as usize];
        let values: Vec<f64> = counted
            .iter()
            .filter_map(|c| c.figures.get(&plan.watched))
            .copied()
            .collect();
        let is_hopeless = values.is_empty();
        if stage >= rule.ceiling || is_hopeless || rule.is_met(&values) {
            return stage;
        }
        stage = (stage + stage.div_ceil(2)).min(rule.ceiling);
    }
}

/// What the threads of a round share.
struct Work<'a> {
    plan: &'a Plan,
    source: &'a ScenarioSource,
    registry: &'a Registry,
    store: &'a Store,
    monitor: &'a dyn Monitor,
    keeper: &'a Keeper<'a>,
}

impl Work<'_> {
    /// Brings a point to `wanted` cells; how many were run, and whether some were left out.
    fn extend(&self, point: &mut PointCells, wanted: u32) -> (u64, bool) {
        let planned = &self.plan.points[point.point];
        let has = point.cells.len() as u32;
        let name = planned.scenario.as_deref().unwrap_or_default();
        let making = self.plan.making(&planned.pairing);
        let keys: Vec<(u32, String)> = (has..wanted)
            .map(|replicate| (replicate, key(name, planned.seed, replicate, making)))
            .collect();
        let found: Vec<Option<Cell>> = keys.iter().map(|(_, key)| self.store.get(key)).collect();
        let is_complete = found.iter().all(Option::is_some);
        let scenario = if is_complete {
            None
        } else {
            Some(self.resolve(planned))
        };
        let cells: Vec<(Option<Cell>, bool)> = keys
            .into_par_iter()
            .zip(found)
            .map(|((replicate, key), found)| match (found, &scenario) {
                (Some(cell), _) => {
                    self.monitor.tell(&cell);
                    (Some(cell), false)
                }
                (None, Some(scenario)) => (self.run(scenario, key, replicate, making), true),
                (None, None) => (None, false),
            })
            .collect();
        let run = cells
            .iter()
            .filter(|(cell, is_new)| *is_new && cell.is_some())
            .count() as u64;
        let before = point.cells.len();
        // Up to the first gap: a replicate that was left out takes those behind it with it.
        point.cells.extend(cells.into_iter().map_while(|(cell, _)| cell));
        (run, point.cells.len() - before < (wanted - has) as usize)
    }

    fn resolve(&self, planned: &Point) -> Result<crate::scenario::Scenario, String> {
        let mut scenario = self
            .source
            .resolve(&planned.set, self.registry)
            .map_err(|errors| errors.to_string())?;
        let is_same = planned
            .scenario
            .as_ref()
            .is_some_and(|hash| *hash == scenario.hash);
        if !is_same {
            return Err("a file that the scenario reads has changed since the plan was made".to_owned());
        }
        scenario.seed = planned.seed;
        Ok(scenario)
    }

    fn run(
        &self,
        scenario: &Result<crate::scenario::Scenario, String>,
        key: String,
        replicate: u32,
        making: Making<'_>,
    ) -> Option<Cell> {
        if self.monitor.is_stopping() || self.keeper.has_refused() {
            return None;
        }
        let cell = match scenario {
            Ok(scenario) => {
                let is_cutting = || self.monitor.is_cutting();
                run_cell(scenario, key, replicate, making, self.registry, &is_cutting)?
            }
            Err(message) => {
                self.keeper.refuse(SweepError::Limit(message.clone()));
                return None;
            }
        };
        self.keeper.keep(&cell);
        Some(cell)
    }
}
