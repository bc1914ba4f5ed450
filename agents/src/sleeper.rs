//! Builds a reputation first and swaps the model once it is checked less.
//!
//! - Does: serves as promised for a number of epochs, then swaps a share of its requests in every epoch.
//! - Knows: the epoch; the published rule by which its sampling rate has fallen meanwhile.
//! - Profits by: the decode time saved at the low sampling rate that honest epochs have earned.
//! - Stopped by: a reputation that a conviction resets (docs/spec/reputation.md), a floor of the rate, a
//!   test carried over epochs.
//! - Reference: gonka-ai/gonka x/inference/module/module.go and proposals/invalid-participant-exclusion
//!   (a convicted host keeps its reputation); attack A6 of the verification literature, reputation then
//!   cheat.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::params;

/// An executor that cheats only after a stretch of honest epochs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sleeper {
    /// Epochs served as promised.
    pub honest_epochs: u64,
    /// Share of the requests swapped afterwards.
    pub rate: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "sleeper",
    summary: "Serves honestly for some epochs, then swaps the model at the low sampling rate it has earned.",
    params: &[
        ParamDescriptor {
            name: "honest_epochs",
            kind: ParamKind::Count {
                min: 0,
                max: 1_000_000,
            },
            default: Some("1"),
            doc: "Epochs served as promised before the first swap.",
        },
        ParamDescriptor {
            name: "rate",
            kind: ParamKind::Fraction,
            default: Some("100 %"),
            doc: "Share of the requests that the substitute serves afterwards.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(Sleeper {
            honest_epochs: params::count(given, "honest_epochs"),
            rate: params::fraction(given, "rate"),
            substitute: params::name(given, "substitute").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for Sleeper {
    fn policy(&mut self, view: &ExecutorView) -> ExecutorPolicy {
        let is_awake = u64::from(view.epoch) >= self.honest_epochs;
        ExecutorPolicy {
            substitute_rate: if is_awake { self.rate } else { Fraction::ZERO },
            substitute: Some(self.substitute.clone()),
            ..ExecutorPolicy::honest()
        }
    }
}
