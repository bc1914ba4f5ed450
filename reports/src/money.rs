//! Base units as a reader wants to see them.

/// Base units in one coin.
pub const BASE_UNITS_PER_COIN: i128 = 1_000_000_000;

/// Decimal digits of a coin in base units.
pub const DIGITS: u32 = 9;

/// Coins with grouped thousands and three decimals, more of an amount below one coin, rounded half away from zero:
/// `38 627.453 GNK`, `0.5269 GNK`.
pub fn shown(base_units: i128) -> String {
    let magnitude = base_units.unsigned_abs();
    let decimals = match magnitude {
        0 | 1_000_000_000.. => 3,
        10_000_000.. => 4,
        100_000.. => 6,
        _ => DIGITS,
    };
    let (whole, rest) = rounded(magnitude, decimals);
    let sign = if base_units < 0 { "−" } else { "" };
    let width = decimals as usize;
    format!("{sign}{}.{rest:0width$} GNK", grouped(whole))
}

/// An amount with so many decimals of a coin, nine at most, rounded half up: whole coins, and the digits after the point.
pub fn rounded(base_units: u128, decimals: u32) -> (u128, u128) {
    let (one, cut) = (10_u128.pow(decimals), 10_u128.pow(DIGITS - decimals));
    let rounded = base_units / cut + u128::from(2 * (base_units % cut) >= cut && cut > 1);
    (rounded / one, rounded % one)
}

/// A whole number with a thin space between groups of three digits.
pub fn grouped(number: u128) -> String {
    grouped_by(number, '\u{202f}')
}

/// A whole number with a separator between groups of three digits.
pub fn grouped_by(number: u128, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// Base units as coins for an axis, where sixteen digits are plenty.
pub fn as_coins(base_units: i128) -> f64 {
    base_units as f64 / BASE_UNITS_PER_COIN as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coins_are_rounded_and_grouped_and_small_amounts_keep_four_digits() {
        assert_eq!(shown(38_627_452_617_213), "38\u{202f}627.453 GNK");
        assert_eq!(shown(-1_999_999), "−0.002000 GNK");
        assert_eq!(shown(526_933_891), "0.5269 GNK");
        assert_eq!(shown(47_547_032), "0.0475 GNK");
        assert_eq!(shown(999_999_999), "1.0000 GNK");
        assert_eq!(shown(7), "0.000000007 GNK");
        assert_eq!(shown(0), "0.000 GNK");
        assert_eq!(
            shown(i128::MIN).chars().filter(char::is_ascii_digit).count(),
            30 + 3
        );
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(999), "999");
    }
}
