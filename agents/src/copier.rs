//! Waits for another validator of the same answer and repeats its verdict.
//!
//! - Does: works on no job; where another was drawn for the same answer it says the same, alone it says
//!   match.
//! - Knows: the verdicts that others have already sent.
//! - Profits by: the prefill that it saves, while its verdicts agree with honest ones and it keeps the
//!   validator's share.
//! - Stopped by: commit-reveal (`protocol.validation.commit_reveal`) together with planted mismatches: it
//!   can then only guess.
//! - Reference: free riding on published results: Luu, Teutsch, Kulkarni, Saxena 2015; gonka-ai/gonka
//!   issues 966 and 967.

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{Roles, Shortcut, ValidatorPolicy, ValidatorStrategy, ValidatorView};
use stakeout_protocol::units::Fraction;

/// A validator that repeats what another said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copier;

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "copier",
    summary: "Repeats another validator's verdict without work; alone it says match.",
    params: &[],
    build: |_| Roles {
        validator: Box::new(Copier),
        ..Roles::honest()
    },
};

impl ValidatorStrategy for Copier {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy {
            diligence: Fraction::ZERO,
            otherwise: Shortcut::Copy,
            bias: None,
        }
    }
}
