//! Yuma consensus: weights that validators set are clipped to what a stake majority agrees on.
//!
//! Invariant: validators with less than the majority of stake cannot raise a miner's consensus weight.
//!
//! References: opentensor/subtensor, its page on consensus, and pallets/subtensor/src/epoch.

use crate::units::{Fraction, Rounding, mul_div};

/// One round: what validators hold and say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YumaRound {
    /// Stake by validator.
    pub stake: Vec<u64>,
    /// Weight that each validator gives each miner, a row a validator.
    pub weights: Vec<Vec<Fraction>>,
    /// The part of stake that has to agree.
    pub kappa: Fraction,
}

/// What a round decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YumaOutcome {
    /// The consensus weight by miner.
    pub consensus: Vec<Fraction>,
    /// Each miner's share of what miners earn.
    pub incentive: Vec<Fraction>,
    /// Stake-weighted clipped weights, a row a validator, normalised by miner: new bonds.
    pub bonds: Vec<Vec<Fraction>>,
}

const ONE: u128 = Fraction::ONE.parts() as u128;

/// Runs a round.
///
/// ```text
/// consensus_j = the largest w that validators with at least kappa of stake give miner j or exceed
/// clipped_ij  = min(weight_ij, consensus_j)
/// incentive_j = Σ_i stake_i·clipped_ij / Σ_jk        bonds_ij = stake_i·clipped_ij / Σ_i
/// ```
///
/// # Panics
/// When rows differ in length or a validator has no row.
#[must_use]
pub fn process_round(round: &YumaRound) -> YumaOutcome {
    assert_eq!(
        round.stake.len(),
        round.weights.len(),
        "a row of weights a validator"
    );
    let miners = round.weights.first().map_or(0, Vec::len);
    let consensus: Vec<Fraction> = (0..miners).map(|miner| compute_consensus(round, miner)).collect();
    let claim = |validator: usize, miner: usize| {
        let clipped = round.weights[validator][miner].min(consensus[miner]);
        // In parts of 10^9, so that a sum over stakes of 64 bits fits into 128.
        u128::from(round.stake[validator]) * (u128::from(clipped.parts()) / 1_000_000_000)
    };
    let by_miner: Vec<u128> = (0..miners)
        .map(|miner| {
            (0..round.stake.len())
                .map(|validator| claim(validator, miner))
                .sum()
        })
        .collect();
    let all: u128 = by_miner.iter().sum();
    let bonds = (0..round.stake.len())
        .map(|validator| {
            (0..miners)
                .map(|miner| ratio(claim(validator, miner), by_miner[miner]))
                .collect()
        })
        .collect();
    YumaOutcome {
        incentive: by_miner.iter().map(|claim| ratio(*claim, all)).collect(),
        consensus,
        bonds,
    }
}

fn ratio(part: u128, all: u128) -> Fraction {
    if all == 0 {
        return Fraction::ZERO;
    }
    let parts = mul_div(part, ONE, all, Rounding::Down);
    Fraction::from_parts(u64::try_from(parts).expect("a part is at most all"))
}

fn compute_consensus(round: &YumaRound, miner: usize) -> Fraction {
    let total: u128 = round.stake.iter().map(|stake| u128::from(*stake)).sum();
    let needed = mul_div(total, u128::from(round.kappa.parts()), ONE, Rounding::Up);
    let mut said: Vec<(Fraction, u64)> = round
        .weights
        .iter()
        .zip(&round.stake)
        .map(|(row, stake)| (row[miner], *stake))
        .collect();
    said.sort_unstable_by(|a, b| b.cmp(a));
    let mut agreeing = 0;
    for (weight, stake) in said {
        agreeing += u128::from(stake);
        if agreeing >= needed && agreeing > 0 {
            return weight;
        }
    }
    Fraction::ZERO
}

/// One step of the moving average of bonds: `alpha·new + (1 - alpha)·old`, each product rounded down.
#[must_use]
pub fn compute_next_bond(old: Fraction, new: Fraction, alpha: Fraction) -> Fraction {
    let part = |value: Fraction, share: Fraction| value.times(share, Rounding::Down).parts();
    Fraction::from_parts(part(new, alpha) + part(old, alpha.complement()))
}

/// What each validator earns of the validators' part: `Σ_j incentive_j·bond_ij`.
#[must_use]
pub fn compute_dividends(incentive: &[Fraction], bonds: &[Vec<Fraction>]) -> Vec<Fraction> {
    let earned = |row: &Vec<Fraction>| {
        let parts = row
            .iter()
            .zip(incentive)
            .map(|(bond, share)| bond.times(*share, Rounding::Down).parts());
        Fraction::from_parts(parts.sum())
    };
    bonds.iter().map(earned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(percents: &[u32]) -> Vec<Fraction> {
        percents
            .iter()
            .map(|percent| Fraction::from_percent(*percent))
            .collect()
    }

    fn round(stake: &[u64], weights: &[&[u32]]) -> YumaRound {
        YumaRound {
            stake: stake.to_vec(),
            weights: weights.iter().map(|percents| row(percents)).collect(),
            kappa: Fraction::from_percent(50),
        }
    }

    #[test]
    fn a_minority_cannot_raise_its_own_miner() {
        let honest: &[u32] = &[60, 40, 0];
        let liar: &[u32] = &[0, 0, 100];
        let outcome = process_round(&round(&[30, 21, 49], &[honest, honest, liar]));
        assert_eq!(outcome.consensus, row(&[60, 40, 0]));
        assert_eq!(outcome.incentive[2], Fraction::ZERO);
        let captured = process_round(&round(&[30, 19, 51], &[honest, honest, liar]));
        assert_eq!(captured.consensus[2], Fraction::ONE);
    }

    #[test]
    fn who_copies_last_rounds_weights_trails_by_a_step_of_the_average() {
        // The judges move from miner 0 to miner 1; the copier follows one round later.
        let (alpha, zero) = (Fraction::from_percent(10), Fraction::ZERO);
        let moved = process_round(&round(&[60, 40], &[&[0, 100], &[100, 0]]));
        let judge = compute_next_bond(zero, moved.bonds[0][1], alpha);
        let copier = compute_next_bond(zero, moved.bonds[1][1], alpha);
        assert_eq!((judge, copier), (Fraction::from_percent(10), zero));
    }

    #[test]
    fn dividends_and_incentives_hand_out_at_most_one() {
        let outcome = process_round(&round(&[5, 3, 2], &[&[50, 30, 20], &[20, 30, 50], &[10, 10, 80]]));
        let sum = |shares: &[Fraction]| shares.iter().map(|share| share.parts()).sum::<u64>();
        let one = Fraction::ONE.parts();
        assert!(one - sum(&outcome.incentive) < 10);
        let dividends = compute_dividends(&outcome.incentive, &outcome.bonds);
        assert!(one - sum(&dividends) < 20);
    }
}
