//! What a sensitivity design says of a figure, as a table.
//!
//! Invariant: indices, effects and intervals are those that `stakeout sweep` prints, every digit of them.

use stakeout_engine::experiment::sweep::analysis::{self, Sensitivity};
use stakeout_engine::experiment::sweep::campaign::PointCells;
use stakeout_engine::experiment::sweep::plan::Plan;
use stakeout_statistics::Interval;
use stakeout_statistics::sensitivity::{MorrisEffect, SobolIndex, SobolIndices};

use crate::error::Failed;
use crate::table::{Cells, Table};

/// A row a factor of a screening design, a row an index of one of indices.
///
/// # Errors
/// Another design, or points without a value of the figure.
pub fn table(plan: &Plan, points: &[PointCells], figure: &str) -> Result<Table, Failed> {
    match analysis::sensitivity(plan, points, figure) {
        Some(Sensitivity::Morris(effects)) => morris(plan, &effects),
        Some(Sensitivity::Indices(found)) => indices(plan, &found),
        None => Err(match analysis::points_without(plan, points, figure) {
            0 => Failed::usage(
                "the design says nothing of which factor matters; `morris:10/4` and `indices:128` do",
            ),
            n => Failed::usage(format!(
                "{n} of {} points have no value of `{figure}`",
                plan.points.len()
            )),
        }),
    }
}

/// The two ends of intervals as columns.
fn ends(intervals: &[Option<Interval>]) -> [(String, Cells); 2] {
    let low = intervals.iter().map(|interval| interval.map(|i| i.low)).collect();
    let high = intervals
        .iter()
        .map(|interval| interval.map(|i| i.high))
        .collect();
    [
        ("low".to_owned(), Cells::Real(low)),
        ("high".to_owned(), Cells::Real(high)),
    ]
}

fn morris(plan: &Plan, effects: &[MorrisEffect]) -> Result<Table, Failed> {
    let real = |of: fn(&MorrisEffect) -> f64| Cells::reals(effects.iter().map(of));
    let intervals: Vec<Option<Interval>> = effects.iter().map(|effect| effect.interval).collect();
    let mut columns = vec![
        ("factor".to_owned(), Cells::words(&plan.factors)),
        ("mean_absolute".to_owned(), real(|effect| effect.mean_absolute)),
    ];
    columns.extend(ends(&intervals));
    columns.push(("mean".to_owned(), real(|effect| effect.mean)));
    columns.push(("deviation".to_owned(), real(|effect| effect.deviation)));
    Table::new("effects", columns)
}

fn indices(plan: &Plan, found: &SobolIndices) -> Result<Table, Failed> {
    let names = &plan.factors;
    let of_factors =
        |kind: &'static str, indices: &[SobolIndex]| -> Vec<(&'static str, String, SobolIndex)> {
            let named = names.iter().zip(indices);
            named.map(|(name, index)| (kind, name.clone(), *index)).collect()
        };
    let mut rows = of_factors("first", &found.first);
    rows.extend(of_factors("total", &found.total));
    let pairs = found.second.iter();
    rows.extend(pairs.map(|(i, j, index)| ("second", format!("{} x {}", names[*i], names[*j]), *index)));
    let intervals: Vec<Option<Interval>> = rows.iter().map(|(_, _, index)| index.interval).collect();
    let mut columns = vec![
        (
            "index".to_owned(),
            Cells::words(rows.iter().map(|(kind, ..)| *kind)),
        ),
        (
            "factor".to_owned(),
            Cells::words(rows.iter().map(|(_, factor, _)| factor.as_str())),
        ),
        (
            "share".to_owned(),
            Cells::reals(rows.iter().map(|(_, _, index)| index.share)),
        ),
    ];
    columns.extend(ends(&intervals));
    let halves = rows.iter().map(|(_, _, index)| index.from_half);
    columns.push(("from_half".to_owned(), Cells::reals(halves)));
    Table::new("indices", columns)
}
