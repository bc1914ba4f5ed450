//! Closed forms that the simulator must reproduce, and the harness that checks them.
//!
//! An [`Oracle`] knows a formula with its source, and how to observe the same figure in independent replicates
//! of the engine. [`validate`] sets the two side by side: expected, observed, interval, z, verdict.
//!
//! **Warm-up.** A queue starts empty, so the first requests wait too little. Requests that arrive within
//! ten relaxation times of the queue, `10 / (sqrt(c mu) - sqrt(lambda))^2` and at least ten service times,
//! are served and not counted: what is left of the start has shrunk by `e^-10`.
//!
//! **The z.** Each seed gives one value of a figure, independent of the others. Their mean against the
//! expected value, over their own standard error, is Student's t; z is the normal deviate with the same
//! two-sided probability, whatever the number of seeds.
//!
//! **Invariant.** A formula never uses the code it judges.

mod block_time;
mod detection_time;
mod event;
mod fidelity;
mod mm1;
mod mmc;
mod network;
mod parameters;
mod report;
mod reputation_paths;
mod unchecked;
mod verified_network;

use std::ops::Range;

use rayon::prelude::*;
use thiserror::Error;

use crate::scenario::error::unknown_name;
use crate::service::ServiceError;
pub use network::QueueNetwork;
pub use parameters::{Allowed, Parameter, Parameters};
pub use report::{Row, Tolerance, Verdict, judge};

/// One independent observation: which seed, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Root seed.
    pub seed: u64,
    /// Inferences (or draws) observed after the warm-up.
    pub size: u64,
}

/// A figure that a formula gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is, with its unit.
    pub name: String,
    /// Its value by the formula.
    pub expected: f64,
}

impl Figure {
    /// A figure with its value by the formula.
    pub fn new(name: impl Into<String>, expected: f64) -> Self {
        Self {
            name: name.into(),
            expected,
        }
    }
}

/// A closed form and how to observe it.
pub trait Oracle: Sync {
    /// Short name, for the command line.
    fn id(&self) -> &'static str;
    /// What it states, in a line.
    fn title(&self) -> &'static str;
    /// Where the formula stands.
    fn source(&self) -> &'static str;
    /// The parameters with their defaults.
    fn parameters(&self) -> Vec<Parameter>;
    /// Whether the figure has no chance in it: then every observation must equal the expected value.
    fn is_exact(&self) -> bool {
        false
    }
    /// How far an exact figure may be from the formula, in proportion (absolutely below one): above zero where the
    /// observation is itself a computation with rounding.
    fn tolerance(&self) -> f64 {
        0.0
    }
    /// The rows of the validation catalogue (`docs/validation.md`) that it answers.
    fn catalogue(&self) -> &'static [u8] {
        &[]
    }
    /// The figures by the formula.
    ///
    /// # Errors
    /// Where the formula does not hold, such as a queue that cannot keep up.
    fn expected(&self, parameters: &Parameters) -> Result<Vec<Figure>, OracleError>;
    /// The same figures as one replicate shows them, in the same order.
    ///
    /// # Errors
    /// What the engine refuses.
    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError>;
}

/// Why an oracle cannot be asked.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum OracleError {
    /// No oracle has the name asked for; says so, and which one was perhaps meant.
    #[error("{0}")]
    Unknown(String),
    /// No oracle that was asked has this parameter.
    #[error("no closed form asked here has a parameter {name:?}; there are: {known}")]
    UnknownParameter {
        /// The name asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A value out of its range.
    #[error("{oracle}: {parameter} = {value} is out of range: {allowed}")]
    OutOfRange {
        /// The oracle.
        oracle: &'static str,
        /// The parameter.
        parameter: String,
        /// The value.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// Arrivals exceed what the servers can do, so that no figure settles.
    #[error("{oracle}: the load of {load} is not below 1, so the queue grows without end")]
    Overloaded {
        /// The oracle.
        oracle: &'static str,
        /// Arrivals times work over servers.
        load: f64,
    },
    /// Fewer than two seeds give no interval.
    #[error("at least two seeds and an observation of at least one are needed")]
    TooFew,
    /// The scenario of an oracle on the event fidelity was refused: the parameters don't make one.
    #[error("the parameters make no scenario: {0}")]
    Scenario(String),
    /// The parameters together leave the formula's domain.
    #[error("{oracle}: {reason}")]
    Domain {
        /// The oracle.
        oracle: &'static str,
        /// What would have to hold.
        reason: &'static str,
    },
    /// The engine refused the network.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// All closed forms, in the order of their report.
pub fn all() -> Vec<&'static dyn Oracle> {
    vec![
        &mm1::Mm1,
        &mmc::Mmc,
        &verified_network::VerifiedNetwork,
        &unchecked::Unchecked,
        &detection_time::DetectionTime,
        &reputation_paths::ReputationPaths,
        &block_time::BlockTime,
        &event::EventMm1,
        &event::EventMmc,
        &event::EventUnchecked,
        &event::EventBlockTime,
        &fidelity::Fidelities,
        &fidelity::Caught,
    ]
}

/// How closed forms are checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidateOptions {
    /// Names of the closed forms asked for; all if empty.
    pub only: Vec<String>,
    /// Parameters set by the user, by name; each must be one that an oracle asked for has.
    pub set: Vec<(String, f64)>,
    /// Inferences (or draws) a seed.
    pub size: u64,
    /// Consecutive seeds, one independent observation each.
    pub seeds: Range<u64>,
}

impl ValidateOptions {
    /// Twenty seeds with 1e7 inferences among them.
    pub fn full() -> Self {
        Self {
            only: Vec::new(),
            set: Vec::new(),
            size: 500_000,
            seeds: 1..21,
        }
    }

    /// Twenty seeds with 1e6 inferences among them: seconds instead of a minute.
    pub fn quick() -> Self {
        Self {
            size: 50_000,
            ..Self::full()
        }
    }
}

/// Checks the engine's closed forms, as [`validate_among`].
///
/// # Errors
/// [`OracleError`] for a name, a parameter or a size that makes no sense.
pub fn validate(options: &ValidateOptions) -> Result<Vec<Row>, OracleError> {
    validate_among(&all(), options)
}

/// Checks closed forms of a registry, seeds in parallel; rows come in the order of the registry and of the figures.
///
/// A row with chance in it holds where its z lies inside the interval that two hundred rows, or all that are asked if
/// those are more, keep together with 99 % (Bonferroni).
///
/// # Errors
/// [`OracleError`] for a name, a parameter or a size that makes no sense.
pub fn validate_among(
    registry: &[&'static dyn Oracle],
    options: &ValidateOptions,
) -> Result<Vec<Row>, OracleError> {
    if options.seeds.clone().count() < 2 || options.size == 0 {
        return Err(OracleError::TooFew);
    }
    let chosen = choose(registry, &options.only)?;
    parameters::check_names(&chosen, &options.set)?;
    let mut rows = Vec::new();
    for oracle in chosen {
        rows.extend(check(oracle, options)?);
    }
    judge(&mut rows);
    Ok(rows)
}

/// The oracles of these names; all where none is named.
///
/// # Errors
/// A name that none has.
pub fn choose(
    registry: &[&'static dyn Oracle],
    only: &[String],
) -> Result<Vec<&'static dyn Oracle>, OracleError> {
    for name in only {
        if !registry.iter().any(|oracle| oracle.id() == name) {
            let known: Vec<&str> = registry.iter().map(|oracle| oracle.id()).collect();
            let list = "`stakeout validate --list` names them";
            return Err(OracleError::Unknown(unknown_name(
                "closed form",
                name,
                &known,
                list,
            )));
        }
    }
    let is_asked =
        |oracle: &&&'static dyn Oracle| only.is_empty() || only.iter().any(|name| name == oracle.id());
    Ok(registry.iter().filter(is_asked).copied().collect())
}

fn check(oracle: &'static dyn Oracle, options: &ValidateOptions) -> Result<Vec<Row>, OracleError> {
    let parameters = Parameters::new(oracle, &options.set)?;
    let figures = oracle.expected(&parameters)?;
    // Without chance every seed shows the same; two of them show that.
    let seeds: Vec<u64> = if oracle.is_exact() {
        options.seeds.clone().take(2).collect()
    } else {
        options.seeds.clone().collect()
    };
    let observe = |&seed: &u64| {
        oracle.observe(
            &parameters,
            Observation {
                seed,
                size: options.size,
            },
        )
    };
    let observed = seeds
        .par_iter()
        .map(observe)
        .collect::<Result<Vec<Vec<f64>>, OracleError>>()?;
    let rows = figures.into_iter().enumerate().map(|(index, figure)| {
        let values: Vec<f64> = observed.iter().map(|replicate| replicate[index]).collect();
        Row::new(oracle, &parameters, figure, &values, options.size)
    });
    Ok(rows.collect())
}

#[cfg(test)]
mod tests;
