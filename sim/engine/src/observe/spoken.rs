//! The values of events as people read them: coins in GNK, times in seconds, shares as decimals.
//!
//! **Invariant.** No digit is lost: what is shown is the value itself, its last zeros left out.

/// A value with the unit in which people read it, and what it is, without the unit of the log: 735000 as "refund, base
/// units" is `0.000735 GNK`, "refund". A value whose meaning names no unit stays as it is.
pub fn spoken_value(value: i64, meaning: &'static str) -> (String, &'static str) {
    let value = i128::from(value);
    match meaning.rsplit_once(", ") {
        Some((what, "base units")) => (gnk(value), what),
        Some((what, "base units per model token")) => (gnk(value) + " a model token", what),
        Some((what, "ns")) => (decimal(value, 9) + " s", what),
        Some((what, "parts per 10^9")) => (decimal(value, 9), what),
        _ => (value.to_string(), meaning),
    }
}

/// Base units as coins: `0.000735 GNK`.
pub fn gnk(base_units: i128) -> String {
    decimal(base_units, 9) + " GNK"
}

/// An integer of so many decimals, without its last zeros.
pub fn decimal(parts: i128, decimals: usize) -> String {
    let sign = if parts < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", parts.unsigned_abs(), width = decimals + 1);
    let (whole, rest) = digits.split_at(digits.len() - decimals);
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::event::EventKind;

    #[test]
    fn fixed_points_lose_their_last_zeros_and_nothing_else() {
        let shown = [
            decimal(958_000_000, 9),
            decimal(-5, 12),
            decimal(0, 9),
            decimal(3_000, 3),
        ];
        assert_eq!(shown, ["0.958", "-0.000000000005", "0", "3"]);
        assert_eq!(gnk(i128::MIN), "-170141183460469231731687303715.884105728 GNK");
    }

    #[test]
    fn a_unit_of_the_log_becomes_one_of_people_and_a_plain_number_stays() {
        let spoken = |kind: EventKind, value| spoken_value(value, kind.value_meaning());
        let told = |(value, meaning): (String, &str)| format!("{meaning}: {value}");
        assert_eq!(
            told(spoken(EventKind::Finished, 735_000)),
            "payment: 0.000735 GNK"
        );
        assert_eq!(
            told(spoken(EventKind::Served, 1_500_000_000)),
            "waiting time: 1.5 s"
        );
        assert_eq!(told(spoken(EventKind::Passed, 958_000_000)), "similarity: 0.958");
        assert_eq!(
            told(spoken_value(1_000, EventKind::Started.second_meaning())),
            "price: 0.000001 GNK a model token"
        );
        assert_eq!(told(spoken(EventKind::WeightSet, 40)), "weight: 40");
        assert_eq!(
            told(spoken(EventKind::StatusChanged, 2)),
            "status: 0 ramping, 1 active, 2 invalid, 3 inactive: 2"
        );
    }
}
