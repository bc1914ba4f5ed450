//! The values of events as people read them: coins in GNK, times in seconds, shares as decimals.
//!
//! **Invariant.** No digit is lost: what is shown is the value itself, its last zeros left out.

use super::event::status_test::{CHECK_COUNTS, FAILED_CHECKS, FAILURES_IN_A_ROW, MISSED_REQUESTS};
use super::event::{Event, EventKind};

/// A value and what it is, in the unit that its meaning names.
fn spoken_value(value: i64, meaning: &'static str) -> (String, &'static str) {
    let value = i128::from(value);
    match meaning.rsplit_once(", ") {
        Some((what, "base units")) => (gnk(value), what),
        Some((what, "base units per model token")) => (gnk(value) + " a model token", what),
        Some((what, "ns")) => (decimal(value, 9) + " s", what),
        Some((what, "parts per 10^9")) => (decimal(value, 9), what),
        _ => (value.to_string(), meaning),
    }
}

/// Both figures of an event with the unit in which people read them, and what each is, without the unit of the log: 735000 as
/// "refund, base units" is `0.000735 GNK`, "refund". A figure whose meaning names no unit stays as it is; those of a status
/// test are told by what the test keeps.
pub fn spoken_values(event: &Event) -> [(String, &'static str); 2] {
    let sums = || [event.value, event.second].map(|sum| decimal(i128::from(sum), 12));
    let counts = || [event.value, event.second].map(|count| count.to_string());
    let (figures, meanings) = match (event.kind, event.other) {
        (EventKind::TestMoved, FAILED_CHECKS | MISSED_REQUESTS) => (sums(), ["sum after", "sum before"]),
        (EventKind::TestMoved, FAILURES_IN_A_ROW) => (counts(), ["failures in a row", "before"]),
        (EventKind::TestMoved, CHECK_COUNTS) => (counts(), ["failed checks", "passed checks"]),
        (kind, _) => {
            let second = spoken_value(event.second, kind.second_meaning());
            return [spoken_value(event.value, kind.value_meaning()), second];
        }
    };
    let [value, second] = figures;
    [(value, meanings[0]), (second, meanings[1])]
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
    fn the_figures_of_a_status_test_are_told_by_what_it_keeps() {
        for (test, value, second, told) in [
            (
                FAILED_CHECKS,
                1_250_000_000_000,
                -5,
                "sum after 1.25, sum before -0.000000000005",
            ),
            (MISSED_REQUESTS, 0, 3, "sum after 0, sum before 0.000000000003"),
            (FAILURES_IN_A_ROW, 2, 1, "failures in a row 2, before 1"),
            (CHECK_COUNTS, 4, 90, "failed checks 4, passed checks 90"),
        ] {
            let event = Event::at(EventKind::TestMoved, 1, 1)
                .with(test)
                .figures(value, second);
            let [(value, meaning), (second, its_meaning)] = spoken_values(&event);
            assert_eq!(format!("{meaning} {value}, {its_meaning} {second}"), told);
        }
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
