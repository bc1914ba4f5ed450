//! `stakeout rare`: the probability of what is too rare to wait for, in a running network.
//!
//! Invariant: beside the weighted estimate stands what as many plain replicates saw, with its exact interval.

use std::path::PathBuf;

use clap::Args;
use stakeout_engine::experiment::rare::{RareAnswer, RareFile, estimate};
use stakeout_engine::experiment::sweep::plan::ScenarioSource;

use super::failure::Failure;
use super::format::FormatOption;
use super::interrupt;
use super::simulate::set_threads;
use super::sweep_progress::CellBar;
use super::table::{Cell, Table};
use super::terminal::{print, remark};

const EXAMPLES: &str = "\
Examples:
  stakeout rare scenarios/sweeps/rare-expulsion.yaml
  stakeout rare scenarios/sweeps/rare-escape.yaml --format json";

/// Arguments of `rare`.
#[derive(Args, Debug)]
#[command(before_help = EXAMPLES)]
pub struct Rare {
    /// The file that names the event
    file: PathBuf,
    /// Replicates of either estimate, in place of the file's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(20..=10_000_000))]
    replicates: Option<u32>,
    /// Threads; the estimate does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    format: FormatOption,
}

/// Estimates and prints.
pub fn run(arguments: &Rare) -> Result<(), Failure> {
    set_threads(arguments.threads)?;
    let mut file = RareFile::load(&arguments.file)?;
    file.replicates = arguments.replicates.unwrap_or(file.replicates);
    let source = ScenarioSource::read(&file.scenario)?;
    let registry = stakeout_agents::registry();
    interrupt::listen();
    let bar = CellBar::new();
    let answer = estimate(&file, &source, &registry, &bar);
    bar.finish();
    let answer = answer?;
    print(&table(&file, &answer).render(arguments.format.format))?;
    let [meant, drawn] = answer.failing;
    remark(&format!(
        "a check of {} fails with {:.4} % as meant and {:.4} % as drawn; the hits are worth {:.0} of equal weight",
        file.host,
        meant * 100.0,
        drawn * 100.0,
        answer.effective
    ));
    if let Some(worth) = answer.worth {
        remark(&format!(
            "as narrow an interval would take {worth:.0} plain replicates"
        ));
    }
    Ok(())
}

fn table(file: &RareFile, answer: &RareAnswer) -> Table {
    let columns = [
        "estimate",
        "probability",
        "from",
        "to",
        "replicates",
        "with the event",
    ];
    let mut table = Table::new(&file.name, &columns);
    let interval = answer.weighted.interval;
    table.push(vec![
        Cell::text("importance sampling"),
        Cell::Real(answer.weighted.probability, 9),
        Cell::or_empty(interval, |interval| Cell::Real(interval.low, 9)),
        Cell::or_empty(interval, |interval| Cell::Real(interval.high, 9)),
        Cell::count(file.replicates),
        Cell::count(answer.seen),
    ]);
    let (hits, interval) = answer.direct;
    table.push(vec![
        Cell::text("plain"),
        Cell::Real(f64::from(hits) / f64::from(file.replicates), 9),
        Cell::Real(interval.low, 9),
        Cell::Real(interval.high, 9),
        Cell::count(file.replicates),
        Cell::count(hits),
    ]);
    table
}
