//! `stakeout trace`: the life of one inference, from the event log of a finished run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use stakeout_engine::audit::log_entry::LogEntry;
use stakeout_engine::observe::event::{Counterpart, NOBODY, counterpart};
use stakeout_engine::observe::run_archive::RunDirectory;
use stakeout_engine::observe::spoken::spoken_values;

use super::failure::Failure;
use super::format::{Format, FormatOption};
use super::run_path;
use super::table::{Cell, Table};
use super::terminal::print;

/// Arguments of `trace`.
#[derive(Args, Debug)]
#[command(
    before_help = "Example:\n  stakeout run first.yaml --event-log\n  stakeout trace latest --inference 206"
)]
pub struct Trace {
    /// The run directory
    #[arg(value_parser = run_path::parser())]
    run: PathBuf,
    /// The inference's number, from 0
    #[arg(long, value_name = "N")]
    inference: u64,
    /// The replicate
    #[arg(long, value_name = "N", default_value_t = 0)]
    replicate: u32,
    #[command(flatten)]
    format: FormatOption,
}

/// Prints every event of one inference.
pub fn run(arguments: &Trace) -> Result<(), Failure> {
    let directory = RunDirectory::open(&arguments.run)?;
    if !directory.has_events() {
        return Err(Failure::usage(format!(
            "{} has no event log; run the scenario again with --event-log",
            arguments.run.display()
        )));
    }
    let events = directory.events_of(arguments.replicate, arguments.inference)?;
    if events.is_empty() {
        return Err(Failure::usage(format!(
            "replicate {} of {} has no inference {}",
            arguments.replicate,
            arguments.run.display(),
            arguments.inference
        )));
    }
    let names = directory.host_names()?;
    let title = format!(
        "Inference {} of replicate {}",
        arguments.inference, arguments.replicate
    );
    let mut table = Table::new(
        &title,
        &[
            "time s",
            "height",
            "event",
            "participant",
            "other",
            "value",
            "meaning",
            "second",
            "its meaning",
        ],
    );
    for event in &events {
        table.push(row(event, &names, arguments.format.format));
    }
    print(&table.render(arguments.format.format))
}

/// An event; people get its values in the units that they read, programs as the log has them.
fn row(entry: &LogEntry, names: &BTreeMap<u32, String>, format: Format) -> Vec<Cell> {
    let event = &entry.event;
    let known = |index: u32| (index != NOBODY).then_some(index);
    let participant = |index: Option<u32>| Cell::or_empty(index, |index| Cell::text(name(names, index)));
    let other = match counterpart(event.kind) {
        Counterpart::Host => participant(known(event.other)),
        Counterpart::Client => {
            Cell::or_empty(known(event.other), |index| Cell::text(format!("client {index}")))
        }
        Counterpart::Number => Cell::or_empty(known(event.other), Cell::count),
    };
    let [[value, meaning], [second, its_meaning]] = if format.is_for_people() {
        spoken_values(event).map(|(value, meaning)| match meaning {
            "" => [Cell::Empty, Cell::Empty],
            _ => [Cell::text(value), Cell::text(meaning)],
        })
    } else {
        let kept = [
            (event.value, event.kind.value_meaning()),
            (event.second, event.kind.second_meaning()),
        ];
        kept.map(|(value, meaning)| [Cell::count(value), Cell::text(meaning)])
    };
    vec![
        Cell::Real(event.time_ns as f64 / 1e9, 3),
        Cell::count(event.height),
        Cell::text(event.kind.name()),
        participant(known(event.participant)),
        other,
        value,
        meaning,
        second,
        its_meaning,
    ]
}

/// A host by name, or by its index where the run names none.
pub fn name(names: &BTreeMap<u32, String>, index: u32) -> String {
    names.get(&index).cloned().unwrap_or_else(|| format!("#{index}"))
}
