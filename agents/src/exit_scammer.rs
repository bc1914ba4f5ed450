//! Serves honestly, cheats on everything in its last epochs, and leaves.
//!
//! - Does: serves as promised up to an epoch, swaps every request from then on, and takes no further part
//!   after a number of such epochs.
//! - Knows: the epoch; that nothing it does will matter after it has left.
//! - Profits by: the decode time saved when there is no future left to lose.
//! - Stopped by: collateral that unbonds after the last slash, vesting, settlement that waits for the
//!   last check.
//! - Reference: end-game effect of repeated games; gonka-ai/gonka PR 1255 (unbonding before settlement
//!   slashes).

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{
    EntrantStrategy, EntrantView, ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles,
};
use stakeout_protocol::units::Fraction;

use crate::params;

/// An identity that cheats in its last epochs and leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitScammer {
    /// First cheating epoch, from 0.
    pub at: u64,
    /// Cheating epochs.
    pub epochs: u64,
    /// Name of the substitute in the calibration.
    pub substitute: String,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "exit_scammer",
    summary: "Serves honestly, then swaps every answer in its last epochs and leaves.",
    params: &[
        ParamDescriptor {
            name: "at",
            kind: ParamKind::Count {
                min: 0,
                max: 1_000_000,
            },
            default: Some("2"),
            doc: "First epoch, from 0, in which it cheats.",
        },
        ParamDescriptor {
            name: "epochs",
            kind: ParamKind::Count {
                min: 1,
                max: 1_000_000,
            },
            default: Some("1"),
            doc: "Epochs in which it cheats before it leaves.",
        },
        params::SUBSTITUTE,
    ],
    build: |given| {
        let scammer = ExitScammer {
            at: params::count(given, "at"),
            epochs: params::count(given, "epochs"),
            substitute: params::name(given, "substitute").to_owned(),
        };
        Roles {
            executor: Box::new(scammer.clone()),
            entrant: Box::new(scammer),
            ..Roles::honest()
        }
    },
};

impl ExecutorStrategy for ExitScammer {
    fn policy(&mut self, view: &ExecutorView) -> ExecutorPolicy {
        let is_cheating = u64::from(view.epoch) >= self.at;
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

impl EntrantStrategy for ExitScammer {
    fn is_present(&mut self, view: &EntrantView) -> bool {
        u64::from(view.epoch) < self.at.saturating_add(self.epochs)
    }
}
