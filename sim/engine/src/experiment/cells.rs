//! A bench for experiments that decide as they go: resolves scenarios, and runs cells or finds them in a store.

use rayon::prelude::*;

use super::sweep::SweepError;
use super::sweep::campaign::Monitor;
use super::sweep::cell::{Cell, Making, key, run_cell};
use super::sweep::keeper::keeping;
use super::sweep::plan::ScenarioSource;
use super::sweep::store::Store;
use crate::scenario::Scenario;
use crate::strategy::registry::Registry;

/// What running cells needs.
pub struct Bench<'a> {
    /// The scenario.
    pub source: &'a ScenarioSource,
    /// The strategies it may name.
    pub registry: &'a Registry,
    /// Where cells are kept.
    pub store: &'a Store,
    /// Who watches.
    pub monitor: &'a dyn Monitor,
}

impl Bench<'_> {
    /// The scenario with these values.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn resolve(&self, set: &[(String, String)]) -> Result<Scenario, SweepError> {
        self.source
            .resolve(set, self.registry)
            .map_err(SweepError::Scenario)
    }

    /// The cells of these replicates in their order, from the store or run now on every thread.
    ///
    /// # Errors
    /// A disk that refuses, or [`SweepError::Interrupted`].
    pub fn cells(&self, jobs: &[(&Scenario, u32)], has_twin: bool) -> Result<Vec<Cell>, SweepError> {
        self.monitor.expect(jobs.len() as u64);
        let cells: Vec<Option<Cell>> = keeping(self.store, self.monitor, |keeper| {
            let run = |&(scenario, replicate): &(&Scenario, u32)| {
                let pairing = scenario.attack.pairing();
                let making = Making {
                    pairing: &pairing,
                    ..Making::whole(has_twin)
                };
                let name = key(&scenario.hash, scenario.seed, replicate, making);
                if let Some(cell) = self.store.get(&name) {
                    self.monitor.tell(&cell);
                    return Some(cell);
                }
                if self.monitor.is_stopping() || keeper.has_refused() {
                    return None;
                }
                let is_cutting = || self.monitor.is_cutting();
                let cell = run_cell(scenario, name, replicate, making, self.registry, &is_cutting)?;
                keeper.keep(&cell);
                Some(cell)
            };
            jobs.par_iter().map(run).collect()
        })?;
        cells
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .ok_or(SweepError::Interrupted)
    }
}
