//! Sessions off the chain: slots in turn, a flat rate in fixed point, signatures, settled totals (profile C).
//!
//! A session has sixteen slots, filled by weight. The executor of a nonce is the slot whose turn it is; every
//! other slot validates with the same chance; a state settles when enough slots have signed it.
//!
//! Invariant: probabilities are integers of 2^-32, and a validator's decision depends on its seed and the
//! inference alone. Reference: gonka-ai/gonka devshard/ (state and validation tests), proposals/inference.
//! Page: docs/spec/devshard.md.

use crate::hash_draw::hash_draw;

/// One in fixed point.
pub const FIXED_ONE: u64 = 1 << 32;
/// Basis points in one.
pub const BASIS_POINTS: u64 = 10_000;
/// Slots of a session.
pub const SLOTS: u32 = 16;

/// A validator's seed from its signature: 63 bits of the first eight bytes, and one in place of zero.
#[must_use]
pub fn derive_seed(signature: &[u8]) -> i64 {
    let mut head = [0_u8; 8];
    for (to, from) in head.iter_mut().zip(signature) {
        *to = *from;
    }
    let seed = (u64::from_be_bytes(head) >> 1).cast_signed();
    seed.max(1)
}

/// A ratio in fixed point, rounded down and at most one; zero over nothing.
#[must_use]
pub fn compute_fixed_probability(numerator: u128, denominator: u128) -> u64 {
    if denominator == 0 {
        return 0;
    }
    if numerator >= denominator {
        return FIXED_ONE;
    }
    // Beyond 96 bits both are shifted alike, which costs less than the last digit of the result.
    let excess = (128 - numerator.leading_zeros()).saturating_sub(96);
    let (numerator, denominator) = (numerator >> excess, (denominator >> excess).max(1));
    u64::try_from((numerator << 32) / denominator).map_or(FIXED_ONE, |parts| parts.min(FIXED_ONE))
}

/// A sum of probabilities in fixed point as whole validations, rounded up: what a host is required to do.
#[must_use]
pub const fn compute_required_validations(sum: u128) -> u128 {
    sum.div_ceil(FIXED_ONE as u128)
}

/// Slots of a session, as one validator sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionSlots {
    /// The validator's own.
    pub own: u32,
    /// The executor's.
    pub executor: u32,
    /// All.
    pub total: u32,
}

/// The chance that a validator checks an answer, in fixed point.
///
/// ```text
/// rate·own/(total - executor's)
/// ```
///
/// Zero where the executor holds every slot.
#[must_use]
pub fn compute_slot_probability(rate_basis_points: u64, slots: SessionSlots) -> u64 {
    if slots.total <= slots.executor {
        return 0;
    }
    let others = u128::from(slots.total - slots.executor);
    compute_fixed_probability(
        u128::from(rate_basis_points) * u128::from(slots.own),
        u128::from(BASIS_POINTS) * others,
    )
}

/// Whether a validator with this seed checks an inference.
#[must_use]
pub fn is_validator_of(seed: i64, inference: u64, rate_basis_points: u64, slots: SessionSlots) -> bool {
    let chance = compute_slot_probability(rate_basis_points, slots);
    (hash_draw(seed, &inference.to_string()).raw >> 32) < chance
}

/// The slot whose turn a nonce is.
#[must_use]
pub const fn compute_executor_slot(nonce: u64, slots: u32) -> u32 {
    if slots == 0 {
        0
    } else {
        (nonce % slots as u64) as u32
    }
}

/// Signatures that settle a state: two thirds of the slots, rounded down, and one more.
#[must_use]
pub const fn compute_signatures_needed(slots: u32) -> u32 {
    2 * slots / 3 + 1
}

/// Whether so many slots decide on a timeout or a wrong answer: more than half.
#[must_use]
pub const fn is_decided(votes: u32, slots: u32) -> bool {
    2 * votes > slots
}

/// Checks that settled totals count as passed: completed answers that were not found wrong, checked or not.
#[must_use]
pub const fn compute_settled_passes(completed: u64, invalid: u64) -> u64 {
    completed.saturating_sub(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_never_negative_or_zero() {
        assert_eq!(derive_seed(&[0; 64]), 1);
        assert_eq!(derive_seed(&[]), 1);
        assert_eq!(derive_seed(&[0xff; 8]), i64::MAX);
    }

    #[test]
    fn chances_of_all_other_slots_add_up_to_the_rate() {
        for executor in 1..SLOTS {
            let slots = SessionSlots {
                own: 1,
                executor,
                total: SLOTS,
            };
            let sum = compute_slot_probability(5_000, slots) * u64::from(SLOTS - executor);
            assert!(FIXED_ONE / 2 - sum < u64::from(SLOTS), "{executor}");
        }
    }

    #[test]
    fn every_slot_has_its_turn() {
        let mut seen = [0; SLOTS as usize];
        (0..160).for_each(|nonce| seen[compute_executor_slot(nonce, SLOTS) as usize] += 1);
        assert_eq!(seen, [10; SLOTS as usize]);
    }
}
