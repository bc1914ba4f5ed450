//! What became of the network: the figures a reader looks for first, each with its interval.

use stakeout_engine::observe::detection::Detection;
use stakeout_engine::observe::figure::{Figure, Number, Proportion};
use stakeout_engine::observe::frame::StageHeights;
use stakeout_engine::observe::profit::StrategyLine;
use stakeout_engine::observe::summary::Summary;

use super::table::{Cell, Table};

/// How a figure is shown.
#[derive(Clone, Copy)]
enum Shape {
    Count,
    Share,
    Milliseconds,
    Coins,
}

/// Figures by name in the summary, with the words of the table.
const LINES: [(&str, &str, Shape); 24] = [
    ("requests", "requests", Shape::Count),
    ("finished", "finished", Shape::Count),
    (
        "unassigned",
        "turned away (limiter full or nobody to serve)",
        Shape::Count,
    ),
    ("refused", "refused (client could not pay)", Shape::Count),
    ("missed_share", "missed", Shape::Share),
    ("nominal_sampling_share", "nominally sampled", Shape::Share),
    ("checked_share", "checked at least once", Shape::Share),
    ("disputes", "disputes", Shape::Count),
    ("invalidated", "invalidated", Shape::Count),
    ("honest_invalidated", "invalidated though honest", Shape::Count),
    (
        "convictions",
        "convictions (of one host again in each epoch)",
        Shape::Count,
    ),
    ("honest_convictions", "convictions of honest hosts", Shape::Count),
    ("refunds", "refunds", Shape::Coins),
    ("clients_told", "clients told of a refund", Shape::Count),
    ("work_coins", "work coins paid", Shape::Coins),
    ("rewards", "rewards paid", Shape::Coins),
    ("forfeited", "forfeited", Shape::Coins),
    ("governance", "to governance", Shape::Coins),
    ("slashed", "slashed", Shape::Coins),
    ("latency_p50_ns", "latency p50", Shape::Milliseconds),
    ("latency_p95_ns", "latency p95", Shape::Milliseconds),
    ("latency_p99_ns", "latency p99", Shape::Milliseconds),
    ("waiting_p50_ns", "waiting p50", Shape::Milliseconds),
    ("verification_overhead", "verification overhead", Shape::Share),
];

/// The network's figures over all replicates.
pub fn network_table(summary: &Summary) -> Table {
    let title = if summary.replicates == 1 {
        "Network (one replicate: no intervals)".to_string()
    } else {
        format!(
            "Network (mean of {} replicates, {:.0} % interval)",
            summary.replicates,
            summary.level * 100.0
        )
    };
    let mut table = Table::new(&title, &["figure", "mean", "from", "to", "unit"]);
    for (name, words, shape) in LINES {
        if let Some(figure) = summary.figures.get(name) {
            table.push(line(words, figure, shape));
        }
    }
    table.note(
        "nominally sampled: the rate that the rule asks for. Validators draw independently of each other, so that some \
         answers are checked twice and others not at all: a high rate checks fewer answers than it says.",
    );
    table
}

fn line(words: &str, figure: &Figure, shape: Shape) -> Vec<Cell> {
    let cell = |number: Number| shaped(number, shape);
    let (from, to) = figure
        .interval
        .map_or((Cell::Empty, Cell::Empty), |[from, to]| (cell(from), cell(to)));
    vec![
        Cell::text(words),
        Cell::or_empty(figure.mean, cell),
        from,
        to,
        Cell::text(unit(shape)),
    ]
}

fn shaped(number: Number, shape: Shape) -> Cell {
    match (number, shape) {
        (Number::Money(amount), _) => Cell::Money(amount),
        (Number::Plain(value), Shape::Share) => Cell::Real(value * 100.0, 3),
        (Number::Plain(value), Shape::Milliseconds) => Cell::Real(value / 1e6, 1),
        (Number::Plain(value), _) if value.fract() == 0.0 => Cell::Real(value, 0),
        (Number::Plain(value), _) => Cell::Real(value, 1),
    }
}

fn unit(shape: Shape) -> &'static str {
    match shape {
        Shape::Count => "",
        Shape::Share => "%",
        Shape::Milliseconds => "ms",
        Shape::Coins => "GNK",
    }
}

/// A mean amount to the nearest base unit.
fn coins(number: Number) -> Cell {
    match number {
        Number::Money(amount) => Cell::Money(amount),
        Number::Plain(value) => Cell::Money(value.round() as i128),
    }
}

/// What each strategy earned.
pub fn strategy_table(strategies: &[StrategyLine]) -> Table {
    let columns = [
        "strategy",
        "hosts",
        "profit of all",
        "from",
        "to",
        "profit per weight and epoch",
        "inferences",
        "cheated",
        "invalidated",
        "hosts convicted",
    ];
    let mut table = Table::new("Profit by strategy (base units)", &columns);
    for line in strategies {
        let count = |figure: &Figure| Cell::or_empty(figure.mean, |number| shaped(number, Shape::Count));
        let money = |number: Number| shaped(number, Shape::Coins);
        let (from, to) = line
            .profit
            .interval
            .map_or((Cell::Empty, Cell::Empty), |[from, to]| (money(from), money(to)));
        table.push(vec![
            Cell::text(&line.strategy),
            Cell::count(line.participants),
            Cell::or_empty(line.profit.mean, money),
            from,
            to,
            Cell::or_empty(line.profit_per_weight_epoch.mean, coins),
            count(&line.inferences),
            count(&line.cheated),
            count(&line.invalidated),
            count(&line.convicted),
        ]);
    }
    table.note(
        "The column that compares strategies is the profit per weight and epoch: that of one unit of weight through one \
         epoch. The profit of all is that of every host in the row together.",
    );
    table
}

/// Who was caught, how soon, and who was punished for nothing.
pub fn detection_table(detection: &Detection) -> Table {
    let mut table = Table::new("Detection", &["figure", "value", "from", "to", "of"]);
    let mut share = |words: &str, proportion: &Proportion| {
        let percent = |value: f64| Cell::Real(value * 100.0, 2);
        let (from, to) = proportion
            .interval
            .map_or((Cell::Empty, Cell::Empty), |[from, to]| {
                (percent(from), percent(to))
            });
        let value = Cell::or_empty(proportion.share, percent);
        table.push(vec![
            Cell::text(words),
            value,
            from,
            to,
            Cell::count(proportion.n),
        ]);
    };
    share("cheaters convicted, %", &detection.cheaters_convicted);
    share("honest hosts convicted, %", &detection.honest_convicted);
    let conviction = &detection.conviction;
    let mut median = |words: &str, value: Option<u64>| {
        let value = Cell::or_empty(value, Cell::count);
        table.push(vec![
            Cell::text(words),
            value,
            Cell::Empty,
            Cell::Empty,
            Cell::count(conviction.n as i128),
        ]);
    };
    median("epochs to conviction, median", conviction.epochs_p50);
    median("answers to conviction, median", conviction.answers_p50);
    median("of these by a substitute, median", conviction.cheated_p50);
    table
}

/// Heights of the stages of each epoch; of a long run the first and the last ones.
pub fn stage_table(stages: &[StageHeights]) -> Table {
    const ENDS: usize = 3;
    let columns = [
        "epoch",
        "proof of compute",
        "settlement",
        "group created",
        "activation",
        "claim",
    ];
    let mut table = Table::new("Stages (block heights)", &columns);
    for (at, stage) in stages.iter().enumerate() {
        if at < ENDS || at + ENDS >= stages.len() {
            table.push(vec![
                Cell::count(stage.epoch),
                Cell::count(stage.poc_start),
                Cell::count(stage.settlement),
                Cell::count(stage.group_created),
                Cell::count(stage.activation),
                Cell::count(stage.claim),
            ]);
        }
    }
    table
}
