//! The strategy surface: one trait a role, each asked one question, answered from a view.
//!
//! A strategy never sees the world. Its view holds what its role may know and has no way back. Where a
//! decision can be stated in advance it is compiled to a small policy, which the event loop reads
//! without calling anybody; a strategy that must look at each request says so and is asked each time.

pub mod registry;

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
}

/// What an executor knows of one request when it must decide how to serve it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestView {
    /// Model, an index into the scenario's models.
    pub model: u16,
    /// Prompt length in model tokens.
    pub prompt: u32,
    /// Upper limit of the answer in model tokens.
    pub max_tokens: u32,
    /// Blocks until the next proof of compute starts.
    pub blocks_to_poc: u64,
    /// Requests that wait in its own queue.
    pub queued: u32,
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

/// An executor's standing orders for an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutorPolicy {
    /// Share of requests served by the substitute.
    pub substitute_rate: Fraction,
    /// Name of the substitute, as the calibration has it; `None` serves the promised model always.
    pub substitute: Option<String>,
    /// Share of requests that are dropped without an answer.
    pub drop_rate: Fraction,
    /// Ask [`ExecutorStrategy::serve`] for each request instead.
    pub ask_each: bool,
}

impl ExecutorPolicy {
    /// The promised model for every request.
    pub fn honest() -> Self {
        Self {
            substitute_rate: Fraction::ZERO,
            substitute: None,
            drop_rate: Fraction::ZERO,
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

/// What a validator knows when it sets its policy for an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValidatorView {
    /// Epochs since the run's start.
    pub epoch: u32,
    /// Its own reputation.
    pub reputation: Reputation,
    /// Its share of the network's weight, in parts per 10^9.
    pub weight_share_ppb: u32,
    /// Validations required of it and done by it in the epoch that ended.
    pub required: u64,
    /// See [`required`](Self::required).
    pub done: u64,
}

/// What a validator does with a job that it does not work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// Answers that it matches.
    SayMatch,
    /// Answers that it does not match.
    SayMismatch,
    /// Gives no answer.
    Silent,
}

/// A validator's standing orders for an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidatorPolicy {
    /// Share of validation jobs that are really replayed.
    pub diligence: Fraction,
    /// What happens to the others.
    pub otherwise: Shortcut,
}

impl ValidatorPolicy {
    /// Every job is replayed.
    pub fn diligent() -> Self {
        Self {
            diligence: Fraction::ONE,
            otherwise: Shortcut::SayMatch,
        }
    }
}

/// Decides how validation jobs and dispute votes are done.
pub trait ValidatorStrategy: Send {
    /// The standing orders for the epoch that begins.
    fn policy(&mut self, view: &ValidatorView) -> ValidatorPolicy;
}

/// One strategy's answers for every role that a participant plays.
pub struct Roles {
    /// As executor.
    pub executor: Box<dyn ExecutorStrategy>,
    /// As validator.
    pub validator: Box<dyn ValidatorStrategy>,
}
