//! Lets a substitute write a part of each answer.
//!
//! - Does: the promised model writes one part of each answer and the substitute the rest; both read the
//!   prompt.
//! - Knows: that the network judges an answer by the mean distance over its positions.
//! - Profits by: the decode time saved on the part; the mean distance shrinks with it.
//! - Stopped by: a windowed maximum of the distance in place of the mean, or the seed-synchronised check,
//!   which finds single tokens.
//! - Reference: mixing within a response, attack A5; docs/spec/artifact.md for the mean.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{Artifact, ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::params;

/// An executor that swaps the model within an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSwapper {
    /// Share of the requests.
    pub rate: Fraction,
    /// Part of each answer.
    pub part: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "part_swapper",
    summary: "Lets a substitute write a part of each answer, so that the mean distance stays small.",
    params: &[
        params::RATE_TREATED,
        ParamDescriptor {
            name: "part",
            kind: ParamKind::Fraction,
            default: Some("30 %"),
            doc: "Part of each answer that the substitute writes.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(PartSwapper {
            rate: params::fraction(given, "rate"),
            part: params::fraction(given, "part"),
            substitute: params::name(given, "substitute").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for PartSwapper {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute_rate: self.rate,
            substitute: Some(self.substitute.clone()),
            artifact: Artifact::Partial(self.part),
            ..ExecutorPolicy::honest()
        }
    }
}
