//! Cuts prompts before it reads them.
//!
//! - Does: the promised model answers a prompt that was cut to a part of its length.
//! - Knows: that prefill of long prompts costs time, and that answers rarely need all of it.
//! - Profits by: the prefill time saved.
//! - Stopped by: the distribution check, which is strong at the first positions: a validator reads the
//!   whole prompt.
//! - Reference: prompt tampering, attack A15.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{Artifact, ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::params;

/// An executor that reads only a part of the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptTruncator {
    /// Share of the requests.
    pub rate: Fraction,
    /// Part of the prompt that is read.
    pub kept: Fraction,
    /// Substitute whose scores stand for its own.
    pub looks_like: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "prompt_truncator",
    summary: "Cuts prompts before it reads them; saves prefill time.",
    params: &[
        params::RATE_TREATED,
        ParamDescriptor {
            name: "kept",
            kind: ParamKind::Fraction,
            default: Some("25 %"),
            doc: "Part of the prompt that is read.",
        },
        ParamDescriptor {
            name: "looks_like",
            kind: ParamKind::Name,
            default: Some("smaller"),
            doc: "Substitute of the calibration whose scores stand for those of an answer to a cut prompt (A-132).",
        },
    ],
    build: |given| Roles {
        executor: Box::new(PromptTruncator {
            rate: params::fraction(given, "rate"),
            kept: params::fraction(given, "kept"),
            looks_like: params::name(given, "looks_like").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for PromptTruncator {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute_rate: self.rate,
            substitute: Some(self.looks_like.clone()),
            artifact: Artifact::Truncated(self.kept),
            ..ExecutorPolicy::honest()
        }
    }
}
