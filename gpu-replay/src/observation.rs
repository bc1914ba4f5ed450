//! What a verifier has of a position once it has replayed it: the input of every score.
//!
//! **Invariant.** An observation is complete: a score needs nothing else of the two models. It holds no tensor.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::artifact::TopK;
use crate::stratum::Stratum;

/// How hard the executor tried to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttackLevel {
    /// No attack: the promised model answers and reports.
    Honest,
    /// The substitute answers and reports its own log-probabilities.
    Naive,
    /// The substitute answers; one pass of the promised model over the answer makes the artifact.
    Laundered,
    /// The substitute answers a part of the tokens, the promised model the others.
    Mixed,
    /// The substitute answers and reports log-probabilities corrected towards the promised model's.
    Forged,
    /// Temperature and mixing are tuned against the fixed rule.
    Optimised,
    /// The artifact holds more entries a position than agreed.
    Padded,
    /// The artifact holds fewer positions or entries than agreed.
    Truncated,
}

impl AttackLevel {
    /// The name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::Naive => "naive",
            Self::Laundered => "laundered",
            Self::Mixed => "mixed",
            Self::Forged => "forged",
            Self::Optimised => "optimised",
            Self::Padded => "padded",
            Self::Truncated => "truncated",
        }
    }
}

/// What a replay is about: the unit that scores, strata and bootstraps are keyed by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReplayKey {
    /// Number of the prompt: the cluster of every bootstrap and split.
    pub prompt: u32,
    /// Kind of the prompt (`drama`, `encyclopaedia`, ...): the prompt class of the calibration file.
    pub kind: String,
    /// What answered: `none` for the promised model, else the substitute's name.
    pub substitute: String,
    /// How hard the executor tried.
    pub attack: AttackLevel,
    /// Kernel that made the artifact.
    pub executor: Stratum,
    /// Kernel that replayed the answer.
    pub validator: Stratum,
}

/// One position of an answer as the verifier sees it. Logarithms are natural, probabilities of the model at
/// temperature 1 unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The token that the executor claims.
    pub token: u32,
    /// The verifier's own most probable tokens and tail mass.
    pub replayed: Arc<TopK>,
    /// The executor's: a line of its artifact.
    pub reported: Arc<TopK>,
    /// log p of the claimed token under the verifier's law of the sampling contract, nats; at most 0.
    pub log_prob: f64,
    /// Entropy of that law, nats.
    pub entropy: f64,
    /// Variance of -log p under that law, nats squared.
    pub varentropy: f64,
    /// Gumbel margin of the claimed token under the shared seed:
    /// max over v of (l_v / T + g_v) less (l_x / T + g_x). 0 where the verifier would have drawn it too; infinite
    /// where the contract's truncation excludes it.
    pub margin: f64,
    /// KL(verifier's law || executor's law) over the whole vocabulary, nats; absent where the executor's law at
    /// this position is not its own (laundered, forged). A measurement for the ladder table; no verifier has it.
    pub divergence: Option<f64>,
}

/// One answer, replayed.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// What it is about.
    pub key: ReplayKey,
    /// Its positions, in order.
    pub observations: Vec<Observation>,
}
