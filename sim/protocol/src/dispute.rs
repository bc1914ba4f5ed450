//! What happens when a check fails: a vote, and a cap on how many votes one validator may open.
//!
//! Invariant: an outcome needs the quorum of all weight entitled to vote, not of the weight that
//! voted; with neither side at the quorum there is no outcome. Reference: gonka-ai/gonka
//! x/inference/keeper/msg_server_validation.go, x/inference/calculations/maximum_invalidations.go;
//! for sampled voters x/inference/calculations/validation_findings_and_optimizations.md. Page:
//! docs/spec/dispute.md.

use crate::hash_draw::hash_draw;
use crate::units::{Decimal, Fraction, Reputation, Rounding, Weight};
use num_bigint::BigUint;

/// The network's series for the hyperbolic tangent stops here, where it is within 4.2e-9 of one.
const TANH_ARGUMENT_MAX: i64 = 10;

/// Who votes on a failed check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoterRule {
    /// Every member of the model's group, by weight.
    Group,
    /// The draft: the opener and so many drawn by weight, none above a share of their sum.
    Sampled {
        /// How many are drawn; the draft has ten.
        voters: u32,
        /// The largest share of the voters' weight that one vote counts; the draft has 20 %.
        weight_cap: Fraction,
    },
}

/// What becomes of an answer when the voting period ends without a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNoQuorum {
    /// It stays open for ever, and so does its opener's slot: what the network does.
    StayOpen,
    /// It counts as right, and the slot is freed.
    CountAsValid,
}

/// Parameters of the family; defaults and their sources are on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisputeParams {
    /// The share of the entitled weight that decides.
    pub quorum: Fraction,
    /// How long a vote is open, in seconds.
    pub period_seconds: u64,
    /// Who votes.
    pub voters: VoterRule,
    /// Whether the executor may vote on its own answer. In the network it may.
    pub executor_may_vote: bool,
    /// Whether only a validator that the draw selected may open a dispute. In the network anybody may.
    pub opener_must_be_drawn: bool,
    /// What becomes of a vote without a quorum.
    pub on_no_quorum: OnNoQuorum,
    /// Open disputes of a validator with all weight, full reputation and unbounded traffic.
    pub open_limit: u64,
    /// The traffic at which tanh(1) = 76 % of that is reached.
    pub open_curve: u64,
    /// Every validator may open so many.
    pub open_min: u32,
    /// The traffic is counted over this many seconds.
    pub open_sample_seconds: u64,
}

/// How many disputes a validator may hold open at a time.
///
/// ```text
/// max(min, ⌊M·(w/W)·(reputation/100)·tanh(I/C)⌋)
/// ```
///
/// I: the model's inferences in the sample period. A minimum of zero counts as one.
#[must_use]
pub fn compute_invalidation_cap(
    params: &DisputeParams,
    validator: Weight,
    total: Weight,
    reputation: Reputation,
    inferences_in_period: u64,
) -> u32 {
    let least = params.open_min.max(1);
    if total == Weight::ZERO {
        return least;
    }
    let traffic = compute_traffic_factor(inferences_in_period, params.open_curve);
    let share = validator.get().min(total.get());
    let numerator = BigUint::from(params.open_limit) * share * reputation.get() * traffic.parts();
    let cap = numerator / (BigUint::from(total.get()) * 100u32 * Fraction::ONE.parts());
    u32::try_from(cap).unwrap_or(u32::MAX).max(least)
}

/// `tanh(I/C)`, with the quotient cut at ten as in the network; one when the curve is flat (C = 0).
fn compute_traffic_factor(inferences: u64, curve: u64) -> Fraction {
    if curve == 0 {
        return Fraction::ONE;
    }
    let end = Decimal::from_integer(TANH_ARGUMENT_MAX);
    let is_beyond = u128::from(inferences) >= u128::from(curve) * TANH_ARGUMENT_MAX as u128;
    let ratio = if is_beyond {
        end
    } else {
        Decimal::from_ratio(i128::from(inferences), i128::from(curve))
    };
    ratio.tanh().clamp_to_fraction()
}

/// What a vote decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteOutcome {
    /// The answer is wrong: its client is refunded and the failure counts.
    Invalidated,
    /// The answer is right after all.
    Revalidated,
}

/// Weight for and against an answer, and all that may vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoteTally {
    /// Weight that found the answer wrong.
    pub for_invalid: Weight,
    /// Weight that found it right.
    pub for_valid: Weight,
    /// Weight entitled to vote.
    pub total: Weight,
}

impl VoteTally {
    /// The outcome so far; `None` while neither side has the quorum.
    ///
    /// Call it after every vote: the side that reaches the quorum first wins. With both at exactly
    /// half and counted at once, the answer is invalidated (A-51).
    #[must_use]
    pub fn outcome(&self, quorum: Fraction) -> Option<VoteOutcome> {
        self.outcome_at(self.weight_needed(quorum))
    }

    /// The least weight that decides the vote: above zero, and the quorum of all.
    #[must_use]
    pub fn weight_needed(&self, quorum: Fraction) -> Weight {
        let parts = u128::from(quorum.parts()) * u128::from(self.total.get());
        let needed = parts.div_ceil(u128::from(Fraction::ONE.parts()));
        Weight::new(u64::try_from(needed).unwrap_or(u64::MAX).max(1))
    }

    /// As [`outcome`](Self::outcome), where the weight that decides is known.
    #[inline]
    #[must_use]
    pub fn outcome_at(&self, needed: Weight) -> Option<VoteOutcome> {
        if self.for_invalid >= needed {
            Some(VoteOutcome::Invalidated)
        } else if self.for_valid >= needed {
            Some(VoteOutcome::Revalidated)
        } else {
            None
        }
    }

    /// Takes in a vote of this weight.
    #[inline]
    pub fn record_vote(&mut self, weight: Weight, is_valid: bool) {
        let side = if is_valid {
            &mut self.for_valid
        } else {
            &mut self.for_invalid
        };
        *side += weight;
    }

    /// Whether no outcome can come any more, whatever the rest votes.
    #[must_use]
    pub fn is_hopeless(&self, quorum: Fraction) -> bool {
        let rest = self.total.saturating_sub(self.for_invalid + self.for_valid);
        let best_invalid = Self {
            for_invalid: self.for_invalid + rest,
            ..*self
        };
        let best_valid = Self {
            for_valid: self.for_valid + rest,
            ..*self
        };
        best_invalid.outcome(quorum).is_none() && best_valid.outcome(quorum).is_none()
    }
}

/// A member of the group with the weight that its vote counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voter {
    /// The member's index in the group.
    pub member: usize,
    /// What its vote counts.
    pub weight: Weight,
}

/// The members of one dispute's group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisputeGroup<'a> {
    /// Weight of each member.
    pub weights: &'a [Weight],
    /// Index of the executor whose answer is disputed, if it is a member.
    pub executor: Option<usize>,
    /// Index of the validator that opened the dispute.
    pub opener: usize,
}

/// Who votes on a dispute, with what weight; the sum of the weights is the tally's total.
///
/// Under [`VoterRule::Group`] the weight of an executor that may not vote leaves the total as well.
/// Under [`VoterRule::Sampled`] voters are drawn without replacement, each proportionally to weight;
/// the draws hash the seed and the inference, where the draft uses a generator of its language
/// (A-52). Weights are then cut at the cap's share of their sum, and what is cut off goes to nobody.
#[must_use]
pub fn compute_voters(
    params: &DisputeParams,
    group: DisputeGroup<'_>,
    seed: i64,
    inference_id: &str,
) -> Vec<Voter> {
    let is_barred = |member: usize| !params.executor_may_vote && group.executor == Some(member);
    let weight_of = |member: usize| group.weights.get(member).copied().unwrap_or(Weight::ZERO);
    let voter = |member: usize| Voter {
        member,
        weight: weight_of(member),
    };
    match params.voters {
        VoterRule::Group => (0..group.weights.len())
            .filter(|member| !is_barred(*member))
            .map(voter)
            .collect(),
        VoterRule::Sampled { voters, weight_cap } => {
            let mut drawn = vec![voter(group.opener)];
            for number in 0..voters {
                let is_free =
                    |member: &usize| !is_barred(*member) && drawn.iter().all(|v| v.member != *member);
                let left: Vec<Voter> = (0..group.weights.len()).filter(is_free).map(voter).collect();
                let draw = hash_draw(seed, &format!("{inference_id}/{number}"));
                match pick_by_weight(&left, draw.raw) {
                    Some(next) => drawn.push(next),
                    None => break,
                }
            }
            cap_weights(&mut drawn, weight_cap);
            drawn
        }
    }
}

fn pick_by_weight(voters: &[Voter], draw: u64) -> Option<Voter> {
    let total: Weight = voters.iter().map(|voter| voter.weight).sum();
    let mut left = draw.checked_rem(total.get())?;
    voters.iter().copied().find(|voter| {
        let is_hit = left < voter.weight.get();
        left = left.saturating_sub(voter.weight.get());
        is_hit
    })
}

fn cap_weights(voters: &mut [Voter], cap: Fraction) {
    let total: Weight = voters.iter().map(|voter| voter.weight).sum();
    let limit = Weight::new(cap.of(total.get(), Rounding::Down));
    for voter in voters {
        voter.weight = voter.weight.min(limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: DisputeParams = DisputeParams {
        quorum: Fraction::from_percent(50),
        period_seconds: 240,
        voters: VoterRule::Group,
        executor_may_vote: true,
        opener_must_be_drawn: false,
        on_no_quorum: OnNoQuorum::StayOpen,
        open_limit: 500,
        open_curve: 250,
        open_min: 1,
        open_sample_seconds: 120,
    };

    const DRAFT: DisputeParams = DisputeParams {
        voters: VoterRule::Sampled {
            voters: 10,
            weight_cap: Fraction::from_percent(20),
        },
        executor_may_vote: false,
        ..PARAMS
    };

    #[test]
    fn the_weight_needed_is_the_least_that_has_the_quorum() {
        for total in [0, 1, 2, 3, 7, 1_000, 2_950_001, u64::MAX] {
            for percent in [0, 1, 33, 50, 51, 67, 100] {
                let quorum = Fraction::from_percent(percent);
                let needed = tally(0, 0, total).weight_needed(quorum).get();
                let has_quorum = |side: u64| {
                    let share = u128::from(quorum.parts()) * u128::from(total);
                    side > 0 && u128::from(side) * u128::from(Fraction::ONE.parts()) >= share
                };
                assert!(has_quorum(needed), "{percent} % of {total}: {needed}");
                assert!(!has_quorum(needed - 1), "{percent} % of {total}: {needed}");
            }
        }
    }

    fn tally(for_invalid: u64, for_valid: u64, total: u64) -> VoteTally {
        let (for_invalid, for_valid) = (Weight::new(for_invalid), Weight::new(for_valid));
        VoteTally {
            for_invalid,
            for_valid,
            total: Weight::new(total),
        }
    }

    #[test]
    fn a_quorum_is_of_all_weight_and_not_of_the_votes() {
        let half = PARAMS.quorum;
        assert_eq!(tally(49, 0, 100).outcome(half), None);
        assert_eq!(tally(50, 0, 100).outcome(half), Some(VoteOutcome::Invalidated));
        assert_eq!(tally(49, 50, 100).outcome(half), Some(VoteOutcome::Revalidated));
        assert_eq!(tally(0, 0, 0).outcome(half), None);
    }

    #[test]
    fn a_split_vote_is_known_to_be_hopeless() {
        let two_thirds = Fraction::from_ratio(2, 3);
        assert!(tally(40, 40, 100).is_hopeless(two_thirds));
        assert!(!tally(40, 20, 100).is_hopeless(two_thirds));
        assert!(!tally(0, 0, 100).is_hopeless(two_thirds));
    }

    #[test]
    fn an_unbounded_traffic_never_reaches_the_limit() {
        let cap = |inferences| {
            compute_invalidation_cap(
                &PARAMS,
                Weight::new(7),
                Weight::new(7),
                Reputation::MAX,
                inferences,
            )
        };
        assert_eq!(cap(u64::MAX), 499);
        assert_eq!(cap(0), 1);
        for inferences in 0..5_000 {
            assert!(cap(inferences) <= cap(inferences + 1));
        }
    }

    #[test]
    fn an_executor_that_may_not_vote_leaves_the_total() {
        let weights = [10, 20, 30].map(Weight::new);
        let group = DisputeGroup {
            weights: &weights,
            executor: Some(2),
            opener: 0,
        };
        let barred = DisputeParams {
            executor_may_vote: false,
            ..PARAMS
        };
        let total = |params| {
            compute_voters(params, group, 1, "i")
                .iter()
                .map(|v| v.weight)
                .sum::<Weight>()
        };
        assert_eq!(total(&PARAMS), Weight::new(60));
        assert_eq!(total(&barred), Weight::new(30));
    }

    #[test]
    fn sampled_voters_are_distinct_and_capped() {
        let weights: Vec<Weight> = (1..=40).map(|n| Weight::new(n * n * n)).collect();
        let group = DisputeGroup {
            weights: &weights,
            executor: Some(39),
            opener: 3,
        };
        for seed in 0..200 {
            let voters = compute_voters(&DRAFT, group, seed, "inference");
            assert_eq!(voters.len(), 11);
            let mut members: Vec<usize> = voters.iter().map(|voter| voter.member).collect();
            members.sort_unstable();
            members.dedup();
            assert_eq!(members.len(), 11);
            assert!(members.contains(&3) && !members.contains(&39));
            let raw: u64 = members.iter().map(|member| weights[*member].get()).sum();
            assert!(voters.iter().all(|voter| voter.weight.get() <= raw / 5));
        }
    }

    // The draft means three votes to be needed; see the page's invariants.
    #[test]
    fn a_voter_with_most_of_the_sample_decides_alone_in_spite_of_the_cap() {
        let weights = [90, 5, 5, 40].map(Weight::new);
        let group = DisputeGroup {
            weights: &weights,
            executor: Some(3),
            opener: 1,
        };
        let voters = compute_voters(&DRAFT, group, 1, "i");
        let total = voters.iter().map(|voter| voter.weight).sum();
        let giant = voters.iter().find(|voter| voter.member == 0).unwrap().weight;
        assert_eq!((giant, total), (Weight::new(20), Weight::new(30)));
        let tally = VoteTally {
            for_invalid: giant,
            for_valid: Weight::ZERO,
            total,
        };
        assert_eq!(tally.outcome(DRAFT.quorum), Some(VoteOutcome::Invalidated));
    }

    #[test]
    fn a_small_group_gives_all_its_voters() {
        let weights = [5, 0, 7].map(Weight::new);
        let group = DisputeGroup {
            weights: &weights,
            executor: Some(0),
            opener: 2,
        };
        let members: Vec<usize> = compute_voters(&DRAFT, group, 9, "i")
            .iter()
            .map(|v| v.member)
            .collect();
        assert_eq!(members, [2]);
    }
}
