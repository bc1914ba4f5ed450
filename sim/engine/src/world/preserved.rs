//! Hosts that go on serving while others prove their compute.
//!
//! Invariant: without a preserved share nothing here is drawn and nobody serves during a stage; with one,
//! whoever is not preserved has all slots taken until the stage is over.

use stakeout_kernel::sample::{WeightedIndex, bernoulli};
use stakeout_protocol::units::Fraction;

use super::World;
use super::groups::Group;
use super::tables::threshold_of;

/// Who is preserved in the stage that is on or was the last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preserved {
    is_preserved: Vec<bool>,
    /// By model: the preserved members of its group, by weight.
    picks: Vec<WeightedIndex>,
}

impl Preserved {
    /// Chooses an executor among the preserved members of a group, if there is one.
    pub(crate) fn pick(&self, model: u16, draw: u64) -> Option<usize> {
        let pick = self.picks.get(usize::from(model))?;
        (pick.total() > 0).then(|| pick.pick(draw))
    }

    /// Whether a participant goes on serving.
    pub(crate) fn contains(&self, participant: u32) -> bool {
        self.is_preserved
            .get(participant as usize)
            .copied()
            .unwrap_or(false)
    }

    /// Sum of the weights of a group's preserved members.
    pub(crate) fn total(&self, model: u16) -> u64 {
        self.picks.get(usize::from(model)).map_or(0, WeightedIndex::total)
    }

    /// Brings one group's preserved members up to date.
    pub(super) fn rebuild(&mut self, model: usize, group: &Group) {
        let Some(pick) = self.picks.get_mut(model) else {
            return;
        };
        let is_preserved = &self.is_preserved;
        let weights: Vec<u64> = group
            .members()
            .map(|member| member.weight * u64::from(is_preserved[member.participant as usize]))
            .collect();
        pick.rebuild(&weights);
    }
}

impl World<'_> {
    /// Draws who is preserved in the stage that begins, and takes everybody else's slots until its end.
    pub(super) fn preserve(&mut self) {
        let share = self.scenario.protocol.preserved_share;
        if share == Fraction::ZERO {
            return;
        }
        let (key, below) = (self.tables.keys.preserved, threshold_of(share));
        let stage = u64::from(self.epoch);
        self.preserved.is_preserved = (0..self.scenario.hosts.len() as u64)
            .map(|participant| bernoulli(key.draw(participant, stage), below))
            .collect();
        self.preserved.picks = vec![WeightedIndex::default(); self.groups.len()];
        for (model, group) in self.groups.iter().enumerate() {
            self.preserved.rebuild(model, group);
        }
        for lane in &mut self.lanes {
            for (at, hot) in lane.hosts.iter().enumerate() {
                if !self.preserved.is_preserved[lane.first as usize + at] {
                    for slot in &mut lane.slots[hot.slot_range()] {
                        *slot = (*slot).max(self.paused_until);
                    }
                }
            }
        }
    }

    /// Before this time no host starts anything. With a preserved share the slots of the others say it.
    pub(super) fn all_paused_until(&self) -> u64 {
        if self.scenario.protocol.preserved_share == Fraction::ZERO {
            self.paused_until
        } else {
            0
        }
    }
}
