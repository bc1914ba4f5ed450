//! Calls every answer of whoever bribes it right.
//!
//! - Does: says match, in validations and votes, about the briber's answers, unseen; judges the others
//!   honestly.
//! - Knows: whose answer a job is about.
//! - Profits by: the bribe, which is paid outside the network and is not part of its profit here; the
//!   prefill that it saves.
//! - Stopped by: more validators than can be bribed; a bribe below the validator's reward and stake loses
//!   against an honest report.
//! - Reference: Felten 2019, The cheater checking problem: a bribe must exceed what the validator stands
//!   to lose.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{
    Bias, Roles, Shortcut, Side, ValidatorPolicy, ValidatorStrategy, ValidatorView,
};

use crate::params;

/// A validator in somebody's pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BribedValidator {
    /// Owner whose answers it calls right.
    pub briber: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "bribed_validator",
    summary: "Says match on everything its briber serves; the bribe itself is paid elsewhere.",
    params: &[ParamDescriptor {
        name: "briber",
        kind: ParamKind::Name,
        default: None,
        doc: "Owner whose answers it calls right.",
    }],
    build: |given| Roles {
        validator: Box::new(BribedValidator {
            briber: params::name(given, "briber").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ValidatorStrategy for BribedValidator {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy {
            bias: Some(Bias {
                side: Side::Owner(self.briber.clone()),
                answer: Shortcut::SayMatch,
            }),
            ..ValidatorPolicy::diligent()
        }
    }
}
