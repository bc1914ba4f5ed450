//! Base units as people read them on a terminal.
//!
//! Invariant: an amount is rounded, half away from zero, and never cut; tables for programs do not come here.

use stakeout_reports::money::{DIGITS, grouped_by, rounded};

/// Digits that are shown of the largest amount of a column.
const SHOWN: u32 = 6;

/// Decimals of GNK at which an amount of so many base units has six digits; two at least, nine at most.
pub fn decimals(base_units: u128) -> u32 {
    let digits = base_units.checked_ilog10().map_or(1, |log| log + 1);
    (DIGITS + SHOWN).saturating_sub(digits).clamp(2, DIGITS)
}

/// An amount in GNK with this many decimals, one at least, and grouped thousands: `38,627.45`.
pub fn shown(base_units: i128, decimals: u32) -> String {
    let (whole, rest) = rounded(base_units.unsigned_abs(), decimals.clamp(1, DIGITS));
    let sign = if base_units < 0 && whole + rest > 0 {
        "-"
    } else {
        ""
    };
    let width = decimals as usize;
    format!("{sign}{}.{rest:0width$}", grouped_by(whole, ','))
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
