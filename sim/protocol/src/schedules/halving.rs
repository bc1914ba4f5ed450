//! Issuance that halves: by height, as Bitcoin's, or by supply, as Bittensor's.
//!
//! Invariant: neither ever issues more than twice what its first era issues.
//!
//! References: bitcoin/bitcoin src/validation.cpp `GetBlockSubsidy`; opentensor/subtensor
//! pallets/subtensor/src/coinbase/block_emission.rs.

use crate::units::Amount;

/// A subsidy that halves every so many blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalvingParams {
    /// The subsidy of the first block.
    pub initial: Amount,
    /// Blocks between two halvings.
    pub blocks_per_era: u64,
}

impl HalvingParams {
    /// Fifty coins of 10^8 satoshi, halved every 210,000 blocks.
    #[must_use]
    pub const fn bitcoin() -> Self {
        Self {
            initial: Amount::from_base_units(5_000_000_000),
            blocks_per_era: 210_000,
        }
    }

    /// Eras in which anything is issued at all.
    #[must_use]
    pub const fn eras(&self) -> u32 {
        i128::BITS - self.initial.base_units().leading_zeros()
    }
}

/// `floor(initial / 2^floor(height/blocks_per_era))`.
///
/// # Panics
/// When an era has no blocks.
#[must_use]
pub fn compute_block_subsidy(params: &HalvingParams, height: u64) -> Amount {
    let era = height / params.blocks_per_era;
    if era >= u64::from(params.eras()) {
        return Amount::ZERO;
    }
    Amount::from_base_units(params.initial.base_units() >> era)
}

/// All that blocks below a height have issued.
#[must_use]
pub fn compute_supply_before(params: &HalvingParams, height: u64) -> Amount {
    let mut supply = Amount::ZERO;
    for era in 0..u64::from(params.eras()) {
        let first = era * params.blocks_per_era;
        if first >= height {
            break;
        }
        let blocks = params.blocks_per_era.min(height - first);
        supply += compute_block_subsidy(params, first).times(blocks);
    }
    supply
}

/// A subsidy that halves each time half of what is left has been issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupplyHalvingParams {
    /// The subsidy of the first block.
    pub initial: Amount,
    /// What will ever be issued.
    pub cap: Amount,
}

impl SupplyHalvingParams {
    /// One coin of 10^9 base units a block, of 21 million.
    #[must_use]
    pub const fn bittensor() -> Self {
        Self {
            initial: Amount::from_gnk(1),
            cap: Amount::from_gnk(21_000_000),
        }
    }
}

/// `floor(initial / 2^k)` with `k = floor(log2(cap/(cap - issued)))`, and nothing once the cap is reached.
///
/// The halving follows the supply, not the height: blocks that issue nothing put it off.
///
/// # Panics
/// When what was issued is negative.
#[must_use]
pub fn compute_emission_by_supply(params: &SupplyHalvingParams, issued: Amount) -> Amount {
    assert!(!issued.is_negative(), "a negative supply");
    let left = params.cap.base_units() - issued.base_units();
    if left <= 0 {
        return Amount::ZERO;
    }
    let halvings = (params.cap.base_units() / left).ilog2();
    Amount::from_base_units(params.initial.base_units() >> halvings.min(126))
        .min(Amount::from_base_units(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bitcoin_issues_its_known_supply_in_thirty_three_eras() {
        let params = HalvingParams::bitcoin();
        assert_eq!(params.eras(), 33);
        assert_eq!(
            compute_supply_before(&params, u64::MAX).base_units(),
            2_099_999_997_690_000
        );
        assert_eq!(
            compute_block_subsidy(&params, 209_999).base_units(),
            5_000_000_000
        );
        assert_eq!(
            compute_block_subsidy(&params, 210_000).base_units(),
            2_500_000_000
        );
        assert_eq!(compute_block_subsidy(&params, 33 * 210_000), Amount::ZERO);
    }

    #[test]
    fn the_supply_is_the_sum_of_the_subsidies() {
        let params = HalvingParams {
            initial: Amount::from_base_units(100),
            blocks_per_era: 7,
        };
        let mut sum = Amount::ZERO;
        for height in 0..80 {
            assert_eq!(compute_supply_before(&params, height), sum);
            sum += compute_block_subsidy(&params, height);
        }
    }

    #[test]
    fn emission_by_supply_halves_at_half_three_quarters_and_seven_eighths() {
        let params = SupplyHalvingParams::bittensor();
        let at = |coins| compute_emission_by_supply(&params, Amount::from_gnk(coins)).base_units();
        assert_eq!(
            [
                0, 10_499_999, 10_500_000, 15_749_999, 15_750_000, 18_375_000, 21_000_000
            ]
            .map(at),
            [
                1_000_000_000,
                1_000_000_000,
                500_000_000,
                500_000_000,
                250_000_000,
                125_000_000,
                0
            ]
        );
    }
}
