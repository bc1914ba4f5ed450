//! Serves every request with the promised model and replays every validation job.
//!
//! - Does: what the protocol asks.
//! - Knows: nothing beyond the job at hand.
//! - Profits by: payments and rewards.
//! - Stopped by: nothing should; what it loses to misjudged answers is the cost that a rule puts on honest
//!   participants.
//! - Reference: the network's description of a host, gonka-ai/gonka-docs architecture.md.

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{
    ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles, ValidatorPolicy, ValidatorStrategy, ValidatorView,
};

/// The strategy that every other is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Honest;

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "honest",
    summary: "Serves the promised model and replays every validation job; earns payments and rewards.",
    params: &[],
    build: |_| Roles {
        executor: Box::new(Honest),
        validator: Box::new(Honest),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for Honest {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy::honest()
    }
}

impl ValidatorStrategy for Honest {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy::diligent()
    }
}
