//! Coins, in base units.
//!
//! Invariant: an amount never wraps; a debt is a negative amount and nothing else is.

use super::{Fraction, Rounding, mul_div};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

const OVERFLOW: &str = "an amount of coins left the range of 128-bit integers";

/// Coins in base units; one GNK is 10^9 of them. Negative for a debt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i128);

impl Amount {
    /// No coins.
    pub const ZERO: Self = Self(0);
    /// Base units in one GNK.
    pub const BASE_UNITS_PER_GNK: i128 = 1_000_000_000;

    /// This many base units.
    #[must_use]
    pub const fn from_base_units(units: i128) -> Self {
        Self(units)
    }

    /// This many whole GNK.
    #[must_use]
    pub const fn from_gnk(coins: i64) -> Self {
        Self(coins as i128 * Self::BASE_UNITS_PER_GNK)
    }

    /// The number of base units.
    #[must_use]
    pub const fn base_units(self) -> i128 {
        self.0
    }

    /// Whether this is a debt.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// A part of this amount.
    #[must_use]
    pub fn share(self, part: Fraction, rounding: Rounding) -> Self {
        self.mul_div(
            u128::from(part.parts()),
            u128::from(Fraction::ONE.parts()),
            rounding,
        )
    }

    /// `self·numerator/denominator`.
    ///
    /// # Panics
    /// When the denominator is zero or the result leaves the range.
    #[must_use]
    pub fn mul_div(self, numerator: u128, denominator: u128, rounding: Rounding) -> Self {
        let magnitude = mul_div(self.0.unsigned_abs(), numerator, denominator, rounding);
        let magnitude = i128::try_from(magnitude).expect(OVERFLOW);
        Self(if self.0 < 0 { -magnitude } else { magnitude })
    }

    /// This amount, counted so many times.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.checked_mul(i128::from(count)).expect(OVERFLOW))
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect(OVERFLOW))
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect(OVERFLOW))
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.checked_neg().expect(OVERFLOW))
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl<'a> Sum<&'a Self> for Amount {
    fn sum<I: Iterator<Item = &'a Self>>(amounts: I) -> Self {
        amounts.copied().sum()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_a_debt_rounds_by_magnitude() {
        let half = Fraction::from_percent(50);
        let debt = Amount::from_base_units(-5);
        assert_eq!(debt.share(half, Rounding::Down), Amount::from_base_units(-2));
        assert_eq!(debt.share(half, Rounding::Up), Amount::from_base_units(-3));
    }

    #[test]
    #[should_panic(expected = "left the range")]
    fn an_overflow_is_loud() {
        let _ = Amount::from_base_units(i128::MAX) + Amount::from_base_units(1);
    }
}
