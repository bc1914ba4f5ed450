//! Net emissions: what users burn is issued again, up to a limit.
//!
//! Invariant: an epoch never issues more than its scheduled coins and the limit together.
//!
//! Reference: helium/HIP 0020-hnt-max-supply.md.

use super::halving::{HalvingParams, compute_block_subsidy};
use crate::units::{Amount, Fraction, Rounding};

/// A halving schedule whose burned coins come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetEmissionParams {
    /// The scheduled emission by epoch.
    pub schedule: HalvingParams,
    /// The part of the scheduled emission that may be issued again a period.
    pub reissue_limit: Fraction,
}

impl NetEmissionParams {
    /// Helium: 60 million coins of 10^8 a year by half-hours, halved every two years, 1 % issued again.
    #[must_use]
    pub const fn helium() -> Self {
        Self {
            schedule: HalvingParams {
                initial: Amount::from_base_units(60_000_000 * 100_000_000 / (365 * 48)),
                blocks_per_era: 2 * 365 * 48,
            },
            reissue_limit: Fraction::from_percent(1),
        }
    }
}

/// `scheduled + min(burned, limit·scheduled)`, the limit rounded down.
#[must_use]
pub fn compute_net_emission(params: &NetEmissionParams, epoch: u64, burned: Amount) -> Amount {
    let scheduled = compute_block_subsidy(&params.schedule, epoch);
    scheduled + burned.min(scheduled.share(params.reissue_limit, Rounding::Down))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burned_coins_come_back_up_to_the_limit() {
        let params = NetEmissionParams::helium();
        let at = |burned| compute_net_emission(&params, 0, Amount::from_base_units(burned)).base_units();
        assert_eq!(at(0), 342_465_753_424);
        assert_eq!(at(1_000), 342_465_754_424);
        // 34.24 coins is the published limit.
        assert_eq!(at(i128::MAX / 4) - at(0), 3_424_657_534);
    }
}
