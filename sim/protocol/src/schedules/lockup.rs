//! Rewards boosted by locking: vote-escrow style.
//!
//! Invariant: without a lock the boost is one; at the longest lock it is the largest.

use crate::units::{Amount, Rounding, mul_div};

/// A boost that grows with the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockParams {
    /// The longest lock, in epochs.
    pub longest: u32,
    /// The boost at the longest lock, in thousandths.
    pub boost_max_permille: u32,
}

/// The boosted weight of a stake: `floor(stake·(1 + (max - 1)·lock/longest))`; longer locks count as the longest.
///
/// # Panics
/// When the longest lock is zero, the largest boost is below one, or the stake is negative.
#[must_use]
pub fn compute_boosted_stake(params: &LockParams, stake: Amount, lock: u32) -> Amount {
    assert!(
        params.longest > 0 && params.boost_max_permille >= 1_000,
        "a boost that shrinks"
    );
    let extra = u128::from(params.boost_max_permille - 1_000);
    let locked = u128::from(lock.min(params.longest));
    let of = 1_000 * u128::from(params.longest);
    let stake = u128::try_from(stake.base_units()).expect("a negative stake");
    let boosted = mul_div(stake, of + extra * locked, of, Rounding::Down);
    Amount::from_base_units(i128::try_from(boosted).expect("a stake left the range"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boost_is_linear_from_one_to_its_largest() {
        let params = LockParams {
            longest: 208,
            boost_max_permille: 2_500,
        };
        let at = |lock| compute_boosted_stake(&params, Amount::from_base_units(1_000), lock).base_units();
        assert_eq!(
            [0, 52, 104, 208, 500].map(at),
            [1_000, 1_375, 1_750, 2_500, 2_500]
        );
    }
}
