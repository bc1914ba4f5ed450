//! Quadratic funding: a project's matched sum is the square of the sum of the roots of its contributions.
//!
//! Invariant: one contributor alone is matched to what it gave, but for the rounding of its root.
//!
//! Reference: Buterin, Hitzig, Weyl 2019, "A Flexible Design for Funding Public Goods".

use crate::units::Amount;

/// `(Σ isqrt(c))²`, the root of each contribution rounded down.
///
/// # Panics
/// When a contribution is negative or the result leaves the range.
#[must_use]
pub fn compute_quadratic_sum(contributions: &[Amount]) -> Amount {
    let root = |amount: &Amount| {
        u128::try_from(amount.base_units())
            .expect("a negative contribution")
            .isqrt()
    };
    let sum: u128 = contributions.iter().map(root).sum();
    let square = sum
        .checked_mul(sum)
        .and_then(|square| i128::try_from(square).ok());
    Amount::from_base_units(square.expect("a matched sum left the range"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_giver_who_poses_as_k_multiplies_the_sum_by_k() {
        let gift = |units| Amount::from_base_units(units);
        assert_eq!(compute_quadratic_sum(&[gift(10_000)]), gift(10_000));
        assert_eq!(compute_quadratic_sum(&[gift(2_500); 4]), gift(40_000));
        assert_eq!(compute_quadratic_sum(&[gift(100); 100]), gift(1_000_000));
    }
}
