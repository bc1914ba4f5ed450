//! `stakeout audit explain`: one participant's standing and money, line by line.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use stakeout_engine::audit::explain::{Line, Question, explain};
use stakeout_engine::scenario::Scenario;

use super::super::failure::Failure;
use super::super::format::FormatOption;
use super::super::run_path;
use super::super::table::{Cell, Table};
use super::super::terminal::print;
use super::{find_host, load_scenario, open_logged};

/// Arguments of `audit explain`.
#[derive(Args, Debug)]
#[command(
    before_help = "Examples:\n  stakeout audit explain latest --participant swapper-001\n  \
    stakeout audit explain latest --participant swapper-001 --epoch 2 --all --format csv"
)]
pub struct Explain {
    /// The run directory
    #[arg(value_parser = run_path::parser())]
    run: PathBuf,
    /// The participant's name or index
    #[arg(long, value_name = "NAME")]
    participant: String,
    /// Only this epoch of the network
    #[arg(long, value_name = "N")]
    epoch: Option<u32>,
    /// Every payment, pass and share in a row of its own
    #[arg(long)]
    all: bool,
    /// The replicate
    #[arg(long, value_name = "N", default_value_t = 0)]
    replicate: u32,
    /// Where the scenario's data files lie, if it has any
    #[arg(long, value_name = "FOLDER")]
    files: Option<PathBuf>,
    #[command(flatten)]
    format: FormatOption,
}

/// Prints what happened to the participant, and the parameters of the rules that did it.
pub fn run(arguments: &Explain) -> Result<(), Failure> {
    let run = open_logged(&arguments.run)?;
    let scenario = load_scenario(&run, arguments.files.as_ref(), &[])?;
    let participant = find_host(&scenario, &arguments.participant)?;
    let names = (0..)
        .zip(scenario.hosts.iter().map(|host| host.id.to_string()))
        .collect();
    let question = Question {
        participant,
        epoch: arguments.epoch,
        is_detailed: arguments.all,
        names: &names,
        accounts: (scenario.hosts.len(), scenario.clients.accounts()),
    };
    let lines = explain(run.events(arguments.replicate)?, question)?;
    let title = format!("{} in replicate {}", names[&participant], arguments.replicate);
    let columns = [
        "epoch",
        "height",
        "event",
        "kind",
        "inference",
        "change base units",
        "wealth base units",
        "what happened",
        "rule",
    ];
    let mut table = Table::new(&title, &columns).with_exact_coins();
    for line in &lines {
        table.push(row(line));
    }
    if !arguments.all {
        table.note(
            "What happens often (answers paid, checks passed, shares) is one row a kind for all of it since the row before; with \
             --all each has its own.",
        );
    }
    let format = arguments.format.format;
    let mut text = table.render(format);
    if format.is_for_people() {
        text.push('\n');
        text.push_str(&parameters(&scenario, &lines).render(format));
    }
    print(&text)
}

fn row(line: &Line) -> Vec<Cell> {
    vec![
        Cell::or_empty(line.epoch, Cell::count),
        Cell::count(line.height),
        Cell::count(line.event),
        Cell::text(line.kind),
        Cell::or_empty(line.inference, Cell::count),
        Cell::Money(line.change),
        Cell::Money(line.wealth),
        Cell::text(&line.sentence),
        Cell::text(line.page),
    ]
}

/// The parameters of every rule that a line refers to, as the run had them.
fn parameters(scenario: &Scenario, lines: &[Line]) -> Table {
    let prefixes: BTreeSet<&str> = lines.iter().map(|line| line.parameters).collect();
    let mut table = Table::new("Parameters of these rules", &["parameter", "value"]);
    for value in &scenario.origins {
        let is_of = |prefix: &&str| {
            let rest = value.path.strip_prefix(*prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if prefixes.iter().any(is_of) {
            table.push(vec![Cell::text(&value.path), Cell::text(&value.value)]);
        }
    }
    table.note(
        "`stakeout scenario explain` on the scenario's own file says which of them came from a preset.",
    );
    table
}
