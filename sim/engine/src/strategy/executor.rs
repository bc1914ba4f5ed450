//! What an executor knows and decides.

use stakeout_protocol::units::{Fraction, Reputation};

/// What an executor knows when it sets its policy for an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExecutorView {
    /// Epochs since the run's start.
    pub epoch: u32,
    /// Its own reputation.
    pub reputation: Reputation,
    /// The sampling rate that the published rule gives an executor of this reputation at the traffic of
    /// the last block, in parts per 10^9.
    pub target_rate_ppb: u32,
    /// Its share of the network's weight, in parts per 10^9.
    pub weight_share_ppb: u32,
    /// Its own passing and failing validations in the run so far.
    pub validated: u64,
    /// See [`validated`](Self::validated).
    pub invalidated: u64,
    /// It was expelled at least once in the run.
    pub was_convicted: bool,
    /// What it earned in the last settled epoch: payments and reward, less hardware time and slashes, base
    /// units; 0 before the first settlement.
    pub earned: i128,
    /// A fresh uniform 64-bit number of this participant's own stream, one an epoch.
    pub draw: u64,
}

/// What an executor knows of one request when it must decide how to serve it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestView {
    /// Model, an index into the scenario's models.
    pub model: u16,
    /// Prompt length in model tokens.
    pub prompt: u32,
    /// Length of the answer in model tokens, as the executor expects it from the prompt.
    pub answer: u32,
    /// Upper limit of the answer in model tokens.
    pub max_tokens: u32,
    /// Blocks until the next proof of compute starts.
    pub blocks_to_poc: u64,
    /// Requests that wait in its own queue.
    pub queued: u32,
    /// Checks of its answers that passed in this epoch, up to the last block.
    pub passed: u32,
    /// Checks of its answers that failed in this epoch, up to the last block.
    pub failed: u32,
}

/// How one request is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serve {
    /// By the promised model.
    Promised,
    /// By the policy's substitute.
    Substitute,
    /// Not at all.
    Drop,
}

/// What a cheating executor hands in as the artifact of a substituted answer, and how it made the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artifact {
    /// The substitute's own log-probabilities.
    Own,
    /// Those of one prefill of the promised model over prompt and answer: what the distribution check sees
    /// is what it sees of an honest answer.
    Laundered,
    /// The substitute's own, forged so that the network's distance shrinks to this part of what it was.
    Diluted(Fraction),
    /// This share of the answer's model tokens is the substitute's, the rest the promised model's.
    Partial(Fraction),
    /// The prompt is cut to this share of its length before prefill; the substitute's law stands for what
    /// a validator then finds.
    Truncated(Fraction),
    /// None: validators who ask for the payload get nothing.
    Withheld,
}

/// An executor's standing orders for an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutorPolicy {
    /// Share of requests served by the substitute.
    pub substitute_rate: Fraction,
    /// Name of the substitute, as the calibration has it; `None` serves the promised model always.
    pub substitute: Option<String>,
    /// What is handed in for the substitute's answers.
    pub artifact: Artifact,
    /// Share of requests that are dropped without an answer.
    pub drop_rate: Fraction,
    /// Share of its hardware that is at hand between two proofs of compute: what a surprise measurement
    /// finds, and what its upkeep is paid for.
    pub held: Fraction,
    /// Ask [`ExecutorStrategy::serve`] for each request instead.
    pub ask_each: bool,
}

impl ExecutorPolicy {
    /// The promised model for every request.
    #[must_use]
    pub fn honest() -> Self {
        Self {
            substitute_rate: Fraction::ZERO,
            substitute: None,
            artifact: Artifact::Own,
            drop_rate: Fraction::ZERO,
            held: Fraction::ONE,
            ask_each: false,
        }
    }
}

/// Decides how requests are served.
pub trait ExecutorStrategy: Send {
    /// The standing orders for the epoch that begins.
    fn policy(&mut self, view: &ExecutorView) -> ExecutorPolicy;

    /// How to serve one request; asked only if the policy says `ask_each`. `draw` is a fresh uniform
    /// 64-bit number of this inference's own stream.
    fn serve(&mut self, _view: &ExecutorView, _request: &RequestView, _draw: u64) -> Serve {
        Serve::Promised
    }
}
