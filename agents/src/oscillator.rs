//! Alternates epochs of honest service with epochs of swapped answers.
//!
//! - Does: serves as promised for some epochs, swaps every request for some, and begins again.
//! - Knows: the epoch.
//! - Profits by: the decode time saved in the cheating epochs; the honest ones restore what reputation
//!   the rule took.
//! - Stopped by: a conviction that outlives the epoch: reset of the reputation, a test carried over
//!   epochs, collateral.
//! - Reference: reputation oscillation: Resnick, Kuwabara, Zeckhauser, Friedman 2000; cheat once the
//!   discounted loss is below the gain, delta* = g/(g+1).

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::params;

/// An executor that alternates honest and cheating epochs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oscillator {
    /// Honest epochs of a cycle.
    pub honest_epochs: u64,
    /// Cheating epochs of a cycle.
    pub cheating_epochs: u64,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "oscillator",
    summary: "Alternates honest epochs with epochs in which it swaps every answer.",
    params: &[
        ParamDescriptor {
            name: "honest_epochs",
            kind: ParamKind::Count {
                min: 0,
                max: 1_000_000,
            },
            default: Some("1"),
            doc: "Honest epochs of a cycle.",
        },
        ParamDescriptor {
            name: "cheating_epochs",
            kind: ParamKind::Count {
                min: 0,
                max: 1_000_000,
            },
            default: Some("1"),
            doc: "Cheating epochs of a cycle.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(Oscillator {
            honest_epochs: params::count(given, "honest_epochs"),
            cheating_epochs: params::count(given, "cheating_epochs"),
            substitute: params::name(given, "substitute").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for Oscillator {
    fn policy(&mut self, view: &ExecutorView) -> ExecutorPolicy {
        let cycle = (self.honest_epochs + self.cheating_epochs).max(1);
        let is_cheating = self.cheating_epochs > 0 && u64::from(view.epoch) % cycle >= self.honest_epochs;
        ExecutorPolicy {
            substitute_rate: if is_cheating {
                Fraction::ONE
            } else {
                Fraction::ZERO
            },
            substitute: Some(self.substitute.clone()),
            ..ExecutorPolicy::honest()
        }
    }
}
