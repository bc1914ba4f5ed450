//! Moves its rate of cheating by replicator dynamics.
//!
//! - Does: swaps a share of its requests; in odd epochs it plays a little more of it than in even ones
//!   and moves the share towards what earned more.
//! - Knows: its own earnings of each settled epoch, reputation and sampling rate; not who checks it.
//! - Profits by: the decode time saved in the epochs in which it has learnt that cheating pays.
//! - Stopped by: whatever makes honest epochs earn more than cheating ones: it then learns to be honest.
//! - Reference: Taylor and Jonker 1978, replicator equation; fixed points are the symmetric Nash
//!   equilibria.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::learner;
use crate::params;

/// A learner whose rate of cheating grows with its relative earnings.
#[derive(Clone, Debug)]
pub struct Replicator {
    /// Share at the start.
    pub start: Fraction,
    /// Step of the share.
    pub step: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
    book: learner::Book,
    /// Share of swapped answers now.
    share: Option<f64>,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "replicator",
    summary: "Moves its share of swapped answers by replicator dynamics on its own earnings.",
    params: &[
        ParamDescriptor {
            name: "start",
            kind: ParamKind::Fraction,
            default: Some("50 %"),
            doc: "Share of swapped answers at the start.",
        },
        ParamDescriptor {
            name: "step",
            kind: ParamKind::Fraction,
            default: Some("25 %"),
            doc: "Step of the share.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(Replicator {
            start: params::fraction(given, "start"),
            step: params::fraction(given, "step"),
            substitute: params::name(given, "substitute").to_owned(),
            book: learner::Book::new(),
            share: None,
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for Replicator {
    fn policy(&mut self, view: &ExecutorView) -> ExecutorPolicy {
        let mut share = self.share.unwrap_or(learner::part(self.start));
        self.book.settle(view);
        let [honest, cheating] = self.book.means();
        if self.book.untried().is_none() {
            let drift = learner::part(self.step) * share * (1.0 - share) * (cheating - honest);
            share = (share + drift).clamp(0.0, 1.0);
        }
        self.share = Some(share);
        // Arm "cheat" plays half as much again, arm "honest" half as much.
        let arm = (view.epoch % 2) as usize;
        self.book.choose(arm);
        let played = if arm == learner::CHEAT {
            1.5 * share
        } else {
            0.5 * share
        };
        learner::swaps_at(learner::fraction(played), &self.substitute)
    }
}
