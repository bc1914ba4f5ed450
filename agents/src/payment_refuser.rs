//! Takes answers and leaves the bill.
//!
//! - Does: spends its purse on requests whose payment the chain refuses after the answer has been
//!   streamed.
//! - Knows: that the executor starts before the chain has seen the request.
//! - Profits by: nothing in coins of its own here: it has answers for free, and executors worked for
//!   nothing.
//! - Stopped by: escrow locked before service, at the price of one block of latency.
//! - Reference: gonka-ai/gonka decentralized-api/internal/server/public/post_chat_handler.go: the start
//!   message is sent beside the answer.

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{PurseUse, RequesterPolicy, RequesterStrategy, RequesterView, Roles};

/// A client whose payment never arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentRefuser;

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "payment_refuser",
    summary: "Takes answers whose payment the chain then refuses; executors work for nothing.",
    params: &[],
    build: |_| Roles {
        requester: Box::new(PaymentRefuser),
        ..Roles::honest()
    },
};

impl RequesterStrategy for PaymentRefuser {
    fn policy(&mut self, _view: &RequesterView) -> RequesterPolicy {
        RequesterPolicy {
            purse: PurseUse::Unpaid,
        }
    }
}
