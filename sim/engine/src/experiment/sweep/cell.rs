//! A cell: one replicate of a scenario, boiled down to named figures.
//!
//! **Invariant.** A cell is a function of the resolved scenario, the seed, the replicate and the model's version, and its
//! key is the hash of these.

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};

use serde::{Deserialize, Serialize};

use crate::observe::manifest::MODEL_VERSION;
use crate::run::RunError;
use crate::scenario::Scenario;
use crate::strategy::StrategyFailure;
use crate::strategy::registry::Registry;

use super::figures::compute_figures;
use super::plan::SWEEP_FORMAT;
use super::warm_up::WarmUpRule;

/// What is kept of one replicate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Layout, [`SWEEP_FORMAT`].
    pub format: u32,
    /// Key, the hash of what decides the rest.
    pub key: String,
    /// Replicate.
    pub replicate: u32,
    /// Digest of the run; empty if it failed.
    pub digest: String,
    /// Figures by name; one that does not exist in this run is absent.
    pub figures: BTreeMap<String, f64>,
    /// Why there are none.
    pub error: Option<String>,
}

/// What is made of a replicate besides running it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Making<'a> {
    /// The honest twin of the attacker runs beside it: that of the heaviest owner that deviates, unless the scenario names
    /// another one.
    pub has_twin: bool,
    /// What the scenario says of the attacker and its twin ([`AttackSpec::pairing`]), which its hash leaves out.
    ///
    /// [`AttackSpec::pairing`]: crate::experiment::attack::AttackSpec::pairing
    pub pairing: &'a str,
    /// Its start is dropped by this rule.
    pub warm_up: Option<&'a WarmUpRule>,
}

impl Making<'_> {
    /// With or without a twin, and whole.
    pub fn whole(has_twin: bool) -> Self {
        Self {
            has_twin,
            pairing: "",
            warm_up: None,
        }
    }
}

/// The key of a cell.
pub fn key(scenario: &str, seed: u64, replicate: u32, making: Making<'_>) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("stakeout 2026 sweep cell v1");
    for number in [
        u64::from(SWEEP_FORMAT),
        u64::from(MODEL_VERSION),
        seed,
        u64::from(replicate),
        u64::from(making.has_twin),
    ] {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(scenario.as_bytes());
    if making.has_twin && !making.pairing.is_empty() {
        hasher.update(b"\npairing ");
        hasher.update(making.pairing.as_bytes());
    }
    if let Some(rule) = making.warm_up {
        // Behind the hash, so that whole cells keep their keys.
        hasher.update(b"\nwarm-up ");
        hasher.update(
            serde_json::to_string(rule)
                .expect("a rule is printable")
                .as_bytes(),
        );
    }
    hasher.finalize().to_hex().as_str()[..32].to_owned()
}

/// Runs one cell, or none where `is_stopping` says so meanwhile. What the engine refuses and what panics in it becomes a
/// cell with an error.
pub fn run_cell(
    scenario: &Scenario,
    key: String,
    replicate: u32,
    making: Making<'_>,
    registry: &Registry,
    is_stopping: &(dyn Fn() -> bool + Sync),
) -> Option<Cell> {
    let work = || compute_figures(scenario, replicate, making, registry, is_stopping);
    let (digest, figures, error) = match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok((digest, figures))) => (digest, figures, None),
        Ok(Err(RunError::Stopped)) => return None,
        Ok(Err(refused)) => (String::new(), BTreeMap::new(), Some(refused.to_string())),
        Err(payload) => (String::new(), BTreeMap::new(), Some(said(payload.as_ref()))),
    };
    Some(Cell {
        format: SWEEP_FORMAT,
        key,
        replicate,
        digest,
        figures,
        error,
    })
}

fn said(payload: &(dyn std::any::Any + Send)) -> String {
    if let Some(failure) = payload.downcast_ref::<StrategyFailure>() {
        return failure.0.clone();
    }
    let text = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned());
    format!(
        "a bug of ours: {}",
        text.unwrap_or_else(|| "a panic without a message".to_owned())
    )
}
