//! Learns by optimism: takes the arm whose mean, with a bonus for few trials, is highest.
//!
//! - Does: UCB1 over honest and cheating epochs, with earnings scaled to those seen so far.
//! - Knows: its own earnings of each settled epoch, reputation and sampling rate; not who checks it.
//! - Profits by: the decode time saved in the epochs in which it has learnt that cheating pays.
//! - Stopped by: whatever makes honest epochs earn more than cheating ones: it then learns to be honest.
//! - Reference: Auer, Cesa-Bianchi, Fischer 2002, UCB1.

use stakeout_engine::strategy::registry::StrategyDescriptor;
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};

use crate::learner;
use crate::params;

/// A learner that is optimistic about what it has tried little.
#[derive(Clone, Debug)]
pub struct UpperConfidence {
    /// Name of the substitute in the calibration.
    pub substitute: String,
    book: learner::Book,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "upper_confidence",
    summary: "Learns by upper confidence bounds whether cheating epochs pay.",
    params: &[params::SUBSTITUTE],
    build: |given| Roles {
        executor: Box::new(UpperConfidence {
            substitute: params::name(given, "substitute").to_owned(),
            book: learner::Book::new(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for UpperConfidence {
    fn policy(&mut self, view: &ExecutorView) -> ExecutorPolicy {
        self.book.settle(view);
        let arm = self.book.untried().unwrap_or_else(|| self.book.best_by_bound());
        self.book.choose(arm);
        learner::swaps(arm == learner::CHEAT, &self.substitute)
    }
}
