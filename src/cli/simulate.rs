//! Replicates on threads, with progress and a way to stop.
//!
//! Invariant: what a replicate gives does not depend on how many run at once. A replicate that was interrupted is
//! left out whole; the others are kept in the order of their numbers.

use std::ops::ControlFlow;

use rayon::prelude::*;
use stakeout_engine::experiment::shorter_history::{ShorterHistory, test_shorter_histories};
use stakeout_engine::experiment::twins::{TwinLine, deviating_owners, run_twins};
use stakeout_engine::observe::cast::Cast;
use stakeout_engine::observe::event_spool::{FinishedLog, Spool};
use stakeout_engine::observe::frame::RunOutput;
use stakeout_engine::observe::recorded::Comparison;
use stakeout_engine::observe::storage::Disk;
use stakeout_engine::run::{self, LoggedRunError, RunError, RunOptions, run_logged, run_with_progress};
use stakeout_engine::scenario::Scenario;
use stakeout_engine::strategy::registry::Registry;

use super::failure::{Failure, Reason};
use super::interrupt;
use super::progress::Progress;
use super::terminal::remark;

/// Owners whose honest twins are run, the heaviest first.
const TWIN_OWNERS: usize = 20;
/// Runs that twins may add where nobody asks for more; of many replicates the first ones get twins.
const TWIN_RUNS: usize = 60;
/// Runs that twins may add for each replicate, so that more replicates sharpen the comparison, too.
const TWIN_RUNS_EACH: usize = 4;

/// A scenario about to be simulated.
pub struct Simulation<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The strategies it may name.
    pub registry: &'a Registry,
    /// Where event logs go, and the names of the run; nothing where no log is kept.
    pub spool: Option<(&'a Spool, &'a Cast)>,
}

/// A replicate that was finished, with its event log if one was asked for.
pub struct Finished {
    /// What it gave.
    pub output: RunOutput,
    /// Its log.
    pub log: Option<FinishedLog>,
}

impl Simulation<'_> {
    /// Those of the `wanted` replicates that were finished; all of them unless the user interrupted.
    pub fn replicates(&self, wanted: &[u32]) -> Result<Vec<Finished>, Failure> {
        let progress = Progress::new(u32::try_from(wanted.len()).unwrap_or(u32::MAX));
        // Several replicates fill the threads by themselves; a single one is cut into lanes.
        let outputs: Result<Vec<Option<Finished>>, LoggedRunError> = if wanted.len() > 1 {
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
        let outputs = outputs.map_err(Failure::from)?;
        Ok(outputs.into_iter().flatten().collect())
    }

    /// Owners that do not follow the rules, beside their honest twins in the first replicates: in as many as are
    /// `wanted`, or as the limits above allow.
    pub fn twins(&self, outputs: &[RunOutput], wanted: Option<u32>) -> Result<Vec<TwinLine>, Failure> {
        let mut owners = deviating_owners(self.scenario);
        if owners.len() > TWIN_OWNERS {
            remark(&format!(
                "honest twins: the {TWIN_OWNERS} heaviest of {} deviating owners",
                owners.len()
            ));
            owners.truncate(TWIN_OWNERS);
        }
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let replicates = twin_replicates(outputs.len(), owners.len(), wanted);
        let paired = &outputs[..replicates];
        or_nothing(run_twins(
            self.scenario,
            self.registry,
            &owners,
            paired,
            &interrupt::is_asked,
        ))
    }

    /// Whether a shorter stored history explains what the record shows above the simulation.
    pub fn shorter_histories(&self, comparison: &Comparison) -> Result<Vec<ShorterHistory>, Failure> {
        or_nothing(test_shorter_histories(
            self.scenario,
            self.registry,
            comparison,
            &interrupt::is_asked,
        ))
    }

    fn replicate(
        &self,
        replicate: u32,
        parallel: bool,
        progress: &Progress,
    ) -> Result<Option<Finished>, LoggedRunError> {
        if interrupt::is_asked() {
            return Ok(None);
        }
        let options = RunOptions {
            parallel,
            ..RunOptions::default()
        };
        let mut seen = 0;
        let mut tell = |done: u64, of: u64| {
            if interrupt::is_asked() {
                return ControlFlow::Break(());
            }
            progress.advance(done, of, &mut seen);
            ControlFlow::Continue(())
        };
        match self.carry_out(replicate, &options, &mut tell) {
            Err(LoggedRunError::Run(RunError::Stopped)) => Ok(None),
            finished => {
                progress.finish_one();
                finished.map(Some)
            }
        }
    }

    fn carry_out(
        &self,
        replicate: u32,
        options: &RunOptions,
        tell: &mut run::Progress<'_>,
    ) -> Result<Finished, LoggedRunError> {
        let (scenario, registry) = (self.scenario, self.registry);
        let Some((spool, cast)) = self.spool else {
            let output = run_with_progress(scenario, replicate, registry, options, tell)?;
            return Ok(Finished { output, log: None });
        };
        let mut log = spool.open(cast, replicate, &Disk)?;
        let output = run_logged(scenario, replicate, registry, options, tell, &mut log)?;
        let log = Some(log.finish()?);
        Ok(Finished { output, log })
    }
}

/// How many of the replicates get twins of so many owners; one at least.
fn twin_replicates(replicates: usize, owners: usize, wanted: Option<u32>) -> usize {
    let runs = TWIN_RUNS.max(TWIN_RUNS_EACH.saturating_mul(replicates));
    let allowed = wanted.map_or(runs / owners.max(1), |wanted| wanted as usize);
    allowed.max(1).min(replicates)
}

/// Lines of further runs, none where the user interrupts them: the run itself is complete without them.
fn or_nothing<T>(lines: Result<Vec<T>, RunError>) -> Result<Vec<T>, Failure> {
    match lines {
        Err(RunError::Stopped) => Ok(Vec::new()),
        lines => lines.map_err(|error| Failure::new(Reason::Invalid, error.to_string())),
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use stakeout_engine::run::{run, run_unless};
    use stakeout_engine::scenario::{FIRST_SCENARIO, from_str};

    use super::*;

    #[test]
    fn more_replicates_get_more_twins_and_whoever_asks_gets_all() {
        assert_eq!(twin_replicates(20, 3, None), 20);
        assert_eq!(twin_replicates(300, 3, None), 300);
        assert_eq!(twin_replicates(40, 10, None), 16);
        assert_eq!(twin_replicates(40, 10, Some(40)), 40);
        assert_eq!(twin_replicates(40, 10, Some(400)), 40);
        assert_eq!(twin_replicates(1, 20, None), 1);
    }

    #[test]
    fn a_run_that_is_asked_to_stop_ends_at_that_block_and_one_that_is_not_is_the_same_run() {
        let registry = stakeout_agents::registry();
        let service = include_str!("../../scenarios/smoke/service.yaml");
        for text in [FIRST_SCENARIO, service] {
            let scenario = from_str("a.yaml", text, &[], &registry).expect("a shipped scenario");
            let options = RunOptions::default();
            let blocks = AtomicU32::new(0);
            let is_tenth = || blocks.fetch_add(1, Ordering::Relaxed) == 9;
            let stopped = run_unless(&scenario, 0, &registry, &options, &is_tenth);
            assert!(matches!(stopped, Err(RunError::Stopped)));
            assert_eq!(blocks.load(Ordering::Relaxed), 10);
            let whole = run_unless(&scenario, 0, &registry, &options, &|| false).expect("it runs");
            let plain = run(&scenario, 0, &registry, &options).expect("it runs");
            assert_eq!(whole.digest, plain.digest);
        }
    }
}
