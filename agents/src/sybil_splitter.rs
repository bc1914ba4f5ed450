//! Splits its hardware over several identities and follows the rules under each.
//!
//! - Does: what an honest host does, under every one of its owner's identities.
//! - Knows: that some rules count heads or cap shares.
//! - Profits by: what a rule gives to a head and not to weight: a power cap that binds the whole and not
//!   the parts, a minimum for each.
//! - Stopped by: an entry fee (`protocol.identity.fee`); rewards linear in weight give nothing for it.
//! - Reference: Douceur 2002, The Sybil attack; gonka-ai/gonka x/inference/module/power_capping.go.

use stakeout_engine::strategy::Roles;
use stakeout_engine::strategy::registry::StrategyDescriptor;

/// One identity of an owner that splits its hardware over several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SybilSplitter;

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "sybil_splitter",
    summary: "Splits its hardware over several identities to pass under caps; honest under each.",
    params: &[],
    build: |_| Roles::honest(),
};
