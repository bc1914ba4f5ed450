//! Rents hardware for proofs of compute and gives most of it back between them.
//!
//! - Does: proves full weight, holds a part of the cards until the next proof, and drops the share of
//!   requests that the rest would have served.
//! - Knows: when proofs of compute take place; not when a surprise confirmation does.
//! - Profits by: the upkeep of the cards it gives back.
//! - Stopped by: confirmations of compute (`protocol.poc.confirmations_per_epoch`), and the missed-work
//!   test.
//! - Reference: gonka-ai/gonka issues 658, 659, 677 and proposals/random-poc.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{
    ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles, Shortcut, ValidatorPolicy, ValidatorStrategy,
    ValidatorView,
};
use stakeout_protocol::units::Fraction;

use crate::params;

/// A host whose hardware is there for proofs of compute only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HardwareRenter {
    /// Part of the cards held between proofs.
    pub held: Fraction,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "hardware_renter",
    summary: "Holds its cards for proofs of compute only; saves their upkeep between them.",
    params: &[ParamDescriptor {
        name: "held",
        kind: ParamKind::Fraction,
        default: Some("20 %"),
        doc: "Part of the cards held between proofs of compute.",
    }],
    build: |given| {
        let renter = HardwareRenter {
            held: params::fraction(given, "held"),
        };
        Roles {
            executor: Box::new(renter),
            validator: Box::new(renter),
            ..Roles::honest()
        }
    },
};

impl ExecutorStrategy for HardwareRenter {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            drop_rate: self.held.complement(),
            held: self.held,
            ..ExecutorPolicy::honest()
        }
    }
}

impl ValidatorStrategy for HardwareRenter {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy {
            diligence: self.held,
            otherwise: Shortcut::SayMatch,
            bias: None,
        }
    }
}
