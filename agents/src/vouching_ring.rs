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

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{
    Bias, ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles, Shortcut, Side, ValidatorPolicy,
    ValidatorStrategy, ValidatorView,
};
use stakeout_protocol::units::Fraction;

use crate::params;

/// One identity of an owner whose identities vouch for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VouchingRing {
    /// Share of the requests.
    pub rate: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "vouching_ring",
    summary: "Swaps the model under several identities that pass each other's answers unseen.",
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
        let ring = VouchingRing {
            rate: params::fraction(given, "rate"),
            substitute: params::name(given, "substitute").to_owned(),
        };
        Roles {
            executor: Box::new(ring.clone()),
            validator: Box::new(ring),
            ..Roles::honest()
        }
    },
};

impl ExecutorStrategy for VouchingRing {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute_rate: self.rate,
            substitute: Some(self.substitute.clone()),
            ..ExecutorPolicy::honest()
        }
    }
}

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
