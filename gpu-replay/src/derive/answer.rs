//! What the derivation starts from: scored answers, and what is known about the substitutes.
//!
//! **Invariant.** No tensor, no text, no time: everything here is a function of model file, prompts and seed.

use serde::{Deserialize, Serialize};
use stakeout_calibration::Provenance;

use crate::error::Result;
use crate::gpu::Device;
use crate::scores::TokenScore;
use crate::{ReplayKey, Trace};

/// One replayed answer, as numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoredAnswer {
    /// What it is about.
    pub key: ReplayKey,
    /// Its positions, in order.
    pub positions: Vec<TokenScore>,
}

impl ScoredAnswer {
    /// Scores a replayed answer; `agreed` is the number of entries that an artifact is to hold.
    pub fn of(trace: &Trace, agreed: usize) -> ScoredAnswer {
        ScoredAnswer {
            key: trace.key.clone(),
            positions: trace
                .observations
                .iter()
                .map(|at| TokenScore::of(at, agreed))
                .collect(),
        }
    }

    /// The same with the lists compared on `device`.
    ///
    /// # Errors
    /// The card refuses.
    pub fn on(device: &Device, trace: &Trace, agreed: usize) -> Result<ScoredAnswer> {
        Ok(ScoredAnswer {
            key: trace.key.clone(),
            positions: device.score(&trace.observations, agreed)?,
        })
    }
}

/// What serving a substitute costs, relative to the promised model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubstituteCost {
    /// Name as in [`ReplayKey`].
    pub name: String,
    /// Time of one decoded model token.
    pub decode: f64,
    /// Time of one prefilled model token.
    pub prefill: f64,
    /// Accelerator memory.
    pub memory: f64,
    /// What it stands for, one line.
    pub note: String,
}

/// A finished measurement of one model.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// Name of the calibration, `[a-z0-9.-]`.
    pub name: String,
    /// The promised model, `[a-z0-9.-]`.
    pub model: String,
    /// How the figures came about; sample sizes are added by the derivation.
    pub provenance: Provenance,
    /// Substitutes in the order of reports, cheapest disguise first, without the promised model.
    pub substitutes: Vec<SubstituteCost>,
    /// Every replayed answer, in any order.
    pub answers: Vec<ScoredAnswer>,
}
