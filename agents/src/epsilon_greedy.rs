//! Learns by trial: does what has paid best so far, and now and then the other thing.
//!
//! - Does: tries honest and cheating epochs once each, then takes the arm with the higher mean earnings,
//!   except for a share of epochs chosen by chance.
//! - Knows: its own earnings of each settled epoch, reputation and sampling rate; not who checks it.
//! - Profits by: the decode time saved in the epochs in which it has learnt that cheating pays.
//! - Stopped by: whatever makes honest epochs earn more than cheating ones: it then learns to be honest.
//! - Reference: Sutton and Barto, Reinforcement Learning, chapter 2; regret per step approaches epsilon
//!   (1 - 1/K) gap.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::learner;
use crate::params;

/// A learner that mostly does what has paid best.
#[derive(Clone, Debug)]
pub struct EpsilonGreedy {
    /// Share of exploring epochs.
    pub epsilon: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
    book: learner::Book,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "epsilon_greedy",
    summary: "Learns by trial whether cheating epochs pay, exploring a share of epochs.",
    params: &[
        ParamDescriptor {
            name: "epsilon",
            kind: ParamKind::Fraction,
            default: Some("10 %"),
            doc: "Share of epochs in which it tries an arm by chance.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(EpsilonGreedy {
            epsilon: params::fraction(given, "epsilon"),
            substitute: params::name(given, "substitute").to_owned(),
            book: learner::Book::new(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for EpsilonGreedy {
    fn policy(&mut self, view: &ExecutorView) -> ExecutorPolicy {
        self.book.settle(view);
        let is_exploring = learner::happens(view.draw, self.epsilon);
        let arm = match self.book.untried() {
            Some(arm) => arm,
            None if is_exploring => (view.draw & 1) as usize,
            None => self.book.best(),
        };
        self.book.choose(arm);
        learner::swaps(arm == learner::CHEAT, &self.substitute)
    }
}
