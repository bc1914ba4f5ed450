//! What a strategy written in Python sees, and how its answer is read.
//!
//! Invariant: a share that comes from a float is rounded to parts per 10^9 before anything is decided by it, and one
//! outside 0 to 1 is refused, so that an answer means the same on every machine.

use pyo3::prelude::*;
use pyo3::types::PyString;
use stakeout_engine::strategy::{Artifact, ExecutorPolicy, ExecutorView};
use stakeout_protocol::units::Fraction;

use crate::error::Failed;

/// Parts of a share that a float may name.
const PARTS: u128 = 1_000_000_000;

/// What an executor knows when it is asked for its orders of an epoch.
#[pyclass(frozen, get_all, module = "stakeout")]
#[derive(Clone, Debug)]
pub struct View {
    /// Epochs since the run's start.
    pub epoch: u32,
    /// Its own reputation, 0 to 100.
    pub reputation: u8,
    /// The sampling rate that the published rule gives it, 0 to 1.
    pub target_rate: f64,
    /// Its share of the network's weight, 0 to 1.
    pub weight_share: f64,
    /// Its own passing validations in the run so far.
    pub validated: u64,
    /// Its own failing ones.
    pub invalidated: u64,
    /// It was expelled at least once in the run.
    pub was_convicted: bool,
    /// What it earned in the last settled epoch, base units.
    pub earned: i128,
    /// A fresh uniform 64-bit number, one an epoch: the only chance that a strategy may use.
    pub draw: u64,
}

impl From<&ExecutorView> for View {
    fn from(view: &ExecutorView) -> Self {
        Self {
            epoch: view.epoch,
            reputation: view.reputation.get(),
            target_rate: f64::from(view.target_rate_ppb) / 1e9,
            weight_share: f64::from(view.weight_share_ppb) / 1e9,
            validated: view.validated,
            invalidated: view.invalidated,
            was_convicted: view.was_convicted,
            earned: view.earned,
            draw: view.draw,
        }
    }
}

#[pymethods]
impl View {
    fn __repr__(&self) -> String {
        format!("{self:?}")
    }
}

/// The orders that a `stakeout.Policy` states.
///
/// # Errors
/// A share outside 0 to 1, or an artifact that does not exist.
pub fn read(answer: &Bound<'_, PyAny>) -> Result<ExecutorPolicy, Failed> {
    let part = |name: &str| -> Result<Fraction, Failed> { share(name, &answer.getattr(name)?) };
    Ok(ExecutorPolicy {
        substitute_rate: part("substitute_rate")?,
        substitute: answer.getattr("substitute")?.extract()?,
        artifact: artifact(&answer.getattr("artifact")?)?,
        drop_rate: part("drop_rate")?,
        held: part("held")?,
        ask_each: false,
    })
}

/// A share from a float or from a text with a per cent sign.
fn share(name: &str, value: &Bound<'_, PyAny>) -> Result<Fraction, Failed> {
    let number = match value.cast::<PyString>() {
        Ok(text) => percent(&text.to_cow()?),
        Err(_) => value.extract::<f64>().ok(),
    };
    match number {
        Some(number) if (0.0..=1.0).contains(&number) => {
            // Within 0 to 1, so the cast cuts off the half that was added and nothing else.
            let parts = (number * PARTS as f64 + 0.5) as u128;
            Ok(Fraction::saturating_ratio(parts, PARTS))
        }
        _ => Err(Failed::usage(format!(
            "{name} is {}; write a number from 0 to 1, or a text such as '5 %'",
            value.repr()?
        ))),
    }
}

fn percent(text: &str) -> Option<f64> {
    let number: f64 = text.trim().strip_suffix('%')?.trim().parse().ok()?;
    Some(number / 100.0)
}

fn artifact(value: &Bound<'_, PyAny>) -> Result<Artifact, Failed> {
    if let Ok(text) = value.cast::<PyString>() {
        match &*text.to_cow()? {
            "own" => return Ok(Artifact::Own),
            "laundered" => return Ok(Artifact::Laundered),
            "withheld" => return Ok(Artifact::Withheld),
            _ => {}
        }
    }
    if let Ok((name, part)) = value.extract::<(String, Bound<'_, PyAny>)>() {
        let part = share("the artifact's part", &part)?;
        match name.as_str() {
            "diluted" => return Ok(Artifact::Diluted(part)),
            "partial" => return Ok(Artifact::Partial(part)),
            "truncated" => return Ok(Artifact::Truncated(part)),
            _ => {}
        }
    }
    Err(Failed::usage(format!(
        "the artifact is {}; there are 'own', 'laundered', 'withheld', ('diluted', part), ('partial', part) and \
         ('truncated', part)",
        value.repr()?
    )))
}
