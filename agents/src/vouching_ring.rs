//! Swaps the model under several identities that pass each other's answers.
//!
//! - Does: serves with a substitute; as validator and voter it calls every answer of its owner's
//!   identities right, unseen, and judges the others honestly.
//! - Knows: whose answer a job is about.
//! - Profits by: the decode time saved; the share of checks that fall to the ring never fails, and its
//!   votes stand against the others'.
//! - Stopped by: sampling that the ring cannot fill: weight of honest validators; a quorum of all weight;
//!   the bar on voting in one's own case.
//! - Reference: probability of detection 1 - exp(-t(1 - f)) with a ring of weight share f; gonka-ai/gonka
//!   issues 966 and 967.

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{
    Bias, Roles, Shortcut, Side, ValidatorPolicy, ValidatorStrategy, ValidatorView,
};

use crate::model_swapper::ModelSwapper;
use crate::params;

/// One identity of an owner whose identities vouch for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VouchingRing;

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "vouching_ring",
    summary: "Swaps the model under several identities that pass each other's answers unseen.",
    params: &[params::RATE, params::SUBSTITUTE],
    build: |given| Roles {
        executor: Box::new(ModelSwapper::read(given)),
        validator: Box::new(VouchingRing),
        ..Roles::honest()
    },
};

impl ValidatorStrategy for VouchingRing {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy {
            bias: Some(Bias {
                side: Side::Own,
                answer: Shortcut::SayMatch,
            }),
            ..ValidatorPolicy::diligent()
        }
    }
}
