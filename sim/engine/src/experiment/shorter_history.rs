//! A counterfactual for a record that shows more checks than the stored history allows.
//!
//! A host's reputation grows with the epochs it has completed, and with reputation the rate at which it is checked
//! falls. Where a record shows more passing validations than the simulation's interval, the host may have had fewer
//! completed epochs than the record says. The test looks for the number that fits best and simulates it.
//!
//! **Invariant.** The counterfactual differs from the run in that one number: the draws are those of the run.

use rayon::prelude::*;
use serde::Serialize;

use crate::observe::cast::Cast;
use crate::observe::figure::Number;
use crate::observe::frame::RunOutput;
use crate::observe::recorded::{Comparison, FigureLine};
use crate::run::{RunError, RunOptions, run_unless};
use crate::scenario::Scenario;
use crate::strategy::registry::Registry;

/// Replicates of each step of the search; the last one is simulated with as many as the run.
const SEARCH_REPLICATES: u32 = 12;
/// The figure that the test is about.
const FIGURE: &str = "validated";

/// What a shorter history would give for one host.
#[derive(Clone, Debug, Serialize)]
pub struct ShorterHistory {
    /// Host.
    pub host: String,
    /// Epochs completed before the run, by the record.
    pub recorded_epochs: u32,
    /// The number of epochs that fits the recorded validations best.
    pub fitting_epochs: u32,
    /// The comparison with the recorded number of epochs.
    pub with_recorded: FigureLine,
    /// The comparison with the fitting one.
    pub with_fitting: FigureLine,
}

/// Tests each host whose record shows more passing validations than the interval of the simulation.
///
/// # Errors
/// What the engine refuses, or [`RunError::Stopped`].
pub fn test_shorter_histories(
    scenario: &Scenario,
    registry: &Registry,
    comparison: &Comparison,
    is_stopping: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<ShorterHistory>, RunError> {
    let mut found = Vec::new();
    for line in &comparison.hosts {
        let Some(with_recorded) = line.figures.iter().find(|figure| is_above(figure)) else {
            continue;
        };
        let Some(index) = scenario.hosts.iter().position(|host| host.id == line.id) else {
            continue;
        };
        let counterfactual = Counterfactual {
            scenario,
            registry,
            index,
            is_stopping,
        };
        let recorded_epochs = scenario.hosts[index].epochs_completed;
        let fitting_epochs = counterfactual.search(recorded_epochs, value(with_recorded.recorded))?;
        if let Some(with_fitting) = counterfactual.compare(fitting_epochs, comparison.replicates)? {
            let host = line.id.clone();
            let with_recorded = with_recorded.clone();
            found.push(ShorterHistory {
                host,
                recorded_epochs,
                fitting_epochs,
                with_recorded,
                with_fitting,
            });
        }
    }
    Ok(found)
}

fn is_above(figure: &FigureLine) -> bool {
    figure.figure == FIGURE
        && figure
            .interval
            .is_some_and(|[_, high]| value(figure.recorded) > value(high))
}

/// One host of a scenario with another history.
struct Counterfactual<'a> {
    scenario: &'a Scenario,
    registry: &'a Registry,
    index: usize,
    is_stopping: &'a (dyn Fn() -> bool + Sync),
}

impl Counterfactual<'_> {
    /// The number of epochs, at most `most`, whose mean comes closest to `target`; checks fall as epochs rise.
    fn search(&self, most: u32, target: f64) -> Result<u32, RunError> {
        let (mut low, mut high) = (0, most);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.mean(middle)? > target {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        // `low` is the first that does not exceed the target; the one before may be nearer.
        let Some(before) = low.checked_sub(1) else {
            return Ok(low);
        };
        let (above, below) = (self.mean(before)? - target, target - self.mean(low)?);
        Ok(if above < below { before } else { low })
    }

    fn mean(&self, epochs: u32) -> Result<f64, RunError> {
        let figure = self.compare(epochs, SEARCH_REPLICATES)?;
        Ok(figure.and_then(|figure| figure.simulated_mean).map_or(0.0, value))
    }

    fn compare(&self, epochs: u32, replicates: u32) -> Result<Option<FigureLine>, RunError> {
        let mut scenario = self.scenario.clone();
        scenario.hosts[self.index].epochs_completed = epochs;
        let options = RunOptions::default();
        let one = |replicate| run_unless(&scenario, replicate, self.registry, &options, self.is_stopping);
        let outputs: Vec<RunOutput> = (0..replicates)
            .into_par_iter()
            .map(one)
            .collect::<Result<_, RunError>>()?;
        let comparison = Comparison::compute(&scenario, &Cast::from(&scenario), &outputs);
        let id = &scenario.hosts[self.index].id;
        let hosts = comparison.into_iter().flat_map(|comparison| comparison.hosts);
        Ok(hosts
            .filter(|line| line.id == *id)
            .flat_map(|line| line.figures)
            .find(|figure| figure.figure == FIGURE))
    }
}

/// For comparisons alone; the figure is a count.
fn value(number: Number) -> f64 {
    match number {
        Number::Plain(value) => value,
        Number::Money(amount) => amount as f64,
    }
}
