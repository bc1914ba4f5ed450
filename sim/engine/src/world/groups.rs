//! Model groups: who serves a model, with which weight, at which price.
//!
//! Invariant: a group changes only between block windows, so that all lanes read the same group.

use stakeout_kernel::sample::{SubsetSampler, WeightedIndex, below};

/// Members of a group whose weights do not stay in a core's cache.
const LARGE: usize = 1 << 12;

/// A member of a model group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    /// Participant.
    pub participant: u32,
    /// Weight in the group now; 0 once expelled.
    pub weight: u64,
}

/// The hosts of one model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// Members in order of participant; the position is what an inference remembers.
    pub members: Vec<Member>,
    /// The members' participants alone, close together: every request looks one up.
    pub executors: Vec<u32>,
    /// Sum of the members' weights.
    pub total: u64,
    /// Chooses an executor by weight.
    pub pick: WeightedIndex,
    /// Chooses validators independently.
    pub subset: SubsetSampler,
    /// Rises whenever weights change, so that cached plans know that they are stale.
    pub version: u32,
    /// Price in force, base units per model token.
    pub price: u64,
    /// Inferences of the model that finished within the dispute family's sample period.
    pub recent: u64,
}

impl Group {
    /// Rebuilds the choosers after `members` changed.
    pub(crate) fn rebuild(&mut self) {
        let weights: Vec<u64> = self.members.iter().map(|member| member.weight).collect();
        self.total = weights.iter().sum();
        self.executors.clear();
        self.executors
            .extend(self.members.iter().map(|member| member.participant));
        self.pick.rebuild(&weights);
        self.subset.rebuild(&weights);
        self.version += 1;
    }

    /// The position of the member on whom a word falls, by weight; there must be some weight.
    #[inline(always)]
    pub(crate) fn draw(&self, word: u64) -> usize {
        // Where groups are small, some have even weights and some have not, and requests take turns between them: asking
        // which is which would be a branch that chance decides, dearer than a look at the weights.
        if self.executors.len() < LARGE {
            self.pick.locate(below(word, self.pick.total()))
        } else {
            self.pick.pick(word)
        }
    }

    /// Whether a participant is a member. Where everybody is, its place is its number.
    pub(crate) fn has(&self, participant: u32) -> bool {
        self.position(participant).is_some()
    }

    /// Position of a participant among the members.
    pub(crate) fn position(&self, participant: u32) -> Option<usize> {
        let at = participant as usize;
        if self
            .members
            .get(at)
            .is_some_and(|member| member.participant == participant)
        {
            return Some(at);
        }
        self.members
            .binary_search_by_key(&participant, |member| member.participant)
            .ok()
    }
}
