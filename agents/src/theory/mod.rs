//! What theory says of the strategies, held against the engine.
//!
//! A law compares a formula with what independent units (hosts or replicates) of a scenario did; a crossing
//! compares the value of a setting at which a formula says that an attack stops paying with the one at which it
//! did. Each has a scenario in `scenarios/closed-forms/`. Invariant: a formula calls no rule of the network; it
//! reads the scenario's numbers and the calibration's table and computes the rest by itself.

mod case;
mod detection;
mod forms;
mod money;
mod routing;
mod votes;

use rayon::prelude::*;
use stakeout_engine::experiment::attack::{attacker, twin_of};
use stakeout_engine::observe::frame::RunOutput;
use stakeout_engine::run::{RunError, RunOptions, run};
use stakeout_engine::scenario::error::ScenarioErrors;
use stakeout_engine::scenario::{self, Override, Scenario};
use stakeout_engine::strategy::registry::Registry;
use stakeout_statistics::Moments;

use case::{Case, Pair};

pub use forms::FORMS;

/// Standard errors within which a law has to hold.
pub const ERRORS_MAX: f64 = 3.0;
/// Distance within which a crossing has to lie: 0.3 percentage points.
pub const POINTS_MAX: f64 = 0.003;
/// Fewer replicates tell no standard error.
const REPLICATES_MIN: u32 = 8;
/// Where nothing varies, the two sides agree to this part.
const ROUNDING: f64 = 1e-8;

/// One figure of one strategy, by formula and by simulation.
pub struct ClosedForm {
    /// Its scenario: a file of `scenarios/closed-forms/`, without the ending.
    pub name: &'static str,
    /// The strategy that it is about.
    pub strategy: &'static str,
    /// What is compared, and its unit.
    pub figure: &'static str,
    /// The formula, and where it stands.
    pub source: &'static str,
    text: &'static str,
    kind: Kind,
}

enum Kind {
    /// One expected and one observed value a unit.
    Law(fn(&Case) -> Vec<Pair>),
    Crossing(Crossing),
}

/// A setting, and where between two of its values a figure crosses zero.
struct Crossing {
    /// The setting as on the command line, for a value.
    setting: fn(f64) -> Vec<String>,
    /// Two values close to the crossing, so that a straight line joins them.
    between: [f64; 2],
    /// The figure, one value a replicate.
    figure: fn(&Case) -> Vec<f64>,
    /// The crossing by formula, from what was seen at the lower value.
    expected: fn(&Case) -> f64,
}

/// A line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    /// Scenario.
    pub name: &'static str,
    /// Strategy.
    pub strategy: &'static str,
    /// What is compared.
    pub figure: &'static str,
    /// Formula and source.
    pub source: &'static str,
    /// By formula; the mean over units where it differs between them.
    pub expected: f64,
    /// By simulation.
    pub observed: f64,
    /// Standard error of the difference; 0 where nothing varies.
    pub error: f64,
    /// Difference in standard errors.
    pub z: f64,
    /// Units: hosts or replicates.
    pub units: u64,
    /// A crossing, judged by its distance in place of its standard error.
    pub is_crossing: bool,
    /// Within the bound of its kind.
    pub holds: bool,
}

/// Why a closed form could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum TheoryError {
    /// Its scenario does not load.
    #[error(transparent)]
    Scenario(#[from] ScenarioErrors),
    /// Its scenario does not run.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl ClosedForm {
    /// Runs the scenario beside its honest twin and compares; `part` of its replicates are run, eight at least.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn compare(&self, part: f64, registry: &Registry) -> Result<Line, TheoryError> {
        match &self.kind {
            Kind::Law(pairs) => {
                let case = self.simulate(&[], part, registry)?;
                Ok(self.law(&pairs(&case)))
            }
            Kind::Crossing(crossing) => {
                let at = |value: f64| self.simulate(&(crossing.setting)(value), part, registry);
                let [low, high] = crossing.between;
                let (below, above) = (at(low)?, at(high)?);
                let line = self.crossing(crossing, &below, &above);
                // A part of the replicates cannot tell 0.3 points; there the standard error judges.
                let is_within = part < 1.0 && line.z.abs() <= ERRORS_MAX;
                Ok(Line {
                    holds: line.holds || is_within,
                    ..line
                })
            }
        }
    }

    /// The scenario with some settings, run and run again with its attacker honest.
    fn simulate(&self, settings: &[String], part: f64, registry: &Registry) -> Result<Case, TheoryError> {
        let mut overrides = Vec::new();
        for setting in settings {
            overrides.push(Override::set(setting)?);
        }
        let mut scenario =
            scenario::from_str(&format!("{}.yaml", self.name), self.text, &overrides, registry)?;
        scenario.replicates = (libm::ceil(f64::from(scenario.replicates) * part) as u32).max(REPLICATES_MIN);
        let all = |scenario: &Scenario| -> Result<Vec<RunOutput>, RunError> {
            let one = |replicate| run(scenario, replicate, registry, &RunOptions::default());
            (0..scenario.replicates).into_par_iter().map(one).collect()
        };
        let attack = all(&scenario)?;
        let twin = match attacker(&scenario) {
            Some(owner) => all(&twin_of(&scenario, owner))?,
            None => attack.clone(),
        };
        Ok(Case::new(scenario, attack, twin))
    }

    fn law(&self, pairs: &[Pair]) -> Line {
        let mean = |of: fn(&Pair) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len().max(1) as f64;
        let (expected, observed) = (mean(|pair| pair.expected), mean(|pair| pair.observed));
        let error = standard_error(pairs);
        let difference = observed - expected;
        let is_equal = difference.abs() <= ROUNDING * expected.abs().max(1.0);
        let z = if is_equal { 0.0 } else { difference / error };
        self.line((expected, observed), error, z, pairs.len(), z.abs() <= ERRORS_MAX)
    }

    /// Joins the two means by a line; its error is that of the figure interpolated to the crossing, by replicate.
    fn crossing(&self, crossing: &Crossing, below: &Case, above: &Case) -> Line {
        let (first, second) = ((crossing.figure)(below), (crossing.figure)(above));
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let (at_low, at_high) = (mean(&first), mean(&second));
        let [low, high] = crossing.between;
        let slope = (at_high - at_low) / (high - low);
        let observed = low - at_low / slope;
        let weight = (observed - low) / (high - low);
        let mut values = Moments::of(&[]);
        first
            .iter()
            .zip(&second)
            .for_each(|(a, b)| values.push((1.0 - weight) * a + weight * b));
        let error = (values.standard_error().unwrap_or(f64::NAN) / slope).abs();
        let expected = (crossing.expected)(below);
        let difference = observed - expected;
        let holds = difference.abs() <= POINTS_MAX;
        Line {
            is_crossing: true,
            ..self.line(
                (expected, observed),
                error,
                difference / error,
                first.len(),
                holds,
            )
        }
    }

    fn line(&self, (expected, observed): (f64, f64), error: f64, z: f64, units: usize, holds: bool) -> Line {
        Line {
            name: self.name,
            strategy: self.strategy,
            figure: self.figure,
            source: self.source,
            expected,
            observed,
            error,
            z,
            units: units as u64,
            is_crossing: false,
            holds,
        }
    }
}

/// Standard error of the mean difference: by the formula's variance where it gives one for every unit, else by the
/// sample's, which a rare event that did not come would call zero.
fn standard_error(pairs: &[Pair]) -> f64 {
    let by_formula: Option<f64> = pairs.iter().map(|pair| pair.variance).sum();
    if let Some(sum) = by_formula {
        return sum.sqrt() / pairs.len().max(1) as f64;
    }
    let differences: Vec<f64> = pairs.iter().map(|pair| pair.observed - pair.expected).collect();
    Moments::of(&differences).standard_error().unwrap_or(f64::NAN)
}
