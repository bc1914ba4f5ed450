//! Which stage falls on which block.

use stakeout_protocol::geometry::{EpochParams, compute_poc_start, compute_stages};
use stakeout_protocol::units::EpochIndex;

use crate::observe::frame::StageHeights;

/// What happens at the commit of a block, in the order in which it happens if several fall on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Proof of compute starts: capacity pauses.
    PocStart,
    /// Proof-of-compute validation ends: the effective epoch settles and capacity is back.
    Settlement,
    /// The next group is created: reputations and weights are worked out.
    GroupCreated,
    /// The new weights are effective.
    Activation,
    /// Claims of the settled epoch.
    Claim,
}

/// One entry of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// Window whose commit it is.
    pub window: u64,
    /// Stage.
    pub stage: Stage,
    /// The epoch whose stages these are.
    pub epoch: u32,
}

/// All stages of a run, in order.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// Entries by window, then stage.
    pub entries: Vec<Entry>,
    /// Height of the block before the first window.
    pub origin: u64,
    /// Windows until the last epoch's claims are in.
    pub windows: u64,
    /// Heights, for the report: the first epoch's and those of all that follow.
    pub heights: Vec<StageHeights>,
    /// Windows from activation to the next start of proof of compute, epoch by epoch.
    pub effective_windows: u64,
}

impl Schedule {
    /// The schedule of `epochs` epochs from the activation of `first` on.
    pub(crate) fn new(params: &EpochParams, first: EpochIndex, epochs: u32) -> Self {
        let stages = |epoch: u32| {
            let start =
                compute_poc_start(params, EpochIndex::new(epoch)).expect("epochs start above height 0");
            compute_stages(params, start)
        };
        let heights_of = |epoch: u32| {
            let stages = stages(epoch);
            StageHeights {
                epoch,
                poc_start: stages.poc_start.get(),
                settlement: stages.settlement().get(),
                group_created: stages.set_new_validators.get(),
                activation: stages.activation.get(),
                claim: stages.claim.get(),
            }
        };
        let heights: Vec<StageHeights> = (0..=epochs).map(|step| heights_of(first.get() + step)).collect();
        let origin = heights[0].activation;
        let mut entries: Vec<Entry> = heights[1..]
            .iter()
            .flat_map(|heights| {
                let entry = move |height: u64, stage| Entry {
                    window: height - origin - 1,
                    stage,
                    epoch: heights.epoch,
                };
                [
                    entry(heights.poc_start, Stage::PocStart),
                    entry(heights.settlement, Stage::Settlement),
                    entry(heights.group_created, Stage::GroupCreated),
                    entry(heights.activation, Stage::Activation),
                    // The network opens claims a block before the new weights are effective; whoever
                    // claims does so once they are.
                    entry(heights.claim.max(heights.activation), Stage::Claim),
                ]
            })
            .collect();
        entries.sort_unstable();
        let windows = entries.last().map_or(0, |entry| entry.window + 1);
        let effective_windows = heights.get(1).map_or(0, |next| next.poc_start - origin);
        Self {
            entries,
            origin,
            windows,
            heights,
            effective_windows,
        }
    }
}
