//! Which of a host's answers somebody checks, where the chance is the same for each of them.
//!
//! **Invariant.** Every answer is chosen with that chance and independently of the others, as by a coin of its own; the
//! work is that of the answers chosen.

use stakeout_kernel::sample::neg_ln;
use stakeout_kernel::streams::StreamKey;

/// The chance that an answer is chosen, as gaps between those chosen are drawn by it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chosen {
    /// A uniform word of 64 bits below this says that an answer is not chosen; at `u64::MAX` none is, at 0 all are.
    pub none_below: u64,
    /// Answers before the next one chosen, for an exponential draw of one.
    per_draw: f64,
}

impl Chosen {
    /// That a word below `none_below` says that an answer is not chosen.
    pub fn new(none_below: u64) -> Self {
        let per_draw = match none_below {
            0 | u64::MAX => 0.0,
            _ => 1.0 / neg_ln(none_below),
        };
        Self { none_below, per_draw }
    }

    /// Finds which of `count` answers are chosen, in order, into `chosen`. Gaps are draws of `key` from the counter `first`
    /// on.
    ///
    /// The number of answers before the next one chosen is geometric: the whole part of an exponential draw whose rate is
    /// minus the logarithm of the chance not to be chosen.
    pub fn find(&self, key: StreamKey, first: u64, count: u32, chosen: &mut Vec<u32>) {
        chosen.clear();
        match self.none_below {
            u64::MAX => return,
            0 => return chosen.extend(0..count),
            _ => {}
        }
        let mut index = 0_u64;
        for pair in 0.. {
            for word in key.draw2(first + pair, 0) {
                index += (neg_ln(word) * self.per_draw) as u64;
                if index >= u64::from(count) {
                    return;
                }
                chosen.push(index as u32);
                index += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Chosen;
    use stakeout_kernel::sample::threshold;
    use stakeout_kernel::streams::StreamKey;

    /// 200,000 stretches of 40 answers at each chance: every answer's share, and the share of neighbours chosen together,
    /// lie within six standard errors of those of independent coins. 240 comparisons: a false alarm below 5e-7.
    #[test]
    fn every_answer_is_chosen_by_a_coin_of_its_own() {
        let key = StreamKey::from_raw(11);
        let (rounds, count) = (200_000_u64, 40_u32);
        for chance in [0.01, 0.37, 0.9] {
            let coin = Chosen::new(threshold(1.0 - chance));
            let (mut shares, mut pairs, mut chosen) = ([0_u32; 40], [0_u32; 39], Vec::new());
            for round in 0..rounds {
                coin.find(key, round << 20, count, &mut chosen);
                chosen.iter().for_each(|&index| shares[index as usize] += 1);
                for both in chosen.windows(2).filter(|both| both[1] == both[0] + 1) {
                    pairs[both[0] as usize] += 1;
                }
            }
            let check = |seen: u32, p: f64, what: &str| {
                let error = (p * (1.0 - p) / rounds as f64).sqrt();
                let share = f64::from(seen) / rounds as f64;
                assert!(
                    (share - p).abs() < 6.0 * error,
                    "{what} at {chance}: {share} for {p}"
                );
            };
            shares.iter().for_each(|&seen| check(seen, chance, "one"));
            pairs
                .iter()
                .for_each(|&seen| check(seen, chance * chance, "neighbours"));
        }
    }

    #[test]
    fn certainty_and_impossibility_are_exact() {
        let (key, mut chosen) = (StreamKey::from_raw(1), vec![7]);
        Chosen::new(u64::MAX).find(key, 0, 5, &mut chosen);
        assert!(chosen.is_empty());
        Chosen::new(0).find(key, 0, 3, &mut chosen);
        assert_eq!(chosen, [0, 1, 2]);
        // As good as certain that nobody checks: the first gap is longer than any host's answers.
        Chosen::new(u64::MAX - 1).find(key, 0, u32::MAX, &mut chosen);
        assert!(chosen.is_empty());
    }
}
