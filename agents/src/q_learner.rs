//! Learns the value of cheating in each range of its reputation.
//!
//! - Does: Q-learning with three states (reputation below a third, below two thirds, above) and two
//!   actions, honest and cheating epochs.
//! - Knows: its own earnings of each settled epoch, reputation and sampling rate; not who checks it.
//! - Profits by: the decode time saved in the epochs in which it has learnt that cheating pays.
//! - Stopped by: whatever makes honest epochs earn more than cheating ones: it then learns to be honest.
//! - Reference: Watkins and Dayan 1992, Q-learning.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::learner;
use crate::params;

/// A learner that values cheating by the state of its reputation.
#[derive(Clone, Debug)]
pub struct QLearner {
    /// Share of exploring epochs.
    pub epsilon: Fraction,
    /// Step of the values.
    pub step: Fraction,
    /// Weight of the future.
    pub discount: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
    book: learner::Book,
    /// Values by state and action.
    values: [[f64; 2]; 3],
    /// State of the last epoch.
    state: usize,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "q_learner",
    summary: "Learns by Q-learning over its reputation whether cheating epochs pay.",
    params: &[
        ParamDescriptor {
            name: "epsilon",
            kind: ParamKind::Fraction,
            default: Some("10 %"),
            doc: "Share of epochs in which it tries an action by chance.",
        },
        ParamDescriptor {
            name: "step",
            kind: ParamKind::Fraction,
            default: Some("30 %"),
            doc: "Step of the values.",
        },
        ParamDescriptor {
            name: "discount",
            kind: ParamKind::Fraction,
            default: Some("90 %"),
            doc: "Weight of the future.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(QLearner {
            epsilon: params::fraction(given, "epsilon"),
            step: params::fraction(given, "step"),
            discount: params::fraction(given, "discount"),
            substitute: params::name(given, "substitute").to_owned(),
            book: learner::Book::new(),
            values: [[0.0; 2]; 3],
            state: 0,
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for QLearner {
    fn policy(&mut self, view: &ExecutorView) -> ExecutorPolicy {
        let state = (usize::from(view.reputation.get()) / 34).min(2);
        let best = |values: &[f64; 2]| usize::from(values[1] > values[0]);
        if let Some((arm, gain)) = self.book.settle(view) {
            let future = self.values[state][best(&self.values[state])];
            let value = &mut self.values[self.state][arm];
            *value += learner::part(self.step) * (gain + learner::part(self.discount) * future - *value);
        }
        self.state = state;
        let arm = if learner::happens(view.draw, self.epsilon) {
            (view.draw & 1) as usize
        } else {
            best(&self.values[state])
        };
        self.book.choose(arm);
        learner::swaps(arm == learner::CHEAT, &self.substitute)
    }
}
