//! Means well and loses requests: a share of them is never answered.
//!
//! - Does: serves the promised model, drops each request with a fixed probability; as validator it is silent
//!   on the same share of its jobs.
//! - Knows: nothing beyond the job at hand.
//! - Profits by: hardware that it did not pay for; where rewards follow weight alone, an unserved request
//!   costs it nothing.
//! - Stopped by: the missed-work test at settlement (docs/spec/missed-work.md), the miss penalty of
//!   reputation, the downtime test.
//! - Reference: gonka-ai/gonka issue 820 (hosts miss 1 % to 28 %), issue 561 (outage scenarios).

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{
    ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles, Shortcut, ValidatorPolicy, ValidatorStrategy,
    ValidatorView,
};
use stakeout_protocol::units::Fraction;

use crate::params;

/// A host that drops a fixed share of what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreliableHost {
    /// Share of the requests, and of the validation jobs, that are lost.
    pub drop_rate: Fraction,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "unreliable_host",
    summary: "Serves the promised model but drops a share of its requests and jobs; saves on hardware.",
    params: &[ParamDescriptor {
        name: "drop_rate",
        kind: ParamKind::Fraction,
        default: Some("10 %"),
        doc: "Share of the requests, and of the validation jobs, that are never answered.",
    }],
    build: |given| {
        let host = UnreliableHost {
            drop_rate: params::fraction(given, "drop_rate"),
        };
        Roles {
            executor: Box::new(host),
            validator: Box::new(host),
            ..Roles::honest()
        }
    },
};

impl ExecutorStrategy for UnreliableHost {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            drop_rate: self.drop_rate,
            ..ExecutorPolicy::honest()
        }
    }
}

impl ValidatorStrategy for UnreliableHost {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy {
            diligence: self.drop_rate.complement(),
            otherwise: Shortcut::Silent,
            bias: None,
        }
    }
}
