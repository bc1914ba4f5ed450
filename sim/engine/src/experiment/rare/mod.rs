//! Rare events in a running network: one host convicted that should not be, one that gets through, a coalition that
//! gets the majority.
//!
//! Two ways make them visible. [`weighted`] draws one host's checks under a law that makes the event common, and weighs
//! each replicate back. [`branches`] lets runs go to the event over levels, and starts each level's paths where others
//! reached it. Beside both stands what plain replicates saw.
//!
//! **Invariant.** An estimate is a function of the file, the scenario and its seed; what would bias it is refused.

pub mod branches;
pub mod file;
pub mod watch;
pub mod weighted;

use rayon::prelude::*;
use stakeout_statistics::rare::SplittingEstimate;
use stakeout_statistics::{Interval, clopper_pearson};

use super::sweep::SweepError;
use super::sweep::campaign::Monitor;
use super::sweep::plan::ScenarioSource;
use crate::observe::frame::RunOutput;
use crate::run::{RunError, RunOptions, run_unless};
use crate::scenario::Scenario;
use crate::strategy::registry::Registry;
use file::{Goal, RareFile};
use watch::Watch;
use weighted::Weighted;

/// Replicates between two looks at whether to stop.
const STRETCH: u32 = 256;

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct RareAnswer {
    /// From weighted replicates, if the file says what makes the event common.
    pub weighted: Option<Weighted>,
    /// Over levels, if the file asks for some.
    pub split: Option<SplittingEstimate>,
    /// Hits among plain replicates of the scenario, and their exact interval.
    pub direct: (u32, Interval),
}

/// Estimates the probability of the event in every way the file asks for, and from plain replicates.
///
/// # Errors
/// A scenario that is wrong or in which an estimate would be, a run that is refused, or an interruption.
pub fn estimate(
    file: &RareFile,
    source: &ScenarioSource,
    registry: &Registry,
    monitor: &dyn Monitor,
) -> Result<RareAnswer, SweepError> {
    let meant = source
        .resolve(&file.set, registry)
        .map_err(SweepError::Scenario)?;
    // Both refuse before anything is run.
    let drawn = weighted::Laws::of(file, &meant, source, registry)?;
    if file.splits.is_some() {
        branches::check(&meant)?;
    }
    let watch = Watch::new(file, &meant)?;
    monitor.expect(u64::from(file.replicates));
    let plain = fates(&watch, &meant, file.replicates, registry, monitor)?;
    let hits = plain.iter().filter(|fate| fate.is_hit).count() as u64;
    let weighted = drawn
        .map(|laws| laws.estimate(file, &watch, &plain, registry, monitor))
        .transpose()?;
    let split = file
        .splits
        .map(|splits| branches::estimate(file, splits, &watch, &meant, registry, monitor))
        .transpose()?;
    Ok(RareAnswer {
        weighted,
        split,
        direct: (
            hits as u32,
            clopper_pearson(hits, u64::from(file.replicates), file.confidence),
        ),
    })
}

/// What became of the host, or the coalition, in one replicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate {
    passes: u64,
    failures: u64,
    is_hit: bool,
}

/// Whole replicates, in their order.
fn fates(
    watch: &Watch,
    scenario: &Scenario,
    replicates: u32,
    registry: &Registry,
    monitor: &dyn Monitor,
) -> Result<Vec<Fate>, SweepError> {
    let options = RunOptions {
        event_log: watch.goal() == Goal::Captured,
        ..RunOptions::default()
    };
    let mut fates = Vec::new();
    let mut from = 0;
    while from < replicates {
        let to = (from + STRETCH).min(replicates);
        let stretch: Vec<Fate> = (from..to)
            .into_par_iter()
            .map(|replicate| {
                let output = run_unless(scenario, replicate, registry, &options, &|| monitor.is_stopping());
                let output = output.map_err(|error| match error {
                    RunError::Stopped => SweepError::Interrupted,
                    error => SweepError::Limit(error.to_string()),
                })?;
                monitor.tick();
                Ok(fate(watch, &output))
            })
            .collect::<Result<_, SweepError>>()?;
        fates.extend(stretch);
        from = to;
    }
    Ok(fates)
}

fn fate(watch: &Watch, output: &RunOutput) -> Fate {
    let host = watch.host();
    let (mut passes, mut failures) = (0, 0);
    let own = output.participants.iter();
    for row in own.filter(|row| Some(row.participant) == host) {
        passes += row.validated;
        failures += row.invalidated;
    }
    let is_convicted = output
        .convictions
        .iter()
        .any(|conviction| Some(conviction.participant) == host);
    let is_hit = match watch.goal() {
        Goal::Convicted => is_convicted,
        Goal::NotConvicted => !is_convicted,
        Goal::Captured => {
            let mut watch = watch.clone();
            output.events.iter().for_each(|events| watch.take(events));
            watch.has_happened()
        }
    };
    Fate {
        passes,
        failures,
        is_hit,
    }
}

/// Where a host stands in a scenario.
fn position(id: &str, scenario: &Scenario) -> Result<usize, SweepError> {
    let found = scenario.hosts.iter().position(|host| host.id == id);
    found.ok_or_else(|| unknown("host", id, scenario.hosts.iter().map(|host| host.id.as_str())))
}

/// A name that is none, with some that are and the nearest of all.
fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> SweepError {
    let some: Vec<&str> = known.clone().take(5).collect();
    let nearest = crate::scenario::error::nearest(name, known);
    let hint = nearest.map_or_else(String::new, |hint| format!("; {hint}"));
    SweepError::Unfit(format!(
        "no {what} is called `{name}`; there are {}{hint}",
        some.join(", ")
    ))
}
