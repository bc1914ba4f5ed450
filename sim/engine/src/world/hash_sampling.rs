//! Who checks an answer by the network's own draw: each validator's seed and the inference, hashed.
//!
//! Invariant: bit for bit the decision of the rule (docs/spec/sampling.md), so that whoever knows the
//! seeds can recompute it. It costs a hash for each member and answer; the draw by thinning has the same
//! law at the cost of those it selects.

use stakeout_kernel::streams::StreamKey;
use stakeout_protocol::hash_draw::{hash_draw, is_selected};
use stakeout_protocol::sampling::{compute_target_rate, compute_validator_probability};
use stakeout_protocol::units::Weight;

use super::inference::Inference;
use super::lane::Lane;
use super::selection::designated;
use super::window::Window;

impl Lane {
    /// Positions of the members whose own draw falls below their probability.
    pub(super) fn select_by_hash(&self, record: &Inference, window: &Window<'_>, selected: &mut Vec<u32>) {
        let group = &window.groups[usize::from(record.group)];
        let own = group.weights[record.member as usize];
        if group.total == own {
            return;
        }
        let reputation = self.states[record.host as usize].reputation;
        let target = compute_target_rate(window.sampling, window.targets.traffic, reputation);
        let name = record.number.to_string();
        for (position, member) in (0_u32..).zip(group.members()) {
            let weight = Weight::new(member.weight);
            let probability =
                compute_validator_probability(target, weight, Weight::new(group.total), Weight::new(own));
            let seed = validator_seed(window.tables.keys.seeds, member.participant, window.epoch);
            if position != record.member && is_selected(hash_draw(seed, &name), probability) {
                selected.push(position);
            }
        }
        if selected.is_empty() && window.at_least_one && reputation.get() == 0 {
            let draw = window.tables.keys.sampling.draw(record.number, 1 << 40);
            selected.push(designated(group, record.member, draw));
        }
    }
}

/// The seed that a validator commits to for an epoch: 63 bits, never 0 (the network takes the first eight
/// bytes of a signature over the epoch's number).
pub(crate) fn validator_seed(key: StreamKey, participant: u32, epoch: u32) -> i64 {
    let seed = (key.draw(u64::from(participant), u64::from(epoch)) >> 1).cast_signed();
    seed.max(1)
}
