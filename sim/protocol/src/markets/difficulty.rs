//! Difficulty that follows the time blocks took.
//!
//! Invariant: one retarget changes the difficulty by at most the clamp.
//!
//! Reference: bitcoin/bitcoin src/pow.cpp `CalculateNextWorkRequired`.

use crate::units::{Rounding, mul_div};

/// A retarget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetargetParams {
    /// Blocks between two retargets.
    pub blocks: u32,
    /// The time they should take, in seconds.
    pub timespan: u64,
    /// The largest factor of one retarget.
    pub clamp: u64,
}

impl RetargetParams {
    /// 2016 blocks in two weeks, at most four times either way.
    #[must_use]
    pub const fn bitcoin() -> Self {
        Self {
            blocks: 2_016,
            timespan: 1_209_600,
            clamp: 4,
        }
    }
}

/// The next target: `floor(target · clamped time / timespan)`; a larger target is an easier block.
///
/// The time is measured from a period's first block to its last, which is one interval short of the period: as on the
/// network, where the mean interval is not ten minutes for that reason.
///
/// # Panics
/// When the timespan or the clamp is zero, or the target leaves the range.
#[must_use]
pub fn compute_next_target(params: &RetargetParams, target: u128, measured: u64) -> u128 {
    let time = measured.clamp(params.timespan / params.clamp, params.timespan * params.clamp);
    mul_div(
        target,
        u128::from(time),
        u128::from(params.timespan),
        Rounding::Down,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retarget_is_clamped_to_a_factor_of_four() {
        let params = RetargetParams::bitcoin();
        let next = |measured| compute_next_target(&params, 1_000_000, measured);
        assert_eq!(next(1_209_600), 1_000_000);
        assert_eq!(next(604_800), 500_000);
        assert_eq!(next(1), 250_000);
        assert_eq!(next(u64::MAX), 4_000_000);
    }
}
