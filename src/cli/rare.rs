//! `stakeout rare`: the probability of what is too rare to wait for, in a running network.
//!
//! Invariant: beside every estimate stands what plain replicates saw, with its exact interval.

use std::path::PathBuf;

use clap::Args;
use stakeout_engine::experiment::rare::file::{Goal, RareFile};
use stakeout_engine::experiment::rare::{RareAnswer, estimate};
use stakeout_engine::experiment::sweep::plan::ScenarioSource;
use stakeout_statistics::rare::RareEstimate;

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
  stakeout rare scenarios/sweeps/rare-capture.yaml
  stakeout rare scenarios/sweeps/rare-escape.yaml --format json";

/// Arguments of `rare`.
#[derive(Args, Debug)]
#[command(before_help = EXAMPLES)]
pub struct Rare {
    /// The file that names the event
    file: PathBuf,
    /// Replicates with weights, and plain ones, in place of the file's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(20..=10_000_000))]
    replicates: Option<u32>,
    /// Paths started at each level in a repetition, in place of the file's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    paths: Option<u32>,
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
    if let Some(paths) = arguments.paths {
        file.set_paths(paths)?;
    }
    let source = ScenarioSource::read(&file.scenario)?;
    let registry = stakeout_agents::registry();
    interrupt::listen();
    let bar = CellBar::new();
    let answer = estimate(&file, &source, &registry, &bar);
    bar.finish();
    let answer = answer?;
    print(&table(&file, &answer).render(arguments.format.format))?;
    for line in remarks(&file, &answer) {
        remark(&line);
    }
    Ok(())
}

fn remarks(file: &RareFile, answer: &RareAnswer) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(weighted) = &answer.weighted {
        let [meant, drawn] = weighted.failing;
        lines.push(format!(
            "a check of {} fails with {:.4} % as meant and {:.4} % as drawn; the hits are worth {:.0} of equal weight",
            file.host,
            meant * 100.0,
            drawn * 100.0,
            weighted.effective
        ));
        lines.extend(worth("importance sampling", &weighted.estimate));
    }
    if let Some(split) = &answer.split {
        let shares: Vec<String> = split
            .by_level
            .iter()
            .map(|share| format!("{:.2} %", share * 100.0))
            .collect();
        lines.push(format!("from level to level went {}", shares.join(", ")));
        if split.estimate.probability == 0.0 {
            lines.push("no path reached the last level: more paths, or more levels".to_string());
        }
        lines.extend(worth("splitting", &split.estimate));
    }
    if file.goal == Goal::Captured {
        lines.push(format!(
            "captured: {} with {} % or more of the weight in force",
            file.coalition.join(", "),
            file.majority * 100.0
        ));
    }
    lines
}

/// What an estimate saves.
fn worth(name: &str, estimate: &RareEstimate) -> Option<String> {
    let trials = estimate.plain_trials()?;
    Some(format!(
        "{name}: as narrow an interval would take {trials:.0} plain replicates"
    ))
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
    let mut line = |name: &str, found: &RareEstimate, replicates: i128, seen: Cell| {
        table.push(vec![
            Cell::text(name),
            real(found.probability),
            Cell::or_empty(found.interval, |interval| real(interval.low)),
            Cell::or_empty(found.interval, |interval| real(interval.high)),
            Cell::count(replicates),
            seen,
        ]);
    };
    if let Some(weighted) = &answer.weighted {
        let seen = Cell::count(weighted.seen);
        line(
            "importance sampling",
            &weighted.estimate,
            file.replicates.into(),
            seen,
        );
    }
    if let Some(split) = &answer.split {
        line("splitting", &split.estimate, split.paths.into(), Cell::Empty);
    }
    let (hits, interval) = answer.direct;
    table.push(vec![
        Cell::text("plain"),
        real(f64::from(hits) / f64::from(file.replicates)),
        real(interval.low),
        real(interval.high),
        Cell::count(file.replicates),
        Cell::count(hits),
    ]);
    table
}

/// A probability with so many digits that four of a rare one are seen.
fn real(probability: f64) -> Cell {
    Cell::Real(probability, digits(probability))
}

fn digits(probability: f64) -> usize {
    let mut digits = 9;
    let mut scale = 1e6;
    while probability > 0.0 && probability * scale < 1.0 && digits < 18 {
        scale *= 10.0;
        digits += 1;
    }
    digits
}
