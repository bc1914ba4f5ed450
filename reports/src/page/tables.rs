//! The tables of the page.

use super::html::{Cell, table};
use crate::money;
use crate::run::{Figure, Number, Run, Summary};
use crate::sweep::{Estimate, leading_number, unit};

/// Owners shown; the rest are in `summary.json`.
const OWNERS_SHOWN: usize = 30;

/// Rows that stand open; more are folded, so that the pictures are seen.
const ROWS_OPEN: usize = 24;

/// A table of so many rows, folded where there are many; `what` they are.
pub fn folded(table: String, rows: usize, what: &str) -> String {
    match rows > ROWS_OPEN {
        true => format!("<details><summary>{rows} {what}</summary>{table}</details>\n"),
        false => table,
    }
}

/// A number for people: four significant digits, whole from 1000 on, grouped.
pub fn number(value: f64) -> String {
    let magnitude = value.abs();
    let decimals = [(1_000.0, 0), (100.0, 1), (10.0, 2), (1.0, 3)]
        .iter()
        .find(|(from, _)| magnitude >= *from);
    let text = match decimals {
        _ if magnitude == 0.0 => return "0".to_string(),
        Some((_, 0)) if magnitude < 1e18 => money::grouped(magnitude.round() as u128),
        Some((_, places)) => format!("{magnitude:.places$}"),
        None if magnitude < 1e-6 => format!("{magnitude:.2e}"),
        None if (0.001..0.01).contains(&magnitude) => format!("{magnitude:.6}"),
        None => format!("{magnitude:.*}", if magnitude >= 0.01 { 4 } else { 7 }),
    };
    let text = match text.contains('.') && !text.contains('e') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    };
    if value < 0.0 { format!("−{text}") } else { text }
}

/// An estimate with its interval, where it has one.
pub(super) fn ranged(found: Estimate) -> String {
    match found.interval {
        Some((low, high)) => format!("{} ({} to {})", number(found.mean), number(low), number(high)),
        None => number(found.mean),
    }
}

/// A share with its interval, in percent.
pub(super) fn percent(found: Estimate) -> String {
    let found = found.times(100.0);
    match found.interval {
        Some((low, high)) => format!("{} % ({} to {})", number(found.mean), number(low), number(high)),
        None => format!("{} %", number(found.mean)),
    }
}

/// A label without the digits that a design drew and nobody reads.
pub(crate) fn tidy(label: &str) -> String {
    match leading_number(label) {
        Some(value) if label.len() > 9 => format!("{} {}", number(value), unit(label))
            .trim_end()
            .to_string(),
        _ => label.to_string(),
    }
}

pub(super) fn shown(number_of: &Number, unit: &str) -> String {
    match number_of {
        Number::Money(text) => text.parse().map_or_else(|_| text.clone(), money::shown),
        Number::Plain(value) if unit == "ns" => format!("{} ms", number(value / 1e6)),
        Number::Plain(value) if unit == "share" => format!("{} %", number(100.0 * value)),
        Number::Plain(value) => number(*value),
    }
}

pub(super) fn mean(figure: &Figure) -> Cell {
    Cell::Number(
        figure
            .mean
            .as_ref()
            .map_or("–".to_string(), |m| shown(m, &figure.unit)),
    )
}

pub(super) fn interval(figure: &Figure) -> Cell {
    // The unit once, behind the upper bound.
    let pair = |[low, high]: &[Number; 2]| {
        let (low, high) = (shown(low, &figure.unit), shown(high, &figure.unit));
        let unit = high.rsplit_once(' ').map_or("", |(_, unit)| unit);
        format!("{} to {high}", low.trim_end_matches(unit).trim_end())
    };
    Cell::Number(figure.interval.as_ref().map_or("–".to_string(), pair))
}

pub(super) fn text(words: &str) -> Cell {
    Cell::Text(words.to_string())
}

pub(super) fn count(n: impl ToString) -> Cell {
    Cell::Number(n.to_string())
}

/// Outcome of each strategy.
pub fn strategies_table(summary: &Summary) -> String {
    let header = [
        ("strategy", true),
        ("hosts", false),
        ("profit of all", false),
        ("interval", false),
        ("per weight and epoch", false),
        ("answers", false),
        ("substituted", false),
        ("invalidated", false),
        ("convicted", false),
    ];
    let row = |line: &crate::run::StrategyLine| {
        vec![
            text(&line.strategy),
            count(line.participants),
            mean(&line.profit),
            interval(&line.profit),
            per_weight(&line.profit_per_weight_epoch),
            mean(&line.inferences),
            mean(&line.cheated),
            mean(&line.invalidated),
            mean(&line.convicted),
        ]
    };
    table(&header, &summary.strategies.iter().map(row).collect::<Vec<_>>())
        + "<p class=\"quiet\">The profit of all is that of every host in the row together; the column that compares strategies is \
           the profit of one unit of weight through one epoch.</p>\n"
}

/// A mean of base units that is no whole number of them.
fn per_weight(figure: &Figure) -> Cell {
    let mean = figure.mean.as_ref().and_then(Number::as_float);
    Cell::Number(mean.map_or("–".to_string(), |units| format!("{} GNK", number(units / 1e9))))
}

/// Outcome of the owners, cheating ones first.
pub fn owners_table(summary: &Summary) -> String {
    let header = [
        ("owner", true),
        ("strategies", true),
        ("identities", false),
        ("profit", false),
        ("interval", false),
        ("convicted", false),
    ];
    let row = |line: &crate::run::OwnerLine| {
        vec![
            text(&line.owner),
            text(&line.strategies.join(", ")),
            count(line.identities),
            mean(&line.profit),
            interval(&line.profit),
            mean(&line.convicted),
        ]
    };
    let rows: Vec<_> = summary.owners.iter().take(OWNERS_SHOWN).map(row).collect();
    let rest = summary.owners.len().saturating_sub(OWNERS_SHOWN) + summary.owners_omitted;
    let note = match rest {
        0 => String::new(),
        n => format!("<p class=\"quiet\">{n} further owners are not shown.</p>\n"),
    };
    table(&header, &rows) + &note
}

/// Every network-wide figure.
pub fn figures_table(summary: &Summary) -> String {
    let header = [
        ("figure", true),
        ("mean", false),
        ("interval", false),
        ("n", false),
    ];
    let row = |(name, figure): (&String, &Figure)| {
        let name = name.trim_end_matches("_ns").replace('_', " ");
        vec![Cell::Text(name), mean(figure), interval(figure), count(figure.n)]
    };
    table(&header, &summary.figures.iter().map(row).collect::<Vec<_>>())
}

/// The files that the page was made from.
pub fn files_table(run: &Run) -> String {
    let header = [("file", true), ("bytes", false), ("blake3", true)];
    let row = |file: &stakeout_engine::observe::manifest::FileEntry| {
        vec![
            text(&file.name),
            Cell::Number(money::grouped(u128::from(file.bytes))),
            text(&file.blake3),
        ]
    };
    table(&header, &run.manifest.files.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_about_four_digits() {
        let cases = [
            (0.0, "0"),
            (12.5, "12.5"),
            (-3.0, "−3"),
            (0.043_21, "0.0432"),
            (1_234_567.4, "1\u{202f}234\u{202f}567"),
            (999.96, "1000"),
            (0.000_000_1, "1.00e-7"),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected);
        }
    }
}
