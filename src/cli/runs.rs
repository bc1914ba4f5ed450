//! `stakeout runs`: the finished runs of a results folder, listed or set beside each other.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use stakeout_engine::observe::run_archive::{ListedRun, list_runs};
use stakeout_reports::run::{Figure, Run};

use super::failure::Failure;
use super::format::{Format, FormatOption};
use super::run_path;
use super::sweep_page::decimals;
use super::table::{Cell, Table};
use super::terminal::{print, remark};

/// The results folder where none is named; nothing has been run where it is missing.
const USUAL: &str = "runs";

/// Arguments of `runs`.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    before_help = "Examples:\n  stakeout runs\n  stakeout runs list results --format json\n  \
                   stakeout runs compare runs/latest strict/latest --format markdown"
)]
pub struct Runs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    list: List,
}

#[derive(Subcommand, Debug)]
enum What {
    /// List the finished runs of a folder
    #[command(before_help = "Examples:\n  stakeout runs list\n  stakeout runs list strict --format csv")]
    List(List),
    /// Set the figures of two finished runs beside each other
    #[command(before_help = "Examples:\n  stakeout runs compare latest strict/latest\n  \
                       stakeout runs compare latest strict/latest --format markdown")]
    Compare(Compare),
}

#[derive(Args, Debug)]
struct List {
    /// The results folder
    #[arg(default_value = USUAL)]
    folder: PathBuf,
    #[command(flatten)]
    format: FormatOption,
}

#[derive(Args, Debug)]
struct Compare {
    /// A run directory
    #[arg(value_parser = run_path::parser())]
    first: PathBuf,
    /// Another
    #[arg(value_parser = run_path::parser())]
    second: PathBuf,
    #[command(flatten)]
    format: FormatOption,
}

/// Lists or compares.
pub fn run(arguments: &Runs) -> Result<(), Failure> {
    match &arguments.what {
        None => list(&arguments.list),
        Some(What::List(arguments)) => list(arguments),
        Some(What::Compare(arguments)) => compare(arguments),
    }
}

/// Prints a row a figure: the mean of each run with its interval, and the difference of the means.
fn compare(arguments: &Compare) -> Result<(), Failure> {
    let runs = [Run::open(&arguments.first)?, Run::open(&arguments.second)?];
    let [first, second] = [&runs[0].summary, &runs[1].summary];
    let columns = [
        "figure",
        "unit",
        "first",
        "first from",
        "first to",
        "second",
        "second from",
        "second to",
        "difference",
    ];
    let mut table = Table::new("Two runs", &columns);
    let mean = |figure: &Figure| figure.mean.as_ref().and_then(|mean| mean.as_float());
    for (name, figure) in &first.figures {
        let (scale, spoken) = arguments.format.format.unit_of(name);
        let (shown, unit) = match spoken {
            "" => (name.as_str(), figure.unit.as_str()),
            "ms" => (name.trim_end_matches("_ns"), spoken),
            _ => (name.as_str(), spoken),
        };
        let real = |value: Option<f64>| {
            let scaled = value.map(|value| scale * value);
            Cell::or_empty(scaled, |value| Cell::Real(value, decimals(value)))
        };
        let other = second.figures.get(name);
        let cells = |figure: Option<&Figure>| {
            let ends = figure.and_then(|figure| figure.interval.as_ref());
            let end = |at: usize| ends.and_then(|ends| ends[at].as_float());
            [figure.and_then(mean), end(0), end(1)].map(real)
        };
        let mut row = vec![Cell::text(shown), Cell::text(unit)];
        row.extend(cells(Some(figure)));
        row.extend(cells(other));
        let both = mean(figure).zip(other.and_then(mean));
        row.push(real(both.map(|(first, second)| second - first)));
        table.push(row);
    }
    print(&table.render(arguments.format.format))?;
    if first.scenario_hash == second.scenario_hash && first.seed == second.seed {
        remark("the same scenario and seed");
    } else {
        remark(
            "these runs may not share their random numbers; `stakeout compare` pairs two mechanisms that do",
        );
    }
    Ok(())
}

/// Prints one line a run; what cannot be read is told on standard error.
fn list(arguments: &List) -> Result<(), Failure> {
    let is_usual = arguments.folder.as_os_str() == USUAL;
    let listed = if arguments.folder.exists() || !is_usual {
        list_runs(&arguments.folder)?
    } else {
        Vec::new()
    };
    let columns = [
        "scenario",
        "seed",
        "replicates",
        "digest",
        "version",
        "wall s",
        "path",
    ];
    let mut table = Table::new("Runs", &columns);
    for ListedRun { path, run } in &listed {
        match run {
            Ok(run) => {
                let manifest = run.manifest();
                table.push(vec![
                    Cell::text(&manifest.scenario),
                    Cell::count(manifest.seed),
                    Cell::count(manifest.replicates),
                    Cell::text(&manifest.digest),
                    Cell::text(&manifest.version),
                    Cell::Real(manifest.timing.wall_ms as f64 / 1e3, 1),
                    Cell::text(path.display().to_string()),
                ]);
            }
            Err(error) => remark(&format!("warning: {error}")),
        }
    }
    if table.is_empty() && arguments.format.format == Format::Table {
        remark(&format!("no finished runs in {}", arguments.folder.display()));
        return Ok(());
    }
    print(&table.render(arguments.format.format))
}
