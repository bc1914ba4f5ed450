//! Cheats in the epochs in which the published rule checks it less than a limit.
//!
//! - Does: swaps every request in an epoch whose sampling rate for it is below a limit, and none
//!   otherwise.
//! - Knows: its own earnings of each settled epoch, reputation and sampling rate; not who checks it.
//! - Profits by: the decode time saved in the epochs in which it has learnt that cheating pays.
//! - Stopped by: whatever makes honest epochs earn more than cheating ones: it then learns to be honest.
//! - Reference: best response in an inspection game: cheating pays where saving > rate x power x loss,
//!   economics of inspection, Avenhaus, von Stengel, Zamir.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles};
use stakeout_protocol::units::Fraction;

use crate::learner;
use crate::params;

/// An executor that cheats where the published rate is low enough.
#[derive(Clone, Debug)]
pub struct BestResponder {
    /// Rate below which it cheats.
    pub limit: Fraction,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "best_responder",
    summary: "Swaps every answer in epochs in which its sampling rate is below a limit.",
    params: &[
        ParamDescriptor {
            name: "limit",
            kind: ParamKind::Fraction,
            default: Some("10 %"),
            doc: "Sampling rate below which it cheats: saving over power times loss.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| Roles {
        executor: Box::new(BestResponder {
            limit: params::fraction(given, "limit"),
            substitute: params::name(given, "substitute").to_owned(),
        }),
        ..Roles::honest()
    },
};

impl ExecutorStrategy for BestResponder {
    fn policy(&mut self, view: &ExecutorView) -> ExecutorPolicy {
        let rate = Fraction::from_ratio(u128::from(view.target_rate_ppb.min(1_000_000_000)), 1_000_000_000);
        learner::swaps(rate < self.limit, &self.substitute)
    }
}
