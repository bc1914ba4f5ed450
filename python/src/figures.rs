//! Figures over replicates as columns.

use stakeout_engine::observe::figure::{Figure, Number};
use stakeout_engine::observe::summary::Summary;

use crate::error::Failed;
use crate::table::{Cells, Table};

/// Columns of one kind of figure, a row each: how many replicates, mean, interval; money has an exact mean besides.
struct Columns {
    n: Vec<Option<u64>>,
    mean: Vec<Option<f64>>,
    low: Vec<Option<f64>>,
    high: Vec<Option<f64>>,
    base_units: Vec<Option<i128>>,
}

impl Columns {
    fn of(figures: &[&Figure]) -> Self {
        let bound = |figure: &&Figure, end: usize| figure.interval.map(|interval| real(interval[end]));
        Self {
            n: figures.iter().map(|figure| Some(u64::from(figure.n))).collect(),
            mean: figures.iter().map(|figure| figure.mean.map(real)).collect(),
            low: figures.iter().map(|figure| bound(figure, 0)).collect(),
            high: figures.iter().map(|figure| bound(figure, 1)).collect(),
            base_units: figures.iter().map(|figure| figure.mean.and_then(money)).collect(),
        }
    }
}

/// For reading: money beyond 2^53 base units is rounded here, and exact beside it.
fn real(number: Number) -> f64 {
    match number {
        Number::Plain(value) => value,
        Number::Money(amount) => amount as f64,
    }
}

fn money(number: Number) -> Option<i128> {
    match number {
        Number::Plain(_) => None,
        Number::Money(amount) => Some(amount),
    }
}

/// The network's figures, a row each.
pub fn network(summary: &Summary) -> Result<Table, Failed> {
    let figures: Vec<&Figure> = summary.figures.values().collect();
    let columns = Columns::of(&figures);
    Table::new(
        "figures",
        vec![
            ("figure".to_owned(), Cells::words(summary.figures.keys().copied())),
            (
                "unit".to_owned(),
                Cells::words(figures.iter().map(|figure| figure.unit)),
            ),
            ("n".to_owned(), Cells::Count(columns.n)),
            ("mean".to_owned(), Cells::Real(columns.mean)),
            ("low".to_owned(), Cells::Real(columns.low)),
            ("high".to_owned(), Cells::Real(columns.high)),
            ("mean_base_units".to_owned(), Cells::Money(columns.base_units)),
        ],
    )
}

/// What each strategy earned, a row each.
pub fn strategies(summary: &Summary) -> Result<Table, Failed> {
    let lines = &summary.strategies;
    let mut table = vec![
        (
            "strategy".to_owned(),
            Cells::words(lines.iter().map(|line| line.strategy.as_str())),
        ),
        (
            "participants".to_owned(),
            Cells::counts(lines.iter().map(|line| line.participants)),
        ),
    ];
    type Of = fn(&stakeout_engine::observe::profit::StrategyLine) -> &Figure;
    let figures: [(&str, Of); 9] = [
        ("profit", |line| &line.profit),
        ("profit_per_weight_epoch", |line| &line.profit_per_weight_epoch),
        ("work_coins", |line| &line.work_coins),
        ("rewards", |line| &line.rewards),
        ("slashed", |line| &line.slashed),
        ("cost", |line| &line.cost),
        ("inferences", |line| &line.inferences),
        ("cheated", |line| &line.cheated),
        ("convicted", |line| &line.convicted),
    ];
    for (name, of) in figures {
        let columns = Columns::of(&lines.iter().map(of).collect::<Vec<_>>());
        table.push((name.to_owned(), Cells::Real(columns.mean)));
        table.push((format!("{name}_low"), Cells::Real(columns.low)));
        table.push((format!("{name}_high"), Cells::Real(columns.high)));
    }
    Table::new("strategies", table)
}
