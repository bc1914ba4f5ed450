//! Swaps the model whenever its record of the epoch leaves room below the test.
//!
//! - Does: swaps a request as long as its failed checks are fewer than a share of its checks of the epoch
//!   plus an allowance; otherwise serves as promised.
//! - Knows: its own passed and failed checks of the epoch, up to the last block, and the drift-free rate
//!   of the published test.
//! - Profits by: the decode time saved: a failure rate below the one without drift, 11.03 % for (.05,
//!   .20), is condemned by chance only.
//! - Stopped by: a test with a lower tolerated rate, `one_strike` where honest failures are rare, or
//!   `e_process` (docs/spec/status.md).
//! - Reference: zero-drift rate of Wald's sequential test, docs/spec/status.md; gonka-ai/gonka-docs, network
//!   updates of August 2026, Proposal 96.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, RequestView, Roles, Serve};
use stakeout_protocol::units::{Fraction, Rounding};

use crate::params;

/// An executor that keeps its failed checks just under a share of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdHugger {
    /// Share of its checks that may fail.
    pub rate: Fraction,
    /// Failed checks on top.
    pub allowance: u64,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "threshold_hugger",
    summary: "Swaps the model while its failed checks stay below a share of all: just under the test.",
    params: &[
        ParamDescriptor {
            name: "rate",
            kind: ParamKind::Fraction,
            default: Some("9 %"),
            doc: "Share of its checks of the epoch that may fail.",
        },
        ParamDescriptor {
            name: "allowance",
            kind: ParamKind::Count {
                min: 0,
                max: 1_000_000,
            },
            default: Some("1"),
            doc: "Failed checks that may come on top.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(ThresholdHugger {
            rate: params::fraction(given, "rate"),
            allowance: params::count(given, "allowance"),
            substitute: params::name(given, "substitute").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for ThresholdHugger {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute: Some(self.substitute.clone()),
            ask_each: true,
            ..ExecutorPolicy::honest()
        }
    }

    fn serve(&mut self, _view: &ExecutorView, request: &RequestView, _draw: u64) -> Serve {
        let judged = u64::from(request.passed) + u64::from(request.failed);
        let room = self
            .rate
            .of(judged, Rounding::Down)
            .saturating_add(self.allowance);
        if u64::from(request.failed) < room {
            Serve::Substitute
        } else {
            Serve::Promised
        }
    }
}
