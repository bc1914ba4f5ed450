//! Learns by weights that grow with earnings, and draws its arm by them.
//!
//! - Does: multiplicative weights over honest and cheating epochs: the arm played gains in proportion to
//!   what it earned over its chance.
//! - Knows: its own earnings of each settled epoch, reputation and sampling rate; not who checks it.
//! - Profits by: the decode time saved in the epochs in which it has learnt that cheating pays.
//! - Stopped by: whatever makes honest epochs earn more than cheating ones: it then learns to be honest.
//! - Reference: Freund and Schapire 1997 (Hedge); with feedback on the played arm alone it is Exp3, Auer
//!   and others 2002.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::learner;
use crate::params;

/// A learner that weighs its arms by what they have earned.
#[derive(Clone, Debug)]
pub struct Hedger {
    /// Step of the weights.
    pub step: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
    book: learner::Book,
    /// Weights of the arms.
    weights: [f64; 2],
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "hedger",
    summary: "Learns by multiplicative weights whether cheating epochs pay.",
    params: &[
        ParamDescriptor {
            name: "step",
            kind: ParamKind::Fraction,
            default: Some("20 %"),
            doc: "Step of the weights.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(Hedger {
            step: params::fraction(given, "step"),
            substitute: params::name(given, "substitute").to_owned(),
            book: learner::Book::new(),
            weights: [1.0; 2],
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for Hedger {
    fn policy(&mut self, view: &ExecutorView) -> ExecutorPolicy {
        if let Some((arm, gain)) = self.book.settle(view) {
            let chance = self.weights[arm] / (self.weights[0] + self.weights[1]);
            let gain = (gain / chance.max(0.05)).min(20.0);
            self.weights[arm] *= 1.0 + learner::part(self.step) * gain;
            let largest = self.weights[0].max(self.weights[1]);
            self.weights = self.weights.map(|weight| (weight / largest).max(0.02));
        }
        let chance = self.weights[learner::CHEAT] / (self.weights[0] + self.weights[1]);
        let arm = usize::from(learner::uniform(view.draw) < chance);
        self.book.choose(arm);
        learner::swaps(arm == learner::CHEAT, &self.substitute)
    }
}
