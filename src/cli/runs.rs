//! `stakeout runs`: the finished runs of a results folder.

use std::path::PathBuf;

use clap::Args;
use stakeout_engine::observe::run_archive::{ListedRun, list_runs};

use super::failure::Failure;
use super::format::{Format, FormatOption};
use super::table::{Cell, Table};
use super::terminal::{print, remark};

/// Arguments of `runs`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:\n  stakeout runs\n  stakeout runs results --format json")]
pub struct Runs {
    /// The results folder
    #[arg(default_value = "runs")]
    folder: PathBuf,
    #[command(flatten)]
    format: FormatOption,
}

/// Prints one line a run; what cannot be read is told on standard error.
pub fn run(arguments: &Runs) -> Result<(), Failure> {
    let listed = if arguments.folder.exists() {
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
