//! A share of a whole.
//!
//! Invariant: never below zero, never above one.

use super::{Rounding, mul_div};
use std::fmt;

const SCALE: u64 = 1_000_000_000_000_000_000;

/// A share in [0, 1], in parts of 10^18.
///
/// Probabilities and rates that decide money are held this way, so that no verdict depends on how
/// a floating-point number was rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fraction(u64);

impl Fraction {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The whole.
    pub const ONE: Self = Self(SCALE);

    /// So many parts of 10^18.
    ///
    /// # Panics
    /// Above 10^18.
    #[must_use]
    pub const fn from_parts(parts: u64) -> Self {
        assert!(parts <= SCALE, "a fraction above one");
        Self(parts)
    }

    /// So many hundredths.
    ///
    /// # Panics
    /// Above 100.
    #[must_use]
    pub const fn from_percent(percent: u32) -> Self {
        Self::from_parts(percent as u64 * (SCALE / 100))
    }

    /// So many thousandths.
    ///
    /// # Panics
    /// Above 1000.
    #[must_use]
    pub const fn from_permille(permille: u32) -> Self {
        Self::from_parts(permille as u64 * (SCALE / 1_000))
    }

    /// So many ten-thousandths.
    ///
    /// # Panics
    /// Above 10000.
    #[must_use]
    pub const fn from_bps(basis_points: u32) -> Self {
        Self::from_parts(basis_points as u64 * (SCALE / 10_000))
    }

    /// `numerator/denominator`, rounded down.
    ///
    /// # Panics
    /// When the denominator is zero or the ratio is above one.
    #[must_use]
    pub fn from_ratio(numerator: u128, denominator: u128) -> Self {
        assert!(numerator <= denominator, "a fraction above one");
        Self::saturating_ratio(numerator, denominator)
    }

    /// `numerator/denominator`, rounded down, or one where the ratio is above it.
    ///
    /// # Panics
    /// When the denominator is zero.
    #[must_use]
    pub fn saturating_ratio(numerator: u128, denominator: u128) -> Self {
        assert!(denominator > 0, "a fraction of nothing");
        if numerator >= denominator {
            return Self::ONE;
        }
        // Below the scale by the comparison above, so the cast cannot cut anything off.
        Self(mul_div(numerator, u128::from(SCALE), denominator, Rounding::Down) as u64)
    }

    /// Parts of 10^18.
    #[must_use]
    pub const fn parts(self) -> u64 {
        self.0
    }

    /// Numerator and denominator without a common factor.
    #[must_use]
    pub const fn lowest_terms(self) -> (u64, u64) {
        let (mut a, mut b) = (SCALE, self.0);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        (self.0 / a, SCALE / a)
    }

    /// What is missing to the whole.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(SCALE - self.0)
    }

    /// Whether this is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// A part of this part, rounded as asked.
    #[must_use]
    pub fn times(self, other: Self, rounding: Rounding) -> Self {
        // A product of shares is a share, also after rounding up, so the cast is exact.
        Self(mul_div(
            u128::from(self.0),
            u128::from(other.0),
            u128::from(SCALE),
            rounding,
        ) as u64)
    }

    /// This part of a count, rounded as asked.
    #[must_use]
    pub fn of(self, count: u64, rounding: Rounding) -> u64 {
        mul_div(u128::from(self.0), u128::from(count), u128::from(SCALE), rounding) as u64
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::Decimal::from(*self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_names_the_same_share() {
        assert_eq!(Fraction::from_percent(5), Fraction::from_permille(50));
        assert_eq!(Fraction::from_percent(5), Fraction::from_bps(500));
        assert_eq!(Fraction::from_percent(5), Fraction::from_ratio(1, 20));
    }

    #[test]
    fn lowest_terms_have_no_common_factor() {
        assert_eq!(Fraction::from_percent(12).lowest_terms(), (3, 25));
        assert_eq!(Fraction::ZERO.lowest_terms(), (0, 1));
        assert_eq!(Fraction::ONE.lowest_terms(), (1, 1));
    }

    #[test]
    fn a_ratio_is_rounded_down_and_capped_only_on_request() {
        assert_eq!(Fraction::from_ratio(2, 3).parts(), 666_666_666_666_666_666);
        assert_eq!(Fraction::saturating_ratio(4, 3), Fraction::ONE);
        assert!(std::panic::catch_unwind(|| Fraction::from_ratio(4, 3)).is_err());
    }
}
