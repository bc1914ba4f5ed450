//! Serves a share of the requests with a cheaper model and reports that model's own artifact.
//!
//! - Does: each request goes to the substitute with a fixed probability, independently of everything else;
//!   validation jobs are replayed honestly.
//! - Knows: the calibration's name of the substitute; it doesn't look at the request or at its record.
//! - Profits by: the decode time that the substitute saves, at full payment.
//! - Stopped by: sampled validation with a status test over its verdicts (docs/spec/status.md); a test with
//!   a tolerated failure rate leaves a share of the requests below which it is never condemned.
//! - Reference: gonka-ai/gonka proposals/models, issue 1199; the rate below the sequential test's
//!   indifference point, x/inference/calculations/sprt.go.

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::honest::Honest;
use crate::params;

/// An executor that swaps the model on a fixed share of its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSwapper {
    /// Share of the requests that the substitute serves.
    pub rate: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "model_swapper",
    summary: "Serves a share of the requests with a cheaper model; saves its decode time at full payment.",
    params: &[params::RATE, params::SUBSTITUTE],
    build: |given| Roles {
        executor: Box::new(ModelSwapper::read(given)),
        validator: Box::new(Honest),
        ..Roles::honest()
    },
};

impl ModelSwapper {
    /// The swapper that the parameters `rate` and `substitute` describe.
    pub(crate) fn read(given: &params::Params) -> Self {
        Self {
            rate: params::fraction(given, "rate"),
            substitute: params::name(given, "substitute").to_owned(),
        }
    }
}

impl ExecutorStrategy for ModelSwapper {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute_rate: self.rate,
            substitute: Some(self.substitute.clone()),
            ..ExecutorPolicy::honest()
        }
    }
}
