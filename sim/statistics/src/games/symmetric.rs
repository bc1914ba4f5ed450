//! Symmetric games of many players: what one earns depends on its own strategy and on how many play what.

use std::collections::BTreeMap;

use stakeout_kernel::streams::StreamKey;

use crate::{Interval, bootstrap};

/// Payoffs by profile: how many of `players` follow each strategy, and what one follower of each earns there.
#[derive(Clone, Debug, PartialEq)]
pub struct PayoffTable {
    strategies: usize,
    players: u32,
    payoffs: BTreeMap<Vec<u32>, Vec<f64>>,
}

impl PayoffTable {
    /// A table without a profile. Panics without a strategy or player.
    pub fn new(strategies: usize, players: u32) -> Self {
        assert!(strategies > 0 && players > 0, "a game has strategies and players");
        Self {
            strategies,
            players,
            payoffs: BTreeMap::new(),
        }
    }

    /// The table of a symmetric two-player game: `matrix[own][other]`.
    pub fn of_matrix(matrix: &[Vec<f64>]) -> Self {
        let count = matrix.len();
        let mut table = Self::new(count, 2);
        for profile in super::reduced_profiles(count, 2) {
            let payoffs = (0..count)
                .map(|own| {
                    let mut others = profile.clone();
                    // One who does not play this strategy here earns nothing to speak of.
                    if others[own] == 0 {
                        return 0.0;
                    }
                    others[own] -= 1;
                    let other = others.iter().position(|&n| n > 0).expect("two players");
                    matrix[own][other]
                })
                .collect();
            table.set(profile, payoffs);
        }
        table
    }

    /// Number of strategies.
    pub const fn strategies(&self) -> usize {
        self.strategies
    }

    /// Number of players.
    pub const fn players(&self) -> u32 {
        self.players
    }

    /// Sets the payoffs of a profile, one a strategy; those of strategies nobody follows there are ignored. Panics if
    /// the profile does not have this table's players and strategies.
    pub fn set(&mut self, profile: Vec<u32>, payoffs: Vec<f64>) {
        assert!(
            profile.len() == self.strategies
                && payoffs.len() == self.strategies
                && profile.iter().sum::<u32>() == self.players,
            "a profile counts this game's players by strategy"
        );
        self.payoffs.insert(profile, payoffs);
    }

    /// The profiles with their payoffs, in lexicographic order.
    pub fn profiles(&self) -> impl Iterator<Item = (&Vec<u32>, &Vec<f64>)> {
        self.payoffs.iter()
    }

    /// What one player earns with each strategy when the others draw theirs from `mix`; none if a profile that can
    /// occur is missing.
    pub fn payoffs_against(&self, mix: &[f64]) -> Option<Vec<f64>> {
        let mut against = vec![0.0; self.strategies];
        for others in super::reduced_profiles(self.strategies, self.players - 1) {
            let weight = multinomial(&others, mix);
            if weight == 0.0 {
                continue;
            }
            for (own, sum) in against.iter_mut().enumerate() {
                let mut profile = others.clone();
                profile[own] += 1;
                *sum += weight * self.payoffs.get(&profile)?[own];
            }
        }
        Some(against)
    }

    /// The most that one player could gain by leaving `mix` while the others keep it; none as [`Self::payoffs_against`].
    pub fn regret(&self, mix: &[f64]) -> Option<f64> {
        let against = self.payoffs_against(mix)?;
        let own: f64 = against
            .iter()
            .zip(mix)
            .map(|(payoff, share)| payoff * share)
            .sum();
        let best = against.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some((best - own).max(0.0))
    }

    /// The strategy that earns most against `mix`, the first of equals.
    pub fn best_response(&self, mix: &[f64]) -> Option<usize> {
        let against = self.payoffs_against(mix)?;
        let mut best = 0;
        for (index, payoff) in against.iter().enumerate() {
            if *payoff > against[best] {
                best = index;
            }
        }
        Some(best)
    }
}

/// The interval of the regret of a mix when each replicate gave a whole table: replicates share their seeds across
/// profiles, so they are drawn again as wholes. None without tables or with one that lacks a profile.
pub fn regret_interval(
    tables: &[PayoffTable],
    mix: &[f64],
    resamples: u32,
    confidence: f64,
    key: StreamKey,
) -> Option<Interval> {
    let against: Vec<Vec<f64>> = tables
        .iter()
        .map(|table| table.payoffs_against(mix))
        .collect::<Option<_>>()?;
    bootstrap(&against, resamples, confidence, key, |drawn| {
        let count = drawn.len() as f64;
        let mean = |i: usize| drawn.iter().map(|payoffs| payoffs[i]).sum::<f64>() / count;
        let means: Vec<f64> = (0..mix.len()).map(mean).collect();
        let own: f64 = means.iter().zip(mix).map(|(payoff, share)| payoff * share).sum();
        (means.iter().copied().fold(f64::NEG_INFINITY, f64::max) - own).max(0.0)
    })
}

/// The probability of these counts when each draws from `mix`.
pub fn multinomial(counts: &[u32], mix: &[f64]) -> f64 {
    let mut left = counts.iter().sum::<u32>();
    let mut probability = 1.0;
    for (&count, &share) in counts.iter().zip(mix) {
        for drawn in 0..count {
            probability *= f64::from(left - drawn) / f64::from(drawn + 1) * share;
        }
        left -= count;
    }
    probability
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hawk_and_dove_have_no_regret_at_two_thirds() {
        let table = PayoffTable::of_matrix(&[vec![-0.5, 2.0], vec![0.0, 1.0]]);
        assert!(table.regret(&[2.0 / 3.0, 1.0 / 3.0]).unwrap() < 1e-12);
        assert!((table.regret(&[0.0, 1.0]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(table.best_response(&[0.0, 1.0]), Some(0));
        assert_eq!(table.best_response(&[1.0, 0.0]), Some(1));
    }

    /// A public good of three players: contributing costs 1 and returns 0.6 to each.
    #[test]
    fn nobody_contributes_to_a_public_good() {
        let mut table = PayoffTable::new(2, 3);
        for profile in super::super::reduced_profiles(2, 3) {
            let good = 0.6 * f64::from(profile[0]);
            table.set(profile, vec![good - 1.0, good]);
        }
        assert!(table.regret(&[0.0, 1.0]).unwrap() < 1e-12);
        assert!((table.regret(&[1.0, 0.0]).unwrap() - 0.4).abs() < 1e-12);
        assert!((table.payoffs_against(&[0.5, 0.5]).unwrap()[1] - 0.6).abs() < 1e-12);
    }

    #[test]
    fn a_missing_profile_is_no_zero() {
        let table = PayoffTable::new(2, 2);
        assert_eq!(
            (table.regret(&[1.0, 0.0]), table.best_response(&[1.0, 0.0])),
            (None, None)
        );
    }
}
