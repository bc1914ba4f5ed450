//! A closed form as data: names, parameters, a formula and an observation.
//!
//! Invariant: the formula and the observation give the same figures in the same order.

use stakeout_engine::oracle::{Figure, Observation, Oracle, OracleError, Parameter, Parameters};

/// How observation and formula are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// The observation is drawn: the mean over seeds against the formula.
    Chance,
    /// Equal to the last digit.
    Exact,
    /// Computed in another way, equal but for this part of the value.
    Computed(f64),
}

/// The figures by a formula.
pub type Expected = Result<Vec<Figure>, OracleError>;
/// The figures that were observed.
pub type Observed = Result<Vec<f64>, OracleError>;

/// A closed form of this crate.
pub struct Check {
    /// Its name on the command line.
    pub id: &'static str,
    /// Rows of the validation catalogue (`docs/validation.md`).
    pub catalogue: &'static [u8],
    /// What it states.
    pub title: &'static str,
    /// Where the formula stands.
    pub source: &'static str,
    /// How it is compared.
    pub kind: Kind,
    /// Its parameters.
    pub parameters: fn() -> Vec<Parameter>,
    /// The formula.
    pub expected: fn(&Parameters) -> Expected,
    /// The observation.
    pub observe: fn(&Parameters, Observation) -> Observed,
}

impl Oracle for Check {
    fn id(&self) -> &'static str {
        self.id
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn parameters(&self) -> Vec<Parameter> {
        (self.parameters)()
    }

    fn is_exact(&self) -> bool {
        self.kind != Kind::Chance
    }

    fn tolerance(&self) -> f64 {
        match self.kind {
            Kind::Computed(part) => part,
            Kind::Chance | Kind::Exact => 0.0,
        }
    }

    fn catalogue(&self) -> &'static [u8] {
        self.catalogue
    }

    fn expected(&self, parameters: &Parameters) -> Expected {
        (self.expected)(parameters)
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Observed {
        (self.observe)(parameters, observation)
    }
}

/// Figures from names and values.
pub fn figures<const N: usize>(named: [(&str, f64); N]) -> Expected {
    Ok(named.map(|(name, value)| Figure::new(name, value)).into())
}

/// No parameters.
pub fn none() -> Vec<Parameter> {
    Vec::new()
}

/// Refuses parameters outside a formula's domain.
///
/// # Errors
/// [`OracleError::Domain`] where the condition does not hold.
pub fn require(oracle: &'static str, holds: bool, reason: &'static str) -> Result<(), OracleError> {
    if holds {
        Ok(())
    } else {
        Err(OracleError::Domain { oracle, reason })
    }
}
