//! Who gets what part of a period's reward.
//!
//! Invariant: the parts sum to the reward, to the last base unit, wherever anybody has a claim to it.
//!
//! References: gonka-ai/gonka x/inference/keeper/bitcoin_rewards.go for weight, utilisation and coverage.

use super::fixed::Wide;
use crate::units::{Amount, Fraction, Rounding};

/// What one provider brought in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Coins earned by work.
    pub work: u64,
    /// Weight proven, whatever it was used for.
    pub weight: u64,
    /// The part of its capacity that was used.
    pub utilisation: Fraction,
    /// The part of the network's models that it serves.
    pub coverage: Fraction,
}

/// The rule of the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitRule {
    /// By work.
    Work,
    /// By weight.
    Weight,
    /// This part by work, the rest by weight.
    Hybrid {
        /// The part by work.
        by_work: Fraction,
    },
    /// By weight · (1 + u/2) · c, with c = 1.2 at full coverage and 1 + 0.1·coverage below.
    UtilisationAndCoverage,
}

/// Splits a reward. What rounding leaves goes to the first provider with a claim; a reward nobody has a claim to is
/// returned whole, as the second part.
///
/// # Panics
/// When the reward is negative.
#[must_use]
pub fn split_reward(rule: SplitRule, reward: Amount, providers: &[Contribution]) -> (Vec<Amount>, Amount) {
    match rule {
        SplitRule::Hybrid { by_work } => {
            let (work_part, mut left) =
                split_reward(SplitRule::Work, reward.share(by_work, Rounding::Down), providers);
            let rest = reward - reward.share(by_work, Rounding::Down);
            let (weight_part, unclaimed) = split_reward(SplitRule::Weight, rest, providers);
            left += unclaimed;
            let parts = work_part.iter().zip(&weight_part).map(|(a, b)| *a + *b).collect();
            (parts, left)
        }
        _ => by_claims(
            reward,
            &providers
                .iter()
                .map(|p| compute_claim(rule, p))
                .collect::<Vec<_>>(),
        ),
    }
}

fn compute_claim(rule: SplitRule, provider: &Contribution) -> u128 {
    match rule {
        SplitRule::Work => u128::from(provider.work),
        SplitRule::Weight | SplitRule::Hybrid { .. } => u128::from(provider.weight),
        SplitRule::UtilisationAndCoverage => {
            // In parts of 10^6, so that weights of 64 bits fit.
            let used = 1_000_000 + provider.utilisation.of(500_000, Rounding::Down);
            let covered = if provider.coverage == Fraction::ONE {
                1_200_000
            } else {
                1_000_000 + provider.coverage.of(100_000, Rounding::Down)
            };
            u128::from(provider.weight) * u128::from(used) * u128::from(covered)
        }
    }
}

fn by_claims(reward: Amount, claims: &[u128]) -> (Vec<Amount>, Amount) {
    let total: u128 = claims.iter().sum();
    if total == 0 {
        return (vec![Amount::ZERO; claims.len()], reward);
    }
    let mut parts: Vec<Amount> = claims
        .iter()
        .map(|claim| reward.mul_div(*claim, total, Rounding::Down))
        .collect();
    let rest = reward - parts.iter().sum();
    let first = claims
        .iter()
        .position(|claim| *claim > 0)
        .expect("the total is positive");
    parts[first] += rest;
    (parts, Amount::ZERO)
}

/// The chance to profit by buying one's own work, as the least own share of all work at which a coin of fees brings
/// back more than it costs: `1/(1 + minted per fee)`; `minted` in parts of a fee.
///
/// Under a split by weight no share suffices, and this is `None`.
#[must_use]
pub fn compute_wash_threshold(rule: SplitRule, minted_per_fee: Fraction) -> Option<Fraction> {
    matches!(rule, SplitRule::Work).then(|| {
        let one = u128::from(Fraction::ONE.parts());
        let share = Wide::ratio(one, one + u128::from(minted_per_fee.parts())).of(one);
        Fraction::from_parts(u64::try_from(share).expect("a share is at most one"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(work: u64, weight: u64) -> Contribution {
        Contribution {
            work,
            weight,
            utilisation: Fraction::ZERO,
            coverage: Fraction::ZERO,
        }
    }

    fn parts(rule: SplitRule, reward: i128, providers: &[Contribution]) -> Vec<i128> {
        let (parts, unclaimed) = split_reward(rule, Amount::from_base_units(reward), providers);
        let all: Amount = parts.iter().sum::<Amount>() + unclaimed;
        assert_eq!(all.base_units(), reward);
        parts.iter().map(|part| part.base_units()).collect()
    }

    #[test]
    fn each_rule_follows_its_claim() {
        let providers = [provider(30, 10), provider(10, 10), provider(0, 20)];
        assert_eq!(parts(SplitRule::Work, 1_000, &providers), [750, 250, 0]);
        assert_eq!(parts(SplitRule::Weight, 1_000, &providers), [250, 250, 500]);
        let by_work = Fraction::from_percent(40);
        assert_eq!(
            parts(SplitRule::Hybrid { by_work }, 1_000, &providers),
            [450, 250, 300]
        );
    }

    #[test]
    fn full_use_and_full_coverage_raise_a_claim_by_four_fifths() {
        let full = Contribution {
            utilisation: Fraction::ONE,
            coverage: Fraction::ONE,
            ..provider(0, 10)
        };
        assert_eq!(
            parts(SplitRule::UtilisationAndCoverage, 280, &[full, provider(0, 10)]),
            [180, 100]
        );
    }

    #[test]
    fn the_first_with_a_claim_takes_what_rounding_leaves() {
        let providers = [provider(0, 0), provider(1, 1), provider(1, 1), provider(1, 1)];
        assert_eq!(parts(SplitRule::Weight, 100, &providers), [0, 34, 33, 33]);
        let (parts, unclaimed) = split_reward(SplitRule::Work, Amount::from_base_units(5), &[provider(0, 3)]);
        assert_eq!((parts[0].base_units(), unclaimed.base_units()), (0, 5));
    }

    #[test]
    fn the_wash_threshold_falls_with_what_is_minted() {
        let at = |percent| {
            let found = compute_wash_threshold(SplitRule::Work, Fraction::from_percent(percent)).unwrap();
            found.of(10_000, Rounding::HalfEven)
        };
        assert_eq!([10, 50, 90].map(at), [9_091, 6_667, 5_263]);
        assert_eq!(compute_wash_threshold(SplitRule::Weight, Fraction::ONE), None);
    }
}
