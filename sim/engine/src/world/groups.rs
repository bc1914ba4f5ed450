//! Model groups: who serves a model, with which weight, at which price.
//!
//! Invariant: a group changes only between block windows, so that all lanes read the same group.

use prefetch_index::prefetch_index;
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
    /// Participants who bear weight, in their order, where there are few and all bear the same; else none. Each is as likely
    /// as any other to be sent a request, and nobody's weight is looked at.
    even_bearers: Box<[u32]>,
    /// Price in force, base units per model token.
    pub price: u64,
    /// Sum of the members' weights.
    pub total: u64,
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
        // Of many who are all even the word alone says who it is.
        let few = (self.executors.len() < LARGE).then(|| self.ranking().even_bearers());
        let bearers = few.into_iter().flatten();
        self.even_bearers = bearers.map(|member| self.executors.at(member as usize)).collect();
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

    /// The participant on whom a word falls, by weight, if anybody has any.
    #[inline(always)]
    pub(crate) fn draw(&self, word: u64) -> Option<u32> {
        // With n bearers of the same weight w, floor(floor(u n w) / w) is floor(u n): the choice that the weights would make.
        let bearer = below(word, self.even_bearers.len() as u64) as usize;
        match self.even_bearers.get(bearer) {
            Some(&participant) => Some(participant),
            None => self.draw_by_weight(word),
        }
    }

    #[inline(always)]
    fn draw_by_weight(&self, word: u64) -> Option<u32> {
        (self.total > 0).then(|| self.executors.at(self.pick.pick(word)))
    }

    /// Asks for what a draw by this word will look at.
    #[inline(always)]
    pub(crate) fn look_ahead(&self, word: u64) {
        if self.even_bearers.is_empty() {
            self.pick.look_ahead(word);
        } else {
            let bearer = below(word, self.even_bearers.len() as u64);
            prefetch_index(&self.even_bearers, bearer as usize);
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
    use stakeout_kernel::sample::{SubsetSampler, below};
    use stakeout_kernel::streams::StreamKey;

    use super::{Group, LARGE};

    /// Participants 10, 11, ... of these weights.
    fn group_of(weights: &[u64]) -> Group {
        let mut group = Group::of((10..10 + weights.len() as u32).collect());
        group.weights = weights.to_vec();
        group.rebuild();
        group
    }

    /// Small groups and a large one, with even bearers, uneven ones, and nobody.
    #[test]
    fn an_executor_is_the_one_on_whom_the_word_falls_by_weight() {
        for (weights, even_bearers) in [
            (vec![7; 50], 50),
            (vec![0, 3, 3, 0, 3], 3),
            (vec![1, 40, 11, 25, 0, 18], 0),
            (vec![5; LARGE], 0),
            (vec![0; 4], 0),
        ] {
            let group = group_of(&weights);
            assert_eq!(group.even_bearers.len(), even_bearers);
            for number in 0..1_000 {
                let word = StreamKey::from_raw(9).draw(number, 0);
                let expected = (group.total > 0).then(|| {
                    let member = group.pick.locate(below(word, group.total));
                    10 + member as u32
                });
                assert_eq!(group.draw(word), expected, "{even_bearers} even bearers");
            }
        }
    }

    /// Even weights, falling ones, some expelled, and any: the group's own order or another, the draws are the same.
    #[test]
    fn validators_are_drawn_as_by_a_ranking_of_its_own() {
        for weights in [
            vec![7; 50],
            vec![9, 9, 5, 1, 0],
            vec![3, 0, 3, 3],
            vec![1, 40, 11, 25, 0, 18],
        ] {
            let group = group_of(&weights);
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
