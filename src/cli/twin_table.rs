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
        format!("; first {paired} of {replicates} replicates, --twins {replicates} for all")
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
        "% of honest",
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
            Cell::or_empty(share(twin.gain.mean, twin), |share| Cell::Real(100.0 * share, 2)),
            Cell::count(twin.gain.n),
            Cell::text(answer(twin)),
        ]);
    }
    table.note(format!(
        "It pays where the interval of the gain, in which replicates are paired with their twins, lies above nothing. \
         `stakeout solve` tolerates a gain: it asks whether one is surely below a share of the honest profit, often {} %.",
        100.0 * SMALL
    ));
    table
}

/// A gain below this share of the honest profit is called small.
const SMALL: f64 = 0.01;

/// An amount as a share of what the honest twin earned; none where that is nothing.
fn share(amount: Option<Number>, twin: &TwinLine) -> Option<f64> {
    let honest = plain(twin.honest_profit.mean?);
    (honest > 0.0).then(|| amount.map(|amount| plain(amount) / honest))?
}

fn plain(number: Number) -> f64 {
    match number {
        Number::Money(amount) => amount as f64,
        Number::Plain(value) => value,
    }
}

/// Whether leaving the rules paid, as far as the interval of the gain says it.
fn answer(twin: &TwinLine) -> &'static str {
    let gain = &twin.gain;
    let is_small = share(gain.interval.map(|[_, high]| high), twin).is_some_and(|share| share < SMALL);
    let zero = |number: Number| match number {
        Number::Money(amount) => amount.cmp(&0),
        Number::Plain(value) => value.total_cmp(&0.0),
    };
    match gain.interval.map(|[low, high]| (zero(low), zero(high))) {
        Some((Ordering::Greater, _)) if is_small => "yes, less than 1 %",
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

    fn twin(gain: Figure, honest: i128) -> TwinLine {
        TwinLine {
            owner: "swapper-001".to_owned(),
            identities: 1,
            strategies: vec!["model_swapper".to_owned()],
            profit: gain,
            honest_profit: Figure::money([honest]),
            gain,
        }
    }

    #[test]
    fn only_an_interval_without_zero_says_whether_it_pays_and_a_small_gain_is_called_small() {
        for (gains, honest, told) in [
            (&[30, 31, 32][..], 100, "yes"),
            (&[30, 31, 32][..], 0, "yes"),
            (&[30, 31, 32][..], 1_000_000, "yes, less than 1 %"),
            (&[-30, -31, -32], 100, "no"),
            (&[-30, 31, 2], 100, "not clear"),
            (&[30], 100, "one replicate does not say"),
        ] {
            let twin = twin(Figure::money(gains.iter().copied()), honest);
            assert_eq!(answer(&twin), told, "{gains:?} over {honest}");
        }
    }

    #[test]
    fn a_run_of_which_only_the_first_replicates_have_twins_says_so_and_how_all_get_them() {
        let twin = twin(Figure::money([-3, -5]), 100);
        let title = |replicates| twin_table(std::slice::from_ref(&twin), replicates).render(Format::Markdown);
        assert!(
            title(5).contains("first 2 of 5 replicates, --twins 5 for all"),
            "{}",
            title(5)
        );
        assert!(!title(2).contains("first 2"), "{}", title(2));
    }
}
