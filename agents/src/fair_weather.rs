//! Leaves when an epoch was worth less than it asks, and comes back later.
//!
//! - Does: serves honestly; takes no part for some epochs after one in which its owner earned less than a
//!   minimum.
//! - Knows: what its owner earned in the last settled epoch.
//! - Profits by: the epochs it avoids, in which upkeep exceeds income.
//! - Stopped by: nothing should: it is free entry and exit, and the network's size follows its margin.
//! - Reference: free entry at zero profit, N* = reward x price / cost; docs/spec/settlement.md.

use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{EntrantStrategy, EntrantView, Roles};

use crate::params;

/// An identity that takes part only while it pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FairWeather {
    /// Least earnings of an epoch in whole coins.
    pub minimum: u64,
    /// Epochs it stays away.
    pub rest: u64,
    /// Epoch, from 0, in which it comes back.
    back_at: u64,
}

pub(crate) const DESCRIPTOR: StrategyDescriptor = StrategyDescriptor {
    name: "fair_weather",
    summary: "Leaves after an epoch that earned less than it asks, and returns some epochs later.",
    params: &[
        ParamDescriptor {
            name: "minimum",
            kind: ParamKind::Count {
                min: 0,
                max: 1_000_000_000,
            },
            default: Some("0"),
            doc: "Least earnings of an epoch, in whole coins, for which it stays.",
        },
        ParamDescriptor {
            name: "rest",
            kind: ParamKind::Count {
                min: 1,
                max: 1_000_000,
            },
            default: Some("2"),
            doc: "Epochs it stays away.",
        },
    ],
    build: |given| Roles {
        entrant: Box::new(FairWeather {
            minimum: params::count(given, "minimum"),
            rest: params::count(given, "rest"),
            back_at: 0,
        }),
        ..Roles::honest()
    },
};

/// Base units of a coin.
const COIN: i128 = 1_000_000_000;

impl EntrantStrategy for FairWeather {
    fn is_present(&mut self, view: &EntrantView) -> bool {
        let epoch = u64::from(view.epoch);
        // The first epoch that can be settled before another begins is the run's first.
        if view.was_present && epoch > 1 && view.earned < i128::from(self.minimum) * COIN {
            self.back_at = epoch.saturating_add(self.rest);
        }
        epoch >= self.back_at
    }
}
