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

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{
    EntrantStrategy, EntrantView, ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles,
};
use stakeout_protocol::units::Fraction;

use crate::params;

/// One identity of an owner that cheats under one name at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whitewasher {
    /// Share of the requests.
    pub rate: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "whitewasher",
    summary: "Swaps the model under one identity at a time; a convicted name is replaced by a fresh one.",
    params: &[
        ParamDescriptor {
            name: "rate",
            kind: ParamKind::Fraction,
            default: Some("100 %"),
            doc: "Share of the requests that the substitute serves.",
        },
        ParamDescriptor {
            name: "substitute",
            kind: ParamKind::Name,
            default: Some("int4"),
            doc: "Name of the substitute in the calibration.",
        },
    ],
    build: |given| {
        let whitewasher = Whitewasher {
            rate: params::fraction(given, "rate"),
            substitute: params::name(given, "substitute").to_owned(),
        };
        Roles {
            executor: Box::new(whitewasher.clone()),
            entrant: Box::new(whitewasher),
            ..Roles::honest()
        }
    },
};

impl ExecutorStrategy for Whitewasher {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute_rate: self.rate,
            substitute: Some(self.substitute.clone()),
            ..ExecutorPolicy::honest()
        }
    }
}

impl EntrantStrategy for Whitewasher {
    fn is_present(&mut self, view: &EntrantView) -> bool {
        // The last name stays, for want of another.
        view.place == view.convicted.min(view.identities.saturating_sub(1))
    }
}
