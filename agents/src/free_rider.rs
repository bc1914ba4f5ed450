//! Holds weight and serves nothing.
//!
//! - Does: proves compute, drops every request and is silent on every validation job.
//! - Knows: that rewards follow weight.
//! - Profits by: the reward of its weight, without the hardware time of serving.
//! - Stopped by: the missed-work test at settlement and validator duty at claim; nothing, where it is
//!   sent no requests.
//! - Reference: gonka-ai/gonka PR 1078 (zero requests, full reward).

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{
    ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles, Shortcut, ValidatorPolicy, ValidatorStrategy,
    ValidatorView,
};
use stakeout_protocol::units::Fraction;

/// A host with weight that serves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeRider;

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "free_rider",
    summary: "Proves compute, serves nothing, and takes the reward of its weight.",
    params: &[],
    build: |_| Roles {
        executor: Box::new(FreeRider),
        validator: Box::new(FreeRider),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for FreeRider {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            drop_rate: Fraction::ONE,
            ..ExecutorPolicy::honest()
        }
    }
}

impl ValidatorStrategy for FreeRider {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy {
            diligence: Fraction::ZERO,
            otherwise: Shortcut::Silent,
            bias: None,
        }
    }
}
