//! Cheats, and comes back under a fresh name when the old one is convicted.
//!
//! - Does: of its owner's identities one takes part: the first until it is convicted, then the second,
//!   and so on; it swaps a share of its requests.
//! - Knows: which of its owner's identities have been convicted.
//! - Profits by: the decode time saved; a conviction costs an epoch and a reputation, not the business.
//! - Stopped by: dues: full checking and short pay of newcomers, an entry fee (`protocol.identity.fee`),
//!   collateral.
//! - Reference: Friedman and Resnick 2001, The social cost of cheap pseudonyms; gonka-ai/gonka
//!   x/inference/calculations/reputation.go.

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{EntrantStrategy, EntrantView, Roles};

use crate::model_swapper::ModelSwapper;
use crate::params;

/// One identity of an owner that cheats under one name at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whitewasher;

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "whitewasher",
    summary: "Swaps the model under one identity at a time; a convicted name is replaced by a fresh one.",
    params: &[params::RATE, params::SUBSTITUTE],
    build: |given| Roles {
        executor: Box::new(ModelSwapper::read(given)),
        entrant: Box::new(Whitewasher),
        ..Roles::honest()
    },
};

impl EntrantStrategy for Whitewasher {
    fn is_present(&mut self, view: &EntrantView) -> bool {
        // The last name stays, for want of another.
        view.place == view.convicted.min(view.identities.saturating_sub(1))
    }
}
