//! Choosing one of many by weight, by inverting the cumulative weights.
//!
//! **Invariant.** The choice is the least index whose cumulative weight exceeds the target, so when one weight
//! changes only the draws whose target crosses a moved border change their mind. An alias table, as fast,
//! would reshuffle them all.

use prefetch_index::prefetch_index;

use super::below;

const SCAN: usize = 8;

/// Cumulative weights with a guide table: a pick looks at a constant number of entries in expectation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeightedIndex {
    /// `cumulative[i]` is the sum of the weights 0..=i.
    cumulative: Vec<u64>,
    /// `guide[g]` is the least index whose cumulative weight exceeds `g << shift`.
    guide: Vec<u32>,
    shift: u32,
    /// See [`even`](Self::even).
    even: u32,
}

impl WeightedIndex {
    /// The index over these weights. Panics if their sum is beyond `u64` or there are 2^32 of them.
    pub fn new(weights: &[u64]) -> Self {
        let mut index = Self::default();
        index.rebuild(weights);
        index
    }

    /// Takes new weights, in O(n), reusing the memory.
    pub fn rebuild(&mut self, weights: &[u64]) {
        assert!(
            u32::try_from(weights.len()).is_ok(),
            "a weighted index holds fewer than 2^32 entries"
        );
        self.cumulative.clear();
        self.cumulative.reserve_exact(weights.len());
        let mut total = 0_u64;
        for &weight in weights {
            total = total
                .checked_add(weight)
                .expect("the total weight is beyond the range");
            self.cumulative.push(total);
        }
        let first = weights.first().copied().unwrap_or(0);
        let bearers = weights.iter().take_while(|&&weight| weight == first).count();
        let is_even = first > 0 && weights[bearers..].iter().all(|&weight| weight == 0);
        self.even = if is_even { bearers as u32 } else { 0 };
        // At least as many guide cells as entries, at most twice as many.
        let bits = usize::BITS - weights.len().leading_zeros();
        self.shift = (u64::BITS - total.leading_zeros()).saturating_sub(bits);
        let last_cell = total.saturating_sub(1) >> self.shift;
        self.guide.clear();
        self.guide.reserve_exact(last_cell as usize + 2);
        let mut entry = 0_usize;
        for cell in 0..=last_cell {
            while entry < weights.len() && self.cumulative[entry] <= cell << self.shift {
                entry += 1;
            }
            self.guide.push(entry as u32);
        }
        self.guide.push(weights.len().saturating_sub(1) as u32);
    }

    /// How many entries there are, those of weight zero included.
    pub fn len(&self) -> usize {
        self.cumulative.len()
    }

    /// So many entries come first that all have the same weight, and the others have none: then a word chooses without a look
    /// at weights. 0 where weights are otherwise.
    pub const fn even(&self) -> usize {
        self.even as usize
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.cumulative.is_empty()
    }

    /// The sum of all weights.
    #[inline(always)]
    pub fn total(&self) -> u64 {
        self.cumulative.last().copied().unwrap_or(0)
    }

    /// The sum of the weights before `entry`.
    #[inline(always)]
    pub fn weight_before(&self, entry: usize) -> u64 {
        if entry == 0 { 0 } else { self.cumulative[entry - 1] }
    }

    /// The weight of `entry`.
    #[inline]
    pub fn weight(&self, entry: usize) -> u64 {
        if entry < self.even() {
            return self.cumulative[0];
        }
        self.cumulative[entry] - self.weight_before(entry)
    }

    /// Asks for what a pick by `word` will look at, where weights are even or nearly so. Changes nothing.
    #[inline(always)]
    pub fn look_ahead(&self, word: u64) {
        prefetch_index(
            &self.cumulative,
            below(word, self.cumulative.len() as u64) as usize,
        );
    }

    /// The entry on which `target` falls when the weights are laid end to end. Panics unless
    /// `target < total()`.
    #[inline(always)]
    pub fn locate(&self, target: u64) -> usize {
        let cell = (target >> self.shift) as usize;
        let bounds = &self.guide[cell..cell + 2];
        let (mut entry, end) = (bounds[0] as usize, bounds[1] as usize);
        if end - entry > SCAN {
            return self.search(entry, target);
        }
        // One step without a branch, which chance would decide; the loop is for the rarer second one.
        entry += usize::from(self.cumulative[entry] <= target);
        while self.cumulative[entry] <= target {
            entry += 1;
        }
        entry
    }

    #[cold]
    fn search(&self, first: usize, target: u64) -> usize {
        first + self.cumulative[first..].partition_point(|&sum| sum <= target)
    }

    /// An entry with probability proportional to its weight, from one uniform word. Panics if the total
    /// weight is zero: there is nobody to choose.
    #[inline(always)]
    pub fn pick(&self, word: u64) -> usize {
        // With n equal weights w, floor(floor(u n w) / w) is floor(u n): the same choice.
        if self.even > 0 {
            below(word, u64::from(self.even)) as usize
        } else {
            self.locate(below(word, self.total()))
        }
    }

    /// As [`pick`](Self::pick), of the entries from `first` on, which must have some weight.
    #[inline]
    pub fn pick_from(&self, first: usize, word: u64) -> usize {
        if first == 0 {
            return self.pick(word);
        }
        let before = self.weight_before(first);
        self.locate(before + below(word, self.total() - before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::StreamKey;

    #[test]
    fn every_target_falls_on_the_entry_that_covers_it() {
        for weights in [
            vec![1],
            vec![0, 3, 0, 0, 5, 1, 0],
            vec![1_000, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
            (0..100).map(|i| i * i % 7).collect(),
        ] {
            let index = WeightedIndex::new(&weights);
            let laid_out = weights
                .iter()
                .enumerate()
                .flat_map(|(i, &w)| std::iter::repeat_n(i, w as usize));
            let mut covered = 0;
            for (target, entry) in laid_out.enumerate() {
                assert_eq!(
                    index.locate(target as u64),
                    entry,
                    "target {target} of {weights:?}"
                );
                covered += 1;
            }
            assert_eq!(covered, index.total());
        }
    }

    #[test]
    fn huge_weights_do_not_overflow() {
        let index = WeightedIndex::new(&[u64::MAX / 2, 0, u64::MAX / 2]);
        assert_eq!(
            (index.pick(0), index.pick(u64::MAX), index.weight(2)),
            (0, 2, u64::MAX / 2)
        );
    }

    #[test]
    fn even_weights_are_picked_as_the_table_would() {
        for (entries, weight, others) in [(1, 5, 0), (7, 1, 0), (100, 1_000, 30), (3, u64::MAX / 3, 1)] {
            let weights = [vec![weight; entries], vec![0; others]].concat();
            let index = WeightedIndex::new(&weights);
            assert_eq!(index.even(), entries);
            for i in 0..2_000 {
                let word = StreamKey::from_raw(8).draw(i, 0);
                assert_eq!(index.pick(word), index.locate(below(word, index.total())));
                assert!(index.pick_from(entries / 2, word) >= entries / 2);
            }
            assert!((0..entries + others).all(|entry| index.weight(entry) == weights[entry]));
        }
        for uneven in [vec![0, 0], vec![0, 4], vec![4, 0, 4], vec![4, 3]] {
            assert_eq!(WeightedIndex::new(&uneven).even(), 0);
        }
    }

    /// Chi-square over 200 entries of uneven weight, 1,000,000 picks: 199 degrees of freedom, sd 19.95; the
    /// bound of 330 lies above the 1 - 1e-7 quantile (321).
    #[test]
    fn picks_follow_the_weights() {
        let weights: Vec<u64> = (1..=200).map(|i| i * i).collect();
        let index = WeightedIndex::new(&weights);
        let key = StreamKey::from_raw(23);
        let mut counts = vec![0_u64; weights.len()];
        (0..1_000_000).for_each(|i| counts[index.pick(key.draw(i, 0))] += 1);
        let chi_square: f64 = counts
            .iter()
            .enumerate()
            .map(|(i, &seen)| {
                let expected = 1e6 * index.weight(i) as f64 / index.total() as f64;
                (seen as f64 - expected) * (seen as f64 - expected) / expected
            })
            .sum();
        assert!(chi_square < 330.0, "{chi_square}");
    }

    #[test]
    fn one_weight_set_to_zero_moves_few_picks() {
        let mut weights = vec![10_u64; 1_000];
        let mut index = WeightedIndex::new(&weights);
        let key = StreamKey::from_raw(29);
        let before: Vec<usize> = (0..100_000).map(|i| index.pick(key.draw(i, 0))).collect();
        weights[999] = 0;
        index.rebuild(&weights);
        let moved = (0..100_000)
            .filter(|&i| index.pick(key.draw(i, 0)) != before[i as usize])
            .count();
        // The borders slide by up to one entry's width, so about half the picks move to a neighbour; none jumps.
        let far = (0..100_000).filter(|&i| {
            before[i as usize] != 999 && index.pick(key.draw(i, 0)).abs_diff(before[i as usize]) > 1
        });
        assert_eq!(far.count(), 0);
        assert!(moved < 60_000, "{moved}");
    }

    #[test]
    fn picks_are_pinned() {
        let index = WeightedIndex::new(&(1..=50).map(|i| i * 3).collect::<Vec<u64>>());
        let key = StreamKey::from_raw(1);
        let picks: Vec<usize> = (0..8).map(|i| index.pick(key.draw(i, 0))).collect();
        assert_eq!(picks, [49, 31, 35, 27, 27, 29, 43, 46]);
    }
}
