//! Issuance to stakers that grows with the root of the stake, and a fee that is burned.
//!
//! Invariant: a base fee never falls below one unit once it is above it by more than the change's rounding.
//!
//! References: ethereum/consensus-specs specs/phase0/beacon-chain.md `get_base_reward`; EIP-1559.

use crate::units::{Amount, Rounding, mul_div};

/// Slots in an epoch of 12-second slots give this many epochs in 365.25 days, in hundredths.
pub const EPOCHS_PER_YEAR_HUNDREDTHS: u64 = 8_218_125;
/// Gwei in one coin: the increment by which stake counts.
const INCREMENT: u128 = 1_000_000_000;
const BASE_REWARD_FACTOR: u128 = 64;

/// The most that an increment of one coin earns in an epoch, in gwei.
///
/// ```text
/// floor(10^9 · 64 / isqrt(stake in gwei))
/// ```
///
/// # Panics
/// When nothing is staked.
#[must_use]
pub fn compute_base_reward(staked_gwei: u128) -> u128 {
    INCREMENT * BASE_REWARD_FACTOR / staked_gwei.isqrt()
}

/// What a year of perfect epochs issues to so much stake, in gwei, rounded down.
#[must_use]
pub fn compute_yearly_issuance(staked_gwei: u128) -> Amount {
    let per_epoch = compute_base_reward(staked_gwei) * (staked_gwei / INCREMENT);
    let yearly = mul_div(
        per_epoch,
        u128::from(EPOCHS_PER_YEAR_HUNDREDTHS),
        100,
        Rounding::Down,
    );
    Amount::from_base_units(i128::try_from(yearly).expect("an issuance left the range"))
}

/// How fast a base fee follows the fullness of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseFeeParams {
    /// Gas a block should use; a block holds `elasticity` times as much.
    pub target: u64,
    /// Limit over target.
    pub elasticity: u64,
    /// The largest step is one part in this many.
    pub max_change_denominator: u128,
}

impl BaseFeeParams {
    /// Twice the target at most, an eighth a block.
    #[must_use]
    pub const fn eip_1559() -> Self {
        Self {
            target: 15_000_000,
            elasticity: 2,
            max_change_denominator: 8,
        }
    }
}

/// The base fee of the next block.
///
/// ```text
/// fee ± floor(fee · |used - target| / target / denominator),  at least one up where used > target
/// ```
///
/// # Panics
/// When the target or the denominator is zero.
#[must_use]
pub fn compute_next_base_fee(params: &BaseFeeParams, fee: u128, used: u64) -> u128 {
    let used = used.min(params.target * params.elasticity);
    let change = |delta: u64| {
        mul_div(fee, u128::from(delta), u128::from(params.target), Rounding::Down)
            / params.max_change_denominator
    };
    if used > params.target {
        fee + change(used - params.target).max(1)
    } else {
        fee - change(params.target - used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COIN: u128 = 1_000_000_000;

    #[test]
    fn base_rewards_use_the_integer_square_root() {
        let at = |millions: u128| compute_base_reward(millions * 1_000_000 * COIN);
        assert_eq!([1, 10, 30, 34, 100].map(at), [2023, 640, 369, 347, 202]);
    }

    #[test]
    fn yearly_issuance_has_its_published_size() {
        let at =
            |millions: u128| compute_yearly_issuance(millions * 1_000_000 * COIN).base_units() / COIN as i128;
        assert_eq!([10, 30, 34].map(at), [525_960, 909_746, 969_574]);
    }

    #[test]
    fn six_full_blocks_double_the_fee_and_empty_ones_bring_it_back_down() {
        let params = BaseFeeParams::eip_1559();
        let mut fee = 10_u128.pow(15);
        for _ in 0..6 {
            fee = compute_next_base_fee(&params, fee, 30_000_000);
        }
        assert_eq!(fee / 10_u128.pow(9), 2_027_286);
        assert_eq!(compute_next_base_fee(&params, 800, 0), 700);
        assert_eq!(compute_next_base_fee(&params, 7, 15_000_001), 8);
        assert_eq!(compute_next_base_fee(&params, 7, 15_000_000), 7);
    }
}
