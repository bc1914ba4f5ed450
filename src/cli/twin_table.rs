//! Owners that do not follow the rules, beside their honest twins.

use std::cmp::Ordering;

use stakeout_engine::experiment::twins::TwinLine;
use stakeout_engine::observe::figure::{Figure, Number};

use super::table::{Cell, Table};

/// One row an owner: profit as it was, profit of the twin, and what deviating was worth. Of a run of many `replicates`
/// the first ones have twins, and the title says so.
pub fn twin_table(twins: &[TwinLine], replicates: u32) -> Table {
    let paired = twins.iter().map(|twin| twin.gain.n).max().unwrap_or(0);
    let which = if paired < replicates {
        format!("; first {paired} of {replicates} replicates")
    } else {
        String::new()
    };
    let title =
        format!("Honest twins: the same run with that owner alone made honest (profit in base units{which})");
    let columns = [
        "owner",
        "hosts",
        "strategies",
        "profit",
        "honest twin",
        "gain",
        "from",
        "to",
        "n",
        "does it pay",
    ];
    let mut table = Table::new(&title, &columns);
    for twin in twins {
        let mean = |figure: &Figure| Cell::or_empty(figure.mean, cell);
        let (from, to) = twin
            .gain
            .interval
            .map_or((Cell::Empty, Cell::Empty), |[from, to]| (cell(from), cell(to)));
        table.push(vec![
            Cell::text(&twin.owner),
            Cell::count(twin.identities),
            Cell::text(twin.strategies.join(" + ")),
            mean(&twin.profit),
            mean(&twin.honest_profit),
            mean(&twin.gain),
            from,
            to,
            Cell::count(twin.gain.n),
            Cell::text(answer(&twin.gain)),
        ]);
    }
    table
}

/// Whether leaving the rules paid, as far as the interval of the gain says it.
fn answer(gain: &Figure) -> &'static str {
    let zero = |number: Number| match number {
        Number::Money(amount) => amount.cmp(&0),
        Number::Plain(value) => value.total_cmp(&0.0),
    };
    match gain.interval.map(|[low, high]| (zero(low), zero(high))) {
        Some((Ordering::Greater, _)) => "yes",
        Some((_, Ordering::Less)) => "no",
        Some(_) => "not clear",
        None => "one replicate does not say",
    }
}

fn cell(number: Number) -> Cell {
    match number {
        Number::Money(amount) => Cell::Money(amount),
        Number::Plain(value) => Cell::Real(value, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::format::Format;

    #[test]
    fn only_an_interval_without_zero_says_whether_it_pays() {
        for (gains, told) in [
            (&[30, 31, 32][..], "yes"),
            (&[-30, -31, -32], "no"),
            (&[-30, 31, 2], "not clear"),
            (&[30], "one replicate does not say"),
        ] {
            assert_eq!(answer(&Figure::money(gains.iter().copied())), told, "{gains:?}");
        }
    }

    #[test]
    fn a_run_of_which_only_the_first_replicates_have_twins_says_so() {
        let gain = Figure::money([-3, -5]);
        let twin = TwinLine {
            owner: "swapper-001".to_owned(),
            identities: 1,
            strategies: vec!["model_swapper".to_owned()],
            profit: gain,
            honest_profit: gain,
            gain,
        };
        let title = |replicates| twin_table(std::slice::from_ref(&twin), replicates).render(Format::Markdown);
        assert!(title(5).contains("first 2 of 5 replicates"), "{}", title(5));
        assert!(!title(2).contains("first 2"), "{}", title(2));
    }
}
