//! Powers of ratios and of two, as wide fixed-point numbers.
//!
//! Invariant: a value is within 2^-200 of the true one, in proportion, so that a product with any supply of coins
//! differs from the true one only where that lies within 10^-20 base units of a whole number.

use num_bigint::BigUint;

/// Binary places of every number here.
pub const PLACES: u64 = 256;

/// A non-negative number in parts of 2^256.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wide(BigUint);

impl Wide {
    /// One.
    #[must_use]
    pub fn one() -> Self {
        Self(BigUint::from(1u32) << PLACES)
    }

    /// `numerator/denominator`, rounded down.
    ///
    /// # Panics
    /// When the denominator is zero.
    #[must_use]
    pub fn ratio(numerator: u128, denominator: u128) -> Self {
        assert!(denominator > 0, "a ratio to nothing");
        Self((BigUint::from(numerator) << PLACES) / denominator)
    }

    /// The product, rounded down.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self((&self.0 * &other.0) >> PLACES)
    }

    /// The number to a whole power, by repeated squaring.
    #[must_use]
    pub fn power(&self, exponent: u64) -> Self {
        let (mut base, mut rest, mut result) = (self.clone(), exponent, Self::one());
        while rest > 0 {
            if rest & 1 == 1 {
                result = result.times(&base);
            }
            rest >>= 1;
            if rest > 0 {
                base = base.times(&base);
            }
        }
        result
    }

    /// The number times a whole one, rounded down to a whole one.
    ///
    /// # Panics
    /// When the result leaves 127 bits: more coins than any ledger holds.
    #[must_use]
    pub fn of(&self, whole: u128) -> i128 {
        i128::try_from((&self.0 * whole) >> PLACES).expect("a product left the range of amounts")
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    /// The difference, or zero where the other is larger.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        if self.0 > other.0 {
            Self(&self.0 - &other.0)
        } else {
            Self(BigUint::default())
        }
    }

    /// The quotient, rounded down.
    ///
    /// # Panics
    /// When the divisor is zero.
    #[must_use]
    pub fn over(&self, divisor: &Self) -> Self {
        Self((&self.0 << PLACES) / &divisor.0)
    }
}

/// `2^(-numerator/denominator)` for a fraction of any size: the whole part shifts, the rest is a series.
///
/// ```text
/// e^(-x) = Σ (-x)^k / k!,   x = (numerator mod denominator)/denominator · ln 2
/// ```
///
/// # Panics
/// When the denominator is zero.
#[must_use]
pub fn half_power(numerator: u128, denominator: u128) -> Wide {
    let (whole, rest) = (numerator / denominator, numerator % denominator);
    let x = Wide::ratio(rest, denominator).times(&ln_2());
    let (mut even, mut odd, mut term) = (Wide::one(), Wide(BigUint::default()), Wide::one());
    for k in 1..=80_u32 {
        term = Wide(term.times(&x).0 / k);
        if k % 2 == 0 {
            even = even.plus(&term);
        } else {
            odd = odd.plus(&term);
        }
    }
    let shift = u64::try_from(whole).unwrap_or(u64::MAX).min(PLACES);
    Wide(even.minus(&odd).0 >> shift)
}

/// `2^(numerator/denominator)`: the reciprocal of [`half_power`].
#[must_use]
pub fn double_power(numerator: u128, denominator: u128) -> Wide {
    Wide::one().over(&half_power(numerator, denominator))
}

/// ln 2 = Σ 1/(k·2^k).
fn ln_2() -> Wide {
    let one = BigUint::from(1u32) << PLACES;
    Wide((1..=PLACES as u32).map(|k| (&one >> k) / k).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ln_2_has_its_first_thirty_digits() {
        let digits = ln_2().of(10_u128.pow(30));
        assert_eq!(digits, 693_147_180_559_945_309_417_232_121_458);
    }

    #[test]
    fn twelve_twelfths_of_a_halving_are_a_halving() {
        let twelfth = half_power(1, 12);
        let whole = twelfth.power(12).of(10_u128.pow(30));
        assert!((whole - 5 * 10_i128.pow(29)).abs() <= 1, "{whole}");
        assert_eq!(half_power(3, 1).of(800), 100);
        assert_eq!(double_power(3, 1).of(100), 800);
    }

    #[test]
    fn the_square_root_of_a_half_comes_out() {
        assert_eq!(half_power(1, 2).of(10_u128.pow(20)), 70_710_678_118_654_752_440);
    }
}
