//! Choosing an independent subset at the cost of what is chosen.
//!
//! Member `v` of a group is selected with probability `p_v = min(1, s * w_v)`, independently of all others,
//! where `w_v` is its weight and `s` a scale. Asking each member costs O(n). Instead:
//!
//! * members with `p_v > 1/4`, a prefix of the group sorted by weight, are asked one by one;
//! * for the others the event "selected" is the event "a Poisson process of rate `-ln(1 - p_v)` has a point".
//!   All those processes are thinned out of one with rate `k * s * w_v` each, `k = -4 ln(3/4)`: a Poisson
//!   number of points, each at a member drawn by weight, each kept with probability
//!   `-ln(1 - p_v) / (k * p_v)`, which lies in [1/k, 1] for `p_v` in (0, 1/4] (Lewis and Shedler 1979).
//!
//! **Invariant.** The law is exactly that of independent coins; nothing is approximated but the last bits of
//! a double. The expected cost is O(1 + number selected).

use super::{WeightedIndex, bernoulli, poisson_by_inversion, poisson_from, threshold, unit_closed_open};
use crate::streams::StreamKey;

/// Members above this probability are asked one by one.
const HEAD: f64 = 0.25;
/// `-4 ln(3/4)`: how much faster the dominating process runs than `p` itself, at most.
const DOMINATION: f64 = 1.150_728_289_807_123_7;
/// Above this rate the number of points is drawn by rejection instead of inversion.
const INVERSION_LIMIT: f64 = 32.0;
/// Sub-draws: 0 counts the points, 1.. are the points, these are the heads and the spare words for a count.
const HEAD_SUB: u64 = 1 << 32;
const COUNT_SUB: u64 = 1 << 33;

/// A group of weighted members, prepared for subset draws of any scale.
#[derive(Clone, Debug, Default)]
pub struct SubsetSampler {
    /// The members by falling weight, ties by number.
    members: Vec<u32>,
    /// Their weights in the same order.
    index: WeightedIndex,
}

/// A group's members by falling weight, as draws need them.
#[derive(Clone, Copy, Debug)]
pub struct Ranking<'a> {
    /// Who has each rank; where nobody is named, the member of the same number.
    members: Option<&'a [u32]>,
    index: &'a WeightedIndex,
}

/// One scale and one excluded member, worked out for a group: keep it as long as neither changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SubsetPlan {
    scale: f64,
    /// The rate of the dominating process over all members but the heads.
    rate: f64,
    /// `exp(-rate)`: the chance of no point.
    no_point: f64,
    no_point_threshold: u64,
    heads: u32,
    excluded: u32,
}

impl SubsetPlan {
    /// The plan of another member of the same weight in place of the one left out.
    #[must_use]
    pub const fn excluding(mut self, member: u32) -> Self {
        self.excluded = member;
        self
    }

    /// Whether the first word, `key.draw(counter, 0)`, already says that nobody is selected: one compare.
    #[inline(always)]
    pub fn is_surely_none(&self, first: u64) -> bool {
        self.heads == 0 && bernoulli(first, self.no_point_threshold)
    }

    /// The threshold that [`is_surely_none`](Self::is_surely_none) compares with, for
    /// [`bernoulli`]; 0 if no first word says so.
    #[inline(always)]
    pub const fn none_below(&self) -> u64 {
        if self.heads == 0 {
            self.no_point_threshold
        } else {
            0
        }
    }

    /// Expected number of points of the dominating process: what a draw costs beside the heads.
    pub const fn total_rate(&self) -> f64 {
        self.rate
    }

    /// How many members are asked one by one.
    pub const fn heads(&self) -> u32 {
        self.heads
    }
}

impl SubsetSampler {
    /// The group whose member `i` has `weights[i]`. Panics if the total is beyond `u64`.
    pub fn new(weights: &[u64]) -> Self {
        let mut sampler = Self::default();
        sampler.rebuild(weights);
        sampler
    }

    /// Takes new weights, in O(n log n). Every plan made before is void.
    pub fn rebuild(&mut self, weights: &[u64]) {
        self.members.clear();
        self.members.reserve_exact(weights.len());
        self.members.extend(0..weights.len() as u32);
        self.members
            .sort_unstable_by_key(|&member| (std::cmp::Reverse(weights[member as usize]), member));
        let ranked: Vec<u64> = self
            .members
            .iter()
            .map(|&member| weights[member as usize])
            .collect();
        self.index.rebuild(&ranked);
    }

    /// The members by rank.
    pub fn ranking(&self) -> Ranking<'_> {
        Ranking {
            members: Some(&self.members),
            index: &self.index,
        }
    }

    /// The sum of the group's weights.
    pub fn total_weight(&self) -> u64 {
        self.index.total()
    }

    /// Works out a draw; see [`Ranking::plan`].
    pub fn plan(&self, scale: f64, excluded: Option<u32>) -> SubsetPlan {
        self.ranking().plan(scale, excluded)
    }

    /// Draws the subset of thing `counter` into `selected`, in ascending order of members.
    #[inline]
    pub fn select_into(&self, plan: &SubsetPlan, key: StreamKey, counter: u64, selected: &mut Vec<u32>) {
        self.ranking()
            .select_from(plan, key.draw(counter, 0), key, counter, selected);
    }

    /// Draws the subset of thing `counter` and shows each member of it once, in ascending order. `scratch`
    /// is overwritten.
    pub fn select(
        &self,
        plan: &SubsetPlan,
        key: StreamKey,
        counter: u64,
        scratch: &mut Vec<u32>,
        visit: impl FnMut(u32),
    ) {
        self.select_into(plan, key, counter, scratch);
        scratch.iter().copied().for_each(visit);
    }

    /// The probability with which `member` is selected. O(n): for tests, metrics and closed forms.
    pub fn inclusion_probability(&self, plan: &SubsetPlan, member: u32) -> f64 {
        let rank = self.members.iter().position(|&other| other == member);
        match rank {
            Some(rank) if member != plan.excluded => (plan.scale * self.index.weight(rank) as f64).min(1.0),
            _ => 0.0,
        }
    }

    /// The exact probability that nobody is selected, `prod (1 - p_v)`. O(n).
    pub fn zero_probability(&self, plan: &SubsetPlan) -> f64 {
        let others = (0..self.members.len()).filter(|&rank| self.members[rank] != plan.excluded);
        others
            .map(|rank| 1.0 - (plan.scale * self.index.weight(rank) as f64).min(1.0))
            .product()
    }
}

impl<'a> Ranking<'a> {
    /// That of members whose weights fall already, ties included.
    pub const fn of_falling(index: &'a WeightedIndex) -> Self {
        Self { members: None, index }
    }

    #[inline]
    fn member(&self, rank: usize) -> u32 {
        self.members.map_or(rank as u32, |members| members[rank])
    }

    /// The members who have weight, ascending, where all of them have the same; nobody where weights are otherwise.
    pub fn even_bearers(self) -> impl Iterator<Item = u32> {
        (0..self.index.even()).map(move |rank| self.member(rank))
    }

    /// How many members are asked one by one: the first for whom `scale * weight` is at most [`HEAD`].
    #[inline]
    fn heads(&self, scale: f64) -> usize {
        let is_head = |rank| scale * self.index.weight(rank) as f64 > HEAD;
        let (mut first, mut end) = (0, self.index.len());
        // Nearly always there is none, and the heaviest member says so.
        while first < end && is_head(first) {
            let middle = first.midpoint(end);
            if is_head(middle) {
                first = middle + 1;
            } else {
                (first, end) = (first + 1, middle);
            }
        }
        first
    }

    /// Works out a draw with probabilities `min(1, scale * weight)` for all members but `excluded`. Panics
    /// if the scale is negative or not a number.
    pub fn plan(&self, scale: f64, excluded: Option<u32>) -> SubsetPlan {
        assert!(scale >= 0.0, "a subset is drawn at a scale of zero or more");
        let heads = self.heads(scale);
        let tail_weight = self.index.total() - self.index.weight_before(heads);
        let rate = if tail_weight == 0 {
            0.0
        } else {
            DOMINATION * scale * tail_weight as f64
        };
        let no_point = libm::exp(-rate);
        SubsetPlan {
            scale,
            rate,
            no_point,
            no_point_threshold: threshold(no_point),
            heads: heads as u32,
            excluded: excluded.unwrap_or(u32::MAX),
        }
    }

    /// Draws the subset of thing `counter` into `selected`, in ascending order of members, for a caller who has drawn
    /// `first = key.draw(counter, 0)`.
    #[inline]
    pub fn select_from(
        &self,
        plan: &SubsetPlan,
        first: u64,
        key: StreamKey,
        counter: u64,
        selected: &mut Vec<u32>,
    ) {
        selected.clear();
        if plan.is_surely_none(first) {
            return;
        }
        self.select_heads(plan, key, counter, selected);
        self.select_points(plan, first, key, counter, selected);
        selected.sort_unstable();
        selected.dedup();
    }

    fn select_heads(&self, plan: &SubsetPlan, key: StreamKey, counter: u64, selected: &mut Vec<u32>) {
        for rank in 0..plan.heads as usize {
            let member = self.member(rank);
            let chosen = threshold(plan.scale * self.index.weight(rank) as f64);
            // A head's draw is counted by the member, so that a newcomer moves nobody else's.
            if member != plan.excluded && bernoulli(key.draw(counter, HEAD_SUB | u64::from(member)), chosen) {
                selected.push(member);
            }
        }
    }

    fn select_points(
        &self,
        plan: &SubsetPlan,
        first: u64,
        key: StreamKey,
        counter: u64,
        selected: &mut Vec<u32>,
    ) {
        if bernoulli(first, plan.no_point_threshold) {
            return;
        }
        let points = if plan.rate <= INVERSION_LIMIT {
            poisson_by_inversion(first, plan.rate, plan.no_point)
        } else {
            poisson_from(&mut key.stream(counter, COUNT_SUB), plan.rate)
        };
        for point in 1..=points {
            let [place, keep] = key.draw2(counter, point);
            let rank = self.index.pick_from(plan.heads as usize, place);
            let member = self.member(rank);
            if member != plan.excluded && is_kept(plan.scale * self.index.weight(rank) as f64, keep) {
                selected.push(member);
            }
        }
    }
}

/// Whether a point at a member of probability `p <= 1/4` is kept: with probability `-ln(1 - p) / (k p)`.
#[inline]
fn is_kept(p: f64, word: u64) -> bool {
    let u = unit_closed_open(word) * DOMINATION;
    // -ln(1 - p) / p lies between 1 + p/2 and 1 + p/2 + p^2/2 here, so few points ask for a logarithm.
    if u < 1.0 + 0.5 * p {
        return true;
    }
    if u > 1.0 + 0.5 * p + 0.5 * p * p {
        return false;
    }
    u * p < -libm::log1p(-p)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks every member with a coin of its own: the definition.
    fn select_directly(probabilities: &[f64], key: StreamKey, counter: u64) -> u64 {
        let chosen = |v: usize| bernoulli(key.draw(counter, v as u64), threshold(probabilities[v]));
        (0..probabilities.len())
            .filter(|&v| chosen(v))
            .fold(0, |set, v| set | 1 << v)
    }

    fn subset_as_bits(selected: &[u32]) -> u64 {
        selected.iter().fold(0, |set, &v| set | 1 << v)
    }

    fn chi_square_against(counts: &[u64], expected: &[f64]) -> f64 {
        counts
            .iter()
            .zip(expected)
            .map(|(&n, e)| (n as f64 - e) * (n as f64 - e) / e)
            .sum()
    }

    /// The probability of each of the 2^n subsets under independent coins.
    fn law_of_subsets(probabilities: &[f64]) -> Vec<f64> {
        let chance = |set: usize| {
            let factor = |(v, p): (usize, &f64)| if set >> v & 1 == 1 { *p } else { 1.0 - p };
            probabilities.iter().enumerate().map(factor).product()
        };
        (0..1 << probabilities.len()).map(chance).collect()
    }

    /// The whole law on 2^6 subsets, heads and tail and an excluded member together, in 2,000,000 draws:
    /// at most 63 degrees of freedom. Bound 155: the 1 - 1e-7 quantile for 63 is 134.
    #[test]
    fn members_of_one_weight_share_a_plan_but_for_who_is_left_out() {
        let group = SubsetSampler::new(&[3, 40, 3, 25, 400, 18, 40]);
        for scale in [0.0, 0.001, 0.02] {
            for (one, other) in [(0, 2), (6, 1)] {
                let plan = group.plan(scale, Some(one)).excluding(other);
                assert_eq!(plan, group.plan(scale, Some(other)));
            }
        }
    }

    #[test]
    fn every_subset_comes_as_often_as_under_independent_coins() {
        let weights = [3, 40, 11, 25, 0, 18, 9];
        for (scale, excluded) in [(0.01, Some(3)), (0.02, None), (0.001, Some(1)), (0.009, Some(2))] {
            let sampler = SubsetSampler::new(&weights);
            let plan = sampler.plan(scale, excluded);
            let probabilities: Vec<f64> = (0..7).map(|v| sampler.inclusion_probability(&plan, v)).collect();
            let law = law_of_subsets(&probabilities);
            let mut counts = vec![0_u64; law.len()];
            let mut selected = Vec::new();
            for counter in 0..2_000_000 {
                sampler.select_into(&plan, StreamKey::from_raw(31), counter, &mut selected);
                counts[subset_as_bits(&selected) as usize] += 1;
            }
            // Subsets expected less than 8 times are pooled.
            let (mut seen, mut expected) = (vec![0], vec![0.0]);
            for (set, chance) in law.iter().enumerate() {
                assert!(
                    *chance > 0.0 || counts[set] == 0,
                    "an impossible subset was drawn"
                );
                if chance * 2e6 < 8.0 {
                    seen[0] += counts[set];
                    expected[0] += chance * 2e6;
                } else {
                    seen.push(counts[set]);
                    expected.push(chance * 2e6);
                }
            }
            let start = usize::from(expected[0] < 8.0);
            let chi_square = chi_square_against(&seen[start..], &expected[start..]);
            assert!(chi_square < 155.0, "scale {scale}: {chi_square}");
            assert!((law[0] - sampler.zero_probability(&plan)).abs() < 1e-12);
        }
    }

    /// 40 members, 500,000 draws each way: number selected and pair inclusions agree between the thinned
    /// and the direct draw. Each of 780 pairs within 6.5 sd of its exact chance (false alarm 6e-8), and the
    /// counts by two-sample chi-square (about 12 degrees of freedom; bound 70, false alarm below 1e-8).
    #[test]
    fn counts_and_pairs_agree_with_the_direct_draw() {
        let weights: Vec<u64> = (1..=40).map(|i| i * i).collect();
        let sampler = SubsetSampler::new(&weights);
        let plan = sampler.plan(3.0 / sampler.total_weight() as f64, Some(38));
        assert_eq!(plan.heads(), 0);
        let probabilities: Vec<f64> = (0..40).map(|v| sampler.inclusion_probability(&plan, v)).collect();
        let (mut thinned, mut direct) = ([0_u64; 41], [0_u64; 41]);
        let mut pairs = vec![0_u64; 1_600];
        let mut selected = Vec::new();
        for counter in 0..500_000 {
            sampler.select_into(&plan, StreamKey::from_raw(37), counter, &mut selected);
            thinned[selected.len()] += 1;
            for (i, &a) in selected.iter().enumerate() {
                selected[i + 1..]
                    .iter()
                    .for_each(|&b| pairs[a as usize * 40 + b as usize] += 1);
            }
            let set = select_directly(&probabilities, StreamKey::from_raw(41), counter);
            direct[set.count_ones() as usize] += 1;
        }
        let used = thinned.iter().zip(&direct).filter(|(a, b)| *a + *b >= 20);
        let chi_square: f64 = used
            .map(|(&a, &b)| a.abs_diff(b).pow(2) as f64 / (a + b) as f64)
            .sum();
        assert!(chi_square < 70.0, "{chi_square}");
        for a in 0..40 {
            for b in a + 1..40 {
                let p = probabilities[a] * probabilities[b];
                let deviation = pairs[a * 40 + b] as f64 - 5e5 * p;
                // One pair more covers the rarest pairs, where the normal law is no good.
                assert!(
                    deviation.abs() <= 6.5 * (5e5 * p * (1.0 - p)).sqrt() + 1.0,
                    "{a} {b}: {deviation}"
                );
            }
        }
    }

    /// A large rate takes the rejection path: 400 members at p = 0.2, mean 80, sd 8, in 20,000 draws.
    /// 6 standard errors: false alarm 2e-9.
    #[test]
    fn a_large_group_is_selected_at_the_right_mean_and_variance() {
        let sampler = SubsetSampler::new(&[7; 400]);
        let plan = sampler.plan(0.2 / 7.0, None);
        assert!(plan.total_rate() > INVERSION_LIMIT);
        let mut selected = Vec::new();
        let (mut sum, mut squares) = (0.0, 0.0);
        for counter in 0..20_000 {
            sampler.select_into(&plan, StreamKey::from_raw(43), counter, &mut selected);
            assert!(selected.windows(2).all(|pair| pair[0] < pair[1]));
            sum += selected.len() as f64;
            squares += (selected.len() as f64 - 80.0) * (selected.len() as f64 - 80.0);
        }
        assert!((sum / 2e4 - 80.0).abs() < 6.0 * 8.0 / 141.4, "{}", sum / 2e4);
        assert!(
            (squares / 2e4 - 64.0).abs() < 6.0 * 64.0 * 1.4143 / 141.4,
            "{}",
            squares / 2e4
        );
    }

    #[test]
    fn certain_members_are_always_and_absent_ones_never_selected() {
        let sampler = SubsetSampler::new(&[5, 0, 1, 900]);
        let plan = sampler.plan(1.0, Some(0));
        let mut selected = Vec::new();
        for counter in 0..1_000 {
            sampler.select_into(&plan, StreamKey::from_raw(2), counter, &mut selected);
            assert_eq!(selected, [2, 3]);
        }
        let none = sampler.plan(0.0, None);
        assert!(none.is_surely_none(u64::MAX));
        let empty = SubsetSampler::new(&[]);
        empty.select_into(&empty.plan(0.3, None), StreamKey::from_raw(2), 0, &mut selected);
        assert!(selected.is_empty());
    }

    #[test]
    fn the_one_compare_never_contradicts_the_draw() {
        let sampler = SubsetSampler::new(&[1; 100]);
        let plan = sampler.plan(0.01, None);
        let key = StreamKey::from_raw(3);
        let (mut selected, mut skipped) = (Vec::new(), 0);
        for counter in 0..20_000 {
            sampler.select_into(&plan, key, counter, &mut selected);
            if plan.is_surely_none(key.draw(counter, 0)) {
                assert!(selected.is_empty());
                skipped += 1;
            }
        }
        // exp(-1.15) of 20,000 is 6,328, sd 66; 6 sd either way.
        assert!((5_930..6_730).contains(&skipped), "{skipped}");
    }

    #[test]
    fn the_bounds_around_the_acceptance_hold() {
        for step in 1..=1_000 {
            let p = 0.25 * f64::from(step) / 1_000.0;
            let exact = -libm::log1p(-p) / p;
            assert!(
                1.0 + 0.5 * p < exact && exact < 1.0 + 0.5 * p + 0.5 * p * p,
                "{p}"
            );
            assert!(exact <= DOMINATION + 1e-15);
        }
    }

    #[test]
    fn subsets_are_pinned() {
        let sampler = SubsetSampler::new(&[30, 1, 7, 12, 9, 25, 4, 4]);
        let plan = sampler.plan(0.015, Some(2));
        let mut selected = Vec::new();
        let drawn: Vec<u64> = (0..8)
            .map(|counter| {
                sampler.select_into(&plan, StreamKey::from_raw(1), counter, &mut selected);
                subset_as_bits(&selected)
            })
            .collect();
        assert_eq!(drawn, [56, 33, 1, 0, 0, 0, 17, 49]);
    }
}
