//! A bonding curve: the price of a coin is a power of the supply.
//!
//! Invariant: whoever buys and sells the same coins again gets back at most what it paid.

use crate::units::Rounding;
use num_bigint::BigUint;

/// `price = slope·supply^exponent`, the slope as a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurveParams {
    /// Numerator of the slope.
    pub slope: u64,
    /// Denominator of the slope.
    pub slope_of: u64,
    /// The exponent.
    pub exponent: u32,
}

/// What it costs to raise the supply from one level to another, or what lowering it pays back.
///
/// ```text
/// slope·(to^(n+1) - from^(n+1))/(n+1)
/// ```
///
/// # Panics
/// When `to` is below `from`, the slope's denominator is zero, or the cost leaves the range.
#[must_use]
pub fn compute_cost(params: &CurveParams, from: u128, to: u128, rounding: Rounding) -> u128 {
    assert!(to >= from, "a supply that falls");
    let power = params.exponent + 1;
    let area = BigUint::from(to).pow(power) - BigUint::from(from).pow(power);
    let divisor = BigUint::from(params.slope_of) * power;
    let product = area * params.slope;
    let (quotient, rest) = (&product / &divisor, &product % &divisor);
    let raise = match rounding {
        Rounding::Down => false,
        Rounding::Up => rest > BigUint::default(),
        Rounding::HalfEven => &rest * 2u32 > divisor,
    };
    u128::try_from(quotient + u32::from(raise)).expect("a cost left the range")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_the_area_under_the_curve() {
        // m = 1e-6, n = 2, from 100 to 200 coins: 2.3333, here in parts of 10^4.
        let params = CurveParams {
            slope: 10_000,
            slope_of: 1_000_000,
            exponent: 2,
        };
        assert_eq!(compute_cost(&params, 100, 200, Rounding::Down), 23_333);
        assert_eq!(compute_cost(&params, 100, 200, Rounding::Up), 23_334);
        assert_eq!(compute_cost(&params, 7, 7, Rounding::Up), 0);
    }
}
