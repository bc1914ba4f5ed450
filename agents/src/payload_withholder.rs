//! Answers clients and hands validators no payload.
//!
//! - Does: serves a share of its requests, with a substitute or as promised, and leaves validators'
//!   requests for the payload unanswered.
//! - Knows: that a validator must fetch the payload from the executor itself.
//! - Profits by: the decode time saved, if what is not delivered is not held against it.
//! - Stopped by: the rule that an unavailable payload counts as a mismatch after all retries.
//! - Reference: gonka-ai/gonka proposals/offchain-payloads; row on data unavailability.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{Artifact, ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::params;

/// An executor that gives validators nothing to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadWithholder {
    /// Share of the requests.
    pub rate: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "payload_withholder",
    summary: "Answers clients with a substitute and hands validators no payload.",
    params: &[
        params::RATE_TREATED,
        ParamDescriptor {
            name: "substitute",
            kind: ParamKind::Name,
            default: Some("int4"),
            doc: "Name of the substitute in the calibration; `none` withholds honest answers.",
        },
    ],
    build: |given| Roles {
        executor: Box::new(PayloadWithholder {
            rate: params::fraction(given, "rate"),
            substitute: params::name(given, "substitute").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for PayloadWithholder {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute_rate: self.rate,
            substitute: Some(self.substitute.clone()),
            artifact: Artifact::Withheld,
            ..ExecutorPolicy::honest()
        }
    }
}
