//! Replicates on threads, with progress and a way to stop.
//!
//! Invariant: what a replicate gives does not depend on how many run at once. A replicate that was interrupted is
//! left out whole; the others are kept in the order of their numbers.

use std::panic::{self, AssertUnwindSafe};

use rayon::prelude::*;
use stakeout_engine::experiment::shorter_history::{ShorterHistory, test_shorter_histories};
use stakeout_engine::experiment::twins::{TwinLine, deviating_owners, run_twins};
use stakeout_engine::observe::frame::RunOutput;
use stakeout_engine::observe::recorded::Comparison;
use stakeout_engine::run::{RunError, RunOptions, run_with_progress};
use stakeout_engine::scenario::Scenario;
use stakeout_engine::strategy::registry::Registry;

use super::failure::{Failure, Reason};
use super::interrupt;
use super::progress::Progress;
use super::terminal::remark;

/// Unwinds a replicate that the user interrupted. It is raised without the panic hook and caught in this module.
struct Interrupted;

/// Owners whose honest twins are run, the heaviest first.
const TWIN_OWNERS: usize = 20;
/// Runs that twins may add; of many replicates the first ones get twins.
const TWIN_RUNS: usize = 60;

/// A scenario about to be simulated.
pub struct Simulation<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The strategies it may name.
    pub registry: &'a Registry,
    /// Keep every event.
    pub has_event_log: bool,
}

impl Simulation<'_> {
    /// Those of the `wanted` replicates that were finished; all of them unless the user interrupted.
    pub fn replicates(&self, wanted: &[u32]) -> Result<Vec<RunOutput>, Failure> {
        let progress = Progress::new(u32::try_from(wanted.len()).unwrap_or(u32::MAX));
        // Several replicates fill the threads by themselves; a single one is cut into lanes.
        let outputs: Result<Vec<Option<RunOutput>>, RunError> = if wanted.len() > 1 {
            wanted
                .par_iter()
                .map(|&replicate| self.replicate(replicate, false, &progress))
                .collect()
        } else {
            wanted
                .iter()
                .map(|&replicate| self.replicate(replicate, true, &progress))
                .collect()
        };
        progress.finish();
        let outputs = outputs.map_err(|error| Failure::new(Reason::Invalid, error.to_string()))?;
        Ok(outputs.into_iter().flatten().collect())
    }

    /// Owners that do not follow the rules, beside their honest twins in the first replicates.
    pub fn twins(&self, outputs: &[RunOutput]) -> Result<Vec<TwinLine>, Failure> {
        let mut owners = deviating_owners(self.scenario);
        if owners.len() > TWIN_OWNERS {
            remark(&format!(
                "honest twins: the {TWIN_OWNERS} heaviest of {} deviating owners",
                owners.len()
            ));
            owners.truncate(TWIN_OWNERS);
        }
        let Some(replicates) = TWIN_RUNS.checked_div(owners.len()) else {
            return Ok(Vec::new());
        };
        let paired = &outputs[..outputs.len().min(replicates.max(1))];
        run_twins(self.scenario, self.registry, &owners, paired)
            .map_err(|error| Failure::new(Reason::Invalid, error.to_string()))
    }

    /// Whether a shorter stored history explains what the record shows above the simulation.
    pub fn shorter_histories(&self, comparison: &Comparison) -> Result<Vec<ShorterHistory>, Failure> {
        test_shorter_histories(self.scenario, self.registry, comparison)
            .map_err(|error| Failure::new(Reason::Invalid, error.to_string()))
    }

    fn replicate(
        &self,
        replicate: u32,
        parallel: bool,
        progress: &Progress,
    ) -> Result<Option<RunOutput>, RunError> {
        if interrupt::is_asked() {
            return Ok(None);
        }
        let options = RunOptions {
            parallel,
            event_log: self.has_event_log,
            ..RunOptions::default()
        };
        let mut seen = 0;
        let mut tell = |done: u64, of: u64| {
            if interrupt::is_asked() {
                panic::resume_unwind(Box::new(Interrupted));
            }
            progress.advance(done, of, &mut seen);
        };
        let work = || run_with_progress(self.scenario, replicate, self.registry, &options, &mut tell);
        match panic::catch_unwind(AssertUnwindSafe(work)) {
            Ok(output) => {
                progress.finish_one();
                output.map(Some)
            }
            Err(payload) if payload.is::<Interrupted>() => Ok(None),
            Err(payload) => panic::resume_unwind(payload),
        }
    }
}

/// Sets the number of threads for everything that follows and returns it.
pub fn set_threads(threads: Option<u16>) -> Result<usize, Failure> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads.map_or(0, usize::from));
    builder
        .build_global()
        .map_err(|error| Failure::new(Reason::Io, format!("threads cannot be started: {error}")))?;
    Ok(rayon::current_num_threads())
}
