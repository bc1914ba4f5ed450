//! Sends a victim requests that it cannot finish in time.
//!
//! - Does: passes requests that fall to its victim with a forged time stamp: the victim's finish message
//!   is refused and the miss is the victim's.
//! - Knows: which executor the draw names, and who owns it.
//! - Profits by: nothing in coins: the victim's misses rise until a test takes its reward.
//! - Stopped by: a time that the client signs and the chain checks (`protocol.assignment.rule:
//!   committed`); misses counted against the agent.
//! - Reference: gonka-ai/gonka issues 518, 549 and 629 (misses injected into honest hosts).

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{Harm, Roles, TransferPolicy, TransferStrategy, TransferView};
use stakeout_protocol::units::Fraction;

use crate::params;

/// A transfer agent that makes a victim miss requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimestampForger {
    /// Owner whose executors are harmed.
    pub victim: String,
    /// Share of its requests.
    pub share: Fraction,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "timestamp_forger",
    summary: "As transfer agent, forges time stamps so that its victim misses requests.",
    params: &[params::VICTIM, params::SHARE_TREATED],
    build: |given| Roles {
        transfer: Box::new(TimestampForger {
            victim: params::name(given, "victim").to_owned(),
            share: params::fraction(given, "share"),
        }),
        ..Roles::honest()
    },
};

impl TransferStrategy for TimestampForger {
    fn policy(&mut self, _view: &TransferView) -> TransferPolicy {
        TransferPolicy {
            victim: Some((self.victim.clone(), Harm::Forge)),
            share: self.share,
            ..TransferPolicy::neutral()
        }
    }
}
