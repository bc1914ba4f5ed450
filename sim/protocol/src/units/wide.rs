//! `a·b/c` on unsigned integers, with a product that may need 256 bits.
//!
//! Invariant: the result is the exact quotient rounded as asked, or nothing.

use super::Rounding;

const HALF: u32 = 64;
const LOW: u128 = u64::MAX as u128;

/// `a·b/c`, rounded as asked.
///
/// # Panics
/// When `c` is zero or the quotient does not fit into 128 bits.
#[must_use]
pub fn mul_div(a: u128, b: u128, c: u128, rounding: Rounding) -> u128 {
    checked_mul_div(a, b, c, rounding).expect("a quotient left the range of 128-bit integers")
}

/// `a·b/c`, rounded as asked; `None` when `c` is zero or the quotient does not fit into 128 bits.
#[must_use]
pub fn checked_mul_div(a: u128, b: u128, c: u128, rounding: Rounding) -> Option<u128> {
    if c == 0 {
        return None;
    }
    let (quotient, remainder) = match a.checked_mul(b) {
        Some(product) => (product / c, product % c),
        None => divide_wide(multiply_wide(a, b), c)?,
    };
    let is_raised = match rounding {
        Rounding::Down => false,
        Rounding::Up => remainder > 0,
        Rounding::HalfEven => remainder > c - remainder || (remainder == c - remainder && quotient & 1 == 1),
    };
    quotient.checked_add(u128::from(is_raised))
}

/// The product as (high, low) halves of 128 bits each.
fn multiply_wide(a: u128, b: u128) -> (u128, u128) {
    let (a_high, a_low) = (a >> HALF, a & LOW);
    let (b_high, b_low) = (b >> HALF, b & LOW);
    let low = a_low * b_low;
    let cross = a_high * b_low + (low >> HALF);
    let middle = a_low * b_high + (cross & LOW);
    let high = a_high * b_high + (cross >> HALF) + (middle >> HALF);
    (high, (middle << HALF) | (low & LOW))
}

/// Long division, one bit at a time. Rare: only products above 128 bits come here.
fn divide_wide((high, low): (u128, u128), divisor: u128) -> Option<(u128, u128)> {
    if high >= divisor {
        return None;
    }
    let mut remainder = high;
    let mut quotient = 0u128;
    for bit in (0..u128::BITS).rev() {
        let carry = remainder >> (u128::BITS - 1);
        remainder = (remainder << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carry == 1 || remainder >= divisor {
            remainder = remainder.wrapping_sub(divisor);
            quotient |= 1;
        }
    }
    Some((quotient, remainder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_product_divides_back_exactly() {
        let values = [
            1u128,
            3,
            1 << 63,
            u128::from(u64::MAX),
            1 << 64,
            (1 << 100) + 7,
            u128::MAX - 1,
            u128::MAX,
        ];
        for a in values {
            for b in values {
                assert_eq!(mul_div(a, b, b, Rounding::Up), a);
                assert_eq!(mul_div(a, b, a, Rounding::HalfEven), b);
            }
        }
    }

    #[test]
    fn a_wide_quotient_agrees_with_big_integers() {
        use num_bigint::BigUint;
        let mut x = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C834_u128;
        let mut next = || {
            x = x
                .wrapping_mul(0xDA94_2042_E4DD_58B5_u128)
                .wrapping_add(0x5851_F42D_4C95_7F2D_1405_7B7E_F767_814F);
            x
        };
        for _ in 0..2_000 {
            let (a, b, c) = (
                next(),
                next() >> (next() % 100) as u32,
                next() >> (next() % 120) as u32,
            );
            let expected = BigUint::from(a) * BigUint::from(b) / BigUint::from(c);
            match checked_mul_div(a, b, c, Rounding::Down) {
                Some(quotient) => assert_eq!(BigUint::from(quotient), expected),
                None => assert!(expected > BigUint::from(u128::MAX)),
            }
        }
    }

    #[test]
    fn rounding_is_what_its_name_says() {
        let table = [
            (7, 2, 3, 4, 4),
            (5, 2, 2, 3, 2),
            (6, 2, 3, 3, 3),
            (10, 4, 2, 3, 2),
            (11, 4, 2, 3, 3),
        ];
        for (a, c, down, up, half_even) in table {
            assert_eq!(mul_div(a, 1, c, Rounding::Down), down);
            assert_eq!(mul_div(a, 1, c, Rounding::Up), up);
            assert_eq!(mul_div(a, 1, c, Rounding::HalfEven), half_even);
        }
    }

    #[test]
    fn a_division_by_zero_and_an_overflow_are_nothing() {
        assert_eq!(checked_mul_div(1, 1, 0, Rounding::Down), None);
        assert_eq!(checked_mul_div(u128::MAX, 2, 1, Rounding::Down), None);
        assert_eq!(checked_mul_div(u128::MAX, u128::MAX, 2, Rounding::Down), None);
    }
}
