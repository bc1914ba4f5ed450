//! Banks passed checks in each epoch and spends them on swapped answers.
//!
//! - Does: serves as promised until so many of its checks have passed in the epoch, then swaps every
//!   request until a limit of failures is reached.
//! - Knows: its own passed and failed checks of the epoch, up to the last block, and the parameters of
//!   the sequential test.
//! - Profits by: the decode time saved: every pass lowers the log-likelihood ratio, and without a floor a
//!   thousand passes pay for more than a hundred failures.
//! - Stopped by: a floor of the log-likelihood ratio (`protocol.status.llr_floor`) or the test `cusum`
//!   (docs/spec/status.md).
//! - Reference: gonka-ai/gonka x/inference/calculations/sprt.go (no reset at the lower boundary).

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, RequestView, Roles, Serve};

use crate::params;

/// An executor that cheats once it has banked enough passed checks in the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditBanker {
    /// Passed checks of the epoch before the first swap.
    pub passes: u64,
    /// Failed checks of the epoch after which it stops.
    pub failures_max: u64,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "credit_banker",
    summary: "Banks passed checks early in each epoch and spends the credit on swapped answers.",
    params: &[
        ParamDescriptor {
            name: "passes",
            kind: ParamKind::Count {
                min: 0,
                max: 1_000_000_000,
            },
            default: Some("20"),
            doc: "Passed checks of the epoch before the first swap.",
        },
        ParamDescriptor {
            name: "failures_max",
            kind: ParamKind::Count {
                min: 0,
                max: 1_000_000_000,
            },
            default: Some("1000000"),
            doc: "Failed checks of the epoch after which it serves as promised again.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(CreditBanker {
            passes: params::count(given, "passes"),
            failures_max: params::count(given, "failures_max"),
            substitute: params::name(given, "substitute").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for CreditBanker {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute: Some(self.substitute.clone()),
            ask_each: true,
            ..ExecutorPolicy::honest()
        }
    }

    fn serve(&mut self, _view: &ExecutorView, request: &RequestView, _draw: u64) -> Serve {
        let has_credit = u64::from(request.passed) >= self.passes;
        if has_credit && u64::from(request.failed) < self.failures_max {
            Serve::Substitute
        } else {
            Serve::Promised
        }
    }
}
