//! Buys inference from its own executors.
//!
//! - Does: spends its purse on requests and, as its own transfer agent, draws executors until one of its
//!   own comes up; what falls to others is lost to it.
//! - Knows: what a reward rule pays on top of payments.
//! - Profits by: a reward that grows with paid work: with m coins minted per coin of payment, trade with
//!   oneself pays once its own share exceeds 1/(1 + m).
//! - Stopped by: rewards by weight (`protocol.rewards.rule: decay`); a verifiable draw, which lowers its
//!   own share to its weight.
//! - Reference: wash trading threshold f* = 1/(1 + m); gonka-ai/gonka v0.2.0 subsidy,
//!   x/inference/keeper/accountsettle.go.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{PurseUse, RequesterPolicy, RequesterStrategy, RequesterView, Roles};

use crate::params;

/// A client that buys from itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WashTrader {
    /// Draws for each request.
    pub draws: u32,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "wash_trader",
    summary: "Spends its purse on requests to its own executors, to be paid a subsidy on them.",
    params: &[ParamDescriptor {
        name: "draws",
        kind: ParamKind::Count { min: 1, max: 1_000 },
        default: Some("1"),
        doc: "Draws of an executor for each request; 1 leaves it to chance.",
    }],
    build: |given| Roles {
        requester: Box::new(WashTrader {
            draws: params::count(given, "draws") as u32,
        }),
        ..Roles::honest()
    },
};

impl RequesterStrategy for WashTrader {
    fn policy(&mut self, _view: &RequesterView) -> RequesterPolicy {
        RequesterPolicy {
            purse: PurseUse::Wash { draws: self.draws },
        }
    }
}
