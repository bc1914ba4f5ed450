//! Decodes with a cheap model and makes the artifact with one prefill of the promised one.
//!
//! - Does: a substitute writes the answer; the promised model reads prompt and answer once, and its
//!   log-probabilities are handed in.
//! - Knows: that the check compares distributions over the tokens it is given, and does not ask who chose
//!   the tokens.
//! - Profits by: the decode time saved, less one prefill of the promised model.
//! - Stopped by: the seed-synchronised check (`protocol.validation.second_check`), which asks whether the
//!   promised model would have drawn these tokens; the distribution check finds it no more often than an
//!   honest answer.
//! - Reference: pre-fill attack: gonka-ai/gonka proposals/inference-validation, PRs 486, 719, 1448, issue
//!   1199.

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{Artifact, ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::params;

/// An executor that lets a cheap model write and the promised one sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launderer {
    /// Share of the requests.
    pub rate: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "launderer",
    summary: "Lets a cheap model write and one prefill of the promised model make the artifact.",
    params: &[params::RATE_TREATED, params::SUBSTITUTE],
    build: |given| Roles {
        executor: Box::new(Launderer {
            rate: params::fraction(given, "rate"),
            substitute: params::name(given, "substitute").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for Launderer {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute_rate: self.rate,
            substitute: Some(self.substitute.clone()),
            artifact: Artifact::Laundered,
            ..ExecutorPolicy::honest()
        }
    }
}
