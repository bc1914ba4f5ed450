//! Base units as a reader wants to see them.

/// Base units in one coin.
pub const BASE_UNITS_PER_COIN: i128 = 1_000_000_000;

/// Coins with grouped thousands and three decimals, cut toward zero: `38 627.452 GNK`.
pub fn shown(base_units: i128) -> String {
    let sign = if base_units < 0 { "−" } else { "" };
    let magnitude = base_units.unsigned_abs();
    let coin = BASE_UNITS_PER_COIN.unsigned_abs();
    let thousandths = magnitude % coin / (coin / 1_000);
    format!("{sign}{}.{thousandths:03} GNK", grouped(magnitude / coin))
}

/// A whole number with a thin space between groups of three digits.
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
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
    fn coins_are_cut_toward_zero_and_grouped() {
        assert_eq!(shown(38_627_452_617_213), "38\u{202f}627.452 GNK");
        assert_eq!(shown(-1_999_999), "−0.001 GNK");
        assert_eq!(shown(0), "0.000 GNK");
        assert_eq!(
            shown(i128::MIN).chars().filter(char::is_ascii_digit).count(),
            30 + 3
        );
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(999), "999");
    }
}
