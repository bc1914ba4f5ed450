//! What every lane may read in one block window: the state of the network at the last commit.

use stakeout_protocol::collateral::CollateralParams;
use stakeout_protocol::dispute::{DisputeParams, compute_invalidation_cap};
use stakeout_protocol::sampling::SamplingParams;
use stakeout_protocol::units::{Reputation, Weight};

use super::cut::Cut;
use super::groups::Group;
use super::tables::Tables;
use crate::scenario::Measures;

/// The frozen state of the network, and the window's bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'a> {
    pub tables: &'a Tables,
    pub groups: &'a [Group],
    /// Number of the window; its block commits at its end.
    pub index: u64,
    /// End of the window, ns.
    pub end: u64,
    /// Height of the block that commits the window.
    pub height: u64,
    /// Nothing starts before this time (a proof-of-compute stage is on and preserves nobody), ns.
    pub paused_until: u64,
    /// Sampling targets by reputation.
    pub targets: &'a Targets,
    /// By group, a number that changes whenever weights or rates do; never 0.
    pub plan_stamps: &'a [u64],
    /// Parity of the epoch to which validation duty is booked.
    pub parity: u8,
    /// Start of the effective epoch, ns: an inference that finished earlier can no longer be invalidated.
    pub epoch_start: u64,
    /// Effective epoch.
    pub epoch: u32,
    /// How participants are cut into lanes.
    pub cut: Cut,
    /// Blocks until the next proof of compute starts.
    pub blocks_to_poc: u64,
    /// Rules of disputes.
    pub dispute: &'a DisputeParams,
    /// Rules of collateral.
    pub collateral: &'a CollateralParams,
    /// How the sampling rule draws.
    pub draw: Draw,
    /// Rules of sampling, for the draw by hash.
    pub sampling: &'a SamplingParams,
    /// Newcomers' answers always get one validator.
    pub at_least_one: bool,
    /// Rules against particular attacks.
    pub measures: &'a Measures,
}

impl Window<'_> {
    /// How many cases a validator may have open at once.
    pub(crate) fn invalidation_cap(
        &self,
        weight: u64,
        total: u64,
        reputation: Reputation,
        recent: u64,
    ) -> u32 {
        compute_invalidation_cap(
            self.dispute,
            Weight::new(weight),
            Weight::new(total),
            reputation,
            recent,
        )
    }
}

/// How validators are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Draw {
    /// Nobody is drawn.
    Nobody,
    /// Each member independently.
    Independent,
    /// Each member by the network's own hash.
    ByHash,
    /// As many by weight as the rate says.
    Designated,
    /// Each slot of the client's session independently.
    Slots,
}

/// Target rates by reputation at the traffic of the last commit.
#[derive(Clone, Debug)]
pub(crate) struct Targets {
    /// As a number, by the byte that a reputation is.
    pub rate: [f64; 256],
    /// In parts per 10^9.
    pub ppb: [u32; 256],
    /// Reputations that some host has; only theirs are worked out.
    pub present: Vec<u8>,
    /// Target rate of a full reputation, by which a change is noticed.
    pub full: f64,
    /// Traffic that the rates belong to.
    pub traffic: u64,
    /// Rises whenever a rate changed.
    pub version: u32,
}

impl Targets {
    /// Target rate for a reputation.
    #[inline]
    pub(crate) fn rate(&self, reputation: Reputation) -> f64 {
        self.rate[usize::from(reputation.get())]
    }

    /// Target rate for a reputation in parts per 10^9.
    #[inline]
    pub(crate) fn ppb(&self, reputation: Reputation) -> u32 {
        self.ppb[usize::from(reputation.get())]
    }
}
