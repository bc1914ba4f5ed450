//! What the real network recorded, beside what the simulation says.

use stakeout_engine::experiment::shorter_history::ShorterHistory;
use stakeout_engine::observe::figure::Number;
use stakeout_engine::observe::recorded::{Comparison, FigureLine};

use super::table::{Cell, Table};

/// Heights, hosts and the test of requests against weight.
pub fn record_tables(comparison: &Comparison) -> Vec<Table> {
    vec![heights(comparison), hosts(comparison), by_weight(comparison)]
}

/// What stands outside the intervals, one sentence each.
pub fn record_remarks(comparison: &Comparison) -> Vec<String> {
    let mut remarks = Vec::new();
    for host in &comparison.hosts {
        for figure in &host.figures {
            let Some([low, high]) = figure.interval else {
                continue;
            };
            let recorded = as_float(figure.recorded);
            if recorded < as_float(low) || recorded > as_float(high) {
                let distance = figure
                    .z
                    .map_or(String::new(), |z| format!(", {:.1} standard errors off", z.abs()));
                remarks.push(format!(
                    "{} {}: recorded {}, outside the {:.1} % interval {} to {}{distance}",
                    host.id,
                    figure.figure,
                    text(figure.recorded),
                    comparison.level * 100.0,
                    text(low),
                    text(high),
                ));
            }
        }
    }
    remarks
}

fn heights(comparison: &Comparison) -> Table {
    let title = format!(
        "Recorded heights, epoch {} ({})",
        comparison.epoch, comparison.source
    );
    let mut table = Table::new(&title, &["stage", "simulated", "recorded", "difference"]);
    for line in &comparison.heights {
        let difference = line
            .simulated
            .map(|simulated| i128::from(simulated) - i128::from(line.recorded));
        table.push(vec![
            Cell::text(&line.stage),
            Cell::or_empty(line.simulated, Cell::count),
            Cell::count(line.recorded),
            Cell::or_empty(difference, Cell::Count),
        ]);
    }
    table
}

fn hosts(comparison: &Comparison) -> Table {
    let figures = comparison.hosts.iter().flat_map(|host| &host.figures);
    let exact = figures.filter(|figure| !is_telling(figure)).count();
    let title = format!(
        "Simulated beside recorded ({} replicates, {:.1} % prediction interval; {exact} counts exact in each left out; coins in base units)",
        comparison.replicates,
        comparison.level * 100.0
    );
    let columns = [
        "host",
        "figure",
        "simulated",
        "from",
        "to",
        "recorded",
        "z",
        "exact in",
    ];
    let mut table = Table::new(&title, &columns);
    for host in &comparison.hosts {
        for figure in host.figures.iter().filter(|figure| is_telling(figure)) {
            let (from, to) = figure
                .interval
                .map_or((Cell::Empty, Cell::Empty), |[from, to]| (cell(from), cell(to)));
            let z = match figure.z {
                Some(z) => Cell::Real(z, 2),
                None if figure.is_exact => Cell::text("exact"),
                None => Cell::Empty,
            };
            table.push(vec![
                Cell::text(&host.id),
                Cell::text(figure.figure),
                Cell::or_empty(figure.simulated_mean, cell),
                from,
                to,
                cell(figure.recorded),
                z,
                Cell::count(figure.exact_replicates as i128),
            ]);
        }
    }
    table
}

/// Counts that every replicate gives exactly are left out; amounts never are.
fn is_telling(figure: &FigureLine) -> bool {
    !figure.is_exact || matches!(figure.recorded, Number::Money(_))
}

/// Whether a shorter stored history would explain what lies above the interval.
pub fn history_table(histories: &[ShorterHistory]) -> Table {
    let title = "Counterfactual: would a shorter stored history explain it?";
    let columns = [
        "host",
        "completed epochs",
        "simulated",
        "from",
        "to",
        "recorded",
        "z",
    ];
    let mut table = Table::new(title, &columns);
    for history in histories {
        let both = [
            (history.recorded_epochs, &history.with_recorded),
            (history.fitting_epochs, &history.with_fitting),
        ];
        for (epochs, figure) in both {
            let (from, to) = figure
                .interval
                .map_or((Cell::Empty, Cell::Empty), |[from, to]| (cell(from), cell(to)));
            table.push(vec![
                Cell::text(&history.host),
                Cell::count(epochs),
                Cell::or_empty(figure.simulated_mean, cell),
                from,
                to,
                cell(figure.recorded),
                Cell::or_empty(figure.z, |z| Cell::Real(z, 2)),
            ]);
        }
    }
    table
}

fn by_weight(comparison: &Comparison) -> Table {
    let columns = [
        "models",
        "hosts",
        "requests",
        "chi-square",
        "degrees of freedom",
        "p",
    ];
    let mut table = Table::new(
        "Recorded requests by weight, among hosts with the same models",
        &columns,
    );
    for group in &comparison.requests_by_weight {
        table.push(vec![
            Cell::text(group.models.join(" + ")),
            Cell::count(group.hosts as i128),
            Cell::count(group.requests),
            Cell::Real(group.chi_square, 2),
            Cell::count(group.degrees_of_freedom),
            Cell::Real(group.p_value, 4),
        ]);
    }
    table
}

fn cell(number: Number) -> Cell {
    match number {
        // To the last unit, as the record has it.
        Number::Money(amount) => Cell::Count(amount),
        Number::Plain(value) if value.fract() == 0.0 => Cell::Real(value, 0),
        Number::Plain(value) => Cell::Real(value, 1),
    }
}

fn text(number: Number) -> String {
    match number {
        Number::Money(amount) => amount.to_string(),
        Number::Plain(value) if value.fract() == 0.0 => format!("{value:.0}"),
        Number::Plain(value) => format!("{value:.1}"),
    }
}

/// For a comparison with an interval alone; nothing is computed with it.
fn as_float(number: Number) -> f64 {
    match number {
        Number::Money(amount) => amount as f64,
        Number::Plain(value) => value,
    }
}
