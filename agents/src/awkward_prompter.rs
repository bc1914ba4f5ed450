//! Sends prompts on which honest validators disagree with honest executors.
//!
//! - Does: spends its purse on prompts of the calibration's last class: odd input on which every replay
//!   differs.
//! - Knows: which prompts are odd.
//! - Profits by: nothing in coins: disputes pile up and honest executors are convicted; its requests are
//!   refunded.
//! - Stopped by: a test that bears honest failures (a higher p0), a cap on open cases, and checks that
//!   exclude degenerate prompts.
//! - Reference: gonka-ai/gonka proposals/invalidation-limits (v0.2.4 notes): malformed input halted the
//!   chain; qdanik/gonka-inference-tests.

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{PurseUse, RequesterPolicy, RequesterStrategy, RequesterView, Roles};

/// A client whose prompts make honest validators disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AwkwardPrompter;

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "awkward_prompter",
    summary: "Sends prompts on which honest validators disagree, to have honest hosts convicted.",
    params: &[],
    build: |_| Roles {
        requester: Box::new(AwkwardPrompter),
        ..Roles::honest()
    },
};

impl RequesterStrategy for AwkwardPrompter {
    fn policy(&mut self, _view: &RequesterView) -> RequesterPolicy {
        RequesterPolicy {
            purse: PurseUse::Awkward,
        }
    }
}
