//! Model groups: who serves a model, with which weight, at which price.
//!
//! Invariant: a group changes only between block windows, so that all lanes read the same group.

use stakeout_kernel::sample::{Ranking, SubsetSampler, WeightedIndex, below};

use super::members::Members;

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
///
/// What sending a request needs comes first: every request goes to another group than the one before.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Group {
    /// Sum of the members' weights.
    pub total: u64,
    /// Price in force, base units per model token.
    pub price: u64,
    /// The members' participants; the position is what an inference remembers.
    pub executors: Members,
    /// Chooses an executor by weight.
    pub pick: WeightedIndex,
    /// The members' weights in the group now; 0 once expelled.
    pub weights: Vec<u64>,
    /// Members by falling weight, where theirs do not fall as they are.
    ranked: Option<Box<SubsetSampler>>,
    /// One member has all the weight.
    pub has_one_bearer: bool,
    /// Rises whenever weights change, so that cached plans know that they are stale.
    pub version: u32,
    /// Inferences of the model that finished within the dispute family's sample period.
    pub recent: u64,
}

impl Group {
    /// The hosts of a model, in ascending order, none of whom has any weight yet.
    pub(crate) fn of(mut participants: Vec<u32>) -> Self {
        participants.shrink_to_fit();
        Self {
            weights: vec![0; participants.len()],
            executors: Members::new(participants),
            ..Self::default()
        }
    }

    /// The members, in order of participant.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member> + Clone {
        let members = self.executors.iter().zip(&self.weights);
        members.map(|(participant, &weight)| Member { participant, weight })
    }

    /// Rebuilds the choosers after `weights` changed.
    pub(crate) fn rebuild(&mut self) {
        self.total = self.weights.iter().sum();
        self.has_one_bearer = self.weights.iter().filter(|&&weight| weight > 0).count() == 1;
        self.pick.rebuild(&self.weights);
        // Of members with even weights the order is the one that there is.
        if self.weights.is_sorted_by(|weight, next| weight >= next) {
            self.ranked = None;
        } else {
            self.ranked.get_or_insert_default().rebuild(&self.weights);
        }
        self.version += 1;
    }

    /// Chooses validators independently.
    #[inline]
    pub(crate) fn ranking(&self) -> Ranking<'_> {
        match &self.ranked {
            Some(ranked) => ranked.ranking(),
            None => Ranking::of_falling(&self.pick),
        }
    }

    /// The position of the member on whom a word falls, by weight; there must be some weight.
    #[inline(always)]
    pub(crate) fn draw(&self, word: u64) -> usize {
        // Where groups are small, some have even weights and some have not, and requests take turns between them: asking
        // which is which would be a branch that chance decides, dearer than a look at the weights.
        if self.executors.len() < LARGE {
            self.pick.locate(below(word, self.total))
        } else {
            self.pick.pick(word)
        }
    }

    /// Whether a participant is a member.
    pub(crate) fn has(&self, participant: u32) -> bool {
        self.position(participant).is_some()
    }

    /// Position of a participant among the members.
    pub(crate) fn position(&self, participant: u32) -> Option<usize> {
        self.executors.position(participant)
    }
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::SubsetSampler;
    use stakeout_kernel::streams::StreamKey;

    use super::{Group, Members};

    /// Even weights, falling ones, some expelled, and any: the group's own order or another, the draws are the same.
    #[test]
    fn validators_are_drawn_as_by_a_ranking_of_its_own() {
        for weights in [
            vec![7; 50],
            vec![9, 9, 5, 1, 0],
            vec![3, 0, 3, 3],
            vec![1, 40, 11, 25, 0, 18],
        ] {
            let mut group = Group {
                executors: Members::new((10..10 + weights.len() as u32).collect()),
                weights: weights.clone(),
                ..Group::default()
            };
            group.rebuild();
            let sampler = SubsetSampler::new(&weights);
            let (mut drawn, mut expected) = (Vec::new(), Vec::new());
            for counter in 0..2_000 {
                let scale = [0.3, 0.02, 0.004][counter as usize % 3];
                let plan = group.ranking().plan(scale, Some(1));
                assert_eq!(plan, sampler.plan(scale, Some(1)));
                let key = StreamKey::from_raw(5);
                let first = key.draw(counter, 0);
                group
                    .ranking()
                    .select_from(&plan, first, key, counter, &mut drawn);
                sampler.select_into(&plan, key, counter, &mut expected);
                assert_eq!(drawn, expected, "{weights:?}");
            }
            assert_eq!(group.position(11), Some(1));
            assert_eq!(
                group.members().map(|member| member.weight).sum::<u64>(),
                group.total
            );
        }
    }
}
