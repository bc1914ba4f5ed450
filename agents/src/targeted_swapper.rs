//! Swaps the model on the requests where a swap saves most or is least likely to be found.
//!
//! - Does: swaps long answers, requests that come when its queue is full, requests late in the epoch, or
//!   everything once its reputation is full; serves the others as promised.
//! - Knows: the request, its own queue and reputation, and the blocks to the next proof of compute.
//! - Profits by: the decode time saved, above all on long answers and where few checks fall.
//! - Stopped by: a sampling rate that does not fall with reputation or traffic; a test that carries over
//!   the end of an epoch (docs/spec/status.md, `cusum`).
//! - Reference: economics of inspection where the rate varies; gonka-ai/gonka
//!   x/inference/calculations/should_validate.go; network rows on late cheating,
//!   x/inference/calculations/sprt.go.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, RequestView, Roles, Serve};

use crate::params;

/// Names of [`Target`] in a scenario.
const TARGETS: [&str; 4] = ["long_answers", "busy_hours", "late_in_epoch", "full_reputation"];

/// Which requests are swapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Long answers.
    LongAnswers,
    /// Requests that find a queue.
    BusyHours,
    /// Requests of the last blocks before the next proof of compute.
    LateInEpoch,
    /// All, with enough reputation.
    FullReputation,
}

impl Target {
    fn named(name: &str) -> Self {
        match name {
            "busy_hours" => Self::BusyHours,
            "late_in_epoch" => Self::LateInEpoch,
            "full_reputation" => Self::FullReputation,
            _ => Self::LongAnswers,
        }
    }
}

/// An executor that picks the requests it swaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetedSwapper {
    /// Which requests.
    pub target: Target,
    /// Its limit, in the target's unit.
    pub limit: u64,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "targeted_swapper",
    summary: "Swaps the model only on long answers, in busy hours, late in the epoch, or with a full reputation.",
    params: &[
        ParamDescriptor {
            name: "target",
            kind: ParamKind::OneOf(&TARGETS),
            default: Some("long_answers"),
            doc: "Which requests are swapped.",
        },
        ParamDescriptor {
            name: "limit",
            kind: ParamKind::Count {
                min: 0,
                max: 1_000_000_000,
            },
            default: Some("500"),
            doc: "Model tokens of a long answer, waiting requests of a busy host, last blocks of an epoch, or points of a full reputation.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(TargetedSwapper {
            target: Target::named(params::name(given, "target")),
            limit: params::count(given, "limit"),
            substitute: params::name(given, "substitute").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for TargetedSwapper {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute: Some(self.substitute.clone()),
            ask_each: true,
            ..ExecutorPolicy::honest()
        }
    }

    fn serve(&mut self, view: &ExecutorView, request: &RequestView, _draw: u64) -> Serve {
        let is_target = match self.target {
            Target::LongAnswers => u64::from(request.answer) >= self.limit,
            Target::BusyHours => u64::from(request.queued) >= self.limit,
            Target::LateInEpoch => request.blocks_to_poc <= self.limit,
            Target::FullReputation => u64::from(view.reputation.get()) >= self.limit,
        };
        if is_target {
            Serve::Substitute
        } else {
            Serve::Promised
        }
    }
}
