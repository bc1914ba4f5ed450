//! The parameters of a closed form: defaults, what a user set, and their ranges.

use super::{Oracle, OracleError};

/// One parameter with its default and its range.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name, as in `--set name=value`.
    pub name: &'static str,
    /// Default.
    pub default: f64,
    /// What is allowed, in words.
    pub allowed: &'static str,
    is_allowed: fn(f64) -> bool,
}

/// A range named in words, with its test: for a parameter that no other constructor suits.
pub type Allowed = (&'static str, fn(f64) -> bool);

impl Parameter {
    /// A whole number from 1 to a million.
    pub fn count(name: &'static str, default: u32) -> Self {
        Self {
            name,
            default: f64::from(default),
            allowed: "a whole number from 1 to 1000000",
            is_allowed: |value| value.fract() == 0.0 && (1.0..=1e6).contains(&value),
        }
    }

    /// A positive number.
    pub fn positive(name: &'static str, default: f64) -> Self {
        Self {
            name,
            default,
            allowed: "a number from 1e-6 to 1e6",
            is_allowed: |value| (1e-6..=1e6).contains(&value),
        }
    }

    /// A number of a range of its own.
    pub fn ranged(name: &'static str, default: f64, (allowed, is_allowed): Allowed) -> Self {
        Self {
            name,
            default,
            allowed,
            is_allowed,
        }
    }

    /// A probability.
    pub fn probability(name: &'static str, default: f64) -> Self {
        Self {
            name,
            default,
            allowed: "a number from 0 to 1",
            is_allowed: |value| (0.0..=1.0).contains(&value),
        }
    }
}

/// The values that one oracle runs with.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters(Vec<(&'static str, f64)>);

impl Parameters {
    /// The oracle's defaults, overridden by what was set; the last of two settings counts.
    ///
    /// # Errors
    /// [`OracleError::OutOfRange`].
    pub fn new(oracle: &'static dyn Oracle, set: &[(String, f64)]) -> Result<Self, OracleError> {
        let value = |parameter: Parameter| {
            let chosen = set.iter().rev().find(|(name, _)| name == parameter.name);
            let value = chosen.map_or(parameter.default, |(_, value)| *value);
            if (parameter.is_allowed)(value) {
                return Ok((parameter.name, value));
            }
            let allowed = parameter.allowed;
            Err(OracleError::OutOfRange {
                oracle: oracle.id(),
                parameter: parameter.name.to_owned(),
                value,
                allowed,
            })
        };
        oracle
            .parameters()
            .into_iter()
            .map(value)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// A value. Panics on a name that the oracle did not declare: that is our bug.
    pub fn get(&self, name: &str) -> f64 {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found
            .unwrap_or_else(|| panic!("the oracle has no parameter {name}"))
            .1
    }

    /// A value that counts something.
    pub fn count(&self, name: &str) -> u32 {
        self.get(name) as u32
    }

    /// Names and values in the oracle's order.
    pub fn values(&self) -> &[(&'static str, f64)] {
        &self.0
    }
}

/// Refuses a setting that no oracle asked here would read.
pub(super) fn check_names(oracles: &[&'static dyn Oracle], set: &[(String, f64)]) -> Result<(), OracleError> {
    let mut known: Vec<&str> = oracles
        .iter()
        .flat_map(|oracle| oracle.parameters())
        .map(|parameter| parameter.name)
        .collect();
    known.sort_unstable();
    known.dedup();
    match set.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(OracleError::UnknownParameter {
            name: name.clone(),
            known: known.join(", "),
        }),
        None => Ok(()),
    }
}
