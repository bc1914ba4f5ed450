//! Passes no request to a victim's executors.
//!
//! - Does: draws again whenever an executor of its victim comes up.
//! - Knows: which executor the draw names, and who owns it.
//! - Profits by: nothing in coins: the victim loses payments, and what it would have served is spread
//!   over all.
//! - Stopped by: a draw that follows from the signed request and the last block
//!   (`protocol.assignment.rule: committed`).
//! - Reference: gonka-ai/gonka issue 424: P(a request fails) = 1 - (1 - f_agent)(1 - f_executor);
//!   x/inference/keeper/query_get_random_executor.go.

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{Harm, Roles, TransferPolicy, TransferStrategy, TransferView};
use stakeout_protocol::units::Fraction;

use crate::params;

/// A transfer agent that keeps work from a victim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starver {
    /// Owner whose executors are harmed.
    pub victim: String,
    /// Share of its requests.
    pub share: Fraction,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "starver",
    summary: "As transfer agent, passes no request to the executors of its victim.",
    params: &[params::VICTIM, params::SHARE_TREATED],
    build: |given| Roles {
        transfer: Box::new(Starver {
            victim: params::name(given, "victim").to_owned(),
            share: params::fraction(given, "share"),
        }),
        ..Roles::honest()
    },
};

impl TransferStrategy for Starver {
    fn policy(&mut self, _view: &TransferView) -> TransferPolicy {
        TransferPolicy {
            victim: Some((self.victim.clone(), Harm::Starve)),
            share: self.share,
            ..TransferPolicy::neutral()
        }
    }
}
