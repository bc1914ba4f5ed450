//! Base units as people read them on a terminal.
//!
//! Invariant: an amount is rounded, half away from zero, and never cut; tables for programs do not come here.

/// Decimal digits of one GNK in base units.
const DIGITS: usize = 9;
/// Digits that are shown of the largest amount of a column.
const SHOWN: usize = 6;

/// Decimals of GNK at which an amount of so many base units has six digits; two at least, nine at most.
pub fn decimals(base_units: u128) -> usize {
    let digits = base_units.checked_ilog10().map_or(1, |log| log as usize + 1);
    (DIGITS + SHOWN).saturating_sub(digits).clamp(2, DIGITS)
}

/// An amount in GNK with this many decimals and grouped thousands: `38,627.45`.
pub fn shown(base_units: i128, decimals: usize) -> String {
    let decimals = decimals.min(DIGITS);
    let cut = 10_u128.pow((DIGITS - decimals) as u32);
    let magnitude = base_units.unsigned_abs();
    let rounded = magnitude / cut + u128::from(magnitude % cut >= cut.div_ceil(2) && cut > 1);
    let one = 10_u128.pow(decimals as u32);
    let sign = if base_units < 0 && rounded > 0 { "-" } else { "" };
    let whole = (rounded / one).to_string();
    let mut text = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if decimals > 0 {
        text.push_str(&format!(".{:0decimals$}", rounded % one));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_rounded_and_never_cut() {
        assert_eq!(shown(526_933_891, 3), "0.527");
        assert_eq!(shown(-526_933_891, 6), "-0.526934");
        assert_eq!(shown(38_627_452_617_213, 9), "38,627.452617213");
        assert_eq!(shown(999_999_999_999, 2), "1,000.00");
        assert_eq!(shown(-4, 2), "0.00");
        assert_eq!(
            shown(i128::MIN, 2).chars().filter(char::is_ascii_digit).count(),
            32
        );
    }

    #[test]
    fn the_largest_amount_of_a_column_has_six_digits() {
        assert_eq!(decimals(526_933_891), 6);
        assert_eq!(decimals(4_045_760_200), 5);
        assert_eq!(decimals(264_274_331_557_164), 2);
        assert_eq!(decimals(7), 9);
        assert_eq!(decimals(0), 9);
    }
}
