//! Calls answers wrong without replaying them.
//!
//! - Does: says mismatch on every validation job and in every vote, about everybody or about one victim;
//!   judges the others honestly.
//! - Knows: whose answer a job is about.
//! - Profits by: nothing in coins: it harms honest executors and the clients whose answers are taken
//!   back; with a bounty, the bounty.
//! - Stopped by: the vote of the group, the cap on open cases (docs/spec/dispute.md), and voters that
//!   outweigh it.
//! - Reference: gonka-ai/gonka proposals/invalidation-limits,
//!   x/inference/calculations/maximum_invalidations.go; false accusation passes if half of the voters
//!   collude.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{
    Bias, Roles, Shortcut, Side, ValidatorPolicy, ValidatorStrategy, ValidatorView,
};
use stakeout_protocol::units::Fraction;

use crate::params;

/// A validator that calls answers wrong unseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accuser {
    /// Owner whose answers it calls wrong; `None` for all.
    pub victim: Option<String>,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "accuser",
    summary: "Says mismatch unseen, on everybody or on one victim, to harm honest executors.",
    params: &[ParamDescriptor {
        name: "victim",
        kind: ParamKind::Name,
        default: Some("everybody"),
        doc: "Owner whose answers it calls wrong; `everybody` for all.",
    }],
    build: |given| Roles {
        validator: Box::new(Accuser {
            victim: params::owner(given, "victim"),
        }),
        ..Roles::honest()
    },
};

impl ValidatorStrategy for Accuser {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        match &self.victim {
            None => ValidatorPolicy {
                diligence: Fraction::ZERO,
                otherwise: Shortcut::SayMismatch,
                bias: None,
            },
            Some(victim) => ValidatorPolicy {
                bias: Some(Bias {
                    side: Side::Owner(victim.clone()),
                    answer: Shortcut::SayMismatch,
                }),
                ..ValidatorPolicy::diligent()
            },
        }
    }
}
