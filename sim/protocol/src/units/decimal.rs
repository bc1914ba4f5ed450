//! Signed fixed-point numbers with eighteen decimals, with the logarithm and its kin.
//!
//! Invariant: integer arithmetic only, so a value has the same digits on every platform.

use super::{Fraction, Rounding, checked_mul_div};
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::str::FromStr;

const SCALE: i128 = 1_000_000_000_000_000_000;
const DIGITS: usize = 18;
/// ln 2 to eighteen decimals.
const LN_2: i128 = 693_147_180_559_945_309;
/// Above this the exponential may leave the range; 2^66 is 7.4e19.
const EXP_MAX: i128 = 45 * SCALE;
/// Below this the exponential is under half of the last digit.
const EXP_MIN: i128 = -43 * SCALE;
const OVERFLOW: &str = "a decimal left the range of 128-bit integers";

/// A signed number with eighteen decimals: logarithms, and parameters that may exceed one.
///
/// The range is about ±1.7·10^20. Products and quotients round half to even.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(SCALE);

    /// So many parts of 10^18.
    #[must_use]
    pub const fn from_parts(parts: i128) -> Self {
        Self(parts)
    }

    /// Parts of 10^18.
    #[must_use]
    pub const fn parts(self) -> i128 {
        self.0
    }

    /// A whole number.
    #[must_use]
    pub const fn from_integer(whole: i64) -> Self {
        Self(whole as i128 * SCALE)
    }

    /// `numerator/denominator`, to the nearest part.
    ///
    /// # Panics
    /// When the denominator is zero or the ratio leaves the range.
    #[must_use]
    pub fn from_ratio(numerator: i128, denominator: i128) -> Self {
        Self(scale(numerator, SCALE, denominator))
    }

    /// The largest whole number not above this one.
    #[must_use]
    pub const fn floor(self) -> i128 {
        self.0.div_euclid(SCALE)
    }

    /// The smallest whole number not below this one.
    #[must_use]
    pub const fn ceil(self) -> i128 {
        -(-self.0).div_euclid(SCALE)
    }

    /// This number as a share: zero below zero, one above one.
    #[must_use]
    pub fn clamp_to_fraction(self) -> Fraction {
        Fraction::from_parts(self.0.clamp(0, SCALE) as u64)
    }

    /// Whether this number is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The natural logarithm; the error is at most 1e-15.
    ///
    /// ```text
    /// x = m·2^k, m in [2/3, 4/3):   ln x = k·ln 2 + 2·atanh((m-1)/(m+1))
    /// ```
    ///
    /// # Panics
    /// At zero and below.
    #[must_use]
    pub fn ln(self) -> Self {
        assert!(self.0 > 0, "the logarithm of a number that is not positive");
        let (mut mantissa, mut exponent) = (self.0, 0i128);
        while mantissa >= SCALE / 3 * 4 {
            // Half to nearest, so that many halvings do not all err to the same side.
            mantissa = (mantissa >> 1) + (mantissa & 1);
            exponent += 1;
        }
        while mantissa < SCALE / 3 * 2 {
            mantissa <<= 1;
            exponent -= 1;
        }
        Self(exponent * LN_2 + 2 * compute_atanh(scale(mantissa - SCALE, SCALE, mantissa + SCALE)))
    }

    /// The exponential; the error is at most 1e-15, or 1e-15 of the value where that is above one.
    ///
    /// ```text
    /// x = k·ln 2 + r, |r| <= ln(2)/2:   e^x = 2^k·Σ r^n/n!
    /// ```
    ///
    /// # Panics
    /// Above 45, where the value leaves the range.
    #[must_use]
    pub fn exp(self) -> Self {
        assert!(self.0 <= EXP_MAX, "{OVERFLOW}");
        if self.0 < EXP_MIN {
            return Self::ZERO;
        }
        let doublings = (2 * self.0 + LN_2).div_euclid(2 * LN_2);
        let rest = self.0 - doublings * LN_2;
        let (mut sum, mut term) = (SCALE, SCALE);
        for n in 1..=24 {
            term = scale(term, rest, SCALE * n);
            sum += term;
        }
        Self(if doublings >= 0 {
            sum << doublings
        } else {
            (sum + (1 << (-doublings - 1))) >> -doublings
        })
    }

    /// The hyperbolic tangent; the error is at most 1e-15.
    ///
    /// ```text
    /// tanh x = (1 - e^(-2x))/(1 + e^(-2x))   for x >= 0, and odd
    /// ```
    #[must_use]
    pub fn tanh(self) -> Self {
        // At 22 the distance to one is below the last digit.
        let magnitude = self.0.abs().min(22 * SCALE);
        let decay = Self(-2 * magnitude).exp().0;
        let value = scale(SCALE - decay, SCALE, SCALE + decay);
        Self(if self.0 < 0 { -value } else { value })
    }
}

/// The inverse hyperbolic tangent for arguments of at most a fifth, by its series.
fn compute_atanh(x: i128) -> i128 {
    let square = scale(x, x, SCALE);
    let (mut power, mut sum, mut n) = (x, 0, 1);
    while power != 0 {
        sum += (power + power.signum() * (n / 2)) / n;
        power = scale(power, square, SCALE);
        n += 2;
    }
    sum
}

/// `a·b/c` with signs, half to even.
fn scale(a: i128, b: i128, c: i128) -> i128 {
    assert!(c != 0, "a decimal divided by zero");
    let magnitude = checked_mul_div(
        a.unsigned_abs(),
        b.unsigned_abs(),
        c.unsigned_abs(),
        Rounding::HalfEven,
    )
    .and_then(|value| i128::try_from(value).ok())
    .expect(OVERFLOW);
    let is_negative = (a < 0) ^ (b < 0) ^ (c < 0);
    if is_negative { -magnitude } else { magnitude }
}

impl From<Fraction> for Decimal {
    fn from(part: Fraction) -> Self {
        Self(i128::from(part.parts()))
    }
}

impl Add for Decimal {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect(OVERFLOW))
    }
}

impl Sub for Decimal {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect(OVERFLOW))
    }
}

impl Neg for Decimal {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.checked_neg().expect(OVERFLOW))
    }
}

impl Mul for Decimal {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(scale(self.0, other.0, SCALE))
    }
}

impl Div for Decimal {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        Self(scale(self.0, SCALE, other.0))
    }
}

/// A text that is no decimal number, or one with more than eighteen decimals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number with at most 18 decimals")]
pub struct ParseDecimalError(String);

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    /// Reads `-12.5`, `0.05`, `1e-6`.
    fn from_str(text: &str) -> Result<Self, ParseDecimalError> {
        parse(text)
            .map(Self)
            .ok_or_else(|| ParseDecimalError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<i128> {
    let (body, exponent) = match text.split_once(['e', 'E']) {
        Some((body, exponent)) => (body, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (is_negative, body) = match body.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, body),
    };
    let (whole, decimals) = body.split_once('.').unwrap_or((body, ""));
    let is_number = !(whole.is_empty() && decimals.is_empty())
        && whole.chars().chain(decimals.chars()).all(|c| c.is_ascii_digit());
    if !is_number || text.len() > 64 {
        return None;
    }
    let digits: i128 = format!("{whole}{decimals}").parse().ok()?;
    let shift = DIGITS as i32 - decimals.len() as i32 + exponent;
    let parts = if shift >= 0 {
        digits.checked_mul(10i128.checked_pow(shift as u32)?)?
    } else {
        let divisor = 10i128.checked_pow(shift.unsigned_abs())?;
        (digits % divisor == 0).then_some(digits / divisor)?
    };
    Some(if is_negative { -parts } else { parts })
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let (whole, rest) = (magnitude / SCALE as u128, magnitude % SCALE as u128);
        let digits = format!("{rest:018}");
        let digits = digits.trim_end_matches('0');
        let point = if digits.is_empty() { "" } else { "." };
        f.pad_integral(self.0 >= 0, "", &format!("{whole}{point}{digits}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn assert_near(actual: Decimal, expected: &str) {
        let gap = (actual - decimal(expected)).parts().abs();
        assert!(gap <= 1_000, "{actual} is {gap}e-18 from {expected}");
    }

    // Expected values: 30-digit tables of the functions, cut to eighteen decimals.
    #[test]
    fn logarithms_hold_to_fifteen_decimals() {
        let table = [
            ("1", "0"),
            ("2", "0.693147180559945309"),
            ("10", "2.302585092994045684"),
            ("0.5", "-0.693147180559945309"),
            ("0.1", "-2.302585092994045684"),
            ("3", "1.098612288668109691"),
            ("7", "1.945910149055313305"),
            ("100000", "11.512925464970228420"),
            ("0.000001", "-13.815510557964274104"),
            ("0.95", "-0.051293294387550533"),
            ("1.5", "0.405465108108164382"),
        ];
        for (x, expected) in table {
            assert_near(decimal(x).ln(), expected);
        }
    }

    #[test]
    fn exponentials_hold_to_fifteen_decimals() {
        let table = [
            ("0", "1"),
            ("1", "2.718281828459045235"),
            ("-1", "0.367879441171442322"),
            ("0.5", "1.648721270700128147"),
            ("-10", "0.000045399929762485"),
            ("-0.000475", "0.999525112794640230"),
            ("-50", "0"),
        ];
        for (x, expected) in table {
            assert_near(decimal(x).exp(), expected);
        }
    }

    #[test]
    fn the_hyperbolic_tangent_holds_to_fifteen_decimals() {
        let table = [
            ("0", "0"),
            ("0.5", "0.462117157260009758"),
            ("1", "0.761594155955764888"),
            ("-1", "-0.761594155955764888"),
            ("2", "0.964027580075816884"),
            ("10", "0.999999995877692764"),
            ("1000000", "1"),
        ];
        for (x, expected) in table {
            assert_near(decimal(x).tanh(), expected);
        }
    }

    #[test]
    fn the_exponential_undoes_the_logarithm() {
        for n in 1..2_000i64 {
            let x = Decimal::from_ratio(i128::from(n * n), 997);
            let gap = (x.ln().exp() - x).parts().abs();
            assert!(gap * SCALE <= 1_000 * x.parts().max(SCALE), "at {x}: {gap}");
        }
    }

    #[test]
    fn a_logarithm_turns_products_into_sums() {
        for n in 1..500i64 {
            let (a, b) = (
                Decimal::from_ratio(i128::from(n), 64),
                Decimal::from_integer(n + 3),
            );
            assert!(((a * b).ln() - a.ln() - b.ln()).parts().abs() <= 1_000);
        }
    }

    #[test]
    fn a_decimal_reads_back_what_it_writes() {
        for text in [
            "0",
            "1",
            "-1",
            "0.05",
            "-12.000000000000000001",
            "1000000",
            "0.549846243777409600",
        ] {
            let value = decimal(text);
            assert_eq!(decimal(&value.to_string()), value);
        }
        assert_eq!(decimal("1e-6"), decimal("0.000001"));
        assert_eq!(decimal("2.5e3"), decimal("2500"));
        assert_eq!(decimal("-0.5").to_string(), "-0.5");
        for text in [
            "", "-", ".", "1.2.3", "0x1", "1e-19", "1e99", "nan", "+1", "--1", "1 ",
        ] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }

    #[test]
    fn floor_and_ceiling_follow_the_number_line() {
        assert_eq!((decimal("-0.5").floor(), decimal("-0.5").ceil()), (-1, 0));
        assert_eq!((decimal("2.5").floor(), decimal("2.5").ceil()), (2, 3));
        assert_eq!((decimal("3").floor(), decimal("3").ceil()), (3, 3));
    }
}
