//! Draws executors until one of its own comes up.
//!
//! - Does: for each request that comes through it, asks for an executor again and again, up to a number
//!   of draws, and stops at one of its owner's.
//! - Knows: that the draw is a local random number which nobody can verify.
//! - Profits by: the payments of requests that others should have served.
//! - Stopped by: a draw that follows from the signed request and the last block
//!   (`protocol.assignment.rule: committed`); a chi-square test on executor frequencies flags it.
//! - Reference: gonka-ai/gonka x/inference/keeper/query_get_random_executor.go, issue 424; P(own in g
//!   draws) = 1 - (1 - f)^g.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{Roles, TransferPolicy, TransferStrategy, TransferView};

use crate::params;

/// A transfer agent that sends requests to its own executors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfRouter {
    /// Draws at most.
    pub draws: u32,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "self_router",
    summary: "As transfer agent, draws executors until one of its own comes up.",
    params: &[ParamDescriptor {
        name: "draws",
        kind: ParamKind::Count { min: 1, max: 1_000 },
        default: Some("10"),
        doc: "Draws at most for each request.",
    }],
    build: |given| Roles {
        transfer: Box::new(SelfRouter {
            draws: params::count(given, "draws") as u32,
        }),
        ..Roles::honest()
    },
};

impl TransferStrategy for SelfRouter {
    fn policy(&mut self, _view: &TransferView) -> TransferPolicy {
        TransferPolicy {
            draws: self.draws,
            ..TransferPolicy::neutral()
        }
    }
}
