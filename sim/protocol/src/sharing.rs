//! How the validators of an answer share its cost with the executor.
//!
//! Invariant: however validators join, one by one or together, the shares sum to the cost.
//!
//! Reference: gonka-ai/gonka x/inference/calculations/share_work.go and share_work.md.

use crate::units::{Amount, Rounding};

/// The shares of `cost` among an executor and `workers - 1` validators: `(executor's, each validator's)`.
///
/// ```text
/// validator: floor(cost / workers)        executor: the same plus the remainder
/// ```
///
/// # Panics
/// When there are no workers: an answer has an executor at least.
#[must_use]
pub fn compute_shares(cost: Amount, workers: usize) -> (Amount, Amount) {
    assert!(workers > 0, "work shared among nobody");
    if workers == 1 {
        return (cost, cost);
    }
    // A division of 128 bits is a call; what one inference costs nearly always fits 64.
    let each = match u64::try_from(cost.base_units()) {
        Ok(cost) => Amount::from_base_units(i128::from(cost / workers as u64)),
        Err(_) => cost.mul_div(1, workers as u128, Rounding::Down),
    };
    let rest = cost - each.times(workers as u64);
    (each + rest, each)
}

/// What each worker's balance changes by when `new_workers` join `existing_workers`.
///
/// The first worker is the executor; the existing ones come first and in order. Empty when nobody
/// joins. Where nobody was there before, the adjustments are the shares themselves.
#[must_use]
pub fn compute_share_adjustments(cost: Amount, existing_workers: usize, new_workers: usize) -> Vec<Amount> {
    if new_workers == 0 {
        return Vec::new();
    }
    let (executor, each) = compute_shares(cost, existing_workers + new_workers);
    let (executor_before, each_before) = match existing_workers {
        0 => (Amount::ZERO, Amount::ZERO),
        workers => compute_shares(cost, workers),
    };
    let mut adjustments = Vec::with_capacity(existing_workers + new_workers);
    adjustments.push(executor - executor_before);
    adjustments.resize(existing_workers.max(1), each - each_before);
    adjustments.resize(existing_workers + new_workers, each);
    adjustments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_one_by_one_and_together_end_in_the_same_shares() {
        for (cost, workers) in [(1_136_000, 4), (1_000_000, 10), (7, 3), (0, 5), (1, 9)] {
            let cost = Amount::from_base_units(cost);
            let mut shares: Vec<Amount> = Vec::new();
            for present in 0..workers {
                shares.push(Amount::ZERO);
                let adjustments = compute_share_adjustments(cost, present, 1);
                for (share, adjustment) in shares.iter_mut().zip(&adjustments) {
                    *share += *adjustment;
                }
                assert_eq!(shares.iter().sum::<Amount>(), cost);
            }
            assert_eq!(shares, compute_share_adjustments(cost, 0, workers));
        }
    }

    #[test]
    fn the_executor_is_never_paid_less_than_a_validator() {
        for workers in 1..50 {
            let (executor, each) = compute_shares(Amount::from_base_units(1_234_567), workers);
            assert!(executor >= each);
        }
    }
}
