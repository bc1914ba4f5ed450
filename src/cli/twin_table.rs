//! Owners that do not follow the rules, beside their honest twins.

use stakeout_engine::experiment::twins::TwinLine;
use stakeout_engine::observe::figure::{Figure, Number};

use super::table::{Cell, Table};

/// One row an owner: profit as it was, profit of the twin, and what deviating was worth.
pub fn twin_table(twins: &[TwinLine]) -> Table {
    let title = "Honest twins: the same run with that owner alone made honest (profit in base units)";
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
    ];
    let mut table = Table::new(title, &columns);
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
        ]);
    }
    table
}

fn cell(number: Number) -> Cell {
    match number {
        Number::Money(amount) => Cell::Money(amount),
        Number::Plain(value) => Cell::Real(value, 1),
    }
}
