//! `stakeout audit diff`: the first event at which two runs part.

use std::path::PathBuf;

use clap::Args;
use stakeout_engine::audit::diff::find_parting;
use stakeout_engine::audit::encoding::LogEntry;
use stakeout_engine::audit::verify::describe;
use stakeout_engine::observe::event_spool::events_file;

use super::super::failure::Failure;
use super::super::format::{Format, FormatOption};
use super::super::table::{Cell, Table};
use super::super::terminal::{print, remark};
use super::open_logged;

/// Arguments of `audit diff`.
#[derive(Args, Debug)]
#[command(before_help = "Example:\n  stakeout audit diff runs/first-1a2b/seed-7 runs/first-1a2b/seed-8")]
pub struct Diff {
    /// The first run directory
    first: PathBuf,
    /// The second run directory
    second: PathBuf,
    /// The replicate
    #[arg(long, value_name = "N", default_value_t = 0)]
    replicate: u32,
    #[command(flatten)]
    format: FormatOption,
}

/// Prints both sides of the parting and what led there.
pub fn run(arguments: &Diff) -> Result<(), Failure> {
    let replicate = arguments.replicate;
    let mut logs = Vec::new();
    for run in [&arguments.first, &arguments.second] {
        let run = open_logged(run)?;
        // Opening looks at the file's hash: a changed log would part from the other where it was changed.
        run.events(replicate)?;
        logs.push(run.path().join(events_file(replicate)));
    }
    let mut table = Table::new("Where the runs part", &["run", "event", "what"]);
    let parting = find_parting(&logs[0], &logs[1], replicate)?;
    if let Some(parting) = &parting {
        for (side, causes, entry) in [
            ("first", &parting.causes[0], parting.left),
            ("second", &parting.causes[1], parting.right),
        ] {
            for (number, cause) in causes {
                table.push(vec![
                    Cell::text(side),
                    Cell::count(*number),
                    Cell::text(format!("led there: {}", describe(cause))),
                ]);
            }
            table.push(vec![
                Cell::text(side),
                Cell::count(parting.number),
                Cell::text(told(entry.as_ref())),
            ]);
        }
    } else if arguments.format.format == Format::Table {
        remark(&format!("replicate {replicate} of both runs has the same events"));
        return Ok(());
    }
    print(&table.render(arguments.format.format))
}

fn told(entry: Option<&LogEntry>) -> String {
    entry.map_or_else(|| "the log ends".to_string(), describe)
}
