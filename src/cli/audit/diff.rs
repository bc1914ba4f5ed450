//! `stakeout audit diff`: the first event at which two runs part.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use stakeout_engine::audit::diff::find_parting;
use stakeout_engine::audit::log_entry::{LogEntry, NO_CAUSE};
use stakeout_engine::observe::event::{Counterpart, NO_INFERENCE, NOBODY, counterpart};
use stakeout_engine::observe::event_spool::events_file;
use stakeout_engine::observe::spoken::spoken_values;

use super::super::failure::Failure;
use super::super::format::{Format, FormatOption};
use super::super::run_path;
use super::super::table::{Cell, Table};
use super::super::terminal::{print, remark};
use super::super::trace::name;
use super::open_logged;

/// Arguments of `audit diff`.
#[derive(Args, Debug)]
#[command(
    before_help = "Examples:\n  stakeout run first.yaml --event-log --out one\n  \
    stakeout run first.yaml --event-log --seed 8 --out other\n  stakeout audit diff one/latest other/latest"
)]
pub struct Diff {
    /// The first run directory
    #[arg(value_parser = run_path::parser())]
    first: PathBuf,
    /// The second run directory
    #[arg(value_parser = run_path::parser())]
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
    let (mut logs, mut names) = (Vec::new(), BTreeMap::new());
    for run in [&arguments.first, &arguments.second] {
        let run = open_logged(run)?;
        // Opening looks at the file's hash: a changed log would part from the other where it was changed.
        run.events(replicate)?;
        logs.push(run.path().join(events_file(replicate)));
        names = run.host_names()?;
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
                    Cell::text(format!("led there: {}", sentence(cause, &names))),
                ]);
            }
            table.push(vec![
                Cell::text(side),
                Cell::count(parting.number),
                Cell::text(told(entry.as_ref(), &names)),
            ]);
        }
    } else if arguments.format.format == Format::Table {
        remark(&format!("replicate {replicate} of both runs has the same events"));
        return Ok(());
    }
    print(&table.render(arguments.format.format))
}

fn told(entry: Option<&LogEntry>, names: &BTreeMap<u32, String>) -> String {
    entry.map_or_else(|| "the log ends".to_string(), |entry| sentence(entry, names))
}

/// An event in the words of `stakeout trace`: who, about whom, and what its two values mean.
fn sentence(entry: &LogEntry, names: &BTreeMap<u32, String>) -> String {
    let event = &entry.event;
    let mut text = format!(
        "{} at block {} ({:.3} s)",
        event.kind.name(),
        event.height,
        event.time_ns as f64 / 1e9
    );
    if event.inference != NO_INFERENCE {
        text.push_str(&format!(", inference {}", event.inference));
    }
    if event.participant != NOBODY {
        text.push_str(&format!(", {}", name(names, event.participant)));
    }
    if event.other != NOBODY {
        text.push_str(&match counterpart(event.kind) {
            Counterpart::Host => format!(", other {}", name(names, event.other)),
            Counterpart::Client => format!(", client {}", event.other),
            Counterpart::Number => format!(", number {}", event.other),
        });
    }
    for (value, meaning) in spoken_values(event) {
        if !meaning.is_empty() {
            text.push_str(&format!(", {meaning}: {value}"));
        }
    }
    if entry.cause != NO_CAUSE {
        text.push_str(&format!("; because of event {}", entry.cause));
    }
    text
}
