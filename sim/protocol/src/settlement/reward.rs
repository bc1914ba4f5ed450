//! How many coins an epoch issues.
//!
//! Invariant: the power of the decay factor is exact, so the reward is the true one rounded down once.

use super::RewardParams;
use crate::units::{Amount, EpochIndex, Fraction};
use num_bigint::BigUint;

/// Binary places of the power before it is multiplied by the initial reward.
const PLACES: u64 = 256;

/// The reward of an epoch; nothing before the genesis epoch.
///
/// ```text
/// floor(initial·decay^(epoch - genesis))
/// ```
///
/// # Panics
/// When the initial reward or the decay factor is negative, or the result leaves the range.
#[must_use]
pub fn compute_epoch_reward(params: &RewardParams, epoch: EpochIndex) -> Amount {
    let Some(age) = epoch.get().checked_sub(params.genesis_epoch.get()) else {
        return Amount::ZERO;
    };
    let initial = u128::try_from(params.initial.base_units()).expect("a negative initial reward");
    let factor = u128::try_from(params.decay_per_epoch.parts()).expect("a negative decay factor");
    // The power between two bounds settles the floor in almost every case.
    let (low, high) = compute_power_bounds(factor, age);
    let floor = |power: BigUint| (power * initial) >> PLACES;
    let (low, high) = (floor(low), floor(high));
    let reward = if low == high {
        low
    } else {
        compute_exact_reward(initial, factor, age)
    };
    Amount::from_base_units(i128::try_from(reward).expect("an epoch reward left the range"))
}

/// What can still be issued of a reward under the supply cap, given what was issued before.
#[must_use]
pub fn compute_issuable(params: &RewardParams, reward: Amount, issued_before: Amount) -> Amount {
    params
        .supply_cap
        .map_or(reward, |cap| reward.min((cap - issued_before).max(Amount::ZERO)))
}

/// `factor^age` from below and from above, in parts of 2^256.
fn compute_power_bounds(factor: u128, age: u32) -> (BigUint, BigUint) {
    let base = BigUint::from(factor) << PLACES;
    let one_part = BigUint::from(Fraction::ONE.parts());
    let mut low_base = &base / &one_part;
    let mut high_base = &low_base + 1u32;
    let (mut low, mut high) = (BigUint::from(1u32) << PLACES, BigUint::from(1u32) << PLACES);
    let up = |a: &BigUint, b: &BigUint| ((a * b) >> PLACES) + 1u32;
    let mut rest = age;
    while rest > 0 {
        if rest & 1 == 1 {
            low = (&low * &low_base) >> PLACES;
            high = up(&high, &high_base);
        }
        rest >>= 1;
        if rest > 0 {
            low_base = (&low_base * &low_base) >> PLACES;
            high_base = up(&high_base, &high_base);
        }
    }
    (low, high)
}

/// The same with all digits, for a power so close to a whole number that the bounds don't decide.
fn compute_exact_reward(initial: u128, factor: u128, age: u32) -> BigUint {
    let power = BigUint::from(factor).pow(age);
    let unit = BigUint::from(Fraction::ONE.parts()).pow(age);
    power * initial / unit
}

#[cfg(test)]
mod tests {
    use super::super::{ForfeitsTo, RewardRule, SettlementCap};
    use super::*;
    use crate::units::Decimal;

    fn params(initial: Amount, decay: &str) -> RewardParams {
        RewardParams {
            initial,
            decay_per_epoch: decay.parse().unwrap(),
            genesis_epoch: EpochIndex::new(1),
            forfeits_to: ForfeitsTo::Governance,
            power_cap: SettlementCap::None,
            supply_cap: None,
            rule: RewardRule::Decay,
        }
    }

    fn reward(params: &RewardParams, age: u32) -> i128 {
        compute_epoch_reward(params, EpochIndex::new(1 + age)).base_units()
    }

    #[test]
    fn bounds_and_all_digits_agree() {
        let params = params(Amount::from_gnk(323_000), "0.9995251127946402");
        for age in (0..2_000).step_by(37) {
            let exact = compute_exact_reward(323_000_000_000_000, 999_525_112_794_640_200, age);
            assert_eq!(
                BigUint::from(reward(&params, age) as u128),
                exact,
                "after {age} epochs"
            );
        }
    }

    #[test]
    fn a_reward_on_a_whole_number_is_not_rounded_below_it() {
        // The bounds straddle every one of these, so all digits decide.
        let halving = params(Amount::from_base_units(1 << 40), "0.5");
        let tenth = params(Amount::from_base_units(10i128.pow(20)), "0.1");
        for age in 0..=20 {
            assert_eq!(reward(&halving, age), 1 << (40 - age));
            assert_eq!(reward(&tenth, age), 10i128.pow(20 - age));
        }
    }

    #[test]
    fn no_decay_and_no_epoch_are_ordinary_cases() {
        let flat = RewardParams {
            decay_per_epoch: Decimal::ONE,
            ..params(Amount::from_gnk(7), "1")
        };
        assert_eq!(reward(&flat, 1_000_000), 7_000_000_000);
        assert_eq!(compute_epoch_reward(&flat, EpochIndex::new(0)), Amount::ZERO);
        assert_eq!(reward(&params(Amount::from_gnk(7), "0"), 3), 0);
    }

    #[test]
    fn rewards_sum_to_the_geometric_series_and_reach_the_supply_cap_in_epoch_17570() {
        // Σ_{k<n} R·f^k = (R - R·f^n)/(1 - f), less under one base unit an epoch for the floors.
        let params = params(Amount::from_gnk(285_000), "0.9995251127946402");
        let cap = Amount::from_gnk(600_000_000).base_units();
        let (mut sum, mut age) = (0i128, 0);
        while sum < cap {
            sum += reward(&params, age);
            age += 1;
        }
        assert_eq!(age, 17_570);
        let closed = (reward(&params, 0) - reward(&params, age)) * 10_000_000_000_000_000 / 4_748_872_053_598;
        let floors = closed - sum;
        // The last reward enters divided by 1 - f, so its own floor is worth up to 2106 units.
        assert!((-2_106..=i128::from(age)).contains(&floors), "{floors}");
    }

    #[test]
    fn the_supply_cap_lets_through_what_is_left() {
        let capped = RewardParams {
            supply_cap: Some(Amount::from_gnk(10)),
            ..params(Amount::from_gnk(4), "1")
        };
        let left = |issued| compute_issuable(&capped, Amount::from_gnk(4), Amount::from_gnk(issued));
        assert_eq!([0, 6, 8, 10, 11].map(left), [4, 4, 2, 0, 0].map(Amount::from_gnk));
    }
}
